"""The dependencies of a project as one file states them, and what all such files have in common."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from remit.errors import Origin, RemitError
from remit.project import plain_files

if TYPE_CHECKING:
    from pathlib import Path

OWN_NAME = "remit"


@dataclass(frozen=True, slots=True)
class Source:
    """The dependencies of a project, as one file states them.

    `lines` are requirements in the syntax of requirements.txt, read with the project's folder as the current
    one; `arguments` go to `uv pip install` beside them. With `export`, uv turns uv.lock into lines first.
    """

    file: str
    lines: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    export: bool = False
    local: tuple[tuple[str, Path], ...] = ()
    """Packages that live in folders of the user's own: built, while of others wheels alone are taken."""
    names_remit: bool = False
    only_remit: bool = False
    """Whether nothing else is named, so that nothing is to be packed."""
    workspace: Path | None = None
    """The root of the uv workspace whose lock it is, where uv runs; None: the folder that states them."""
    member: str = ""
    """The name of the project in that workspace."""
    settings: str = ""
    """What else decides the outcome, such as [tool.uv]; it goes into the cache key."""


def pyproject(folder: Path) -> dict[str, Any]:
    """The project's pyproject.toml; empty when there is none."""
    return plain_files.toml(folder / "pyproject.toml")


def stated(project: dict[str, Any]) -> list[str]:
    """The requirements in [project].dependencies, as written; empty when there are none."""
    dependencies: list[str] = project.get("project", {}).get("dependencies", [])
    return dependencies


def name_of(project: dict[str, Any]) -> str:
    """The normalised [project].name; empty when there is none."""
    return normal(project.get("project", {}).get("name", ""))


def requirement_name(line: str) -> str | None:
    """The normalised name of a requirement by name; None for options, paths and URLs."""
    name = re.match(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*($|[\[=<>!~;@,( ])", line)
    return normal(name[1]) if name else None


def normal(name: str) -> str:
    """A package's name as PEP 503 normalises it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def text_of(path: Path, name: str) -> str:
    """A file's text, of UTF-8. RemitError (2), which calls it `name`: it cannot be read, or is not UTF-8."""
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise RemitError(f"cannot read {name}: {reason}", origin=Origin(name)) from error
