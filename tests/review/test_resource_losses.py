"""What a change takes from a stack, from the two templates alone: removed, replaced, by which property, with data."""

from __future__ import annotations

import json
from typing import Any

import pytest

from remit.app import Resource
from remit.report.access_documents import review_document
from remit.report.access_lines import report_lines
from remit.report.access_report import review_report
from remit.report.comment import report_comment
from remit.review.access_change import Review
from remit.review.resource_losses import resource_losses
from remit.review.role_files import review_files

QUEUE = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "a"}}
BUCKET = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "a"}}
TOPIC = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "a"}}


def named(resource: dict[str, Any], name: Any, **attributes: Any) -> dict[str, Any]:
    (property_name,) = resource["Properties"]
    return {**resource, "Properties": {property_name: name}, **attributes}


def template(resources: dict[str, Any], **sections: Any) -> tuple[bytes, str]:
    return json.dumps({"Resources": resources, **sections}).encode(), "app.json"


def losses(old: dict[str, Any], new: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = review_document(review_files(template(old), template(new)))["losses"]
    return found


def test_a_removed_resource_is_told_with_whether_its_data_goes() -> None:
    (bucket, topic) = losses({"B": BUCKET, "T": TOPIC}, {})
    assert bucket == {
        "resource": "B", "type": "AWS::S3::Bucket", "change": "removed", "certain": True, "properties": [],
        "holds_data": True, "stays": False,
    }  # fmt: skip
    assert (topic["change"], topic["holds_data"]) == ("removed", False)


def test_a_property_that_can_only_be_set_at_creation_replaces_its_resource() -> None:
    (loss,) = losses({"B": BUCKET}, {"B": named(BUCKET, "b")})
    assert (loss["change"], loss["certain"], loss["properties"]) == ("replaced", True, ["BucketName"])


@pytest.mark.parametrize(
    "properties", [{"QueueName": "a", "DelaySeconds": 3}, {"QueueName": {"Fn::Sub": "a"}}, {"QueueName": "a"}]
)
def test_any_other_change_and_any_other_spelling_takes_nothing(properties: dict[str, Any]) -> None:
    assert losses({"Q": QUEUE}, {"Q": {**QUEUE, "Properties": properties}}) == []


def test_a_number_and_its_text_are_the_same_value() -> None:
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"FifoQueue": True}}
    assert losses({"Q": queue}, {"Q": named(queue, "true")}) == []
    assert [loss["properties"] for loss in losses({"Q": queue}, {"Q": named(queue, "false")})] == [["FifoQueue"]]


def test_the_key_of_a_table_may_replace_it() -> None:
    def table(attribute: str) -> dict[str, Any]:
        keys = {"KeySchema": [{"AttributeName": attribute, "KeyType": "HASH"}]}
        return {"Type": "AWS::DynamoDB::Table", "Properties": keys}

    (loss,) = losses({"T": table("id")}, {"T": table("order")})
    assert (loss["change"], loss["certain"], loss["properties"]) == ("replaced", False, ["KeySchema"])
    assert loss["holds_data"]


def test_a_loss_is_certain_if_one_of_its_properties_is_for_certain_another() -> None:
    sure, late = ("sqs", "lambda"), ({"Ref": "P"}, {"Fn::Sub": "${P}-b"})
    for topic, protocol in ((sure, late), (late, sure), (late, late)):
        old, new = (
            {"Type": "AWS::SNS::Subscription", "Properties": {"TopicArn": topic[side], "Protocol": protocol[side]}}
            for side in (0, 1)
        )
        (loss,) = losses({"S": old}, {"S": new})
        assert (sure in (topic, protocol), ["Protocol", "TopicArn"]) == (loss["certain"], sorted(loss["properties"]))


def test_a_replaced_resource_stands_where_it_is_now_and_a_removed_one_where_it_was() -> None:
    old, new = template({"B": BUCKET, "T": TOPIC}), template({"Q": QUEUE, "B": named(BUCKET, "b")})
    found = {loss.logical_id: str(loss.origin) for loss in review_files(old, new).losses or ()}
    place = len('"B": ') + 1
    expected = {"B": new[0].index(b'"B": ') + place, "T": old[0].index(b'"T": ') + place}
    assert {name: f"app.json:1:{column}" for name, column in expected.items()} == found


def test_another_type_replaces_the_resource() -> None:
    (loss,) = losses({"X": QUEUE}, {"X": TOPIC})
    assert (loss["type"], loss["change"], loss["properties"]) == ("AWS::SQS::Queue", "replaced", ["Type"])


def test_what_only_the_deploy_knows_is_perhaps_replaced() -> None:
    (loss,) = losses({"B": named(BUCKET, {"Ref": "P"})}, {"B": named(BUCKET, {"Fn::Sub": "${P}-b"})})
    assert (loss["change"], loss["certain"]) == ("replaced", False)


def test_what_refers_to_a_replaced_resource_with_such_a_property_may_be_replaced_too() -> None:
    subscription = {
        "Type": "AWS::SNS::Subscription",
        "Properties": {"TopicArn": {"Ref": "T"}, "Protocol": "sqs", "Endpoint": "arn:aws:sqs:us-east-1:1:q"},
    }
    found = losses({"S": subscription, "T": TOPIC}, {"S": subscription, "T": named(TOPIC, "b")})
    assert [(loss["resource"], loss["certain"], loss["properties"]) for loss in found] == [
        ("S", False, ["TopicArn"]),
        ("T", True, ["TopicName"]),
    ]


def test_a_policy_that_keeps_the_resource_keeps_its_data() -> None:
    kept = {**BUCKET, "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
    assert [loss["stays"] for loss in losses({"B": kept}, {})] == [True]
    assert [loss["stays"] for loss in losses({"B": kept}, {"B": named(kept, "b")})] == [True]
    assert [loss["stays"] for loss in losses({"B": kept}, {"B": named(BUCKET, "b")})] == [False]


def test_a_policy_that_the_deploy_decides_is_not_taken_to_keep_data() -> None:
    late = {**BUCKET, "DeletionPolicy": {"Ref": "Policy"}, "UpdateReplacePolicy": {"Ref": "Policy"}}
    assert [loss["stays"] for loss in losses({"B": late}, {})] == [False]
    assert [loss["stays"] for loss in losses({"B": late}, {"B": named(late, "b")})] == [False]


def test_what_every_deploy_makes_anew_is_no_loss() -> None:
    made_anew = {name: {"Type": name} for name in ("AWS::Lambda::Version", "AWS::ApiGateway::Deployment")}
    assert [] == losses({name.replace(":", ""): resource for name, resource in made_anew.items()}, {})


def test_a_condition_that_goes_removes_nothing() -> None:
    (loss,) = losses({"B": {**BUCKET, "Condition": "IsProd"}}, {"B": named(BUCKET, "b")})
    assert (loss["change"], loss["certain"]) == ("replaced", True)


def test_a_new_condition_may_remove_the_resource() -> None:
    (loss,) = losses({"B": BUCKET}, {"B": {**BUCKET, "Condition": "IsProd"}})
    assert (loss["change"], loss["certain"]) == ("removed", False)


def test_a_resource_of_sam_counts_as_what_it_becomes() -> None:
    transform = {"Transform": "AWS::Serverless-2016-10-31"}
    table = {"Type": "AWS::Serverless::SimpleTable", "Properties": {"TableName": "a"}}
    found = review_files(template({"T": table}, **transform), template({"T": named(table, "b")}, **transform)).losses
    assert found is not None
    assert [(loss.type, loss.how, loss.loses_data) for loss in found] == [("AWS::DynamoDB::Table", "replaced", True)]


def test_people_read_what_happens_why_and_where() -> None:
    reviewed = review_files(template({"B": BUCKET, "Q": QUEUE}), template({"B": named(BUCKET, "b")}))
    lines = list(report_lines(review_report(reviewed)))
    assert lines == [
        "app.json -> app.json",
        "The same access by roles, policies and doors: proven for every request.",
        "",
        "Resources",
        "  ! B (AWS::S3::Bucket) is replaced, with its data",
        "      BucketName differs, and can only be set when it is created",
        "      app.json:1:21",
        "  ! Q (AWS::SQS::Queue) is removed, with its data",
        "      app.json:1:90",
    ]


def test_a_comment_says_first_whose_data_is_lost() -> None:
    text = report_comment(review_report(review_files(template({"B": BUCKET, "T": TOPIC}), template({}))), "app.json")
    assert "**Resources: 2 removed or replaced (1 loses data).**" in text.splitlines()
    assert text.index("Resources that lose data (1)") < text.index("Other resources that are removed or replaced (1)")
    assert "| ! | `B` | `AWS::S3::Bucket` | removed, with its data | `app.json:1:21` |" in text.splitlines()


def test_however_long_a_comment_is_whose_data_is_lost_stands_in_it() -> None:
    topics = [Resource(f"T{number}", "AWS::SNS::Topic", {}) for number in range(1500)]
    buckets = [Resource(f"B{number}", "AWS::S3::Bucket", {}) for number in range(40)]
    found = Review("a", "b", (), losses=resource_losses([*topics, *buckets], []))
    text = report_comment(review_report(found), "app.json")
    assert len(text.encode()) <= 65_000
    assert text.count("`AWS::S3::Bucket`") == 40
    assert "of 1500 left out" in text


def test_a_comment_on_what_takes_nothing_has_no_section_of_resources() -> None:
    same = review_files(template({"B": BUCKET}), template({"B": BUCKET}))
    assert "Resources:" not in report_comment(review_report(same), "app.json")
