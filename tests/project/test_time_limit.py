"""A project that never finishes loading ends after a limit, with the line that is executed."""

from __future__ import annotations

import os
import signal
import socket
from itertools import product
from typing import TYPE_CHECKING

import pytest

from projects import at, remit_process
from random_cases import cases_of
from remit.loading.time_limit import VARIABLE

if TYPE_CHECKING:
    from conftest import Make

FUNCTION = "\ndef hello(event, context): ...\n"
NO_LIMIT = {VARIABLE: "600"}
SOON = "signal.setitimer(signal.ITIMER_REAL, 0.01)"
"""Sets the limit's own alarm in the line that waits: how quick the machine is cannot change where the load ends."""
AGAIN = "signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)"
NEVER = {
    "an endless loop": f"{SOON}\nwhile True:\n    pass\n",
    "a pipe that nobody writes to": f"os.mkfifo('pipe')\n{SOON}; open('pipe')\n",
    "a lock": f"lock = threading.Lock()\nlock.acquire()\n{SOON}; lock.acquire()\n",
    "a program": "subprocess.run(['sh', '-c', 'exec >/dev/null 2>&1; kill -ALRM $PPID; sleep 20'], check=True)\n",
    "a regular expression": f"{SOON}; re.match('(a+)+$', 'a' * 64 + 'b')\n",
    "code that goes on after exceptions": (
        f"os.mkfifo('pipe')\nwhile True:\n    try:\n        {AGAIN}; open('pipe')\n    except Exception: pass\n"
    ),
}
PLACES = {
    "an endless loop": {"10", "11", "12"},
    "a pipe that nobody writes to": {"11"},
    "a lock": {"12"},
    "a program": {"10"},
    "a regular expression": {"10"},
    "code that goes on after exceptions": {"13"},
}


@pytest.mark.parametrize("kind", NEVER)
def test_what_never_ends_is_an_error_at_its_line(make: Make, kind: str) -> None:
    """In the process of the command, which waits for nothing afterwards."""
    project = make(app=f"import os, re, signal, subprocess, threading\n{NEVER[kind]}")
    ran = remit_process("build", "--no-package", cwd=project.folder, environment=NO_LIMIT)
    assert (2, "error: loading the project takes longer than 600 seconds") == (ran.status, ran.err.split("\n")[0])
    assert ran.err.split("\n")[1].removeprefix("  --> app.py:") in PLACES[kind]


def test_the_limit_is_the_one_of_the_environment(make: Make) -> None:
    project = make(app="while True:\n    pass\n")
    ran = remit_process("build", "--no-package", cwd=project.folder, environment={VARIABLE: "0.1"})
    assert (2, "error: loading the project takes longer than 0.1 seconds") == (ran.status, ran.err.split("\n")[0])


def test_code_that_catches_everything_ends_as_well(make: Make) -> None:
    app = (
        "import os, signal\nos.mkfifo('pipe')\nwhile True:\n"
        f"    try: {AGAIN}; open('pipe')\n    except BaseException: pass\n"
    )
    ran = remit_process("build", "--no-package", cwd=make(app=app).folder, environment=NO_LIMIT)
    assert (2, True) == (ran.status, "takes longer than 600 seconds\n  --> app.py:1" in ran.err)


def test_the_mistakes_of_before_are_reported_as_well(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "600")
    error = make(config="config.jop = 1", app=f"import signal\n{SOON}; signal.pause()\n").error()
    assert ["app.py:10", "config/deploy.py:5:5"] == [at(mistake) for mistake in error.all]


def test_afterwards_no_alarm_is_set(make: Make) -> None:
    before = signal.getsignal(signal.SIGALRM)
    make().load()
    assert (before, (0.0, 0.0)) == (signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL))


def test_a_project_that_is_debugged_has_the_time_that_it_needs(make: Make) -> None:
    """Code that a debugger runs, which waits for a person."""
    waiting = f"def wait():\n    {AGAIN}\n    signal.pause()\n    signal.setitimer(signal.ITIMER_REAL, 0)\n"
    project = make(app=f"import bdb, signal\n{waiting}bdb.Bdb().runcall(wait)\n@app.function{FUNCTION}")
    ran = remit_process("build", "--no-package", cwd=project.folder, environment=NO_LIMIT)
    assert 0 == ran.status


@pytest.mark.parametrize("written", ["soon", "-1", "nan"])
def test_a_limit_that_is_no_number_is_an_error(make: Make, monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    monkeypatch.setenv(VARIABLE, written)
    error = make().error()
    assert (f"{VARIABLE} is {written!r}", "write a number of seconds, or 0 for no limit") == (error.message, error.hint)


FILES = [
    "config/deploy.py",
    "config/deploy/dev.py",
    "config/guardrails/rail.json",
    "app.py",
    "pyproject.toml",
    "requirements.txt",
    ".remitignore",
]


def test_a_socket_in_the_place_of_a_file_is_called_one(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    project = make()
    monkeypatch.chdir(project.folder)  # the path of a socket is short
    with socket.socket(socket.AF_UNIX) as unix_socket:
        (project.folder / "app.py").unlink()
        unix_socket.bind("app.py")
        assert "it is a socket, not a file" == project.error().message


@pytest.mark.parametrize(("file", "kind"), cases_of(tuple(product(FILES, ("a pipe", "a device"))), 5))
def test_what_is_no_file_in_the_place_of_one_is_an_error_that_names_it(make: Make, file: str, kind: str) -> None:
    folder = make(**{"config/deploy/.keep": "", "config/guardrails/.keep": ""}).folder
    path = folder / file
    path.unlink(missing_ok=True)
    if kind == "a pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    ran = remit_process("build", cwd=folder, environment=NO_LIMIT)
    assert (2, True, True) == (ran.status, f"error: it is {kind}, not a file" in ran.err, f"--> {file}\n" in ran.err)
