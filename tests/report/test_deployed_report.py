"""What is deployed, and what runs other code than was built, as people read it."""

from __future__ import annotations

from remit.app import Grant, Reason
from remit.deploy.deployed_code import OtherCode
from remit.holders import Holder, inline
from remit.iam.policy import allow
from remit.report.deployed_code import other_code_hint
from remit.report.stacks import role_summary


def test_functions_that_are_gone_are_named_in_the_hint() -> None:
    gone = [OtherCode(name, "a", None) for name in ("report", "ingest")]
    expected = "CloudFormation makes report, ingest again once `remit delete` has removed the stack"
    assert expected == other_code_hint(gone, "eu-west-1")


def test_each_role_is_told_with_its_statements_and_functions() -> None:
    grant = Grant(allow("sqs:SendMessage", on="*"), Reason("text", "declared"))
    roles = [
        Holder("ReportRole", (inline((grant,)),), ("report",)),
        Holder("Shared", (inline((grant, grant)),), ("a", "b")),
    ]
    assert ["roles", "  ReportRole  1 statement for report", "  Shared      2 statements for a, b"] == list(
        role_summary(roles)
    )
