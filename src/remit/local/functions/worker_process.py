"""A worker: one process that runs one function, an invocation at a time.

Whoever invokes waits for the worker itself: no thread stands between them.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from remit.local.functions import peers, watchdog
from remit.local.functions.deployed_function import (
    DeployedFunction,
    Failure,
    Invocation,
    InvocationResult,
    exited,
    response_too_large,
    timed_out,
)
from remit.local.functions.function_log import BoundedLog, LiveLog
from remit.local.functions.runtime_api import LARGEST_ANSWER, Connection, RuntimeApi, RuntimeRequest
from remit.local.functions.worker_launch import Launch, spawn

INIT_SECONDS: Final = 10.0
"""Seconds that the start of a worker may take; more, where the function has more ("Lambda execution environments")."""

_TICK: Final = 0.02 if peers.HAS_PROC else 0.5  # seconds between two looks at the memory
_LONGEST_CATCHING_UP: Final = 1.0  # seconds, of a function that keeps on printing
_DEBUGGED_SECONDS: Final = 24 * 3600.0
_MB: Final = 1 << 20


class _Ended(Exception):
    """The worker cannot go on: the failure, in Lambda's words, or None and the payload of an error at the start."""

    def __init__(self, failure: Failure | None, payload: bytes = b"") -> None:
        super().__init__(failure)
        self.failure = failure
        self.payload = payload


class Worker:
    """A process that runs a function. One thread at a time uses it."""

    def __init__(self, function: DeployedFunction, launch: Launch) -> None:
        """Start the process, its Runtime API, and the pipe that it prints to; the function is loaded in `invoke`.

        OSError: a port cannot be opened, or the process cannot be started; nothing stays open then.
        """
        self.function = function
        self.log_stream = launch.log_stream
        self.last_used = time.monotonic()
        self.alive = True
        self.dismissed = False
        """Whether it may do nothing more after what it does now."""
        self._launch = launch
        key = secrets.token_hex(16)
        self._log = BoundedLog()
        self._waiting: Connection | None = None  # that asks for the next invocation
        self._init_error: bytes | None = None
        self._live_log: LiveLog | None = None
        self._peak_mb = 0
        self._function_pid = 0
        self._api = RuntimeApi(key)
        self._output, writing = os.pipe()
        os.set_blocking(self._output, False)
        try:
            self._process = spawn(function, launch, writing, self._api.port, key)
        except BaseException:
            os.close(self._output)
            self._api.close()
            raise
        finally:
            os.close(writing)
        self._api.worker_pid = self.pid
        self._api.watch(self._output, self._read_output)

    @property
    def pid(self) -> int:
        """The number of the process, which is its process group's, too."""
        return self._process.pid

    @property
    def _function_process(self) -> int:
        """The number of the process of the function itself.

        Until it is known behind a wall, that of the outermost process. Two stand before it there (`worker/wall.py`).
        """
        if self._launch.wall != "wall":
            return self.pid
        if self._function_pid == 0:
            started = peers.descendants(self.pid)
            self._function_pid = started[1] if len(started) > 1 else 0
        return self._function_pid or self.pid

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders of the code that it runs."""
        return self._launch.task, *self._launch.further, *self._launch.opt

    @property
    def is_debugged(self) -> bool:
        """True if it waits for a debugger, or has one: it has all the time and memory that it needs then."""
        return self._launch.debugger is not None

    @property
    def _seconds(self) -> float:
        return _DEBUGGED_SECONDS if self.is_debugged else self.function.timeout

    def is_running(self) -> bool:
        """Return whether its process is there."""
        return self._process.poll() is None

    def invoke(self, invocation: Invocation, live_log: LiveLog, *, cold: bool) -> InvocationResult:
        """Have the function handle an event and return the result, also where it fails, times out or ends.

        A worker that had to be killed is not `alive` afterwards. `cold` waits for the function to be loaded first.
        """
        initialised_in: float | None = None
        printed_at_start = ""
        failure: Failure | None = None
        begin = time.perf_counter()
        try:
            if cold:
                seconds = max(INIT_SECONDS, self._seconds)
                until = time.monotonic() + seconds
                while self._waiting is None:  # the function is loaded when its process asks for the first invocation
                    self._take(*self._next_request(until, seconds))
                initialised_in = 1000 * (time.perf_counter() - begin)
                printed_at_start = self._launch.remark + self._log.take()
                begin = time.perf_counter()
            live_log.begin(self.log_stream, printed_at_start if cold else None)
            self._read_output()  # what was printed since the last invocation
            live_log.add(self._log.beginning)
            self._live_log = live_log
            request = self._handle(invocation)
            payload = request.body
            content_type = request.headers.get("content-type", "application/json")
            error_type = _error_type(payload) if request.path.endswith("/error") else None
            if request.size > LARGEST_ANSWER:
                failure = response_too_large(request.size, LARGEST_ANSWER)
        except _Ended as ended:
            self.kill()
            failure = ended.failure
            payload, content_type, error_type = ended.payload, "application/json", _error_type(ended.payload)
        finally:
            self._live_log = None
        milliseconds = 1000 * (time.perf_counter() - begin)
        if failure is not None:
            payload = failure.payload(invocation.request_id)
            content_type, error_type = "application/json", failure.error_type
        self.last_used = time.monotonic()
        return InvocationResult(
            payload=payload,
            content_type=content_type,
            error_type=error_type,
            failure=failure,
            printed=self._log.take(),
            milliseconds=milliseconds,
            initialised_in=initialised_in,
            printed_at_start=printed_at_start,
            memory_mb=self._peak_mb,
            log_stream=self.log_stream,
        )

    def _handle(self, invocation: Invocation) -> RuntimeRequest:
        """Give the event to the worker, and wait for the request that answers it.

        _Ended: the time of the function is over, or its process has ended.
        """
        seconds = self._seconds
        until = time.monotonic() + seconds
        while self._waiting is None or not self._api.is_open(self._waiting):
            self._take(*self._next_request(until, seconds))
        self._waiting.answer(200, invocation.event, _headers(invocation, seconds))
        self._waiting = None
        answers = {f"invocation/{invocation.request_id}/{name}" for name in ("response", "error")}
        while True:
            connection, request = self._next_request(until, seconds)
            if request.method == "POST" and request.path in answers:
                self._read_output()
                self._peak_mb = max(self._peak_mb, peak_mb(self._function_process))
                connection.answer(202)
                return request
            self._take(connection, request)

    def _take(self, connection: Connection, request: RuntimeRequest) -> None:
        """Handle a request that is no answer to an invocation; 404 for one that nobody knows.

        A worker that asks for its next invocation waits for the answer; an error at its start is noted.
        """
        match request.method, request.path:
            case "GET", "invocation/next":
                self._waiting = connection
            case "POST", "init/error":
                self._init_error = request.body
                connection.answer(202)
            case "GET", "restore/next":
                connection.answer(200)
            case _:
                connection.answer(404)

    def _next_request(self, until: float, seconds: float) -> tuple[Connection, RuntimeRequest]:
        """The next request of the worker. _Ended: it did not come in time, or it will not come any more."""
        looked = time.monotonic()
        while not self._api.requests:
            now = time.monotonic()
            if now >= until:
                self._catch_up()
                if self._api.requests:
                    break
                self._read_output()
                raise _Ended(timed_out(seconds))
            self._api.wait(min(until - now, _TICK))
            if now - looked >= _TICK:
                looked = now
                self._check()
                if self._live_log is not None:
                    self._live_log.tick()
        return self._api.requests.popleft()

    def _catch_up(self) -> None:
        """Read what was sent in time: on a busy machine this process looks late. A moment without any ends that."""
        until = time.monotonic() + _LONGEST_CATCHING_UP
        while not self._api.requests and time.monotonic() < until:
            if not self._api.wait(_TICK):
                return

    def _check(self) -> None:
        """Look after the process, and note the most memory it used.

        _Ended: it has ended and no request of it is left, or it uses more memory than it may.
        """
        status = self._process.poll()
        if status is not None:
            self._api.wait(0)  # for what it sent last
            self._read_output()
            if self._init_error is not None:
                raise _Ended(None, self._init_error)
            if not self._api.requests:
                raise _Ended(exited(status))
        limit = self.function.memory_mb * _MB
        resident = resident_bytes(self._function_process, limit)
        self._peak_mb = max(self._peak_mb, min(resident, limit) // _MB)
        # Lambda kills the process, and calls it an exit with the signal: there is no other word of it.
        if resident > limit and not self.is_debugged:
            raise _Ended(exited(-signal.SIGKILL))

    def _read_output(self) -> None:
        """Collect what the function has printed until now, for the result and for the live log."""
        while True:
            try:
                printed = os.read(self._output, 1 << 16)
            except BlockingIOError:
                return
            if not printed:
                self._api.forget(self._output)
                return
            self._log.add(printed)
            if self._live_log is not None:
                self._live_log.add(printed)

    def interrupt(self) -> None:
        """End the process while another thread waits for it, which then cleans up."""
        with suppress(ProcessLookupError, PermissionError):
            self._process.kill()

    def kill(self) -> None:
        """End the process and all that it started, and remove its files; a second time nothing happens."""
        if not self.alive:
            return
        self.alive = False
        watchdog.kill(self.pid, self.log_stream, leader_is_reaped=self._process.returncode is not None)
        self._process.wait()
        self._read_output()
        self._api.close()
        os.close(self._output)
        shutil.rmtree(self._launch.work, ignore_errors=True)


def _headers(invocation: Invocation, seconds: float) -> dict[str, str]:
    """Return an invocation's headers of the Runtime API."""
    headers = {
        "Content-Type": "application/json",
        "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
        "Lambda-Runtime-Deadline-Ms": str(int(1000 * (time.time() + seconds))),
        "Lambda-Runtime-Invoked-Function-Arn": invocation.arn,
        "Lambda-Runtime-Trace-Id": invocation.trace_id,
    }
    if invocation.client_context:
        headers["Lambda-Runtime-Client-Context"] = invocation.client_context
    return headers


def _error_type(payload: bytes) -> str:
    """The type that an error's description names; "Unhandled" where it names none."""
    try:
        error: Any = json.loads(payload)
    except ValueError:
        error = None
    return str((error.get("errorType") if isinstance(error, dict) else None) or "Unhandled")


_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_SHARE: Final = re.compile(rb"^Pss:\s+(\d+) kB", re.MULTILINE)
_PEAK: Final = re.compile(rb"VmHWM:\s+(\d+) kB")


def resident_bytes(pid: int, limit: int) -> int:
    """The bytes that a process and its descendants hold in memory.

    What they share, as after a fork, is counted once where it matters: where all together exceed the limit.
    """
    if not peers.HAS_PROC:
        return _listed_kilobytes(pid) * 1024
    processes = (pid, *peers.descendants(pid))
    size = sum(map(_resident_pages, processes)) * _PAGE
    if size > limit and len(processes) > 1:
        return sum(map(_own_share, processes))
    return size


def peak_mb(pid: int) -> int:
    """The most megabytes that a process has held; 0 where that is not known."""
    match = _PEAK.search(_process_file(pid, "status"))
    return 0 if match is None else int(match[1]) // 1024


def _resident_pages(pid: int) -> int:
    """The pages that a process holds in memory; 0 where it has ended."""
    return int(_process_file(pid, "statm").partition(b" ")[2].partition(b" ")[0] or 0)


def _own_share(pid: int) -> int:
    """The bytes that a process holds, with its part of what it shares; 0 where that is not known."""
    match = _SHARE.search(_process_file(pid, "smaps_rollup"))
    return 0 if match is None else int(match[1]) * 1024


def _process_file(pid: int, name: str) -> bytes:
    """A file of /proc about a process; empty where that has ended."""
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


def _listed_kilobytes(group: int) -> int:
    """The kilobytes that the processes of a group hold, by `ps`, on systems without /proc."""
    listed = subprocess.run(("/bin/ps", "-A", "-o", "pgid=,rss="), capture_output=True, text=True, check=False)
    rows = [line.split() for line in listed.stdout.splitlines()]
    return sum(int(row[1]) for row in rows if row[0] == str(group))
