"""Where the AWS on this machine lives inside a project, and what its files say about a running server."""

from __future__ import annotations

import fcntl
import json
import os
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any

from remit.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PAUSE = 0.01


@dataclass(frozen=True, slots=True)
class Record:
    """What a server writes down about itself: who it is (random), where it listens, its process, its owner's keys."""

    id: str
    port: int
    pid: int
    access_key_id: str
    secret_access_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Place:
    """The folder `.remit/local` of one project, by absolute path, with a name for each file in it."""

    root: Path

    @classmethod
    def of(cls, project: Path) -> Place:
        """The place of the project in this folder; nothing is created."""
        return cls(project.resolve() / ".remit" / "local")

    @property
    def record(self) -> Path:
        """Where the server says who it is: JSON, readable by its owner alone."""
        return self.root / "server.json"

    @property
    def log(self) -> Path:
        """What the server had to say, bounded when it starts."""
        return self.root / "server.log"

    @property
    def state(self) -> Path:
        """What survives a restart: every service's resources, and the objects of S3."""
        return self.root / "state"

    @property
    def alive(self) -> Path:
        """Locked by the server for as long as it lives, and holding its process id."""
        return self.root / "server.lock"

    @property
    def starting(self) -> Path:
        """Locked by whoever is starting a server."""
        return self.root / "start.lock"

    def make(self) -> None:
        """Create the folder, for its owner alone and never committed.

        Raises:
            RemitError: if there is no project's folder, or it cannot be written; names the path.
        """
        project = self.root.parent.parent
        if not project.is_dir():
            raise RemitError(f"there is no folder {str(project)!r}")
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            (self.root / ".gitignore").write_text("*\n", encoding="ascii")
        except OSError as error:
            raise RemitError(
                f"the AWS on this machine keeps its state in {str(self.root)!r}, "
                f"which cannot be written: {error.strerror}",
                hint="make the project's folder writable, or copy the project to one that is",
            ) from error

    def read(self) -> Record | None:
        """What the server file says, or None if there is none or it makes no sense."""
        content = self._content()
        try:
            record = Record(**{part.name: content[part.name] for part in fields(Record)})
        except KeyError:
            return None
        texts = (record.id, record.access_key_id, record.secret_access_key)
        typed = all(isinstance(text, str) for text in texts) and type(record.port) is int and type(record.pid) is int
        return record if typed and 0 < record.port < 1 << 16 and record.pid > 1 else None

    def is_of_an_older_remit(self) -> bool:
        """Whether the server file was written by a remit whose servers had no keys."""
        content = self._content()
        return "pid" in content and "access_key_id" not in content

    def _content(self) -> dict[str, Any]:
        """The server file as it is, empty if it is no JSON object."""
        try:
            content = json.loads(self.record.read_bytes())
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    def write(self, record: Record) -> None:
        """Replace the server file in one step."""
        draft = self.record.with_suffix(f".{record.pid}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "w", encoding="ascii") as file:  # noqa: PTH123 - a descriptor: its mode is set at birth
            json.dump(asdict(record), file)
        draft.replace(self.record)


def seize(path: Path, *, patience: float) -> int | None:
    """Lock a file for this process and its forks: the descriptor, or None if others hold it for that long."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                os.close(descriptor)
                return None
            time.sleep(_PAUSE)
        else:
            return descriptor


def is_held(path: Path) -> bool:
    """Whether some process holds the lock on this file.

    Asking takes a shared lock for an instant, so whoever seizes must have a little patience.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold the lock on a file, after waiting for whoever holds it now."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
