"""What CloudFormation looks up in Parameter Store and Secrets Manager at the deploy is late-bound as well."""

from __future__ import annotations

from typing import Any

import pytest

from remit.iam.decide.evaluate import evaluate
from remit.iam.policy import parse, render
from remit.iam.request import Request
from remit.lint import lint_bytes
from remit.synthesis.synth import intrinsics

BUCKET = "arn:aws:s3:::{{resolve:ssm:/data/bucket:1}}/*"
WRITTEN: tuple[Any, ...] = (
    BUCKET,
    "{{resolve:secretsmanager:keys:SecretString:arn}}",
    "arn:aws:s3:::{{resolve:ssm:/data/bucket}}/${aws:username}/*",
    {"Fn::Sub": "arn:aws:s3:::${AWS::StackName}-{{resolve:ssm:/data/bucket}}/${!aws:username}/*"},
    {"Fn::Sub": "{{resolve:ssm:/data/${AWS::Region}/bucket}}"},
)


def _document(resource: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": resource}
    return {"Version": "2012-10-17", "Statement": [statement]}


@pytest.mark.parametrize("resource", WRITTEN)
def test_a_template_has_it_again_as_it_was_written(resource: Any) -> None:
    assert intrinsics(render(parse(_document(resource)))) == _document(resource)


def test_whether_it_names_a_resource_is_unknown() -> None:
    places = ("arn:aws:s3:::data/a", "arn:aws:sqs:eu-west-1:111122223333:data")
    requests = [Request("s3:GetObject", place) for place in places]
    verdicts = [evaluate(one, [parse(_document(BUCKET))]).verdict for one in requests]
    assert verdicts == ["Unknown", "ImplicitlyDenied"]


TEMPLATE = """\
Resources:
  Key:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Action: secretsmanager:GetSecretValue
            Resource: "{{resolve:ssm:/data/key}}"
          - Effect: Allow
            Action: s3:GetObject
            Resource: !Sub "arn:${AWS::Partition}:s3:::{{resolve:ssm:/data/bucket}}/*"
          - Effect: Allow
            Action: sqs:SendMessage
            Resource: "arn:aws:sqs:{{resolve:ssm:/data/region}}:{{resolve:ssm:/data/account}}:jobs"
"""


def test_lint_takes_it_for_what_it_may_be_and_shows_it_as_it_is_written() -> None:
    found = [(one.rule, one.line, one.message) for one in lint_bytes(TEMPLATE.encode(), "template.yaml")]
    arn = "arn:aws:sqs:{{resolve:ssm:/data/region}}:{{resolve:ssm:/data/account}}:jobs"
    assert found == [("R132", 16, f"'{arn}' works in partition aws alone")]
