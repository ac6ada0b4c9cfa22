"""The emulator saves the same state as ever, in less time."""

from __future__ import annotations

import importlib
import sys
from contextlib import suppress
from copy import deepcopy
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from emulator_copies import copied
from remit.local import saved_state
from remit.local.saved_state import copy_stores_in_one_step, leave_the_last_save_to_remit, write_what_changed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

STATE = {"queues": {"orders": {"url": "http://localhost/orders", "messages": [{"body": b"\x00\xff"}, {"body": "é"}]}}}


@pytest.fixture(autouse=True)
def _emulator_as_it_was(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No other test gets what these change of the emulator, or modules of it that it does not have already."""
    before = set(sys.modules)
    for name, changed in (("ministack.core.persistence", "save_state"), ("ministack.app", "save_all")):
        module = importlib.import_module(name)
        monkeypatch.setattr(module, changed, getattr(module, changed))
    yield
    for name in set(sys.modules) - before:
        if name.partition(".")[0] == "ministack":
            del sys.modules[name]


@pytest.fixture
def persistence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The emulator's module that saves, into a folder of the test's."""
    module = importlib.import_module("ministack.core.persistence")
    monkeypatch.setattr(module, "PERSIST_STATE", True)
    monkeypatch.setattr(module, "STATE_DIR", str(tmp_path))
    return module


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
    tmp_path: Path, persistence: Any
) -> None:
    def save() -> None:
        persistence.save_state("sqs", STATE)

    assert writes_of(save) > 1
    by_the_emulator = (tmp_path / "sqs.json").read_bytes()
    write_what_changed()
    assert 1 == writes_of(save)
    assert by_the_emulator == (tmp_path / "sqs.json").read_bytes()
    assert STATE == persistence.load_state("sqs")


def test_a_state_is_written_again_only_when_it_changed_or_its_file_is_gone(tmp_path: Path, persistence: Any) -> None:
    write_what_changed()
    writes = [
        writes_of(lambda: persistence.save_state("sqs", {"queues": ["orders"]})),
        writes_of(lambda: persistence.save_state("sqs", {"queues": ["orders"]})),
        writes_of(lambda: persistence.save_state("sqs", {"queues": []})),
    ]
    (tmp_path / "sqs.json").unlink()
    writes.append(writes_of(lambda: persistence.save_state("sqs", {"queues": []})))
    assert [1, 0, 1, 1] == writes
    assert {"queues": []} == persistence.load_state("sqs")


def test_a_state_that_cannot_be_written_is_told_leaves_no_part_and_is_tried_again(
    tmp_path: Path, persistence: Any, caplog: pytest.LogCaptureFixture
) -> None:
    write_what_changed()
    (tmp_path / "sqs.json").mkdir()
    persistence.save_state("sqs", STATE)
    assert [(tmp_path / "sqs.json")] == list(tmp_path.iterdir())
    assert "failed to save sqs" in caplog.text
    (tmp_path / "sqs.json").rmdir()
    persistence.save_state("sqs", STATE)
    assert STATE == persistence.load_state("sqs")


def test_a_state_that_is_nested_too_deeply_is_told_and_the_others_are_saved(
    tmp_path: Path, persistence: Any, caplog: pytest.LogCaptureFixture
) -> None:
    write_what_changed()
    nested: list[Any] = []
    for _ in range(100_000):
        nested = [nested]
    persistence.save_all({"s3": lambda: {"tags": nested}, "sqs": lambda: STATE})
    assert [(tmp_path / "sqs.json")] == list(tmp_path.iterdir())
    assert "failed to save s3" in caplog.text


def test_a_store_is_copied_with_all_that_is_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    responses: Any = importlib.import_module("ministack.core.responses")
    for kind in (responses.AccountScopedDict, responses.AccountRegionScopedDict):
        monkeypatch.setattr(kind, "__deepcopy__", None, raising=False)
        monkeypatch.delattr(kind, "__deepcopy__")
        store = kind()
        store["orders"] = {"messages": [1]}
        by_the_emulator = deepcopy(store)
        copy_stores_in_one_step()
        copied = deepcopy(store)
        store["orders"]["messages"].append(2)
        assert (kind, by_the_emulator._data) == (type(copied), copied._data)


def test_the_end_of_the_emulator_saves_nothing_since_remit_does_right_after() -> None:
    emulator: Any = importlib.import_module("ministack.app")
    assert "save_all" in emulator._handle_lifespan.__code__.co_names
    leave_the_last_save_to_remit()
    asked: list[str] = []
    emulator.save_all({"sqs": lambda: asked.append("sqs")})
    assert [] == asked


def test_nothing_is_written_while_the_emulator_is_not_to_keep_its_state(
    tmp_path: Path, persistence: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_what_changed()
    monkeypatch.setattr(persistence, "PERSIST_STATE", False)
    persistence.save_state("sqs", STATE)
    assert [] == list(tmp_path.iterdir())


def test_the_states_of_services_with_many_items_are_what_they_hold_and_no_copies(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    modules = [copied(monkeypatch, f"services.{name}") for name in ("cloudwatch_logs", "kinesis", "sqs")]
    for name in ("app", "core.persistence"):
        copied(monkeypatch, name)
    responses: Any = importlib.import_module("ministack.core.responses")
    for kind in (responses.AccountScopedDict, responses.AccountRegionScopedDict):
        monkeypatch.setattr(kind, "__deepcopy__", None, raising=False)
    names = [set(module.get_state()) for module in modules]
    saved_state.save_quickly()
    states = [module.get_state() for module in modules]
    assert names == [set(state) for state in states]
    for module, state in zip(modules, states, strict=True):
        assert all(part is getattr(module, f"_{name}") for name, part in state.items())


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("", None),
        ("ssm cannot be read", "it is not whole, or a newer remit has written it"),
        ("s3 does not fit", "no part 'buckets'"),
    ],
)
def test_each_state_that_is_kept_is_loaded_and_damage_of_one_ends_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], damage: str, told: str | None
) -> None:
    loaded: list[tuple[str, object]] = []

    class Module:
        def __init__(self, name: str) -> None:
            self.name = name

        def load_persisted_state(self, state: object) -> None:
            if damage == f"{self.name} does not fit":
                raise ValueError("no part 'buckets'")
            loaded.append((self.name, state))

    states: dict[str, Any] = {"sqs": {"queues": 1}, "ssm": None, "sns": {}, "s3": {"buckets": 2}}
    if damage == "ssm cannot be read":
        (tmp_path / "ssm.json").touch()
    app = copied(
        monkeypatch, "app", _load_persisted_state=lambda: loaded.append(("by the emulator", None)),
        _state_map={name: f"services.{name}" for name in states}, load_state=states.get,
        _get_module=lambda name: Module(name.removeprefix("services.")),
    )  # fmt: skip

    def end(status: int) -> None:
        raise SystemExit(status)

    monkeypatch.setattr(saved_state, "os", SimpleNamespace(_exit=end))
    saved_state.refuse_damaged_state(tmp_path)
    if told is None:
        app._load_persisted_state()
        assert [("sqs", {"queues": 1}), ("s3", {"buckets": 2})] == loaded
        return
    with pytest.raises(SystemExit) as ended:
        app._load_persisted_state()
    assert ([("sqs", {"queues": 1})], 1) == (loaded, ended.value.code)
    first, second = capsys.readouterr().out.splitlines()
    file = str(tmp_path / f"{damage.partition(' ')[0]}.json")
    assert f"the state in {file!r} cannot be read: {told}" == first
    assert "move that file elsewhere to go on without it; `remit local reset` forgets all state" == second


def test_other_threads_wait_while_a_save_is_undisturbed_and_no_longer_also_after_an_error() -> None:
    intervals = [sys.getswitchinterval()]
    with suppress(KeyError), saved_state.undisturbed():
        intervals.append(sys.getswitchinterval())
        raise KeyError
    intervals.append(sys.getswitchinterval())
    assert [intervals[0], 1.0, intervals[0]] == pytest.approx(intervals)
