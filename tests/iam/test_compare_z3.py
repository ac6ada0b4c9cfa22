"""A prover that knows nothing of remit agrees; `compare_z3.py` runs as many more pairs as wanted."""

from __future__ import annotations

from iam.compare_z3 import compared
from random_cases import cases


def test_z3_agrees_about_what_a_change_adds() -> None:
    count = cases(15, deep=60)
    tally, wrong = compared(cases=count, seed=7)
    assert wrong == []
    assert tally["adds"] > count // 6
    assert tally["adds nothing"] > count // 6
