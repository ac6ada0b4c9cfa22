"""The ARNs of one action for one resource, whole and in order, where a name is known, computed or one of several."""

from __future__ import annotations

from typing import Any, Final

import pytest

from remit.catalogue.actions import action
from remit.deployer.deployer_policy import deployer, on_resources
from remit.deployer.merged_statements import merged
from remit.deployer.needed_actions import DeployCall, Need, Purpose
from remit.deployer.planned_stack import PlannedStack, stack_of
from remit.deployer.references import ROLES, referred
from remit.deployer.s3_objects import source_arns
from remit.deployer.targets import targets
from remit.template.resolved_texts import UNKNOWN

HERE: Final = "arn:${AWS::Partition}"
PLACE: Final = "${AWS::Region}:${AWS::AccountId}"
DOMAINS: Final = f"{HERE}:apigateway:${{AWS::Region}}::/domainnames"
TAGS: Final = f"{HERE}:apigateway:${{AWS::Region}}::/tags/*"
SECRET: Final = f"{HERE}:secretsmanager:{PLACE}:secret"
OPEN: Final = {"Ref": "Given"}


def stack(resources: dict[str, Any]) -> PlannedStack:
    return stack_of("orders-dev", [{"Resources": resources, "Parameters": {"Given": {"Type": "String"}}}])


@pytest.mark.parametrize(
    ("type_name", "properties", "action", "arns"),
    [
        ("AWS::ApiGateway::DomainName", {"DomainName": "a.example"}, "apigateway:DELETE",
         [DOMAINS, f"{DOMAINS}/a.example", f"{DOMAINS}/a.example/*", TAGS]),
        ("AWS::ApiGateway::DomainName", {"DomainName": "a.example"}, "apigateway:PUT", [TAGS]),
        ("AWS::ApiGateway::DomainName", {"DomainName": OPEN}, "apigateway:DELETE", [DOMAINS, f"{DOMAINS}/*", TAGS]),
        ("AWS::ApiGateway::BasePathMapping", {"DomainName": {"Fn::If": ["P", "a.example", "b.example"]}},
         "apigateway:POST",
         [f"{DOMAINS}/a.example", f"{DOMAINS}/a.example/*", f"{DOMAINS}/b.example", f"{DOMAINS}/b.example/*"]),
        ("AWS::ApiGateway::BasePathMapping", {"DomainName": {"Fn::If": ["P", "a.example", OPEN]}},
         "apigateway:POST", [f"{DOMAINS}/*"]),
        ("AWS::SecretsManager::Secret", {}, "secretsmanager:CreateSecret", [f"{SECRET}:X-*"]),
        ("AWS::SecretsManager::Secret", {"Name": "n"}, "secretsmanager:CreateSecret", [f"{SECRET}:n-*"]),
        ("AWS::SecretsManager::Secret", {"Name": OPEN}, "secretsmanager:CreateSecret", [f"{SECRET}:{UNKNOWN}-*"]),
        ("AWS::SSM::Parameter", {"Name": "/a/b"}, "ssm:PutParameter", [f"{HERE}:ssm:{PLACE}:parameter/a/b"]),
        ("AWS::Events::Rule", {"Name": "n"}, "ec2:CreateTags", [f"{HERE}:ec2:{PLACE}:*"]),
    ],
)  # fmt: skip
def test_an_action_is_needed_on_exactly_these_arns(
    type_name: str, properties: dict[str, Any], action: str, arns: list[str]
) -> None:
    planned = stack({"X": {"Type": type_name, "Properties": properties}})
    assert list(targets(planned, planned.resources["X"], action)) == arns


@pytest.mark.parametrize(
    ("policies", "is_kept"),
    [
        ({}, False),
        ({"DeletionPolicy": "Retain"}, False),
        ({"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Delete"}, False),
        ({"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}, True),
    ],
)
def test_a_call_on_each_resource_of_a_type_is_one_for_each_action_and_arn(
    policies: dict[str, str], *, is_kept: bool
) -> None:
    queues = {
        "A": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "a"}, **policies},
        "B": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "b"}},
        "C": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "c"}},
    }
    actions = ("sqs:DeleteQueue", "sqs:PurgeQueue")
    plain = DeployCall("sts.GetCallerIdentity", ("sts:GetCallerIdentity",), "*", "to know")
    seen, emptied = (
        DeployCall("sqs.X", actions, "", "to see", of_type="AWS::SQS::Queue", unless_kept=unless_kept)
        for unless_kept in (False, True)
    )
    of_none = DeployCall("s3.X", ("s3:DeleteObject",), "", "to empty", of_type="AWS::S3::Bucket")
    found = list(on_resources(stack(queues), (seen, plain, of_none, emptied)))
    first, both = (["b"] if is_kept else ["a", "b"]), ["a", "b"]
    assert [(call.actions, call.on, call.of_type, call.unless_kept) for call in found] == [
        *(((name,), f"{HERE}:sqs:{PLACE}:{queue}", "", False) for name in actions for queue in both),
        (("sts:GetCallerIdentity",), "*", "", False),
        *(((name,), f"{HERE}:sqs:{PLACE}:{queue}", "", True) for name in actions for queue in first),
    ]


def test_of_resources_that_cover_each_other_in_a_chain_the_widest_alone_is_named() -> None:
    texts = [f"arn:aws:ec2:eu-west-1:1:vpc/{end}" for end in ("abcd", "abc*", "ab*", "a*", "x")]
    for order in (texts, texts[::-1], texts[2:] + texts[:2]):
        (grant,) = merged(Need("ec2:CreateVpc", text, Purpose("to test")) for text in order)
        assert grant.statement.resources is not None
        assert sorted(grant.statement.resources.patterns) == sorted((texts[3], texts[4]))


def test_roles_are_referred_to_through_what_has_no_name_and_by_the_properties_that_take_roles_alone() -> None:
    planned = stack(
        {
            "Own": {
                "Type": "AWS::Batch::JobDefinition",
                "Properties": {"JobRole": [{"Ref": "Form"}, {"Ref": "Named"}]},
            },
            "Form": {
                "Type": "AWS::EC2::LaunchTemplate",
                "Properties": {
                    "LaunchTemplateData": {"IamInstanceProfile": {"Arn": {"Fn::GetAtt": ["Box", "Arn"]}}},
                    "TagSpecifications": [{"Tags": [{"Key": "by", "Value": {"Ref": "Tagged"}}]}],
                    "OwnerRole": {"Ref": "Own"},
                },
            },
            "Box": {"Type": "AWS::IAM::InstanceProfile", "Properties": {"Roles": [{"Ref": "Inside"}]}},
            "Named": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "n", "Role": {"Ref": "Behind"}}},
            **{name: {"Type": "AWS::IAM::Role", "Properties": {}} for name in ("Tagged", "Inside", "Behind")},
        }
    )
    own = planned.resources["Own"]
    assert [found.logical_id for found in referred(planned, own, ROLES)] == ["Form", "Named", "Box"]
    assert [found.logical_id for found in referred(planned, own)] == ["Form", "Named", "Box", "Tagged"]


def test_a_name_of_which_a_property_gives_the_beginning_is_a_pattern() -> None:
    planned = stack({"X": {"Type": "AWS::SQS::Queue", "Properties": {"QueueNamePrefix": "jobs-"}}})
    assert planned.names(planned.resources["X"]) == ("jobs-*",)


def test_what_a_bucket_holds_is_fetched_from_the_folder_of_each_key_and_from_all_of_it_without_one() -> None:
    places = {
        "Code": {"S3Bucket": "code", "S3Key": "a/b/x.zip"},
        "Data": [{"S3Bucket": "data", "S3KeyPrefix": "in/2026"}, {"Bucket": "top", "Key": "x.json"}],
        "Logs": {"S3Bucket": "logs"},
        "Model": {"Uri": "s3://models/m/1"},
        "TemplateURL": {"Fn::If": ["P", "https://t.s3.amazonaws.com/y/z.yaml", OPEN]},
    }
    planned = stack({"X": {"Type": "AWS::Glue::Job", "Properties": places}})
    for name, ends in (
        ("s3:GetObject", ["code/a/b/*", "data/in/*", "top/*", "logs/*", "models/m/*", "t/y/*"]),
        ("s3:ListBucket", ["code", "data", "top", "logs", "models", "t"]),
    ):
        entry = action(name)
        assert entry is not None
        found = dict.fromkeys(source_arns(planned, planned.resources["X"], entry))
        assert list(found) == [f"{HERE}:s3:::{end}" for end in ends]


def test_of_a_stack_without_resources_there_is_nothing_to_say() -> None:
    for of_app in (True, False):
        found = deployer(stack({}), of_app=of_app)
        assert (found.grants, found.unknown, found.notes) == ((), (), ())
