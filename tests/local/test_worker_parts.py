"""Parts of a function's process, each by itself."""

from __future__ import annotations

import py_compile
import socket
import subprocess
import sys
from importlib import import_module
from importlib.machinery import SourceFileLoader
from typing import TYPE_CHECKING

from remit.local.functions.runtime_api import Connection
from remit.local.functions.worker.source_names import name_after

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

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
