"""What all tests may ask for: projects of their own."""

from __future__ import annotations

import faulthandler
import gc
import os
import signal
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest
from hypothesis import settings

import emulator
import models
import outlive
import quick_servers
from forks import Forks
from projects import APP, HELLO, Project, configuration, write
from random_cases import ASKS_ALL, cases, in_all_cases
from remit.package.interpreters import CHOSEN, Interpreters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xdist.workermanage import WorkerController


class Make(Protocol):
    """Writes a project: `config` goes into the `with` block of config/deploy.py, `app` follows on `APP`'s imports."""

    def __call__(self, *, config: str | None = None, app: str | None = None, **files: str | bytes) -> Project: ...


# Hypothesis' limit of an example's seconds is a clock's: a busy machine would fail a test. CI tries the same examples
# each time, so that it says of a change what it said of the one before; a desk tries others.
settings.register_profile("remit", deadline=None, derandomize="CI" in os.environ, max_examples=cases(50, deep=100))
settings.load_profile("remit")

# A shell lets what it runs in the background ignore Ctrl-C, and programs that tests start would do so, too.
signal.signal(signal.SIGINT, signal.default_int_handler)


# The stage, the profile, the region and the terminal of whoever runs the tests are not theirs.
for name in tuple(os.environ):
    if name.startswith("AWS_") or name in {"REMIT_STAGE", "COLUMNS", "FORCE_COLOR", "NO_COLOR"}:
        del os.environ[name]
os.environ["REMIT_TODAY"] = "2026-12-01"  # the data about AWS grows old by no test's clock
# What a version manager has on PATH takes a tenth of a second to begin, and most tests pack for this Python.
os.environ[CHOSEN] = Interpreters().for_runtime("python3.13").program


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--forks", type=int, default=0, help="run tests in so many forks of the process that collects them"
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.option.forks:
        config.pluginmanager.register(Forks(config.option.forks))
    config.addinivalue_line("markers", "network: asks the package index")
    gc.disable()  # until all tests are collected: nothing of them is garbage
    _end_if_it_hangs(config)


def pytest_xdist_auto_num_workers() -> int:
    """Twice as many processes as there are cores: tests of deploys mostly wait for the local AWS.

    Each of them collects all tests and has servers of its own: ten seconds of a processor.
    """
    return 2 * (os.cpu_count() or 1)


_WAITING = ("test_ci_workflows.py", "docs", "local", "runtime", "dev", "deploy", "testing")
"""Folders and files of tests that wait for the local AWS, those first that take longest."""
_LONG = frozenset({
    "test_commands.py", "test_synth.py", "test_packed_imports.py", "test_policy_by_types.py", "test_ci_files.py",
    "test_fit.py", "test_layers.py", "test_did_you_mean.py", "test_joint_differential.py", "test_own_sources.py",
    "test_review_text.py", "test_verbs.py", "test_rest.py", "test_deployer_policy.py", "test_remit_data.py",
    "test_api.py", "test_sam_oracle.py", "test_import.py", "test_web_adapters.py", "test_distribution.py",
})  # fmt: skip
"""Files that compute for five seconds and more: one of them that begins last would be waited for."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with a file that waits and one that computes, in turn, so that the cores are busy while tests wait.

    None that waits or is long is left alone at the end. Where all cases are asked, tests that have no more of them go.
    """
    if ASKS_ALL:
        items[:] = filter(_has_more_cases, items)
    folder = Path(__file__).parent
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    rooms = {path: path.relative_to(folder).parts[0] for path in files}
    waiting = sorted((path for path in files if rooms[path] in _WAITING), key=lambda path: _WAITING.index(rooms[path]))
    computing = [path for path in files if rooms[path] not in _WAITING]
    computing.sort(key=lambda path: path.name not in _LONG)
    turns = zip_longest(waiting, computing)
    items[:] = [item for turn in turns for path in turn if path is not None for item in files[path]]


def _has_more_cases(item: pytest.Item) -> bool:
    """False for a test that every run asks, in a file that samples nothing and marks others for all cases."""
    names = vars(item.module) if isinstance(item, pytest.Function) else {}
    samples = not names.keys().isdisjoint({"cases", "cases_of", "ASKS_ALL"})
    return samples or "in_all_cases" not in names or in_all_cases.mark in item.iter_markers("skipif")


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over what was collected: to look at it time and again took a tenth of a run."""
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    _end_if_it_hangs(session.config)


def _end_if_it_hangs(config: pytest.Config) -> None:
    """Let a worker end with its stack if it hangs before or after its tests: pytest has the limit for each test."""
    seconds = float(config.getini("faulthandler_timeout"))
    if seconds and "PYTEST_XDIST_WORKER" in os.environ:
        faulthandler.dump_traceback_later(seconds, exit=True, file=os.dup(2))


def pytest_testnodedown(node: WorkerController, error: object) -> None:
    """Fail the run if a worker died, whenever it did: xdist passes it if the worker was at no test."""
    if error:
        session = node.config.pluginmanager.getplugin("session")
        session.testsfailed += 1


@pytest.fixture(scope="session", autouse=True)
def _no_server_outlives_its_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with outlive.ended(tmp_path_factory.getbasetemp()):
        yield


@pytest.fixture(scope="session", autouse=True)
def _models() -> Iterator[None]:
    with models.read_once():
        yield


@pytest.fixture(scope="session", autouse=True)
def _servers() -> Iterator[None]:
    with quick_servers.forked():
        yield


@pytest.fixture(scope="session")
def emulator_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an emulator by itself, for tests of many files: who needs to be alone there is another account."""
    with emulator.running(tmp_path_factory.mktemp("emulator")) as url:
        yield url


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Write a project named `orders`; without `app`, it has one function `hello`."""

    def made(*, config: str | None = None, app: str | None = None, **files: str | bytes) -> Project:
        folder = tmp_path / "orders"
        folder.mkdir(exist_ok=True)
        write(folder, {"app.py": HELLO if app is None else APP + app})
        if config is not None:
            write(folder, {"config/deploy.py": configuration(config)})
        write(folder, files)
        return Project(folder)

    return made
