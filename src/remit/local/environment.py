"""The environment of the AWS on this machine: the emulator and Lambda's runtime, installed once into the user's cache.

`pip install remit` brings none of it, so that no pin of the emulator's meets a project's own. What is installed is
locked by hashes in `environment.txt` and `function_runtime.txt`; once it is there, nothing asks the network.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from remit.local.package_cache import CachedPackages, pip_install

if TYPE_CHECKING:
    from collections.abc import Callable

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


def _fill_environment(folder: Path, project: Path) -> None:
    environment = LocalEnvironment(folder)
    pip_install(_EMULATOR, environment.packages, project)
    # Where it is not compiled for this system, its modules in Python are those of another one.
    platform = () if sys.platform == "linux" else ("--python-platform", "x86_64-manylinux_2_28")
    pip_install(_RUNTIME, environment.runtime, project, *platform)
    environment.sdk.mkdir()
    for name in SDK:
        (environment.sdk / name).symlink_to(Path("..") / environment.packages.name / name)


def _fill_debugger(folder: Path, project: Path) -> None:
    pip_install(_DEBUGGER, folder, project)


ENVIRONMENT: Final = CachedPackages("the AWS on this machine", "70 MB", (_EMULATOR, _RUNTIME), _fill_environment)
_DEBUGPY: Final = CachedPackages("the debugger debugpy", "20 MB", (_DEBUGGER,), _fill_debugger)
