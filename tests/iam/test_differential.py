"""The engine and the reference evaluator agree on random cases, and on what they were given to agree on."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

from iam import differential, reference

SHARE = 10_000


def run(seed: int) -> tuple[list[dict[str, object]], dict[str, int]]:
    """One share of the cases: what differs, and how often each verdict came."""
    tally: dict[str, int] = {}
    return differential.mismatches(seed, SHARE, tally), tally


def test_both_evaluators_give_the_same_verdict_on_fifty_thousand_random_cases() -> None:
    with multiprocessing.get_context("fork").Pool(2) as pool:
        answers = pool.map(run, range(5))
    assert [case for found, _ in answers for case in found] == []
    for _, tally in answers:
        assert min(tally.values()) > SHARE // 100, "every verdict is common enough to be tested"
        assert set(tally) == {"Allowed", "ExplicitlyDenied", "ImplicitlyDenied", "Unknown"}


def test_the_reference_evaluator_stays_short_enough_to_be_read() -> None:
    lines = Path(reference.__file__).read_text(encoding="utf-8").splitlines()
    assert len([line for line in lines if line.strip()]) <= 300
