"""What references to resources of a template stand for, as far as types matter: `${Queue.Arn}` is the ARN of a queue.

Source: "Return values" of each type (CloudFormation Template Reference).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_HERE: Final = "arn:aws:%s:us-east-1:111122223333:%s"
_NAME: Final = "x"
_ARNS: Final = {
    "AWS::CodeBuild::Project": ("Arn", _HERE % ("codebuild", f"project/{_NAME}")),
    "AWS::Cognito::UserPool": ("Arn", _HERE % ("cognito-idp", f"userpool/{_NAME}")),
    "AWS::DynamoDB::Table": ("Arn", _HERE % ("dynamodb", f"table/{_NAME}")),
    "AWS::ECR::Repository": ("Arn", _HERE % ("ecr", f"repository/{_NAME}")),
    "AWS::Events::EventBus": ("Arn", _HERE % ("events", f"event-bus/{_NAME}")),
    "AWS::IAM::Role": ("Arn", f"arn:aws:iam::111122223333:role/{_NAME}"),
    "AWS::IAM::User": ("Arn", f"arn:aws:iam::111122223333:user/{_NAME}"),
    "AWS::Kinesis::Stream": ("Arn", _HERE % ("kinesis", f"stream/{_NAME}")),
    "AWS::KMS::Key": ("Arn", _HERE % ("kms", f"key/{_NAME}")),
    "AWS::Lambda::Function": ("Arn", _HERE % ("lambda", f"function:{_NAME}")),
    "AWS::Logs::LogGroup": ("Arn", _HERE % ("logs", f"log-group:{_NAME}:*")),
    "AWS::S3::Bucket": ("Arn", f"arn:aws:s3:::{_NAME}"),
    "AWS::SQS::Queue": ("Arn", _HERE % ("sqs", _NAME)),
    "AWS::Serverless::Function": ("Arn", _HERE % ("lambda", f"function:{_NAME}")),
    "AWS::Serverless::SimpleTable": ("Arn", _HERE % ("dynamodb", f"table/{_NAME}")),
    "AWS::StepFunctions::StateMachine": ("Arn", _HERE % ("states", f"stateMachine:{_NAME}")),
    "AWS::SecretsManager::Secret": ("", _HERE % ("secretsmanager", f"secret:{_NAME}")),
    "AWS::SNS::Topic": ("", _HERE % ("sns", _NAME)),
}
"""By type, the attribute (none: Ref) that gives the ARN, and one that is shaped like it."""
REFS: Final = {
    "AWS::CodeBuild::Project": "name", "AWS::Cognito::UserPool": "id", "AWS::DynamoDB::Table": "name",
    "AWS::ECR::Repository": "name", "AWS::EFS::FileSystem": "id", "AWS::Events::EventBus": "name",
    "AWS::IAM::Role": "name", "AWS::IAM::User": "name", "AWS::KMS::Key": "id", "AWS::Kinesis::Stream": "name",
    "AWS::KinesisFirehose::DeliveryStream": "name", "AWS::Lambda::Function": "name", "AWS::Logs::LogGroup": "name",
    "AWS::S3::Bucket": "name", "AWS::SQS::Queue": "URL", "AWS::Serverless::Function": "name",
}  # fmt: skip
"""What Ref gives of types whose ARN is their attribute Arn."""
_NAMED: Final = frozenset({"AWS::DynamoDB::Table", "AWS::Kinesis::Stream", "AWS::Lambda::Function", "AWS::S3::Bucket"})
"""Types whose Ref is a plain name."""
_REFERENCE: Final = re.compile(r"\$\{([A-Za-z0-9]+)(?:\.([A-Za-z0-9]+))?\}")


_PSEUDO: Final = {
    "${AWS::AccountId}": "111122223333", "${AWS::Partition}": "aws", "${AWS::Region}": "us-east-1",
    "${AWS::URLSuffix}": "amazonaws.com",
}  # fmt: skip
_PARAMETER: Final = re.compile(r"\$\{AWS::(?:AccountId|Partition|Region|URLSuffix)\}")


def settled(text: str) -> str:
    """A text with the pseudo parameters replaced by what they stand for in one account and region."""
    return _PARAMETER.sub(lambda found: _PSEUDO[found[0]], text) if "${AWS::" in text else text


def sample(text: str, types: Mapping[str, str]) -> str:
    """A text with its references replaced by a value of their shape, where the type tells; others stay."""
    if "${" not in text:
        return text
    return _REFERENCE.sub(lambda found: _value(types.get(found[1], ""), found[2] or "") or found[0], text)


def _value(kind: str, attribute: str) -> str | None:
    given, arn = _ARNS.get(kind, (None, ""))
    if given == attribute:
        return arn
    return _NAME if not attribute and kind in _NAMED else None
