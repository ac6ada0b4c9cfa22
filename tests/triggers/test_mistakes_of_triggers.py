"""Everything that is said of wrong options: each message with its hint, in order, in a reviewed golden file.

Where it says nothing, AWS takes the option. `python tests/triggers/test_mistakes_of_triggers.py` writes it again.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from remit.app import Resource
from remit.errors import RemitError
from remit.triggers.api import Api
from remit.triggers.authorizer import Authorizer
from remit.triggers.cognito import Cognito
from remit.triggers.dynamodb import Dynamodb
from remit.triggers.event import Event
from remit.triggers.iot import Iot
from remit.triggers.jwt import Jwt
from remit.triggers.kinesis import Kinesis
from remit.triggers.logs import Logs
from remit.triggers.rest import Rest
from remit.triggers.s3 import S3
from remit.triggers.schedule import Schedule
from remit.triggers.sns import Sns
from remit.triggers.sqs import Sqs
from remit.triggers.user_pool import UserPool

TABLE: Final = "arn:aws:dynamodb:eu-west-1:111122223333:table/t/stream/x"
POOL: Final = Resource("Users", "AWS::Cognito::UserPool", {})


def detail(*values: Any) -> partial[Any]:
    return partial(Event, detail={"a": list(values)})


TRIGGERS: Final[tuple[partial[Any], ...]] = (
    detail({"prefix": {"equals-ignore-case": "a", "x": 1}}, {"suffix": {"equals-ignore-case": 1}}),
    detail({"numeric": ["=", True]}, {"numeric": [">", -5_000_000_001]}, {"numeric": ["<", 5, ">", 3]}),
    detail({"numeric": [">=", 5, "<=", 5]}),
    detail({"numeric": [">=", 5, "<", 5]}, {"numeric": [">", 5]}, {"numeric": [">", 5, "<"]}, {"numeric": ["~", 5]}),
    detail({"cidr": "10.0.0.1/24"}),
    detail({"cidr": "10.0.0.1/64"}, {"exists": "yes"}, {"wildcard": "a**b"}, {"wildcard": 3}, {"prefx": "a"}),
    detail({"anything-but": {"prefix": [1, "a"]}}, {"anything-but": {"suffix": []}}, {"anything-but": {"cidr": "a"}}),
    detail({"anything-but": []}, {"anything-but": [[1]]}, {"anything-but": {"wildcard": "a*"}}, [1], {}),
    partial(Event, detail={"$or": [{"a": ["b"]}]}),
    partial(Event, detail={"$or": [{"a": ["b"]}, {}, {"c": "d"}, "e"]}),
    partial(Event, detail={"a": {}, "b": [], "prefix": "c", "d": {1, 2}, "e": None, 3: ["f"], "": ["g"]}),
    partial(Event, detail={"a": {"numeric": [">", 5]}, "b": {"numeric": ["x"]}, "c": {"numeric": [">", 5], "d": [1]}}),
    partial(Event, account="1111", region="${AWS::Region}", resource_arns=["${Users.Arn}", "x"]),
    partial(Event, account={"prefix": "1"}, region=[{"numeric": ["=", 3]}, 3, ""]),
    partial(Event),
    partial(Event, source="a", retries=186, max_event_age=59),
    partial(Sqs, "q", filter={"body": {"a": "b"}, "messageAttributes": {"kind": {"stringvalue": ["x"]}, "k": ["v"]}}),
    partial(Sqs, "q", filter={"attributes": ["x"], "eventSource": ["aws:sqz"], "messageId": [None]}),
    partial(Sqs, "q", filter=[{"messageId": "x"}, "y", {}]),
    partial(Dynamodb, TABLE, filter={"dynamodb": {"Keys": {"a": {"M": {"b": {"Z": [1]}}, "N": [5], "NULL": {}}}}}),
    partial(Dynamodb, TABLE, filter={"eventName": ["INSRT", "insert"], "dynamdb": {}}, view="KEYS_ONLY"),
    partial(Dynamodb, "table", tumbling_window=901, parallelization_factor=11, max_record_age=59),
    partial(Dynamodb, TABLE, filter={"userIdentity": {"type": ["User"]}, "eventSource": ["aws:sqs"]}),
    partial(Event, region=["us-gov-west-1", "eu-west"], account=["111122223333", "1"]),
    partial(Kinesis, "s", retries=-2, batch_size=0, batch_window=301, on_failure=POOL),
    partial(Schedule, "rate(00 days)"),
    partial(Schedule, "cron(30 2 28 3 ? 2027)", timezone="Europe/Berlin"),
    partial(Schedule, "cron(0 8 1#2 * ? *)"),
    partial(Schedule, "cron(0 8 0W * ? *)"),
    partial(Schedule, "cron(0 8 ? * 1W *)"),
    partial(Schedule, "cron(0 8 ? * 7L *)"),
    partial(Schedule, "cron(0 8 ? * FOOL *)"),
    partial(Schedule, "cron(0 8 ? * 8#1 *)"),
    partial(Schedule, "cron(0 8 ² * ? *)"),
    partial(Schedule, "cron(0 8 LW * ? *)", timezone="Europe/Berln"),
    partial(Schedule, "rate(1 day)", timezone="Europe/Berlin"),
    partial(Schedule, "at(2127-01-01T00:00:00)", timezone="Nowhere/Land"),
    partial(Schedule, "cron(0 8 * * ? *)", end=datetime(2127, 1, 1), start=datetime(2126, 1, 1)),  # noqa: DTZ001 - what is refused
    partial(Schedule, "at(2127-01-01T00:00:00)", end=datetime(2126, 1, 1, tzinfo=UTC)),
    partial(Rest, "GET a/"),
    partial(Rest, "GET /a//"),
    partial(Rest, "$default", body={"a": {"b": ({"exclusiveMinimum": 0},)}}, query=[""]),
    partial(Rest, "GET /a b", body={"a": [{"exclusiveMaximum": True}]}),
    partial(Rest, "GET /a", body={"properties": {"exclusiveMaximum": {"type": "number"}}}),
    partial(Rest, "GET /a", body=[1]),
    partial(Rest, "GET /a", body={"a": {1, 2}}, auth=Jwt("https://id.example", ["a"])),  # type: ignore[arg-type]
    partial(Rest, "GET /a", auth=UserPool("eu-central-1_A", clients=["b"])),
    partial(UserPool, "eu-central-1_A", scopes=[""]),
    partial(Api, "GET /a/{b+}/c/d"),
    partial(Api, "GET /a/:b", auth="IAM"),  # type: ignore[arg-type]
    partial(Api, "GET //a"),
    partial(Api, "GET  a"),
    partial(Api, "orders/all"),
    partial(Api, "GETS /a"),
    partial(Api, "/a"),
    partial(Api, "GET /{a}/{a}", auth=UserPool("eu-central-1_A")),
    partial(Jwt, "${Users}", ["a", ""], scopes=[""]),
    partial(Jwt, "http://127.0.0.1:80/a", ["a"]),
    partial(Jwt, "http://127.0.0.2", ["a"]),
    partial(Authorizer, "a", cache=3601, identity_source=[], token=True),
    partial(Authorizer, "a", cache=-1, identity_validation_expression="x"),
    partial(Authorizer, "a", cache=1, identity_source=[]),
    partial(Authorizer, "a", cache=3600),
    partial(Authorizer, "a", token=True, identity_source=["$request.header.a", "$request.header.b"]),
    partial(Authorizer, "a", token=True, identity_source=["$request.querystring.a"]),
    partial(Authorizer, "a", identity_source=["$stageVariables.a", "$context.b", "request.header.c"]),
    partial(Cognito, POOL, "PreSignUp", version="V2_0", key="alias/a"),
    partial(Cognito, POOL, "PostConfirmation", version="V2_0"),
    partial(Cognito, POOL, "PreTokenGeneration", version="V3_0"),
    partial(Cognito, "users", "CustomSMSSender"),
    partial(S3, "files", events=[], prefix="a*", suffix="ä" * 513),
    partial(Sns, "news.fifo", filter_scope="MessageBody"),
    partial(Sns, "news", filter={"a": {"b": ["c"]}, "d": {"e": ["f"]}}, dead_letter="arn:aws:sns:eu-west-1:1:x"),
    partial(Sqs, "a.fifo", batch_size=11, max_concurrency=1, provisioned_pollers=(1, 10_001)),
    partial(Iot, "SELECT * FROM 'a/#/b'"),
    partial(Iot, "SELECT (a FROM 'a'"),
    partial(Iot, "SELECT a] FROM 'a'"),
    partial(Iot, "SELECT '' FROM 'a+/b'"),
    partial(Iot, "SELECT ' FROM 'a'"),
    partial(Iot, "SELECT * FROM ''"),
    partial(Iot, "SELECT * TO 'a'"),
    partial(Iot, "SELECT FROM 'a'"),
    partial(Iot, "INSERT 'a'"),
    partial(Iot, "SELECT * FROM 'a/a/a/a/a/a/a/a/'"),
    partial(Iot, "SELECT * FROM '" + "ä" * 129 + "'"),
    partial(Iot, "SELECT '" + "ä" * 131_072 + "' FROM 'a'"),
    partial(Iot, "SELECT * FROM '$aws/" + "a/" * 200 + "'"),
    partial(Logs, "/x", "%a% %b% %c%"),
    partial(Logs, "/x", "%(% a"),
    partial(Logs, "/x", "ERROR: a"),
    partial(Logs, "/x", "[a, b=, c]"),
    partial(Logs, "/x", "[a=1 && b=2 || c]"),
    partial(Logs, "/x", "[a"),
    partial(Logs, "/x", "{ $.a = 1 && }"),
    partial(Logs, "/x", "{ ($.a = 1 }"),
    partial(Logs, "/x", '"a'),
    partial(Logs, "/x", "a" * 1025),
    partial(Logs, "a b", '{ $.a = "(" }'),
)  # fmt: skip
GOLDEN: Final = Path(__file__).parent / "golden" / "mistakes.json"


def name_of(trigger: partial[Any]) -> str:
    options = [*map(repr, trigger.args), *(f"{name}={value!r}" for name, value in trigger.keywords.items())]
    return f"{trigger.func.__name__}({', '.join(options)})"[:160]  # type: ignore[attr-defined]


def mistakes_of(trigger: partial[Any]) -> list[list[str | None]]:
    try:
        trigger()
    except RemitError as error:
        return [[mistake.message, mistake.hint] for mistake in error.all]
    return []


def test_each_mistake_of_a_trigger_is_told_with_its_hint_and_what_is_right_is_taken() -> None:
    expected = json.loads(GOLDEN.read_text("utf-8"))
    assert expected == {name_of(trigger): mistakes_of(trigger) for trigger in TRIGGERS}
    assert len(TRIGGERS) == len(expected)


if __name__ == "__main__":
    said = {name_of(trigger): mistakes_of(trigger) for trigger in TRIGGERS}
    GOLDEN.write_text(f"{json.dumps(said, indent=1, ensure_ascii=False)}\n", "utf-8")
