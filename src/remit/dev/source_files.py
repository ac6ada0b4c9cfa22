"""The files of a project that are watched: its own, not what tools keep beside them."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import watchfiles

from remit.errors import RemitError
from remit.package.files import survey

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterable, Iterator, Sequence

    from remit.app import App

_TOOLS_OWN: Final = (".remit", ".ruff_cache", "site-packages")
"""Folders that tools write into, beside those that watchfiles leaves out by itself."""
_ADDED: Final = 1
"""watchfiles' number of a file that was made."""
_LOOK_MS: Final = 200  # between two looks at whether to stop
_QUIET_MS: Final = 20
"""Saving may take several steps: files that change within so many milliseconds changed together."""


def saved_at_the_top(folder: Path, stop: threading.Event) -> Iterator[tuple[str, ...]]:
    """Yield the files that are saved, moved or removed in a project's folder itself, by name, until `stop` is set.

    Those of one moment are one sorted tuple.
    """
    root = folder.resolve()
    while not stop.is_set():
        for changes in _changes([root], stop, recursive=False):
            yield from _saved_names(root, changes)


def saved_below(folder: Path, stop: threading.Event) -> Iterator[tuple[str, ...]]:
    """Yield the files saved, moved or removed in the project's folders, and folders made meanwhile, as `name/`.

    Paths are from the project's folder. Folders of tools, such as .git, are not watched.
    """
    root = folder.resolve()
    watched: tuple[Path, ...] | None = None
    while not stop.is_set():
        present = _own_folders(root)
        made = tuple(f"{path.name}/" for path in present if watched is not None and path not in watched)
        watched = present
        if made:
            yield made  # what was put into it before it was watched
        if not present:
            stop.wait(_LOOK_MS / 1000)
            continue
        for changes in _changes(present, stop, recursive=True):
            yield from _saved_names(root, changes)
            if _own_folders(root) != watched:
                break


def _own_folders(root: Path) -> tuple[Path, ...]:
    """The folders at the top that hold what people write, sorted; none where the project's folder cannot be read.

    Tools make and remove folders in theirs all the time.
    """
    ignored = {*watchfiles.DefaultFilter.ignore_dirs, *_TOOLS_OWN}
    try:
        return tuple(sorted(path for path in root.iterdir() if path.is_dir() and path.name not in ignored))
    except OSError:
        return ()


class _Sources(watchfiles.DefaultFilter):
    ignore_dirs = (*watchfiles.DefaultFilter.ignore_dirs, *_TOOLS_OWN)
    ignore_entity_patterns = (*watchfiles.DefaultFilter.ignore_entity_patterns, r"\.remit-\d+$")


def _changes(
    paths: Sequence[Path], stop: threading.Event, *, recursive: bool
) -> Iterator[Iterable[tuple[watchfiles.Change, str]]]:
    """Yield the changes below these paths as they come, and an empty set from time to time.

    Where a path was gone before it could be watched, the first of them counts as modified.
    """
    try:
        yield from watchfiles.watch(
            *paths,
            watch_filter=_Sources(),
            stop_event=stop,
            step=_QUIET_MS,
            rust_timeout=_LOOK_MS,
            yield_on_timeout=True,
            raise_interrupt=False,
            recursive=recursive,
        )
    except RuntimeError:  # a folder was gone before it could be watched
        stop.wait(_LOOK_MS / 1000)
        yield {(watchfiles.Change.modified, str(paths[0]))}  # nobody knows what happened meanwhile


def _saved_names(root: Path, changes: Iterable[tuple[watchfiles.Change, str]]) -> Iterator[tuple[str, ...]]:
    """Yield the files that changed as one tuple, if there are any; those that came and went are left out."""
    kinds: dict[str, set[int]] = {}
    for change, path in changes:
        kinds.setdefault(path, set()).add(change.value)
    # An editor that saves by way of another file makes and removes that within one look.
    passing = {path for path, values in kinds.items() if _ADDED in values and not os.path.lexists(path)}
    saved = [path for path in kinds if path not in passing and not _is_output(path)]
    if saved:
        yield tuple(sorted(path.removeprefix(f"{root}/") for path in saved))


def _is_output(path: str) -> bool:
    """Return whether what this program prints is written there: telling of it would make it change again.

    False where that cannot be found out, since a file or a stream is gone.
    """
    try:
        status = Path(path).stat()
        outputs = [os.fstat(stream.fileno()) for stream in (sys.stdout, sys.stderr) if stream is not None]
    except (OSError, ValueError):
        return False
    return any(os.path.samestat(status, output) for output in outputs)


_DEPENDENCIES: Final = re.compile(
    r"(?:pyproject|pylock[^/]*)\.toml|[^/]*\.lock|requirements[^/]*\.(?:txt|in)|setup\.(?:cfg|py)"
)
"""The names of files at the top of a project, or of the root of a zip, that may name packages."""


def is_deployed(file: str, app: App) -> bool:
    """Return whether a file, by its path from the project's folder, may name packages of zips, or is in a layer."""
    tops = ("", *(f"{code}/" for code in app.code_roots))
    layers = tuple(f"{layer.folder}/" for layer in app.layers if not layer.runtime)
    return file.startswith(layers) or any(_DEPENDENCIES.fullmatch(file.removeprefix(top)) for top in tops)


def copy_code(folder: Path, code: str, exclude: Sequence[str], target: Path) -> bool:
    """Have `target` hold what the zip of a root in `folder` holds of its own files; files of other names are deleted.

    Returns whether anything was copied or deleted. RemitError (2): a file can neither be packed nor left out, or
    `target` cannot be written.
    """
    entries = {entry.name: Path(entry.path) for entry in survey(folder, tuple(exclude), code).entries}
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
    """Copy a file, whole or not at all, since a function may start meanwhile.

    False: one of the same size and time was there already, and nothing is copied.
    """
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
