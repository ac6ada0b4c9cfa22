"""What a resource's properties mention of one of IAM's kinds, one small template each; and what is put together."""

from __future__ import annotations

from typing import Any, Final

import pytest

from remit.app import Resource
from remit.catalogue.actions import IamResourceType, resource_types
from remit.deployer.iam_resource_types import own_kinds, spelled
from remit.deployer.mentioned_arns import mentioned_arns
from remit.deployer.merged_statements import merged
from remit.deployer.needed_actions import Need, Purpose
from remit.deployer.planned_stack import stack_of
from remit.iam.policy import Condition
from remit.template.resolved_texts import UNKNOWN

PLACE: Final = "${AWS::Region}:${AWS::AccountId}"
HERE: Final = "arn:${AWS::Partition}"
OPEN: Final = {"Ref": "Given"}
SUBNET, GROUP, SERVICE = (
    f"{HERE}:ec2:{PLACE}:subnet/", f"{HERE}:ec2:{PLACE}:security-group/", f"{HERE}:ecs:{PLACE}:service/",
)  # fmt: skip


def kind_of(full_name: str) -> IamResourceType:
    service, _, name = full_name.partition(":")
    return next(kind for kind in resource_types(service) if kind.name == name)


@pytest.mark.parametrize(
    ("kind", "type_name", "properties", "arns"),
    [
        ("ec2:subnet", "AWS::RDS::DBSubnetGroup", {"SubnetIds": ["subnet-0a", "subnet-2c"], "Text": "x subnet-9"},
         [f"{SUBNET}subnet-0a", f"{SUBNET}subnet-2c"]),
        ("ec2:subnet", "AWS::RDS::DBSubnetGroup", {"SubnetIds": ["subnet-0a", OPEN]}, [f"{SUBNET}*"]),
        ("ec2:subnet", "AWS::RDS::DBSubnetGroup", {"SubnetIds": [OPEN]}, [f"{SUBNET}*"]),
        # Of a property of any name, what is open may be such an id only beside one.
        ("ec2:subnet", "AWS::RDS::DBSubnetGroup", {"Where": ["subnet-0a", OPEN]}, [f"{SUBNET}*"]),
        ("ec2:subnet", "AWS::RDS::DBSubnetGroup", {"Where": [OPEN]}, []),
        ("ec2:security-group", "AWS::Lambda::Function", {"VpcConfig": {"SecurityGroupIds": "sg-1, sg-2"}},
         [f"{GROUP}sg-1", f"{GROUP}sg-2"]),
        ("rds:subgrp", "AWS::RDS::DBInstance", {"DBSubnetGroupName": "My-Group"},
         [f"{HERE}:rds:{PLACE}:subgrp:my-group"]),
        ("ecs:service", "AWS::ApplicationAutoScaling::ScalableTarget", {"Cluster": "a", "ServiceName": "web"},
         [f"{SERVICE}a/web"]),
        ("ecs:service", "AWS::ApplicationAutoScaling::ScalableTarget", {"Cluster": ["a", "b"], "ServiceName": "web"},
         [f"{SERVICE}a/web", f"{SERVICE}b/web"]),
        ("ecr:repository", "AWS::Lambda::Function",
         {"Code": {"ImageUri": "111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop/web:1"}},
         [f"{HERE}:ecr:eu-west-1:111122223333:repository/shop/web"]),
    ],
)  # fmt: skip
def test_a_kind_is_mentioned_by_its_ids_its_names_and_images(
    kind: str, type_name: str, properties: dict[str, Any], arns: list[str]
) -> None:
    resources = {"X": {"Type": type_name, "Properties": properties}}
    stack = stack_of("orders-dev", [{"Resources": resources, "Parameters": {"Given": {"Type": "String"}}}])
    assert list(mentioned_arns(stack, stack.resources["X"], kind_of(kind))) == arns


@pytest.mark.parametrize(
    ("kind", "arn", "spellings"),
    [
        ("events:connection", "arn:connection/a", ["arn:connection/a", "arn:connection/a/*"]),
        ("events:api-destination", "arn:destination/a/*", ["arn:destination/a/*"]),
        ("logs:log-group", "arn:group", ["arn:group", "arn:group:*"]),
        ("sqs:queue", "arn:queue", ["arn:queue"]),
        ("sqs:queue", f"arn:aws:sqs:eu-west-1:1:{UNKNOWN}", [f"arn:aws:sqs:eu-west-1:1:{UNKNOWN}"]),
        ("iam:role", f"arn:aws:iam::1:role/{UNKNOWN}", []),
        ("iam:role", f"arn:aws:iam::1:role/a{UNKNOWN}", [f"arn:aws:iam::1:role/a{UNKNOWN}"]),
    ],
)
def test_an_arn_is_spelled_as_iam_asks_for_it(kind: str, arn: str, spellings: list[str]) -> None:
    assert list(spelled(kind_of(kind), [arn])) == spellings


@pytest.mark.parametrize(
    ("type_name", "service", "kinds"),
    [
        ("AWS::SQS::Queue", "sqs", {"sqs:queue"}),
        ("AWS::EFS::FileSystem", "elasticfilesystem", {"elasticfilesystem:file-system"}),
        ("AWS::Cognito::UserPool", "cognito-idp", {"cognito-idp:userpool"}),
        ("AWS::Lambda::Alias", "lambda", set()),
        ("AWS::Lambda::Version", "lambda", set()),
        ("AWS::SQS::Queue", "s3", {"sqs:queue"}),
        ("no type", "s3", set()),
        # Types of which the catalogue has no kinds, by their names.
        ("AWS::Redshift::ClusterSecurityGroup", "redshift", {"redshift:securitygroup"}),
        ("AWS::MSK::NewCluster", "kafka", {"kafka:cluster"}),
        ("AWS::MSK::NewCluster", "rds", set()),
        ("AWS::ElastiCache::NewSubnetGroup", "elasticache", {"elasticache:subnetgroup"}),
        ("AWS::EC2::NewVpnGateway", "ec2", {"ec2:vpn-gateway"}),
    ],
)
def test_the_kinds_of_a_type_are_those_of_its_row_or_named_alike(type_name: str, service: str, kinds: set[str]) -> None:
    assert own_kinds(Resource("X", type_name, {}), resource_types(service)) == kinds


TEAM, STAGE = (Condition("StringEquals", f"aws:ResourceTag/{name}", ("a",)) for name in ("team", "stage"))


@pytest.mark.parametrize(
    ("conditions", "values"),
    [
        ([(TEAM,), (Condition(TEAM.operator, TEAM.key, ("b",)),)], [[("a", "b")]]),
        (
            [(TEAM, STAGE), (TEAM, Condition(STAGE.operator, STAGE.key, ("b",)))],
            [[("a",), ("a", "b")]],
        ),
        (  # joined, they would allow team a with stage b
            [(TEAM, STAGE), tuple(Condition(each.operator, each.key, ("b",)) for each in (TEAM, STAGE))],
            [[("a",), ("a",)], [("b",), ("b",)]],
        ),
        ([(TEAM,), (STAGE,)], [[("a",)], [("a",)]]),
        ([(TEAM,), (Condition("StringLike", TEAM.key, ("b",)),)], [[("a",)], [("b",)]]),
        ([(TEAM,), ()], [[("a",)], []]),
    ],
)
def test_needs_are_joined_where_the_values_of_one_condition_differ(
    conditions: list[tuple[Condition, ...]], values: list[list[tuple[str, ...]]]
) -> None:
    needs = [Need("sqs:DeleteQueue", "arn:aws:sqs:::jobs", Purpose("to test"), each) for each in conditions]
    grants = merged(needs)
    assert [[condition.values for condition in grant.statement.conditions] for grant in grants] == values


NETWORKS: Final = "arn:aws:ec2:eu-west-1:1:vpc/"


@pytest.mark.parametrize(
    ("needs", "grants"),
    [
        # A pattern without conditions allows what it matches, one with conditions only under them.
        (
            [("ec2:Describe*", "*", ()), ("ec2:DescribeVpcs", "*", (TEAM,)), ("ec2:CreateVpc", f"{NETWORKS}*", ())],
            [(("ec2:Describe*",), ("*",), ()), (("ec2:CreateVpc",), (f"{NETWORKS}*",), ())],
        ),
        (
            [("ec2:Describe*", "*", (TEAM,)), ("ec2:DescribeVpcs", "*", ())],
            [(("ec2:Describe*",), ("*",), (TEAM,)), (("ec2:DescribeVpcs",), ("*",), ())],
        ),
        # Of resources that cover each other, the widest stays.
        (
            [("ec2:CreateVpc", text, ()) for text in (f"{NETWORKS}a-b-1", f"{NETWORKS}a-*", f"{NETWORKS}a-b-*")],
            [(("ec2:CreateVpc",), (f"{NETWORKS}a-*",), ())],
        ),
        # Statements on everything are one for all services, others one for each.
        (
            [("sqs:ListQueues", "*", ()), ("ec2:DescribeVpcs", "*", ()), ("sqs:SendMessage", "arn:b", ()),
             ("sns:Publish", "arn:b", ()), ("sqs:DeleteMessage", "arn:a", ()), ("sqs:DeleteMessage", "arn:b", ())],
            [(("ec2:DescribeVpcs", "sqs:ListQueues"), ("*",), ()),
             (("sqs:SendMessage",), ("arn:b",), ()), (("sns:Publish",), ("arn:b",), ()),
             (("sqs:DeleteMessage",), ("arn:b", "arn:a"), ())],
        ),
        # A long list of resources is named once, and the action for the others is repeated.
        (
            [("sqs:SendMessage", f"arn:aws:sqs:eu-west-1:1:{name}", ()) for name in ("orders", "reports")]
            + [("sqs:DeleteQueue", f"arn:aws:sqs:eu-west-1:1:{name}", ()) for name in ("orders", "reports", "a")],
            [(("sqs:DeleteQueue", "sqs:SendMessage"),
              ("arn:aws:sqs:eu-west-1:1:orders", "arn:aws:sqs:eu-west-1:1:reports"), ()),
             (("sqs:DeleteQueue",), ("arn:aws:sqs:eu-west-1:1:a",), ())],
        ),
    ],
)  # fmt: skip
def test_needs_become_few_statements_that_allow_the_same(
    needs: list[tuple[str, str, tuple[Condition, ...]]], grants: list[tuple[Any, ...]]
) -> None:
    statements = [grant.statement for grant in merged(Need(*need[:2], Purpose("to test"), need[2]) for need in needs)]
    assert [
        (each.actions.patterns, each.resources.patterns if each.resources else (), each.conditions)
        for each in statements
    ] == grants
