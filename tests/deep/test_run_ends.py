"""A run of tests ends and fails, whatever happens to its workers: some tests, with the settings of this project."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TESTS = "import pytest\n@pytest.mark.parametrize('number', range(9))\ndef test_{name}(number): pass\n"
KILLED = "import signal; signal.raise_signal(signal.SIGKILL)"
HANGS = "import re; re.match('(a+)+$', 'a' * 64 + 'b')"
"""It holds the interpreter's lock: no other thread and no handler of a signal can end it."""
IN_ONE_WORKER = "import os\nif os.environ.get('PYTEST_XDIST_WORKER') == 'gw0':\n    {code}\n"
AT_THE_END = """
import os

def pytest_sessionfinish():
    if os.environ.get("PYTEST_XDIST_WORKER") == "gw0":
        {code}
"""


@pytest.fixture
def tests(tmp_path: Path) -> Path:
    """The tests of a project with the settings and the helpers of this one; they pass."""
    folder = tmp_path / "tests"
    folder.mkdir()
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for helper in (ROOT / "tests").glob("*.py"):
        if not helper.name.startswith("test_"):
            shutil.copy(helper, folder)
    for name in "abcde":
        (folder / f"test_{name}.py").write_text(TESTS.format(name=name))
    return folder


WORKERS = ("--numprocesses=2",)
FORKS = ("--numprocesses=0", "--forks=2")
both = pytest.mark.parametrize("by", [WORKERS, FORKS], ids=["workers", "forks"])


def run(tests: Path, by: tuple[str, ...], hang_seconds: int = 600) -> subprocess.CompletedProcess[str]:
    """Run them by two processes."""
    command = [sys.executable, "-m", "pytest", *by, "-o", f"faulthandler_timeout={hang_seconds}"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return subprocess.run(command, cwd=tests.parent, env=environment, capture_output=True, text=True, check=False)


@both
def test_what_happens_to_nobody_passes(tests: Path, by: tuple[str, ...]) -> None:
    ran = run(tests, by)
    assert (0, True) == (ran.returncode, "45 passed" in ran.stdout)


@both
def test_a_test_that_fails_is_named(tests: Path, by: tuple[str, ...]) -> None:
    (tests / "test_c.py").write_text("def test_fails():\n    assert {'one': 1} == {}\n")
    ran = run(tests, by)
    assert (1, True) == (ran.returncode, "FAILED tests/test_c.py::test_fails - AssertionError" in ran.stdout)


@both
@pytest.mark.parametrize("name", "abcde")
def test_a_worker_that_is_killed_in_a_test_fails_that_test(tests: Path, name: str, by: tuple[str, ...]) -> None:
    """In whichever file: tests of other files wait, or run."""
    passing = TESTS.format(name=name)
    (tests / f"test_{name}.py").write_text(f"{passing}def test_killed():\n    {KILLED}\n{TESTS.format(name='after')}")
    ran = run(tests, by)
    assert (1, True) == (ran.returncode, f"crashed while running 'tests/test_{name}.py::test_killed'" in ran.stdout)


@both
def test_a_test_that_hangs_ends_with_its_name_and_its_stack(tests: Path, by: tuple[str, ...]) -> None:
    (tests / "test_c.py").write_text(f"def test_hangs():\n    {HANGS}\n")
    ran = run(tests, by, hang_seconds=90)
    assert (1, True) == (ran.returncode, "crashed while running 'tests/test_c.py::test_hangs'" in ran.stdout)
    assert 'test_c.py", line 2 in test_hangs' in ran.stderr


@pytest.mark.parametrize("code", [KILLED, HANGS])
def test_a_worker_that_ends_before_its_tests_fails_the_run(tests: Path, code: str) -> None:
    (tests / "test_c.py").write_text(IN_ONE_WORKER.format(code=code))
    ran = run(tests, WORKERS, hang_seconds=90)
    assert (1, code == HANGS) == (ran.returncode, 'test_c.py", line 3 in <module>' in ran.stderr)


@both
@pytest.mark.parametrize("code", [KILLED, HANGS])
def test_a_worker_that_ends_after_its_tests_fails_the_run(tests: Path, code: str, by: tuple[str, ...]) -> None:
    (tests / "last").mkdir()
    (tests / "last" / "conftest.py").write_text(AT_THE_END.format(code=code))
    (tests / "last" / "test_last.py").write_text(TESTS.format(name="last"))
    ran = run(tests, by, hang_seconds=90)
    assert (1, code == HANGS) == (ran.returncode, 'conftest.py", line 6 in pytest_sessionfinish' in ran.stderr)
