"""What an option that names a resource takes, for type checkers: its name or ARN as text, or a shared resource.

A shared resource of a type that `remit.project.resource_handles` does not write out is Any to them. A build checks all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol, TypeAlias, TypeVar

TypeName_co = TypeVar("TypeName_co", bound=str, covariant=True)


class ResourceOf(Protocol[TypeName_co]):
    """A shared resource of one CloudFormation type, or of one of several."""

    @property
    def type(self) -> TypeName_co:
        """The name of its type, such as `AWS::SQS::Queue`."""

    @property
    def arn(self) -> str:
        """Its ARN."""


AnyRef: TypeAlias = str | ResourceOf[str]
AnyRefs: TypeAlias = AnyRef | Sequence[AnyRef]
BucketRef: TypeAlias = str | ResourceOf[Literal["AWS::S3::Bucket"]]
BusRef: TypeAlias = str | ResourceOf[Literal["AWS::Events::EventBus"]]
ClusterRef: TypeAlias = str | ResourceOf[Literal["AWS::RDS::DBCluster"]]
DeliveryStreamRef: TypeAlias = str | ResourceOf[Literal["AWS::KinesisFirehose::DeliveryStream"]]
FunctionRef: TypeAlias = str | ResourceOf[Literal["AWS::Lambda::Function"]]
KeyRef: TypeAlias = str | ResourceOf[Literal["AWS::KMS::Key", "AWS::KMS::Alias", "AWS::KMS::ReplicaKey"]]
LogGroupRef: TypeAlias = str | ResourceOf[Literal["AWS::Logs::LogGroup"]]
MachineRef: TypeAlias = str | ResourceOf[Literal["AWS::StepFunctions::StateMachine"]]
ParameterRef: TypeAlias = str | ResourceOf[Literal["AWS::SSM::Parameter"]]
QueueRef: TypeAlias = str | ResourceOf[Literal["AWS::SQS::Queue"]]
RoleRef: TypeAlias = str | ResourceOf[Literal["AWS::IAM::Role"]]
SecretRef: TypeAlias = str | ResourceOf[Literal["AWS::SecretsManager::Secret"]]
StreamRef: TypeAlias = str | ResourceOf[Literal["AWS::Kinesis::Stream"]]
TableRef: TypeAlias = str | ResourceOf[Literal["AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"]]
TopicRef: TypeAlias = str | ResourceOf[Literal["AWS::SNS::Topic"]]
UserPoolRef: TypeAlias = str | ResourceOf[Literal["AWS::Cognito::UserPool"]]
UserPoolClientRef: TypeAlias = str | ResourceOf[Literal["AWS::Cognito::UserPoolClient"]]
FailureRef: TypeAlias = str | ResourceOf[Literal["AWS::SQS::Queue", "AWS::SNS::Topic", "AWS::S3::Bucket"]]
"""Where a stream's reader sends records that failed."""
DestinationRef: TypeAlias = (
    str
    | ResourceOf[
        Literal[
            "AWS::SQS::Queue", "AWS::SNS::Topic", "AWS::S3::Bucket", "AWS::Events::EventBus", "AWS::Lambda::Function"
        ]
    ]
)
"""Where Lambda sends records of calls that nobody waits for."""
