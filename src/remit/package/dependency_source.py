"""The dependencies of a project as one file states them, and what all such files have in common."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from remit.errors import Origin, RemitError

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
    settings: str = ""
    """What else decides the outcome, such as [tool.uv]; it goes into the cache key."""


def pyproject(folder: Path) -> dict[str, Any]:
    """The project's pyproject.toml; empty when there is none."""
    return read_toml(folder / "pyproject.toml") if (folder / "pyproject.toml").is_file() else {}


def stated(project: dict[str, Any]) -> list[str]:
    """The requirements in [project].dependencies."""
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


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file. Raises RemitError that names it and the place."""
    try:
        return tomllib.loads(text_of(path, path.name))
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"line (\d+), column (\d+)", str(error))
        origin = Origin(path.name, int(place[1]), int(place[2])) if place else Origin(path.name)
        raise RemitError(f"{path.name} is not TOML: {error}", origin=origin) from error
    except RecursionError:
        raise RemitError(f"{path.name} is nested too deeply to be read", origin=Origin(path.name)) from None


def text_of(path: Path, name: str) -> str:
    """A file's text. Raises RemitError that names it."""
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise RemitError(f"cannot read {name}: {reason}", origin=Origin(name)) from error
