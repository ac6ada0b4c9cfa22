"""Up to where Lambda has read each stream: a restart or a new deploy loses no record.

The emulator keeps these positions over a restart, but not the records of tables, which they count: as many changes as
had been read before were skipped then. It takes the position in a Kinesis stream when it first reads, and so leaves out
what was written since the mapping was made. It takes a position at a time for the latest record.

Source: "Polling and stream starting positions", "How Lambda processes records from stream and queue-based event
sources" (AWS Lambda Developer Guide).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final

from remit.local.emulator import emulated, instead_of, service_of
from remit.local.saved_state import when_state_is_loaded
from remit.local.stack_operations import ResourceOperation, before_each

STREAM_STATE: Final = ("stream_records", "stream_trimmed", "closed_streams")
"""What belongs to the state of tables beside what the emulator saves: the records of their streams, and how many
have expired, which a position counts, too."""
_MAPPING: Final = "AWS::Lambda::EventSourceMapping"
_START_TIME: Final[ContextVar[Any]] = ContextVar("start_time", default=None)
"""Where a mapping that is about to be made starts to read, in seconds since 1970."""


def keep_stream_positions() -> None:
    """Have positions and records go together, in the process that serves. Called once, before it loads its state."""
    _save_records_of_tables()
    _place_mappings_when_they_are_made()
    _move_back_when_records_expire()
    _end_positions_at_the_last_record_loaded()


def _save_records_of_tables() -> None:
    """Save the records of the streams of tables in the file of the tables, so that both are of one moment."""
    tables = emulated("services.dynamodb")

    @instead_of(tables, "get_state")
    def state(get_state: Any) -> dict[str, Any]:
        return {**get_state(), **{name: getattr(tables, f"_{name}") for name in STREAM_STATE}}

    @instead_of(tables, "load_persisted_state")
    def loaded(load: Any, data: Mapping[str, Any]) -> None:
        load(data)
        for name in STREAM_STATE:
            getattr(tables, f"_{name}").update(data.get(name, {}))


def _place_mappings_when_they_are_made() -> None:
    """A mapping that starts with the latest record reads each one that is put after it was made."""
    functions = emulated("services.lambda_svc")
    kinesis = emulated("services.kinesis")

    @instead_of(functions, "_init_stream_position")
    def placed(place: Any, mapping_id: str, source: str, starting_position: str) -> None:
        """Place a new mapping, in each shard of a Kinesis stream where it says; behind the last record for LATEST."""
        place(mapping_id, source, starting_position)
        shards = _shards(source)
        if shards is not None:
            positions = {}
            for shard_id, shard in shards.items():
                start = kinesis._start_position(shard["records"], starting_position, "", _START_TIME.get())
                positions[shard_id] = len(shard["records"]) if start is None else start
            functions._kinesis_positions[mapping_id] = positions

    @instead_of(functions, "_create_esm")
    def created(create: Any, data: Mapping[str, Any]) -> Any:
        _START_TIME.set(data.get("StartingPositionTimestamp"))
        return create(data)

    def note_start(operation: ResourceOperation) -> None:
        if operation.type == _MAPPING:
            _START_TIME.set(operation.properties.get("StartingPositionTimestamp"))

    before_each(note_start)


def _move_back_when_records_expire() -> None:
    """A position in a shard counts the records that are there: when the first ones expire, it moves back with them."""
    kinesis = emulated("services.kinesis")
    functions = emulated("services.lambda_svc")

    @instead_of(kinesis, "_expire_records")
    def expired(expire: Any, stream: Mapping[str, Any]) -> None:
        """Remove a stream's expired records, and move the positions of its mappings back by their number."""
        before = {shard_id: len(shard["records"]) for shard_id, shard in stream["shards"].items()}
        expire(stream)
        expired_records = {
            shard_id: before[shard_id] - len(shard["records"]) for shard_id, shard in stream["shards"].items()
        }
        if not any(expired_records.values()):
            return
        for place, mapping in list(functions._esms._data.items()):
            positions = functions._kinesis_positions._data.get(place)
            if positions is not None and mapping["EventSourceArn"] == stream["StreamARN"]:
                for shard_id, position in positions.items():
                    positions[shard_id] = max(0, position - expired_records.get(shard_id, 0))


def _end_positions_at_the_last_record_loaded() -> None:
    """No position is behind the last record: what was read after the last save of a killed server is no more.

    The files of a save are written one after the other, and those of another version of remit may lack the records.
    """

    def end_positions() -> None:
        functions = emulated("services.lambda_svc")
        for place, mapping in functions._esms._data.items():
            _end_at_the_last_record(functions, place, str(mapping.get("EventSourceArn", "")))

    when_state_is_loaded(end_positions)


def _end_at_the_last_record(functions: Any, place: tuple[str, str, str], source: str) -> None:
    """Move positions of a mapping (account, region, id) that are beyond the end of its source back to that end."""
    in_tables = functions._dynamodb_stream_positions._data
    if place in in_tables:
        in_tables[place] = min(in_tables[place], _end_in_table(place, source))
    shards = _shards(source) or {}
    positions = functions._kinesis_positions._data.get(place, {})
    for shard_id in positions.keys() & shards.keys():
        positions[shard_id] = min(positions[shard_id], len(shards[shard_id]["records"]))


def _end_in_table(place: tuple[str, str, str], source: str) -> int:
    """The position behind the last record of a table's stream, by its ARN, for a mapping of that place."""
    tables = emulated("services.dynamodb")
    table = source.partition(":table/")[2].partition("/")[0]
    end: int = tables.stream_end_position(table, account_id=place[0], region=place[1])
    return end


def has_read_everything(place: tuple[str, str, str], source: str) -> bool:
    """Return whether a mapping, by its account, region and id, has read all records that its source has now.

    False for one without a position yet, or whose source is no stream that is here.
    """
    functions = emulated("services.lambda_svc")
    in_table = functions._dynamodb_stream_positions._data.get(place)
    if in_table is not None:
        return bool(in_table == _end_in_table(place, source))
    shards, positions = _shards(source), functions._kinesis_positions._data.get(place)
    if shards is None or positions is None:
        return False
    return all(positions.get(shard_id) == len(shard["records"]) for shard_id, shard in tuple(shards.items()))


def _shards(source: str) -> Mapping[str, Any] | None:
    """The emulator's own shards of a Kinesis stream (ARN), by their ids; None: there is no such stream."""
    if service_of(source) != "kinesis":
        return None
    parts = source.split(":")  # arn:partition:kinesis:region:account:stream/NAME
    kinesis = emulated("services.kinesis")
    stream = kinesis._streams.get_scoped(parts[4], parts[3], source.partition(":stream/")[2])
    return None if stream is None else stream["shards"]


_GAP_SECONDS: Final = 0.002
"""How long the thread that looks into the queues waits after a look that found nothing, when it is woken again.

Each end of a function wakes it: the emulator's 50 ms are what the next message waits then.
"""
_LOOK_SECONDS: Final = 1.0
"""How often a stream of which everything is read is looked at, whatever wakes that thread."""
_ONLY: Final[ContextVar[str]] = ContextVar("only", default="")
"""The id of the mapping that this thread reads for; "": for all."""


def mapping_that_reads() -> str:
    """The id of the mapping that this thread reads a stream for; "" where it reads for none."""
    return _ONLY.get()


@dataclass(slots=True)
class StreamPollers:
    """The threads that read streams now: one for each mapping at most, and none where there is nothing to read."""

    _reading: set[str] = field(default_factory=set)
    _to_read_again: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _looked: dict[str, float] = field(default_factory=dict)
    """When a thread was last started, by the ids of mappings."""

    def take_hold(self) -> None:
        """Read streams in threads of their own, in the process that serves; called before others choose mappings."""
        functions = emulated("services.lambda_svc")
        polls = {"kinesis": functions._poll_kinesis, "dynamodb": functions._poll_dynamodb_streams}

        # All of them, and not the chosen ones alone: `read_all` starts a thread for each.
        all_mappings = functions._iter_all_esms

        @instead_of(functions, "_iter_all_esms")
        def chosen_mappings(_all_mappings: Any) -> Iterator[tuple[str, str, dict[str, Any]]]:
            only = _ONLY.get()
            for account, region, mapping in all_mappings():
                if only in ("", mapping["UUID"]):
                    yield account, region, mapping

        @instead_of(functions, "_poll_kinesis")
        def read_all(_poll_kinesis: Any) -> bool:
            """Start a thread for each mapping that is on, and has something to read or was long not looked at."""
            for account, region, mapping in all_mappings():
                mapping_id = str(mapping["UUID"])
                poll = polls.get(service_of(str(mapping.get("EventSourceArn", ""))))
                if poll is None or not mapping.get("Enabled", True):
                    continue
                now = time.monotonic()
                is_due = now - self._looked.get(mapping_id, 0.0) >= _LOOK_SECONDS
                if is_due or not has_read_everything((account, region, mapping_id), mapping["EventSourceArn"]):
                    self._looked[mapping_id] = now
                    self._read(mapping_id, poll)
            return False  # the emulator's own loop has processed nothing, and may sleep

        # `read_all` reads the streams of tables, too.
        instead_of(functions, "_poll_dynamodb_streams")(lambda _poll: False)
        functions._ESM_IDLE_WAKE_GAP_SECONDS = _GAP_SECONDS

    def _read(self, mapping_id: str, poll: Callable[[], bool]) -> None:
        """Start a thread that reads for a mapping; where one does already, it looks once more when it is done."""
        with self._lock:
            if mapping_id in self._reading:
                self._to_read_again.add(mapping_id)
                return
            self._reading.add(mapping_id)
        threading.Thread(target=self._read_all_there_is, args=(mapping_id, poll), daemon=True).start()

    def _read_all_there_is(self, mapping_id: str, poll: Callable[[], bool]) -> None:
        """Read for a mapping until a look finds nothing, and nobody has asked for another meanwhile.

        A look that fails is logged, and counts as one that finds nothing.
        """
        _ONLY.set(mapping_id)
        is_done = False
        while not is_done:
            has_processed = False
            try:
                has_processed = poll()
            except Exception:  # as the emulator does: the next look tries again
                logging.getLogger("lambda").exception("the stream of mapping %s cannot be read", mapping_id)
            with self._lock:
                is_done = not has_processed and mapping_id not in self._to_read_again
                self._to_read_again.discard(mapping_id)
                if is_done:
                    self._reading.discard(mapping_id)
