"""Start a project: the few files that a first deploy needs, with a test."""

from __future__ import annotations

import re
from importlib import resources
from typing import TYPE_CHECKING, Final

from remit.errors import RemitError

if TYPE_CHECKING:
    from pathlib import Path

FILES: Final = {
    "pyproject.toml": "pyproject.toml.in",
    ".gitignore": "gitignore",
    "config/deploy.py": "config/deploy.py",
    "app.py": "app.py",
    "tests/test_app.py": "tests/test_app.py",
}
"""What a new project has, and the skeleton's file for it."""
_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,39}")


def init(folder: Path) -> tuple[str, ...]:
    """Write the skeleton into a new or empty folder, whose name is the project's; gives the files' paths."""
    name = folder.resolve().name
    if not _NAME.fullmatch(name):
        raise RemitError(
            f"{name!r} is not a valid name for a project",
            hint="a lower-case letter, then at most 39 of a-z, 0-9 and -: it becomes part of AWS names",
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise RemitError(f"{folder} exists already and is not an empty folder", hint="choose another name")
    skeleton = resources.files("remit.project") / "skeleton"
    for target, source in FILES.items():
        path = folder / target
        path.parent.mkdir(parents=True, exist_ok=True)
        text = skeleton.joinpath(*source.split("/")).read_text("utf-8")
        path.write_text(text.replace("NAME", name) if source.endswith(".in") else text, "utf-8")
    return tuple(FILES)
