"""Live logs: a function's output is in its log while it still runs, each line with its time."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from remit.local.functions import platform_log

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from remit.local.functions.deployed_function import DeployedFunction, Invocation, InvocationResult

    LogEvent = tuple[int, str]

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


_PAUSE: Final = 0.1  # seconds between two writings, which subscriptions get one by one


@dataclass(slots=True)
class LiveLog:
    """The log of one invocation. `write` gets the stream's name and events: milliseconds of the epoch, and a text."""

    function: DeployedFunction
    invocation: Invocation
    write: Callable[[str, Sequence[LogEvent]], None]
    stream: str = ""
    _waiting: list[LogEvent] = field(default_factory=list)
    _rest: bytes = b""
    _size: int = 0
    _count: int = 0
    """Lines that came whole while the function ran."""
    _written: float = 0.0

    def begin(self, stream: str, printed_at_start: str | None) -> None:
        """The function gets its event now; with what its start printed, if it was started for it."""
        self.stream = stream
        if printed_at_start is not None:
            self._add(platform_log.starting(self.function, printed_at_start))
        self._add((platform_log.start(self.function, self.invocation),))
        self._written = time.monotonic()

    def add(self, printed: bytes) -> None:
        """Take what was printed; beyond a limit the whole log has the rest."""
        if not self.stream or self._size + len(printed) > KEPT:
            self._size = KEPT
            return
        self._size += len(printed)
        # The last piece has no end of its line yet: it waits for more.
        *whole, self._rest = (self._rest + printed).split(b"\n")
        lines = platform_log.lines("\n".join(line.decode("utf-8", "replace") for line in whole))
        self._count += len(lines)
        self._add(lines)

    def tick(self) -> None:
        """Write what came, if that was some time ago."""
        if self._count and self._waiting and time.monotonic() - self._written >= _PAUSE:
            self._flush()

    def finish(self, result: InvocationResult, log: platform_log.InvocationLog) -> None:
        """Write what is not written yet of the whole log."""
        self._add((*log.at_start, *log.events) if not self.stream else log.events[1 + self._count :])
        self.stream = result.log_stream
        self._flush()

    def _add(self, messages: Sequence[str]) -> None:
        now = int(1000 * time.time())
        self._waiting += [(now, message) for message in messages]

    def _flush(self) -> None:
        events, self._waiting = self._waiting, []
        self._written = time.monotonic()
        self.write(self.stream, events)
