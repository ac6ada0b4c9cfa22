"""A function's log: the lines of Lambda around its own, and its output, which is there while it still runs.

Source: "Working with Lambda function logs" (text and JSON formats), "Lambda Telemetry API Event schema reference".
"""

from __future__ import annotations

import json
import math
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from remit.local.functions.deployed_function import TIMED_OUT, DeployedFunction, Invocation, InvocationResult
from remit.local.timestamp import timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    LogEvent = tuple[int, str]


def new_stream(function: DeployedFunction, now: datetime) -> str:
    """The name of a worker's log stream, another one for each call.

    It has the function's name in it, except in the log group that is called after the function.
    """
    name = "" if function.log_group == f"/aws/lambda/{function.name}" else function.name
    return f"{now:%Y/%m/%d}/{name}[{function.version}]{secrets.token_hex(16)}"


def _starting(function: DeployedFunction, printed: str) -> tuple[str, ...]:
    """The events of a cold start: INIT_START (platform.initStart of a log in JSON), and the lines that it printed."""
    if function.log_format == "JSON":
        record = {"initializationType": "on-demand", "phase": "init", "runtimeVersion": function.runtime}
        return (_event("platform.initStart", record), *_lines(printed))
    return (f"INIT_START Runtime Version: {function.runtime}", *_lines(printed))


def _start(function: DeployedFunction, invocation: Invocation) -> str:
    """The event with which an invocation begins."""
    if function.log_format == "JSON":
        return _event("platform.start", {"requestId": invocation.request_id, "version": function.version})
    return f"START RequestId: {invocation.request_id} Version: {function.version}"


def _in_text(function: DeployedFunction, invocation: Invocation, result: InvocationResult) -> tuple[str, ...]:
    """The lines at the end of an invocation in Lambda's text format: a failure, END, REPORT.

    An error that the function itself reports has no line here.
    """
    request = f"RequestId: {invocation.request_id}"
    report = [
        f"REPORT {request}",
        f"Duration: {result.milliseconds:.2f} ms",
        f"Billed Duration: {_billed(result)} ms",
        f"Memory Size: {function.memory_mb} MB",
        f"Max Memory Used: {result.memory_mb} MB",
    ]
    if result.initialised_in is not None:
        report.append(f"Init Duration: {result.initialised_in:.2f} ms")
    failed: tuple[str, ...] = ()
    if result.failure is not None and result.failure.error_type == TIMED_OUT:
        failed = (f"{timestamp(time.time())} {invocation.request_id} {result.failure.message}",)
        report.append("Status: timeout")
    elif result.failure is not None:
        failed = (f"{request} Error: {result.failure.message}", result.failure.error_type)
        report.extend(("Status: error", f"Error Type: {result.error_type}"))
    return (*failed, f"END {request}", "\t".join(report))


def _in_json(function: DeployedFunction, invocation: Invocation, result: InvocationResult) -> tuple[str, ...]:
    """The line at the end of an invocation in Lambda's JSON format: platform.report."""
    metrics: dict[str, Any] = {
        "durationMs": round(result.milliseconds, 3),
        "billedDurationMs": _billed(result),
        "memorySizeMB": function.memory_mb,
        "maxMemoryUsedMB": result.memory_mb,
    }
    if result.initialised_in is not None:
        metrics["initDurationMs"] = round(result.initialised_in, 3)
    report: dict[str, Any] = {"requestId": invocation.request_id, "metrics": metrics, "status": "success"}
    if result.failure is not None:
        report["status"] = "timeout" if result.error_type == TIMED_OUT else "error"
        report["errorType"] = result.error_type
    return (_event("platform.report", report),)


def _event(kind: str, record: dict[str, Any]) -> str:
    return json.dumps({"time": timestamp(time.time()), "type": kind, "record": record})


def _billed(result: InvocationResult) -> int:
    """Billed milliseconds, rounded up."""
    # The time of a cold start is billed since August 2025, of functions in zips as well ("AWS Lambda pricing").
    return math.ceil(result.milliseconds + (result.initialised_in or 0.0))


def _lines(printed: str) -> tuple[str, ...]:
    """The events of what was printed, without empty lines: awslambdaric ends the lines of an error with CR."""
    return tuple(line.replace("\r", "\n") for line in printed.split("\n") if line.strip("\r"))


KEPT: Final = 1 << 20
"""Bytes that are kept of the beginning, and of the end."""


class BoundedLog:
    """Collects bytes: the first MiB and the last one are kept, and what was between them is counted."""

    def __init__(self) -> None:
        self._begin = bytearray()
        self._end = bytearray()
        self._forgotten = 0

    def add(self, printed: bytes) -> None:
        """Collect what was printed; the middle is forgotten once three times what is kept has come."""
        room = KEPT - len(self._begin)
        self._begin += printed[:room]
        self._end += printed[room:]
        if len(self._end) > 2 * KEPT:  # not with each line
            self._forget_middle()

    @property
    def beginning(self) -> bytes:
        """The first MiB of what was collected since the last `take`."""
        return bytes(self._begin)

    def take(self) -> str:
        """Remove and return all that was collected since the last time, as text.

        A remark stands for a middle that is left out. Each event is a line; one of several lines has CR in it.
        """
        self._forget_middle()
        middle = f"\n[{self._forgotten} bytes of the log are left out]\n".encode() if self._forgotten else b""
        text = (bytes(self._begin) + middle + bytes(self._end)).decode("utf-8", "replace")
        self._begin, self._end, self._forgotten = bytearray(), bytearray(), 0
        return text

    def _forget_middle(self) -> None:
        excess = max(len(self._end) - KEPT, 0)
        del self._end[:excess]
        self._forgotten += excess


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
        """Begin the log, as the function gets its event: with what its start printed, or None for a warm worker."""
        self.stream = stream
        if printed_at_start is not None:
            self._add(_starting(self.function, printed_at_start))
        self._add((_start(self.function, self.invocation),))
        self._written = time.monotonic()

    def add(self, printed: bytes) -> None:
        """Take what was printed, of which whole lines will be written.

        Before `begin`, and beyond 1 MiB, `finish` writes it.
        """
        if not self.stream or self._size + len(printed) > KEPT:
            self._size = KEPT
            return
        self._size += len(printed)
        # The last piece has no end of its line yet: it waits for more.
        *whole, self._rest = (self._rest + printed).split(b"\n")
        lines = _lines("\n".join(line.decode("utf-8", "replace") for line in whole))
        self._count += len(lines)
        self._add(lines)

    def tick(self) -> None:
        """Write the lines that came, if the last writing was 0.1 s ago."""
        if self._count and self._waiting and time.monotonic() - self._written >= _PAUSE:
            self._flush()

    def finish(self, result: InvocationResult) -> tuple[str, ...]:
        """Write what is not written yet of the whole log, and return the whole log without the cold start's events."""
        ending = _in_json if self.function.log_format == "JSON" else _in_text
        events = (
            _start(self.function, self.invocation),
            *_lines(result.printed),
            *ending(self.function, self.invocation, result),
        )
        if self.stream:
            self._add(events[1 + self._count :])
        else:  # it did not come to its event
            is_cold = result.initialised_in is not None or result.printed_at_start
            self._add(_starting(self.function, result.printed_at_start) if is_cold else ())
            self._add(events)
        self.stream = result.log_stream
        self._flush()
        return events

    def _add(self, messages: Sequence[str]) -> None:
        now = int(1000 * time.time())
        self._waiting += [(now, message) for message in messages]

    def _flush(self) -> None:
        events, self._waiting = self._waiting, []
        self._written = time.monotonic()
        self.write(self.stream, events)
