"""The emulator saves the same state as ever, in less time."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

import pytest

from remit.local.saved_state import encode_in_one_piece, leave_the_last_save_to_remit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

STATE = {"queues": {"orders": {"url": "http://localhost/orders", "messages": [{"body": b"\x00\xff"}, {"body": "é"}]}}}


@pytest.fixture(autouse=True)
def _emulator_as_it_was(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No other test gets what these change of the emulator, or modules of it that it does not have already."""
    before = set(sys.modules)
    for name, changed in (("ministack.core.persistence", "json"), ("ministack.app", "save_all")):
        module = importlib.import_module(name)
        monkeypatch.setattr(module, changed, getattr(module, changed))
    yield
    for name in set(sys.modules) - before:
        if name.partition(".")[0] == "ministack":
            del sys.modules[name]


def writes_of(work: Callable[[], None]) -> int:
    """How often something writes to a file."""
    writes = 0

    def count(_frame: object, event: str, function: Any) -> None:
        nonlocal writes
        writes += event == "c_call" and function.__name__ == "write"

    sys.setprofile(count)
    work()
    sys.setprofile(None)
    return writes


def test_a_state_is_written_in_one_piece_and_has_the_bytes_that_the_emulator_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    persistence: Any = importlib.import_module("ministack.core.persistence")
    monkeypatch.setattr(persistence, "PERSIST_STATE", True)
    monkeypatch.setattr(persistence, "STATE_DIR", str(tmp_path))

    def save() -> None:
        persistence.save_state("sqs", STATE)

    assert writes_of(save) > 1
    by_the_emulator = (tmp_path / "sqs.json").read_bytes()
    encode_in_one_piece()
    assert 1 == writes_of(save)
    assert by_the_emulator == (tmp_path / "sqs.json").read_bytes()
    assert STATE == persistence.load_state("sqs")


def test_the_end_of_the_emulator_saves_nothing_since_remit_does_right_after() -> None:
    emulator: Any = importlib.import_module("ministack.app")
    assert "save_all" in emulator._handle_lifespan.__code__.co_names
    leave_the_last_save_to_remit()
    asked: list[str] = []
    emulator.save_all({"sqs": lambda: asked.append("sqs")})
    assert [] == asked
