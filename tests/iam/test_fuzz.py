"""What fuzzing found stays mended, and every target of `fuzz.py` takes random bytes."""

from __future__ import annotations

import json

import pytest

from iam import fuzz


@pytest.mark.parametrize("name", fuzz.TARGETS)
def test_nothing_but_an_error_for_people_comes_of_random_bytes(name: str) -> None:
    watch = fuzz.Watch(name)
    for data in fuzz.random_inputs(name, 300, seed=5):
        watch(data)
    assert json.loads(watch.line())["inputs"] == 300


def test_a_target_fails_when_anything_else_escapes() -> None:
    watch = fuzz.Watch("policy")

    def broken(_: bytes) -> None:
        raise KeyError

    watch.target = broken
    with pytest.raises(KeyError):
        watch(b"{}")
