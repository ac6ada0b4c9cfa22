"""A person at a terminal, for tests of what the command line asks."""

from __future__ import annotations

import gc
import os
import pty
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SOURCE = str(Path(__file__).parent.parent / "src")
HANGS = int(os.environ.get("TESTS_HANG_SECONDS", "300"))
"""Seconds after which something hangs: no test waits for so long, on the busiest machine (defects/run.py sets less)."""
MAIN = "from remit.cli import script; script()"


def environment(**more: str) -> dict[str, str]:
    """A person's environment, without theirs of AWS."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "REMIT_"))}
    return kept | {"PYTHONPATH": SOURCE, "AWS_REGION": "eu-central-1"} | more


@dataclass(frozen=True, slots=True)
class Fork:
    """A fork of this process."""

    pid: int

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def wait(self, _seconds: float) -> int:
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


class Terminal:
    """A person at a terminal who runs remit."""

    def __init__(self, project: Path, *arguments: str, **variables: str) -> None:
        self.screen, theirs = pty.openpty()
        self.process = self._begun(project, arguments, environment(TERM="xterm", **variables), theirs)
        os.close(theirs)
        self.shown = ""

    def _begun(
        self, project: Path, arguments: tuple[str, ...], variables: dict[str, str], theirs: int
    ) -> subprocess.Popen[bytes] | Fork:
        return subprocess.Popen(
            [sys.executable, "-c", MAIN, *arguments],
            cwd=project, env=variables, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        )  # fmt: skip

    def until(self, text: str) -> str:
        """What the screen shows up to a text."""
        deadline = time.monotonic() + HANGS
        while text not in self.shown and time.monotonic() < deadline and self._read():
            pass
        assert text in self.shown
        before, _, self.shown = self.shown.partition(text)
        return before

    def answer(self, line: str) -> None:
        """Type a line."""
        os.write(self.screen, f"{line}\n".encode())

    def press(self, key: str) -> None:
        """Press a key, without Enter."""
        os.write(self.screen, key.encode())

    def end(self) -> tuple[int, str]:
        """The exit code, and what else the screen showed."""
        while self._read():
            pass
        os.close(self.screen)
        return self.process.wait(HANGS), self.shown

    def _read(self) -> bool:
        ready, _, _ = select.select([self.screen], [], [], HANGS)
        try:
            read = os.read(self.screen, 65536).decode() if ready else ""
        except OSError:  # how Linux tells that the other side is gone
            return False
        self.shown += read
        return bool(read)


class QuickTerminal(Terminal):
    """A person at a terminal whose remit is a fork of this process: to import what a deploy needs takes half a second.

    Not for what depends on how Python begins.
    """

    def _begun(self, project: Path, arguments: tuple[str, ...], variables: dict[str, str], theirs: int) -> Fork:
        from remit.cli import script  # noqa: PLC0415 - who needs HANGS alone (defects/run.py) loads nothing of remit

        pid = os.fork()
        if pid == 0:
            try:
                _be_remit(script, project, arguments, variables, theirs)
            finally:
                os._exit(1)
        return Fork(pid)


def _be_remit(
    script: Callable[[], None], project: Path, arguments: tuple[str, ...], variables: dict[str, str], theirs: int
) -> None:
    os.setsid()
    for descriptor in range(3):
        os.dup2(theirs, descriptor)
    os.chdir(project)
    os.environ.clear()
    os.environ.update(variables)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    gc.callbacks.clear()  # an interrupt in one of those of the tests would be lost
    sys.stdin, sys.stdout, sys.stderr = (
        open(descriptor, mode, buffering=-1 if mode == "r" else 1, encoding="utf-8", closefd=False)  # noqa: SIM115 - a descriptor
        for descriptor, mode in enumerate("rww")
    )
    sys.argv = ["remit", *arguments]
    script()
