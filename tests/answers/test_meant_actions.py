"""Which actions a typed text means, and what no statement can allow."""

from __future__ import annotations

import pytest

from remit.answers.meant_actions import is_meant, meant
from remit.answers.obstacles import obstacle, obstacle_in_message, resource_obstacle, resource_to_allow
from remit.errors import RemitError
from remit.iam.request import Request

ROLE = "arn:aws:sts::111122223333:assumed-role/x/y"
OPERATION = "is an operation of the API and no action; it"


@pytest.mark.parametrize(
    ("text", "actions", "note"),
    [
        ("sqs:sendmessage", ["sqs:SendMessage"], None),
        ("sqs:Purge*", ["sqs:PurgeQueue"], "sqs:Purge* covers 1 action"),
        (
            "sqs:*Message",
            ["sqs:DeleteMessage", "sqs:ReceiveMessage", "sqs:SendMessage"],
            "sqs:*Message covers 3 actions",
        ),
        ("s3:ListObjectsV2", ["s3:ListBucket"], f"s3:ListObjectsV2 {OPERATION} needs s3:ListBucket"),
        ("s3.list_objects_v2", ["s3:ListBucket"], f"s3.list_objects_v2 {OPERATION} needs s3:ListBucket"),
        (
            "ListObjectsV2",
            ["s3:ListBucket"],
            "ListObjectsV2 is an operation of s3 and no action; it needs s3:ListBucket",
        ),
        (
            "dynamodb:BatchExecuteStatement",
            [f"dynamodb:PartiQL{verb}" for verb in ("Select", "Insert", "Update", "Delete")],
            (
                f"dynamodb:BatchExecuteStatement {OPERATION} may need dynamodb:PartiQLSelect, dynamodb:PartiQLInsert, "
                "dynamodb:PartiQLUpdate, dynamodb:PartiQLDelete"
            ),
        ),
    ],
)
def test_a_text_means_an_action_a_pattern_or_an_operation(text: str, actions: list[str], note: str | None) -> None:
    found, told = meant(text)
    assert ([*found], told) == (actions, note)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("sqs:SendMesage", "there is no action `sqs:SendMesage`", "did you mean `sqs:SendMessage`?"),
        ("sqs:Zzzzqq", "there is no action `sqs:Zzzzqq`", "`remit explain 'sqs:*'` lists the 20 actions of sqs"),
        ("sqs:Send?*", "no action matches `sqs:Send?*`", None),
        ("sqs:Nopee*", "no action matches `sqs:Nopee*`", "`remit explain 'sqs:*'` lists the 20 actions of sqs"),
        ("sqs:SendMesage*", "no action matches `sqs:SendMesage*`", "did you mean `sqs:SendMessage`?"),
        ("zz:Zzzz", "there is no action `zz:Zzzz`", "there is no service `zz`"),
        ("Zzzzz", "there is no action `Zzzzz`", "actions read `service:Operation`"),
    ],
)
def test_a_text_that_names_nothing_is_told_with_what_is_near(text: str, message: str, hint: str | None) -> None:
    if hint is None:
        assert meant(text)[0] == ("sqs:SendMessage",)
        return
    with pytest.raises(RemitError) as caught:
        meant(text)
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_a_word_means_a_service_or_an_operation() -> None:
    assert [*map(is_meant, ("SQS", "sqs", "ListObjectsV2", "nothing"))] == [True, True, True, False]


def sqs(region: str = "eu-west-1", account: str = "111122223333", name: str = "q") -> str:
    return f"arn:aws:sqs:{region}:{account}:{name}"


def iam(name: str) -> str:
    return f"arn:aws:iam::111122223333:{name}"


MASKED = " is masked, or a placeholder"


@pytest.mark.parametrize(
    ("action", "resource", "reason"),
    [
        ("sqs:SendMessage", sqs(), None),
        ("sqs:SendMessage", sqs(account="1111222233334"), f"the account of the resource{MASKED}"),
        ("sqs:SendMessage", sqs(account="xxxx"), f"the account of the resource{MASKED}"),
        ("sqs:SendMessage", sqs(account="${AWS::AccountId}"), None),
        ("sqs:SendMessage", sqs("*"), None),
        ("sqs:SendMessage", sqs("REGION"), f"the region of the resource{MASKED}"),
        ("sqs:SendMessage", sqs("${AWS::Region}", name="${Queue}-x"), None),
        ("sqs:SendMessage", sqs(name="****"), f"the name of the resource{MASKED}"),
        ("sqs:SendMessage", "arn:aws:sqs", "the ARN of the resource is cut off"),
        ("sqs:SendMessage", sqs("", ""), "the ARN leaves out the region of the resource"),
        ("sqs:SendMessage", sqs(""), "the ARN leaves out the region of the resource"),
        ("sqs:SendMessage", sqs(account=""), "the ARN leaves out the account of the resource"),
        ("sqs:SendMessage", "arn:aws:s3:::b", "sqs:SendMessage is not asked on such a resource"),
        ("s3:GetObject", "arn:aws:s3:::BUCKET_NAME/a", f"the name of the bucket{MASKED}"),
        ("s3:GetObject", "arn:aws:s3:::b/****", None),
        ("iam:GetPolicy", "arn:aws:iam::aws:policy/x", None),
        ("ssm:GetParameter", "arn:aws:ssm:eu-west-1::parameter/aws/service/x", None),
        ("kms:Decrypt", "arn:aws:kms:eu-west-1:111122223333:alias/aws/s3", "nobody can change the policy of alias/aws"),
        ("kms:Decrypt", "arn:aws:kms:eu-west-1:444455556666:alias/aws/s3", "no other account can use alias/aws/s3"),
        ("kms:Decrypt", "arn:aws:kms:eu-west-1:*:alias/aws/s3", "nobody can change the policy of alias/aws/s3"),
        ("sts:AssumeRole", iam("role/x"), None),
        ("sts:AssumeRole", iam("ro*"), None),
        ("sts:AssumeRole", iam("us*"), f"{iam('us*')} is no role, so nobody can assume it"),
        ("sts:AssumeRole", iam("user/x"), f"{iam('user/x')} is no role, so nobody can assume it"),
        ("sts:AssumeRole", ROLE, f"{ROLE} is no role, so nobody can assume it"),
        (
            "sts:AssumeRole",
            iam("role/aws-service-role/x"),
            "a service-linked role can be taken on by its service alone",
        ),
        ("sts:AssumeRole", iam("role/aws-reserved/x"), "a role under aws-reserved trusts IAM Identity Center alone"),
        ("logs:PutLogEvents", "arn:aws:logs:eu-west-1:111122223333:log-group:/a:log-stream:", None),
    ],
)
def test_a_request_that_no_statement_allows_is_told_with_the_reason(
    action: str, resource: str, reason: str | None
) -> None:
    found = obstacle(Request(action, resource, principal=ROLE))
    assert (None if found is None else found.reason[: len(reason or "")]) == reason
    assert resource_obstacle(Request(action, resource, principal=ROLE)) == found


@pytest.mark.parametrize(
    ("principal", "reason"),
    [
        ("arn:aws:iam::111122223333:root", "a root user has no policies of its own"),
        ("arn:aws:iam::111122223333:user/ann", None),
        ("ec2.amazonaws.com", "a service has no policies of its own"),
        (iam("role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX"), "the service of a service-linked role alone"),
        ("anonymous", "nobody signed the request"),
    ],
)
def test_a_caller_without_policies_is_told(principal: str, reason: str | None) -> None:
    request = Request("sqs:SendMessage", sqs(), principal=principal)
    found = obstacle(request)
    assert (None if found is None else found.reason[: len(reason or "")]) == reason
    assert resource_obstacle(request) is None


def test_a_key_of_aws_s_own_is_nobody_s_to_change_whoever_asks() -> None:
    for principal in (None, ROLE):
        found = obstacle(Request("kms:Decrypt", "arn:aws:kms:eu-west-1:111122223333:alias/aws/s3", principal=principal))
        assert found is not None
        assert found.reason.startswith("nobody can change the policy of alias/aws/s3")


def test_a_service_may_take_on_its_own_role() -> None:
    for name in ("role/aws-service-role/x", "role/aws-reserved/x"):
        assert resource_obstacle(Request("sts:AssumeRole", iam(name), principal="ec2.amazonaws.com")) is None


@pytest.mark.parametrize(
    ("action", "resource", "reason"),
    [
        ("sqs:SendMessage", sqs(name="*"), "the message names all of the service's resources"),
        ("sqs:ListQueues", sqs(name="*"), None),
        ("sqs:SendMessage", "*", None),
        ("ssm:GetParameter", "arn:aws:ssm:eu-west-1:111122223333:parameter/*", "Parameter Store names no parameter"),
        ("s3:GetObject", "arn:aws:s3:::b/*", None),
    ],
)
def test_a_message_that_names_every_resource_means_one_that_is_missing(
    action: str, resource: str, reason: str | None
) -> None:
    found = obstacle_in_message(Request(action, resource, principal=ROLE))
    assert (None if found is None else found.reason[: len(reason or "")]) == reason
    assert obstacle(Request(action, resource, principal=ROLE)) is None


@pytest.mark.parametrize(
    ("action", "resource", "expected"),
    [
        ("s3:ListAllMyBuckets", "arn:aws:s3:::x", "*"),
        ("logs:PutLogEvents", "arn:aws:logs:r:1:log-group:/a:log-stream:", "arn:aws:logs:r:1:log-group:/a:*"),
        ("s3:GetObject", "arn:aws:s3:::b", "arn:aws:s3:::b/*"),
        ("s3:ListBucket", "arn:aws:s3:::b", "arn:aws:s3:::b"),
        ("x:Y", "arn:aws:x:::z", "arn:aws:x:::z"),
        ("s3:GetObject", "b", "b"),
    ],
)
def test_an_allow_names_what_its_action_is_on(action: str, resource: str, expected: str) -> None:
    assert resource_to_allow(action, resource) == expected
