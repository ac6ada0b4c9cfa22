"""What a template gives beside its roles is undecided where it may be more than before, and never told as the same."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from remit.app import Resource
from remit.report.comment import review_comment
from remit.report.review import review_document, review_lines
from remit.review.resource_policies import beside, giving
from remit.review.role_files import plan_review, review_files

ROOT: Final = {"AWS": "arn:aws:iam::111122223333:root"}
READ: Final = {"Effect": "Allow", "Principal": ROOT, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}
DENY: Final = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}
PERMISSION: Final = {"Action": "lambda:InvokeFunction", "FunctionName": "f", "Principal": "s3.amazonaws.com"}
NARROW: Final = {**PERMISSION, "SourceArn": "arn:aws:s3:::b"}
ALLOW: Final = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
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
    "a bucket for the public": (
        None,
        ("AWS::S3::Bucket", {"AccessControl": "PublicRead"}),
        'R (AWS::S3::Bucket), now with {"AccessControl": "PublicRead"}: ',
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


def last_line(old: tuple[str, dict[str, Any]] | None, new: tuple[str, dict[str, Any]] | None) -> str:
    return list(review_lines(review_files((template(old), "old.json"), (template(new), "new.json"))))[-1]


CHANGED: Final = {
    "a statement that goes": (bucket(READ, {**READ, "Principal": "*"}), bucket(READ), "bucket policy R"),
    "a deny that comes": (bucket(READ), bucket(READ, DENY), "bucket policy R"),
    "a policy that goes": (bucket(READ), None, "bucket policy R removed"),
    "a key's statement that goes": (key(READ, DENY), key(DENY), "policy of key R"),
    "a permission's source": (
        ("AWS::Lambda::Permission", PERMISSION),
        ("AWS::Lambda::Permission", NARROW),
        "permission R",
    ),
    "a secret's policy that goes": (
        ("AWS::SecretsManager::ResourcePolicy", {"SecretId": "s", "ResourcePolicy": {"Statement": [READ]}}),
        None,
        "resource policy R removed",
    ),
    "a repository's policy that goes": (
        ("AWS::ECR::Repository", {"RepositoryPolicyText": {"Statement": [READ]}}),
        ("AWS::ECR::Repository", {}),
        "policy of repository R removed",
    ),
    "a queue's policy that goes": (
        ("AWS::SQS::QueuePolicy", {"Queues": ["q"], "PolicyDocument": {"Statement": READ}}),
        None,
        "queue policy R removed",
    ),
    "a topic's deny that comes": (
        ("AWS::SNS::TopicPolicy", {"Topics": ["t"], "PolicyDocument": {"Statement": [READ]}}),
        ("AWS::SNS::TopicPolicy", {"Topics": ["t"], "PolicyDocument": {"Statement": [READ, DENY]}}),
        "topic policy R",
    ),
    "a managed policy that nobody here has": (
        ("AWS::IAM::ManagedPolicy", {"PolicyDocument": {"Statement": [ALLOW]}}),
        None,
        "managed policy R removed",
    ),
    "a bucket that is closed": (
        ("AWS::S3::Bucket", {"AccessControl": "PublicRead"}),
        ("AWS::S3::Bucket", {}),
        "policy of bucket R removed",
    ),
}


@pytest.mark.parametrize(("old", "new", "told"), CHANGED.values(), ids=CHANGED)
def test_the_same_access_is_said_of_the_roles_alone_where_a_policy_of_a_resource_differs(
    old: Any, new: Any, told: str
) -> None:
    assert undecided(old, new) == []
    assert last_line(old, new) == f"Roles: the same access, proven for every request; changed: {told}."
    assert last_line(new, old) == "0 gained, 0 lost, 1 undecided"
    assert last_line(old, old) == "The same access: proven for every request."


def test_a_user_that_goes_is_named() -> None:
    user = ("AWS::IAM::User", {"ManagedPolicyArns": ADMIN})
    assert last_line(user, None) == "Roles: the same access, proven for every request; changed: user R removed."


def test_every_resource_that_changed_is_named_to_people_and_to_programs() -> None:
    parts = {"B": bucket(READ), "K": key(READ)}
    resources = {name: {"Type": kind, "Properties": properties} for name, (kind, properties) in parts.items()}
    before = json.dumps({"Resources": resources}).encode()
    found = review_files((before, "old.json"), (template(None), "new.json"))
    changed = "bucket policy B removed, policy of key K removed"
    sentence = f"Roles: the same access, proven for every request; changed: {changed}."
    assert (found.broadens, list(review_lines(found))[-1]) == (False, sentence)
    assert review_document(found)["resources"] == [
        {"resource": "B", "type": "AWS::S3::BucketPolicy", "change": "removed"},
        {"resource": "K", "type": "AWS::KMS::Key", "change": "removed"},
    ]
    assert review_document(found)["undecided"] == []
    assert review_comment(found).splitlines()[1] == f"**Access: unchanged by roles.** {sentence}"


def test_what_only_narrows_is_noted_beside_what_does_not() -> None:
    resources = {"B": {"Type": "AWS::S3::BucketPolicy", "Properties": bucket(READ)[1]}}
    before = json.dumps({"Resources": resources}).encode()
    found = review_files((before, "old.json"), (template(key(READ)), "new.json"))
    assert list(review_lines(found))[-2:] == [
        "note: changed as well, and lets in nobody new: bucket policy B removed",
        "0 gained, 0 lost, 1 undecided",
    ]


def test_a_managed_policy_that_a_role_has_is_compared_with_the_role() -> None:
    def attached(*actions: str) -> bytes:
        role = {"AssumeRolePolicyDocument": {"Statement": []}, "ManagedPolicyArns": [{"Ref": "P"}]}
        document = {"Statement": [{**ALLOW, "Action": list(actions)}]}
        resources = {
            "R": {"Type": "AWS::IAM::Role", "Properties": role},
            "P": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document}},
        }
        return json.dumps({"Resources": resources}).encode()

    one = attached("s3:GetObject", "s3:PutObject")
    same = review_files((one, "old.json"), (attached("s3:PutObject", "s3:GetObject"), "new.json"))
    assert list(review_lines(same)) == ["The same access: proven for every request."]
    less = review_files((one, "old.json"), (attached("s3:GetObject"), "new.json"))
    assert list(review_lines(less))[-1] == "0 gained, 1 lost, 0 undecided"


def test_a_policy_in_a_condition_is_looked_at_as_well() -> None:
    def conditional(*statements: object) -> bytes:
        kind, properties = bucket(*statements)
        resources = {"R": {"Type": kind, "Condition": "Prod", "Properties": properties}}
        conditions = {"Prod": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}}
        return json.dumps({"Conditions": conditions, "Resources": resources}).encode()

    public = {**READ, "Principal": "*"}
    found = review_files((conditional(READ), "old.json"), (conditional(READ, public), "new.json"))
    assert [len(change.unseen) for change in found.changes] == [1]
    back = review_files((conditional(READ, public), "old.json"), (conditional(READ), "new.json"))
    assert list(review_lines(back))[-1].endswith("changed: bucket policy R.")


def test_a_policy_that_names_a_parameter_with_another_default_is_undecided() -> None:
    def defaulting(account: str) -> bytes:
        kind, properties = bucket({**READ, "Principal": {"AWS": {"Ref": "Who"}}})
        parameters = {"Who": {"Type": "String", "Default": account}}
        resources = {"R": {"Type": kind, "Properties": properties}}
        return json.dumps({"Parameters": parameters, "Resources": resources}).encode()

    found = review_files((defaulting("111122223333"), "old.json"), (defaulting("444455556666"), "new.json"))
    (reason,) = [one.reason for change in found.changes for one in change.unseen]
    assert "parameter Who, on which it depends, has another default" in reason


@pytest.mark.parametrize(
    "document",
    [{"Ref": "Document"}, {"Statement": [{"Fn::If": ["Prod", {**READ, "Principal": "*"}, {"Ref": "AWS::NoValue"}]}]}],
)
def test_a_policy_that_is_known_at_the_deploy_only_may_be_more_when_it_comes_or_goes(document: object) -> None:
    one = Resource("R", "AWS::S3::BucketPolicy", {"Bucket": "b", "PolicyDocument": document})
    other = Resource("R", "AWS::S3::BucketPolicy", {"Bucket": "b", "PolicyDocument": {"Statement": [READ]}})
    before, after = giving([one], ()), giving([other], ())
    assert len(list(beside(before, after))) == len(list(beside(after, before))) == 1


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
