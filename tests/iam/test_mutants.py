"""The table of seeded defects fits the source, and a sample of them is noticed."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from iam import mutants
from random_cases import cases, in_all_cases

if TYPE_CHECKING:
    from pathlib import Path


def test_every_defect_still_fits_the_source_and_there_are_enough() -> None:
    assert len(mutants.MUTANTS) >= 50
    assert len(set(mutants.MUTANTS)) == len(mutants.MUTANTS)
    for module, old, new in mutants.MUTANTS:
        text = (mutants.ROOT / "src/remit/iam" / f"{module}.py").read_text(encoding="utf-8")
        assert text.count(old) == 1, (module, old)
        assert old != new


SAMPLE = random.Random(3).sample(range(len(mutants.MUTANTS)), 3)  # noqa: S311 - the same ones each time


@in_all_cases
@pytest.mark.parametrize("number", SAMPLE[: cases(1, deep=3)])
def test_a_defect_of_the_sample_is_noticed(number: int) -> None:
    """The whole table is run by `python tests/iam/mutants.py`."""
    assert mutants.noticed(number)


def test_the_copy_that_a_defect_is_put_in_is_otherwise_the_source(tmp_path: Path) -> None:
    source = mutants.mutated(0, tmp_path)
    module, old, new = mutants.MUTANTS[0]
    original = (mutants.ROOT / "src/remit/iam" / f"{module}.py").read_text(encoding="utf-8")
    assert (source / "remit/iam" / f"{module}.py").read_text(encoding="utf-8") == original.replace(old, new)
