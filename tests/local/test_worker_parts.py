"""Parts of a function's process, each by itself."""

from __future__ import annotations

import py_compile
import socket
import subprocess
import sys
from importlib import import_module
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from remit.local.functions import worker_launch
from remit.local.functions.deployed_function import DeployedFunction
from remit.local.functions.lambda_service import LambdaService, _client_context_of
from remit.local.functions.runtime_api import Connection
from remit.local.functions.worker.call_places import _installed
from remit.local.functions.worker.source_names import name_after
from remit.local.functions.worker_launch import possible_wall
from remit.local.functions.worker_pool import WorkerPool, _module_folders
from remit.local.functions.worker_process import _error_type

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
    layers = {place: {"versions": [{"_zip_data": b"layer"}, {}]}}
    emulated: Any = SimpleNamespace(_functions=SimpleNamespace(_data=functions), _layers=SimpleNamespace(_data=layers))
    nothing: Any = None
    service = LambdaService(nothing, nothing, emulated, nothing)
    assert [b"code $LATEST", b"code 1", b"layer"] == service._contents()
    for current, old in ((latest, record("$LATEST", 3)), (first, record("1", 5)), (first, record("3", 3))):
        assert service._is_current(DeployedFunction.of(current["config"]))
        assert not service._is_current(DeployedFunction.of(old["config"]))
    functions.clear()
    assert not service._is_current(DeployedFunction.of(first["config"]))


@pytest.mark.parametrize(
    ("header", "context"), [("eyJhIjogMX0=", '{"a": 1}'), ("no base64", ""), ("/w==", ""), (None, "")]
)
def test_the_client_context_of_a_call_is_decoded_or_there_is_none(header: str | None, context: str) -> None:
    headers = {} if header is None else {"x-amz-client-context": header}
    assert context == _client_context_of(headers)
