"""Servers of the AWS on this machine as forks of a process that has imported what they need: a quarter of their start.

`server_forks.py` is that process, one for each region. A server that a command starts in a process of its own begins as
it does everywhere.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import pytest

from remit.local import process
from remit.local.environment import ENVIRONMENT
from remit.local.state_files import StateFiles
from remit.package.interpreters import own_program

if TYPE_CHECKING:
    from collections.abc import Iterator

_BEGIN = "from remit.local.server import main\n"
_IMPORTS, _, _END = process._PROGRAM.partition(_BEGIN)
assert _END == "sys.exit(main([root, *arguments]))\n"
_PACKAGES = str(ENVIRONMENT.place / "packages")
_REGIONS = ("eu-central-1", "us-east-1")  # of most servers


def program(name: str) -> str:
    """The program that runs a file of this folder as if it were a server's: isolated, with a server's packages."""
    path = Path(__file__).with_name(name)
    return f"{_IMPORTS}{_BEGIN}import runpy\nrunpy.run_path({str(path)!r}, run_name='__main__')\n"


class _Forking:
    """A process that forks servers of a region for this process and its forks, until `close` or the end of all."""

    def __init__(self, region: str) -> None:
        folder = tempfile.mkdtemp()
        self._door = str(Path(folder, "door"))
        command = [own_program(), "-I", "-S", "-c", program("server_forks.py"), str(process._REMIT), _PACKAGES]
        with socket.socket(socket.AF_UNIX) as door:
            door.bind(self._door)
            door.listen(64)
            number = door.fileno()
            self._process = subprocess.Popen(
                [*command, folder, region, str(number)],
                env=process._environment(StateFiles(Path(folder))),
                stdin=subprocess.PIPE,
                pass_fds=[number],
                start_new_session=True,
            )

    def status(self, asked: dict[str, Any]) -> int:
        """Fork a server; the status of the process that was started."""
        with socket.socket(socket.AF_UNIX) as door:
            door.connect(self._door)
            door.sendall(json.dumps(asked).encode() + b"\n")
            return int(door.recv(8))

    def close(self) -> None:
        self._process.communicate()


class _Subprocess:
    """What stands in for the module `subprocess` where servers are started."""

    DEVNULL = subprocess.DEVNULL

    def __init__(self) -> None:
        self._forking: dict[str, _Forking] = {}
        self._owner = os.getpid()
        self._lock = Lock()

    def begin(self) -> None:
        """Start what forks servers of most regions, before the process that is to use it is forked."""
        if ENVIRONMENT.installed():
            self._forking = {region: _Forking(region) for region in _REGIONS}

    def run(self, command: list[str], **settings: Any) -> subprocess.CompletedProcess[Any]:
        is_usual = process._PROGRAM in command and _PACKAGES in command
        if not is_usual or command[8] not in _REGIONS:
            return subprocess.run(command, **settings)  # noqa: PLW1510 - as it is asked
        assert settings["start_new_session"]
        region = command[8]
        with self._lock:
            if region not in self._forking:
                self._forking[region] = _Forking(region)
        asked = {
            "cwd": str(settings["cwd"]), "env": settings["env"], "log": settings["stdout"].name,
            "umask": settings["umask"], "arguments": command[7:],
        }  # fmt: skip
        return subprocess.CompletedProcess(command, self._forking[region].status(asked))

    def close(self) -> None:
        """End what was started here."""
        if self._owner == os.getpid():
            for forking in self._forking.values():
                forking.close()
            self._forking.clear()


_QUICK = _Subprocess()
begin, close = _QUICK.begin, _QUICK.close


@contextmanager
def forked() -> Iterator[None]:
    """While this is open, servers that this process starts are such forks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(process, "subprocess", _QUICK)
        yield
    close()
