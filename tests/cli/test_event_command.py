"""`remit event`: sample events, with an app's names where a function is named."""

from __future__ import annotations

import base64
import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest

from every_trigger import APP, DATA
from projects import remit, write
from remit.triggers.sample_events import SAMPLES

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("event") / "orders"
    heavy = '@app.function(on.event(detail={"kilograms": [{"numeric": [">", 5]}]}))\ndef weigh(event, context): ...\n'
    heavy += '@app.function(on.api("GET /orders/{id}"))\ndef show(event, context): ...\n'
    heavy += '@app.function(on.websocket("say"))\ndef chat(event, context): ...\n'
    write(folder, {"app.py": APP + heavy, "shared/resources/data.py": DATA})
    return folder


def printed(*arguments: str) -> Any:
    ran = remit("event", *arguments)
    assert (0, "") == (ran.status, ran.err)
    return json.loads(ran.out)


def test_the_names_are_listed() -> None:
    assert [sample.name for sample in SAMPLES] == [sample["name"] for sample in printed("--json")]
    assert [sample.name for sample in SAMPLES] == [line.split()[0] for line in remit("event").out.splitlines()]


@pytest.mark.parametrize("name", [sample.name for sample in SAMPLES])
def test_each_sample_is_one_json_object_and_the_same_each_time(name: str) -> None:
    assert isinstance(printed(name), dict)
    assert remit("event", name).out == remit("event", name).out


FILLED: dict[tuple[str, str], tuple[tuple[Any, ...], Any]] = {
    ("s3", "thumbnail"): (("Records", 0, "s3", "bucket", "name"), "orders-dev-datauploads-0123456789ab"),
    ("s3-eventbridge", "forget"): (("detail", "object", "key"), "example.jpg"),
    ("sns", "notify"): (
        ("Records", 0, "Sns", "TopicArn"),
        "arn:aws:sns:us-east-1:123456789012:orders-dev-DataNews-EXAMPLE",
    ),
    ("event", "bill"): (("detail-type",), "Order placed"),
    ("event", "weigh"): (("detail", "kilograms"), 6),
    ("schedule", "report"): (("detail-type",), "Scheduled Event"),
    ("sqs", "ingest"): (
        ("Records", 0, "eventSourceARN"),
        "arn:aws:sqs:us-east-2:123456789012:orders-dev-DataOrders-EXAMPLE",
    ),
    ("sqs-fifo", "ingest_in_order"): (
        ("Records", 0, "eventSourceARN"),
        "arn:aws:sqs:us-east-2:123456789012:orders-dev-DataOrdersInOrder-EXAMPLE",
    ),
    ("dynamodb", "follow"): (
        ("Records", 0, "eventSourceARN"),
        "arn:aws:dynamodb:us-east-2:123456789012:table/orders-dev-DataTable-EXAMPLE/stream/2024-06-10T19:26:16.525",
    ),
    ("kinesis", "count"): (
        ("Records", 0, "eventSourceARN"),
        "arn:aws:kinesis:us-east-2:123456789012:stream/orders-dev-DataClicks-EXAMPLE",
    ),
    ("api", "show"): (("requestContext", "http", "path"), "/orders/id"),
    ("websocket", "chat"): (("requestContext", "routeKey"), "say"),
    ("cognito", "greet"): (("triggerSource",), "PreSignUp_SignUp"),
}


@pytest.mark.parametrize(("name", "function"), FILLED)
def test_names_of_the_app_stand_in_the_event_of_its_function(project: Path, name: str, function: str) -> None:
    path, expected = FILLED[name, function]
    value = printed(name, function, "-C", str(project))
    for step in path:
        value = value[step]
    assert expected == value


def test_log_lines_are_packed_as_lambda_packs_them(project: Path) -> None:
    packed = printed("logs", "alert", "-C", str(project))["awslogs"]["data"]
    lines = json.loads(gzip.decompress(base64.b64decode(packed)))
    assert ("DATA_MESSAGE", "orders-dev-DataGroup-EXAMPLE") == (lines["messageType"], lines["logGroup"])


def test_a_sample_that_is_not_there_is_told_with_the_nearest() -> None:
    ran = remit("event", "sqss")
    assert (2, "error: there is no sample event 'sqss'\nhint: did you mean `sqs`?\n") == (ran.status, ran.err)


def test_a_function_without_such_a_trigger_is_told_with_what_it_has(project: Path) -> None:
    ran = remit("event", "sns", "ingest", "-C", str(project))
    assert (2, True) == (ran.status, ran.err.endswith("hint: it has sqs\n"))
    assert "function `ingest` has no trigger that sends the event sns" in ran.err
