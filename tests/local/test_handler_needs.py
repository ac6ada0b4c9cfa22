"""The access that CloudFormation needs for one operation on a resource, as its handlers call it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from remit.access.needed_access import UNRESOLVED
from remit.local.authorization.handler_needs import handler_needs
from remit.local.stack_operations import ResourceOperation

if TYPE_CHECKING:
    from remit.local.stack_operations import Verb

PLACE = {"Partition": "aws", "Region": "eu-west-1", "Account": "111122223333"}
ROLES = "arn:aws:iam::111122223333:role/"
RULES, BUSES = (f"arn:aws:events:eu-west-1:111122223333:{kind}/" for kind in ("rule", "event-bus"))
CLUSTER = f"arn:aws:redshift:eu-west-1:111122223333:cluster:{UNRESOLVED}"
STACK = "arn:aws:s3:::b/a b/k.json"


def test_handlers_ask_on_the_function_that_a_property_names() -> None:
    place = {"Partition": "aws", "Region": "us-east-1", "Account": "000000000000"}
    function = "arn:aws:lambda:us-east-1:000000000000:function:ingest"
    named = {"FunctionName": "ingest"}
    permission = ResourceOperation("create", "AWS::Lambda::Permission", "s", "Permission", "", named)
    asked = {need.action: need.resources for need in handler_needs(permission, place)}
    assert (function,) == asked["lambda:AddPermission"]
    mapping = ResourceOperation("create", "AWS::Lambda::EventSourceMapping", "s", "Mapping", "", named)
    functions = {need.context["lambda:FunctionArn"] for need in handler_needs(mapping, place)}
    assert {function} == functions


@pytest.mark.parametrize(
    ("operation", "action", "arn"),
    [
        (
            ResourceOperation("create", "AWS::IAM::Role", "s", "R", "", {"RoleName": "works", "Path": "/team/"}),
            "iam:CreateRole",
            "arn:aws:iam::111122223333:role/team/works",
        ),
        (
            ResourceOperation("delete", "AWS::IAM::Role", "s", "R", "works", {"RoleName": "works"}),
            "iam:DeleteRole",
            "arn:aws:iam::111122223333:role/works",
        ),
        (
            ResourceOperation("delete", "AWS::Route53::HostedZone", "s", "Zone", "/hostedzone/Z1", {"Name": "a.test"}),
            "route53:DeleteHostedZone",
            "arn:aws:route53:::hostedzone/Z1",
        ),
        (
            ResourceOperation("delete", "AWS::KMS::Key", "s", "Key", "1234abcd", {}),
            "kms:ScheduleKeyDeletion",
            "arn:aws:kms:eu-west-1:111122223333:key/1234abcd",
        ),
    ],
)
def test_handlers_ask_on_the_resource_itself_with_its_path_and_by_its_bare_id(
    operation: ResourceOperation, action: str, arn: str
) -> None:
    asked = {need.action: need.resources for need in handler_needs(operation, PLACE)}
    assert (arn,) == asked[action]


def test_a_role_that_a_resource_does_not_name_is_not_looked_at() -> None:
    properties = {"TopicArn": "arn:aws:sns:eu-west-1:111122223333:t", "Protocol": "sqs", "Endpoint": "arn:aws:sqs:::q"}
    role = "arn:aws:iam::111122223333:role/delivery"

    def asked(**more: str) -> dict[str, tuple[str, ...]]:
        operation = ResourceOperation("create", "AWS::SNS::Subscription", "s", "Sub", "", {**properties, **more})
        needs = handler_needs(operation, PLACE)
        return {need.action: need.resources for need in needs if need.action.startswith("iam:")}

    assert {} == asked()
    assert {"iam:GetRole": (role,), "iam:PassRole": (role,)} == asked(SubscriptionRoleArn=role)


@pytest.mark.parametrize(
    ("type_name", "properties", "asked"),
    [
        ("Custom::X", {"ServiceToken": "arn:aws:sns:eu-west-1:1:t"}, {"sns:Publish": [("arn:aws:sns:eu-west-1:1:t",)]}),
        ("Custom::X", {"ServiceToken": "arn:aws:lambda:eu-west-1:1:function:f"},
         {"lambda:InvokeFunction": [("arn:aws:lambda:eu-west-1:1:function:f",)]}),
        ("AWS::Lambda::LayerVersion", {"LayerName": "l", "Content": {"S3Bucket": "b", "S3Key": "k"}},
         {"lambda:PublishLayerVersion": [("arn:aws:lambda:eu-west-1:111122223333:layer:l",)],
          "lambda:GetLayerVersion": [(f"arn:aws:lambda:eu-west-1:111122223333:layer:l:{UNRESOLVED}",)],
          "s3:GetObject": [("arn:aws:s3:::b/k",)]}),
        ("AWS::StepFunctions::StateMachine", {"DefinitionS3Location": {"Bucket": "b", "Key": "k"}},
         {"s3:GetObject": [("arn:aws:s3:::b/k",)]}),
        ("AWS::CloudFormation::Stack", {"TemplateURL": "https://b.s3.eu-west-1.amazonaws.com/a%20b/k.json"},
         {"s3:GetObject": [(STACK,)]}),
        ("AWS::CloudFormation::Stack", {"TemplateURL": "https://s3.amazonaws.com/b/a%20b/k.json"},
         {"s3:GetObject": [(STACK,)]}),
        ("AWS::Events::Rule", {"Name": "r", "EventBusName": f"{BUSES}b"}, {"events:PutRule": [(f"{RULES}b/r",)]}),
        ("AWS::Events::Rule", {"Name": "r", "EventBusName": "default"}, {"events:PutRule": [(f"{RULES}r",)]}),
        ("AWS::Events::Rule", {"Name": "r"}, {"events:PutRule": [(f"{RULES}r",)]}),
        ("AWS::IAM::Role", {}, {"iam:CreateRole": [(f"{ROLES}s-R-{UNRESOLVED}",)]}),
        ("AWS::EMR::Cluster", {"ServiceRole": f"{ROLES}a", "JobFlowRole": f"{ROLES}b"},
         {"iam:PassRole": [(f"{ROLES}a",), (f"{ROLES}b",)]}),
        ("AWS::EMR::Cluster", {"Tags": [{"Key": "r", "Value": f'["{ROLES}a", "arn:role/b"]'}]},
         {"iam:PassRole": [(f"{ROLES}a",)]}),
        ("AWS::Redshift::Cluster", {}, {"redshift:CreateCluster": [(CLUSTER,)]}),
        ("AWS::AmazonMQ::Broker", {}, {"ec2:DeleteNetworkInterfacePermission": [
            (f"arn:aws:ec2:eu-west-1:111122223333:network-interface/{UNRESOLVED}",)]}),
        ("AWS::Cassandra::Table", {}, {"cloudwatch:PutMetricAlarm": [
            (f"arn:aws:cloudwatch:eu-west-1:111122223333:alarm:{UNRESOLVED}",)]}),
        ("Custom::X", {"ServiceToken": "arn:aws-cn:sns:cn-north-1:1:t"},
         {"sns:Publish": [("arn:aws-cn:sns:cn-north-1:1:t",)]}),
    ],
)  # fmt: skip
def test_a_handler_asks_on_each_thing_that_a_template_names(
    type_name: str, properties: dict[str, Any], asked: dict[str, list[tuple[str, ...]]]
) -> None:
    needs = list(handler_needs(ResourceOperation("create", type_name, "s", "R", "", properties), PLACE))
    assert asked == {action: [need.resources for need in needs if need.action == action] for action in asked}
    assert not any("*" in need.action for need in needs)


@pytest.mark.parametrize(
    ("type_name", "properties", "key", "value"),
    [
        ("AWS::Lambda::EventSourceMapping", {"FunctionName": "arn:aws:lambda:eu-west-1:111122223333:function:f:live"},
         "lambda:FunctionArn", "arn:aws:lambda:eu-west-1:111122223333:function:f:live"),
        ("AWS::Cognito::IdentityPool", {}, "iam:PassedToService", "cognito-identity.amazonaws.com"),
        ("AWS::AppRunner::Service", {}, "iam:PassedToService", None),
        ("AWS::IAM::Role", {"PermissionsBoundary": "arn:aws:iam::111122223333:policy/b"}, "iam:PermissionsBoundary",
         "arn:aws:iam::111122223333:policy/b"),
        ("AWS::IAM::Role", {"PermissionsBoundary": {"Ref": "B"}}, "iam:PermissionsBoundary", None),
        ("AWS::SQS::Queue", {}, "aws:RequestedRegion", "eu-west-1"),
        ("AWS::SQS::Queue", {}, "aws:CalledVia", ("cloudformation.amazonaws.com",)),
        ("AWS::SQS::Queue", {}, "iam:PermissionsBoundary", None),
    ],
)  # fmt: skip
def test_a_condition_of_the_callers_policy_sees_what_cloudformation_does(
    type_name: str, properties: dict[str, Any], key: str, value: object
) -> None:
    needs = handler_needs(ResourceOperation("create", type_name, "s", "R", "", properties), PLACE)
    assert {value} == {need.context.get(key) for need in needs}


@pytest.mark.parametrize(
    ("verb", "asked", "not_asked"),
    [
        ("create", {"CreateQueue", "GetQueueAttributes"}, {"DeleteQueue"}),
        ("update", {"SetQueueAttributes", "GetQueueAttributes"}, {"CreateQueue", "DeleteQueue"}),
        ("delete", {"DeleteQueue"}, {"CreateQueue", "SetQueueAttributes"}),
        ("import", {"GetQueueAttributes"}, {"CreateQueue", "SetQueueAttributes", "DeleteQueue"}),
    ],
)
def test_an_operation_asks_for_its_own_handlers_and_for_reading_what_it_has_changed(
    verb: Verb, asked: set[str], not_asked: set[str]
) -> None:
    needs = handler_needs(ResourceOperation(verb, "AWS::SQS::Queue", "s", "Q", "", {}), PLACE)
    actions = {need.action.removeprefix("sqs:") for need in needs}
    assert (asked, set()) == (asked & actions, not_asked & actions)
