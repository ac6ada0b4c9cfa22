"""The Python on this machine that runs a function: one of its runtime's version, or the nearest that there is.

Dependencies are packed for it, and the AWS on this machine runs the function with it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Version = tuple[int, int]

CHOSEN: Final = "REMIT_PYTHON"
"""The variable that names Pythons to prefer: programs, joined as those of PATH are."""
UV: Final = "REMIT_UV"
"""The variable that names the program uv, where the package is not installed."""
# They say where Pythons are.
_LOOKING: Final = (CHOSEN, "HOME", "PATH", "PYENV_ROOT", "UV_PYTHON_INSTALL_DIR", "XDG_DATA_HOME")

_RUNTIME: Final = re.compile(r"(?:python)?(\d+)\.(\d+)")
_MINORS: Final = range(10, 16)  # that awslambdaric, Lambda's runtime, supports
_PATIENCE: Final = 20.0
_ABOUT: Final = "import sys; print(sys._base_executable or sys.executable, *sys.version_info[:2], sep='\\n')"


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python on this machine: its program, and its version."""

    program: str
    version: Version

    @property
    def words(self) -> str:
        """The version as people write it: `3.12`."""
        return f"{self.version[0]}.{self.version[1]}"


@dataclass(frozen=True, slots=True)
class Interpreters:
    """The Pythons of this machine, each looked for once."""

    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    """The variables of whoever looks."""
    _by_version: dict[Version, Interpreter | None] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def for_runtime(self, runtime: str) -> Interpreter:
        """The Python of a runtime's version (`python3.12`), or else the nearest; of two as near the newer.

        Any other text stands for the version of the Python that runs this, which is also the answer where none of these
        is on this machine.
        """
        match = _RUNTIME.fullmatch(runtime)
        wanted = sys.version_info[:2] if match is None else (int(match[1]), int(match[2]))
        versions = [(3, minor) for minor in _MINORS]
        for version in sorted(versions, key=lambda version: (abs(version[1] - wanted[1]), -version[1])):
            interpreter = self.of_version(version)
            if interpreter is not None:
                return interpreter
        return Interpreter(own_program(), sys.version_info[:2])

    def of_version(self, version: Version) -> Interpreter | None:
        """A Python of this version, without the virtual environment that it may be in; None if there is none."""
        with self._lock:
            if version not in self._by_version:
                pythons = (self._interpreter_at(program) for program in self._candidates(version))
                fitting = (python for python in pythons if python is not None and python.version == version)
                self._by_version[version] = next(fitting, None)
            return self._by_version[version]

    def _candidates(self, version: Version) -> Iterator[str]:
        """Yield programs that may be a Python of this version, the best first."""
        yield from filter(None, self.environment.get(CHOSEN, "").split(os.pathsep))
        if version == sys.version_info[:2]:
            yield own_program()
        name = f"python{version[0]}.{version[1]}"
        for folder in self.environment.get("PATH", os.defpath).split(os.pathsep):
            program = shutil.which(name, path=folder)
            if program is not None:
                yield program
        uv = self.environment.get(UV) or uv_program()
        if uv is not None:
            options = ("--no-python-downloads", "--no-project", "--no-config", "--system")
            yield from self._output((uv, "python", "find", *options, f"{version[0]}.{version[1]}")).splitlines()

    def _interpreter_at(self, program: str) -> Interpreter | None:
        """Run a program to ask for its version, and which Python its environment is of; None if it is no Python."""
        with suppress(ValueError):
            executable, major, minor = self._output((program, "-I", "-S", "-c", _ABOUT)).splitlines()
            return Interpreter(executable, (int(major), int(minor)))
        return None

    def _output(self, command: tuple[str, ...]) -> str:
        """The output of a command; empty if it fails, cannot be run, or does not end in time."""
        try:
            ended = subprocess.run(
                command,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_PATIENCE,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return ""
        return ended.stdout if ended.returncode == 0 else ""


def variables_of_looking() -> dict[str, str]:
    """The environment variables with which another process finds the Pythons that this one finds."""
    variables = {name: os.environ[name] for name in _LOOKING if name in os.environ}
    uv = uv_program()
    return variables if uv is None else {**variables, UV: uv}


def own_program() -> str:
    """The Python that runs this, without the virtual environment that it may be in."""
    return str(getattr(sys, "_base_executable", "") or sys.executable)


def uv_program() -> str | None:
    """The program uv, which knows more Pythons than PATH does; None where it is not installed."""
    try:
        from uv import find_uv_bin  # noqa: PLC0415 - few commands need it
    except ImportError:
        return None
    try:
        return find_uv_bin()
    except FileNotFoundError:
        return None
