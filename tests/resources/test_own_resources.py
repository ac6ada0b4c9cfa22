"""An ARN names a resource of the app by its literal name or by reference, and so do the ARNs below it."""

from __future__ import annotations

import pytest

from remit.app import App, Resource
from remit.resources.own_resources import own_resources

HERE = "arn:${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}:%s"
APP = App(
    "shop",
    "dev",
    (),
    resources=(
        Resource("Files", "AWS::S3::Bucket", {"BucketName": "files"}),
        Resource("Orders", "AWS::SQS::Queue", {"QueueName": "orders"}),
        Resource("Jobs", "AWS::SQS::Queue", {}),
    ),
)


@pytest.mark.parametrize(
    ("arn", "logical_id"),
    [
        ("arn:aws:s3:::files", "Files"),
        ("arn:${AWS::Partition}:s3:::files", "Files"),
        ("arn:aws:s3:::files/in/*", "Files"),
        ("${Files.Arn}", "Files"),
        ("${Files.Arn}/in/*", "Files"),
        (HERE % ("sqs", "orders"), "Orders"),
        ("${Jobs.Arn}", "Jobs"),
        ("arn:aws:s3:::files-of-others", None),
        ("arn:aws:sqs:eu-west-1:111122223333:orders", None),
        (HERE % ("sqs", "${Jobs.QueueName}"), None),
        ("${Else.Arn}", None),
    ],
)
def test_an_arn_is_of_the_resource_that_it_names_or_is_below(arn: str, logical_id: str | None) -> None:
    resource = own_resources(APP).named(arn)
    assert logical_id == (None if resource is None else resource.logical_id)
