"""What lint tells of the smallest apps."""

from __future__ import annotations

from remit.app import App, Function, Grant, Reason
from remit.errors import Origin
from remit.iam.policy import allow
from remit.lint.apps import errors
from remit.roles.assign import assign


def test_a_reference_that_leads_nowhere_is_an_error_unless_what_it_names_may_be_what_could_not_be_read() -> None:
    line = Origin("app.py", 9, 1)
    grants = (
        Grant(allow("sqs:SendMessage", on="${Nothing.Arn}"), Reason("text", "x"), line),
        Grant(allow("sqs:SendMesage", on="arn:aws:sqs:eu-west-1:111122223333:a"), Reason("text", "x"), line),
    )
    app = App("shop", "dev", (Function("hello", "Hello", "app.hello", {}, policy=grants),))
    for is_whole, rules in ((True, ["R202", "R401"]), (False, ["R202"])):
        found = errors(app, assign(app), is_whole=is_whole)
        assert rules == sorted(finding.rule for finding in found)
