"""The app's own files as its zip has them, in a folder from which functions run what was saved, without a deploy."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from remit.errors import RemitError
from remit.package.files import survey

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_DEPENDENCIES: Final = re.compile(
    r"(?:pyproject|pylock[^/]*)\.toml|[^/]*\.lock|requirements[^/]*\.(?:txt|in)|setup\.(?:cfg|py)"
)
"""The names of files at the top of a project that may name its zip's packages."""


def states_dependencies(files: Iterable[str]) -> bool:
    """Return whether one of these files, by their paths from the project's folder, may name its zip's packages."""
    return any(_DEPENDENCIES.fullmatch(name) for name in files)


def copy_code(folder: Path, exclude: Sequence[str], target: Path) -> bool:
    """Have `target` hold what the zip of the project in `folder` holds of its own files; whether anything was new.

    RemitError: a file can neither be packed nor left out, or `target` cannot be written.
    """
    entries = {entry.name: Path(entry.path) for entry in survey(folder, tuple(exclude)).entries}
    try:
        copied = [name for name, source in entries.items() if _copy(source, target / name)]
        removed = []
        for path in sorted(target.rglob("*"), reverse=True):
            if path.is_dir():
                if not any(path.iterdir()):
                    path.rmdir()
            elif path.relative_to(target).as_posix() not in entries:
                path.unlink()
                removed.append(path)
    except OSError as error:
        raise RemitError(f"the changed code cannot be copied to {target}: {error.strerror or error}") from None
    return bool(copied or removed)


def _copy(source: Path, path: Path) -> bool:
    """Copy a file unless it is there already, whole or not at all: a function may start meanwhile."""
    now = source.stat()
    if path.exists():
        before = path.stat()
        if (before.st_size, before.st_mtime_ns) == (now.st_size, now.st_mtime_ns):
            return False
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    shutil.copy2(source, temporary)
    temporary.replace(path)
    return True
