"""A hint about a text in a policy names what was meant, and never a wider right than was written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Make

MANAGED = 'it is a managed policy: write `managed_policy=["{}"]`, and leave it out here'
GENERAL = 'name a service ("logs"), an action ("s3:GetObject") or a pattern ("s3:Get*")'
ITEMS = {
    "AmazonS3ReadOnlyAccess": MANAGED.format("AmazonS3ReadOnlyAccess"),
    "AmazonS3ReadOnlyAcces": MANAGED.format("AmazonS3ReadOnlyAccess"),
    "S3ReadOnlyAccess": MANAGED.format("AmazonS3ReadOnlyAccess"),
    "AdministratorAccess": MANAGED.format("AdministratorAccess"),
    "service-role/AWSLambdaVPCAccessExecutionRole": MANAGED.format("AWSLambdaVPCAccessExecutionRole"),
    "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess": MANAGED.format(
        "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess"
    ),
    "arn:aws:iam::123456789012:policy/mine": MANAGED.format("arn:aws:iam::123456789012:policy/mine"),
    "logs, s3": 'one text is one item: write `"logs", "s3"`',
    "logs;s3:GetObject": 'one text is one item: write `"logs", "s3:GetObject"`',
    "s3:GetObject s3:PutObject": 'one text is one item: write `"s3:GetObject", "s3:PutObject"`',
    "s3:GetObject,": 'write `"s3:GetObject"`',
    "dynamodb.PutItem": "did you mean `dynamodb:PutItem`?",
    "dynamodb.put_item": "did you mean `dynamodb:PutItem`?",
    "lamda.invoke_function": "did you mean `lambda:InvokeFunction`?",
    "dynamodb/PutItem": "did you mean `dynamodb:PutItem`?",
    "dynamodb::PutItem": "did you mean `dynamodb:PutItem`?",
    "s3-GetObject": "did you mean `s3:GetObject`?",
    "s3.Get*": "did you mean `s3:Get*`?",
    "s3.read": "did you mean `s3:GetObject`?",
    "PutItem": "did you mean `dynamodb:PutItem`?",
    "put_item": "did you mean `dynamodb:PutItem`?",
    "lambda_": "did you mean `lambda`?",
    "s3:": GENERAL,
    "s3:GetObject:x": GENERAL,
    "Effect: Allow": GENERAL,
    "read s3": GENERAL,
}
IN_A_STATEMENT = {
    "logs": "did you mean `logs:*`?",
    "logs, s3": 'one text is one item: write `"logs:*", "s3:*"`',
    "dynamodb.PutItem": "did you mean `dynamodb:PutItem`?",
    "AmazonS3ReadOnlyAccess": MANAGED.format("AmazonS3ReadOnlyAccess"),
    "s3:": "an action reads `service:Operation`, such as `s3:GetObject` or `s3:Get*`",
}
IN_A_RESOURCE = {
    "${AWS:Region}": "did you mean `{aws.region}`?",
    "${AWS_REGION}": "did you mean `{aws.region}`?",
    "${aws:region}": "did you mean `{aws.region}`?",
    "${AWS::Regoin}": "did you mean `AWS::Region`?",
    "${aws.region}": 'write it without the `$`, in an f-string: f"…{aws.region}…"',
    "${project.stage}": 'write it without the `$`, in an f-string: f"…{project.stage}…"',
    "${Region}": "did you mean `${AWS::Region}`?",
}


@pytest.mark.parametrize("text", ITEMS)
def test_what_was_meant_by_an_item_is_said(make: Make, text: str) -> None:
    assert ITEMS[text] == make(config=f"config.lambda_.iam.policy = [{text!r}]").error().hint


@pytest.mark.parametrize("text", IN_A_STATEMENT)
def test_what_was_meant_by_an_action_is_said(make: Make, text: str) -> None:
    statement = {"Effect": "Allow", "Action": text, "Resource": "*"}
    assert IN_A_STATEMENT[text] == make(config=f"config.lambda_.iam.policy = [{statement}]").error().hint


@pytest.mark.parametrize("text", IN_A_RESOURCE)
def test_what_was_meant_by_a_variable_is_said(make: Make, text: str) -> None:
    statement = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": f"arn:aws:sqs:{text}:*:orders"}
    hint = make(config=f"config.lambda_.iam.policy = [{statement}]").error().hint or ""
    assert IN_A_RESOURCE[text] == hint.partition("\n")[0]


def test_a_name_of_the_project_that_does_not_exist_is_near_one_that_does(make: Make) -> None:
    error = make(config='config.lambda_.iam.policy = [f"{project.namespce}"]').error()
    assert "did you mean `namespace`?" == error.hint


def test_a_managed_policy_that_is_only_somewhat_alike_is_not_proposed(make: Make) -> None:
    error = make(config='config.lambda_.iam.managed_policy = ["AmazonS3WriteAccess"]').error()
    assert "a policy of your own account is named by its ARN, with {aws.account}" == error.hint


def test_a_word_that_is_somewhat_alike_is_no_reason_to_propose_a_whole_service(make: Make) -> None:
    hint = make(config='config.lambda_.iam.policy = ["all"]').error().hint or ""
    assert "`remit explain SERVICE:ACTION` knows the prefixes of actions" == hint.partition("\n")[0]


@pytest.mark.parametrize("name", ["AmazonS3Access", "AmazonECRFullAccess", "AmazonReadOnlyAccess", "AmazonDynamoDB"])
def test_a_managed_policy_of_other_words_or_of_another_service_is_not_proposed(make: Make, name: str) -> None:
    """AmazonS3FullAccess gives more than AmazonS3Access says, and a letter makes ECR another service."""
    error = make(config=f'config.lambda_.iam.managed_policy = ["{name}"]').error()
    assert error.hint == "a policy of your own account is named by its ARN, with {aws.account}"
