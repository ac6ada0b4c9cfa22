"""End a process when this one ends, however it ends: a kill -9 leaves no server behind."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_PROGRAM: Final = """\
import contextlib, os, signal, sys
sys.stdin.read()  # ends when the process that holds the other side has ended
with contextlib.suppress(ProcessLookupError):
    os.kill(int(sys.argv[1]), signal.SIGTERM)
"""


@contextlib.contextmanager
def lifeline(pid: int) -> Iterator[None]:
    """Have the process of this number end by SIGTERM if this one ends inside; afterwards it is nobody's business."""
    watcher = subprocess.Popen(
        [sys.executable, "-I", "-c", _PROGRAM, str(pid)],
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
