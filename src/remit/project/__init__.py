"""What a project declares: its settings, its functions, its shared resources, and how they are loaded.

In a configuration or app module `from remit import project` gives this module, whose `name`, `stage` and `namespace`
are the project's, as plain strings.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING

from remit.project.late_bound import NoText

__all__ = ["name", "namespace", "stage"]

if TYPE_CHECKING:
    name: str
    stage: str
    namespace: str


class _Project(NoText, ModuleType):
    """This module: in an f-string it would be the text `<module 'remit.project'>`, without a word."""

    def _as_text(self) -> tuple[str, str]:
        return "project", "write `project.name`, `project.stage` or `project.namespace`"


sys.modules[__name__].__class__ = _Project


def __getattr__(attribute: str) -> str:
    """Give `project.name`, `.stage` and `.namespace`: those of the load, or, in a test, of the folder that it runs in.

    AttributeError for any other name.
    """
    if attribute not in __all__:
        raise AttributeError(f"there is no `project.{attribute}`; there are name, stage and namespace")
    from pathlib import Path  # noqa: PLC0415 - the three names are read seldom, the rooms' modules often

    from remit.project import current_load, stack_name  # noqa: PLC0415 - as above

    state = current_load.current()
    if state is not None:
        own_name, own_stage = state.name, state.stage
        given = state.config.stack_name  # which has not been checked yet
    else:  # a test imports the app: the project is the folder that the test runs in
        own_name, own_stage, given = stack_name.project_name(Path.cwd()), stack_name.checked_stage(None), None
    namespace = given if isinstance(given, str) else f"{own_name}-{own_stage}"
    return {"name": own_name, "stage": own_stage, "namespace": namespace}[attribute]
