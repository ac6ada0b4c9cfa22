"""A pipe with something in it, as a shell makes one of `<(…)`, for tests of commands that read it."""

from __future__ import annotations

import fcntl
import os
import struct
import termios
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def filled(pipe: Path, text: str) -> Iterator[None]:
    """A pipe whose writer has written a short text, and goes away when it has been read."""
    os.mkfifo(pipe)
    writer = os.open(pipe, os.O_RDWR)  # to open it for writing alone waits for a reader
    os.write(writer, text.encode())
    over = threading.Event()

    def go_away() -> None:
        while _unread(writer) and not over.wait(0.01):
            pass
        os.close(writer)

    thread = threading.Thread(target=go_away)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _unread(pipe: int) -> int:
    """How many bytes of a pipe nobody has read yet."""
    (count,) = struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)))
    return int(count)
