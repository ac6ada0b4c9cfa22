"""Find the files of a project that go into its zips; what stays out is told, what cannot go in is refused."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass, field, replace
from pathlib import Path

from remit.errors import Origin, RemitError
from remit.package.archive import NAMES, check_name
from remit.package.excluded_files import ENVIRONMENT, SECRETS, always_out, usually_out
from remit.package.gitignore import Patterns, parse
from remit.package.packed_files import READING, Entry, stamp
from remit.package.secrets import only_public
from remit.project import plain_files
from remit.source.layout import src_layout

_MOST_FILES = 65_533
"""What a plain zip holds; Lambda's 250 MB are full long before, so more is a mistake (a data folder)."""
_BIGGEST_FILE = 4 << 30
_SHOWN = 10
_LONGEST_PEM = 4 << 20


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Files left out for one reason: up to five names (folders end in `/`) of `count`."""

    reason: str
    names: tuple[str, ...]
    count: int

    @property
    def listed(self) -> str:
        """The names, and how many more there are."""
        count = f" and {self.count - len(self.names)} more" if self.count > len(self.names) else ""
        return f"{', '.join(self.names)}{count}"

    def __str__(self) -> str:
        return f"{self.reason}: {self.listed}"


@dataclass(frozen=True, slots=True)
class Tree:
    """The content of a project's folder at one moment: entries sorted by the bytes of their names."""

    entries: tuple[Entry, ...]
    left_out: tuple[LeftOut, ...]


def survey(folder: Path, exclude: tuple[str, ...] = (), code: str = "") -> Tree:
    """Look at every file below `folder` without opening any (but .pem files and .remitignore).

    With `code`, the path of a folder in it, that is the root of the zip; the project's patterns and links are still
    those of `folder`. Without it, `src/` goes off the names where the app's code is in `src`. `exclude` has further
    lines as of .remitignore, which decide after its own. RemitError (2) lists everything that can neither be packed nor
    left out on its own; or .remitignore cannot be read, or there are more files than Lambda can unpack.
    """
    content = plain_files.content(folder / ".remitignore", ".remitignore") or b""
    try:
        ignored = content.decode().splitlines()
    except UnicodeDecodeError as error:
        raise RemitError(f"cannot read .remitignore: {error}", origin=Origin(".remitignore")) from error
    patterns = parse(ignored, "listed in .remitignore") + parse(exclude, "excluded in the configuration")
    walk = _Walk(os.path.realpath(folder), f"{code}/" if code else "", Patterns(patterns))
    start = os.path.realpath(folder / code)
    walk.enter(start, walk.code, (walk.root, start))
    entries = walk.entries
    if not code and src_layout(folder):  # `src/` goes off the names; two files of one name are refused
        beside = {entry.name for entry in entries if not entry.name.startswith("src/")}
        for entry in entries:
            if entry.name.startswith("src/") and entry.name[4:] in beside:
                walk.refused.append(f"{entry.name!r} and {entry.name[4:]!r} would be the same file in the zip")
        entries = [replace(entry, name=entry.name.removeprefix("src/")) for entry in entries]
    count = len(walk.refused)
    if count == 1:
        raise RemitError(f"cannot pack {walk.refused[0]}", hint=_REMEDY)
    if count:
        lines = [f"  {reason}" for reason in walk.refused[:_SHOWN]]
        lines += [f"  … and {count - _SHOWN} more"] if count > _SHOWN else []
        raise RemitError("\n".join([f"cannot pack {count} files:", *lines]), hint=_REMEDY)
    left_out = tuple(LeftOut(reason, tuple(names[:5]), len(names)) for reason, names in sorted(walk.left.items()))
    return Tree(tuple(sorted(entries, key=lambda entry: entry.name.encode())), left_out)


_REMEDY = "remove or rename it, or list it in .remitignore"


@dataclass(slots=True)
class _Walk:
    """One walk through a project: what goes in, the names left out by their reasons, and what is refused, in words."""

    root: str
    code: str
    """How the paths begin of what lies in the root of the zip."""
    project: Patterns
    entries: list[Entry] = field(default_factory=list)
    left: dict[str, list[str]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)

    def enter(self, directory: str, prefix: str, above: tuple[str, ...]) -> None:
        """Take in one folder, in the order of names; `above` are the real paths of it and the folders that led here.

        One that cannot be read joins `refused`.
        """
        try:
            # The order of a folder is the file system's: sorted, so that the same files give the same bytes.
            with os.scandir(directory) as listing:
                items = sorted(listing, key=lambda item: item.name)
        except OSError as error:
            self.refused.append(f"{prefix!a}: {error.strerror}")
            return
        for item in items:
            self._take(item, prefix, above)

    def _take(self, item: os.DirEntry[str], prefix: str, above: tuple[str, ...]) -> None:
        """Take in, leave out or refuse one entry of a folder; what it is and why goes to the walk's lists."""
        name = prefix + os.fsencode(item.name).decode("utf-8", "surrogateescape")
        link = item.is_symlink()
        folder = _is_folder(item)
        reason = self._reason(f"{name}/" if folder else name)
        if reason is None and folder and os.path.lexists(f"{item.path}/pyvenv.cfg"):
            reason = ENVIRONMENT
        if reason is None and name.endswith(".pem") and not folder and not _public(item):
            reason = SECRETS
        if reason is not None:
            self.left.setdefault(reason, []).append(ascii(name)[1:-1] + ("/" if folder else ""))
            return
        problem = self._wrong_link(item, above) if link else None
        try:
            name.encode()
            check_name(name)
        except (UnicodeEncodeError, RemitError):
            problem = f"not a name for a zip ({NAMES})"
        if problem is not None:
            self.refused.append(f"{name!a}: {problem}")
        elif folder:
            real = os.path.realpath(item.path)
            self.enter(real, name + "/", (*above, real))
        else:
            self._file(os.path.realpath(item.path) if link else item.path, name)

    def _reason(self, path: str) -> str | None:
        """Why a path stays out; None where it does not."""
        always, own = always_out().decide(path), self.project.decide(path)
        # What is always out comes first: no `!` of the project brings it back.
        if always is not None and not always.back:
            return always.reason
        decided = own or usually_out().decide(path.removeprefix(self.code))
        return None if decided is None or decided.back else decided.reason

    def _wrong_link(self, item: os.DirEntry[str], above: tuple[str, ...]) -> str | None:
        """Why a link is refused, in words; None where it stays in the project and leads to nothing that stays out."""
        try:
            real = os.path.realpath(item.path, strict=True)
        except OSError as error:
            return "a link that leads back to itself" if error.errno == errno.ELOOP else "a link that leads nowhere"
        if real in above:
            return "a link that leads back to itself"
        if not real.startswith(self.root + os.sep):
            return f"a link that leaves the project ({str(Path(item.path).readlink())!a})"
        parts = Path(real).relative_to(self.root).parts
        steps = ["/".join(parts[:count]) + "/" for count in range(1, len(parts))]
        steps.append("/".join(parts) + "/" * Path(real).is_dir())
        for step in steps:
            decided = always_out().decide(step)
            if decided is not None and not decided.back:
                return f"a link to {step!a}, which stays out ({decided.reason})"
        return None

    def _file(self, path: str, name: str) -> None:
        """Take in a file, or refuse it. RemitError when there are more files than Lambda can unpack."""
        try:
            status = os.lstat(path)
        except OSError as error:
            self.refused.append(f"{name!a}: {error.strerror}")
            return
        if not stat.S_ISREG(status.st_mode):
            kind = _KINDS.get(stat.S_IFMT(status.st_mode), "no regular file")
            self.refused.append(f"{name!a}: {kind}")
        elif status.st_size > _BIGGEST_FILE:
            self.refused.append(f"{name!a}: {status.st_size:,} bytes, more than a zip can hold")
        else:
            executable = bool(status.st_mode & stat.S_IXUSR)
            packed = name.removeprefix(self.code)
            self.entries.append(Entry(packed, name, path, executable, status.st_size, stamp(status)))
        if len(self.entries) > _MOST_FILES:
            raise RemitError(
                f"the project holds more than {_MOST_FILES:,} files, more than Lambda can unpack",
                hint="list data and other projects in .remitignore",
            )


_KINDS = {
    stat.S_IFIFO: "a FIFO, not a file",
    stat.S_IFSOCK: "a socket, not a file",
    stat.S_IFCHR: "a device, not a file",
    stat.S_IFBLK: "a device, not a file",
}


def _is_folder(item: os.DirEntry[str]) -> bool:
    """Return whether it is a folder, or a link to one."""
    try:
        return item.is_dir()
    except OSError:  # a link in a circle
        return False


def _public(item: os.DirEntry[str]) -> bool:
    """Return whether a .pem holds certificates alone; False where it cannot be read.

    True for what is no regular file, which is refused later.
    """
    try:
        if not item.is_file(follow_symlinks=False):
            return True
        with open(os.open(item.path, READING), "rb") as file:  # noqa: PTH123 - Path.open takes no descriptor
            return only_public(file.read(_LONGEST_PEM))
    except OSError:
        return False
