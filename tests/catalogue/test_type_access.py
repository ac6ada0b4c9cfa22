"""How each property of each type bears on access: what is computed, what is kept by hand, and what is stale."""

from __future__ import annotations

from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest

from catalogue_compiler import templates
from catalogue_compiler.type_access import CuratedRow, curated_rows, put_access, signs_without_row
from catalogue_compiler.types import TypeTable
from random_cases import in_all_cases
from remit.catalogue.snapshot import snapshot
from remit.catalogue.type_access import access_row, access_rows, has_property, has_rows_below, is_known
from remit.errors import RemitError


@cache
def documents() -> dict[str, dict[str, Any]]:
    return templates.documents(Path(str(distribution("cfn-lint").locate_file("cfnlint/data/schemas"))))


def shipped_table() -> tuple[TypeTable, dict[str, Any]]:
    """The table with the references that are shipped, and the shipped rows by type."""
    table, rows_by_type = TypeTable(), {}
    for service in snapshot().names("types"):
        for name, row in snapshot().chunk("types", service).items():
            table.put(name, {"references": row.get("h", {})}, "schema")
            rows_by_type[name] = row.get("b", [])
    return table, rows_by_type


@in_all_cases
def test_what_is_shipped_is_what_the_schemas_and_the_rows_kept_by_hand_give() -> None:
    table, shipped = shipped_table()
    put_access(table, documents())
    assert {name: row.get("properties", []) for name, row in table.rows.items()} == shipped


@in_all_cases
def test_no_property_with_a_word_of_access_is_without_a_row() -> None:
    table, shipped = shipped_table()
    for name, rows in shipped.items():
        table.put(name, {"properties": rows}, "schema")
    assert list(signs_without_row(table, documents())) == []


def test_a_new_property_with_a_word_of_access_is_named() -> None:
    table = TypeTable()
    table.put("AWS::Shop::Order", {}, "schema")
    schema = {"properties": {"OrderPolicy": {"type": "string"}, "Colour": {"type": "string"}}}
    assert list(signs_without_row(table, {"AWS::Shop::Order": schema})) == ["AWS::Shop::Order OrderPolicy"]


def test_rows_kept_by_hand_that_are_stale_do_not_compile() -> None:
    stale_rows = {
        CuratedRow("AWS::SQS::Queue", "NoSuchProperty", "door", "any", ""): "no type has such a property",
        CuratedRow("AWS::No::*", "*", "grant", "any", ""): "no type has such a property",
        CuratedRow("AWS::ECS::TaskDefinition", "TaskRoleArn", "role", "", ""): "or it is derived",
        CuratedRow("AWS::SQS::Queue", "QueueName", "none", "", ""): "a row of kind none says why",
        CuratedRow("AWS::SQS::Queue", "QueueName", "gate", "", ""): "there is no kind gate",
    }
    types = ("AWS::SQS::Queue", "AWS::ECS::TaskDefinition")
    rows = [row for row in curated_rows() if row.type in types]
    table, _ = shipped_table()
    with pytest.raises(RemitError) as caught:
        put_access(table, {name: documents()[name] for name in types}, (*rows, *stale_rows))
    title, *problems = caught.value.message.splitlines()
    assert title == "rows kept by hand are stale (5):"
    for problem, (row, reason) in zip(problems, stale_rows.items(), strict=True):
        assert problem.startswith(f"  {row.type} {row.path}: ")
        assert reason in problem


@pytest.mark.parametrize(
    ("kind", "path", "does"),
    [
        ("AWS::ECS::TaskDefinition", "TaskRoleArn", "role"),
        ("AWS::EC2::Instance", "IamInstanceProfile", "role"),
        ("AWS::Bedrock::PromptVersion", "TemplateType", None),
        ("AWS::EC2::VPCEndpoint", "PolicyDocument", "ceiling"),
        ("AWS::Backup::BackupVault", "AccessPolicy", "policy"),
        ("AWS::Cognito::IdentityPool", "AllowUnauthenticatedIdentities", "door"),
        ("AWS::S3::Bucket", "PublicAccessBlockConfiguration.BlockPublicAcls", "door"),
        ("AWS::Serverless::Function", "Events.Get.Properties.Auth.InvokeRole", "door"),
        ("AWS::LakeFormation::Permissions", "Resource", "grant"),
        ("AWS::IAM::UserToGroupAddition", "Users", "member"),
        ("AWS::EC2::SecurityGroup", "SecurityGroupIngress", "network"),
        ("Custom::Copy", "ServiceToken", "unknown"),
        ("AWS::Logs::LogGroup", "LogGroupName", "none"),
        ("AWS::SQS::Queue", "QueueName", None),
        ("aws_security_group", "ingress[].cidr_blocks[]", "network"),
        ("aws_sqs_queue", "redrive_allow_policy", "door"),
        ("aws_sqs_queue", "policy", "policy"),
        ("aws_iam_role", "max_session_duration", "none"),
        ("aws_lambda_function", "role", "role"),
        ("aws_cloudwatch_event_rule", "targets[].arn", "destination"),
        ("aws_db_instance", "publicly_accessible", "network"),
        ("aws_lb", "internal", "network"),
        ("aws_sfn_state_machine", "role_arn", "role"),
        ("aws_shop_order", "role_arn", "role"),
        ("aws_shop_order", "tags", None),
    ],
)
def test_a_property_has_a_kind(kind: str, path: str, does: str | None) -> None:
    row = access_row(kind, path)
    assert (row and row.kind) == does


@pytest.mark.parametrize(
    ("kind", "path", "has_some"),
    [
        ("AWS::IAM::Role", "Policies", True),
        ("AWS::IAM::Role", "Policies[]", True),
        ("AWS::IAM::Role", "Polic", False),
        ("AWS::Lambda::Function", "Role", False),
        ("AWS::Lambda::Function", "VpcConfig", False),
        ("AWS::Shop::Order", "Policies", False),
        ("AWS::Serverless::Function", "Events.Get", True),
        ("AWS::Serverless::Function", "Events.Get.Properties", True),
        ("AWS::Serverless::Function", "Events.Get.Type", False),
        ("AWS::Serverless::Function", "Environment", False),
        ("aws_cloudwatch_event_rule", "targets[]", True),
        ("aws_security_group", "ingress[]", False),
    ],
)
def test_a_part_of_a_property_may_have_a_row(kind: str, path: str, *, has_some: bool) -> None:
    assert has_rows_below(kind, path) is has_some


def test_a_type_that_nobody_knows_may_have_any_property() -> None:
    kinds = ("AWS::SQS::Queue", "Custom::Copy", "aws_sqs_queue", "AWS::Shop::Order")
    assert [has_property(kind, "Anything") for kind in kinds] == [False, True, True, True]
    assert has_property("AWS::SQS::Queue", "QueueName")


def test_a_type_that_nobody_knows_has_no_rows() -> None:
    assert access_rows("AWS::Shop::Order") is None


@pytest.mark.parametrize(
    ("kind", "known"),
    [
        ("AWS::SQS::Queue", True),
        ("AWS::Shop::Order", False),
        ("aws_iam_access_key", True),
        ("aws_sqs_queue", True),
        ("aws_subnet", True),  # of EC2, which Terraform does not name
        ("aws_flow_log", True),
        ("aws_rds_global_cluster", True),
        ("aws_cloudwatch_event_rule", True),
        ("aws_shop_order", False),
    ],
)
def test_whether_a_type_is_known_is_told_of_cloudformation_and_of_terraform(kind: str, *, known: bool) -> None:
    assert is_known(kind) is known
