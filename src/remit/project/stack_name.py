"""The name of a project's stack, from its folder and its stage: no code of the project runs for it."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final

from remit.errors import RemitError
from remit.project import plain_files

if TYPE_CHECKING:
    from pathlib import Path

STAGE: Final = re.compile(r"[a-z][a-z0-9-]{0,19}")
STACK_NAME: Final = r"[A-Za-z][A-Za-z0-9-]{0,127}"
_PLAIN: Final = r"[^A-Za-z0-9]+"


def stack_name(folder: Path, stage: str | None) -> str:
    """The stack of a project in a stage, `orders-dev`. RemitError: no such stage, or a broken pyproject.toml."""
    return f"{project_name(folder)}-{checked_stage(stage)}"


def checked_stage(stage: str | None) -> str:
    """The stage that is asked for: --stage, else REMIT_STAGE, else dev. RemitError (2): it cannot be one."""
    chosen = stage if stage is not None else os.environ.get("REMIT_STAGE") or "dev"
    if not STAGE.fullmatch(chosen):
        rule = "it starts with a lower-case letter and has at most 20 of a-z, 0-9 and -"
        spelled = re.sub(r"(?<=[a-z])[^a-z0-9]+(?=[0-9]+$)", "", chosen.lower())  # `PR/7` of a pull request
        meant = f"did you mean `{spelled}`? {rule}" if STAGE.fullmatch(spelled) else rule
        raise RemitError(f"stage {chosen!r} is not a stage's name", hint=meant)
    return chosen


def project_name(folder: Path) -> str:
    """The project's name: `[project] name` of pyproject.toml, else the folder's; only letters, digits and `-`.

    RemitError (2): that file is no TOML.
    """
    project = plain_files.toml(folder / "pyproject.toml").get("project", {})
    name = project.get("name") if isinstance(project, dict) else None
    if isinstance(name, str) and name:
        return _plain(name)
    return folder_name(folder)


def folder_name(folder: Path) -> str:
    """The name of a project that names itself nowhere."""
    return _plain(folder.resolve().name)


def _plain(raw: str) -> str:
    """A text as a part of AWS names: other characters become `-`, and `app-` comes first if no letter does."""
    plain = re.sub(_PLAIN, "-", raw).strip("-")
    if not plain or not plain[0].isalpha():
        plain = f"app-{plain}".rstrip("-")
    return plain
