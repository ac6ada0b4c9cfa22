"""Projects of a commit, or of another stage, loaded in a fork of the tests: Python takes a quarter second to begin."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import traceback
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

import pytest

from remit.review import separate_process
from remit.review.working_tree import tree  # noqa: F401 - what a load needs is imported before it is forked

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Fork:
    """A fork that loads a project, with what is used of `subprocess.Popen`."""

    def __init__(self, command: list[str], *, stdin: int, stdout: IO[bytes], stderr: IO[bytes]) -> None:
        assert command[:4] == [sys.executable, "-P", "-c", separate_process._RUN]
        assert (stdin, stdout) == (subprocess.DEVNULL, stderr)
        self._status: int | None = None
        self._pid = os.fork()
        if self._pid == 0:
            status = 1
            try:
                _load(command[command.index(separate_process._RUN) + 2 :], stdout.fileno())
                status = 0
            except BaseException:  # noqa: BLE001 - the log says what it is
                traceback.print_exc()
            os._exit(status)

    def wait(self) -> int:
        if self._status is None:
            self._status = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
        return self._status

    def kill(self) -> None:
        if self._status is None:
            os.kill(self._pid, 9)


def _load(arguments: list[str], log: int) -> None:
    gc.callbacks.clear()
    nothing = os.open(os.devnull, os.O_RDONLY)
    for descriptor, place in enumerate((nothing, log, log)):
        os.dup2(place, descriptor)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - a descriptor
    sys.stdout = sys.stderr = open(1, "w", buffering=1, encoding="utf-8", closefd=False)  # noqa: SIM115 - as above
    separate_process.main(*arguments)


class _Subprocess:
    """What stands in for the module `subprocess` where a project is loaded apart."""

    DEVNULL = subprocess.DEVNULL
    Popen: Any = _Fork


@contextmanager
def forked() -> Iterator[None]:
    """While this is open, what is loaded apart is loaded in a fork. Not for what depends on how Python begins."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(separate_process, "subprocess", _Subprocess())
        yield
