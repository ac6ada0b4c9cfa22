"""A project's pyproject.toml, read as it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.errors import Origin, RemitError
from remit.project import plain_files

if TYPE_CHECKING:
    from pathlib import Path

FILE = "pyproject.toml"


def pyproject(folder: Path) -> dict[str, Any]:
    """What a folder's pyproject.toml holds; nothing without one. RemitError: it is no TOML."""
    content = plain_files.content(folder / FILE, FILE)
    if content is None:
        return {}
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise RemitError(f"byte {error.start} is not UTF-8", origin=Origin(FILE)) from None
    import tomllib  # noqa: PLC0415 - where config names the project, nobody reads the file

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RemitError(f"not valid TOML: {error}", origin=Origin(FILE)) from None
    except RecursionError:
        raise RemitError("it is nested too deeply to be read", origin=Origin(FILE)) from None
