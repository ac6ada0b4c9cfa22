"""Batches that a function fails, whole or in part: what is tried again, and what is given up.

Those of streams are tried again until they succeed, are too old, or have been tried as often as the mapping says, whole
or in halves; what is given up goes to the mapping's destination. Items that a function reports count: a wrong name
fails the whole batch. The emulator tries a batch of a stream for ever and knows no partial failures of one; it takes a
message of SQS whose identifier is empty or unknown for processed, and deletes it. A message that a filter keeps back
comes again there with those of its batch that fail.

Sources: "How Lambda processes records from stream and queue-based event sources", "Handling errors for an SQS event
source in Lambda", success and failure conditions (AWS Lambda Developer Guide). The pauses are a second or two, as for
asynchronous invocations.
"""

from __future__ import annotations

import json
import time
import uuid
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from remit.local.emulator import during, emulated, instead_of
from remit.local.event_sources.destinations import DestinationRecord, Destinations, record_document
from remit.local.event_sources.streams import mapping_that_reads
from remit.local.functions.deployed_function import DeployedFunction
from remit.local.timestamp import timestamp

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Record = dict[str, Any]

_REPORTS: Final = "ReportBatchItemFailures"
_READS_QUEUE: Final[ContextVar[Mapping[str, Any] | None]] = ContextVar("reads_queue", default=None)
"""The mapping whose messages this thread hands to a function."""


def may_report(mapping: Mapping[str, Any]) -> bool:
    """Return whether a mapping has ReportBatchItemFailures, so that the items which its function reports count."""
    return _REPORTS in mapping.get("FunctionResponseTypes", ())


def reported_items(body: Any, *, of_queue: bool = False) -> tuple[object, ...]:
    """The identifiers of failed items that a function's answer has, as they are; none where it reports no failure.

    None stands for an item without an identifier, and for a list of failures that is none: no record has it. So does
    bytes that are no JSON, of a queue's batch; any other answer that is no report counts as success.
    """
    answer = body
    if isinstance(body, str | bytes):
        try:
            answer = json.loads(body)
        except ValueError:
            return (None,) if of_queue and isinstance(body, bytes) and body else ()
    failures = answer.get("batchItemFailures") if isinstance(answer, dict) else None
    if failures and not isinstance(failures, list):
        return (None,)  # it names no item of the batch, as an item without an identifier does
    return tuple(item.get("itemIdentifier") if isinstance(item, dict) else None for item in failures or ())


def fail_wrongly_reported_batches(service: Any) -> None:
    """Have messages of queues come again when a function names one wrongly; `service` is the emulator's Lambda.

    Messages that a filter keeps back are deleted, whatever becomes of the others.
    """

    @instead_of(service, "_run_sqs_batch")
    def ran(run: Any, mapping: Any, function: Any, event: Any, batch: Sequence[Any], url: str, name: str) -> None:
        """Delete the messages that a filter keeps back, and run the function on the others."""
        # What a filter keeps back is gone, whatever becomes of the others.
        numbers = [record["messageId"] for record in event["Records"]]
        kept_back = {message["receipt_handle"] for message in batch if message["id"] not in numbers}
        emulated("services.sqs")._delete_messages_for_esm(url, kept_back)
        messages = [message for message in batch if message["id"] in numbers]
        with during(_READS_QUEUE, mapping):
            run(mapping, function, event, messages, url, name)

    @instead_of(service, "_execute_function")
    def executed(execute: Any, record: Record, event: Any) -> Any:
        """Run a function; the result is an error where it reports a failed message that its batch does not have."""
        mapping = _READS_QUEUE.get()
        result = execute(record, event)
        if mapping is None or not may_report(mapping) or result.get("error"):
            return result
        messages = [message["messageId"] for message in event["Records"]]
        failed = reported_items(result.get("body"), of_queue=True)
        if any(item not in messages for item in failed):
            return {**result, "error": True}
        # In one form, since the emulator stops at a list that is null, which AWS takes for a success.
        return {**result, "body": {"batchItemFailures": [{"itemIdentifier": item} for item in failed]}}


_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 10.0
_RETRIES: Final = "MaximumRetryAttempts"
_OLDEST: Final = "MaximumRecordAgeInSeconds"
_NO_LIMIT: Final = -1
_DONE: Final[dict[str, Any]] = {"body": None, "log": ""}


@dataclass(frozen=True, slots=True)
class Batch:
    """Records that are run together, and how often they were."""

    records: Sequence[Record]
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class NextStep:
    """What a mapping does after a run: which batches it runs next, and what it gives up.

    `pause` is how long it waits before that, in seconds, and `next_pause` how long after the next failure. `condition`
    says why it has given up the batch `given_up`; both are empty where it has not.
    """

    waiting: tuple[Batch, ...]
    pause: float
    next_pause: float
    condition: str = ""
    given_up: Batch | None = None


@dataclass(frozen=True, slots=True)
class FailedBatches:
    """Runs the batches of streams, in the threads that read these."""

    destinations: Destinations
    service: Any
    """The emulator's module `lambda_svc`."""

    def take_hold(self) -> None:
        """Run what a mapping has read until all of it succeeded or was given up."""

        @instead_of(self.service, "_execute_function")
        def executed(execute: Any, record: Record, event: Any) -> Any:
            mapping = mapping_that_reads()
            return self._run_all(mapping, event["Records"], execute) if mapping else execute(record, event)

    def _run_all(self, mapping_id: str, records: Sequence[Record], execute: Any) -> Any:
        """Run a function on records that a mapping has read until all succeeded or were given up; the result is empty.

        It is an error, at which the emulator keeps its place, only where the mapping is off, or it, or its function, is
        gone.
        """
        waiting: tuple[Batch, ...] = (Batch(records),)
        pause = _FIRST_PAUSE
        result: Any = _DONE
        while waiting:
            mapping = self.service._esms.get(mapping_id)
            function: Record | None = None
            if mapping is not None and mapping.get("Enabled", True):
                name, qualifier = mapping["FunctionName"], mapping.get("Qualifier")
                function, _ = self.service._get_func_record_for_qualifier(name, qualifier)
            if function is None:
                return {**result, "error": True}
            result = execute(function, {"Records": list(waiting[0].records)})
            step = next_step(waiting, result, mapping, time.time(), pause)
            if step.given_up is not None:
                self._hand_over(mapping, function, step.condition, step.given_up)
            time.sleep(step.pause)
            waiting, pause = step.waiting, step.next_pause
        return _DONE

    def _hand_over(self, mapping: Mapping[str, Any], function: Record, condition: str, batch: Batch) -> None:
        """Send the record of a batch that is given up to the mapping's destination, if it has one.

        `condition` is RetryAttemptsExhausted or MaxRecordAgeExceeded. The record tells where the batch is, and only in
        a bucket what it has.
        """
        destination = ((mapping.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
        if not destination:
            return
        deployed = DeployedFunction.of(function["config"])
        first, last = batch.records[0], batch.records[-1]
        arn = deployed.configuration["FunctionArn"]
        invocations = max(batch.attempts, 1)  # that a batch is halved counts as no attempt, and it was invoked
        document = {
            **record_document(str(uuid.uuid4()), arn, deployed.version, condition, invocations),
            "KinesisBatchInfo" if "kinesis" in first else "DDBStreamBatchInfo": {
                "shardId": _shard(first),
                "startSequenceNumber": _sequence_number(first),
                "endSequenceNumber": _sequence_number(last),
                "approximateArrivalOfFirstRecord": timestamp(_arrival(first)),
                "approximateArrivalOfLastRecord": timestamp(_arrival(last)),
                "batchSize": len(batch.records),
                "streamArn": mapping["EventSourceArn"],
            },
        }
        stored = {**document, "payload": json.dumps({"Records": list(batch.records)})}
        record = DestinationRecord(
            failed=True, document=document, stored=stored, object_name=f"{mapping['UUID']}/{_shard(first)}"
        )
        self.destinations.send(deployed, str(destination), record)


def next_step(
    waiting: tuple[Batch, ...], result: Mapping[str, Any], mapping: Mapping[str, Any], now: float, pause: float
) -> NextStep:
    """What a mapping does after its function has answered for the first batch that waits, at `now` (since 1970).

    `pause` is how long it waits after this failure, if it is one. What is tried again comes before what waits.
    """
    batch, *others = waiting
    if result.get("throttle"):  # the function has not run, so that no attempt counts
        return NextStep(waiting, pause, pause)
    rest = _rest(batch, result, mapping)
    retries, oldest = (int(mapping.get(name, _NO_LIMIT)) for name in (_RETRIES, _OLDEST))
    condition = ""
    if rest and retries != _NO_LIMIT and rest[0].attempts > retries:
        condition = "RetryAttemptsExhausted"
    elif rest and oldest != _NO_LIMIT and now - _arrival(rest[0].records[0]) > oldest:
        condition = "MaxRecordAgeExceeded"
    if condition:
        return NextStep((*rest[1:], *others), 0.0, pause, condition, rest[0])
    if len(rest) == 1:
        return NextStep((*rest, *others), pause, min(2 * pause, _LONGEST_PAUSE))
    return NextStep((*rest, *others), 0.0, _FIRST_PAUSE)  # all of it succeeded, or its halves run at once


def _rest(batch: Batch, result: Mapping[str, Any], mapping: Mapping[str, Any]) -> list[Batch]:
    """Return the batches to run again: none, all of it, its halves, or the part from the first failed item on.

    Halving is no attempt; a part that begins later starts with one.
    """
    if result.get("error"):
        half = len(batch.records) // 2
        if half and str(mapping.get("BisectBatchOnFunctionError", False)).lower() == "true":
            return [Batch(batch.records[:half], batch.attempts), Batch(batch.records[half:], batch.attempts)]
        return [Batch(batch.records, batch.attempts + 1)]
    if not may_report(mapping):
        return []
    numbers: list[object] = [_sequence_number(record) for record in batch.records]
    # An item that is not of the batch is reported wrongly, which fails all of it.
    places = [numbers.index(item) if item in numbers else 0 for item in reported_items(result.get("body"))]
    if not places:
        return []
    first = min(places)
    return [Batch(batch.records[first:], batch.attempts + 1 if first == 0 else 1)]


def _shard(record: Record) -> str:
    """The id of the shard of a record; one that stands for all of a table's stream."""
    if "kinesis" in record:
        return str(record["eventID"]).partition(":")[0]
    return "shardId-00000000000000000000-00000000"


def _sequence_number(record: Record) -> str:
    return str(record["kinesis"]["sequenceNumber"] if "kinesis" in record else record["dynamodb"]["SequenceNumber"])


def _arrival(record: Record) -> float:
    """When a record came, in seconds since 1970."""
    if "kinesis" in record:
        return float(record["kinesis"]["approximateArrivalTimestamp"])
    return float(record["dynamodb"]["ApproximateCreationDateTime"])
