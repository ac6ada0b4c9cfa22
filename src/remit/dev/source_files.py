"""The files of a project that are watched: its own, not what tools keep beside them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterable, Iterator

    from watchfiles import Change

_TOOLS_OWN: Final = (".remit", ".ruff_cache", "site-packages")
"""Folders that tools write into, beside those that watchfiles leaves out by itself."""
_ADDED: Final = 1
"""watchfiles' number of a file that was made."""
_LOOK_MS: Final = 200  # between two looks at whether to stop
_QUIET_MS: Final = 20
"""Saving may take several steps: files that change within so many milliseconds changed together."""


def saved_files(folder: Path, stop: threading.Event) -> Iterator[tuple[str, ...]]:
    """The files that are saved, moved or removed, by their paths from the folder, until `stop` is set."""
    import watchfiles  # noqa: PLC0415 - only who watches needs it

    class Sources(watchfiles.DefaultFilter):
        ignore_dirs = (*watchfiles.DefaultFilter.ignore_dirs, *_TOOLS_OWN)
        ignore_entity_patterns = (*watchfiles.DefaultFilter.ignore_entity_patterns, r"\.remit-\d+$")

    root = folder.resolve()
    for changes in watchfiles.watch(
        root, watch_filter=Sources(), stop_event=stop, step=_QUIET_MS, rust_timeout=_LOOK_MS, raise_interrupt=False
    ):
        files = _saved(root, changes)
        if files:
            yield files


def _is_output(path: str) -> bool:
    """Whether what this program prints is written there: telling of it would make it change again."""
    try:
        status = Path(path).stat()
        outputs = [os.fstat(stream.fileno()) for stream in (sys.stdout, sys.stderr) if stream is not None]
    except (OSError, ValueError):
        return False
    return any(os.path.samestat(status, output) for output in outputs)


def _saved(root: Path, changes: Iterable[tuple[Change, str]]) -> tuple[str, ...]:
    """The files that changed, without those that came and went: editors save by way of another file."""
    kinds: dict[str, set[int]] = {}
    for change, path in changes:
        kinds.setdefault(path, set()).add(change.value)
    passing = {path for path, values in kinds.items() if _ADDED in values and not os.path.lexists(path)}
    return tuple(
        sorted(path.removeprefix(f"{root}/") for path in kinds if path not in passing and not _is_output(path))
    )
