"""End a process when this one ends, however it ends: a kill -9 leaves no server behind."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from typing import Final

PROGRAM: Final = """\
import contextlib, os, signal, sys
number = int(sys.argv[1])
with contextlib.suppress(ProcessLookupError):
    # Linux gives a hold on the process: its number may be another's when this one ends.
    held = os.pidfd_open(number) if hasattr(os, "pidfd_open") else None
    sys.stdin.read()  # ends when the process that holds the other side has ended
    if held is None:
        os.kill(number, signal.SIGTERM)
    else:
        signal.pidfd_send_signal(held, signal.SIGTERM)
"""
"""What waits for the end: a program by itself, whose argument is the number of the process to end."""


@contextlib.contextmanager
def lifeline(pid: int) -> Iterator[None]:
    """Have the process of this number end by SIGTERM if this one ends inside; after the block it is left alone."""
    watcher = subprocess.Popen(
        [sys.executable, "-I", "-c", PROGRAM, str(pid)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for this process
    )
    try:
        yield
    finally:
        watcher.kill()
        watcher.communicate()
