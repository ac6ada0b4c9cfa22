"""A file to pack, and its bytes: read once, exactly as it was surveyed, or not at all."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from remit.errors import Origin, RemitError
from remit.package.archive import CHUNK

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

READING: Final = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""Opens a file to pack, but no link, and without waiting for who writes to a FIFO. Windows has neither flag."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file to pack: its names in the zip and in the project, and what tells whether it is still the same.

    `path` is the one to open; `written` is the one that people know, from the project's folder.
    """

    name: str
    written: str
    path: str
    executable: bool
    size: int
    stamp: tuple[int, ...]


class ChangedError(Exception):
    """A file is no longer what it was when the folder was looked at."""


def look(path: Path, name: str) -> Entry:
    """A regular file, as it is now, under a name in the zip, which people are told as well. OSError: there is none."""
    status = path.stat()
    return Entry(name, name, str(path), bool(status.st_mode & stat.S_IXUSR), status.st_size, stamp(status))


def read(entry: Entry) -> Iterator[bytes]:
    """The bytes of one file, a chunk at a time.

    Raises ChangedError where the file is no longer the one that was surveyed, RemitError where it cannot be
    read. Never blocks: what has become a FIFO is a change.
    """
    remaining = entry.size
    try:
        descriptor = os.open(entry.path, READING)
        with open(descriptor, "rb", buffering=0) as file:  # noqa: PTH123 - of a descriptor, not a path
            if stamp(os.fstat(descriptor)) != entry.stamp:
                raise ChangedError(entry.name)
            while chunk := file.read(min(CHUNK, remaining + 1)):
                remaining -= len(chunk)
                if remaining < 0:
                    break
                yield chunk
            if remaining or stamp(os.fstat(descriptor)) != entry.stamp:
                raise ChangedError(entry.name)
    except OSError as error:
        if isinstance(error, FileNotFoundError) or error.errno == errno.ELOOP:
            raise ChangedError(entry.name) from error
        raise RemitError(  # no access, a worn disk, a network folder that went away
            f"cannot read {entry.written!r}: {error.strerror}",
            hint="make it readable, or list it in .remitignore",
            origin=Origin(entry.written),
        ) from error


def stamp(status: os.stat_result) -> tuple[int, ...]:
    """Return a stamp that differs when a file has changed."""
    return (status.st_mode, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_dev)
