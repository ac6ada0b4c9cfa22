"""A person at a terminal, for tests of what the command line asks."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

SOURCE = str(Path(__file__).parent.parent / "src")
HANGS = int(os.environ.get("TESTS_HANG_SECONDS", "300"))
"""Seconds after which something hangs: no test waits for so long, on the busiest machine (defects/run.py sets less)."""
MAIN = "from remit.cli import script; script()"


def environment(**more: str) -> dict[str, str]:
    """A person's environment, without theirs of AWS."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "REMIT_"))}
    return kept | {"PYTHONPATH": SOURCE, "AWS_REGION": "eu-central-1"} | more


class Terminal:
    """A person at a terminal who runs remit."""

    def __init__(self, project: Path, *arguments: str, **variables: str) -> None:
        self.screen, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-c", MAIN, *arguments],
            cwd=project, env=environment(TERM="xterm", **variables), stdin=theirs, stdout=theirs, stderr=theirs,
            start_new_session=True,
        )  # fmt: skip
        os.close(theirs)
        self.shown = ""

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
