"""Servers of the AWS on this machine as forks of a process that has imported what they need: half their start.

What the emulator reads of its environment as it is imported stands in variables of its modules, and differs from
server to server: marks stand there until a server has its values. A server that a command starts in a process of its
own begins as it does everywhere.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from remit.local import process
from remit.local.environment import ENVIRONMENT
from remit.package.interpreters import own_program

if TYPE_CHECKING:
    from collections.abc import Iterator

_BEGIN = "from remit.local.server import main\n"
_IMPORTS, _, _END = process._PROGRAM.partition(_BEGIN)
assert _END == "sys.exit(main([root, *arguments]))\n"
_WAITS = f"""\
{_IMPORTS}{_BEGIN}
import os, select, signal, socket, tempfile, time, traceback
from contextvars import ContextVar
from pathlib import Path
import cryptography.hazmat.primitives.serialization, defusedxml.ElementTree, hypercorn.asyncio, jsonata, yaml
from remit.local import server
from remit.local.authorization.authorizer import prepare
from remit.local.emulator import emulated
from remit.local.state_files import Record, StateFiles
prepare()
os.environ.update(server._settings(StateFiles(Path("@folder")), Record("", "@port", 0, "", ""), "@region"))
with tempfile.TemporaryDirectory() as scratch:
    os.chdir(scratch)  # a key is written to @folder
    for name in ("app", "services.cloudformation", "services.scheduler", "services.sts"):
        emulated(name)
    os.chdir("/")
tempfile.tempdir = None  # it is found anew
modules = [module for name, module in sys.modules.items() if name.startswith("ministack.")]
marked = [
    (vars(module), name, value) for module in modules for name, value in vars(module).items()
    if isinstance(value, str) and ("@folder" in value or "@port" in value or "@region" in value)
]
settings = server._settings
def settled(files, record, region):
    for variables, name, value in marked:
        known = value.replace("@folder", str(files.root)).replace("@port", str(record.port)).replace("@region", region)
        variables[name] = known
    responses = emulated("core.responses")
    responses._request_region = ContextVar("_request_region", default=region)
    return settings(files, record, region)
server._settings = settled
gc.freeze()
def begin(cwd, env, log, umask, arguments):
    asked.close()
    os.umask(umask)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    for descriptor, name, flags in ((0, os.devnull, os.O_RDONLY), (1, log, os.O_WRONLY | os.O_APPEND)):
        opened = os.open(name, flags)
        os.dup2(opened, descriptor)
        os.close(opened)
    os.dup2(1, 2)
    return main(arguments)
asked = socket.socket(fileno=int(root))
signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that have answered
while asked in select.select([sys.stdin, asked], [], [])[0]:  # until all have closed the other end of standard input
    with asked.accept()[0] as asks:
        line = asks.makefile().readline()
        if os.fork():
            continue
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        status = 1
        try:
            os.setsid()
            status = begin(**json.loads(line))
        except BaseException:
            traceback.print_exc()
        sys.stdout.flush()
        asks.sendall(str(status).encode())
        os._exit(0)
"""


class _Subprocess:
    """What stands in for the module `subprocess` where servers are started."""

    DEVNULL = subprocess.DEVNULL

    def __init__(self) -> None:
        self._process = 0
        self._waiting: subprocess.Popen[bytes] | None = None
        self._door = ""
        self._packages = str(ENVIRONMENT.place / "packages")

    def begin(self) -> None:
        """Start the process that waits, for this one and its forks."""
        self._process = os.getpid()
        self._door = str(Path(tempfile.mkdtemp(), "door"))
        with socket.socket(socket.AF_UNIX) as door:
            door.bind(self._door)
            door.listen(64)
            number = door.fileno()
            waits = [own_program(), "-I", "-S", "-c", _WAITS, str(process._REMIT), self._packages, str(number)]
            environment = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
            environment |= {"LANG": "C.UTF-8", "TZ": "UTC", "PYTHONUTF8": "1"}
            self._waiting = subprocess.Popen(waits, env=environment, stdin=subprocess.PIPE, pass_fds=[number])

    def run(self, command: list[str], **settings: Any) -> subprocess.CompletedProcess[Any]:
        if process._PROGRAM not in command or self._packages not in command:
            return subprocess.run(command, **settings)  # noqa: PLW1510 - as it is asked
        assert settings["start_new_session"]
        asked = {
            "cwd": str(settings["cwd"]), "env": settings["env"], "log": settings["stdout"].name,
            "umask": settings["umask"], "arguments": command[7:],
        }  # fmt: skip
        if self._waiting is None:
            self.begin()
        with socket.socket(socket.AF_UNIX) as door:
            door.connect(self._door)
            door.sendall(json.dumps(asked).encode() + b"\n")
            return subprocess.CompletedProcess(command, int(door.recv(8)))

    def close(self) -> None:
        """End it, if it was started here."""
        if self._waiting is not None and os.getpid() == self._process:
            self._waiting.communicate()
            self._waiting = None
            shutil.rmtree(Path(self._door).parent)


_QUICK = _Subprocess()
begin, close = _QUICK.begin, _QUICK.close


@contextmanager
def forked() -> Iterator[None]:
    """While this is open, servers that this process starts are such forks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(process, "subprocess", _QUICK)
        yield
    close()
