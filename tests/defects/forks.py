"""Try many defects in one process of pytest: the tests are collected once, and each defect is tried in a fork.

A fork gives a function the code that it has with the defect, and runs the tests that call it until one fails. What a
fork does not see (a function that is called while modules load, or in a process that a test starts), `run.py` tries in
a process of its own.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import resource
import signal
import sys
from pathlib import Path
from types import CodeType, FunctionType
from typing import TYPE_CHECKING

import pytest
from _pytest.runner import runtestprotocol

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from defects import mutate  # noqa: E402 - a script that imports its neighbours

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from defects.mutate import Defect

PROCESSOR_SECONDS = 30
"""Processor time of one test at most: a test that needs more has no end. A busy machine does not count."""
WAITING_SECONDS = 600
"""A test that takes longer by the clock waits for something that never comes."""
MEMORY = 6 << 30
"""Bytes of a process at most: a list that grows without end must not take the machine with it."""

NOTICED, SURVIVED, CANNOT_TRY = 1, 0, 2
"""How a fork ends. A fork that is killed has noticed its defect, too."""


def put(defect: Defect) -> None:
    """Give a function of this process the code that it has with a defect; a LookupError when it is not here."""
    module = importlib.import_module(defect.module)
    file = str(module.__file__)
    text = mutate.mutated(Path(file).read_text(encoding="utf-8"), defect)
    changed = [code for code in _codes(compile(text, file, "exec")) if code.co_qualname == defect.function]
    functions = [
        thing
        for thing in gc.get_objects()
        if isinstance(thing, FunctionType)
        and (thing.__code__.co_filename, thing.__code__.co_qualname) == (file, defect.function)
    ]
    if not functions:
        raise LookupError(f"no function of this process is {defect.function} of {file}")
    for function in functions:
        function.__code__ = changed[-1]  # of several of one name (an overload), the last


def _codes(code: CodeType) -> Iterable[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


class Trials:
    """A plugin of pytest that runs no test by itself, but tries each defect with its tests in a fork."""

    def __init__(self, trials: Mapping[Defect, Sequence[str]]) -> None:
        self.trials = trials
        self.results: dict[Defect, int] = {}

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = {item.nodeid: item for item in session.items}
        gc.freeze()
        for defect, names in self.trials.items():
            self.results[defect] = _forked(defect, [items[name] for name in names if name in items])
            sys.stderr.write(f"{'.' if self.results[defect] == NOTICED else 's'}")
            sys.stderr.flush()
        return True


def _forked(defect: Defect, items: Sequence[pytest.Item]) -> int:
    """Try a defect in a fork, and say how that ended."""
    child = os.fork()
    if child == 0:
        _be_the_fork(defect, items)
    _, status = os.waitpid(child, 0)
    return NOTICED if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def _be_the_fork(defect: Defect, items: Sequence[pytest.Item]) -> None:
    """Run the tests until one fails, and never return."""
    status = NOTICED
    try:
        gc.unfreeze()
        nowhere = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nowhere, descriptor)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        status = _status(defect, items)
    finally:
        os._exit(status)


def _status(defect: Defect, items: Sequence[pytest.Item]) -> int:
    try:
        put(defect)
        first = items[0]
    except (LookupError, ValueError):  # no test, or it is another function once decorated, or closes over other names
        return CANNOT_TRY
    try:
        for item, following in zip(items, [*items[1:], None], strict=True):
            used = resource.getrusage(resource.RUSAGE_SELF)
            limit = int(used.ru_utime + used.ru_stime) + PROCESSOR_SECONDS
            resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + PROCESSOR_SECONDS))
            signal.alarm(WAITING_SECONDS)
            if any(report.failed for report in runtestprotocol(item, log=False, nextitem=following)):
                return NOTICED
    finally:
        first.session._setupstate.teardown_exact(None)
    return SURVIVED


def main(ordered: str, results: str) -> int:
    """Try the defects of a file, {name: [test, …]}, and write how each ended to another."""
    trials = {mutate.named(name): tests for name, tests in json.loads(Path(ordered).read_text("utf-8")).items()}
    plugin = Trials(trials)
    files = sorted({test.split("::")[0] for tests in trials.values() for test in tests})
    options = ["-n", "0", "-p", "no:cacheprovider", "--no-summary", "--capture=no", "-qq", *files]
    code = pytest.main(options, [plugin])
    Path(results).write_text(json.dumps({str(defect): status for defect, status in plugin.results.items()}), "utf-8")
    return int(code) if not plugin.results else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
