"""What is sent where an invocation ended, read as the service reads it: the operation, and all of its parameters."""

from __future__ import annotations

import json
import re
import threading
import uuid
from contextvars import copy_context
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote

import pytest

from remit.catalogue.arns import Arn, parse
from remit.local.authorization.canonical_request import canonical_request
from remit.local.emulator import place_of_request
from remit.local.event_sources import asynchronous_invocations
from remit.local.event_sources.asynchronous_invocations import AsynchronousInvocations, EventsOnTheWay
from remit.local.event_sources.destinations import (
    DestinationRecord,
    DestinationRequest,
    Destinations,
    InvocationRecord,
    _publication,
    _request,
)
from remit.local.functions.deployed_function import DeployedFunction
from remit.local.functions.lambda_service import REQUEST_ID
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


def arn_of(text: str) -> Arn:
    arn = parse(text)
    assert arn is not None
    return arn


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


OWN_ARN = "arn:aws:lambda:eu-central-1:111122223333:report"
ENTRY = {
    "Source": "lambda", "DetailType": "Lambda Function Invocation Result - Failure",
    "Resources": [f"arn:aws:events:{OTHER}:event-bus/done", OWN_ARN], "Detail": '{"a": 1}', "EventBusName": "done",
}  # fmt: skip
MESSAGE = {"QueueUrl": "http://127.0.0.1/444455556666/done", "MessageBody": '{"a": 1}', "MessageAttributes": {}}
AMZ_JSON = "application/x-amz-json-1."
FORM = "application/x-www-form-urlencoded"
PUBLICATION = f"Action=Publish&Version=2010-03-31&TopicArn={quote(f'arn:aws:sns:{OTHER}:done', safe='')}"
REQUESTS = {
    f"arn:aws:sqs:{OTHER}:done": DestinationRequest(
        "sqs:SendMessage", "sqs", "/", json.dumps(MESSAGE).encode(),
        {"content-type": f"{AMZ_JSON}0", "x-amz-target": "AmazonSQS.SendMessage"}),
    f"arn:aws:sns:{OTHER}:done": DestinationRequest(
        "sns:Publish", "sns", "/", f"{PUBLICATION}&Message=%7B%22a%22%3A+1%7D".encode(), {"content-type": FORM}),
    f"arn:aws:lambda:{OTHER}:function:done:live": DestinationRequest(
        "lambda:InvokeFunction", "lambda", "/2015-03-31/functions/done%3Alive/invocations", b'{"a": 1}',
        {"content-type": "application/json", "x-amz-invocation-type": "Event"}),
    f"arn:aws:events:{OTHER}:event-bus/done": DestinationRequest(
        "events:PutEvents", "events", "/", json.dumps({"Entries": [ENTRY]}).encode(),
        {"content-type": f"{AMZ_JSON}1", "x-amz-target": "AWSEvents.PutEvents"}),
    f"arn:aws:logs:{OTHER}:log-group:done": None,
}  # fmt: skip


@pytest.mark.parametrize("destination", REQUESTS)
def test_a_record_is_sent_by_the_request_of_its_destinations_service(destination: str) -> None:
    record = DestinationRecord(failed=True, document={"a": 1}, stored={"b": 2}, object_name="m/s")
    assert REQUESTS[destination] == _request(arn_of(destination), FUNCTION, record)


def test_an_object_of_a_bucket_is_named_by_its_record_its_day_and_its_second() -> None:
    record = DestinationRecord(failed=True, document={"a": 1}, stored={"b": 2}, object_name="m/s")
    request = _request(arn_of("arn:aws:s3:::done"), FUNCTION, record)
    assert request is not None
    assert request == DestinationRequest("s3:PutObject", "s3", request.path, b'{"b": 2}', {}, "PUT")
    named = re.fullmatch(r"/done/aws/lambda/m/s/(.{10})/(.{10})T(.{8})-(.{36})", request.path)
    assert named is not None
    day, same_day, moment, number = named.groups()
    assert datetime.strptime(f"{day} {moment}", "%Y/%m/%d %H.%M.%S").replace(tzinfo=UTC)
    assert (day.replace("/", "-"), number) == (same_day, str(uuid.UUID(number)))


def test_an_attribute_of_a_publication_is_an_entry_with_its_number() -> None:
    request = _publication(arn_of(f"arn:aws:sns:{OTHER}:t"), "m", {"a": ("String", "x"), "b": ("Number", "1")})
    attributes = [(name, value) for name, value in parse_qsl(request.body.decode()) if "entry" in name]
    assert attributes == [
        ("MessageAttributes.entry.1.Name", "a"),
        ("MessageAttributes.entry.1.Value.DataType", "String"),
        ("MessageAttributes.entry.1.Value.StringValue", "x"),
        ("MessageAttributes.entry.2.Name", "b"),
        ("MessageAttributes.entry.2.Value.DataType", "Number"),
        ("MessageAttributes.entry.2.Value.StringValue", "1"),
    ]


@pytest.mark.parametrize(
    ("invoked", "arn"), [(FUNCTION_ARN, f"{FUNCTION_ARN}:2"), (f"{FUNCTION_ARN}:live", f"{FUNCTION_ARN}:live")]
)
def test_the_record_of_a_function_has_how_it_ended_whole(invoked: str, arn: str) -> None:
    told = InvocationRecord("0a1b", invoked, "2", "EventAgeExceeded", 1, {"n": 1}, "no").record_for(FUNCTION)
    document = dict(told.document)
    assert document.pop("timestamp").endswith("Z")
    assert document == {
        "version": "1.0",
        "requestContext": {
            "requestId": "0a1b", "functionArn": arn, "condition": "EventAgeExceeded", "approximateInvokeCount": 1
        },
        "responseContext": {"statusCode": 200, "executedVersion": "2", "functionError": "Unhandled"},
        "requestPayload": {"n": 1},
        "responsePayload": "no",
    }  # fmt: skip
    assert (True, told.document, "async/report") == (told.failed, told.stored, told.object_name)


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


class Attempts:
    """Lambda whose function gives results in turn, and the time, which only pauses pass."""

    def __init__(self, results: list[dict[str, Any]]) -> None:
        self.results = iter(results)
        self.ids: list[str] = []
        self.calls: list[tuple[Any, Any]] = []
        self.pauses: list[float] = []

    def _execute_function(self, record: Any, event: Any) -> dict[str, Any]:
        self.ids.append(REQUEST_ID.get())
        self.calls.append((record, event))
        return next(self.results)

    def monotonic(self) -> float:
        return sum(self.pauses)

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)


ERROR = {"error": True, "body": {"errorMessage": "no"}}


@pytest.mark.parametrize(
    ("options", "results", "ended", "pauses"),
    [
        ({}, [{"body": "done"}], ("Success", 1, "done"), []),
        ({}, [ERROR] * 3, ("RetriesExhausted", 3, ERROR["body"]), [1.0, 2.0]),
        ({"MaximumRetryAttempts": None}, [ERROR] * 3, ("RetriesExhausted", 3, ERROR["body"]), [1.0, 2.0]),
        ({"MaximumRetryAttempts": 0}, [ERROR], ("RetriesExhausted", 1, ERROR["body"]), []),
        ({"MaximumRetryAttempts": 1}, [ERROR, {}], ("Success", 2, None), [1.0]),
        ({"MaximumEventAgeInSeconds": 2}, [ERROR] * 2, ("EventAgeExceeded", 2, ERROR["body"]), [1.0]),
        ({"MaximumEventAgeInSeconds": 3}, [ERROR] * 2 + [{}], ("Success", 3, None), [1.0, 2.0]),
        ({}, [{"throttle": True}] * 7 + [{}], ("Success", 1, None), [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]),
    ],
)
def test_an_event_is_tried_with_one_id_after_longer_pauses_until_it_has_ended(
    monkeypatch: pytest.MonkeyPatch, options: Any, results: list[Any], ended: tuple[Any, ...], pauses: list[float]
) -> None:
    service: Any = Attempts(results)
    monkeypatch.setattr(asynchronous_invocations, "time", service)
    nowhere: Any = None
    record = {"config": {"FunctionArn": FUNCTION_ARN, "Version": "7"}}
    invocations = AsynchronousInvocations(nowhere, service, nowhere)
    told = copy_context().run(invocations._attempts, record, {"n": 1}, options)
    condition, attempts, response = ended
    (request_id,) = set(service.ids)
    assert InvocationRecord(request_id, FUNCTION_ARN, "7", condition, attempts, {"n": 1}, response) == told
    assert ([(record, {"n": 1})] * len(results), pauses) == (service.calls, service.pauses)
    assert str(uuid.UUID(request_id)) == request_id


def test_an_event_may_wait_six_hours_and_its_function_is_the_latest_where_nothing_says_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service: Any = Attempts([{"throttle": True}] * 1000)
    monkeypatch.setattr(asynchronous_invocations, "time", service)
    nowhere: Any = None
    invocations = AsynchronousInvocations(nowhere, service, nowhere)
    told = copy_context().run(invocations._attempts, {"config": {"FunctionArn": FUNCTION_ARN}}, None, {})
    assert ("EventAgeExceeded", 0, "$LATEST") == (told.condition, told.attempts, told.version)
    assert 0 <= 6 * 3600 - sum(service.pauses) < 30


STORED = {"event_invoke_config": "latest", "event_invoke_configs": {"live": "live", "$LATEST": None}}


@pytest.mark.parametrize(
    ("invoked", "stored", "options"),
    [
        (FUNCTION_ARN, STORED, "latest"),
        (f"{FUNCTION_ARN}:$LATEST", STORED, "latest"),
        (f"{FUNCTION_ARN}:live", STORED, "live"),
        (f"{FUNCTION_ARN}:new", STORED, {}),
        (FUNCTION_ARN, {"event_invoke_configs": {"$LATEST": "of latest"}}, "of latest"),
        (f"{FUNCTION_ARN.removesuffix('report')}live", STORED, "latest"),
        (f"{FUNCTION_ARN}:live", {"event_invoke_configs": None}, {}),
        (FUNCTION_ARN, {}, {}),
    ],
)
def test_the_options_of_an_event_are_those_of_what_it_was_sent_to(invoked: str, stored: Any, options: Any) -> None:
    assert options == asynchronous_invocations._options(stored, invoked)


def test_what_a_function_sends_while_it_runs_for_an_event_is_its_own(sent: Sent, tmp_path: Path) -> None:
    function: Any = OneFunction()
    seen: list[tuple[str, str, bool]] = []

    def execute(record: Any, _event: Any) -> dict[str, Any]:
        seen.append((asynchronous_invocations._SENT_TO.get(), place_of_request()["Account"], "_is_event" in record))
        return {}

    function._execute_function = execute
    configuration = {"FunctionName": "report", "FunctionArn": f"{FUNCTION_ARN}:new", "DeadLetterConfig": None}
    invocations = AsynchronousInvocations(sent.destinations, function, EventsOnTheWay(tmp_path))
    before = set(threading.enumerate())
    with asynchronous_invocations.event_sent_to("somebody"):
        invocations.invoke({"config": configuration, "_is_event": True}, {})
    for thread in set(threading.enumerate()) - before:
        thread.join(HANGS)
    assert ([("", "111122223333", False)], []) == (seen, sent.requests)
