"""Unpack the zip of a function or a layer, once for each content, so that nothing of it lands anywhere else.

Sources: "Lambda quotas" (250 MB unzipped), "Working with .zip file archives for Python Lambda functions".
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import stat
import subprocess
import threading
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

LARGEST: Final = 250 * 1024 * 1024
"""Bytes that a function's code and its layers may have together when they are unpacked."""

_CHUNK: Final = 1 << 20
_UNIX: Final = 3  # the system that a zip's entry was made on, where its permissions mean something


class UnusableCode(Exception):
    """A zip that Lambda could not unpack: the reason in a sentence."""


@dataclass(frozen=True, slots=True)
class UnpackedCode:
    """A folder that holds unpacked zips, each in a folder named by the zip's SHA-256."""

    root: Path
    largest: int = LARGEST
    """Bytes that a zip may unpack to."""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _compiling: set[tuple[Path, str]] = field(default_factory=set)
    _compiled: set[tuple[Path, str]] = field(default_factory=set)

    def folder(self, content: bytes) -> Path:
        """The folder that a zip is unpacked in; it is unpacked if it was not yet.

        Raises:
            UnusableCode: if it is no zip, is too large, or has a part that would lie outside.
        """
        folder = self.root / hashlib.sha256(content).hexdigest()
        with self._lock:
            if not folder.exists():
                self._unpack(content, folder)
        return folder

    def compile(self, folder: Path, program: str) -> None:
        """Compile the modules in a folder by a Python, once, in a process that runs meanwhile: workers only read there.

        This returns at once. What the process says, and whether it fails, is not looked at.
        """
        compilation = folder, program
        with self._lock:
            if compilation in self._compiled | self._compiling:
                return
            self._compiling.add(compilation)

        def run() -> None:
            command = ("nice", program, "-I", "-S", "-m", "compileall", "-q", str(folder))
            quiet = subprocess.DEVNULL
            subprocess.run(command, stdin=quiet, stdout=quiet, stderr=quiet, check=False, umask=0o077)
            with self._lock:
                self._compiling.remove(compilation)
                self._compiled.add(compilation)

        threading.Thread(target=run, daemon=True, name="remit-compile").start()

    def prune(self, contents: Iterable[bytes], in_use: Iterable[Path]) -> None:
        """Remove the folder of every zip but these, unless a path in use is in it, or it is being compiled."""
        kept = {hashlib.sha256(content).hexdigest() for content in contents}
        kept |= {path.relative_to(self.root).parts[0] for path in in_use if path.is_relative_to(self.root)}
        with self._lock:
            kept |= {folder.name for folder, _ in self._compiling}
            folders = list(self.root.iterdir()) if self.root.is_dir() else []
            for folder in folders:
                if folder.name not in kept:
                    self._compiled.difference_update([entry for entry in self._compiled if entry[0] == folder])
                    shutil.rmtree(folder, ignore_errors=True)

    def _unpack(self, content: bytes, folder: Path) -> None:
        """Unpack a zip to a folder, whole or not at all. UnusableCode: it cannot be unpacked."""
        unfinished = folder.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True, mode=0o700)
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                _extract(archive, unfinished, self.largest)
            unfinished.rename(folder)
        except UnusableCode:
            raise
        except Exception as error:  # each way to damage a zip has an error of its own
            raise UnusableCode(
                f"Could not unzip uploaded file. Please check your file, then try to upload again: {error}"
            ) from error
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)


def _extract(archive: zipfile.ZipFile, folder: Path, largest: int) -> None:
    """Write every entry of a zip; links last, so that no entry is written through one.

    UnusableCode: an entry or a link leads out of the folder, or the files have more than `largest` bytes together.
    """
    links = []
    room = largest
    for entry in archive.infolist():
        parts = entry.filename.replace("\\", "/").split("/")  # some tools write Windows' separator into a zip
        if entry.filename.startswith(("/", "\\")) or ".." in parts:
            raise UnusableCode(f"the zip has a file {entry.filename!r}, which would lie outside of its folder")
        path = folder.joinpath(*(part for part in parts if part not in {"", "."}))
        mode = entry.external_attr >> 16 if entry.create_system == _UNIX else 0
        if stat.S_ISLNK(mode):
            links.append((entry, path))
        elif entry.is_dir():
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
        else:
            size = _write(archive, entry, path, mode, room)
            if size > room:
                raise UnusableCode(f"Unzipped size must be smaller than {largest} bytes")
            room -= size
    for entry, path in links:
        # One that lies behind another would be made elsewhere.
        if not any(parent.is_symlink() for parent in path.parents if parent.is_relative_to(folder)):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.symlink_to(archive.read(entry).decode())
    for _, path in links:  # when all are there, since they lead on by each other
        if not path.is_symlink() or not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder)):
            raise UnusableCode(f"the zip has a link {path.name!r}, which points outside of its folder")


def _write(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path, mode: int, room: int) -> int:
    """Write a file, and return its size; one beyond `room` is broken off: what a zip says of sizes is not believed."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    size = 0
    path.unlink(missing_ok=True)  # of two entries with one name the last counts
    with archive.open(entry) as source, path.open("xb") as target:
        while chunk := source.read(_CHUNK):
            size += len(chunk)
            if size > room:
                return size
            target.write(chunk)
    executable = mode & 0o111
    path.chmod(0o555 if executable else 0o444)  # Lambda mounts the code to read alone
    return size
