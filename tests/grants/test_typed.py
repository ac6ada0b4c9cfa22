"""Typed grants: exact actions on one named thing, each verb a right of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from projects import at
from remit.catalogue.actions import action
from remit.grants import allow, dynamodb, s3, sns, sqs
from remit.iam.policy import render_statement

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Make
    from remit.app import Grant

HERE = "arn:${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}:%s"
TABLE = HERE % ("dynamodb", "table/t")
QUEUE, TOPIC, BUCKET = HERE % ("sqs", "q"), HERE % ("sns", "n"), "arn:${AWS::Partition}:s3:::b"
GRANTS: list[tuple[Callable[[], Grant], Any, Any, str]] = [
    (lambda: s3.read("b"), "s3:GetObject", f"{BUCKET}/*", "reads objects * of bucket b"),
    (lambda: s3.read("b", "in/*", "/x"), "s3:GetObject", [f"{BUCKET}/in/*", f"{BUCKET}/x"],
     "reads objects in/*, x of bucket b"),
    (lambda: s3.put("b", "in/*"), "s3:PutObject", f"{BUCKET}/in/*", "puts objects in/* of bucket b"),
    (lambda: s3.delete("b"), "s3:DeleteObject", f"{BUCKET}/*", "deletes objects * of bucket b"),
    (lambda: s3.list("b"), "s3:ListBucket", BUCKET, "lists bucket b"),
    (lambda: s3.list("b", "in/*"), "s3:ListBucket", BUCKET, "lists bucket b under in/*"),
    (lambda: s3.read("arn:aws-cn:s3:::c"), "s3:GetObject", "arn:aws-cn:s3:::c/*", "reads objects * of bucket c"),
    (lambda: dynamodb.read("t"), ["dynamodb:GetItem", "dynamodb:BatchGetItem"], TABLE, "reads items of table t"),
    (lambda: dynamodb.query("t"), "dynamodb:Query", TABLE, "queries table t"),
    (lambda: dynamodb.query("t", index="i"), "dynamodb:Query", f"{TABLE}/index/i", "queries index i of table t"),
    (lambda: dynamodb.scan("t"), "dynamodb:Scan", TABLE, "scans table t"),
    (lambda: dynamodb.list("t", index="*"), ["dynamodb:Query", "dynamodb:Scan"], f"{TABLE}/index/*",
     "lists items of index * of table t"),
    (lambda: dynamodb.put("t"), "dynamodb:PutItem", TABLE, "puts items into table t"),
    (lambda: dynamodb.update("t"), "dynamodb:UpdateItem", TABLE, "updates items of table t"),
    (lambda: dynamodb.delete("t"), "dynamodb:DeleteItem", TABLE, "deletes items of table t"),
    (lambda: dynamodb.batch_write("t"), "dynamodb:BatchWriteItem", TABLE,
     "puts and deletes items of table t in batches"),
    (lambda: dynamodb.put("arn:aws:dynamodb:eu-west-1:111122223333:table/o"), "dynamodb:PutItem",
     "arn:aws:dynamodb:eu-west-1:111122223333:table/o", "puts items into table o"),
    (lambda: sqs.send("q"), "sqs:SendMessage", QUEUE, "sends to queue q"),
    (lambda: sqs.consume("q"), ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"], QUEUE,
     "takes messages from queue q"),
    (lambda: sqs.read("q"), ["sqs:GetQueueUrl", "sqs:GetQueueAttributes"], QUEUE, "reads attributes of queue q"),
    (lambda: sns.publish("n"), "sns:Publish", TOPIC, "publishes to topic n"),
    (lambda: sns.read("n"), "sns:GetTopicAttributes", TOPIC, "reads attributes of topic n"),
    (lambda: sns.list("n"), "sns:ListSubscriptionsByTopic", TOPIC, "lists subscriptions of topic n"),
    (lambda: allow("s3:GetObjectTagging", on="arn:aws:s3:::b/*"), "s3:GetObjectTagging", "arn:aws:s3:::b/*",
     "s3:GetObjectTagging on arn:aws:s3:::b/*"),
    (lambda: allow("xray:GetGroup", "xray:GetGroups", because="shows traces"), ["xray:GetGroup", "xray:GetGroups"], "*",
     "shows traces"),
]  # fmt: skip


@pytest.mark.parametrize(("grant", "actions", "resources", "because"), GRANTS)
def test_each_verb_grants_its_actions_on_its_resource(
    grant: Callable[[], Grant], actions: object, resources: object, because: str
) -> None:
    granted = grant()
    statement = render_statement(granted.statement)
    assert ("Allow", actions, resources, because) == (
        statement["Effect"],
        statement["Action"],
        statement["Resource"],
        granted.because,
    )


@pytest.mark.parametrize("grant", [row[0] for row in GRANTS])
def test_every_action_exists_and_takes_such_a_resource(grant: Callable[[], Grant]) -> None:
    """By AWS's own service reference: `*` is only for actions that take no resource."""
    statement = grant().statement
    assert statement.resources is not None
    resource = statement.resources.patterns[0]
    for name in statement.actions.patterns:
        found = action(name)
        assert found is not None
        assert name == f"{found.service}:{found.name}"
        services = {arn.split(":")[2] for target in found.targets for arn in target.type.arns}
        assert name.startswith("xray:") or any(f":{service}:" in resource for service in services)


def test_listing_under_prefixes_is_held_by_a_condition() -> None:
    assert {"StringLike": {"s3:prefix": ["in/*", "out/*"]}} == render_statement(
        s3.list("b", "in/*", "out/*").statement
    )["Condition"]


@pytest.mark.parametrize(
    "call",
    [
        "s3.read(None)", "s3.read('b', None)", "s3.list('b', None)", "s3.put(3)", "s3.delete('')",
        "dynamodb.read(None)", "dynamodb.query(None)", "dynamodb.scan([], index='x')", "dynamodb.batch_write({})",
        "queue.send(None)", "queue.consume(b'q')", "sns.publish(None)", "allow('s3:GetObject', on=None)",
        "allow()", "allow('s3')", "allow(3)",
    ],
)  # fmt: skip
def test_what_names_nothing_is_told_where_it_is_written(make: Make, call: str) -> None:
    error = make(
        app=f"from remit.grants import allow\n@app.function(\n    policy=[{call}])\ndef hello(event, context): ...\n"
    ).error()
    verb = call.partition("(")[0].replace("queue", "sqs")
    assert "app.py:11:13" == at(error)
    assert error.message.startswith((f"{verb} takes a name, an ARN or a resource, got ", f"{verb}("))


@pytest.mark.parametrize(
    ("call", "hint"),
    [
        ('s3.read("s3://uploads/incoming/*")', 'did you mean `s3.read("uploads", "incoming/*")`?'),
        ('s3.list("s3://uploads")', 'did you mean `s3.list("uploads")`?'),
        ('queue.send("https://sqs.eu-west-1.amazonaws.com/111122223333/in/")', 'did you mean `sqs.send("in")`?'),
        ('queue.send("https://sqs.eu-west-1.amazonaws.com")', None),
    ],
)
def test_a_url_is_no_name_and_the_name_in_it_is_offered(make: Make, call: str, hint: str | None) -> None:
    error = make(app=f"@app.function(policy=[{call}])\ndef hello(event, context): ...\n").error()
    url = call.split('"')[1]
    verb = call.partition("(")[0].replace("queue", "sqs")
    assert (f"{verb} takes a name, an ARN or a resource, got the URL {url!r}", hint) == (error.message, error.hint)


def test_an_unset_variable_inside_a_name_is_told(make: Make) -> None:
    error = make(app='@app.function(policy=[s3.read(f"{None}")])\ndef hello(event, context): ...\n').error()
    assert ("contains 'None'" in error.message, "app.py:9:23") == (True, at(error))


def test_an_action_without_its_service_is_told_with_an_example(make: Make) -> None:
    error = make(
        app='from remit.grants import allow\n@app.function(policy=[allow("s3")])\ndef hello(event, context): ...\n'
    ).error()
    assert ("allow('s3',): actions read `service:Operation`", 'such as "s3:GetObject"') == (error.message, error.hint)
