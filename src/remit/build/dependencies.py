"""Install a project's dependencies with uv for Lambda's platform, once: a zip in the cache."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from remit.build.archive import CHUNK, Archive
from remit.build.files import LeftOut, read, survey
from remit.build.requirements import OWN_NAME, Source, find, normal, requirement_name
from remit.errors import Origin, RemitError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_FORMAT = "1"  # of the cache; raised when the same inputs are to give another zip
_KEPT = 8  # cached zips of dependencies

_NOISE = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", "uv_build.json")
"""What installers write into *.dist-info about this machine and this run; nothing reads it in Lambda."""

OFFLINE = 69
"""Exit code of sysexits.h (EX_UNAVAILABLE): a service that is needed does not answer."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a function runs: Lambda's Python (`3.12`) and processor (`x86_64` or `arm64`)."""

    python: str
    architecture: str

    @property
    def platform(self) -> str:
        """The platform in uv's words: what the C library of the runtime's Amazon Linux is able to load.

        Python 3.12 and later run on Amazon Linux 2023 (glibc 2.34), earlier ones on Amazon Linux 2 (glibc
        2.26; 2.17 is the nearest that uv knows): "Lambda runtimes" in the developer guide.
        """
        machine = {"arm64": "aarch64"}.get(self.architecture, self.architecture)
        new = tuple(int(part) for part in self.python.split(".")) >= (3, 12)
        return f"{machine}-manylinux_2_{34 if new else 17}"


@dataclass(frozen=True, slots=True)
class Layer:
    """The dependencies of a project for one target, packed by an Archive."""

    path: Path
    contents: str
    left_out: tuple[LeftOut, ...]


def layer(folder: Path, target: Target, progress: Callable[[str], None]) -> Layer | None:
    """The dependencies of the project in `folder`; None when it states none.

    With unchanged inputs this is a look into the cache, and no process starts. Raises RemitError (exit
    code 69 when no package index answers).
    """
    source = find(folder)
    if source is None:
        return None
    cache = folder / ".remit" / "cache" / "dependencies"
    place = cache / _key(source, target)
    if not (place / "layer.json").is_file():
        progress(
            f"installing the dependencies in {source.file} for Python {target.python}, {target.architecture}"
        )
        _make(folder, source, target, place)
    os.utime(place)
    prune(cache, _KEPT)
    left = (LeftOut("its runtime part is added instead", (OWN_NAME,), 1),) if source.names_remit else ()
    return Layer(place / "layer.zip", json.loads((place / "layer.json").read_text())["contents"], left)


def prune(cache: Path, kept: int) -> None:
    """Delete all but the latest `kept` entries of a cache folder."""
    by_age = sorted(cache.iterdir(), key=lambda path: path.stat().st_mtime_ns)
    for old in by_age[:-kept]:
        if old.is_dir():
            shutil.rmtree(old, ignore_errors=True)
        else:
            old.unlink(missing_ok=True)


def _key(source: Source, target: Target) -> str:
    from importlib.metadata import version  # noqa: PLC0415 - 15 ms, only with dependencies

    digest = hashlib.sha256()
    environment = sorted((name, value) for name, value in os.environ.items() if name.startswith("UV_"))
    local = [(name, _tree(path)) for name, path in source.local]
    said = [_FORMAT, version("uv"), target.python, target.platform, environment, local, source.settings]
    digest.update(json.dumps([*said, source.file, source.lines, source.arguments, source.export]).encode())
    return digest.hexdigest()[:32]


def _tree(path: Path) -> str:
    """A digest of everything in a folder that a build could read."""
    digest = hashlib.sha256()
    if not path.is_dir():
        raise RemitError(f"a dependency is to come from {path.name!r}, and there is no such folder")
    for entry in survey(path, ("!/*",)).entries:
        digest.update(f"{entry.name}\0{entry.executable}\0{entry.size}\0".encode())
        for chunk in read(entry):
            digest.update(chunk)
    return digest.hexdigest()


def _make(folder: Path, source: Source, target: Target, place: Path) -> None:
    """Install into a folder of its own, pack it, and put the result in place in one step."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=".new-") as name:
        work = Path(name)
        _install(folder, source, target, work)
        made = work / "made"
        made.mkdir()
        with (made / "layer.zip").open("wb") as file:
            archive = Archive(file)
            for packed, path in _installed(work / "target"):
                archive.add(packed, _chunks(path), executable=bool(path.stat().st_mode & stat.S_IXUSR))
            contents = archive.finish()
        (made / "layer.json").write_text(json.dumps({"contents": contents, "source": source.file}))
        try:
            made.rename(place)
        except OSError:
            if not (place / "layer.json").is_file():  # else another process was first
                raise


def _installed(target: Path) -> list[tuple[str, Path]]:
    """Name and path of every installed file that has a use in Lambda, sorted by the bytes of the names."""
    found = []
    for directory, folders, files in os.walk(target):
        folders[:] = [name for name in folders if name != "__pycache__"]
        for file in files:
            path = Path(directory, file)
            name = path.relative_to(target).as_posix()
            if not _useless(name, path):
                found.append((name, path))
    return sorted(found, key=lambda pair: os.fsencode(pair[0]))


def _useless(name: str, path: Path) -> bool:
    parent, _, file = name.rpartition("/")
    if parent == "":
        return file == ".lock" or file.endswith(
            ".pth"
        )  # nothing in Lambda reads .pth files of the task's folder
    if parent == "bin":
        # Scripts start with the path of this machine's interpreter.
        with path.open("rb") as script:
            return script.read(2) == b"#!"
    return file.endswith((".pyc", ".pyo")) or (parent.endswith(".dist-info") and file in _NOISE)


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def _install(folder: Path, source: Source, target: Target, work: Path) -> None:
    excludes = work / "excludes.txt"
    excludes.write_text(OWN_NAME + "\n")
    lines = _exported(folder, source) if source.export else "\n".join(source.lines)
    own = [option for name, _ in source.local for option in ("--no-binary", name)]
    arguments = [
        *("pip", "install", "--target", str(work / "target"), "--python", _python()),
        *("--python-version", target.python, "--python-platform", target.platform),
        *(
            "--only-binary",
            ":all:",
            *own,
            "--no-compile",
            "--link-mode",
            "hardlink",
            "--excludes",
            str(excludes),
        ),
        *source.arguments,
    ]
    if lines.strip():
        arguments += ["--requirements", "-"]
    (work / "target").mkdir()
    _uv(arguments, folder, source, lines + "\n")
    _check_platform(work / "target", source, target)


def _exported(folder: Path, source: Source) -> str:
    """What uv.lock says, as the lines of a requirements.txt, without remit and what remit alone brings."""
    arguments = ["export", "--frozen", "--no-dev", "--no-editable", "--no-emit-project", "--no-header"]
    arguments += ["--no-annotate", "--prune", OWN_NAME, "--python", _python()]
    return _uv(arguments, folder, source, "")


def _python() -> str:
    import sys  # noqa: PLC0415

    return sys.executable


def _uv(arguments: list[str], folder: Path, source: Source, lines: str) -> str:
    """Run uv in the project's folder, so that it reads the user's settings; what it printed.

    It gets no AWS_* variable: it runs the build backends of the user's own packages.
    """
    import uv  # noqa: PLC0415 - only when something is to be installed

    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= {"NO_COLOR": "1", "UV_NO_PROGRESS": "1", "UV_PYTHON_DOWNLOADS": "never"}
    command = [uv.find_uv_bin(), *arguments]
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        input=lines,
        capture_output=True,
        check=False,
        encoding="utf-8",
        errors="replace",
    )
    if done.returncode != 0:
        raise _failure(done.stderr, folder, source)
    return done.stdout


def _failure(said: str, folder: Path, source: Source) -> RemitError:
    lines = [
        line.rstrip() for line in said.splitlines() if not line.startswith(("Using CPython", "warning:"))
    ]
    told = "\n".join(f"  {line}" for line in lines[-12:])
    origin = _blamed(said, folder, source)
    host = re.search(
        r"(?:error sending request for url \(|Failed to fetch: `?)https?://(?:[^/@]*@)?([^/:)]+)", said
    )
    if host and re.search(r"error sending request|dns error|timed out|[Cc]onnect", said):
        return RemitError(
            f"cannot reach {host[1]} to install the dependencies in {source.file}; uv said:\n{told}",
            hint="check the network and HTTPS_PROXY; once installed, unchanged dependencies need no network",
            origin=origin,
            exit_code=OFFLINE,
        )
    sdist = re.search(r"Wheels are required for `([^`]+)`|attempted to build `([^`]+)`", said)
    if sdist:
        name = sdist[1] or re.split(r"[=@ ]", sdist[2])[0]
        return RemitError(
            f"`{name}` has no wheel for this Python and platform, only source, which is not built unasked",
            hint=f'if it is pure Python and you trust its build, say so: `no-binary-package = ["{name}"]` '
            "in [tool.uv] of pyproject.toml; else pin a version that has a wheel",
            origin=origin,
        )
    return RemitError(f"uv cannot install the dependencies in {source.file}:\n{told}", origin=origin)


def _blamed(said: str, folder: Path, source: Source) -> Origin:
    """The file, and the line of the first requirement that uv's words name."""
    named = {normal(name) for name in re.findall(r"[A-Za-z0-9](?:[\w.-]*\w)?", said)}
    if source.file == "requirements.txt":
        for number, line in enumerate((folder / source.file).read_text("utf-8-sig").splitlines(), 1):
            if requirement_name(line) in named:
                return Origin(source.file, number)
    return Origin(source.file)


def _check_platform(installed: Path, source: Source, target: Target) -> None:
    """Refuse what was built here for this machine: uv vouches for wheels that it downloads alone."""
    machine = target.platform.partition("-")[0]
    for wheel in sorted(installed.glob("*.dist-info/WHEEL")):
        tags = re.findall(r"^Tag: (\S+)$", wheel.read_text("utf-8"), re.MULTILINE)
        platforms = [tag.rpartition("-")[2] for tag in tags]
        if platforms and not any(
            name == "any" or re.fullmatch(f"manylinux.*_{machine}", name) for name in platforms
        ):
            name = wheel.parent.name.partition("-")[0]
            raise RemitError(
                f"`{name}` was built for {platforms[0]}, and the function runs on {target.architecture}",
                hint="a package with compiled parts needs a wheel for Lambda's platform",
                origin=Origin(source.file),
            )
