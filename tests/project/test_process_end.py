"""A project that ends the process while it is loaded is told that at its line, by every command that loads it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from random_cases import cases_of
from remit.errors import RemitError
from remit.loading.load import load
from terminals import MAIN, environment

if TYPE_CHECKING:
    from pathlib import Path

APP = "from remit import App\n\napp = App()\n\n\n@app.function()\ndef hello(event, context): ...\n\n\n"
COMMANDS = (
    ("build", "--no-package"),
    ("lint",),
    ("diff",),
    ("policy", "deployer"),
    ("policy", "function", "hello"),
    ("explain", "hello", "s3:GetObject", "arn:aws:s3:::b/k"),
    ("event", "sqs", "hello"),
    ("invoke", "hello", "--local"),
    ("deploy", "--local", "--yes"),
)
ENDS = {
    "os._exit": "import os\nos._exit(0)\n",
    "posix._exit, imported by name": "from posix import _exit\n_exit(0)\n",
    "os.abort": "import os\nos.abort()\n",
    "os.execv": "import os, sys\nos.execl(sys.executable, sys.executable, '-c', '')\n",
    "sys.exit": "import sys\nsys.exit(0)\n",
    "in what catches all": "import os\ntry:\n    os._exit(0)\nexcept BaseException:\n    pass\n",
}


def project(folder: Path, more: str, **files: str) -> Path:
    """A project whose app module goes on with some more code."""
    (folder / "pyproject.toml").write_text('[project]\nname = "orders"\nversion = "1"\n')
    (folder / "app.py").write_text(APP + more)
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    return folder


def run(folder: Path, *command: str) -> tuple[int, str]:
    """A command as a process of its own: its exit code and what it said."""
    done = subprocess.run(
        [sys.executable, "-c", MAIN, *command, "-C", str(folder)],
        env=environment(), stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("command", cases_of(COMMANDS, 2), ids=" ".join)
def test_every_command_that_loads_the_project_says_where_it_ends(tmp_path: Path, command: tuple[str, ...]) -> None:
    code, said = run(project(tmp_path, ENDS["os._exit"]), *command)
    assert code == 2
    assert "app.py ends the program by os._exit" in said
    assert "app.py:11" in said


@pytest.mark.parametrize("how", cases_of(tuple(ENDS), 3))
def test_whatever_ends_the_process_is_an_error_at_its_line(tmp_path: Path, how: str) -> None:
    code, said = run(project(tmp_path, ENDS[how]), "lint")
    line = 9 + next(number for number, text in enumerate(ENDS[how].splitlines(), 1) if "(" in text)
    assert code == 2
    assert "the program" in said
    assert f"app.py:{line}" in said


def test_nothing_runs_that_follows_what_ends_the_process(tmp_path: Path) -> None:
    with pytest.raises(RemitError, match=r"app\.py ends the program by os\._exit") as told:
        load(project(tmp_path, "import os\nos._exit(0)\nopen(__file__ + '.ran', 'w').close()\n"))
    assert (1, False) == (len(told.value.all), (tmp_path / "app.py.ran").exists())


def test_a_thread_that_ends_the_process_is_told(tmp_path: Path) -> None:
    more = "import os, threading\none = threading.Thread(target=lambda: os._exit(0))\none.start()\none.join()\n"
    code, said = run(project(tmp_path, more), "lint")
    assert (code, "app.py ends the program by os._exit\n  --> app.py:11" in said) == (2, True)


@pytest.mark.parametrize("end", ["import os\nos._exit(0)\n", "import sys\nsys.exit(0)\n"])
def test_a_package_that_ends_the_process_is_told_at_the_import(tmp_path: Path, end: str) -> None:
    package = tmp_path / "lib" / "python" / "site-packages"
    package.mkdir(parents=True)
    (package / "dependency.py").write_text(end)
    folder = tmp_path / "orders"
    folder.mkdir()
    more = f"import sys\nsys.path.append({str(package)!r})\nimport dependency\n"
    code, said = run(project(folder, more), "lint")
    assert code == 2
    assert "app.py:12" in said


def test_a_process_that_the_project_forked_ends_as_ever(tmp_path: Path) -> None:
    more = (
        "import os\n"
        "child = os.fork()\n"
        "if child == 0:\n    os._exit(3)\n"
        "assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3\n"
    )
    code, said = run(project(tmp_path, more), "lint")
    assert code == 0, said


def test_after_a_load_the_process_ends_as_ever(tmp_path: Path) -> None:
    before = (os._exit, os.execv)
    with pytest.raises(RemitError, match=r"app\.py ends the program by os\._exit"):
        load(project(tmp_path, ENDS["os._exit"]))
    assert (os._exit, os.execv) == before
    assert threading.current_thread() is threading.main_thread()
