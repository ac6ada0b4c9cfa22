"""Everything that single triggers make beside their function, and their sample events, in reviewed golden files.

`python tests/triggers/test_whole_triggers.py` writes them again; `test_own_sources.py` has such resources
read by cfn-lint.
"""

from __future__ import annotations

import base64
import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from remit.app import App, Function, Publication, Resource, Workflow
from remit.triggers.app_wide import with_own_sources
from remit.triggers.cognito import Cognito
from remit.triggers.dynamodb import Dynamodb
from remit.triggers.event import Event
from remit.triggers.http import Http
from remit.triggers.iot import Iot
from remit.triggers.kinesis import Kinesis
from remit.triggers.logs import Logs
from remit.triggers.s3 import S3
from remit.triggers.sample_events import event_for, sample_event
from remit.triggers.schedule import Schedule
from remit.triggers.sns import Sns
from remit.triggers.source import position_suffix
from remit.triggers.sqs import Sqs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

GOLDEN: Final = Path(__file__).parent / "golden"
QUEUE: Final = "arn:aws:sqs:eu-west-1:111122223333:lost"
KEY: Final = "arn:aws:kms:eu-west-1:111122223333:key/1"
OWN: Final = (
    Resource("Files", "AWS::S3::Bucket", {}, {"DependsOn": "Lost"}),
    Resource("Lost", "AWS::SQS::Queue", {"QueueName": {"Fn::ImportValue": "lost"}}),
    Resource("News", "AWS::SNS::Topic", {"TopicName": "news"}),
    Resource("Orders", "AWS::DynamoDB::GlobalTable", {}),
    Resource("Users", "AWS::Cognito::UserPool", {"LambdaConfig": {"KMSKeyID": KEY}}),
    Resource("Group", "AWS::Logs::LogGroup", {"LogGroupName": "/shop/web"}),
)
TRIGGERS: Final[dict[str, tuple[Any, ...]]] = {
    "cognito": (
        Cognito(OWN[4], "PreTokenGeneration", version="V2_0"),
        Cognito(OWN[4], "CustomSMSSender", key=KEY),
        Cognito(OWN[4], "PreSignUp"),
    ),
    "dynamodb": (Dynamodb(OWN[3], view="NEW_IMAGE", on_failure="${News}", bisect_batch=True),),
    "event": (
        Event(source="a", bus="theirs", input={"b": 1}, retries=0, dead_letter="${Lost.Arn}"),
        Event(detail={"$or": [{"x": ["first"]}, {"y": ["second"]}], "gone": [{"exists": False}]}, enabled=False),
        Event(source="b", resource_arns=[{"suffix": "/x"}, QUEUE]),
    ),
    "http": (Http(auth="NONE", cors={"AllowOrigins": ["*"]}, invoke_mode="RESPONSE_STREAM"),),
    "iot": (Iot("SELECT 'x' FROM 'a'", sql_version="beta", enabled=False), Iot("SELECT * FROM 'b'")),
    "kinesis": (
        Kinesis("clicks", fan_out=True, on_failure="arn:aws:s3:::lost"),
        Kinesis("hits", starting_position="AT_TIMESTAMP", timestamp=datetime(2026, 1, 1, 0, 0, 0, 500_000, UTC)),
    ),
    "logs": (Logs("${Group.Arn}", "ERROR"), Logs("${Group.Arn}"), Logs("arn:aws:logs:eu-west-1:1:log-group:/x/y:*")),
    "s3": (
        S3("${Files.Arn}", events=["s3:ObjectAcl:Put", "s3:ObjectTagging:*"], suffix="x"),
        S3("arn:aws-cn:s3:::other", events=["s3:ObjectAcl:Put"] * 2, prefix="a"),
    ),
    "schedule": (
        Schedule("rate(1 day)", dead_letter=QUEUE, input="a"),
        Schedule("rate(2 days)", flexible_window=5, input={}),
    ),
    "sns": (Sns("${News}", dead_letter="${Lost.Arn}"), Sns("arn:aws:sns:us-east-1:1:x", raw=True, filter={"a": [1]})),
    "sqs": (
        Sqs("${Lost.Arn}", batch_size=11, batch_window=1, report_failures=True, provisioned_pollers=(2, 4)),
        Sqs("line.fifo"),
    ),
}  # fmt: skip


def app_of(triggers: tuple[Any, ...], *, published: bool = False) -> App:
    publication = Publication("live") if published else None
    return App("shop", "dev", (Function("f", "F", "app.f", {}, triggers, publication=publication),), resources=OWN)


def parts_of(runs: Any) -> dict[str, Any]:
    """What the triggers of a function or a workflow make, need and allow."""
    triggers, is_function = runs.triggers, isinstance(runs, Function)
    resources = [made for trigger in triggers for made in trigger.resources(runs)]
    return {
        "resources": [[made.logical_id, made.type, dict(made.properties), dict(made.attributes)] for made in resources],
        "sources": [list(source) for trigger in triggers for source in trigger.sources()],
        "roles": [
            [role.logical_id, *(str(grant.because) for grant in role.grants)]
            for trigger in triggers
            for role in trigger.roles(runs)
        ],
        "grants": [
            [
                grant.because,
                *(globs and list(globs.patterns) for globs in (grant.statement.actions, grant.statement.resources)),
            ]
            for trigger in triggers
            for grant in (trigger.grants(runs) if is_function else ())
        ],
        "outputs": [
            [made.name, made.value, made.description] for trigger in triggers for made in trigger.outputs(runs)
        ],
    }


def made_of(name: str) -> dict[str, Any]:
    app = with_own_sources(app_of(TRIGGERS[name]))
    changed = [made for made, before in zip(app.resources, OWN, strict=True) if made != before]
    parts = parts_of(app.functions[0])
    parts["changed"] = [[made.logical_id, dict(made.properties), dict(made.attributes)] for made in changed]
    if name == "http":
        parts["published"] = parts_of(app_of(TRIGGERS[name], published=True).functions[0])
    if name in ("event", "schedule"):
        parts["workflow"] = parts_of(Workflow("bill", "Bill", triggers=TRIGGERS[name]))
    return parts


def sample_of(name: str) -> Any:
    sample, _, place = name.partition(" ")
    app = with_own_sources(app_of(TRIGGERS[sample.partition("-")[0]][int(place or 0) :]))
    event = event_for(sample_event(sample), app, app.functions[0])
    # Lines of a log group are told as they are: what gzip makes of them is another text with another zlib.
    return json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"]))) if sample == "logs" else event


SAMPLES: Final = (
    "cognito 0", "cognito 2", "dynamodb", "event 1", "event 2", "kinesis", "logs", "s3", "s3-eventbridge", "schedule 1",
    "sns", "sqs", "sqs-fifo",
)  # fmt: skip
GOLDENS: Final[dict[str, tuple[Callable[[str], Any], Iterable[str]]]] = {
    "triggers": (made_of, TRIGGERS),
    "trigger_events": (sample_of, SAMPLES),
}


@pytest.mark.parametrize(("file", "name"), [(file, name) for file, (_, names) in GOLDENS.items() for name in names])
def test_what_a_trigger_makes_and_its_sample_are_as_they_were_reviewed(file: str, name: str) -> None:
    made, _ = GOLDENS[file]
    expected = json.loads((GOLDEN / f"{file}.json").read_text("utf-8"))[name]
    text = json.dumps(made(name))
    assert expected == json.loads(text)
    assert json.dumps(expected) == text, "the order of its parts"


class OwnS3(S3):
    """A trigger of somebody's own, which is another class."""

    __slots__ = ()


def test_only_triggers_of_the_very_class_count_in_a_logical_id() -> None:
    triggers = (OwnS3("one"), S3("one"), OwnS3("one"), S3("two"), S3("one"))
    function = Function("f", "F", "app.f", {}, triggers)
    assert ["", "", "2", "2", "3"] == [position_suffix(trigger, function) for trigger in triggers]


if __name__ == "__main__":
    for file, (made, names) in GOLDENS.items():
        text = json.dumps({name: made(name) for name in names}, indent=1, ensure_ascii=False)
        (GOLDEN / f"{file}.json").write_text(f"{text}\n", "utf-8")
