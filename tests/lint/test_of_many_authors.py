"""What policies of many authors have in them: the advice fits what they meant, and what is right is left alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from remit.lint import lint_bytes

if TYPE_CHECKING:
    from remit.lint.finding import Finding

CDK = [
    f"dynamodb:{name}"
    for name in (
        "BatchGetItem", "GetRecords", "GetShardIterator", "Query", "GetItem", "Scan", "ConditionCheckItem",
        "BatchWriteItem", "PutItem", "UpdateItem", "DeleteItem", "DescribeTable",
    )
]  # fmt: skip
TABLE = "arn:aws:dynamodb:eu-west-1:111122223333:table/orders"
MINE = {"aws:ResourceOrgID": "o-a1b2c3d4e5"}


def found(rule: str, *statements: dict[str, Any], kind: str | None = None) -> list[Finding]:
    text = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **one} for one in statements]})
    return [one for one in lint_bytes(text.encode(), "policy.json", kind=kind) if one.rule == rule]


def test_a_variable_of_another_tool_is_no_misspelled_key() -> None:
    (one,) = found("R128", {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::data-${env:STAGE}/*"})
    assert (one.severity, one.hint) == ("error", "put the value in: a policy file is not a template")


def test_an_alias_is_no_key_and_its_name_no_key_s_id() -> None:
    (one,) = found("R302", {"Action": "kms:Decrypt", "Resource": "arn:aws:kms:eu-west-1:111122223333:alias/orders"})
    assert one.severity == "error"
    assert one.hint == (
        "name the key's ARN, or allow key/* if ForAnyValue:StringLike kms:ResourceAliases is 'alias/orders'"
    )


def test_what_the_cdk_lists_for_a_table_is_a_note() -> None:
    hint = "the CDK's table grants list it; what reads the stream needs grantStreamRead"
    assert [(one.severity, one.hint) for one in found("R302", {"Action": CDK, "Resource": TABLE})] == [
        ("note", hint)
    ] * 2
    (own,) = found("R302", {"Action": ["dynamodb:GetItem", "dynamodb:GetRecords"], "Resource": TABLE})
    assert (own.severity, own.hint) == ("error", f"did you mean '{TABLE}/stream/*'?")


def test_a_table_grant_of_an_older_cdk_lists_no_condition_check() -> None:
    older = [action for action in CDK[:7] if action != "dynamodb:ConditionCheckItem"]
    assert [one.severity for one in found("R302", {"Action": older, "Resource": TABLE})] == ["note", "note"]


def test_no_rare_action_of_another_service_is_meant_by_one_of_a_closed_service() -> None:
    closed = ["gamesparks:GetExtension", "iotroborunner:GetWorker", "mobilehub:Get*"]
    hints = {one.hint for one in found("R201", {"Action": [*closed, "deadline:GetJob"], "Resource": "*"})}
    assert hints == {"`remit explain SERVICE:ACTION` knows the prefixes of actions"}


def test_a_service_that_aws_closed_and_still_names_in_its_policies_is_a_warning_without_a_guess() -> None:
    (one,) = found("R201", {"Action": "iotevents:PutLoggingOptions", "Resource": "*"})
    assert (one.severity, one.hint) == ("warning", None)


def test_the_policy_of_an_endpoint_asks_whose_the_resources_are() -> None:
    open_to_all = {"Principal": "*", "Action": "*", "Resource": "*", "Condition": {"StringEquals": MINE}}
    assert found("R517", open_to_all, kind="resource") == []
    bucket = {**open_to_all, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}
    key = {**open_to_all, "Action": "kms:Decrypt"}
    for statement in (bucket, key):
        assert [one.severity for one in found("R517", statement, kind="resource")] == ["note"]


def test_a_key_that_no_action_has_is_told_so() -> None:
    condition = {"StringEquals": {"ec2:ResourceTag/env": "prod"}}
    (one,) = found(
        "R503", {"Action": ["ec2:DescribeInstances", "ec2:DescribeTags"], "Resource": "*", "Condition": condition}
    )
    assert one.message.startswith("none of these actions has the condition key 'ec2:ResourceTag/env': it is never met")


@pytest.mark.parametrize(
    ("effect", "hint"),
    [
        ("Require", "write one of the two"),
        ("", "write one of the two"),
        ("permit", "did you mean `Allow`?"),
        ("alow", "did you mean `Allow`?"),
        ("reject", "did you mean `Deny`?"),
    ],
)
def test_an_effect_that_is_neither_is_taken_for_what_it_resembles(effect: str, hint: str) -> None:
    (one,) = found("R102", {"Effect": effect, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"})
    assert one.hint == hint


@pytest.mark.parametrize(
    ("action", "resource", "severity"),
    [
        ("logs:DescribeLogGroups", "arn:aws:logs:eu-west-1:111122223333:log-group::log-stream:*", None),
        ("logs:DescribeLogGroups", "arn:aws:logs:*:*:log-group:*", None),
        ("logs:DescribeExportTasks", "arn:aws:logs:*:*:log-group::log-stream:", None),
        ("logs:PutResourcePolicy", "arn:aws:logs:*:*:log-group::log-stream:*", None),
        ("logs:PutResourcePolicy", "arn:aws:logs:*:*:log-group:/aws/lambda/orders", "error"),
        ("logs:DescribeLogGroups", "arn:aws:logs:*:*:log-group:/aws/lambda/orders:*", "error"),
        ("dynamodb:ListTables", "arn:aws:dynamodb:*:111122223333:table/*", None),
        ("dynamodb:ListTables", TABLE, "error"),
        ("states:ListStateMachines", "arn:aws:states:*:111122223333:stateMachine:*", None),
        ("iam:ListRoles", "arn:aws:iam::111122223333:role/*", None),
        ("iam:ListRoles", "arn:aws:iam::111122223333:role/reader", "warning"),
    ],
)
def test_what_lists_a_kind_is_allowed_on_all_of_that_kind(action: str, resource: str, severity: str | None) -> None:
    severities = [one.severity for one in found("R301", {"Action": action, "Resource": resource})]
    assert severities == ([] if severity is None else [severity])


def test_the_resource_of_an_action_that_lists_is_not_idle() -> None:
    group = "arn:aws:logs:eu-west-1:111122223333:log-group:"
    actions = ["logs:DescribeLogGroups", "logs:CreateLogGroup"]
    assert found("R304", {"Action": actions, "Resource": [f"{group}:log-stream:", f"{group}/aws/lambda/a"]}) == []


@pytest.mark.parametrize(
    ("short", "whole"),
    [
        ("arn:aws:sqs", "arn:aws:sqs:*:*:*"),
        ("arn:aws:logs:*", "arn:aws:logs:*:*:*"),
        ("arn:aws:sqs:eu-west-1:111122223333", "arn:aws:sqs:eu-west-1:111122223333:*"),
        ("arn:aws:*", None),
        ("arn:aws:s3:data/*", None),
        ("arn:aws:sqs:eu-west-1:orders", None),
    ],
)
def test_parts_that_an_arn_leaves_out_at_its_end_are_any(short: str, whole: str | None) -> None:
    (one,) = found("R121", {"Action": "sqs:SendMessage", "Resource": short})
    assert one.severity == ("warning" if whole else "error")
    assert whole is None or one.message.endswith(f"IAM puts * for each: it means '{whole}'")


def test_a_global_table_has_no_region_and_a_table_has_one() -> None:
    everywhere = TABLE.replace("eu-west-1", "").replace("table/", "global-table/")
    assert found("R123", {"Action": "dynamodb:UpdateGlobalTable", "Resource": everywhere}) == []
    (one,) = found("R123", {"Action": "dynamodb:GetItem", "Resource": TABLE.replace("eu-west-1", "")})
    assert one.severity == "error"


def test_the_streams_of_a_table_are_listed_as_aws_s_guide_does() -> None:
    (one,) = found("R301", {"Action": "dynamodb:ListStreams", "Resource": f"{TABLE}/stream/*"})
    assert one.severity == "warning"


def test_what_alarms_do_is_of_no_account() -> None:
    stop = {"ArnLike": {"cloudwatch:AlarmActions": "arn:aws:automate:eu-west-1:ec2:stop"}}
    assert found("R122", {"Action": "cloudwatch:PutMetricAlarm", "Resource": "*", "Condition": stop}) == []


def test_devices_take_roles_by_an_action_that_iam_does_not_know() -> None:
    alias = "arn:aws:iot:eu-west-1:111122223333:rolealias/sensor"
    assert found("R202", {"Action": "iot:AssumeRoleWithCertificate", "Resource": alias}) == []
    assert len(found("R202", {"Action": "iot:AssumeRoleWithCertificates", "Resource": alias})) == 1


def test_devices_connect_under_a_key_that_iam_does_not_know() -> None:
    client = "arn:aws:iot:eu-west-1:111122223333:client/sensor"
    last = {"ForAnyValue:StringEquals": {"iot:ConnectAttributes": ["LastWill"]}}
    assert found("R502", {"Action": "iot:Connect", "Resource": client, "Condition": last}) == []


@pytest.mark.parametrize("rule", ["R301", "R503"])
def test_what_the_reference_does_not_tell_of_calls_of_state_machines_is_no_error(rule: str) -> None:
    machine = "arn:aws:states:eu-west-1:111122223333:stateMachine:orders"
    get = {"StringEquals": {"states:HTTPMethod": "GET"}}
    assert [] == found(rule, {"Action": "states:InvokeHTTPEndpoint", "Resource": machine, "Condition": get})
