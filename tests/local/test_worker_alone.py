"""A worker without a process: what it asks and answers at its Runtime API, and what an invocation ends with."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
from collections import deque
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import pytest

from remit.local.functions import worker_launch, worker_pool, worker_process
from remit.local.functions.deployed_function import (
    DeployedFunction,
    Failure,
    Invocation,
    InvocationResult,
    exited,
    response_too_large,
    timed_out,
)
from remit.local.functions.runtime_api import LARGEST_ANSWER, RuntimeApi, RuntimeRequest
from remit.local.functions.worker_launch import Debugger, Launch, spawn
from remit.local.functions.worker_pool import WorkerPool
from remit.local.functions.worker_process import Worker, resident_bytes
from terminals import HANGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ARN: Final = "arn:aws:lambda:eu-west-1:111122223333:function:report"
FUNCTION: Final = DeployedFunction.of(
    {"FunctionName": "report", "FunctionArn": ARN, "Runtime": "python3.13", "Handler": "app.run", "MemorySize": 256,
     "EphemeralStorage": {"Size": 600}, "Timeout": 3}
)  # fmt: skip
INVOCATION: Final = Invocation("r1", b'{"n": 1}', ARN, "Root=1")
MB: Final = 1 << 20


def launched(**settings: Any) -> Launch:
    folders = {"task": Path("/code"), "sdk": Path("/sdk"), "work": Path("/work"), "hidden": Path("/hidden")}
    started: dict[str, Any] = {
        "program": "/py/bin/python3", "served": True, "further": (Path("/zip"), Path("/hidden/own")),
        "runtime": (Path("/hidden/runtime"),),
        "endpoint": "http://127.0.0.1:4566", "credentials": {"AWS_ACCESS_KEY_ID": "key"}, "log_stream": "stream",
        "opt": (Path("/hidden/layer"),), "wall": "", "private": False, "remark": "[WARNING] no\n",
    }  # fmt: skip
    return Launch(**{**folders, **started, **settings})


class Asked:
    """A connection of the worker's, and what it was answered."""

    def __init__(self) -> None:
        self.answers: list[tuple[Any, ...]] = []

    def answer(self, *answer: Any) -> None:
        self.answers.append(answer)


class Machine:
    """The process, the Runtime API, the clock and the memory of a worker: what comes is said step by step."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, **launch: Any) -> None:
        self.steps: list[Callable[[], object]] = []
        self.now, self.status, self.resident, self.peak = 100.0, None, 10 * MB, 7
        self.killed: list[tuple[Any, ...]] = []
        self.logged: list[tuple[Any, ...]] = []
        self.asked: list[Asked] = []
        self.requests: deque[Any] = deque()
        self.closed = False
        self.forgotten: list[int] = []
        machine = self
        clock = SimpleNamespace(monotonic=lambda: self.now, perf_counter=lambda: self.now, time=lambda: self.now)
        api = SimpleNamespace(
            port=4000, requests=self.requests, wait=self._wait, watch=self._watch, forget=self.forgotten.append,
            is_open=lambda connection: not getattr(connection, "is_closed", False), close=self._close,
        )  # fmt: skip
        process = SimpleNamespace(pid=77, poll=lambda: self.status, wait=lambda: None, returncode=None)

        def start(_function: Any, _launch: Any, output: int, _port: int, _key: str) -> Any:
            machine.output = os.dup(output)
            return process

        for name, value in {
            "time": clock, "RuntimeApi": lambda _key: api, "spawn": start,
            "resident_bytes": lambda _pid, _limit: self.resident, "peak_mb": lambda _pid: self.peak,
            "watchdog": SimpleNamespace(kill=lambda *call, **options: self.killed.append((*call, *options.values()))),
        }.items():  # fmt: skip
            monkeypatch.setattr(worker_process, name, value)
        self.worker = Worker(FUNCTION, launched(work=tmp_path / "work", **launch))
        self.log: Any = SimpleNamespace(
            begin=lambda *call: self.logged.append(("begin", *call)),
            add=lambda printed: self.logged.append(("add", printed)),
            tick=lambda: self.logged.append(("tick",)),
        )

    def _close(self) -> None:
        self.closed = True

    def _watch(self, _output: int, read: Callable[[], None]) -> None:
        self.read = read

    def _wait(self, seconds: float) -> bool:
        if self.steps:
            self.steps.pop(0)()
            return True
        self.now += seconds
        return False

    def prints(self, text: bytes) -> Callable[[], object]:
        return lambda: (os.write(self.output, text), self.read())

    def asks(self, method: str, path: str, body: bytes = b"", size: int | None = None, **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}

        def ask() -> None:
            self.asked.append(Asked())
            content = len(body) if size is None else size
            self.requests.append((self.asked[-1], RuntimeRequest(method, path, named, body, content)))

        return ask

    def passes(self, seconds: float, **state: Any) -> Callable[[], object]:
        return lambda: self.__dict__.update(now=self.now + seconds, **state)

    def run(self, *steps: Callable[[], object], cold: bool = True) -> InvocationResult:
        self.steps += steps
        return self.worker.invoke(INVOCATION, self.log, cold=cold)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Machine]:
    made = Machine(monkeypatch, tmp_path)
    yield made
    made.worker.kill()
    os.close(made.output)


def result(payload: bytes = b"[1]", **settings: Any) -> InvocationResult:
    expected: dict[str, Any] = {
        "payload": payload, "content_type": "application/json", "error_type": None, "failure": None, "printed": "",
        "milliseconds": 0.0, "initialised_in": None, "printed_at_start": "", "memory_mb": 7, "log_stream": "stream",
    }  # fmt: skip
    return InvocationResult(**{**expected, **settings})


NEXT: Final = ("GET", "invocation/next")
RESPONSE: Final = ("POST", "invocation/r1/response", b"[1]")


def test_a_cold_worker_is_loaded_gets_its_event_and_answers(machine: Machine) -> None:
    told = machine.run(
        machine.prints(b"loading\n"),
        machine.asks("GET", "restore/next"),
        machine.passes(2),
        machine.asks(*NEXT),
        machine.passes(1),
        machine.prints(b"working\n"),
        machine.asks("GET", "invocation/r1/response"),
        machine.asks("POST", "invocation/r2/response"),
        machine.asks(*RESPONSE, content_type="application/x"),
    )
    expected = result(
        content_type="application/x", printed="working\n", milliseconds=1000.0, initialised_in=2000.0,
        printed_at_start="[WARNING] no\nloading\n", memory_mb=10,
    )  # fmt: skip
    assert expected == told
    headers = {
        "Content-Type": "application/json",
        "Lambda-Runtime-Aws-Request-Id": "r1",
        "Lambda-Runtime-Deadline-Ms": "105000",
        "Lambda-Runtime-Invoked-Function-Arn": ARN,
        "Lambda-Runtime-Trace-Id": "Root=1",
    }
    answers = [connection.answers for connection in machine.asked]
    assert [[(200,)], [(200, b'{"n": 1}', headers)], [(404,)], [(404,)], [(202,)]] == answers
    assert [
        ("begin", "stream", "[WARNING] no\nloading\n"), ("add", b""), ("add", b"working\n"), ("tick",),
    ] == machine.logged  # fmt: skip
    assert (103.0, True, None) == (machine.worker.last_used, machine.worker.alive, machine.worker._live_log)
    assert None is machine.worker._waiting


def test_a_warm_worker_has_what_was_printed_since_and_asks_for_its_next_event_anew(machine: Machine) -> None:
    machine.run(machine.asks(*NEXT), machine.asks(*RESPONSE))
    machine.logged.clear()
    machine.steps += [machine.prints(b"late\n")]
    machine._wait(0)
    machine.peak = 3
    told = machine.run(machine.asks(*NEXT), machine.asks("POST", "invocation/r1/error", b"{}"), cold=False)
    assert result(b"{}", error_type="Unhandled", printed="late\n") == told
    assert [("begin", "stream", None), ("add", b"late\n")] == machine.logged


def test_output_that_has_ended_is_watched_no_more(machine: Machine) -> None:
    machine.prints(b"last")()
    assert [] == machine.forgotten
    os.close(machine.output)
    machine.output = os.open(os.devnull, os.O_RDONLY)
    machine.read()
    assert [machine.worker._output] == machine.forgotten


def test_an_event_waits_for_a_worker_that_still_listens(machine: Machine) -> None:
    machine.run(machine.asks(*NEXT), machine.asks(*RESPONSE))
    waiting: Any = Asked()
    waiting.is_closed = True
    machine.worker._waiting = waiting
    assert result() == machine.run(machine.asks(*NEXT), machine.asks(*RESPONSE), cold=False)
    assert ([], 1) == (waiting.answers, len(machine.asked[2].answers))


@pytest.mark.parametrize(
    ("size", "failure"),
    [(LARGEST_ANSWER, None), (LARGEST_ANSWER + 1, response_too_large(LARGEST_ANSWER + 1, LARGEST_ANSWER))],
)
def test_an_answer_that_is_too_large_is_a_failure(machine: Machine, size: int, failure: Failure | None) -> None:
    told = machine.run(machine.asks(*NEXT), machine.asks(*RESPONSE, size=size))
    assert (failure, b"[1]" if failure is None else failure.payload("r1")) == (told.failure, told.payload)
    assert (None if failure is None else failure.error_type, True) == (told.error_type, machine.worker.alive)


FATAL: Final = exited(-signal.SIGKILL)


@pytest.mark.parametrize(
    ("during_init", "state", "failure", "memory"),
    [
        (False, {}, timed_out(3.0), 10),
        (True, {}, timed_out(10.0), 10),
        (False, {"status": 1}, exited(1), 0),
        (True, {"status": 0}, exited(0), 0),
        (False, {"resident": 256 * MB + 1}, FATAL, 256),
        (False, {"resident": 256 * MB}, timed_out(3.0), 256),
    ],
)
def test_a_worker_that_does_not_answer_is_killed_and_told_of_in_lambdas_words(
    machine: Machine, state: dict[str, Any], failure: Failure, memory: int, *, during_init: bool
) -> None:
    steps = [] if during_init else [machine.asks(*NEXT)]
    told = machine.run(*steps, machine.prints(b"last\n"), machine.passes(0.5, **state))
    assert (failure, failure.payload("r1"), failure.error_type) == (told.failure, told.payload, told.error_type)
    assert (memory, "last\n", None if during_init else 0.0) == (told.memory_mb, told.printed, told.initialised_in)
    assert ([(77, "stream", False)], False, True) == (machine.killed, machine.worker.alive, machine.closed)
    machine.worker.kill()
    assert 1 == len(machine.killed)


def test_an_error_at_the_start_is_the_answer_and_what_came_last_is_still_taken(machine: Machine) -> None:
    error = b'{"errorType": "Runtime.ImportModuleError"}'
    told = machine.run(machine.asks("POST", "init/error", error), machine.passes(1, status=1))
    assert (error, "Runtime.ImportModuleError", None) == (told.payload, told.error_type, told.failure)
    assert ([(202,)], False) == (machine.asked[0].answers, machine.worker.alive)


def test_an_answer_before_the_end_counts_also_where_the_process_has_ended(machine: Machine) -> None:
    told = machine.run(machine.asks(*NEXT), machine.passes(1, status=0), machine.asks(*RESPONSE))
    assert result(milliseconds=1000.0, initialised_in=0.0, printed_at_start="[WARNING] no\n", memory_mb=10) == told


def test_an_answer_that_was_sent_in_time_counts_where_the_server_looks_late(machine: Machine) -> None:
    told = machine.run(machine.asks(*NEXT), machine.passes(60), machine.asks(*RESPONSE))
    assert (None, b"[1]") == (told.failure, told.payload)


def test_a_worker_with_a_debugger_has_all_time_and_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    debugged = Machine(monkeypatch, tmp_path, debugger=Debugger(Path("/d"), Path("/p"), 5))
    told = debugged.run(
        debugged.asks(*NEXT), debugged.passes(86_000, resident=512 * MB), debugged.passes(1), debugged.asks(*RESPONSE)
    )
    assert (None, 256) == (told.failure, told.memory_mb)
    assert (Path("/code"), Path("/zip"), Path("/hidden/own"), Path("/hidden/layer")) == debugged.worker.folders
    debugged.worker.kill()
    os.close(debugged.output)


def test_memory_that_processes_share_is_counted_once_where_it_matters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_process.peers, "HAS_PROC", True)
    monkeypatch.setattr(worker_process.peers, "descendants", lambda pid: [8, 9] if pid == 7 else [])
    monkeypatch.setattr(worker_process, "_resident_pages", lambda pid: pid)
    monkeypatch.setattr(worker_process, "_own_share", lambda pid: pid)
    page = worker_process._PAGE
    assert [24 * page, 24, 8 * page] == [resident_bytes(*call) for call in ((7, 24 * page), (7, 24 * page - 1), (8, 0))]
    listed = "  7   100\n 77   50\n  7   20\n"
    monkeypatch.setattr(worker_process.peers, "HAS_PROC", False)
    ran = SimpleNamespace(run=lambda *_, **__: SimpleNamespace(stdout=listed))
    monkeypatch.setattr(worker_process, "subprocess", ran)
    assert 120 * 1024 == resident_bytes(7, 0)


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({}, True),
        ({"host": "localhost:{port}"}, False),
        ({"origin": "http://shop.example"}, False),
        ({"sec-fetch-site": "none"}, False),
        ({"x-other": "1"}, True),
    ],
)
@pytest.mark.parametrize("has_proc", [True, False])
def test_the_runtime_api_answers_its_worker_alone(
    monkeypatch: pytest.MonkeyPatch, headers: dict[str, str], *, allowed: bool, has_proc: bool
) -> None:
    api = RuntimeApi("key")
    monkeypatch.setattr(worker_process.peers, "HAS_PROC", has_proc)
    key_header = worker_process.peers.KEY_HEADER
    for key, is_key in (("key", True), ("other", False), ("", False)):
        named = {"host": f"127.0.0.1:{api.port}", key_header: key, **headers}
        named["host"] = named["host"].format(port=api.port)
        request = RuntimeRequest("GET", "invocation/next", named, b"", 0)
        assert (allowed and (is_key or has_proc)) == api._is_allowed(request)
    api.close()


def test_behind_a_wall_the_function_is_the_second_process_that_is_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    walled, started = Machine(monkeypatch, tmp_path, wall="wall"), []
    monkeypatch.setattr(worker_process.peers, "descendants", lambda pid: [pid + number for number in started])
    found = []
    for number in (1, 2, 3):
        found.append(walled.worker._function_process)
        started.append(number)
    assert [77, 77, 79] == found
    started.clear()
    assert 79 == walled.worker._function_process
    walled.worker.kill()
    os.close(walled.output)


def test_memory_is_read_in_the_units_of_proc(monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        "status": b"VmPeak:\t  9999 kB\nVmHWM:\t  3071 kB\n",
        "statm": b"900 41 7 1 0 1 0\n",
        "smaps_rollup": b"Rss:  99 kB\nPss:   12 kB\nPss_Anon: 5 kB\n",
    }
    monkeypatch.setattr(worker_process, "_process_file", lambda _pid, name: files.get(name, b""))
    read = worker_process.peak_mb, worker_process._resident_pages, worker_process._own_share
    assert [2, 41, 12 * 1024] == [of(7) for of in read]
    files.clear()
    assert [0, 0, 0] == [of(7) for of in read]


@pytest.mark.skipif(not worker_process.peers.HAS_PROC, reason="asks /proc")
def test_connections_of_the_worker_are_read_while_somebody_waits_and_others_are_hung_up_on() -> None:
    api, read = RuntimeApi("key"), []
    api.worker_pid = os.getpid()

    def sent(head: str) -> socket.socket:
        connected = socket.create_connection(("127.0.0.1", api.port))
        connected.sendall(f"{head}\r\nhost: 127.0.0.1:{api.port}\r\n\r\n".encode())
        assert api.wait(HANGS)
        if api.worker_pid == os.getpid():
            assert api.wait(HANGS)
        return connected

    next_event = "GET /2018-06-01/runtime/invocation/next HTTP/1.1"
    with sent(next_event) as worker:
        ((connection, request),) = api.requests
        assert ("invocation/next", True) == (request.path, api.is_open(connection))
        connection.answer(200)
        assert worker.recv(100).startswith(b"HTTP/1.1 200 OK\r\n")
    assert api.wait(HANGS)
    assert (False, True) == (api.is_open(connection), connection.ended)
    for head, answer in (("GET / HTTP/1.1", b"400 Bad Request"), (f"{next_event}\r\norigin: x", b"403 Forbidden")):
        with sent(head) as other:
            assert other.recv(100).startswith(b"HTTP/1.1 " + answer)
            assert b"" == other.recv(100)
    assert set() == api._connections
    api.worker_pid = 0
    with sent(next_event) as stranger, suppress(ConnectionResetError):
        assert b"" == stranger.recv(100)
    assert 1 == len(api.requests)
    ours, theirs = os.pipe()
    api.watch(ours, lambda: read.append(os.read(ours, 9)))
    os.write(theirs, b"x")
    assert (True, [b"x"]) == (api.wait(HANGS), read)
    api.forget(ours)
    api.forget(ours)
    os.write(theirs, b"y")
    assert (False, [b"x"]) == (api.wait(0), read)
    os.close(ours)
    os.close(theirs)
    api.close()


@pytest.mark.parametrize("wall", ["", "landlock", "wall"])
def test_a_worker_is_started_with_its_settings_in_a_group_of_its_own(
    monkeypatch: pytest.MonkeyPatch, wall: Any
) -> None:
    started: list[tuple[Any, ...]] = []
    popen = SimpleNamespace(DEVNULL=subprocess.DEVNULL, Popen=lambda *call, **options: started.append((call, options)))
    monkeypatch.setattr(worker_launch, "subprocess", popen)
    monkeypatch.setattr(worker_launch, "_variables", lambda *_: {"A": "b"})
    debugger = Debugger(Path("/debugpy"), Path("/project"), 5) if wall else None
    spawn(FUNCTION, launched(wall=wall, private=wall == "wall", debugger=debugger), 9, 4000, "key")
    (((command,), options),) = started
    *begin, settings = command
    assert ["/py/bin/python3", "-I", "-S", "-X", "utf8"] == begin[:5]
    assert begin[5].endswith("/remit/local/functions/worker/launch.py")
    behind = {
        "module": wall, "hidden": "/hidden",
        "code": ["/code", "/hidden/own", "/hidden/runtime", "/hidden/layer"], "work": "/work",
        "private": wall == "wall", "storage_bytes": 600 * MB, "opt": ["/hidden/layer"],
    }  # fmt: skip
    expected = {
        "handler": "app.run", "task": "/code", "further": ["/zip", "/hidden/own"], "served": True,
        "runtime": ["/hidden/runtime"],
        "sdk": "/sdk", "wall": behind if wall else None, "files": 1024, "processes": 1024, "storage_bytes": 600 * MB,
        "memory_bytes": 256 * MB + 1024 * MB,
    }  # fmt: skip
    if wall:
        expected["debugger"] = {"packages": "/debugpy", "project": "/project", "port": 5}
    assert expected == json.loads(settings)
    assert options == {
        "cwd": Path("/code"),
        "env": {"A": "b", "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:4000", "_REMIT_RUNTIME_KEY": "key"},
        "stdin": subprocess.DEVNULL,
        "stdout": 9,
        "stderr": 9,
        "start_new_session": True,
        "umask": 0o077,
    }


class Started:
    """A worker that a pool started."""

    def __init__(self, function: DeployedFunction, launch: Launch) -> None:
        self.function, self.launch = function, launch
        self.pid, self.alive, self.dismissed, self.is_debugged = 99, True, False, launch.debugger is not None
        self.folders = (launch.task, *launch.opt)
        self.happened: list[Any] = []

    def is_running(self) -> bool:
        return self.alive

    def interrupt(self) -> None:
        self.happened.append("interrupted")

    def kill(self) -> None:
        self.happened.append("killed")

    def invoke(self, invocation: Any, log: Any, *, cold: bool) -> Any:
        self.happened.append((invocation, log, cold))
        if invocation == "fails":
            self.alive = False
            raise KeyError
        return "answered"


class Workers:
    """A pool whose workers are no processes, with the folders of its code."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.folder = folder.resolve()
        self.compiled: list[tuple[str, str]] = []
        self.watched: list[tuple[Any, ...]] = []
        code: Any = SimpleNamespace(
            folder=lambda content: self.folder / content.decode(),
            compile=lambda path, program: self.compiled.append((path.name, program)),
        )
        environment: Any = SimpleNamespace(folder=Path("/env"), runtime=Path("/env/ric"), sdk=Path("/env/sdk"))
        interpreter = SimpleNamespace(program="/py/bin/python3", words="3.12", version=(3, 12))
        interpreters: Any = SimpleNamespace(for_runtime=lambda _runtime: interpreter)
        watchdog: Any = SimpleNamespace(
            watch=lambda *call: self.watched.append(call), forget=lambda pid: self.watched.append((pid,)),
            close=lambda: self.watched.append(()),
        )  # fmt: skip
        monkeypatch.setattr(worker_pool, "Worker", Started)
        monkeypatch.setattr(worker_pool, "possible_wall", lambda: "wall")
        self.pool: Any = WorkerPool(
            self.folder / "workers", self.folder / "hidden", "http://here", code, environment, interpreters,
            lambda configuration: {"KEY": str(configuration["FunctionName"])}, _watchdog=watchdog,
        )  # fmt: skip

    def one(self) -> Any:
        (worker,) = [*self.pool._busy, *(worker for idle in self.pool._idle.values() for worker in idle)]
        return worker


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Workers:
    return Workers(monkeypatch, tmp_path)


@pytest.mark.parametrize("is_served", [False, True])
@pytest.mark.parametrize("runtime", ["python3.12", "python3.13"])
def test_a_worker_is_launched_with_all_that_its_function_needs(
    workers: Workers, monkeypatch: pytest.MonkeyPatch, runtime: str, *, is_served: bool
) -> None:
    monkeypatch.setattr(worker_pool, "_OPT", workers.folder)
    monkeypatch.setattr(worker_pool, "_TMP", workers.folder / "none")
    arn = {"FunctionName": "report", "FunctionArn": ARN, "Runtime": runtime}
    function, served = DeployedFunction.of(arn), workers.folder / "own"
    modules = workers.folder / "layer" / "python"
    modules.mkdir(parents=True)
    if is_served:
        workers.pool.serve_code("report", served)
    assert "answered" == workers.pool.invoke(function, b"zip", [b"layer"], "i", "log")
    worker = workers.one()
    stream, unpacked = worker.launch.log_stream, workers.folder / "zip"
    assert re.match(r"\d{4}/\d{2}/\d{2}/\[\$LATEST\]", stream)
    other = f"there is no {runtime} on this machine: the function runs with Python 3.12"
    assert worker.launch == Launch(
        program="/py/bin/python3",
        task=served if is_served else unpacked,
        served=is_served,
        further=(unpacked, modules) if is_served else (modules,),
        runtime=(Path("/env/ric"), Path(worker_pool.__file__).parent / "worker" / "stand_in"),
        sdk=Path("/env/sdk"),
        work=workers.folder / "workers" / stream[-32:],
        endpoint="http://here",
        credentials={"KEY": "report"},
        log_stream=stream,
        opt=[workers.folder / "layer"],
        wall="wall",
        hidden=workers.folder / "hidden",
        private=False,
        remark="" if runtime == "python3.12" else f"[WARNING] {other}\n",
        debugger=None,
    )
    assert 0o700 == worker.launch.work.stat().st_mode & 0o777
    assert [("zip", "/py/bin/python3"), ("layer", "/py/bin/python3")] == workers.compiled
    assert [(99, stream, worker.launch.work)] == workers.watched
    assert {*worker.folders} == workers.pool.code_in_use()
    assert "answered" == workers.pool.invoke(function, b"zip", [b"layer"], "j", "log")
    assert [("i", "log", True), ("j", "log", False)] == worker.happened
    workers.pool.serve_code("other", served)
    assert "killed" not in worker.happened
    workers.pool.serve_code("report", None)
    assert "killed" == worker.happened[-1]
    assert {"other": served} == workers.pool._served_from


@pytest.mark.parametrize(
    ("wall", "opt", "tmp", "private"),
    [
        ("wall", "opt", "tmp", True),
        ("landlock", "opt", "tmp", False),
        ("wall", "gone", "tmp", False),
        ("wall", "opt", "", False),
        ("wall", "", "tmp", False),
    ],
)
def test_a_worker_has_its_own_tmp_behind_a_wall_where_nothing_that_it_needs_is_covered(
    workers: Workers, monkeypatch: pytest.MonkeyPatch, wall: str, opt: str, tmp: str, *, private: bool
) -> None:
    (workers.folder / "opt").mkdir()
    monkeypatch.setattr(worker_pool, "possible_wall", lambda: wall)
    monkeypatch.setattr(worker_pool, "_OPT", workers.folder / opt)
    monkeypatch.setattr(worker_pool, "_TMP", workers.folder / tmp)
    workers.pool.invoke(FUNCTION, b"zip", [], "i", "log")
    assert private == workers.one().launch.private


def test_a_worker_that_ended_is_not_kept_and_one_that_the_pools_end_overtakes_is_interrupted(workers: Workers) -> None:
    with pytest.raises(KeyError):
        workers.pool.invoke(FUNCTION, b"zip", [], "fails", "log")
    assert (set(), {}) == (workers.pool._busy, workers.pool._idle)
    assert (99,) == workers.watched[-1]
    idle, busy = workers.pool._start(FUNCTION, b"zip", []), workers.pool._start(FUNCTION, b"zip", [])
    workers.pool._release(idle)
    relay = SimpleNamespace(close=lambda: workers.watched.append(("hung up",)))
    workers.pool._debuggers["report"] = relay, NOTHING
    workers.pool.close()
    assert (["killed"], ["interrupted"]) == (idle.happened, busy.happened)
    assert [("hung up",), (99,), ()] == workers.watched[-3:]
    assert ({}, {}) == (workers.pool._idle, workers.pool._debuggers)
    workers.pool._release(busy)
    assert ["interrupted", "killed"] == busy.happened
    late = workers.pool._start(FUNCTION, b"zip", [])
    assert ["interrupted"] == late.happened


NOTHING: Final[Any] = None


def test_a_dismissed_worker_stays_dismissed(workers: Workers) -> None:
    worker = workers.pool._start(FUNCTION, b"zip", [])
    workers.pool.end()
    workers.pool.end(lambda _function: False)
    workers.pool._release(worker)
    assert ["killed"] == worker.happened


def test_a_debugger_takes_the_place_of_the_last_one_and_ends_its_functions_workers(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[int] = []

    def relay(port: int) -> Any:
        return SimpleNamespace(port=port or 4000, worker_port=port + 1, worker_pid=5, close=lambda: closed.append(port))

    monkeypatch.setattr(worker_pool, "DebugRelay", relay)
    workers.pool.invoke(FUNCTION, b"zip", [], "i", "log")
    first = workers.one()
    assert (4000, "killed") == (workers.pool.debug("report", 0, Path("/d"), Path("/p")), first.happened[-1])
    workers.pool.invoke(FUNCTION, b"zip", [], "i", "log")
    assert Debugger(Path("/d"), Path("/p"), 1) == workers.one().launch.debugger
    assert 99 == workers.pool._debuggers["report"][0].worker_pid
    assert (7, [0]) == (workers.pool.debug("report", 7), closed)
    assert (None, [0, 7], {}) == (workers.pool.debug("report", None), closed, workers.pool._debuggers)
    assert None is workers.pool.debug("other", None)
