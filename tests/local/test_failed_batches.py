"""What is tried again of a batch of a stream that failed, and when it is given up: by itself, without a stream."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from remit.local.event_sources.failed_batches import FailedBatches, reported_items

if TYPE_CHECKING:
    from collections.abc import Sequence

FUNCTION = {"config": {"FunctionName": "measure", "FunctionArn": "arn:aws:lambda:eu-west-1:1:function:measure"}}
MAPPING = {"UUID": "m", "EventSourceArn": "arn:aws:kinesis:eu-west-1:1:stream/a", "FunctionName": "measure"}


class Sent:
    """Destinations that keep what is sent."""

    def __init__(self) -> None:
        self.documents: list[dict[str, Any]] = []

    def send(self, _function: object, _destination: str, record: Any) -> None:
        self.documents.append(record.document)


def record(number: int, age: float = 0) -> dict[str, Any]:
    kinesis = {"sequenceNumber": str(number), "approximateArrivalTimestamp": time.time() - age}
    return {"eventID": f"shardId-000000000000:{number}", "kinesis": kinesis}


def run(
    records: Sequence[dict[str, Any]], results: list[dict[str, Any]], **options: Any
) -> tuple[list[list[str]], Any]:
    """The numbers of the records in each run, which ends with the results in turn, and what was sent."""
    runs: list[list[str]] = []
    sent = Sent()

    def execute(_function: object, event: dict[str, Any]) -> dict[str, Any]:
        runs.append([item["kinesis"]["sequenceNumber"] for item in event["Records"]])
        return results[len(runs) - 1]

    mapping = {**MAPPING, "DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sqs:eu-west-1:1:q"}}, **options}
    service: Any = SimpleNamespace(
        _esms={"m": mapping}, _get_func_record_for_qualifier=lambda _name, _qualifier: (FUNCTION, None)
    )
    FailedBatches(sent, service)._run_all("m", records, execute)  # type: ignore[arg-type]
    return runs, [document["requestContext"]["condition"] for document in sent.documents]


def test_a_record_that_is_older_than_the_mapping_takes_is_given_up_with_its_reason() -> None:
    assert ([["1"]], ["MaxRecordAgeExceeded"]) == run(
        [record(1, age=100)], [{"error": True}], MaximumRecordAgeInSeconds=60
    )


@pytest.mark.parametrize(
    ("mappings", "function"),
    [({"m": {**MAPPING, "Enabled": False}}, FUNCTION), ({}, FUNCTION), ({"m": MAPPING}, None)],
    ids=["off", "deleted", "of no function"],
)
def test_a_mapping_that_is_no_more_runs_nothing_and_keeps_its_place(mappings: Any, function: Any) -> None:
    service: Any = SimpleNamespace(_esms=mappings, _get_func_record_for_qualifier=lambda *_: (function, None))
    runs: list[object] = []
    result = FailedBatches(Sent(), service)._run_all("m", [record(1)], runs.append)  # type: ignore[arg-type]
    assert ([], True) == (runs, result["error"])


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("no JSON", ()),
        (None, ()),
        ('{"batchItemFailures": null}', ()),
        ('{"batchItemFailures": [{"itemIdentifier": "1"}, {}, 3]}', ("1", None, None)),
        ('{"batchItemFailures": 1}', (None,)),
        ('{"batchItemFailures": "a"}', (None,)),
    ],
)
def test_what_a_function_reports_is_read_as_it_is(body: object, expected: tuple[object, ...]) -> None:
    assert expected == reported_items(body)
