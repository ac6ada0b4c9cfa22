"""How many cases of many, random or of a sweep, a test asks: some in each run, all in `make deep` and in CI.

Every file that imports this is run once more by `make deep` and by `.ci/run`, with REMIT_ALL_CASES=1.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypeVar

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")

ASKS_ALL = os.environ.get("REMIT_ALL_CASES") == "1"
in_all_cases = pytest.mark.skipif(
    not (ASKS_ALL or "REMIT_RECORD" in os.environ), reason="among all cases alone: REMIT_ALL_CASES=1 runs it"
)
"""Marks a test of several seconds that tries in another form what a shorter one tries in each run."""


def cases_of(all_cases: Sequence[T], quick: int) -> Sequence[T]:
    """So many of the cases, spread over all of them, or all where all are asked for."""
    return all_cases if ASKS_ALL else all_cases[:: -(-len(all_cases) // quick)]


def cases(quick: int, *, deep: int) -> int:
    """`quick` cases, or `deep` ones where all are asked for."""
    return deep if ASKS_ALL else quick
