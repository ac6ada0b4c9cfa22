"""What a template gives beside its roles is undecided where it may be more than before, and never told as the same."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from remit.report.review import review_lines
from remit.review.files import plan_review, review_files

ROOT: Final = {"AWS": "arn:aws:iam::111122223333:root"}
READ: Final = {"Effect": "Allow", "Principal": ROOT, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}
DENY: Final = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}
PERMISSION: Final = {"Action": "lambda:InvokeFunction", "FunctionName": "f", "Principal": "s3.amazonaws.com"}
NARROW: Final = {**PERMISSION, "SourceArn": "arn:aws:s3:::b"}
ADMIN: Final = ["arn:aws:iam::aws:policy/AdministratorAccess"]


def bucket(*statements: object, name: str = "b") -> tuple[str, dict[str, Any]]:
    return "AWS::S3::BucketPolicy", {"Bucket": name, "PolicyDocument": {"Statement": list(statements)}}


def key(*statements: object, **more: object) -> tuple[str, dict[str, Any]]:
    return "AWS::KMS::Key", {"KeyPolicy": json.dumps({"Statement": list(statements)}), **more}


def template(given: tuple[str, dict[str, Any]] | None) -> bytes:
    resources = {} if given is None else {"R": {"Type": given[0], "Properties": given[1]}}
    return json.dumps({"Resources": resources}).encode()


def undecided(old: tuple[str, dict[str, Any]] | None, new: tuple[str, dict[str, Any]] | None) -> list[str]:
    found = review_files((template(old), "old.json"), (template(new), "new.json"))
    return [one.reason for change in found.changes for one in change.unseen]


MORE: Final = {
    "a new policy": (None, bucket(READ), "R (AWS::S3::BucketPolicy), now with "),
    "a principal": (bucket(READ), bucket({**READ, "Principal": "*"}), 'now with {"Action": "s3:GetObject"'),
    "another target": (bucket(READ), bucket(READ, name="other"), 'on {"Bucket": "other"}'),
    "a deny that goes": (bucket(READ, DENY), bucket(READ), "no longer with "),
    "a policy of a deny that goes": (bucket(DENY), None, "R (AWS::S3::BucketPolicy), no longer with "),
    "a key's policy, as text": (key(READ), key({**READ, "Principal": "*"}), "R (AWS::KMS::Key), now with "),
    "a permission": (None, ("AWS::Lambda::Permission", NARROW), "R (AWS::Lambda::Permission), now with properties "),
    "a permission for every source": (
        ("AWS::Lambda::Permission", NARROW),
        ("AWS::Lambda::Permission", PERMISSION),
        'no longer with {"SourceArn": "arn:aws:s3:::b"}',
    ),
    "a permission for another source": (
        ("AWS::Lambda::Permission", NARROW),
        ("AWS::Lambda::Permission", {**NARROW, "SourceArn": "arn:aws:s3:::c"}),
        'no longer with {"SourceArn": "arn:aws:s3:::b"}',
    ),
    "an open URL": (
        ("AWS::Lambda::Url", {"AuthType": "AWS_IAM"}),
        ("AWS::Lambda::Url", {"AuthType": "NONE"}),
        '{"AuthType": "NONE"}',
    ),
    "a user": (None, ("AWS::IAM::User", {"ManagedPolicyArns": ADMIN}), "R (AWS::IAM::User), now with properties "),
    "a group of a policy": (
        ("AWS::IAM::Policy", {"PolicyDocument": {"Statement": []}}),
        ("AWS::IAM::Policy", {"PolicyDocument": {"Statement": []}, "Groups": ["admins"]}),
        "R (AWS::IAM::Policy), now with properties ",
    ),
}
NO_MORE: Final = {
    "the same": (bucket(READ, DENY), bucket(DENY, READ)),
    "a statement that goes": (bucket(READ, {**READ, "Principal": "*"}), bucket(READ)),
    "a deny that comes": (bucket(READ), bucket(READ, DENY)),
    "a policy that goes": (bucket(READ), None),
    "a key's description": (key(READ), key(READ, Description="for orders", Tags=[])),
    "a permission's source": (("AWS::Lambda::Permission", PERMISSION), ("AWS::Lambda::Permission", NARROW)),
    "a permission that goes": (("AWS::Lambda::Permission", NARROW), None),
    "a URL for those whom IAM knows": (None, ("AWS::Lambda::Url", {"AuthType": "AWS_IAM"})),
    "a user's tags": (("AWS::IAM::User", {}), ("AWS::IAM::User", {"Tags": [{"Key": "a", "Value": "b"}]})),
    "a queue": (None, ("AWS::SQS::Queue", {"QueueName": "orders"})),
}


@pytest.mark.parametrize(("old", "new", "told"), MORE.values(), ids=MORE)
def test_what_may_let_in_more_than_before_is_undecided(old: Any, new: Any, told: str) -> None:
    (reason,) = undecided(old, new)
    assert told in reason
    assert reason.endswith(": what it gives to others than roles is not compared")


@pytest.mark.parametrize(("old", "new"), NO_MORE.values(), ids=NO_MORE)
def test_what_plainly_lets_in_nobody_else_is_not_told(old: Any, new: Any) -> None:
    assert undecided(old, new) == []


def test_it_is_told_under_its_name_and_counts() -> None:
    found = review_files((template(None), "old.json"), (template(bucket(READ)), "new.json"))
    assert found.broadens
    lines = list(review_lines(found))
    policy = f'{json.dumps(READ, sort_keys=True)} on {{"Bucket": "b"}}'
    reason = f"R (AWS::S3::BucketPolicy), now with {policy}: what it gives to others than roles is not compared"
    assert lines[1:4] == ["", "R", f"  ? {reason}"]
    assert lines[-1] == "0 gained, 0 lost, 1 undecided"


def test_a_plans_permissions_count_too() -> None:
    def values(*resources: object) -> dict[str, Any]:
        return {"root_module": {"resources": list(resources)}}

    permission = {
        "address": "aws_lambda_permission.p",
        "mode": "managed",
        "type": "aws_lambda_permission",
        "name": "p",
        "values": {"action": "lambda:InvokeFunction", "principal": "*"},
    }
    plan = {
        "format_version": "1.2",
        "terraform_version": "1.9.0",
        "planned_values": values(permission),
        "prior_state": {"values": values()},
    }
    found = plan_review(json.dumps(plan).encode(), "plan.json")
    (reason,) = [one.reason for change in found.changes for one in change.unseen]
    assert reason.startswith("aws_lambda_permission.p (aws_lambda_permission), now with properties ")


def test_what_a_user_is_made_of_is_not_told() -> None:
    (reason,) = undecided(None, ("AWS::IAM::User", {"LoginProfile": {"Password": "correct horse"}}))
    assert "horse" not in reason


def test_two_changes_of_a_resource_are_told_in_different_words() -> None:
    """What a person accepted of the one must not hold for the other, however long both are."""
    long = "arn:aws:s3:::" + "b" * 900
    first, second = (
        undecided(None, bucket({**READ, "Resource": long, "Principal": who, "Sid": "Z" * 300})) for who in ("*", ROOT)
    )
    assert first != second
