"""Make the zip of an app for Lambda: its own files, its dependencies, remit's runtime part.

    folder --survey--> Tree --.
    uv.lock, … --layer--> Layers --> zip in .remit/cache --place--> .remit/build/<function>.zip

The same input gives the same bytes. Nothing remembers which files are unchanged: sizes and times lie (a copy,
a restored backup, two edits in one tick), and reading and packing an app again costs milliseconds. Only
dependencies are cached, by a digest of what decides them.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from remit.errors import RemitError
from remit.package.archive import Archive, Member, members
from remit.package.dependencies import Layer, layer, prune, sha256, web_adapters
from remit.package.files import LeftOut, Tree, survey
from remit.package.packed_files import ChangedError, Entry, look, read
from remit.package.requirements import folder_of_dependencies, read_source
from remit.package.secrets import Allowed, Unneeded, refuse, watched
from remit.project.dot_remit import own_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from remit.app import LayerCode
    from remit.package.installer import Target

UNZIPPED = 250 * 1024 * 1024
"""Lambda takes what is smaller than this, unpacked, layers included ("Lambda quotas").

Zips go through S3, where their own size has no limit.
"""

_AS_IT_LIES = ("!**", "__pycache__/", "*.py[co]")
"""Patterns by which everything of a folder is packed that is no secret, and the same whoever has imported it."""
_ATTEMPTS = 3
_KEPT = 6  # cached zips for each that is placed: five layers may belong to it
_BIGGEST = 5


@dataclass(frozen=True, slots=True)
class Package:
    """A zip that is ready to upload. Sizes in bytes.

    `contents` is equal for equal contents even where another build of zlib packs them into other bytes: the
    better key for what is already uploaded. `biggest` are the biggest top-level parts, unpacked.
    """

    path: Path
    sha256: str
    size: int
    unzipped: int
    left_out: tuple[LeftOut, ...]
    biggest: tuple[tuple[str, int], ...]
    contents: str
    possible_secrets: tuple[str, ...] = ()
    """What may be a secret in its files, each with its place."""
    unneeded: tuple[Unneeded, ...] = ()
    own_parts: frozenset[str] = frozenset()
    """The first parts of the names of all files that are not of dependencies."""
    layers: tuple[Layer, ...] = ()
    """The dependencies."""
    apart: bool = False
    """Whether these are not in the zip, but in a layer."""


def package(
    folder: Path,
    target: Target,
    *,
    code: str = "",
    exclude: tuple[str, ...] = (),
    allow: Allowed | None = None,
    progress: Callable[[str], None] = lambda _: None,
    serves_web_app: bool = False,
    apart: bool = False,
) -> Package:
    """Pack the project in `folder` for one target, or its folder `code`; `place` puts it where people look.

    `exclude`: patterns in the syntax of .remitignore; `allow`: of files that may hold secrets, each with the reason
    and its line; `progress`: is told before packages are installed; `serves_web_app`: whether the adapters of web
    frameworks belong into it; `apart`: whether its dependencies are in a layer, and not in the zip. Raises RemitError
    for what cannot be packed or installed, is a secret, or is over Lambda's limits, and for a link in `.remit`.
    """

    def attempt(cache: Path) -> Package:
        own = layer(folder, code, target, progress)
        layers = () if own is None else (own,)
        if serves_web_app:
            layers = (*layers, web_adapters(folder, target, progress))
        look_at_files = partial(survey, folder, exclude, code)
        made = _attempt(look_at_files, cache, allow or {}, () if apart else layers, is_layer=False)
        return replace(made, layers=layers, apart=apart)

    return _of_one_snapshot(folder, attempt)


def package_layer(folder: Path, code: LayerCode, dependencies: tuple[Layer, ...], allow: Allowed) -> Package:
    """Pack a layer of a project: the dependencies of functions, or a folder as it lies.

    RemitError: as `package`, or the layer has no files; at the line that names the layer.
    """

    def attempt(cache: Path) -> Package:
        if code.runtime:
            return _attempt(partial(Tree, (), ()), cache, allow, dependencies, is_layer=True)
        return _attempt(partial(survey, folder, _AS_IT_LIES, code.folder), cache, allow, (), is_layer=True)

    try:
        made = _of_one_snapshot(folder, attempt)
    except RemitError as error:
        for each in error.all:
            each.origin = each.origin or code.origin
        raise
    if not made.biggest:
        hint = "Lambda takes none that is empty"
        raise RemitError(f"the layer {code.folder} has no files", hint=hint, origin=code.origin)
    return made


def _of_one_snapshot(folder: Path, attempt: Callable[[Path], Package]) -> Package:
    """Pack something of a project in its cache, and up to twice again where its files have changed meanwhile.

    RemitError (2): there is no such folder, its files keep changing, or the cache cannot be written.
    """
    cache = own_folder(folder, "cache", "packages")
    with _writing(cache):
        if not folder.is_dir():
            raise RemitError(f"there is no project folder {str(folder)!r}")
        cache.mkdir(parents=True, exist_ok=True)
        for _ in range(_ATTEMPTS):
            with contextlib.suppress(ChangedError):
                return attempt(cache)
    raise RemitError(
        f"files in {folder.resolve().name!r} keep changing while they are packed",
        hint="stop what writes there, or list it in .remitignore",
    )


def check_own_files(
    folder: Path, exclude: tuple[str, ...], allow: Allowed, code: str, *, secrets_alone: bool = False
) -> None:
    """Raise RemitError for the project's own files that `package` would refuse, without packing anything.

    With `secrets_alone`, nothing is said where a file cannot be packed, such as a pipe that could not be loaded. Files
    that change meanwhile are not judged.
    """
    with contextlib.suppress(ChangedError):
        try:
            tree = survey(folder, exclude, code)
        except RemitError:
            if secrets_alone:
                return
            raise
        suspects: list[Entry] = []
        for entry in tree.entries:
            for _ in watched(entry, suspects):
                pass
        refuse(tree.entries, suspects, allow)


def depends(folder: Path, code: str) -> bool:
    """Return whether a root of zips in a project states dependencies. Without any, its zip fits every target."""
    return read_source(folder_of_dependencies(folder, code)) is not None


def place(packages: Mapping[str, Package], folder: Path) -> tuple[Path, ...]:
    """Put each function's zip under .remit/build/ by its name, and remove those of functions that are no more.

    So are all cached zips but the latest. Returns the paths in the order of `packages`. RemitError (2): the folder
    cannot be written.
    """
    build = own_folder(folder, "build")
    placed = {build / f"{name}.zip": package for name, package in packages.items()}
    with _writing(build):
        build.mkdir(parents=True, exist_ok=True)
        for path, package in placed.items():
            with tempfile.TemporaryDirectory(dir=path.parent, prefix=".new-") as work:
                new = Path(work, path.name)
                try:
                    new.hardlink_to(package.path)
                except OSError:  # a file system without hard links, or too many of them
                    shutil.copyfile(package.path, new)
                new.replace(path)
        for stale in set(build.glob("*.zip")) - set(placed):
            stale.unlink(missing_ok=True)
        if packages:  # of resources alone there may be no cache
            kept = _KEPT * len({package.path for package in packages.values()})
            prune(own_folder(folder, "cache", "packages"), kept)
    return tuple(placed)


def _attempt(
    look_at_files: Callable[[], Tree],
    cache: Path,
    allow: Allowed,
    layers: tuple[Layer, ...],
    *,
    is_layer: bool,
) -> Package:
    """Pack one snapshot into the cache, with the files of `layers`; the zip is named by its SHA-256.

    ChangedError: the folder is not the same before and after. RemitError (2): it is too big for Lambda, or holds
    secrets.
    """
    tree = look_at_files()
    plan = _plan(tree, layers, is_layer=is_layer)
    unzipped = sum(part.size for part in plan.values())
    sizes: dict[str, int] = {}
    for name, part in plan.items():
        top = name.partition("/")[0]
        sizes[top] = sizes.get(top, 0) + part.size
    biggest = tuple(sorted(sizes.items(), key=lambda item: (-item[1], item[0]))[:_BIGGEST])
    if unzipped >= UNZIPPED:
        parts = ", ".join(f"{name} {bytes_in_words(part)}" for name, part in biggest)
        raise RemitError(
            f"the package is too big: {unzipped:,} bytes unpacked, and Lambda takes {UNZIPPED:,}; "
            f"the biggest parts, unpacked: {parts}",
            hint="drop what the functions do not use (boto3 and botocore are in Lambda already), or list data in "
            ".remitignore: layers count as well",
        )
    with tempfile.TemporaryDirectory(dir=cache, prefix=".new-") as work:
        new = Path(work, "new.zip")
        suspects: list[Entry] = []
        contents = _write(new, plan, layers, frozenset(tree.entries), suspects)
        if look_at_files().entries != tree.entries:
            raise ChangedError
        secrets = refuse(tree.entries, suspects, allow)
        size = new.stat().st_size
        digest = sha256(new)
        path = cache / f"{digest}.zip"
        new.replace(path)
    own_parts = frozenset(name.partition("/")[0] for name, part in plan.items() if isinstance(part, Entry))
    left_out = (*tree.left_out, *(omission for installed in layers for omission in installed.left_out))
    return Package(
        path, digest, size, unzipped, left_out, biggest, contents, secrets.possible, secrets.unneeded, own_parts
    )


@dataclass(frozen=True, slots=True)
class _Installed:
    """A file of a layer, whose zip is at `path`."""

    path: Path
    member: Member

    @property
    def size(self) -> int:
        """Bytes, unpacked."""
        return self.member.size


def _plan(tree: Tree, layers: tuple[Layer, ...], *, is_layer: bool) -> dict[str, Entry | _Installed]:
    """Plan the zip: entries sorted by the bytes of their names. The app's own file wins over an installed one.

    A package that several of `layers` have is taken from the first. remit's own part is added; a layer has none.

    RemitError (2): a file of the app's would hide the module `remit`.
    """
    folder = "python/" if is_layer else ""  # where Python looks for dependencies
    plan: dict[str, Entry | _Installed] = {}
    taken: set[str] = set()  # a package that several layers have is taken from the first of these alone
    for installed in layers:
        own = {member.name.decode(): member for member in members(installed.path)}
        for name, member in own.items():
            if _package_of(name) not in taken:
                plan[f"{folder}{name}"] = _Installed(installed.path, member)
        taken |= {_package_of(name) for name in own}
    plan |= {entry.name: entry for entry in tree.entries}
    for name in () if is_layer else plan:
        if name == "remit.py" or name.startswith("remit/"):
            raise RemitError(
                f"{name!r} would hide the module `remit`, which every zip carries",
                hint="rename the app's own module",
            )
    runtime = Path(__file__).parent.parent / "runtime"  # remit's part of the zip, as its package `remit`
    for path in () if is_layer else sorted(runtime.rglob("*.py")):
        name = f"remit/{path.relative_to(runtime).as_posix()}"
        plan[name] = replace(look(path.resolve(), name), executable=False)
    return dict(sorted(plan.items(), key=lambda item: item[0].encode()))


def _package_of(name: str) -> str:
    """The first part of a file's name, that of a *.dist-info without its version."""
    top = name.partition("/")[0]
    return top.partition("-")[0] + ".dist-info" if top.endswith(".dist-info") else top


def _write(
    path: Path,
    plan: dict[str, Entry | _Installed],
    layers: tuple[Layer, ...],
    app_files: frozenset[Entry],
    suspects: list[Entry],
) -> str:
    """Write the zip, and return a digest of the contents of it and its layers.

    Files of the app that may hold a secret join `suspects`. RemitError: a file cannot be read, or changed meanwhile.
    """
    with path.open("w+b") as file, contextlib.ExitStack() as opened:
        zips = {installed.path: opened.enter_context(installed.path.open("rb")) for installed in layers}
        archive = Archive(file)
        for name, part in plan.items():
            if isinstance(part, Entry):
                chunks = watched(part, suspects) if part in app_files else read(part)
                archive.add(name, chunks, executable=part.executable)
            else:
                archive.copy(name, zips[part.path], part.member)
        contents = archive.finish()
        file.flush()
        os.fsync(file.fileno())
    texts = (contents, *(installed.contents for installed in layers))
    return hashlib.sha256("".join(texts).encode()).hexdigest()


def bytes_in_words(size: int) -> str:
    """A size for people, in the biggest unit of which it has one: `12 bytes`, `34.5 MB` (of 1024 * 1024 bytes)."""
    amount = float(size)
    unit = "bytes"
    for bigger in ("KB", "MB", "GB"):
        if amount < 1024:  # noqa: PLR2004 - the step between units
            break
        amount, unit = amount / 1024, bigger
    return f"{size} bytes" if unit == "bytes" else f"{amount:.1f} {unit}"


@contextlib.contextmanager
def _writing(place: Path) -> Iterator[None]:
    """Turn an OSError inside into a RemitError (2) with the folder: full disk, read-only folder, file-size limit."""
    try:
        yield
    except OSError as error:
        raise RemitError(
            f"cannot write to {str(place)!r}: {error.strerror or error}",
            hint="what remit builds is kept in the project's .remit folder: writable, with space left",
        ) from error
