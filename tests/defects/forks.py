"""Try many defects in one process of pytest: the tests are collected once, and each defect is tried in a fork.

A fork gives a function the code that it has with the defect, forgets what remit's functions have kept, and runs the
tests that call it until one fails. What a fork does not see (a function that is called while modules load, or in a
process that a test starts), `run.py` tries in a process of its own.

A test that takes ten times as long as it took without a defect (and a minute at least) waits for something that never
comes. It is interrupted, so that what it started is ended.
"""

from __future__ import annotations

import functools
import gc
import importlib
import json
import os
import resource
import signal
import sys
import threading
from contextlib import contextmanager
from multiprocessing.sharedctypes import RawValue
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import TYPE_CHECKING

import pytest
from _pytest.runner import runtestprotocol

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from defects import mutate  # noqa: E402 - a script that imports its neighbours

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from ctypes import c_int

    from defects.mutate import Defect

PROCESSOR_SECONDS = 30
"""Processor time of one test at most: a test that needs more has no end. A busy machine does not count."""
WAITING_SECONDS = 600
"""A test of which is not noted how long it takes waits for something that never comes when it takes longer."""
TIMES_AS_LONG, LEAST_SECONDS = 10, 60
"""Any other: when it takes so many times as long as it took without a defect, and so many seconds at least."""
TEARDOWN_SECONDS = 60
"""How long a test that was interrupted may take to end what it started."""
MEMORY = 6 << 30
"""Bytes of a process at most: a list that grows without end must not take the machine with it."""

SURVIVED = "survived"
CANNOT_TRY = "cannot be tried in a fork"
KILLED = "killed"
"""How a trial ends, unless it ends with the name of the test that notices the defect."""

_ALL_PASSED, _FAILED, _NOT_TRIED = 0, 1, 2
"""Exit codes of a fork."""


def put(defect: Defect) -> None:
    """Give a function of this process the code that it has with a defect; a LookupError when it is not here."""
    module = importlib.import_module(defect.module)
    file = str(module.__file__)
    text = mutate.mutated(Path(file).read_text(encoding="utf-8"), defect)
    changed = [code for code in _codes(compile(text, file, "exec")) if code.co_qualname == defect.function]
    functions = [
        held
        for held in gc.get_objects()
        if type(held) is FunctionType  # isinstance() asks what a dead weak reference points to
        and (held.__code__.co_filename, held.__code__.co_qualname) == (file, defect.function)
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


class WaitsForeverError(BaseException):
    """A test waits for something that never comes. No Exception, so that no `except Exception` catches it."""


class Trials:
    """A plugin of pytest that runs no test by itself, but tries each defect with its tests in a fork.

    `seconds` says how long tests take without a defect.
    """

    def __init__(self, trials: Mapping[Defect, Sequence[str]], seconds: Mapping[str, float]) -> None:
        self.trials = trials
        self.seconds = seconds
        self.ends: dict[Defect, str] = {}

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = {item.nodeid: item for item in session.items}
        gc.freeze()
        for defect, names in self.trials.items():
            self.ends[defect] = _tried(defect, [items[name] for name in names if name in items], self.seconds)
            is_noticed = self.ends[defect] not in {SURVIVED, CANNOT_TRY}
            sys.stderr.write("." if is_noticed else f"\n{self.ends[defect]}: {defect} ({len(names)} tests)\n")
            sys.stderr.flush()
        return True


def _tried(defect: Defect, items: Sequence[pytest.Item], seconds: Mapping[str, float]) -> str:
    """Try a defect in a fork, and say how that ended."""
    if not items:
        return CANNOT_TRY
    running = RawValue("i")  # the index of the test that the fork is at
    fork = os.fork()
    if fork == 0:
        _be_the_fork(defect, items, seconds, running)
    _, status = os.waitpid(fork, 0)
    if os.WIFSIGNALED(status):
        return KILLED
    code = os.WEXITSTATUS(status)
    words = {_ALL_PASSED: SURVIVED, _NOT_TRIED: CANNOT_TRY}
    return words.get(code) or items[running.value].nodeid


def _be_the_fork(defect: Defect, items: Sequence[pytest.Item], seconds: Mapping[str, float], running: c_int) -> None:
    """Run the tests until one fails, and never return."""
    code = _FAILED
    try:
        gc.unfreeze()
        nowhere = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nowhere, descriptor)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        code = _exit_code(defect, items, seconds, running)
    finally:
        os._exit(code)


def _exit_code(defect: Defect, items: Sequence[pytest.Item], seconds: Mapping[str, float], running: c_int) -> int:
    try:
        put(defect)
    except (LookupError, ValueError):  # it is not here, or closes over other names with the defect
        return _NOT_TRIED
    _forget()
    try:
        for index, item in enumerate(items):
            running.value = index
            _limit_processor_time()
            following = items[index + 1] if index + 1 < len(items) else None
            with limited_time(waiting_seconds(seconds.get(item.nodeid)), _FAILED):
                reports = runtestprotocol(item, log=False, nextitem=following)
            if any(report.failed for report in reports):
                return _FAILED
    finally:
        items[0].session._setupstate.teardown_exact(None)
    return _ALL_PASSED


def _forget() -> None:
    """Empty the caches of remit's functions: what was worked out while the tests were collected has no defect."""
    for held in gc.get_objects():
        if type(held) is functools._lru_cache_wrapper and str(held.__module__).startswith("remit."):
            held.cache_clear()


def _limit_processor_time() -> None:
    """Have this process killed when the next test has no end."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime) + PROCESSOR_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))


def waiting_seconds(noted: float | None) -> float:
    """After how many seconds a test waits forever that takes so many without a defect, or nobody knows how many."""
    return WAITING_SECONDS if noted is None else max(LEAST_SECONDS, TIMES_AS_LONG * noted)


@contextmanager
def limited_time(seconds: float, code: int) -> Iterator[None]:
    """Interrupt what runs inside after so many seconds; end this process when it takes long to tear down, too.

    Not by an alarm: remit has one itself. WaitsForeverError: it was interrupted.
    """
    before = signal.signal(signal.SIGUSR1, _interrupt)
    timers = [
        threading.Timer(seconds, signal.pthread_kill, (threading.get_ident(), signal.SIGUSR1)),
        threading.Timer(seconds + TEARDOWN_SECONDS, os._exit, (code,)),
    ]
    for timer in timers:
        timer.daemon = True
        timer.start()
    try:
        yield
    finally:
        for timer in timers:
            timer.cancel()
        signal.signal(signal.SIGUSR1, before)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise WaitsForeverError


def main(ordered: str, results: str, noted_seconds: str) -> int:
    """Try the defects of a file, {name: [test, …]}, and write how each ended to another.

    A third file says how many seconds tests take without a defect.
    """
    trials = {mutate.named(name): tests for name, tests in json.loads(Path(ordered).read_text("utf-8")).items()}
    plugin = Trials(trials, json.loads(Path(noted_seconds).read_text("utf-8")))
    files = sorted({test.split("::")[0] for tests in trials.values() for test in tests})
    options = ["-n", "0", "-p", "no:cacheprovider", "--no-summary", "--capture=no", "-qq", *files]
    options += [
        "-o",
        "faulthandler_timeout=0",
    ]  # its thread is in no fork, which waits for it for ever; each has a limit
    code = pytest.main(options, [plugin])
    Path(results).write_text(json.dumps({str(defect): end for defect, end in plugin.ends.items()}), "utf-8")
    return 0 if plugin.ends else int(code)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
