"""The environment of the AWS on this machine: the emulator and Lambda's runtime, installed once into the user's cache.

`pip install remit` brings none of it, so that no pin of the emulator's meets a project's own. What is installed is
locked by hashes in `environment.txt` and `function_runtime.txt`; once it is there, nothing asks the network.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
import sys
import sysconfig
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from remit.errors import RemitError
from remit.local.state_files import alone
from remit.package.installer import OFFLINE, run_uv, without_secrets
from remit.package.interpreters import own_program

if TYPE_CHECKING:
    from collections.abc import Callable

    Install = Callable[..., None]

_MANIFEST: Final = "manifest.json"
_UNUSED_SECONDS: Final = 30 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class CachedPackages:
    """Packages that are installed together: a name for sentences, the size, the locked lists, and the installer.

    `fill` gets the folder to install into, and what installs a list (its file) into a folder, with further options.
    """

    words: str
    size: str
    lists: tuple[Path, ...]
    fill: Callable[[Path, Install], None]

    @property
    def place(self) -> Path:
        """The folder, whether it is there or not: another list or another Python has another."""
        abi = str(sysconfig.get_config_var("SOABI") or sys.implementation.cache_tag)
        parts = (*(path.read_bytes() for path in self.lists), sysconfig.get_platform().encode(), abi.encode())
        return _cache() / hashlib.sha256(b"\0".join(parts)).hexdigest()[:20]

    def installed(self) -> Path | None:
        """The folder; None where it, or a file of it, is missing or damaged.

        RemitError (2): other users may write it, or a folder that it is in.
        """
        folder = self.place
        if not _is_whole(folder):
            return None
        for owned in (folder, *folder.parents[:2]):
            _check_owner(owned)
        return folder

    def install(self, project: Path, progress: Callable[[str], None]) -> Path:
        """The folder; all is installed if it is not there or damaged. Its time of change becomes now (see `_prune`).

        `progress` is told what is being done, in a short sentence. RemitError: it cannot be installed, or other users
        may write it; exit code 69 when no package index answers.
        """
        folder = self.installed()
        if folder is None:
            folder = self.place
            try:
                folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                _check_owner(folder.parent)
                with alone(folder.with_suffix(".lock"), lambda: progress(f"waiting for another remit: {self.words}")):
                    if self.installed() is None:
                        self._make(folder, project, progress)
            except OSError as error:
                hint = "set XDG_CACHE_HOME to a folder that can be written"
                if error.errno == errno.ENOSPC:
                    hint = f"free some room (it takes {self.size}), or {hint}"
                what = f"{self.words} is installed in {str(folder.parent)!r}, which cannot be written: {error.strerror}"
                raise RemitError(what, hint=hint) from error
        with suppress(OSError):  # it may be another's, that may only be read
            os.utime(folder)
        return folder

    def _make(self, folder: Path, project: Path, progress: Callable[[str], None]) -> None:
        """Install everything beside its place, list the files with their sizes, and then put it there.

        What was there, and environments that are unused for a month, are deleted. RemitError: as `_install`; then what
        was there stays.
        """
        if folder.exists():
            progress(f"{self.words} is damaged: installing it again")
        else:
            progress(f"installing {self.words}, once ({self.size})")
        unfinished = folder.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        self.fill(unfinished, partial(self._install, project))
        files = [path for path in unfinished.rglob("*") if path.is_file()]
        sizes = {str(path.relative_to(unfinished)): path.stat().st_size for path in files}
        (unfinished / _MANIFEST).write_text(json.dumps(sizes), "utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        unfinished.rename(folder)
        _prune(folder)

    def _install(self, project: Path, requirements: Path, target: Path, *options: str) -> None:
        """Let uv install a locked list into a folder. RemitError: there is no uv, or it fails."""
        command = ("pip", "install", "--python", own_program(), "--target", str(target), *options)
        locked = ("--require-hashes", "--no-deps", "--only-binary", ":all:", "--requirements", str(requirements))
        ended = run_uv((*command, *locked), project if project.is_dir() else None)
        if ended.returncode != 0:
            raise self._failure(without_secrets(ended.stderr))

    def _failure(self, said: str) -> RemitError:
        """The error for what uv said: a full disk, an index that does not answer (exit code 69), or anything else."""
        last_lines = "\n".join(f"  {line.rstrip()}" for line in said.splitlines()[-12:])
        what = f"{self.words} cannot be installed"
        if "No space left on device" in said:
            return RemitError(f"{what}: no space left on the device", hint=f"free some room: it takes {self.size}")
        if re.search(r"error sending request|dns error|timed out|[Cc]onnect|network", said):
            return RemitError(
                f"{what}: the package index does not answer; uv said:\n{last_lines}",
                hint="check the network and HTTPS_PROXY; once it is installed, it needs no network",
                exit_code=OFFLINE,
            )
        return RemitError(
            f"{what}; uv said:\n{last_lines}", hint="UV_DEFAULT_INDEX names another package index, such as a mirror"
        )


def _cache() -> Path:
    """The folder of all such environments, in the user's cache. RemitError (2): the user has no home directory."""
    chosen = os.environ.get("XDG_CACHE_HOME", "")
    if Path(chosen).is_absolute():
        return Path(chosen, "remit", "local")
    try:
        home = Path.home()
    except RuntimeError as error:
        raise RemitError(
            "there is no home directory to install packages in",
            hint="set XDG_CACHE_HOME to a folder that can be written",
        ) from error
    return home / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "remit" / "local"


def _is_whole(folder: Path) -> bool:
    """Return whether every file that was installed is there with the size that it had; False without a list of them."""
    try:
        sizes = json.loads((folder / _MANIFEST).read_text("utf-8"))
        return all(os.stat(folder / path).st_size == size for path, size in sizes.items())  # noqa: PTH116 - of thousands
    except (OSError, ValueError, AttributeError):
        return False


def _check_owner(folder: Path) -> None:
    """Check that no other user may write a folder: programs in it are run. One of root's may be an image's.

    RemitError (2): one may.
    """
    status = folder.stat()
    if status.st_uid not in {0, os.geteuid()} or status.st_mode & 0o022:
        raise RemitError(
            f"{str(folder)!r} may be written by other users, and programs from it are run",
            hint="`chmod 700` it if it is yours, or set XDG_CACHE_HOME to a folder of your own",
        )


def _prune(kept: Path) -> None:
    """Delete the folders beside `kept` that no remit has used for a month."""
    for folder in kept.parent.iterdir():
        with suppress(FileNotFoundError):  # another remit has moved it meanwhile
            unused = time.time() - folder.stat().st_mtime > _UNUSED_SECONDS
            if unused and folder.is_dir() and folder != kept:
                shutil.rmtree(folder, ignore_errors=True)


SDK: Final = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six.py", "urllib3")
"""What Lambda's runtime offers to functions that bring no boto3: files and folders of the emulator's packages."""

_FOLDER: Final = Path(__file__).parent
_EMULATOR: Final = _FOLDER / "environment.txt"
_RUNTIME: Final = _FOLDER / "function_runtime.txt"
_DEBUGGER: Final = _FOLDER / "debugger.txt"


@dataclass(frozen=True, slots=True)
class LocalEnvironment:
    """A folder with the packages of the AWS on this machine, for one version of Python."""

    folder: Path

    @property
    def packages(self) -> Path:
        """The emulator, and what it needs."""
        return self.folder / "packages"

    @property
    def runtime(self) -> Path:
        """Lambda's runtime for Python, awslambdaric, and what it needs."""
        return self.folder / "runtime"

    @property
    def sdk(self) -> Path:
        """The SDK that Lambda's runtime offers, and nothing else."""
        return self.folder / "sdk"


def install(project: Path, progress: Callable[[str], None]) -> LocalEnvironment:
    """The environment, which is made if it is not there or damaged.

    Args:
        project: The folder whose settings of uv (the index to ask) hold.
        progress: Told what is being done, in a short sentence.

    Raises:
        RemitError: if it cannot be made; exit code 69 when no package index answers.
    """
    return LocalEnvironment(ENVIRONMENT.install(project, progress))


def install_debugger(project: Path, progress: Callable[[str], None]) -> Path:
    """The folder of debugpy, which is installed if it is not there; all else as `install`."""
    return _DEBUGPY.install(project, progress)


def _fill_environment(folder: Path, install_list: Install) -> None:
    """Install the emulator, Lambda's runtime, and links to the SDK alone, which functions may import."""
    environment = LocalEnvironment(folder)
    install_list(_EMULATOR, environment.packages)
    # Where it is not compiled for this system, its modules in Python are those of another one.
    platform = () if sys.platform == "linux" else ("--python-platform", "x86_64-manylinux_2_28")
    install_list(_RUNTIME, environment.runtime, *platform)
    environment.sdk.mkdir()
    for name in SDK:
        (environment.sdk / name).symlink_to(Path("..") / environment.packages.name / name)


ENVIRONMENT: Final = CachedPackages("the AWS on this machine", "70 MB", (_EMULATOR, _RUNTIME), _fill_environment)
_DEBUGPY: Final = CachedPackages(
    "the debugger debugpy", "20 MB", (_DEBUGGER,), lambda folder, install_list: install_list(_DEBUGGER, folder)
)
