"""A shard of Kinesis that is split or merged is closed, and keeps its records: what reads it reads it to its end.

The emulator forgets the shard with all that nobody has read yet. When it changes the number of shards it gives new ones
the ids of old ones, whose positions then skip records.

Source: "After a reshard" (Amazon Kinesis Data Streams Developer Guide).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from remit.local.emulator import emulated, instead_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Shards = dict[str, dict[str, Any]]

_CLOSED: Final = "closed_by_remit"
"""Where the emulator's record of a closed shard holds its last sequence number."""


def keep_closed_shards() -> None:
    """Have it so in the process that serves. Called once.

    Emulator: services/kinesis.py.
    Test: test_emulator_repairs.py::test_a_shard_that_is_split_is_gone_with_its_records,
    test_emulator_repairs.py::test_a_new_number_of_shards_gives_new_ones_the_ids_of_old_ones,
    test_stream_positions.py::test_a_shard_that_is_split_is_read_to_its_end_before_those_that_come_of_it.
    """
    kinesis = emulated("services.kinesis")
    for name in ("_split_shard", "_merge_shards", "_update_shard_count"):
        instead_of(kinesis, name)(_resharded)

    @instead_of(kinesis, "_route_to_shard")
    def route_to_open(route: Any, hash_key: int, stream: Mapping[str, Any]) -> Any:
        return route(hash_key, {**stream, "shards": _open(stream["shards"])})

    @instead_of(kinesis, "_shard_out")
    def described_with_end(described: Any, shard_id: str, shard: Mapping[str, Any]) -> Any:
        description = described(shard_id, shard)
        if _CLOSED in shard:
            description["SequenceNumberRange"]["EndingSequenceNumber"] = shard[_CLOSED]
        return description

    @instead_of(kinesis, "_describe_stream_summary")
    def summary_of_open(summary: Any, data: Mapping[str, Any]) -> Any:
        status, headers, body = summary(data)
        _, stream = kinesis._resolve_stream(data)
        if stream is not None:
            document = json.loads(body)
            document["StreamDescriptionSummary"]["OpenShardCount"] = len(_open(stream["shards"]))
            body = json.dumps(document).encode()
        return status, headers, body


def _open(shards: Shards) -> Shards:
    """Those that were neither split nor merged."""
    return {shard_id: shard for shard_id, shard in shards.items() if _CLOSED not in shard}


def _resharded(reshard: Callable[[Mapping[str, Any]], Any], data: Mapping[str, Any]) -> Any:
    """Do an operation that replaces shards, and keep those that it replaces."""
    kinesis = emulated("services.kinesis")
    _, stream = kinesis._resolve_stream(data)
    if stream is None:
        return reshard(data)
    before: Shards = stream["shards"]
    open_before = _open(before)
    first_number = kinesis._max_shard_index(stream) + 1
    stream["shards"] = dict(open_before)  # a closed shard is neither split nor counted
    try:
        answer = reshard(data)
    finally:  # the emulator fails with a hash key that is no number
        after: Shards = stream["shards"]
        stream["shards"] = before
    replaced = {shard_id: shard for shard_id, shard in open_before.items() if after.get(shard_id) is not shard}
    if len(replaced) == len(open_before):
        after = _new_ones(after, replaced, first_number)
    for shard in replaced.values():
        shard[_CLOSED] = kinesis._next_sequence_number()
    stream["shards"] = {**before, **after}
    return answer


def _new_ones(shards: Shards, replaced: Shards, first_number: int) -> Shards:
    """Shards that replace all others: with ids that no shard had, and the shards that they came from."""
    new_shards: Shards = {}
    for number, shard in enumerate(shards.values(), first_number):
        origins = [shard_id for shard_id, old in replaced.items() if _overlap(shard, old)][:2]
        ancestors = dict(zip(("parent_shard_id", "adjacent_parent_shard_id"), origins, strict=False))
        new_shards[f"shardId-{number:012d}"] = {**shard, **ancestors}
    return new_shards


def _overlap(shard: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether two shards have hash keys in common."""
    return int(shard["starting_hash_key"]) <= int(other["ending_hash_key"]) and int(other["starting_hash_key"]) <= int(
        shard["ending_hash_key"]
    )
