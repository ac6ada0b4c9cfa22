"""What a project declares: its settings, its functions, its shared resources, and how they are loaded.

In a configuration or app module `from remit import project` gives this module, whose `name`, `stage` and `namespace`
are the project's, as plain strings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    name: str
    stage: str
    namespace: str


def __getattr__(attribute: str) -> str:
    if attribute not in ("name", "stage", "namespace"):
        raise AttributeError(f"there is no `project.{attribute}`; there are name, stage and namespace")
    from pathlib import Path  # noqa: PLC0415 - the three names are read seldom, the rooms' modules often

    from remit.project import loading  # noqa: PLC0415

    state = loading.current()
    if state is not None:
        own_name, own_stage = state.name, state.stage
    else:  # a test imports the app: the project is the folder that the test runs in
        own_name, own_stage = loading.project_name(Path.cwd()), loading.checked_stage(None)
    return {"name": own_name, "stage": own_stage, "namespace": f"{own_name}-{own_stage}"}[attribute]
