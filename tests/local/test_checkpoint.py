"""The data of one moment, noted and put back, with services that are no more than their stores."""

from __future__ import annotations

import copy
import os
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import pytest

from remit.local.checkpoint import _CONTAINERS, _SERVICES, Checkpoint

if TYPE_CHECKING:
    from pathlib import Path


class Store:
    """A store of the emulator's, of all accounts."""

    def __init__(self, **data: Any) -> None:
        self._data: dict[str, Any] = data


class Service:
    """A service whose whole state is data: stores, and one part that is none."""

    def __init__(self, **stores: Store) -> None:
        self.stores = stores
        self.count = 1
        for name, store in stores.items():
            setattr(self, f"_{name}", store)

    def get_state(self) -> dict[str, Any]:
        return {**{name: store._data for name, store in self.stores.items()}, "count": {"of all": self.count}}

    def load_persisted_state(self, state: dict[str, Any]) -> None:
        for name, store in self.stores.items():
            store._data.update(state.get(name, {}))
        self.count = state["count"].get("of all", 0)


class Emulator:
    """The modules that are loaded, in the place of the emulator's."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch
        for name in (*_SERVICES, *_CONTAINERS, "kinesis", "lambda_svc"):
            monkeypatch.delitem(sys.modules, f"ministack.services.{name}", raising=False)

    def load(self, name: str, module: Any) -> Any:
        self.monkeypatch.setitem(sys.modules, f"ministack.services.{name}", module)
        return module

    def containers(self, name: str) -> dict[str, Store]:
        stores = {store: Store(a={"in": [store]}) for store in _CONTAINERS[name]}
        self.load(name, SimpleNamespace(**stores))
        return stores


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Emulator:
    return Emulator(monkeypatch)


def test_all_data_is_put_back_as_it_was_and_what_was_not_used_then_is_emptied(
    emulator: Emulator, tmp_path: Path
) -> None:
    services = {name: emulator.load(name, Service(items=Store(a=[1], b={"c": [2]}))) for name in ("sqs", "scheduler")}
    containers = {name: emulator.containers(name) for name in ("s3", "cognito")}
    before = copy.deepcopy([service.get_state() for service in services.values()])
    held = copy.deepcopy([store._data for stores in containers.values() for store in stores.values()])
    checkpoint = Checkpoint(tmp_path / "s3")
    assert {"services": ["scheduler", "sqs"]} == checkpoint.take()
    for _ in range(2):  # as often as there are tests
        for service in services.values():
            service._items._data["a"].append(3)
            service._items._data["b"]["c"].clear()
            service._items._data["new"], service.count = 1, 7
        late = emulator.load("ssm", Service(items=Store(x=1)))
        groups = emulator.containers("cloudwatch_logs")
        for stores in containers.values():
            for store in stores.values():
                store._data["a"]["in"].append("more")
                store._data["new"] = 1
        assert {"services": ["scheduler", "sqs"]} == checkpoint.restore()
        assert before == [service.get_state() for service in services.values()]
        assert held == [store._data for stores in containers.values() for store in stores.values()]
        assert ({}, 0, {}) == (late._items._data, late.count, groups["_log_groups"]._data)


def test_the_contents_of_objects_are_put_back_by_their_files(emulator: Emulator, tmp_path: Path) -> None:
    assert emulator
    contents = tmp_path / "state" / "s3"
    checkpoint = Checkpoint(contents)
    checkpoint.take()
    (contents / "shop").mkdir(parents=True)
    (contents / "shop" / "a").write_text("first")
    checkpoint.restore()
    assert not contents.exists()
    (contents / "shop").mkdir(parents=True)
    (contents / "shop" / "a").write_text("first")
    checkpoint.take()
    replaced = contents / "shop" / "a.tmp"
    replaced.write_text("second")
    replaced.replace(contents / "shop" / "a")
    (contents / "shop" / "b").write_text("new")
    checkpoint.restore()
    assert {"a": "first"} == {path.name: path.read_text() for path in (contents / "shop").iterdir()}
    (contents / "shop" / "a").unlink()
    checkpoint.restore()
    assert "first" == (contents / "shop" / "a").read_text()


def test_without_links_contents_are_copied(emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert emulator

    def refuse(_source: str, _target: str) -> None:
        raise OSError

    monkeypatch.setattr(os, "link", refuse)
    (tmp_path / "s3").mkdir()
    (tmp_path / "s3" / "a").write_text("x")
    checkpoint = Checkpoint(tmp_path / "s3")
    checkpoint.take()
    (tmp_path / "s3" / "a").write_text("y")  # it is another file than the noted one
    checkpoint.restore()
    assert "x" == (tmp_path / "s3" / "a").read_text()


SHARDS: Final = ("s1", "s2")


def test_records_of_streams_are_gone_when_data_is_put_back_and_their_readers_go_on_behind_them(
    emulator: Emulator, tmp_path: Path
) -> None:
    tables: Any = Service(tables=Store(t=1))
    tables._stream_records, tables._stream_trimmed = Store(t=["r"], u=["r", "r"], v=[]), Store(t=5)
    tables.get_state = lambda: {"tables": {"t": 1}, "count": {}, "stream_records": {}, "stream_trimmed": {"t": 5}}
    loaded: list[dict[str, Any]] = []
    tables.load_persisted_state = loaded.append
    emulator.load("dynamodb", tables)
    streams = {"clicks": {"shards": {name: {"records": [1, 2]} for name in SHARDS}}}
    emulator.load("kinesis", SimpleNamespace(_streams=Store(**streams)))
    reads = dict.fromkeys(SHARDS, 2)
    functions = emulator.load("lambda_svc", SimpleNamespace(_kinesis_positions=Store(m=reads)))
    checkpoint = Checkpoint(tmp_path / "s3")
    assert {"services": ["dynamodb"]} == checkpoint.take()
    assert ({"t": ["r"], "u": ["r", "r"], "v": []}, {"t": 5}) == (
        tables._stream_records._data,
        tables._stream_trimmed._data,
    )
    checkpoint.restore()
    assert [{"tables": {"t": 1}, "count": {}}] == loaded
    assert {"t": [], "u": [], "v": []} == tables._stream_records._data
    assert {"t": 6, "u": 2, "v": 0} == tables._stream_trimmed._data
    assert [[], []] == [shard["records"] for shard in streams["clicks"]["shards"].values()]
    assert ({"m": dict.fromkeys(SHARDS, 0)}, dict.fromkeys(SHARDS, 2)) == (functions._kinesis_positions._data, reads)
