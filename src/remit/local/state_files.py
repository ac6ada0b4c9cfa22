"""The files of a project's AWS on this machine, a running server's record in them, and how it is reached."""

from __future__ import annotations

import json
import os
import shutil
import stat
import time
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any

from remit.errors import RemitError
from remit.project.dot_remit import link_error

try:
    import fcntl
    import pwd
except ModuleNotFoundError as error:
    raise RemitError(
        f"the AWS on this machine needs Linux or macOS: Python has no module {error.name} here",
        hint="on Windows it runs in WSL; lint, diff, explain, policy, build and deploy to AWS run without it",
    ) from error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_PAUSE = 0.01
_UNSAVED_BYTES = 512


@dataclass(frozen=True, slots=True)
class Record:
    """A server's record of itself: its id (random), its address, its process, its owner's keys."""

    id: str
    port: int
    pid: int
    access_key_id: str
    secret_access_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class LocalAws:
    """A running AWS on this machine: where it answers, its process, the region and account to work in, and its keys."""

    url: str
    port: int
    pid: int
    region: str
    account: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    state: str = field(compare=False)
    """Another text after each request, and each step of its own, with which this AWS may have changed."""


@dataclass(frozen=True, slots=True)
class StateFiles:
    """The folder `.remit/local` of one project, by absolute path, with a name for each file in it."""

    root: Path

    @classmethod
    def of(cls, project: Path) -> StateFiles:
        """The place of the project in this folder; nothing is created."""
        return cls(project.resolve() / ".remit" / "local")

    @property
    def record(self) -> Path:
        """The file with the server's record: JSON, readable by its owner alone."""
        return self.root / "server.json"

    @property
    def log(self) -> Path:
        """The server's log, cut to a limit when it starts."""
        return self.root / "server.log"

    @property
    def state(self) -> Path:
        """The state that survives a restart: every service's resources, and the objects of S3."""
        return self.root / "state"

    @property
    def objects(self) -> Path:
        """The contents of the objects of S3."""
        return self.state / "s3"

    @property
    def journal(self) -> Path:
        """The writes that were acknowledged since the state was last saved."""
        return self.state / "messages.jsonl"

    @property
    def alive(self) -> Path:
        """The file that the server locks for as long as it lives, with its process id."""
        return self.root / "server.lock"

    @property
    def starting(self) -> Path:
        """The file that whoever is starting a server locks."""
        return self.root / "start.lock"

    @property
    def unsaved(self) -> Path:
        """The file that says why the state was not kept last; its room is taken at each start, for a full disk."""
        return self.root / "unsaved"

    def check(self) -> None:
        """Refuse a place that is not here or not ours: what is written or deleted in it would be somewhere else.

        Raises:
            RemitError: if a part of it is a link, belongs to another user, or is a pipe or a folder and should be a
                file, or the other way round.
        """
        files = (self.record, self.log, self.alive, self.starting, self.unsaved, self.root / ".gitignore", self.journal)
        folders = (self.root / "home", self.root / "tmp", self.state, self.state / "services", self.objects)
        for path in (self.root.parent, self.root, *folders):
            _check_own(path, stat.S_ISDIR, "folder")
        for path in files:
            _check_own(path, stat.S_ISREG, "file")

    def check_state(self) -> None:
        """Refuse what the emulator never makes anywhere in the state: it would follow a link, and wait for a pipe.

        Raises:
            RemitError: if there is a link, or something else than files and folders.
        """
        for folder, folders, files in os.walk(self.state):
            for name in (*folders, *files):
                path = os.path.join(folder, name)  # noqa: PTH118 - of many thousands of objects
                mode = os.lstat(path).st_mode
                if stat.S_ISLNK(mode):
                    raise link_error(path)
                if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
                    raise _no_such_kind(path, "file")

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

    def remove_remains(self) -> None:
        """Delete the state that a save made again while somebody removed the folder, then the folders, if empty."""
        shutil.rmtree(self.state, ignore_errors=True)
        for folder in (self.root, self.root.parent):
            with suppress(OSError):  # it is not empty, or not there
                folder.rmdir()

    def read(self) -> Record | None:
        """Read the server's record, or None if there is none or it makes no sense."""
        try:
            with open(self.record, "rb", opener=own) as file:
                content = json.load(file)
            record = Record(**{part.name: content[part.name] for part in fields(Record)})
        except (OSError, ValueError, KeyError, TypeError):  # no file, no JSON, and no object with all of it
            return None
        texts = (record.id, record.access_key_id, record.secret_access_key)
        typed = all(isinstance(text, str) for text in texts) and type(record.port) is int and type(record.pid) is int
        return record if typed and 0 < record.port < 1 << 16 and record.pid > 1 else None

    def write(self, record: Record) -> None:
        """Replace the server file in one step."""
        draft = self.record.with_suffix(f".{record.pid}")
        with open(draft, "w", encoding="ascii", opener=own) as file:
            json.dump(asdict(record), file)
        draft.replace(self.record)

    def read_unsaved(self) -> str | None:
        """Why the state was not kept when it was last saved, or None."""
        try:
            with open(self.unsaved, encoding="utf-8", errors="replace", opener=own) as file:
                return file.read().strip() or None
        except OSError:
            return None

    def write_unsaved(self, reason: str | None) -> None:
        """Write why the state is not kept, None for kept: 512 bytes in place, for which the disk has room already.

        OSError: it cannot be written.
        """
        content = (reason or "").encode()[:_UNSAVED_BYTES].ljust(_UNSAVED_BYTES)
        descriptor = own(str(self.unsaved), os.O_WRONLY | os.O_CREAT)
        try:
            os.pwrite(descriptor, content, 0)
        finally:
            os.close(descriptor)

    def read_answer(self, read: str) -> Any:
        """The answer that `write_answer` kept with this hash; None where it kept none, or another hash's."""
        with suppress(OSError, ValueError, TypeError), open(self.root / "answer.json", "rb", opener=own) as file:
            known, answer = json.load(file)
            return answer if known == read else None
        return None

    def write_answer(self, read: str, answer: Any) -> None:
        """Keep an answer (JSON) with `read`, the hash of what it comes from, in the place of the last one.

        Nothing is said where it cannot be written.
        """
        with suppress(OSError), open(self.root / "answer.json", "w", encoding="ascii", opener=own) as file:
            json.dump((read, answer), file)


def own(path: str, flags: int) -> int:
    """Open a file for its owner alone; an `opener` for `open`. OSError: it is a link, or cannot be opened."""
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


def _check_own(path: Path, is_expected: Callable[[int], bool], kind: str) -> None:
    """Check that a path is the user's own and of the right kind; one that is not there passes.

    RemitError (2): it is a link, another user's, of another kind, or cannot be looked at.
    """
    try:
        found = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise RemitError(f"{str(path)!r} cannot be looked at: {error.strerror}") from error
    if stat.S_ISLNK(found.st_mode):
        raise link_error(str(path))
    if found.st_uid != os.geteuid():
        raise RemitError(
            f"{str(path)!r} belongs to {_user(found.st_uid)}, and remit runs as {_user(os.geteuid())}",
            hint="run remit as the user whose project it is, or remove that path",
        )
    if not is_expected(found.st_mode):
        raise _no_such_kind(str(path), kind)


def _no_such_kind(path: str, kind: str) -> RemitError:
    """The error for something of another kind in the place of a file or folder of the AWS on this machine."""
    return RemitError(
        f"{path!r} is no {kind}: the AWS on this machine keeps its state there",
        hint="remove it, or move it elsewhere; remit makes what it needs in its place",
    )


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"the user {number}"


def seize(path: Path, *, patience: float) -> int | None:
    """Lock a file, made if it is not there, for this process and its forks: the open descriptor.

    None: others hold it for `patience` seconds.
    """
    descriptor = own(str(path), os.O_RDWR | os.O_CREAT)
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
    """Return whether some process holds the lock on this file; False where it cannot be opened.

    Asking takes a shared lock for an instant, so whoever seizes must have a little patience.
    """
    try:
        descriptor = own(str(path), os.O_RDONLY)
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
def alone(path: Path, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold the lock on a file, after waiting for whoever holds it now; a process that is killed holds it no more.

    `waiting` is called once, before it waits. The file is made, and stays.
    """
    descriptor = own(str(path), os.O_RDWR | os.O_CREAT)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
