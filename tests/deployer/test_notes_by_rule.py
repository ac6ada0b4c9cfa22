"""What a deployer's policy leaves open is noted, once, and what it says fully is not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import pytest

from remit.deployer.deployer_policy import Deployer, deployer
from remit.deployer.needed_actions import Purpose, sentences
from remit.deployer.optional_actions import is_needed, linked_services
from remit.deployer.planned_stack import stack_of

GIVEN: Final = {"Parameters": {"Given": {"Type": "String"}}}
OPEN: Final = {"Ref": "Given"}
TRUST: Final = {"Version": "2012-10-17", "Statement": []}


def need(
    resources: dict[str, Any],
    parameters: dict[str, str] | None = None,
    more: dict[str, Any] | None = None,
    **options: Any,
) -> Deployer:
    template = {"Resources": resources, **GIVEN, **(more or {})}
    return deployer(stack_of("orders-dev", [template], parameters or {}), **{"of_app": False, **options})


def role(**properties: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {"RoleName": "web", "AssumeRolePolicyDocument": TRUST, **properties},
    }


QUEUE: Final = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "jobs"}}
FUNCTION: Final = {
    "Type": "AWS::Lambda::Function",
    "Properties": {"FunctionName": "web", "Role": "arn:aws:iam::1:role/r", "Code": {"ZipFile": "x"}},
}
LIMIT: Final = {
    "Type": "AWS::IAM::ManagedPolicy",
    "Properties": {"ManagedPolicyName": "limit", "PolicyDocument": TRUST},
}
BOUNDARY: Final = "arn:aws:iam::111122223333:policy/limit"
ZONE: Final = {
    "HostedZoneName": "example.com.",
    "Name": "a.example.com.",
    "Type": "A",
    "TTL": 1,
    "ResourceRecords": ["192.0.2.1"],
}

NOTED: Final = (
    ({"Web": role()}, {}, "who writes Web decides what may be done under it"),
    ({"Web": role(PermissionsBoundary=BOUNDARY)}, {}, None),
    (
        {"Web": {"Type": "AWS::IAM::User", "Properties": {"UserName": "ann"}}},
        {},
        "who writes Web decides what may be done under it",
    ),
    (
        {"Web": role()},
        {"boundary": BOUNDARY},
        f"Web is declared without the boundary {BOUNDARY}, so this policy does not let it be made",
    ),
    (
        {"Web": role(), "Mail": role(RoleName="mail")},
        {"boundary": BOUNDARY},
        f"Web, Mail are declared without the boundary {BOUNDARY}",
    ),
    (
        {"Web": role(PermissionsBoundary=BOUNDARY), "Limit": LIMIT},
        {},
        "the boundary Limit is a resource of the stack itself",
    ),
    ({"Limit": LIMIT}, {"boundary": BOUNDARY}, "the boundary Limit is a resource of the stack itself"),
    ({"Limit": LIMIT}, {"boundary": f"{BOUNDARY}2"}, None),
    ({"Web": FUNCTION}, {}, "what the functions themselves may do is not in it"),
    (
        {"Web": FUNCTION},
        {"of_app": True},
        "the functions' own roles are not in it: `remit policy function NAME` prints each",
    ),
    ({"Jobs": QUEUE}, {}, None),
    (
        {"Jobs": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": OPEN}}},
        {},
        "the name of Jobs (AWS::SQS::Queue) is known at the deploy only: that stretch is a wildcard",
    ),
    (
        {"Web": role(RoleName=OPEN, PermissionsBoundary=BOUNDARY)},
        {},
        "the name of Web (AWS::IAM::Role) is known at the deploy only: nothing is granted on it",
    ),
    (
        {"Web": role(Path=OPEN, PermissionsBoundary=BOUNDARY)},
        {},
        "the path of Web (AWS::IAM::Role) is known at the deploy only: it is a wildcard",
    ),
    (
        {"Web": role(ManagedPolicyArns=[OPEN], PermissionsBoundary=BOUNDARY)},
        {},
        "a managed policy of Web (AWS::IAM::Role) is known at the deploy only, so attaching it is not granted",
    ),
    (
        {
            "Web": role(
                ManagedPolicyArns=[{"Fn::Sub": "arn:aws:iam::1:policy/x-${Given}"}], PermissionsBoundary=BOUNDARY
            )
        },
        {},
        "a part of a managed policy's name of Web (AWS::IAM::Role) is known at the deploy only: it is a wildcard",
    ),
    ({"Web": role(ManagedPolicyArns=["arn:aws:iam::1:policy/x"], PermissionsBoundary=BOUNDARY)}, {}, None),
    (
        {"Web": {**FUNCTION, "Properties": {**FUNCTION["Properties"], "Role": OPEN}}},
        {},
        "the role of Web (AWS::Lambda::Function) is known at the deploy only, so passing it is not granted",
    ),
    (
        {"Made": {"Type": "Custom::Made", "Properties": {"ServiceToken": OPEN}}},
        {},
        "the ServiceToken of Made (Custom::Made) is known at the deploy only, so calling it is not granted",
    ),
    (
        {
            "Inner": {
                "Type": "AWS::CloudFormation::Stack",
                "Properties": {"TemplateURL": "https://b.s3.amazonaws.com/x/t.json"},
            }
        },
        {},
        "what is inside the nested stack Inner",
    ),
    (
        {"Name": {"Type": "AWS::Route53::RecordSet", "Properties": ZONE}},
        {},
        "gives its hosted zone by name, so every hosted zone is granted",
    ),
    ({"Name": {"Type": "AWS::Route53::RecordSet", "Properties": {**ZONE, "HostedZoneId": "Z1"}}}, {}, None),
    (
        {"Net": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}}},
        {},
        "on every resource of their kind, since AWS makes up the ids: Net (AWS::EC2::VPC)",
    ),
)


@pytest.mark.parametrize(
    ("resources", "options", "note"), NOTED, ids=[f"{'-'.join(resources)} {note}"[:60] for resources, _, note in NOTED]
)
def test_what_a_policy_leaves_open_is_noted_once(
    resources: dict[str, Any], options: dict[str, Any], note: str | None
) -> None:
    notes = need(resources, **options).notes

    if note is None:
        assert [text for text in notes if "functions" not in text] == []
    else:
        assert sum(note in text for text in notes) == 1, notes


@pytest.mark.parametrize(
    ("transform", "is_noted"),
    [("Mine", True), ("AWS::Include", True), ("AWS::Serverless-2016-10-31", False), ("AWS::LanguageExtensions", False)],
)
def test_what_a_macro_makes_of_a_template_is_not_in_it(transform: str, *, is_noted: bool) -> None:
    notes = need({"Jobs": QUEUE}, more={"Transform": [transform]}).notes

    assert [text for text in notes if "the processed template" in text] == (
        [f"what the transform {transform} makes of the template is not in it: run this on the processed template"]
        if is_noted
        else []
    )


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({}, False),
        ({"KmsMasterKeyId": "alias/x"}, True),
        ({"Tags": [{"EncryptionKey": "x"}]}, True),
        ({"a": {"b": [{"SSEType": "x"}]}}, True),
        ({"Name": "kms"}, False),
    ],
)
def test_what_uses_a_key_is_needed_where_a_property_speaks_of_one(
    properties: dict[str, Any], *, expected: bool
) -> None:
    assert is_needed("AWS::Some::Thing", "kms:Decrypt", properties) == expected
    assert is_needed("AWS::KMS::Key", "kms:CreateKey", {})
    assert is_needed("AWS::Some::Thing", "some:Create", {})


def test_the_service_of_a_linked_role_may_be_named_by_a_property() -> None:
    linked_role = {"Type": "AWS::IAM::ServiceLinkedRole", "Properties": {"AWSServiceName": "es.amazonaws.com"}}
    stack = stack_of("orders-dev", [{"Resources": {"Linked": linked_role}, **GIVEN}])
    (resource,) = stack.resources.values()

    assert linked_services(stack, resource) in (("es.amazonaws.com",), ())
    assert linked_services(stack, replace(resource, properties={"AWSServiceName": OPEN})) == ()


@pytest.mark.parametrize(
    ("rows", "texts"),
    [
        ([("create", "A", "T")], ["to create A (T)"]),
        ([("delete", "A", "T"), ("create", "A", "T")], ["to create and delete A (T)"]),
        ([("update", "B", "T"), ("read", "A", "T"), ("create", "B", "T")], ["to create, read and update B, A (T)"]),
        (
            [("to see", "", ""), ("create", "A", "T"), ("to see", "", ""), ("pass", "r to A", "U")],
            ["to see", "to create A (T)", "to pass r to A (U)"],
        ),
    ],
)
def test_purposes_are_one_sentence_for_each_type(rows: list[tuple[str, str, str]], texts: list[str]) -> None:
    assert list(sentences(Purpose(*row) for row in rows)) == texts
