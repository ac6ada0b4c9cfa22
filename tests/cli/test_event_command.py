"""`remit event`: sample events, with an app's names where a function is named."""

from __future__ import annotations

import base64
import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest

from every_trigger import APP, DATA
from projects import remit, write
from remit.app import App, Resource
from remit.triggers.sample_events import SAMPLES, with_deployed_names

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("event") / "orders"
    heavy = '@app.function(on.event(detail={"kilograms": [{"numeric": [">", 5]}]}))\ndef weigh(event, context): ...\n'
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
    ("cognito", "greet"): (("triggerSource",), "PreSignUp_SignUp"),
}


@pytest.mark.parametrize(("name", "function"), FILLED)
def test_names_of_the_app_stand_in_the_event_of_its_function(project: Path, name: str, function: str) -> None:
    path, expected = FILLED[name, function]
    value = printed(name, function, "-C", str(project))
    for step in path:
        value = value[step]
    assert expected == value


RULES = """
from remit import App, on

app = App()


@app.function(on.event(source=["shop", "till"], detail_type="Paid", account=[{"anything-but": "9"}, "444455556666"],
                       region="eu-west-1"))
def named(event, context): ...


@app.function(on.event(source=[{"prefix": "shop."}], detail_type=[{"suffix": "Paid"}], account="444455556666"))
def compared(event, context): ...


@app.function(on.event(source="shop", input={"say": "paid"}))
def own(event, context): ...
"""
SAMPLE: dict[str, Any] = next(sample.event for sample in SAMPLES if sample.name == "event")


def test_an_event_has_the_first_plain_value_of_each_field_of_the_pattern_and_else_the_samples(tmp_path: Path) -> None:
    write(tmp_path / "shop", {"app.py": RULES})
    named, compared, own = (
        printed("event", name, "-C", str(tmp_path / "shop")) for name in ("named", "compared", "own")
    )
    account = {"account": "444455556666"}
    assert named == {**SAMPLE, "source": "shop", "detail-type": "Paid", **account, "region": "eu-west-1"}
    assert compared == {**SAMPLE, "source": "shop.", "detail-type": "Paid", **account}
    assert own == {"say": "paid"}


API = """
from remit import App, on

app = App()
tokens = on.jwt("https://id.example", audience=["shop"], scopes=["orders"])


@app.function(on.api("PUT /orders/{id}", auth=tokens))
def change(event, context): ...


@app.function(on.api("GET /stock/{path+}"))
def stock(event, context): ...


@app.function(on.api("$default", auth="NONE"))
def rest(event, context): ...


@app.function(on.rest("POST /items/{id}", auth=on.user_pool("eu-central-1_AbCdEf123")))
def item(event, context): ...


@app.function(on.rest("ANY /{path+}"), on.rest("GET /cave", auth=on.authorizer("stock")))
def cave(event, context): ...


@app.function(on.websocket("$connect"))
def door(event, context): ...


@app.function(on.websocket("say"))
def say(event, context): ...
"""


VARIABLES = """
from remit import configure
with configure() as config:
    config.rest.variables = {"colour": "blue"}
"""


def test_a_request_has_the_functions_route_and_whoever_it_lets_in(tmp_path: Path) -> None:
    write(tmp_path / "shop", {"app.py": API})
    change, stock, rest = (printed("api", name, "-C", str(tmp_path / "shop")) for name in ("change", "stock", "rest"))
    assert ("PUT /orders/{id}", "/orders/example", {"id": "example"}, "PUT") == (
        change["routeKey"],
        change["rawPath"],
        change["pathParameters"],
        change["requestContext"]["http"]["method"],
    )
    claims = {"aud": "shop", "iss": "https://id.example", "sub": "example", "scope": "orders"}
    assert {"jwt": {"claims": claims, "scopes": ["orders"]}} == change["requestContext"]["authorizer"]
    assert ("/stock/example", {"path": "example"}, ["iam"], False) == (
        stock["rawPath"],
        stock["pathParameters"],
        list(stock["requestContext"]["authorizer"]),
        "body" in stock,
    )
    for event in (change, stock, rest):  # no route of the app's has a stage's variables, or a client's certificate
        assert ("stageVariables" in event, "authentication" in event["requestContext"]) == (False, False)
    assert ("$default", "/my/path", False) == (
        rest["routeKey"],
        rest["rawPath"],
        "authorizer" in rest["requestContext"],
    )


def test_a_request_to_the_rest_api_has_the_functions_route_and_whoever_it_lets_in(tmp_path: Path) -> None:
    write(tmp_path / "shop", {"app.py": API, "config/deploy.py": VARIABLES})
    item, cave = (printed("rest", name, "-C", str(tmp_path / "shop")) for name in ("item", "cave"))
    context = item["requestContext"]
    assert ("/items/{id}", "/items/example", {"id": "example"}, "POST", {"colour": "blue"}) == (
        item["resource"],
        item["path"],
        item["pathParameters"],
        item["httpMethod"],
        item["stageVariables"],
    )
    assert ("/dev/items/example", "dev", "POST") == (context["path"], context["stage"], context["httpMethod"])
    issuer = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEf123"
    assert {"claims": {"iss": issuer, "sub": "example"}} == context["authorizer"]
    assert ("/example", "GET", None) == (cave["path"], cave["httpMethod"], cave["body"])
    context = cave["requestContext"]
    assert ("AKIA...", False) == (context["identity"]["accessKey"], "authorizer" in context)


def test_a_message_names_the_functions_route(tmp_path: Path) -> None:
    write(tmp_path / "shop", {"app.py": API})
    door, say = (printed("websocket", name, "-C", str(tmp_path / "shop")) for name in ("door", "say"))
    assert ("CONNECT", "dev", False) == (
        door["requestContext"]["eventType"],
        door["requestContext"]["stage"],
        "body" in door,
    )
    assert ("MESSAGE", '{"action": "say"}') == (say["requestContext"]["eventType"], say["body"])


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
    in_order = remit("event", "sqs", "ingest_in_order", "-C", str(project))
    assert (2, True) == (in_order.status, in_order.err.endswith("hint: it has sqs-fifo\n"))


PHYSICAL = {
    "a queue, known by its URL": ("AWS::SQS::Queue", "QueueName", "https://sqs.eu-west-1.amazonaws.com/1/shop-orders"),
    "a topic, known by its ARN": ("AWS::SNS::Topic", "TopicName", "arn:aws:sns:eu-west-1:1:shop-orders"),
    "a bucket": ("AWS::S3::Bucket", "BucketName", "shop-orders"),
}


@pytest.mark.parametrize("kind", PHYSICAL)
def test_a_deployed_resource_is_named_by_what_aws_knows_it_by(kind: str) -> None:
    type_name, name, physical_id = PHYSICAL[kind]
    app = App("shop", "dev", (), resources=(Resource("Data", type_name, {}), Resource("Other", type_name, {})))
    named, unnamed = with_deployed_names(app, {"Data": physical_id}).resources
    assert ({name: "shop-orders"}, {}) == (named.properties, unnamed.properties)
