"""The app's own resources, by the ARNs that their literal names give them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from remit.app import App, Resource

_NAMED: Final = {
    "AWS::SQS::Queue": ("QueueName", "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:%s"),
    "AWS::SNS::Topic": ("TopicName", "arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:%s"),
    "AWS::DynamoDB::Table": (
        "TableName",
        "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/%s",
    ),
    "AWS::S3::Bucket": ("BucketName", "arn:${AWS::Partition}:s3:::%s"),
    "AWS::Kinesis::Stream": (
        "Name",
        "arn:${AWS::Partition}:kinesis:${AWS::Region}:${AWS::AccountId}:stream/%s",
    ),
}
"""How a type of resource is named, and the ARN that the name gives."""


def own_resources(app: App) -> dict[str, str]:
    """The ARNs that the app's own resources have by their literal names, and their late-bound ARNs."""
    own: dict[str, str] = {}
    for resource in app.resources:
        if resource.type in _NAMED:
            name_property, form = _NAMED[resource.type]
            name = resource.properties.get(name_property)
            if isinstance(name, str) and name:
                own[form % name] = arn_of(resource)
            if resource.type == "AWS::S3::Bucket":  # has no region or account, so people write its ARN whole
                own[f"arn:aws:s3:::{name}"] = arn_of(resource)
    return own


def arn_of(resource: Resource) -> str:
    """The ARN of a resource, as late-bound text; a topic's is its Ref."""
    return resource.ref if resource.type == "AWS::SNS::Topic" else resource.arn
