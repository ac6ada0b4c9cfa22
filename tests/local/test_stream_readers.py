"""Who reads a stream: each mapping in a thread of its own, from where it was, also when records have expired."""

from __future__ import annotations

import importlib
import threading
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from random_cases import cases
from remit.local.event_sources import streams
from terminals import HANGS

ACCOUNT, REGION = "000000000000", "us-east-1"
PLACE = (ACCOUNT, REGION, "reader")
STREAM = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/clicks"
TABLE = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/orders/stream/2026"


@pytest.fixture(scope="module")
def emulator(own_emulator: None) -> Any:  # noqa: ARG001 - its modules are those of this file
    """The emulator's Kinesis, DynamoDB and Lambda."""
    services = ("kinesis", "dynamodb", "lambda_svc")
    return {name: importlib.import_module(f"ministack.services.{name}") for name in services}


@pytest.fixture(scope="module")
def expire(emulator: Any) -> Any:
    """What lets the records of a stream expire, with what remit does then."""
    streams._move_back_when_records_expire()
    return emulator["kinesis"]._expire_records


SHARDS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 6)), min_size=1, max_size=3)
"""Of each shard, how many records are too old, how many are not, and how many a mapping has read."""


@settings(max_examples=cases(12, deep=500), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SHARDS)
def test_what_was_not_read_when_records_expire_is_what_is_read_next(
    emulator: Any, expire: Any, shards: list[tuple[int, int, int]]
) -> None:
    functions = emulator["lambda_svc"]
    never = 1e12  # seconds since 1970, which are not over
    records = {
        f"shard-{number}": [{"ApproximateArrivalTimestamp": moment} for moment in [0.0] * old + [never] * new]
        for number, (old, new, _) in enumerate(shards)
    }
    read = {name: min(shards[number][2], len(records[name])) for number, name in enumerate(records)}
    unread = {
        name: [record for record in records[name][read[name] :] if record["ApproximateArrivalTimestamp"]]
        for name in records
    }
    stream = {"StreamARN": STREAM, "RetentionPeriodHours": 24, "shards": {}}
    stream["shards"] = {name: {"records": list(records[name])} for name in records}
    functions._esms._data.clear()
    functions._esms._data |= {PLACE: {"EventSourceArn": STREAM}, (*PLACE[:2], "other"): {"EventSourceArn": TABLE}}
    functions._kinesis_positions._data[PLACE] = positions = dict(read)
    functions._kinesis_positions._data[*PLACE[:2], "other"] = of_other = dict(read)
    expire(stream)
    assert unread == {name: stream["shards"][name]["records"][positions[name] :] for name in records}
    assert read == of_other


def test_a_mapping_has_read_everything_when_it_is_at_the_end_of_each_shard_or_of_its_table(emulator: Any) -> None:
    functions = emulator["lambda_svc"]
    shards = {"a": {"records": [1, 2]}, "b": {"records": []}}
    assert not streams.has_read_everything(PLACE, STREAM)  # there is no such stream
    emulator["kinesis"]._streams._data[ACCOUNT, REGION, "clicks"] = {"shards": shards}
    told = {}
    for positions in ({}, {"a": 2}, {"a": 1, "b": 0}, {"a": 2, "b": 0}):
        functions._kinesis_positions._data[PLACE] = positions
        told[str(positions)] = streams.has_read_everything(PLACE, STREAM)
    assert [False, False, False, True] == list(told.values())
    emulator["dynamodb"]._stream_records._data[ACCOUNT, REGION, "orders"] = [{}, {}]
    for position, is_all in ((1, False), (2, True)):
        functions._dynamodb_stream_positions._data[PLACE] = position
        assert is_all == streams.has_read_everything(PLACE, TABLE)
    del functions._dynamodb_stream_positions._data[PLACE]


def test_a_stream_that_is_read_already_is_read_once_more_and_by_nobody_else(emulator: Any) -> None:
    functions, begun, goes_on, looks = emulator["lambda_svc"], threading.Event(), threading.Event(), []

    def poll() -> bool:
        looks.append([mapping["UUID"] for *_, mapping in functions._iter_all_esms()])
        begun.set()
        assert goes_on.wait(HANGS)
        return False

    mappings = [{"UUID": name, "EventSourceArn": STREAM + name} for name in ("first", "second")]
    mappings.append({"UUID": "queue", "EventSourceArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:orders"})
    functions._iter_all_esms = lambda: iter([(ACCOUNT, REGION, mapping) for mapping in mappings])
    functions._poll_kinesis = poll
    streams.StreamPollers().take_hold()
    before = set(threading.enumerate())
    for _ in range(3):
        functions._poll_kinesis()
    assert begun.wait(HANGS)
    readers = set(threading.enumerate()) - before
    assert 2 == len(readers)
    goes_on.set()
    for reader in readers:
        reader.join(HANGS)
    assert [["first"]] * 2 + [["second"]] * 2 == sorted(looks)
    assert ["first", "second", "queue"] == [mapping["UUID"] for *_, mapping in functions._iter_all_esms()]
