"""Whole pages of what is reported, word by word, from values made by hand."""

from __future__ import annotations

import re

import pytest

from remit.app import Grant, Reason
from remit.catalogue.actions import resource_types
from remit.deploy.deployed_code import OtherCode
from remit.deploy.events import StackEvent
from remit.deploy.first_failure import cause_text
from remit.deploy.session import Account
from remit.deploy.stack import DeployedStack, StackOutput
from remit.deploy.status import DeployedResource, StackStatus
from remit.deployer.deployer_policy import Deployer
from remit.errors import Origin
from remit.holders import Holder, bounded, inline
from remit.iam.policy import Globs, allow, parse
from remit.report.actions import arn_lines, covered_lines, levels_of
from remit.report.deployed_code import other_code_text
from remit.report.deployer import remarks
from remit.report.explanation import role_document, role_lines
from remit.report.stacks import status_lines

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}},
        },
        {"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"},
    ],
}
ORDERS = "arn:aws:sqs:eu-west-1:111122223333:in"
ROLE = Holder(
    "ReportRole",
    (inline([Grant(allow("sqs:SendMessage", on=ORDERS), Reason("text", "sends orders"))]),),
    ("report",),
    limits=bounded("arn:aws:iam::111122223333:policy/limit"),
    trust=parse(TRUST),
    trust_origin=Origin("template.yaml", 7, 3),
    notes=("it may be changed elsewhere",),
)


def test_a_role_is_told_with_its_boundary_its_trust_and_what_is_not_certain() -> None:
    assert [
        "ReportRole, the role of report",
        "",
        "  Allow on arn:aws:sqs:eu-west-1:111122223333:in",
        "      sqs:SendMessage  Write",
        "      because sends orders",
        "",
        "  all within the permissions boundary arn:aws:iam::111122223333:policy/limit",
        "",
        "  may be taken on by Service lambda.amazonaws.com  (template.yaml:7:3)",
        "      if StringEquals aws:SourceAccount = 111122223333",
        "  may not be taken on by everyone  (template.yaml:7:3)",
        "  note: it may be changed elsewhere",
    ] == list(role_lines(ROLE))


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        (Reason("text", "sends orders"), "because sends orders"),
        (Reason("text", "sends orders", conditions=("if IsProd",)), "because sends orders, if IsProd"),
        (Reason("text", conditions=("if IsProd",)), "if IsProd"),
        (Reason("text"), "at app.py:3:5"),
    ],
)
def test_a_statement_has_its_reason_or_else_its_conditions_or_its_line(reason: Reason, expected: str) -> None:
    grant = Grant(allow("sqs:SendMessage", on=ORDERS), reason, Origin("app.py", 3, 5))
    last = list(role_lines(Holder("ReportRole", (inline([grant]),))))[-1].strip()
    assert last == expected + ("" if expected.startswith("at ") else "  (app.py:3:5)")


def test_a_role_for_programs_has_a_key_for_each_of_these() -> None:
    document = role_document(ROLE)
    assert ["role", "functions", "statements", "unread_policies", "permissions_boundary", "trust", "notes"] == (
        list(document)[:7]
    )
    assert ("arn:aws:iam::111122223333:policy/limit", TRUST) == (document["permissions_boundary"], document["trust"])


@pytest.mark.parametrize(
    ("actions", "expected"),
    [
        (Globs(("sqs:SendMessage",)), ["sqs:SendMessage  Write"]),
        (Globs(("sqs:Send*",)), ["sqs:Send*: 1 action", "    Write (1): sqs:SendMessage"]),
        (Globs(("nosuch:*",), negated=True), ["everything but nosuch:*: all but 0 actions"]),
    ],
)
def test_the_actions_of_a_statement_are_counted_and_listed_by_level(actions: Globs, expected: list[str]) -> None:
    assert expected == list(covered_lines(actions))


def test_actions_are_counted_by_level_and_service_whatever_case_a_service_is_written_in() -> None:
    assert [*levels_of(["S3:GetFrob", "s3:GetFrub", "SQS:SendMessage"])] == [
        "Write on sqs (1 action)",
        "future actions on s3 (2 actions)",
    ]


def test_so_many_actions_that_nobody_reads_them_are_counted_alone() -> None:
    (line,) = covered_lines(Globs(("*",)))
    assert re.fullmatch(r"\*: \d\d,\d{3} actions", line)


def test_an_arn_is_told_with_its_resource_type_and_the_actions_that_take_it() -> None:
    arn = "arn:aws:sqs:eu-west-1:111122223333:in"
    kinds = tuple(kind for kind in resource_types("sqs") if kind.name == "queue")
    lines = list(arn_lines(arn, kinds))
    assert [f"{arn}: a resource of Amazon SQS", "  queue"] == lines[:2]
    assert any(line.startswith("  actions: sqs:AddPermission, ") for line in lines)


@pytest.mark.parametrize(
    ("stack", "reason", "expected"),
    [
        ("orders-dev", "it exists", "Queue (AWS::SQS::Queue): it exists"),
        ("orders-dev-Nested", "", "Queue (AWS::SQS::Queue in orders-dev-Nested): CREATE_FAILED"),
    ],
)
def test_a_cause_is_told_by_awss_reason_and_else_by_its_status(stack: str, reason: str, expected: str) -> None:
    cause = StackEvent("1", "", stack, "", "Queue", "", "AWS::SQS::Queue", "CREATE_FAILED", reason)
    assert expected == cause_text(cause, "orders-dev")


def test_functions_with_other_code_are_listed_with_both_sums() -> None:
    functions = [OtherCode("report", "abc=", "def="), OtherCode("web", "abc=", None)]
    assert (
        "these functions do not run what was built:\n"
        "  report runs code whose SHA-256 is def=; that of the build is abc=\n"
        "  web is gone: somebody deleted it"
    ) == other_code_text(functions)


def test_what_a_deployer_may_lack_is_remarked_first() -> None:
    deployer = Deployer("orders-dev", (), unknown=(("Thing", "AWS::Nimble::Studio"),), notes=("see there",))
    assert [
        "Thing is left out: it is not known what CloudFormation calls for an AWS::Nimble::Studio",
        "see there",
    ] == list(remarks(deployer))


def test_a_stack_is_told_with_its_outputs_functions_roles_and_failures() -> None:
    stack = DeployedStack(
        "orders-dev", "id", "UPDATE_FAILED", "it broke", "2026-01-31T10:20:30.000Z",
        (StackOutput("Url", "https://x"),), (), protected=True, drift="DRIFTED",
    )  # fmt: skip
    resources = (
        DeployedResource("Report", "AWS::Lambda::Function", "orders-dev-report", "UPDATE_COMPLETE"),
        DeployedResource("ReportRole", "AWS::IAM::Role", "orders-dev-ReportRole-1", "UPDATE_FAILED", "no"),
    )
    assert [
        "orders-dev in account 111122223333, eu-west-1: UPDATE_FAILED since 2026-01-31 10:20 UTC",
        "  it broke",
        "  protected against deletion",
        "  drift: DRIFTED",
        "outputs",
        "  Url  https://x",
        "functions",
        "  Report  orders-dev-report",
        "roles",
        "  ReportRole  orders-dev-ReportRole-1",
        "failed",
        "  ReportRole  UPDATE_FAILED  no",
    ] == list(status_lines(StackStatus(stack, resources), Account("111122223333", "eu-west-1", "aws", None)))
