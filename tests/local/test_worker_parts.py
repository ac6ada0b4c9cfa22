"""Parts of a function's process, each by itself."""

from __future__ import annotations

import json
import os
import py_compile
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from remit.local.functions import peers, worker_launch
from remit.local.functions.deployed_function import DeployedFunction, Invocation
from remit.local.functions.doors import listen, refuse_other_doors
from remit.local.functions.function_requests import FunctionRequests
from remit.local.functions.lambda_service import LambdaService, _client_context_of, _trace_id, is_python
from remit.local.functions.runtime_api import Connection, NotUnderstood
from remit.local.functions.worker.call_places import CallPlaces, _installed
from remit.local.functions.worker.launch import search_path
from remit.local.functions.worker.source_names import name_after
from remit.local.functions.worker_launch import Launch, _variables, possible_wall
from remit.local.functions.worker_pool import WorkerPool, _module_folders
from remit.local.functions.worker_process import _error_type, _headers
from remit.local.request import RefusedRequest

LIMITED = """
import resource
from remit.local.functions.worker.launch import limit
for value in (4096, 1024, 2048):
    limit(resource.RLIMIT_FSIZE, value)
    print(*resource.getrlimit(resource.RLIMIT_FSIZE))
"""


def test_a_process_has_the_lowest_limit_that_it_was_given_whoever_it_runs_as() -> None:
    ran = subprocess.run([sys.executable, "-c", LIMITED], capture_output=True, text=True, check=True)
    assert ["4096 4096", "1024 1024", "1024 1024"] == ran.stdout.splitlines()


def test_code_is_called_after_the_projects_file_where_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when the copy was compiled before; a file that only the zip has keeps its name."""
    task, project = tmp_path / "task", tmp_path / "project"
    for folder, names in ((task, ("of_both", "of_the_zip")), (project, ("of_both",)), (tmp_path, ("of_neither",))):
        folder.mkdir(exist_ok=True)
        for name in names:
            (folder / f"{name}.py").write_text("def where(): ...\n")
            monkeypatch.delitem(sys.modules, name, raising=False)
    py_compile.compile(str(task / "of_both.py"))
    monkeypatch.setattr(SourceFileLoader, "get_code", SourceFileLoader.get_code)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.syspath_prepend(str(task))
    name_after(str(task), str(project))
    files = [import_module(name).where.__code__.co_filename for name in ("of_both", "of_the_zip", "of_neither")]
    assert [str(project / "of_both.py"), str(task / "of_the_zip.py"), str(tmp_path / "of_neither.py")] == files


def test_a_connection_ends_with_an_answer_that_nobody_reads() -> None:
    ours, theirs = socket.socketpair()
    connection = Connection(ours)
    connection.answer(200, b"{}", {"a": "b"})
    assert (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\na: b\r\n\r\n{}", False) == (theirs.recv(100), connection.ended)
    theirs.close()
    connection.answer(202)
    assert connection.ended
    connection.close()


def test_a_door_is_open_on_this_machine_alone_and_nobody_waits_at_it() -> None:
    with listen() as door:
        host, port = door.getsockname()
        assert ("127.0.0.1", True) == (host, 0 < port < 1 << 16)
        assert 0 == door.gettimeout()
        with pytest.raises(BlockingIOError):
            door.accept()
        with socket.create_connection((host, port)):
            pass
        with pytest.raises(OSError, match="in use"):
            listen(port)
    with listen(port) as again:  # also while connections of the one before are not forgotten
        assert (host, port) == again.getsockname()
        assert 0 != again.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR)


@pytest.mark.parametrize(
    ("event", "address", "is_refused"),
    [
        ("socket.bind", ("127.0.0.1", 0), True),
        ("socket.bind", ("0.0.0.0", 8080), True),  # noqa: S104 - it is refused
        ("socket.bind", ("::", 8080, 0, 0), True),
        ("socket.bind", "/run/own.sock", False),
        ("socket.connect", ("127.0.0.1", 80), False),
        ("open", ("127.0.0.1", 80), False),
    ],
)
def test_no_other_door_is_opened_whether_one_was_or_could_not_be(event: str, address: Any, *, is_refused: bool) -> None:
    with listen() as door, pytest.raises(OSError, match="in use"):
        listen(door.getsockname()[1])
    if is_refused:
        with pytest.raises(PermissionError, match=f"has one door, and opens none on '{address[0]}'"):
            refuse_other_doors(event, (None, address))
    else:
        refuse_other_doors(event, (None, address))


@pytest.mark.parametrize(
    ("possible", "best"), [(("wall", "landlock"), "wall"), (("landlock",), "landlock"), (("wall",), "wall"), ((), "")]
)
@pytest.mark.skipif(sys.platform != "linux", reason="no other system has one")
def test_a_function_is_behind_the_best_wall_that_the_system_allows(
    monkeypatch: pytest.MonkeyPatch, possible: tuple[str, ...], best: str
) -> None:
    def tried(command: tuple[str, ...], **_options: object) -> SimpleNamespace:
        return SimpleNamespace(returncode=0 if Path(command[-2]).stem in possible else 1)

    monkeypatch.setattr(worker_launch.subprocess, "run", tried)
    assert best == possible_wall.__wrapped__()


def test_packages_in_a_functions_folder_are_known_by_what_they_installed(tmp_path: Path) -> None:
    """A module that is one file, too; a folder that only looks like a package's record is none."""
    for name, files in (("some-1.0", ("some/__init__.py", "some/part.py")), ("six-1.17", ("six.py",)), ("mine", None)):
        record = tmp_path / f"{name}.dist-info"
        record.mkdir()
        if files is not None:
            (record / "RECORD").write_text(
                "".join(f"{file},sha256=0,1\n" for file in (*files, f"{record.name}/RECORD"))
            )
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "RECORD").write_text("other/a.py,,\n")
    assert {"some", "six", "some-1.0.dist-info", "six-1.17.dist-info"} == _installed(f"{tmp_path}/")


def test_a_later_layer_covers_an_earlier_one_and_the_packages_of_one_python_all_others(tmp_path: Path) -> None:
    first, second, other = tmp_path / "first", tmp_path / "second", tmp_path / "other"
    of_python = "python/lib/python3.12/site-packages"
    for folder in (first / of_python, second / of_python, other / "python/lib/python3.13/site-packages"):
        folder.mkdir(parents=True)
    places = [second / of_python, first / of_python, other / "python", second / "python", first / "python"]
    assert tuple(places) == _module_folders([first, second, other], (3, 12))


@pytest.mark.parametrize("payload", [b"no JSON", b"[]", b'{"errorType": ""}', b'{"errorType": null}'])
def test_an_error_without_a_type_is_called_unhandled(payload: bytes) -> None:
    assert ("Unhandled", "Slow") == (_error_type(payload), _error_type(b'{"errorType": "Slow"}'))


class IdleWorker:
    """A worker that has nothing to do, and knows whether it was ended."""

    function, pid, alive, dismissed, ended = "report", 0, True, False, False

    def is_running(self) -> bool:
        return not self.ended

    def kill(self) -> None:
        self.ended = True


def test_a_worker_is_kept_warm_until_its_function_changes_also_while_it_works() -> None:
    nothing: Any = None
    watchdog: Any = SimpleNamespace(forget=lambda _pid: None)
    pool = WorkerPool(nothing, nothing, "", nothing, nothing, nothing, nothing, _watchdog=watchdog)
    worker, report = IdleWorker(), "report"
    pool._busy.add(worker)  # type: ignore[arg-type]  # what a pool asks of one
    pool._release(worker)  # type: ignore[arg-type]  # as above
    assert (worker, None) == (pool._warm(report), pool._warm(report))  # type: ignore[arg-type]  # as above
    pool.end(lambda function: function != report)  # type: ignore[comparison-overlap]  # as above
    assert not worker.dismissed
    pool.end(lambda function: function == report)  # type: ignore[comparison-overlap]  # as above
    pool._release(worker)  # type: ignore[arg-type]  # as above
    assert (True, None) == (worker.ended, pool._warm(report))  # type: ignore[arg-type]  # as above


def test_the_worker_that_was_used_last_is_taken_and_one_that_ended_by_itself_is_cleaned_up() -> None:
    nothing: Any = None
    forgotten: list[int] = []
    watchdog: Any = SimpleNamespace(forget=forgotten.append)
    pool: Any = WorkerPool(nothing, nothing, "", nothing, nothing, nothing, nothing, _watchdog=watchdog)
    workers = [IdleWorker() for _ in range(3)]
    for number, worker in enumerate(workers):
        worker.pid = number  # type: ignore[misc]  # as a worker has one
        pool._busy.add(worker)
        pool._release(worker)
    workers[2].ended = True
    assert workers[1] is pool._warm("report")
    assert [2] == forgotten
    pool.end(lambda _function: True)
    pool.end(lambda _function: False)
    assert (True, [2, 0]) == (workers[1].dismissed, forgotten)
    pool._release(workers[1])
    assert [2, 0, 1] == forgotten


def test_functions_are_kept_as_their_versions_are_and_the_code_of_all_of_them() -> None:
    place = ("111122223333", "eu-west-1", "report")

    def record(version: str, timeout: int) -> dict[str, Any]:
        arn = ":".join(("arn:aws:lambda", place[1], place[0], "function", place[2]))
        config = {"FunctionName": place[2], "FunctionArn": arn, "Version": version, "Timeout": timeout}
        return {"config": config, "code_zip": f"code {version}".encode()}

    latest, first = record("$LATEST", 5), record("1", 3)
    functions = {place: {**latest, "versions": {"1": first, "2": {**record("2", 3), "code_zip": None}}}}
    layers = {place: {"versions": [{"_zip_data": b"layer"}, {}, {"_zip_data": b"layer 3"}]}}
    emulated: Any = SimpleNamespace(_functions=SimpleNamespace(_data=functions), _layers=SimpleNamespace(_data=layers))
    nothing: Any = None
    service = LambdaService(nothing, nothing, emulated, nothing)
    assert [b"code $LATEST", b"code 1", b"layer", b"layer 3"] == service._contents()
    for current, old in ((latest, record("$LATEST", 3)), (first, record("1", 5)), (first, record("3", 3))):
        assert service._is_current(DeployedFunction.of(current["config"]))
        assert not service._is_current(DeployedFunction.of(old["config"]))
    functions.clear()
    assert not service._is_current(DeployedFunction.of(first["config"]))


@pytest.mark.parametrize(
    ("header", "context"),
    [("eyJhIjogMX0=", '{"a": 1}'), ("no base64", ""), ("eyJh IjogMX0=", ""), ("/w==", ""), (None, "")],
)
def test_the_client_context_of_a_call_is_decoded_or_there_is_none(header: str | None, context: str) -> None:
    headers = {} if header is None else {"x-amz-client-context": header}
    assert context == _client_context_of(headers)


def deployed(**settings: Any) -> DeployedFunction:
    arn = "arn:aws:lambda:eu-west-1:111122223333:function:report"
    return DeployedFunction.of({"FunctionName": "report", "FunctionArn": arn, "Runtime": "python3.13", **settings})


def launched(**settings: Any) -> Launch:
    folders = {"task": Path("/code"), "sdk": Path("/sdk"), "work": Path("/work"), "hidden": Path("/hidden")}
    started: dict[str, Any] = {
        "program": "/py/bin/python3", "served": False, "further": (), "runtime": (Path("/runtime"),),
        "endpoint": "http://127.0.0.1:4566", "credentials": {"AWS_ACCESS_KEY_ID": "key"}, "log_stream": "stream",
        "opt": (), "wall": "", "private": False,
    }  # fmt: skip
    return Launch(**{**folders, **started, **settings})


def test_a_worker_has_the_variables_of_lambda_beside_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Source: "Working with Lambda environment variables", defined runtime environment variables."""
    monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)
    own = {"LANG": "de_DE.UTF-8", "AWS_REGION": "other", "_X_AMZN_TRACE_ID": "x", "TEAM": "shop"}
    function = deployed(Handler="app.run", MemorySize=256, Environment={"Variables": own})
    expected = {
        "AWS_ACCESS_KEY_ID": "key", "AWS_DEFAULT_REGION": "eu-west-1", "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4566", "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256", "AWS_LAMBDA_FUNCTION_NAME": "report",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST", "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/report", "AWS_LAMBDA_LOG_STREAM_NAME": "stream",
        "AWS_REGION": "eu-west-1", "HOME": "/work", "LAMBDA_RUNTIME_DIR": "/runtime", "LAMBDA_TASK_ROOT": "/code",
        "LANG": "de_DE.UTF-8", "LD_LIBRARY_PATH": "/lib64:/usr/lib64:/opt/lib",
        "PATH": "/py/bin:/usr/local/bin:/usr/bin:/bin:/opt/bin", "TEAM": "shop", "TMPDIR": "/work", "TZ": ":UTC",
        "_HANDLER": "app.run",
    }  # fmt: skip
    assert expected == _variables(function, launched())
    layers = (Path("/first"), Path("/second"))
    own_folder = "/tmp"  # noqa: S108 - Lambda's
    changed = {
        "HOME": own_folder, "TMPDIR": own_folder, "AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "INFO",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start",
    }  # fmt: skip
    snapped = {"LoggingConfig": {"LogFormat": "JSON"}, "SnapStart": {"OptimizationStatus": "On"}}
    behind = deployed(Handler="app.run", MemorySize=256, Environment={"Variables": own}, **snapped)
    assert {**expected, **changed} == _variables(behind, launched(opt=layers, private=True))
    monkeypatch.setenv("LD_LIBRARY_PATH", "/own")
    levelled = deployed(LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "DEBUG"})
    variables = _variables(levelled, launched(opt=layers))
    assert "/own:/lib64:/usr/lib64:/second/lib:/first/lib" == variables["LD_LIBRARY_PATH"]
    assert "/py/bin:/usr/local/bin:/usr/bin:/bin:/second/bin:/first/bin" == variables["PATH"]
    assert "DEBUG" == variables["AWS_LAMBDA_LOG_LEVEL"]


def test_the_trace_of_an_invocation_keeps_its_root_and_counts_the_chain() -> None:
    root = "1-5759e988-bd862e3fe1be46a994272793"
    for header, traced, beginning, sampled in (
        (f"Root={root};Parent=53995c3f42cd8ad8;Sampled=1", False, f"Root={root};Parent=", "1"),
        (f"Root={root};Sampled=0", True, f"Root={root};Parent=", "1"),
        (f"Root={root};Sampled=0", False, f"Root={root};Parent=", "0"),
        ("Root=other", False, "Root=1-", "0"),
    ):
        function = deployed(TracingConfig={"Mode": "Active" if traced else "PassThrough"})
        trace = _trace_id(header, function, 3)
        assert trace.startswith(beginning)
        _, _, of_sampling, lineage = trace.split(";")
        assert (f"Sampled={sampled}", ["Lineage=1", "3"]) == (of_sampling, lineage.split(":")[::2])
        assert trace != _trace_id(header, function, 3)


@pytest.mark.parametrize(
    ("configuration", "expected"),
    [
        ({"Runtime": "python3.13"}, True),
        ({"Runtime": "python3.13", "PackageType": "Zip"}, True),
        ({"Runtime": "python3.13", "PackageType": "Image"}, False),
        ({"Runtime": "nodejs22.x"}, False),
        ({"PackageType": "Image", "Runtime": None}, False),
        ({}, False),
    ],
)
def test_a_zip_of_python_is_run_and_nothing_else(configuration: dict[str, Any], *, expected: bool) -> None:
    assert expected == is_python(configuration)


def test_an_invocation_has_lambdas_headers_and_a_deadline_that_is_its_time_away() -> None:
    invocation = Invocation("r1", b"{}", "arn:f:live", "Root=1-0-0")
    headers = _headers(invocation, 10.0**9)
    assert int(headers.pop("Lambda-Runtime-Deadline-Ms")) > 10**12 + 1_700_000_000_000  # after 2023, in milliseconds
    expected = {
        "Content-Type": "application/json",
        "Lambda-Runtime-Aws-Request-Id": "r1",
        "Lambda-Runtime-Invoked-Function-Arn": "arn:f:live",
        "Lambda-Runtime-Trace-Id": "Root=1-0-0",
    }
    assert expected == headers
    in_context = _headers(Invocation("r1", b"{}", "arn:f", "t", client_context="{}"), 3.0)
    assert "{}" == in_context["Lambda-Runtime-Client-Context"]


def test_a_call_is_made_where_the_functions_own_code_is_and_not_in_its_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = tmp_path / "orm-1.dist-info"
    record.mkdir()
    (record / "RECORD").write_text("orm/base.py,sha256=0,1\nsix.py,sha256=0,1\n")
    places = CallPlaces(str(tmp_path), "/project")
    monkeypatch.delenv("REMIT_CODE", raising=False)

    def place(*files: str) -> tuple[str, int]:
        """The place of a call through functions of these files, the outermost first, each at its second line."""
        call: Any = places._place
        for file in reversed(files):
            names: dict[str, Any] = {"call": call}
            exec(compile("def run():\n    return call()\n", file, "exec"), names)  # noqa: S102 - code of other files
            call = names["run"]
        return call()  # type: ignore[no-any-return]

    own, package = str(tmp_path / "shop" / "app.py"), str(tmp_path / "orm" / "base.py")
    assert ("shop/app.py", 2) == place(own) == place(own, package) == place(own, str(tmp_path / "boto3" / "a.py"))
    assert ("web.py", 2) == place("/project/web.py", package)
    assert ("", 0) == place(package) == place(str(tmp_path / "six.py"))
    assert ("", 0) == place(f"{tmp_path}-2/shop/app.py")
    monkeypatch.setenv("REMIT_CODE", "lib")
    assert ("lib/shop/app.py", 2) == place(own)


def test_a_call_of_a_thread_of_the_sdk_is_made_where_the_main_one_waits_for_it(tmp_path: Path) -> None:
    """As of a part of a large upload."""
    places, own = CallPlaces(str(tmp_path)), str(tmp_path / "app.py")

    def in_a_thread() -> tuple[str, int]:
        with ThreadPoolExecutor() as pool:
            return pool.submit(places._place).result()

    names: dict[str, Any] = {"call": in_a_thread}
    exec(compile("\ndef run():\n    return call()\n", own, "exec"), names)  # noqa: S102 - code of another file
    assert ("app.py", 3) == names["run"]()


def test_bytes_without_an_end_are_no_request() -> None:
    ours, theirs = socket.socketpair()
    connection = Connection(ours)
    for _ in range(32):  # as long as a head may be
        theirs.sendall(b"x" * 65536)
        assert connection.receive() is None
    theirs.sendall(b"x")
    with pytest.raises(NotUnderstood):
        connection.receive()
    theirs.close()
    connection.close()


@pytest.mark.skipif(not peers.HAS_PROC, reason="asks /proc")
def test_a_connection_is_a_process_s_whoever_of_those_that_it_started_holds_it() -> None:
    script = (
        "import subprocess, sys; sys.exit(subprocess.call([sys.executable, '-c', 'print(1, flush=True); input()']))"
    )
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "1\n" == process.stdout.readline()  # the inner one runs
        (inner,) = peers.descendants(process.pid)
        assert {process.pid, inner} <= {*peers.descendants(os.getpid())}
        process.communicate("\n")
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()) as mine:
        accepted, _ = listener.accept()
        with accepted:
            assert mine.getsockname() == accepted.getpeername()
            assert peers.is_of_process(accepted, os.getpid())
            assert peers.is_of_process(accepted, os.getppid())
            assert os.geteuid() == peers.user_of(accepted)
            holder = [sys.executable, "-c", "input()"]
            with subprocess.Popen(holder, stdin=subprocess.PIPE, pass_fds=[mine.fileno()]) as held:
                assert peers.is_of_process(accepted, held.pid)
                assert not peers.is_of_process(mine, held.pid)  # whose other end is here
                held.communicate(b"\n")


@pytest.mark.parametrize("own", ["", "/a:/b"])
def test_modules_come_from_the_function_its_layers_the_runtime_and_last_the_sdk(
    own: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", own)
    settings = {"task": "task", "further": ["zip", "layer"], "runtime": ["ric", "stand-in"], "sdk": "sdk"}
    path = ["task", "zip", "layer", *filter(None, own.split(":")), "ric", "stand-in", "lib", "sdk"]
    assert path == search_path(settings, ["lib"])


class Pool:
    """What requests about functions ask of the pool of workers."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []

    def serve_code(self, *arguments: Any) -> None:
        self.asked.append(arguments)

    def debug(self, name: str, port: int | None, *folders: Path) -> int | None:
        self.asked.append((name, port, *folders))
        if port == 99_999:
            raise OverflowError("port must be 0-65535.")
        if port == 80:
            raise PermissionError(13, "Permission denied")
        return port or (None if port is None else 4000)


@pytest.mark.parametrize(
    ("path", "document", "answer", "asked"),
    [
        ("hello/code", {"folder": "."}, {"function": "hello", "folder": "."}, ("hello", Path())),
        ("hello/code", {"folder": None}, {"function": "hello", "folder": None}, ("hello", None)),
        ("hello/debug", {"port": None}, {"function": "hello", "port": None}, ("hello", None)),
        ("hello/debug", {"port": 0, "packages": "/p", "project": "/q"}, {"function": "hello", "port": 4000},
         ("hello", 0, Path("/p"), Path("/q"))),
    ],
)  # fmt: skip
def test_a_request_about_a_function_is_for_the_pool(
    path: str, document: dict[str, Any], answer: dict[str, Any], asked: tuple[Any, ...]
) -> None:
    pool: Any = Pool()
    requests = FunctionRequests(pool)
    assert answer == requests.answer(f"/_remit/functions/{path}", json.dumps(document).encode())
    assert [asked] == pool.asked


@pytest.mark.parametrize(
    ("path", "document", "status", "reason"),
    [
        ("hello/other", {}, 403, "does not serve '/_remit/functions/hello/other'"),
        ("hello/code", {"folder": __file__}, 400, f"function `hello`: there is no folder {__file__!r}"),
        ("hello/debug", {"port": 80, "packages": "", "project": ""}, 400, "at port 80: Permission denied"),
        ("hello/debug", {"port": 99_999, "packages": "", "project": ""}, 400, "at port 99999: port must be 0-65535."),
    ],
)
def test_a_request_about_a_function_that_cannot_be_met_says_why(
    path: str, document: dict[str, Any], status: int, reason: str
) -> None:
    pool: Any = Pool()
    with pytest.raises(RefusedRequest) as refused:
        FunctionRequests(pool).answer(f"/_remit/functions/{path}", json.dumps(document).encode())
    assert status == refused.value.status
    assert refused.value.reason.endswith(reason)


def test_a_worker_that_was_idle_for_five_minutes_or_whose_function_changed_is_ended() -> None:
    nothing: Any = None
    watchdog: Any = SimpleNamespace(forget=lambda _pid: None)
    pool: Any = WorkerPool(nothing, nothing, "", nothing, nothing, nothing, nothing, _watchdog=watchdog)
    workers: Any = [IdleWorker() for _ in range(4)]
    for worker, function, last_used in zip(
        workers, ("report", "report", "report", "old"), (100, 101, 500, 500), strict=True
    ):
        worker.function, worker.last_used = function, last_used
        pool._busy.add(worker)
        pool._release(worker)
    workers[2].ended = True
    pool.end_unneeded(lambda function: function == "report", 400.0)
    assert [True, False, True, True] == [worker.ended for worker in workers]
    assert (workers[1], None) == (pool._warm("report"), pool._warm("old"))


def test_one_worker_of_a_function_at_a_time_has_the_debugger() -> None:
    nothing: Any = None
    pool: Any = WorkerPool(nothing, nothing, "", nothing, nothing, nothing, nothing)
    relay, debugger = SimpleNamespace(worker_pid=7), SimpleNamespace()
    assert (None, None) == pool._debugger("report")
    pool._debuggers["report"] = relay, debugger
    assert ((relay, debugger), 0) == (pool._debugger("report"), relay.worker_pid)
    for name, is_debugged, free in (("report", True, False), ("report", False, True), ("other", True, True)):
        pool._busy = {BusyWorker(name, is_debugged)}
        assert free == (pool._debugger("report") != (None, None))


class BusyWorker:
    """A worker that is at work, of a function of this name."""

    def __init__(self, name: str, is_debugged: bool) -> None:
        self.function, self.is_debugged = SimpleNamespace(name=name), is_debugged
