"""The nouns of a review: what counts as a change, what lets in more, and the words for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from remit.holders import Holder, inline
from remit.iam.policy import Policy, Principals, allow
from remit.review.access_change import (
    Accepted,
    Attached,
    Change,
    Door,
    Elsewhere,
    Given,
    NotCompared,
    Review,
    UnreadPolicy,
    Version,
    resource_words,
)
from remit.review.principal_policies import compare_trust


def trusting(*principals: str) -> Policy:
    named = [Principals((("Service", principal),)) for principal in principals]
    return Policy(tuple(replace(allow("sts:AssumeRole"), principals=each) for each in named))


GAIN = compare_trust(trusting(), trusting("lambda.amazonaws.com"))
LOSS = compare_trust(trusting("lambda.amazonaws.com"), trusting())
UNREAD = UnreadPolicy("", "nobody can read it")
OPENED = Door("GET /", "AWS_IAM", "everybody", opens=True)
CLOSED = Door("GET /", "everybody", "AWS_IAM", opens=False)
ROLE = Holder("Role", (inline(()),), ("ingest",))
PLAIN = Change(("ingest",), ROLE, ROLE)


@pytest.mark.parametrize(
    ("parts", "differs", "broadens"),
    [
        ({}, False, False),
        ({"access": GAIN}, True, True),
        ({"access": LOSS}, True, False),
        ({"trust": GAIN}, True, True),
        ({"trust": LOSS}, True, False),
        ({"unread": (UNREAD,)}, True, True),
        ({"doors": (OPENED,)}, True, True),
        ({"doors": (CLOSED,)}, True, False),
        ({"doors": (CLOSED, OPENED)}, True, True),
        ({"attached": (Attached("boundary", "added", "arn:b"),)}, True, False),
        ({"accepted": (Accepted(OPENED, "agreed", "door"),)}, True, False),
        ({"when": ("Prod",), "of_resource": True, "use": "acts as Role"}, False, False),
    ],
)
def test_each_part_of_a_change_is_a_difference_and_some_let_in_more(
    parts: dict[str, Any], *, differs: bool, broadens: bool
) -> None:
    change = replace(PLAIN, **parts)
    assert (not change.same, change.broadens) == (differs, broadens)
    assert Review("old", "new", (PLAIN, change)).broadens == broadens


def test_a_change_is_called_as_its_role_is_after_it_or_else_before() -> None:
    before, after = replace(ROLE, logical_id="Before"), replace(ROLE, logical_id="After", kind="user")
    for pair, name, title in (
        ((before, after), "After", after.title),
        ((before, None), "Before", before.title),
        ((None, after), "After", after.title),
        ((None, None), "", ""),
    ):
        change = Change((), *pair)
        assert (change.role, change.title) == (name, title)


@pytest.mark.parametrize(
    ("parts", "leaves_open", "if_strict"),
    [
        ({}, False, False),
        ({"changes": (replace(PLAIN, unread=(UNREAD,)),)}, True, True),
        ({"not_compared": (NotCompared("AWS::X::Y", "Y", "P", "code"),)}, False, True),
        ({"not_compared": (NotCompared("AWS::X::Y", "Y", "P", "network"),)}, False, False),
    ],
)
def test_what_was_not_compared_leaves_a_strict_review_open_unless_it_is_network(
    parts: dict[str, Any], *, leaves_open: bool, if_strict: bool
) -> None:
    found = replace(Review("old", "new", ()), **parts)
    assert (found.leaves_open(strict=False), found.leaves_open(strict=True)) == (leaves_open, if_strict)


@pytest.mark.parametrize(
    ("parts", "differs"),
    [
        ({"roles": (ROLE,)}, True),
        ({"handed_over": (ROLE,)}, True),
        ({"documents": {"arn:a": trusting()}}, True),
        ({"others": {"ingest": "arn:a"}}, True),
        ({"giving": {"Queue": Given("AWS::SQS::Queue")}}, True),
        ({"beside": {"Queue": Given("AWS::SQS::Queue")}}, True),
        ({"where": "elsewhere", "resources": ()}, False),
    ],
)
def test_two_worlds_of_a_template_are_the_same_where_they_hold_the_same(
    parts: dict[str, Any], *, differs: bool
) -> None:
    version = Version("some version", ())
    assert (replace(version, **parts).contents != version.contents) == differs


def test_what_a_deployed_resource_says_beside_its_policies_counts_where_its_app_declares_it() -> None:
    setting = Given("AWS::Lambda::Url", settings=(object(),))  # type: ignore[arg-type] # anything
    deployed = Version("deployed", (), giving={"Own": setting, "OfATrigger": setting})
    declared = Version("declared", (), giving={"Own": setting, "New": setting})
    assert deployed.as_declared_by(declared).giving == {"Own": setting, "OfATrigger": replace(setting, settings=())}
    unknown = replace(declared, giving=None)
    assert deployed.as_declared_by(unknown) is deployed
    assert unknown.as_declared_by(deployed) is unknown


@pytest.mark.parametrize(
    ("kind", "how", "words"),
    [
        ("AWS::S3::BucketPolicy", "changed", "bucket policy Uploads"),
        ("AWS::SQS::Queue", "added", "policy of queue Uploads added"),
        ("AWS::IAM::User", "removed", "user Uploads removed"),
        ("aws_s3_bucket_policy", "changed", "s3 bucket policy Uploads"),
        ("aws_sqs_queue", "removed", "policy of sqs queue Uploads removed"),
        ("AWS::RAM::ResourceShare", "changed", "resource share Uploads"),
    ],
)
def test_a_resource_that_lets_in_others_is_told_in_words(kind: str, how: str, words: str) -> None:
    assert Elsewhere("Uploads", kind, how).words == words


def test_a_type_is_told_in_words() -> None:
    assert [*map(resource_words, ("AWS::EC2::SecurityGroup", "aws_security_group", "AWS::EC2::VPC"))] == [
        "security group",
        "security group",
        "vpc",
    ]


@pytest.mark.parametrize(
    ("how", "before", "words"),
    [
        ("added", "", "boundary arn:b added"),
        ("removed", "", "boundary arn:b removed"),
        ("swapped", "arn:a", "boundary arn:b in place of arn:a"),
        ("changed", "from v1 to v2", "boundary arn:b changed from v1 to v2"),
        ("changed", "", "boundary arn:b changed"),
    ],
)
def test_an_attached_policy_is_told_with_what_was_there_before(how: str, before: str, words: str) -> None:
    assert Attached("boundary", how, "arn:b", before).words == words
