"""Tests in processes that are forked once all are collected: each would take seven seconds to collect them for itself.

A file of tests is run by one fork, and whoever is done takes the next file.
"""

from __future__ import annotations

import gc
import os
import signal
import struct
import traceback
from itertools import groupby, pairwise
from multiprocessing.connection import Connection, Pipe, wait
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

import cfn_lint
import models
import quick_servers

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_NUMBER = struct.Struct("=H")
"""The place of a file in their order: whoever reads so few bytes of a pipe gets all of them, and nobody else does."""
_END = "the end"


class Forks:
    """The plugin of the process that collects: it forks, and tells pytest what its forks report."""

    def __init__(self, count: int) -> None:
        self.count = count

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Run all tests; fail if a fork ends before them."""
        if session.config.option.collectonly or session.testsfailed:
            return None
        _import_before_forks(session.config._tmp_path_factory.getbasetemp())
        files = [list(items) for _, items in groupby(session.items, key=lambda item: item.path)]
        waiting, order = os.pipe()
        os.write(order, b"".join(map(_NUMBER.pack, range(len(files)))))
        os.close(order)
        pids = {}
        for number in range(self.count):
            reports, theirs = Pipe(duplex=False)
            pid = os.fork()
            if pid == 0:
                _be_fork(session, f"gw{number}", files, waiting, theirs)
            theirs.close()
            pids[reports] = pid
        os.close(waiting)
        try:
            _follow(session, pids)
        finally:
            for reports, pid in pids.items():
                if not reports.closed:  # it runs still, and nobody wants to know
                    os.kill(pid, signal.SIGTERM)
                    os.waitpid(pid, 0)
            quick_servers.close()
        return True


def _import_before_forks(folder: Path) -> None:
    """Import and read what most forks need, once: each would take a second for it."""
    cfn_lint.read_rules(folder / "template.json")
    models.read_most()
    quick_servers.begin()
    gc.freeze()


def _follow(session: pytest.Session, pids: Mapping[Connection, int]) -> None:
    """Tell pytest what forks report until they end."""
    hook = session.config.hook
    states = dict.fromkeys(pids, "")  # the tests that they are at
    while states:
        for reports in wait(list(states)):
            assert isinstance(reports, Connection)
            try:
                message = reports.recv()
            except EOFError:
                state = states.pop(reports)
                _, status = os.waitpid(pids[reports], 0)
                reports.close()
                if state != _END:
                    hook.pytest_runtest_logreport(report=_crash(state, os.waitstatus_to_exitcode(status)))
                continue
            if isinstance(message, str):
                states[reports] = message
            else:
                report = hook.pytest_report_from_serializable(config=session.config, data=message)
                hook.pytest_runtest_logreport(report=report)
        if session.shouldfail:
            raise session.Failed(session.shouldfail)


def _crash(state: str, code: int) -> pytest.TestReport:
    """The report of a fork that ended before its tests; with 0, it has said why on standard error."""
    name = state or "no test"
    text = f"a fork crashed while running {name!r}, with exit code {code} (below 0, a signal)"
    return pytest.TestReport(name, (name.split("::")[0], None, name), {}, "failed", text, "call")


class _Reports:
    """The plugin of a fork: it sends what it is at, and how that went."""

    def __init__(self, config: pytest.Config, theirs: Connection) -> None:
        self.config, self.theirs = config, theirs

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.theirs.send(nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.passed and report.when != "call":  # of which nothing is told
            return
        self.theirs.send(self.config.hook.pytest_report_to_serializable(config=self.config, report=report))

    def pytest_runtest_logfinish(self) -> None:
        self.theirs.send("")


def _be_fork(
    session: pytest.Session, name: str, files: list[list[pytest.Item]], waiting: int, theirs: Connection
) -> NoReturn:
    """Run files until none waits, and end this process."""
    config: Any = session.config
    capture = config.pluginmanager.getplugin("capturemanager")
    try:
        os.environ["PYTEST_XDIST_WORKER"] = name
        config.workerinput = {"workerid": name}  # who has one writes no report and no cache of its own
        config._tmp_path_factory._basetemp = config._tmp_path_factory.getbasetemp() / name
        config._tmp_path_factory._basetemp.mkdir(mode=0o700)
        config._tmp_path_factory._exit_stack.pop_all()  # earlier runs' folders: all forks would remove them at once
        config.pluginmanager.unregister(name="terminalreporter")
        capture.stop_global_capturing()  # its files are the same in all forks
        capture.start_global_capturing()
        config.pluginmanager.register(_Reports(config, theirs))
        items = _taken(files, waiting)
        while items:
            for item, nextitem in pairwise(items):
                config.hook.pytest_runtest_protocol(item=item, nextitem=nextitem)
            last, items = items[-1], _taken(files, waiting)
            config.hook.pytest_runtest_protocol(item=last, nextitem=items[0] if items else None)
        config.hook.pytest_sessionfinish(session=session, exitstatus=session.testsfailed and 1)
        theirs.send(_END)
    except BaseException:  # noqa: BLE001 - whatever it is, the run must fail and the reader see why
        capture.stop_global_capturing()
        traceback.print_exc()
    finally:
        os._exit(0)


def _taken(files: list[list[pytest.Item]], waiting: int) -> list[pytest.Item]:
    """The tests of the next file that nobody has taken, none at the end."""
    number = os.read(waiting, _NUMBER.size)
    return files[_NUMBER.unpack(number)[0]] if number else []
