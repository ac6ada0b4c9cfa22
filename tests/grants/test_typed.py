"""Typed grants: exact actions on one named thing, each verb a right of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from projects import at
from remit.catalogue.actions import action
from remit.grants import allow, dynamodb, s3, sns, sqs
from remit.iam.policy import render_statement

if TYPE_CHECKING:
    from conftest import Make
    from remit.app import Grant

HERE = "arn:${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}:%s"
TABLE = HERE % ("dynamodb", "table/t")
QUEUE, TOPIC, BUCKET = HERE % ("sqs", "q"), HERE % ("sns", "n"), "arn:${AWS::Partition}:s3:::b"
GRANTS: list[tuple[Grant, Any, Any, str]] = [
    (s3.read("b"), "s3:GetObject", f"{BUCKET}/*", "reads objects * of bucket b"),
    (s3.read("b", "in/*", "/x"), "s3:GetObject", [f"{BUCKET}/in/*", f"{BUCKET}/x"],
     "reads objects in/*, x of bucket b"),
    (s3.put("b", "in/*"), "s3:PutObject", f"{BUCKET}/in/*", "puts objects in/* of bucket b"),
    (s3.delete("b"), "s3:DeleteObject", f"{BUCKET}/*", "deletes objects * of bucket b"),
    (s3.list("b"), "s3:ListBucket", BUCKET, "lists bucket b"),
    (s3.list("b", "in/*"), "s3:ListBucket", BUCKET, "lists bucket b under in/*"),
    (s3.read("arn:aws-cn:s3:::c"), "s3:GetObject", "arn:aws-cn:s3:::c/*", "reads objects * of bucket c"),
    (dynamodb.read("t"), ["dynamodb:GetItem", "dynamodb:BatchGetItem"], TABLE, "reads items of table t"),
    (dynamodb.query("t"), "dynamodb:Query", TABLE, "queries table t"),
    (dynamodb.query("t", index="i"), "dynamodb:Query", f"{TABLE}/index/i", "queries index i of table t"),
    (dynamodb.scan("t"), "dynamodb:Scan", TABLE, "scans table t"),
    (dynamodb.list("t", index="*"), ["dynamodb:Query", "dynamodb:Scan"], f"{TABLE}/index/*",
     "lists items of index * of table t"),
    (dynamodb.put("t"), "dynamodb:PutItem", TABLE, "puts items into table t"),
    (dynamodb.update("t"), "dynamodb:UpdateItem", TABLE, "updates items of table t"),
    (dynamodb.delete("t"), "dynamodb:DeleteItem", TABLE, "deletes items of table t"),
    (dynamodb.batch_write("t"), "dynamodb:BatchWriteItem", TABLE, "puts and deletes items of table t in batches"),
    (dynamodb.put("arn:aws:dynamodb:eu-west-1:111122223333:table/o"), "dynamodb:PutItem",
     "arn:aws:dynamodb:eu-west-1:111122223333:table/o", "puts items into table o"),
    (sqs.send("q"), "sqs:SendMessage", QUEUE, "sends to queue q"),
    (sqs.consume("q"), ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"], QUEUE,
     "takes messages from queue q"),
    (sqs.read("q"), ["sqs:GetQueueUrl", "sqs:GetQueueAttributes"], QUEUE, "reads attributes of queue q"),
    (sns.publish("n"), "sns:Publish", TOPIC, "publishes to topic n"),
    (sns.read("n"), "sns:GetTopicAttributes", TOPIC, "reads attributes of topic n"),
    (sns.list("n"), "sns:ListSubscriptionsByTopic", TOPIC, "lists subscriptions of topic n"),
    (allow("s3:GetObjectTagging", on="arn:aws:s3:::b/*"), "s3:GetObjectTagging", "arn:aws:s3:::b/*",
     "s3:GetObjectTagging on arn:aws:s3:::b/*"),
    (allow("xray:GetGroup", "xray:GetGroups", because="shows traces"), ["xray:GetGroup", "xray:GetGroups"], "*",
     "shows traces"),
]  # fmt: skip


@pytest.mark.parametrize(("grant", "actions", "resources", "because"), GRANTS)
def test_each_verb_grants_its_actions_on_its_resource(
    grant: Grant, actions: object, resources: object, because: str
) -> None:
    statement = render_statement(grant.statement)
    assert ("Allow", actions, resources, because) == (
        statement["Effect"],
        statement["Action"],
        statement["Resource"],
        grant.because,
    )


@pytest.mark.parametrize("grant", [row[0] for row in GRANTS])
def test_every_action_exists_and_takes_such_a_resource(grant: Grant) -> None:
    """By AWS's own service reference: `*` is only for actions that take no resource."""
    assert grant.statement.resources is not None
    resource = grant.statement.resources.patterns[0]
    for name in grant.statement.actions.patterns:
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
    assert ("app.py:11:13", True) == (at(error), call.partition("(")[0].replace("queue", "sqs") in error.message)


def test_an_unset_variable_inside_a_name_is_told(make: Make) -> None:
    error = make(app='@app.function(policy=[s3.read(f"{None}")])\ndef hello(event, context): ...\n').error()
    assert ("contains 'None'" in error.message, "app.py:9:23") == (True, at(error))


def test_an_action_without_its_service_is_told_with_an_example(make: Make) -> None:
    error = make(
        app='from remit.grants import allow\n@app.function(policy=[allow("s3")])\ndef hello(event, context): ...\n'
    ).error()
    assert ("allow('s3',): actions read `service:Operation`", 'such as "s3:GetObject"') == (error.message, error.hint)
