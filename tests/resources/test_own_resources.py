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
        ("x-${Files.Arn}", None),
    ],
)
def test_an_arn_is_of_the_resource_that_it_names_or_is_below(arn: str, logical_id: str | None) -> None:
    resource = own_resources(APP).named(arn)
    assert logical_id == (None if resource is None else resource.logical_id)


def test_a_name_is_no_arn_of_what_has_more_in_it_and_a_rule_is_on_its_bus() -> None:
    declared = (
        Resource("Logs", "AWS::Logs::LogGroup", {"LogGroupName": "/shop"}),
        Resource("Role", "AWS::IAM::Role", {"RoleName": "runs", "Path": "/shop/"}),
        Resource("Login", "AWS::SecretsManager::Secret", {"Name": "login"}),
        Resource("Clock", "AWS::Events::Rule", {"Name": "clock"}),
        Resource("Far", "AWS::Events::Rule", {"Name": "far", "EventBusName": {"Fn::GetAtt": ["Bus", "Name"]}}),
    )
    arns = own_resources(App("shop", "dev", (), resources=declared)).late_bound_arns
    on_bus = "rule/${Bus.Name}/far"
    assert {HERE % ("events", "rule/clock"): "${Clock.Arn}", HERE % ("events", on_bus): "${Far.Arn}"} == arns
