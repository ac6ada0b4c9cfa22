"""The output of a function up to a limit: its beginning and its end."""

from __future__ import annotations

from typing import Final

KEPT: Final = 1 << 20
"""Bytes that are kept of the beginning, and of the end."""


class BoundedLog:
    """Collects bytes, and forgets the middle of what is too long."""

    def __init__(self) -> None:
        self._begin = bytearray()
        self._end = bytearray()
        self._forgotten = 0

    def add(self, printed: bytes) -> None:
        """Collect what was printed."""
        room = KEPT - len(self._begin)
        self._begin += printed[:room]
        self._end += printed[room:]
        excess = len(self._end) - 2 * KEPT
        if excess > 0:
            self._forget(len(self._end) - KEPT)

    @property
    def beginning(self) -> bytes:
        """The first of what was collected since the last time."""
        return bytes(self._begin)

    def take(self) -> str:
        """All that was collected since the last time, as text. Each event is a line; one of several has CR in it."""
        if len(self._end) > KEPT:
            self._forget(len(self._end) - KEPT)
        middle = f"\n[{self._forgotten} bytes of the log are left out]\n".encode() if self._forgotten else b""
        text = (bytes(self._begin) + middle + bytes(self._end)).decode("utf-8", "replace")
        self._begin, self._end, self._forgotten = bytearray(), bytearray(), 0
        return text

    def _forget(self, size: int) -> None:
        del self._end[:size]
        self._forgotten += size
