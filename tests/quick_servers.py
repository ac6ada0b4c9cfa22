"""Servers of the AWS on this machine as forks of a process that has imported what they need: half their start.

Of the emulator nothing is imported before, since what it reads of its environment differs from server to server; but
its hundred modules are read. A server that a command starts in a process of its own begins as it does everywhere.
"""

from __future__ import annotations

import json
import os
import subprocess
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any

import pytest

from remit.local import process
from remit.local.environment import ENVIRONMENT

if TYPE_CHECKING:
    from collections.abc import Iterator

_BEGIN = "from remit.local.server import main\n"
_IMPORTS, _, _END = process._PROGRAM.partition(_BEGIN)
assert _END == "sys.exit(main([root, *arguments]))\n"
_WAITS = f"""\
{_IMPORTS}{_BEGIN}
import os, time, traceback
from pathlib import Path
import cryptography.hazmat.primitives.serialization, defusedxml.ElementTree, hypercorn.asyncio, jsonata, yaml
from remit.local.authorization.authorizer import prepare
prepare()
from importlib.machinery import SourceFileLoader
codes, read = {{}}, SourceFileLoader.get_code
def read_once(loader, name):
    if loader.path not in codes:
        codes[loader.path] = read(loader, name)
    return codes[loader.path]
SourceFileLoader.get_code = read_once
for path in Path(packages, "ministack").rglob("*.py"):
    SourceFileLoader(path.stem, str(path)).get_code(path.stem)
def begin(cwd, env, log, umask, arguments):
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
for line in sys.stdin:
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.setsid()
            status = begin(**json.loads(line))
        except BaseException:
            traceback.print_exc()
        sys.stdout.flush()
        os._exit(status)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""


class _Subprocess:
    """What stands in for the module `subprocess` where servers are started."""

    DEVNULL = subprocess.DEVNULL

    def __init__(self) -> None:
        self._lock = Lock()
        self._process = os.getpid()
        self._waiting: subprocess.Popen[str] | None = None
        self._packages = str(ENVIRONMENT.place / "packages")

    def run(self, command: list[str], **settings: Any) -> subprocess.CompletedProcess[Any]:
        is_usual = process._PROGRAM in command and self._packages in command
        if not is_usual or os.getpid() != self._process:  # a fork would read what another one is told
            return subprocess.run(command, **settings)  # noqa: PLW1510 - as it is asked
        assert settings["start_new_session"]
        program, *flags, _, remit, packages = command[:7]
        asked = {
            "cwd": str(settings["cwd"]), "env": settings["env"], "log": settings["stdout"].name,
            "umask": settings["umask"], "arguments": command[7:],
        }  # fmt: skip
        with self._lock:
            if self._waiting is None:
                waits = [program, *flags, _WAITS, remit, packages, ""]
                pipe = subprocess.PIPE
                self._waiting = subprocess.Popen(waits, env=settings["env"], stdin=pipe, stdout=pipe, text=True)
            assert self._waiting.stdin is not None
            assert self._waiting.stdout is not None
            self._waiting.stdin.write(json.dumps(asked) + "\n")
            self._waiting.stdin.flush()
            return subprocess.CompletedProcess(command, int(self._waiting.stdout.readline()))

    def close(self) -> None:
        if self._waiting is not None and os.getpid() == self._process:
            self._waiting.communicate()


@contextmanager
def forked() -> Iterator[None]:
    """While this is open, servers that this process starts are such forks."""
    quick = _Subprocess()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(process, "subprocess", quick)
        yield
    quick.close()
