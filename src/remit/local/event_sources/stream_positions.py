"""Up to where Lambda has read each stream: neither a restart nor a new deploy loses a record.

The emulator keeps these positions over a restart, but not the records of tables, which they count: as many changes as
had been read before were skipped then. It takes the position in a Kinesis stream when it first reads, and so leaves out
what was written since the mapping was made. It takes a position at a time for the latest record.

Source: "Polling and stream starting positions", "How Lambda processes records from stream and queue-based event
sources" (AWS Lambda Developer Guide).
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

from remit.local.emulator import emulated, instead_of
from remit.local.saved_state import when_state_is_loaded
from remit.local.stack_operations import before_each

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.local.stack_operations import ResourceOperation

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
        place(mapping_id, source, starting_position)
        shards = _shards(source)
        if shards is not None and mapping_id not in functions._kinesis_positions:
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
    """Take back the positions of a mapping, by its account, region and id, that are behind the end of its source."""
    in_tables = functions._dynamodb_stream_positions._data
    if place in in_tables:
        in_tables[place] = min(in_tables[place], _end_in_table(place, source))
    shards = _shards(source) or {}
    positions = functions._kinesis_positions._data.get(place, {})
    for shard_id, position in positions.items():
        if shard_id in shards:
            positions[shard_id] = min(position, len(shards[shard_id]["records"]))


def _end_in_table(place: tuple[str, str, str], source: str) -> int:
    """The position behind the last record of a table's stream, by its ARN, for a mapping of that place."""
    tables = emulated("services.dynamodb")
    table = source.partition(":table/")[2].partition("/")[0]
    end: int = tables.stream_end_position(table, account_id=place[0], region=place[1])
    return end


def has_read_everything(place: tuple[str, str, str], source: str) -> bool:
    """Return whether a mapping, by its account, region and id, has read all records that its source has now."""
    functions = emulated("services.lambda_svc")
    in_table = functions._dynamodb_stream_positions._data.get(place)
    if in_table is not None:
        return bool(in_table == _end_in_table(place, source))
    shards, positions = _shards(source), functions._kinesis_positions._data.get(place)
    if shards is None or positions is None:
        return False
    return all(positions.get(shard_id) == len(shard["records"]) for shard_id, shard in tuple(shards.items()))


def _shards(source: str) -> Mapping[str, Any] | None:
    """The shards of a Kinesis stream, by its ARN; None where that is the ARN of something else."""
    parts = source.split(":")
    if parts[2:3] != ["kinesis"]:
        return None
    kinesis = emulated("services.kinesis")
    stream = kinesis._streams.get_scoped(parts[4], parts[3], source.partition(":stream/")[2])
    return None if stream is None else stream["shards"]
