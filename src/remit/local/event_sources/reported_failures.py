"""Items that a function reports to have failed of a batch. A wrong name fails the whole batch.

The emulator takes a message of SQS whose identifier is empty or unknown for processed, and deletes it.

Source: "Handling errors for an SQS event source in Lambda", success and failure conditions (AWS Lambda Developer
Guide).
"""

from __future__ import annotations

import json
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

from remit.local.emulator import instead_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    Record = dict[str, Any]

_REPORTS: Final = "ReportBatchItemFailures"
_READS_QUEUE: Final[ContextVar[Mapping[str, Any] | None]] = ContextVar("reads_queue", default=None)
"""The mapping whose messages this thread hands to a function."""


def may_report(mapping: Mapping[str, Any]) -> bool:
    """Return whether what a function answers to an event source mapping counts."""
    return _REPORTS in mapping.get("FunctionResponseTypes", ())


def reported_items(body: Any, *, of_queue: bool = False) -> tuple[object, ...]:
    """The identifiers that an answer has, as they are; none where it reports no failure, or is no report.

    What is no JSON fails a batch of a queue: it names no item. Of streams no page says so.
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
    """Have messages of queues come again when a function names one wrongly; `service` is the emulator's Lambda."""

    @instead_of(service, "_run_sqs_batch")
    def ran(run: Any, mapping: Mapping[str, Any], *batch: Any) -> None:
        token = _READS_QUEUE.set(mapping)
        try:
            run(mapping, *batch)
        finally:
            _READS_QUEUE.reset(token)

    @instead_of(service, "_execute_function")
    def executed(execute: Any, record: Record, event: Any) -> Any:
        mapping = _READS_QUEUE.get()
        result = execute(record, event)
        if mapping is None or not may_report(mapping) or result.get("error"):
            return result
        messages = [message["messageId"] for message in event["Records"]]
        is_right = all(item in messages for item in reported_items(result.get("body"), of_queue=True))
        return result if is_right else {**result, "error": True}
