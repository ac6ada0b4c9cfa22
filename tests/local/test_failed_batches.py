"""What is tried again of a batch of a stream that failed, and when it is given up: by itself, without a stream."""

from __future__ import annotations

import json
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from remit.local.event_sources.failed_batches import Batch, FailedBatches, NextStep, next_step, reported_items

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.local.event_sources.destinations import DestinationRecord

FUNCTION = {"config": {"FunctionName": "measure", "FunctionArn": "arn:aws:lambda:eu-west-1:1:function:measure"}}
MAPPING = {"UUID": "m", "EventSourceArn": "arn:aws:kinesis:eu-west-1:1:stream/a", "FunctionName": "measure"}


class Sent:
    """Destinations that keep what is sent."""

    def __init__(self) -> None:
        self.documents: list[dict[str, Any]] = []
        self.records: list[DestinationRecord] = []

    def send(self, _function: object, _destination: str, record: DestinationRecord) -> None:
        self.documents.append(dict(record.document))
        self.records.append(record)


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


@pytest.mark.parametrize(
    ("body", "expected"),
    [(b"no JSON", (None,)), (b"", ()), ("text", ()), (None, ()), (b'{"batchItemFailures": []}', ())],
)
def test_of_a_queue_an_answer_that_is_no_json_fails_the_batch(body: object, expected: tuple[object, ...]) -> None:
    assert expected == reported_items(body, of_queue=True)


def test_the_record_of_a_batch_that_is_given_up_says_where_it_is_and_a_bucket_gets_it_whole() -> None:
    records = [record(number, age=100) for number in (1, 2, 3)]
    sent = Sent()
    mapping = {
        **MAPPING,
        "DestinationConfig": {"OnFailure": {"Destination": "arn:aws:s3:::b"}},
        "MaximumRetryAttempts": 0,
    }
    service: Any = SimpleNamespace(_esms={"m": mapping}, _get_func_record_for_qualifier=lambda *_: (FUNCTION, None))
    FailedBatches(sent, service)._run_all("m", records, lambda *_: {"error": True})  # type: ignore[arg-type]
    (given_up,) = sent.records
    batch = given_up.document["KinesisBatchInfo"]
    place = ("shardId-000000000000", "1", "3", 3, MAPPING["EventSourceArn"])
    names = ("shardId", "startSequenceNumber", "endSequenceNumber", "batchSize", "streamArn")
    assert place == tuple(batch[name] for name in names)
    assert batch["approximateArrivalOfFirstRecord"] <= batch["approximateArrivalOfLastRecord"]
    context = given_up.document["requestContext"]
    assert ("RetryAttemptsExhausted", 1) == (context["condition"], context["approximateInvokeCount"])
    assert {"Records": records} == json.loads(given_up.stored["payload"])
    assert "payload" not in given_up.document
    assert (True, "m/shardId-000000000000") == (given_up.failed, given_up.object_name)


OLD, NEW, LAST = (record(number, age) for number, age in ((1, 50.0), (2, 0.0), (3, 0.0)))
REPORTS = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}
WAITS = Batch([LAST])
WHOLE = Batch([OLD, NEW, LAST])


def failed(*numbers: object) -> dict[str, Any]:
    return {"body": {"batchItemFailures": [{"itemIdentifier": number} for number in numbers]}}


@pytest.mark.parametrize(
    ("result", "mapping", "pause", "expected"),
    [
        ({"error": True, "throttle": True}, {}, 4.0, NextStep((WHOLE, WAITS), 4.0, 4.0)),
        ({"error": True}, {}, 4.0, NextStep((Batch(WHOLE.records, 1), WAITS), 4.0, 8.0)),
        ({"error": True}, {}, 8.0, NextStep((Batch(WHOLE.records, 1), WAITS), 8.0, 10.0)),
        ({"error": True}, {"MaximumRetryAttempts": 1}, 4.0, NextStep((Batch(WHOLE.records, 1), WAITS), 4.0, 8.0)),
        ({"error": True}, {"MaximumRetryAttempts": 0}, 4.0,
         NextStep((WAITS,), 0.0, 4.0, "RetryAttemptsExhausted", Batch(WHOLE.records, 1))),
        ({"error": True}, {"MaximumRecordAgeInSeconds": 40}, 4.0,
         NextStep((WAITS,), 0.0, 4.0, "MaxRecordAgeExceeded", Batch(WHOLE.records, 1))),
        ({"error": True}, {"BisectBatchOnFunctionError": "true"}, 4.0,
         NextStep((Batch([OLD]), Batch([NEW, LAST]), WAITS), 0.0, 0.5)),
        (failed("3", "2"), REPORTS, 4.0, NextStep((Batch([NEW, LAST], 1), WAITS), 4.0, 8.0)),
        (failed("1"), REPORTS, 4.0, NextStep((Batch(WHOLE.records, 1), WAITS), 4.0, 8.0)),
        (failed("3", "9"), REPORTS, 4.0, NextStep((Batch(WHOLE.records, 1), WAITS), 4.0, 8.0)),
        (failed("3"), {}, 4.0, NextStep((WAITS,), 0.0, 0.5)),
        (failed("3"), {"FunctionResponseTypes": []}, 4.0, NextStep((WAITS,), 0.0, 0.5)),
        (failed(), REPORTS, 4.0, NextStep((WAITS,), 0.0, 0.5)),
    ],
)  # fmt: skip
def test_what_is_run_next_is_what_a_batch_leaves_and_then_those_that_wait(
    result: dict[str, Any], mapping: dict[str, Any], pause: float, expected: NextStep
) -> None:
    now = float(LAST["kinesis"]["approximateArrivalTimestamp"])
    assert expected == next_step((WHOLE, WAITS), result, mapping, now, pause)
