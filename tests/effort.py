"""Limits on the work that something takes, for tests of what must not take for ever; none depends on the clock.

A limit is in units of a fixed piece of work, done on the same processor just before and after: on a busy or a slow
machine both take longer. A unit is about a second of a calm machine of 2026, and a limit is several times what the work
takes: what these tests are about (a pattern that backtracks, a loop in a loop) takes a hundred times as long, or more.
"""

from __future__ import annotations

import gc
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

PIECE = 100_000
PIECES_OF_A_UNIT = 300
"""Pieces of work that take a calm machine about a second of processor time."""


@contextmanager
def at_most(units: float) -> Iterator[None]:
    """Fail when the block takes more work than that. Only the processor's time counts, not that of waiting."""
    pieces = [_piece(), _piece(), _piece()]
    with _without_collecting():
        start = time.process_time()
        yield
        spent = time.process_time() - start
    pieces += [_piece(), _piece(), _piece()]
    taken = spent / (max(pieces) * PIECES_OF_A_UNIT)
    assert taken < units, f"took {taken:.2f} units of work, of {units} at most"


@contextmanager
def _without_collecting() -> Iterator[None]:
    """The garbage of other tests is not collected meanwhile: a large heap takes long, and may call functions."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def calls_of(work: Callable[[], object]) -> int:
    """How many Python functions and generators are entered: the work of something small, on whatever machine."""
    calls = 0

    def count(_: FrameType, event: str, __: object) -> None:
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    with _without_collecting():
        sys.setprofile(count)
        try:
            work()
        finally:
            sys.setprofile(before)
    return calls


def _piece() -> float:
    """The seconds of processor time that a piece of work takes now."""
    start = time.process_time()
    total = 0
    for number in range(PIECE):
        total += number & 7
    return time.process_time() - start
