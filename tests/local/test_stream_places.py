"""Where a mapping reads a stream, each step of remit by itself: placed, saved, loaded, and looked at again."""

from __future__ import annotations

import math
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, Final

import pytest

from emulator_copies import copied, stub
from remit.local.event_sources import streams
from remit.local.event_sources.streams import StreamPollers, mapping_that_reads
from remit.local.stack_operations import ResourceOperation

if TYPE_CHECKING:
    from collections.abc import Callable

ACCOUNT, REGION = "666655554444", "eu-west-1"
STREAM: Final = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/clicks"
TABLE: Final = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/orders/stream/2026"
MAPPING: Final = "AWS::Lambda::EventSourceMapping"


class Scoped:
    """A store of the emulator's, with accounts and regions in its keys."""

    def __init__(self, data: dict[Any, Any]) -> None:
        self._data = data

    def get_scoped(self, *key: str) -> Any:
        return self._data.get(key)


class Emulator:
    """Copies of Lambda, Kinesis and DynamoDB, with a stream of two shards and a table with two records."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.placed: list[tuple[str, str, str]] = []
        self.records = [{"ApproximateArrivalTimestamp": moment} for moment in (10.0, 20.0, 30.0)]
        shards = {"full": {"records": self.records}, "empty": {"records": []}}
        self.kinesis = copied(
            monkeypatch, "services.kinesis", _streams=Scoped({(ACCOUNT, REGION, "clicks"): {"shards": shards}})
        )
        self.tables = copied(monkeypatch, "services.dynamodb")
        self.tables.stream_end_position = lambda table, *, account_id, region: (
            2 if (table, account_id, region) == ("orders", ACCOUNT, REGION) else 0
        )
        self.functions = copied(
            monkeypatch, "services.lambda_svc",
            _esms=Scoped({}), _dynamodb_stream_positions=Scoped({}), _kinesis_positions={},
        )  # fmt: skip
        place = self.functions._init_stream_position
        self.functions._init_stream_position = stub(place, lambda *call: self.placed.append(call))
        self.functions._create_esm = self._create

    def _create(self, data: dict[str, Any]) -> str:
        self.functions._init_stream_position("m", data["EventSourceArn"], data["StartingPosition"])
        return "made"


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Emulator:
    return Emulator(monkeypatch)


STARTS: Final = {
    ("LATEST", None): 3,
    ("TRIM_HORIZON", None): 0,
    ("AT_TIMESTAMP", 20): 1,
    ("AT_TIMESTAMP", 31): 3,
    ("UNKNOWN", None): 3,
}


@pytest.mark.parametrize("by_stack", [False, True], ids=["call", "stack"])
@pytest.mark.parametrize(("start", "position"), STARTS.items())
def test_a_mapping_that_is_made_starts_in_each_shard_where_it_says(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, start: tuple[str, Any], position: int, *, by_stack: bool
) -> None:
    checks: list[Callable[[ResourceOperation], None]] = []
    monkeypatch.setattr(streams, "before_each", checks.append)
    functions = emulator.functions
    functions._kinesis_positions["m"] = {"full": 2}  # of an earlier mapping, which counts no more
    mapping = {"EventSourceArn": STREAM, "StartingPosition": start[0], "StartingPositionTimestamp": start[1]}

    def make() -> None:
        streams._place_mappings_when_they_are_made()
        if by_stack:
            checks[0](ResourceOperation("create", MAPPING, "s", "M", "", mapping))
            checks[0](ResourceOperation("create", "AWS::SQS::Queue", "s", "Q", "", {"StartingPositionTimestamp": 5}))
            functions._init_stream_position("m", STREAM, start[0])
        else:
            assert "made" == functions._create_esm(mapping)

    copy_context().run(make)
    assert ({"full": position, "empty": 0}, [("m", STREAM, start[0])]) == (
        functions._kinesis_positions["m"],
        emulator.placed,
    )


@pytest.mark.parametrize("source", [TABLE, f"{STREAM}-that-is-gone", STREAM.replace(REGION, "us-east-1")])
def test_a_mapping_of_no_stream_that_is_here_is_placed_by_the_emulator_alone(emulator: Emulator, source: str) -> None:
    streams._place_mappings_when_they_are_made()
    emulator.functions._init_stream_position("m", source, "LATEST")
    assert ({}, [("m", source, "LATEST")]) == (emulator.functions._kinesis_positions, emulator.placed)


def test_the_records_of_tables_are_saved_and_loaded_with_them(emulator: Emulator) -> None:
    tables, loaded = emulator.tables, []
    tables.get_state = lambda: {"tables": "t"}
    tables.load_persisted_state = loaded.append
    tables._stream_records, tables._stream_trimmed, tables._closed_streams = {"a": [1]}, {"a": 2}, {"a": 3}
    streams._save_records_of_tables()
    state = tables.get_state()
    assert {
        "tables": "t",
        "stream_records": {"a": [1]},
        "stream_trimmed": {"a": 2},
        "closed_streams": {"a": 3},
    } == state
    tables._stream_records, tables._stream_trimmed, tables._closed_streams = {}, {}, {"b": 4}
    tables.load_persisted_state({"tables": "t"})  # saved by an earlier remit
    assert {} == tables._stream_records
    tables.load_persisted_state(state)
    assert [{"tables": "t"}, state] == loaded
    assert ({"a": [1]}, {"a": 2}, {"a": 3, "b": 4}) == (
        tables._stream_records,
        tables._stream_trimmed,
        tables._closed_streams,
    )


def test_once_the_state_is_loaded_no_mapping_is_beyond_the_end_of_its_source(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads: list[Callable[[], None]] = []
    monkeypatch.setattr(streams, "when_state_is_loaded", loads.append)
    functions, places = emulator.functions, {name: (ACCOUNT, REGION, name) for name in "abcd"}
    sources = {"a": STREAM, "b": TABLE, "c": TABLE}
    functions._esms = Scoped({places[name]: {"EventSourceArn": source} for name, source in sources.items()})
    functions._esms._data[places["d"]] = {}
    functions._kinesis_positions = Scoped({places["a"]: {"full": 9, "empty": 1, "gone": 5}})
    functions._dynamodb_stream_positions = Scoped({places["b"]: 9, places["c"]: 1})
    streams._end_positions_at_the_last_record_loaded()
    loads[0]()
    assert {places["a"]: {"full": 3, "empty": 0, "gone": 5}} == functions._kinesis_positions._data
    assert {places["b"]: 2, places["c"]: 1} == functions._dynamodb_stream_positions._data


NEVER, JUST = -math.inf, math.inf
"""When a mapping was last looked at."""


@pytest.mark.parametrize(
    ("source", "options", "position", "looked", "poll"),
    [
        (STREAM, {}, {"full": 3, "empty": 0}, NEVER, "kinesis"),
        (STREAM, {}, {"full": 3, "empty": 0}, JUST, None),
        (STREAM, {}, {"full": 2, "empty": 0}, JUST, "kinesis"),
        (STREAM, {"Enabled": True}, {"full": 2, "empty": 0}, JUST, "kinesis"),
        (STREAM, {"Enabled": False}, {"full": 2, "empty": 0}, NEVER, None),
        (TABLE, {}, 2, NEVER, "tables"),
        (TABLE, {}, 2, JUST, None),
        (TABLE, {}, 1, JUST, "tables"),
        (f"arn:aws:sqs:{REGION}:{ACCOUNT}:q", {}, None, NEVER, None),
    ],
)
def test_a_stream_is_read_where_it_has_something_or_was_long_not_looked_at(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, source: str, options: Any, position: Any, looked: float,
    poll: str | None,
) -> None:  # fmt: skip
    functions, read = emulator.functions, []
    monkeypatch.setattr(StreamPollers, "_read", lambda _self, mapping_id, poll: read.append((mapping_id, poll())))
    place = (ACCOUNT, REGION, "m")
    functions._iter_all_esms = lambda: iter([(ACCOUNT, REGION, {"UUID": "m", "EventSourceArn": source, **options})])
    functions._kinesis_positions = Scoped({place: position} if source == STREAM else {})
    functions._dynamodb_stream_positions = Scoped({place: position} if source == TABLE else {})
    functions._poll_kinesis, functions._poll_dynamodb_streams = lambda: "kinesis", lambda: "tables"
    pollers = StreamPollers(_looked={"m": looked})
    pollers.take_hold()
    assert (False, False, 0.002) == (
        functions._poll_kinesis(),
        functions._poll_dynamodb_streams(),
        functions._ESM_IDLE_WAKE_GAP_SECONDS,
    )
    assert ([] if poll is None else [("m", poll)]) == read
    assert (poll is None) == (pollers._looked["m"] == looked)


def test_a_thread_reads_on_while_a_look_finds_something_or_another_was_asked_for() -> None:
    pollers, looks = StreamPollers(_reading={"m", "other"}), []
    found = iter([True, ValueError, False, False])

    def poll() -> bool:
        looks.append((mapping_that_reads(), sorted(pollers._reading), sorted(pollers._to_read_again)))
        result = next(found)
        if len(looks) in (2, 3):
            pollers._read("m", poll)  # a look that is asked for meanwhile, also by a look that fails
        if result is ValueError:
            raise ValueError
        return bool(result)

    copy_context().run(pollers._read_all_there_is, "m", poll)
    assert [("m", ["m", "other"], [])] * 4 == looks
    assert ({"other"}, set(), "") == (pollers._reading, pollers._to_read_again, mapping_that_reads())


def test_positions_are_kept_by_all_that_moves_them(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = (
        "_save_records_of_tables",
        "_place_mappings_when_they_are_made",
        "_move_back_when_records_expire",
        "_end_positions_at_the_last_record_loaded",
    )
    taken: list[str] = []
    for name in steps:
        monkeypatch.setattr(streams, name, lambda name=name: taken.append(name))
    streams.keep_stream_positions()
    assert list(steps) == taken
