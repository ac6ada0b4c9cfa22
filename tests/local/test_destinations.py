"""What is sent where an invocation ended, read as the service reads it: the operation, and all of its parameters."""

from __future__ import annotations

import json
import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from remit.local.authorization.canonical_request import canonical_request
from remit.local.event_sources.asynchronous_invocations import AsynchronousInvocations, EventsOnTheWay
from remit.local.event_sources.destinations import DestinationRecord, Destinations, InvocationRecord
from remit.local.functions.deployed_function import DeployedFunction
from remit.local.request import ReceivedRequest
from terminals import HANGS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

OTHER = "eu-west-1:444455556666"
FUNCTION_ARN = "arn:aws:lambda:eu-central-1:111122223333:function:report"
FUNCTION = DeployedFunction.of({"FunctionName": "report", "FunctionArn": FUNCTION_ARN, "Role": "worker"})
FAILED = InvocationRecord(
    "0a1b", FUNCTION_ARN, "$LATEST", "RetriesExhausted", 3, {"n": 1}, {"errorMessage": "é" * 2000, "errorType": "E"}
)
ATTRIBUTES = {
    "RequestID": {"DataType": "String", "StringValue": "0a1b"},
    "ErrorCode": {"DataType": "Number", "StringValue": "200"},
    "ErrorMessage": {"DataType": "String", "StringValue": "é" * 1024},
}


class Sent:
    """What is sent to a server, and what a role is asked for before."""

    def __init__(self, *, may: bool = True) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.requests: list[tuple[str, str, str, dict[str, Any]]] = []
        self.may = may
        calls: Any = SimpleNamespace(may_act=self._may_act)
        self.destinations = Destinations(self._ask, calls)

    def _may_act(self, *access: str) -> bool:
        self.asked.append(access)
        return self.may

    def _ask(self, method: str, path: str, *, service: str, body: bytes, region: str, headers: Any) -> None:
        named = {name: (value,) for name, value in {**headers, "host": "127.0.0.1"}.items()}
        asked = canonical_request(ReceivedRequest(method, path, "", named), service, body)
        content = {**asked.parameters, "body": json.loads(body)} if service in ("lambda", "s3") else asked.parameters
        self.requests.append((service, region, asked.operation.name, dict(content)))


@pytest.fixture
def sent() -> Sent:
    return Sent()


def test_a_dead_letter_is_the_event_with_why_it_failed_as_attributes(sent: Sent) -> None:
    queue, topic = f"arn:aws:sqs:{OTHER}:dead", f"arn:aws:sns:{OTHER}:dead"
    for target in (queue, topic, f"arn:aws:lambda:{OTHER}:function:f"):
        sent.destinations.send_dead_letter(FUNCTION, target, FAILED)
    address = "http://127.0.0.1/444455556666/dead"
    message = {"QueueUrl": address, "MessageBody": '{"n": 1}', "MessageAttributes": ATTRIBUTES}
    published = {"TopicArn": topic, "Message": '{"n": 1}', "MessageAttributes": ATTRIBUTES}
    assert [
        ("sqs", "eu-west-1", "SendMessage", message),
        ("sns", "eu-west-1", "Publish", published),
    ] == sent.requests
    of_lambda = "worker", "lambda.amazonaws.com"
    assert [
        (*of_lambda, "sqs:SendMessage", queue, "report"),
        (*of_lambda, "sns:Publish", topic, "report"),
    ] == sent.asked


RECORDS: dict[str, Callable[[dict[str, Any]], Any]] = {
    f"arn:aws:sqs:{OTHER}:done": lambda parameters: json.loads(parameters["MessageBody"]),
    f"arn:aws:sns:{OTHER}:done": lambda parameters: json.loads(parameters["Message"]),
    f"arn:aws:lambda:{OTHER}:function:done": lambda parameters: parameters["body"],
    f"arn:aws:events:{OTHER}:event-bus/done": lambda parameters: json.loads(parameters["Entries"][0]["Detail"]),
    "arn:aws:s3:::done": lambda parameters: parameters["body"],
}


@pytest.mark.parametrize("destination", RECORDS)
def test_the_record_of_an_invocation_is_one_wherever_it_is_sent(sent: Sent, destination: str) -> None:
    sent.destinations.send(FUNCTION, destination, FAILED.record_for(FUNCTION))
    ((service, region, _, parameters),) = sent.requests
    record = RECORDS[destination](parameters)
    context = {"requestId": "0a1b", "functionArn": f"{FUNCTION_ARN}:$LATEST", "condition": "RetriesExhausted"}
    assert {**context, "approximateInvokeCount": 3} == record["requestContext"]
    assert (FAILED.event, FAILED.response) == (record["requestPayload"], record["responsePayload"])
    assert "Unhandled" == record["responseContext"]["functionError"]
    assert ("eu-central-1" if service == "s3" else "eu-west-1") == region
    resource = f"{destination}/*" if service == "s3" else destination
    assert [resource] == [access[3] for access in sent.asked]


def test_a_bucket_alone_gets_what_a_batch_had(sent: Sent) -> None:
    record = DestinationRecord(failed=True, document={"a": 1}, stored={"a": 1, "payload": "p"}, object_name="m/s")
    for target in (f"arn:aws:sqs:{OTHER}:done", "arn:aws:s3:::done"):
        sent.destinations.send(FUNCTION, target, record)
    (*_, of_queue), (*_, of_bucket) = sent.requests
    assert ('{"a": 1}', record.stored) == (of_queue["MessageBody"], of_bucket["body"])


def test_a_dead_letter_tells_no_reason_where_the_function_gave_none(sent: Sent) -> None:
    failed = InvocationRecord("0a1b", FUNCTION_ARN, "$LATEST", "RetriesExhausted", 3, {"n": 1}, "no object")
    sent.destinations.send_dead_letter(FUNCTION, f"arn:aws:sqs:{OTHER}:dead", failed)
    assert {"RequestID", "ErrorCode"} == set(sent.requests[0][3]["MessageAttributes"])


def test_an_event_of_an_invocation_tells_how_it_ended(sent: Sent) -> None:
    for condition in ("Success", "RetriesExhausted"):
        record = InvocationRecord("0a1b", f"{FUNCTION_ARN}:live", "2", condition, 1, {}, {})
        sent.destinations.send(FUNCTION, f"arn:aws:events:{OTHER}:event-bus/done", record.record_for(FUNCTION))
    entries = [entry for _, _, _, parameters in sent.requests for entry in parameters["Entries"]]
    ends = [f"Lambda Function Invocation Result - {end}" for end in ("Success", "Failure")]
    assert ends == [entry["DetailType"] for entry in entries]
    assert [("lambda", "done")] * 2 == [(entry["Source"], entry["EventBusName"]) for entry in entries]
    records = [json.loads(entry["Detail"]) for entry in entries]
    assert [False, True] == ["functionError" in record["responseContext"] for record in records]
    assert [f"{FUNCTION_ARN}:live"] * 2 == [record["requestContext"]["functionArn"] for record in records]


def test_nothing_is_sent_that_the_functions_role_may_not() -> None:
    sent = Sent(may=False)
    sent.destinations.send(FUNCTION, f"arn:aws:sqs:{OTHER}:done", FAILED.record_for(FUNCTION))
    assert ([], 1) == (sent.requests, len(sent.asked))


def options(name: str) -> dict[str, Any]:
    ends = {"OnSuccess": f"{name}-done", "OnFailure": f"{name}-failed"}
    destinations = {end: {"Destination": f"arn:aws:sqs:{OTHER}:{queue}"} for end, queue in ends.items()}
    return {"MaximumRetryAttempts": 0, "DestinationConfig": destinations}


class OneFunction:
    """Lambda with one function, which fails where the event says so."""

    def __init__(self) -> None:
        stored = {"event_invoke_config": options("own"), "event_invoke_configs": {"live": options("live")}}
        self._functions = {"report": stored}
        self.runs = 0

    def _execute_function(self, _record: Any, event: str) -> dict[str, Any]:
        self.runs += 1
        return {"body": {"errorMessage": "no"}, "error": True} if event == "fails" else {"body": event}


@pytest.mark.parametrize(
    ("invoked", "event", "queues"),
    [
        (FUNCTION_ARN, "works", ["own-done"]),
        (FUNCTION_ARN, "fails", ["own-failed", "dead"]),
        (f"{FUNCTION_ARN}:live", "works", ["live-done"]),
        (f"{FUNCTION_ARN}:live", "fails", ["live-failed", "dead"]),
        (f"{FUNCTION_ARN}:new", "works", []),
    ],
)
def test_an_event_ends_where_the_options_of_what_was_invoked_say(
    sent: Sent, tmp_path: Path, invoked: str, event: str, queues: list[str]
) -> None:
    function, dead = OneFunction(), {"TargetArn": f"arn:aws:sqs:{OTHER}:dead"}
    configuration = {"FunctionName": "report", "FunctionArn": invoked, "DeadLetterConfig": dead}
    before = set(threading.enumerate())
    AsynchronousInvocations(sent.destinations, function, EventsOnTheWay(tmp_path)).invoke(
        {"config": configuration}, event
    )
    for thread in set(threading.enumerate()) - before:
        thread.join(HANGS)
    assert queues == [parameters["QueueUrl"].rpartition("/")[2] for *_, parameters in sent.requests]
    assert (1, []) == (function.runs, list(tmp_path.iterdir()))
