"""What is tried again of a batch of a stream that failed, and when it is given up: by itself, without a stream."""

from __future__ import annotations

import json
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import pytest

from remit.local.emulator import during
from remit.local.event_sources import failed_batches, streams
from remit.local.event_sources.failed_batches import Batch, FailedBatches, NextStep, next_step, reported_items

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.local.event_sources.destinations import DestinationRecord
    from remit.local.functions.deployed_function import DeployedFunction

FUNCTION = {"config": {"FunctionName": "measure", "FunctionArn": "arn:aws:lambda:eu-west-1:1:function:measure"}}
MAPPING = {"UUID": "m", "EventSourceArn": "arn:aws:kinesis:eu-west-1:1:stream/a", "FunctionName": "measure"}


class Sent:
    """Destinations that keep what is sent."""

    def __init__(self) -> None:
        self.documents: list[dict[str, Any]] = []
        self.records: list[DestinationRecord] = []
        self.places: list[tuple[str, str]] = []

    def send(self, function: DeployedFunction, destination: str, record: DestinationRecord) -> None:
        self.places.append((function.name, destination))
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
        (b"no JSON", ()),
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


S3: Final = "arn:aws:s3:::b"
ARRIVALS: Final = ("1970-01-01T00:00:01.500Z", "1970-01-01T00:00:03.500Z")
OF_KINESIS: Final = [
    {"eventID": f"shardId-7:{n}", "kinesis": {"sequenceNumber": f"0{n}", "approximateArrivalTimestamp": n + 0.5}}
    for n in (1, 2, 3)
]
OF_TABLE: Final = [{"dynamodb": {"SequenceNumber": f"0{n}", "ApproximateCreationDateTime": n + 0.5}} for n in (1, 2, 3)]


@pytest.mark.parametrize(
    ("records", "kind", "shard"),
    [
        (OF_KINESIS, "KinesisBatchInfo", "shardId-7"),
        (OF_TABLE, "DDBStreamBatchInfo", "shardId-00000000000000000000-00000000"),
    ],
    ids=["Kinesis", "table"],
)
def test_the_record_of_a_batch_that_is_given_up_says_where_it_is_and_a_bucket_gets_it_whole(
    records: list[dict[str, Any]], kind: str, shard: str
) -> None:
    sent = Sent()
    mapping = {
        **MAPPING,
        "DestinationConfig": {"OnFailure": {"Destination": S3}},
        "MaximumRetryAttempts": 0,
    }
    service: Any = SimpleNamespace(_esms={"m": mapping}, _get_func_record_for_qualifier=lambda *_: (FUNCTION, None))
    result = FailedBatches(sent, service)._run_all("m", records, lambda *_: {"error": True})  # type: ignore[arg-type]
    assert {"body": None, "log": ""} == result
    (given_up,) = sent.records
    document = dict(given_up.document)
    assert {**document, "payload": json.dumps({"Records": records})} == given_up.stored
    assert 36 == len(document["requestContext"].pop("requestId"))
    assert document.pop("timestamp").endswith("Z")
    assert document == {
        "version": "1.0",
        "requestContext": {
            "functionArn": "arn:aws:lambda:eu-west-1:1:function:measure",
            "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": 1,
        },
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        kind: {
            "shardId": shard,
            "startSequenceNumber": "01",
            "endSequenceNumber": "03",
            "approximateArrivalOfFirstRecord": ARRIVALS[0],
            "approximateArrivalOfLastRecord": ARRIVALS[1],
            "batchSize": 3,
            "streamArn": MAPPING["EventSourceArn"],
        },
    }
    assert (True, f"m/{shard}", "measure", S3) == (given_up.failed, given_up.object_name, *sent.places[0])


@pytest.mark.parametrize("configured", [None, {}, {"OnFailure": None}, {"OnFailure": {"Destination": ""}}])
def test_what_is_given_up_is_lost_without_a_destination(configured: Any) -> None:
    results = [{"error": True}, {}]
    assert ([["1"]], []) == run([record(1)], results, MaximumRetryAttempts=0, DestinationConfig=configured)


def test_a_mapping_runs_what_it_names_waits_longer_after_each_failure_and_stops_when_it_is_turned_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(failed_batches, "time", SimpleNamespace(time=lambda: 0.0, sleep=pauses.append))
    mapping, named, runs = {**MAPPING, "Qualifier": "live"}, [], []

    def function_of(name: str, qualifier: str | None) -> Any:
        named.append((name, qualifier))
        return FUNCTION, None

    def execute(function: Any, event: Any) -> dict[str, Any]:
        runs.append((function, event))
        mapping["Enabled"] = len(runs) < 3
        return {"error": True, "throttle": len(runs) == 2, "body": len(runs)}

    service: Any = SimpleNamespace(
        _esms={"m": mapping}, _get_func_record_for_qualifier=function_of, _execute_function=execute
    )
    FailedBatches(Sent(), service).take_hold()  # type: ignore[arg-type]
    records = [record(1), record(2)]
    with during(streams._ONLY, "m"):
        result = service._execute_function(FUNCTION, {"Records": tuple(records)})
    assert {"error": True, "throttle": False, "body": 3} == result
    assert [(FUNCTION, {"Records": records})] * 3 == runs
    assert ([("measure", "live")] * 3, [0.5, 1.0, 1.0]) == (named, pauses)
    assert {"error": True, "throttle": False, "body": 4} == service._execute_function("other", {"of": "no stream"})
    assert ("other", {"of": "no stream"}) == runs[3]


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
        ({"error": True}, {"BisectBatchOnFunctionError": "true", "MaximumRecordAgeInSeconds": 40}, 4.0,
         NextStep((Batch([NEW, LAST]), WAITS), 0.0, 4.0, "MaxRecordAgeExceeded", Batch([OLD]))),
        ({"error": True}, {"BisectBatchOnFunctionError": False}, 4.0,
         NextStep((Batch(WHOLE.records, 1), WAITS), 4.0, 8.0)),
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


def test_a_batch_of_one_is_not_halved_and_halves_keep_the_attempts_of_their_batch() -> None:
    now, bisects = float(LAST["kinesis"]["approximateArrivalTimestamp"]), {"BisectBatchOnFunctionError": True}
    step = next_step((Batch([LAST], 2),), {"error": True}, bisects, now, 4.0)
    assert NextStep((Batch([LAST], 3),), 4.0, 8.0) == step
    step = next_step((Batch([NEW, LAST], 2),), {"error": True}, bisects, now, 4.0)
    assert NextStep((Batch([NEW], 2), Batch([LAST], 2)), 0.0, 0.5) == step
    step = next_step((Batch([NEW, LAST], 2),), failed("2"), REPORTS, now, 4.0)
    assert NextStep((Batch([NEW, LAST], 3),), 4.0, 8.0) == step
    limits = {"MaximumRetryAttempts": -1, "MaximumRecordAgeInSeconds": -1}
    assert NextStep((Batch([OLD], 10),), 4.0, 8.0) == next_step((Batch([OLD], 9),), {"error": True}, limits, now, 4.0)


def test_a_record_may_be_as_old_as_the_mapping_says_and_no_older() -> None:
    kinesis = {"sequenceNumber": "4", "approximateArrivalTimestamp": 1000.0}
    batch = Batch([{"eventID": "shardId-7:4", "kinesis": kinesis}])
    tried = Batch(batch.records, 1)
    oldest = {"MaximumRecordAgeInSeconds": 40}
    assert NextStep((tried,), 4.0, 8.0) == next_step((batch,), {"error": True}, oldest, 1040.0, 4.0)
    given_up = NextStep((), 0.0, 4.0, "MaxRecordAgeExceeded", tried)
    assert given_up == next_step((batch,), {"error": True}, oldest, 1040.5, 4.0)


def test_a_batch_of_which_halves_are_too_old_was_invoked_once_by_its_record() -> None:
    sent: Any = Sent()
    options = {"BisectBatchOnFunctionError": True, "MaximumRecordAgeInSeconds": 60}
    mapping = {**MAPPING, **options, "DestinationConfig": {"OnFailure": {"Destination": S3}}}
    service: Any = SimpleNamespace(_esms={"m": mapping}, _get_func_record_for_qualifier=lambda *_: (FUNCTION, None))
    records = [record(1, age=100), record(2)]
    results = iter([{"error": True}, {}])
    FailedBatches(sent, service)._run_all("m", records, lambda *_: next(results))
    (document,) = sent.documents
    context = document["requestContext"]
    assert ("MaxRecordAgeExceeded", 1) == (context["condition"], context["approximateInvokeCount"])
    assert (1, "1") == (document["KinesisBatchInfo"]["batchSize"], document["KinesisBatchInfo"]["endSequenceNumber"])


def reported(*identifiers: object) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in identifiers]}


@pytest.mark.parametrize(
    ("mapping", "result", "expected"),
    [
        (REPORTS, {"body": reported("m2"), "log": "l"}, {"body": reported("m2"), "log": "l"}),
        (REPORTS, {"body": None, "log": "l"}, {"body": reported(), "log": "l"}),
        (REPORTS, {"body": reported("m1", "m9")}, {"body": reported("m1", "m9"), "error": True}),
        (REPORTS, {"body": b"no JSON"}, {"body": b"no JSON", "error": True}),
        (REPORTS, {"body": {"errorType": "E"}, "error": True}, {"body": {"errorType": "E"}, "error": True}),
        ({}, {"body": reported("m9")}, {"body": reported("m9")}),
        (None, {"body": reported("m9")}, {"body": reported("m9")}),
    ],
)
def test_the_result_of_a_batch_of_a_queue_is_an_error_where_it_names_another_message(
    mapping: Any, result: dict[str, Any], expected: dict[str, Any]
) -> None:
    service: Any = SimpleNamespace(_run_sqs_batch=None, _execute_function=lambda *_: result)
    failed_batches.fail_wrongly_reported_batches(service)
    batch = {"Records": [{"messageId": "m1"}, {"messageId": "m2"}]}
    with during(failed_batches._READS_QUEUE, mapping):
        assert expected == service._execute_function(FUNCTION, batch)
