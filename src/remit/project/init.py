"""Start a project: the few files that a first deploy needs, with a test."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, replace
from importlib import resources
from importlib.metadata import PackageNotFoundError, distribution
from string import Template
from typing import TYPE_CHECKING, Final

from remit.errors import RemitError
from remit.project.ci_files import ci_notes, filled
from remit.project.stack_name import project_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

FILES: Final = {
    "pyproject.toml": "pyproject.toml.in",
    ".gitignore": "gitignore",
    "config/deploy.py": "config/deploy.py",
    "app.py": "app.py",
    "tests/test_app.py": "tests/test_app.py",
    "AGENTS.md": "AGENTS.md",
}
"""What a new project has, and the skeleton's file for it."""
_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,39}")
_TEST: Final = "tests/test_app.py"
_IGNORED: Final = ".remit/"


@dataclass(frozen=True, slots=True)
class Started:
    """What a new project's folder has: the files that were made, those that were there and stay as they are."""

    made: tuple[str, ...]
    kept: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """What is left to do by hand."""


def init(folder: Path, *, existing: bool = False) -> Started:
    """Write the skeleton into a new or empty folder, whose name is the project's.

    Into an `existing` project goes what it does not have; no file of it is touched. RemitError (2): its name is none
    for a project, it is there and not empty, or a file cannot be written.
    """
    name = folder.resolve().name
    if not existing and not _NAME.fullmatch(name):
        raise RemitError(
            f"{name!r} is not a valid name for a project",
            hint="a lower-case letter, then at most 39 of a-z, 0-9 and -: it becomes part of AWS names",
        )
    if not existing and folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise RemitError(
            f"{folder} exists already and is not an empty folder",
            hint="choose another name, or run `remit init .` in it, which adds what it does not have",
        )
    kept = tuple(target for target in FILES if (folder / target).exists())
    # The test is of the skeleton's functions, which an app of its own does not have.
    made = tuple(target for target in FILES if target not in kept and not (target == _TEST and "app.py" in kept))
    if existing:
        name = project_name(folder)
    for target in made:
        source = FILES[target]
        text = (resources.files("remit.project") / "skeleton").joinpath(*source.split("/")).read_text("utf-8")
        if source.endswith(".in"):
            text = Template(text).substitute(name=name, remit=_remit_requirement())
        _write_file(folder / target, text, "x")  # never over a file that is there
    return Started(made, kept, tuple(_notes(folder, kept)))


def with_ci(folder: Path, started: Started, files: Mapping[Path, str], stage: str, owners: Sequence[str]) -> Started:
    """Write the files of `ci_files` for a project that was started just now, or for one that exists.

    A configuration that was made just now gets the stage as well. Returns `started` with these files, by their paths
    from the folder, and with what is left to do for them. RemitError (2): a file cannot be written.
    """
    if "config/deploy.py" in started.made:
        with (folder / "config/deploy.py").open("a", encoding="utf-8") as file:
            file.write(filled("stages.py.in", {"stage": stage}))
    for path, text in files.items():
        _write_file(path, text, "w")
    written = tuple(os.path.relpath(path, folder.resolve()) for path in files)
    return replace(started, made=started.made + written, notes=(*started.notes, *ci_notes(folder, owners)))


def _notes(folder: Path, kept: tuple[str, ...]) -> Iterator[str]:
    """Yield what is left to do by hand, since remit touches no file that was there."""
    ignored = (folder / ".gitignore").read_text("utf-8", errors="replace").split()
    if not {_IGNORED, _IGNORED.rstrip("/"), f"/{_IGNORED}"} & set(ignored):
        yield f"add {_IGNORED} to .gitignore: remit keeps what it builds there"
    if "app.py" in kept and "remit" not in (folder / "app.py").read_text("utf-8", errors="replace"):
        yield "app.py declares no functions yet: `config.app` names another module, if it shall not"
    if "pyproject.toml" in kept and "remit" not in (folder / "pyproject.toml").read_text("utf-8", errors="replace"):
        yield "add remit to the development dependencies in pyproject.toml"


def _write_file(path: Path, text: str, mode: str) -> None:
    """Write a text, and make the folders above it. RemitError (2): it cannot be written, or in mode `x` is there."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open(mode, encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise RemitError(f"cannot write {path}: {error.strerror}") from None


def _remit_requirement() -> str:
    """The requirement that gives a project this remit: from where it was installed, or of an index, this version on.

    Of an index, it ends before the next version that may break something. An address is without its password. Where
    remit is not installed, it is the bare name.

    Source: "Recording the Direct URL Origin of installed distributions" (PEP 610).
    """
    try:
        installed = distribution("remit")
    except PackageNotFoundError:
        return "remit"
    recorded = installed.read_text("direct_url.json")
    if recorded is None:
        major, minor = installed.version.split(".")[:2]
        # before 1.0, a new minor version may change what is kept
        end = f"0.{int(minor) + 1}" if major == "0" else f"{int(major) + 1}"
        return f"remit>={installed.version.partition('+')[0]},<{end}"
    origin = json.loads(recorded)
    url = re.sub(r"//[^/@]*:[^/@]*@", "//", origin["url"])  # without a password
    if "vcs_info" in origin:
        url = f"{origin['vcs_info']['vcs']}+{url}@{origin['vcs_info']['commit_id']}"
    if "subdirectory" in origin:
        url = f"{url}#subdirectory={origin['subdirectory']}"
    return f"remit @ {url}"
