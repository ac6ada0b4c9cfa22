"""Install a project's dependencies with uv for Lambda's platform, once: a zip in the cache."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import stat
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from remit.errors import RemitError
from remit.package.archive import CHUNK, Archive, unpack
from remit.package.dependency_source import OWN_NAME, Source
from remit.package.files import LeftOut, survey
from remit.package.installer import Target, install
from remit.package.packed_files import read
from remit.package.requirements import folder_of_dependencies, read_source
from remit.project.dot_remit import own_folder

_FORMAT = "1"  # of the cache; raised when the same inputs are to give another zip
_KEPT = 64  # cached zips of dependencies: a large app has as many roots that state their own
_UNPACKED = 4  # those of them that stay unpacked: they take several times the room

_ABANDONED_SECONDS = 24 * 3600

_NOISE = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", "uv_build.json")
"""What installers write into *.dist-info about this machine and this run; nothing reads it in Lambda."""


@dataclass(frozen=True, slots=True)
class Layer:
    """The dependencies of a project for one target, packed by an Archive."""

    path: Path
    contents: str
    left_out: tuple[LeftOut, ...]


def layer(folder: Path, code: str, target: Target, progress: Callable[[str], None]) -> Layer | None:
    """The dependencies of a root of zips in the project in `folder`; None when it states none.

    With unchanged inputs this is a look into the cache, and no process starts; else `progress` gets a sentence, and uv
    installs them. RemitError (69): no package index answers; (2): they cannot be read or installed. Its place begins at
    the project's folder.
    """
    stating = folder_of_dependencies(folder, code)
    try:
        source = read_source(stating)
        return None if source is None else _installed_layer(folder, stating, source, target, progress)
    except RemitError as error:
        for each in error.all:
            if each.origin is not None and stating != folder:
                each.origin = replace(each.origin, file=f"{code}/{each.origin.file}")
        raise


def _installed_layer(
    folder: Path, stating: Path, source: Source, target: Target, progress: Callable[[str], None]
) -> Layer:
    """The layer of a source, from the cache of the project in `folder`, or installed now; uv runs in `stating`.

    Entries of the cache that were not used lately are deleted. RemitError: as `install`.
    """
    cache = own_folder(folder, "cache", "dependencies")
    place = cache / _key(source, target)
    facts = _facts(place)
    if facts is None:
        progress(f"installing the dependencies in {source.file} for {target.words}")
        facts = _make(stating, source, target, place)
    os.utime(place)  # the latest that were used are kept, not the latest that were made
    prune(cache, _KEPT)
    left_out = (LeftOut("its runtime part is added instead", (OWN_NAME,), 1),) if source.names_remit else ()
    return Layer(place / "layer.zip", facts["contents"], left_out)


def unpacked(installed: Layer) -> Path:
    """The folder with the files of a layer: they stay unpacked beside its zip, and are removed with it.

    They are put there in one step, and again where one is not as it was; all but the latest such folders are removed.
    OSError: they cannot be put there.
    """
    place = installed.path.resolve().parent
    folder = place / "unpacked"
    with zipfile.ZipFile(installed.path) as archive:
        if _is_whole(folder, archive):
            return folder
        with tempfile.TemporaryDirectory(dir=place.parent, prefix=".new-") as work:
            new_folder = Path(work, "unpacked")
            new_folder.mkdir()
            unpack(archive, new_folder)
            _put_in_place(new_folder, folder, lambda: _is_whole(folder, archive))
    by_age = sorted(place.parent.glob("*/unpacked"), key=lambda path: path.parent.stat().st_mtime_ns)
    for old in by_age[:-_UNPACKED]:
        shutil.rmtree(old, ignore_errors=True)
    return folder


def _is_whole(folder: Path, archive: zipfile.ZipFile) -> bool:
    """Return whether every file of a zip is in a folder, with its size; False where one cannot be looked at."""
    try:
        return folder.is_dir() and all(
            os.lstat(folder / member.filename).st_size == member.file_size for member in archive.infolist()
        )
    except OSError:
        return False


def web_adapters(folder: Path, target: Target, progress: Callable[[str], None]) -> Layer:
    """The adapters between Lambda's events and web frameworks, as remit locked them, for one target.

    RemitError: as `layer`.
    """
    locked = (Path(__file__).parent / "web_adapters.txt").read_text("utf-8")
    source = Source("remit's lock of web adapters", (locked,), arguments=("--no-deps", "--require-hashes"))
    return _installed_layer(folder, folder, source, target, progress)


def prune(cache: Path, count: int) -> None:
    """Delete all but the latest `count` entries of a cache folder, by their times of change.

    What builds that were killed have left is deleted after a day, and counts as an entry before.
    """
    for unfinished in cache.glob(".new-*"):
        with contextlib.suppress(OSError):  # its build has just finished
            if time.time() - unfinished.stat().st_mtime > _ABANDONED_SECONDS:
                shutil.rmtree(unfinished)
    by_age = sorted(cache.iterdir(), key=lambda path: path.stat().st_mtime_ns)
    for old in by_age[:-count]:
        if old.is_dir():
            shutil.rmtree(old, ignore_errors=True)
        else:
            old.unlink(missing_ok=True)


def _key(source: Source, target: Target) -> str:
    """The name in the cache: a hash of everything that decides what uv installs. RemitError: a folder is missing."""
    from importlib.metadata import version  # noqa: PLC0415 - 15 ms, only with dependencies

    # Whatever can change what uv installs is in the key, also uv's own version and its variables.
    environment = sorted((name, value) for name, value in os.environ.items() if name.startswith("UV_"))
    local = []
    for name, path in source.local:  # with everything in its folder that a build could read
        if not path.is_dir():
            raise RemitError(f"a dependency is to come from {path.name!r}, and there is no such folder")
        tree = hashlib.sha256()
        for entry in survey(path, ("!/*",)).entries:
            tree.update(f"{entry.name}\0{entry.executable}\0{entry.size}\0".encode())
            for chunk in read(entry):
                tree.update(chunk)
        local.append((name, tree.hexdigest()))
    deciding: list[object] = [_FORMAT, version("uv"), target.python, target.platform, environment, local]
    deciding += [source.settings, source.file, source.lines, source.arguments, source.export]
    return hashlib.sha256(json.dumps(deciding).encode()).hexdigest()[:32]


def _facts(place: Path) -> dict[str, str] | None:
    """Read the facts noted about a cached zip; None when there are none, or the zip has changed."""
    try:
        facts: dict[str, str] = json.loads((place / "layer.json").read_text("utf-8"))
        is_intact = facts["sha256"] == sha256(place / "layer.zip") and "contents" in facts
    except (OSError, ValueError, TypeError, KeyError):
        is_intact = False
    return facts if is_intact else None


def _make(folder: Path, source: Source, target: Target, place: Path) -> dict[str, str]:
    """Install into a folder of its own, pack it, and put the result in place in one step; the facts of layer.json.

    RemitError: as `install`; then there is nothing in the place.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=".new-", ignore_cleanup_errors=True) as name:
        work = Path(name).resolve()
        install(folder, source, target, work)
        new_folder = work / "made"
        new_folder.mkdir()
        with (new_folder / "layer.zip").open("wb") as file:
            archive = Archive(file)
            for packed, path in _installed(work / "target"):
                archive.add(packed, _chunks(path), executable=bool(path.stat().st_mode & stat.S_IXUSR))
            facts = {"contents": archive.finish(), "source": source.file}
        facts["sha256"] = sha256(new_folder / "layer.zip")
        (new_folder / "layer.json").write_text(json.dumps(facts), "utf-8")
        _put_in_place(new_folder, place, lambda: _facts(place) == facts)
    return facts


def _put_in_place(new_folder: Path, place: Path, is_there: Callable[[], bool]) -> None:
    """Move a folder to its place in one step, unless what `is_there` looks for is there; what is damaged is removed.

    OSError: it cannot be moved, and no other process has put it there meanwhile.
    """
    if not is_there():
        shutil.rmtree(place, ignore_errors=True)  # damaged, or there is none
        try:
            new_folder.rename(place)
        except OSError:
            if not is_there():
                raise


def sha256(path: Path) -> str:
    """The digest of a file's bytes, in hex."""
    digest = hashlib.sha256()
    for chunk in _chunks(path):
        digest.update(chunk)
    return digest.hexdigest()


def _installed(target: Path) -> list[tuple[str, Path]]:
    """Name and path of every installed file that has a use in Lambda, sorted by the bytes of the names."""
    installed_files = []
    for directory, folders, files in os.walk(target):
        folders[:] = [name for name in folders if name != "__pycache__"]
        for file in files:
            path = Path(directory, file)
            name = path.relative_to(target).as_posix()
            if not _useless(name, path):
                installed_files.append((name, path))
    return sorted(installed_files, key=lambda pair: os.fsencode(pair[0]))


def _useless(name: str, path: Path) -> bool:
    """Return whether nothing in Lambda reads an installed file: scripts, compiled files, notes of installers."""
    parent, _, file = name.rpartition("/")
    if parent == "":
        return file == ".lock" or file.endswith(".pth")  # nothing in Lambda reads .pth files of the task's folder
    if parent == "bin":
        # Scripts start with the path of this machine's interpreter.
        with path.open("rb") as script:
            return script.read(2) == b"#!"
    return file.endswith((".pyc", ".pyo")) or (parent.endswith(".dist-info") and file in _NOISE)


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk
