"""Read a project's own files: a pipe or a device in the place of one is an error, and is not waited for."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import Any

from remit.did_you_mean import did_you_mean
from remit.errors import Origin, RemitError


def content(path: Path, name: str | None = None) -> bytes | None:
    """A file's bytes; None when there is none. RemitError at the file: it cannot be read, or is no plain file.

    Errors call the file by its path, or by `name`.
    """
    if not is_there(path, name):
        return None
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(error, path, name) from None


def toml(path: Path) -> dict[str, Any]:
    """A TOML file of a project's folder; empty when there is none. RemitError at the place: it cannot be read."""
    import tomllib  # noqa: PLC0415 - where config names the project, nobody reads the file

    try:
        return tomllib.loads((content(path, path.name) or b"").decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise RemitError(f"byte {error.start} is not UTF-8", origin=Origin(path.name)) from None
    except RecursionError:
        raise RemitError("it is nested too deeply to be read", origin=Origin(path.name)) from None
    except tomllib.TOMLDecodeError as error:
        written = re.search(r"line (\d+), column (\d+)", str(error))
        origin = Origin(path.name, int(written[1]), int(written[2])) if written else Origin(path.name)
        raise RemitError(f"not valid TOML: {error}", origin=origin) from None


def is_there(path: Path, name: str | None = None) -> bool:
    """Return whether there is a file or a folder. RemitError at it: it is a pipe, a socket or a device, or not seen."""
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise _unreadable(error, path, name) from None
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        origin = Origin(name or str(path))
        kind = "a pipe" if stat.S_ISFIFO(mode) else "a socket" if stat.S_ISSOCK(mode) else "a device"
        raise RemitError(f"it is {kind}, not a file", hint="put a plain file in its place", origin=origin)
    return True


def path_from(folder: Path, written: str) -> Path:
    """A path that somebody wrote, from a folder. A null byte, which the system would refuse, is spelled out."""
    return folder / written.replace("\0", "\\0")


def folder_of_project(project: Path, written: str, called: str, hint: str, origin: Origin) -> str:
    """The path of a folder in a project's, from there, as people wrote it; empty for the project's own.

    RemitError: there is none, or it lies outside. `called` says whose it is, `hint` what to write.
    """
    path = os.path.normpath(path_from(project, written))
    real_path, real_project = os.path.realpath(path), os.path.realpath(project)
    problem = ""
    if os.path.commonpath([real_path, real_project]) != real_project:
        problem = "it lies outside of the project"
    elif not os.path.lexists(path):
        above = Path(path).parent
        names = [beside.name for beside in above.iterdir() if beside.is_dir()] if above.is_dir() else []
        problem, hint = "there is no such folder", did_you_mean(Path(path).name, names) or hint
    elif not Path(real_path).is_dir():
        problem = "it is not a folder"
    if problem:
        raise RemitError(f"{called} cannot be {written!r:.200}: {problem}", hint=hint, origin=origin)
    relative = os.path.relpath(path, project)
    return "" if relative == "." else relative.replace(os.sep, "/")


def _unreadable(error: OSError, path: Path, name: str | None) -> RemitError:
    return RemitError(f"cannot read it: {error.strerror}", origin=Origin(name or str(path)))


def listed(folder: Path) -> list[Path]:
    """The files and folders in a folder that people fill, by their names, without hidden ones and notes (`*.md`)."""
    return [path for path in sorted(folder.iterdir()) if not path.name.startswith(".") and path.suffix != ".md"]


def json_content(path: Path, file: str, called: str, hint: str) -> bytes | None:
    """As `content`. RemitError: its name does not end in .json; `called` says what it should be: "a guardrail"."""
    if path.suffix != ".json" or path.is_dir():
        message = f"{file} is not {called}: its name does not end in .json"
        raise RemitError(message, hint=hint, origin=Origin(file))
    return content(path, file)
