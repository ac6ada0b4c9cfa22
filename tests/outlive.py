"""Let no server outlive the tests that started it, however they end: by themselves, by Ctrl-C, or killed.

Who waits here reads its standard input, a pipe that the run of tests holds open and never writes to: it closes with the
run. A server of remit's ends when its lock is gone; a program that runs inside `INSIDE` ends by itself.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

INSIDE = """\
import os, runpy, signal, sys, threading
threading.Thread(target=lambda: (sys.stdin.read(), os.kill(os.getpid(), signal.SIGTERM)), daemon=True).start()
runpy.run_module(sys.argv.pop(), run_name="__main__", alter_sys=True)
"""


@contextmanager
def ended(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """While this is open, and not longer, servers of projects inside a folder may run."""
    command = [sys.executable, __file__, str(folder)]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=quiet, stderr=quiet, start_new_session=True
    ) as waiting:
        yield waiting


def main(folder: Path) -> None:
    """Wait for the end of the run, then take away the locks of the servers that it left."""
    sys.stdin.read()
    for lock in folder.glob("**/.remit/local/server.lock"):
        lock.unlink(missing_ok=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
