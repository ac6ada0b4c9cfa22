"""The keys that a person presses, one by one; the terminal is as it was afterwards."""

from __future__ import annotations

import contextlib
import os
import select
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

_LOOK = 0.1  # seconds between two looks at whether to stop


def is_terminal() -> bool:
    """Return whether somebody can press keys."""
    return sys.stdin is not None and sys.stdin.isatty()


@contextlib.contextmanager
def single_keys() -> Iterator[None]:
    """Have keys of the terminal come without Enter, and unseen, until the block ends; Ctrl-C stays Ctrl-C."""
    import termios  # noqa: PLC0415 - a program that has no terminal needs none of it
    import tty  # noqa: PLC0415 - as above

    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    tty.setcbreak(descriptor)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def pressed_keys(stop: threading.Event) -> Iterator[str]:
    """Yield the keys as they are pressed, byte by byte, until `stop` is set or the terminal is gone.

    A byte that is no ASCII is U+FFFD.
    """
    descriptor = sys.stdin.fileno()
    while not stop.is_set():
        ready, _, _ = select.select([descriptor], [], [], _LOOK)
        if ready:
            read = os.read(descriptor, 1)
            if not read:
                return
            yield read.decode("ascii", "replace")
