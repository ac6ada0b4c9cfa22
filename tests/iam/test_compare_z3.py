"""A prover that knows nothing of remit agrees; `compare_z3.py` runs as many more pairs as wanted."""

from __future__ import annotations

from iam.compare_z3 import compared


def test_z3_agrees_about_what_a_change_adds() -> None:
    tally, wrong = compared(cases=60, seed=7)
    assert wrong == []
    assert tally["adds"] > 10
    assert tally["adds nothing"] > 10
