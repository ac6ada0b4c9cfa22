"""A plan as people and programs read it."""

from __future__ import annotations

import json

from remit.deploy.events import Event
from remit.deploy.plan import AccessItem, Plan, ResourceChange, RoleChange
from remit.deploy.stack import Output
from remit.report.events import event_line
from remit.report.plan import access_text, plan_document, plan_lines
from remit.report.stacks import output_lines

QUERY = AccessItem("statement", json.dumps({"Effect": "Allow", "Action": "dynamodb:Query", "Resource": "*"}))
FUNCTION = "AWS::Lambda::Function"


def planned(*changes: ResourceChange, roles: tuple[RoleChange, ...] = ()) -> Plan:
    """A plan for a stack that is there."""
    return Plan("orders-dev", "arn:stack", "arn:change-set", "UPDATE", changes, roles)


def test_each_change_has_its_sign_and_a_replacement_says_so() -> None:
    changes = (
        ResourceChange("Remove", "Old", FUNCTION),
        ResourceChange("Add", "New", FUNCTION),
        ResourceChange("Modify", "Orders", "AWS::SQS::Queue", "True", ("Properties",)),
        ResourceChange("Modify", "Slow", FUNCTION, "Conditional", ("Properties",)),
    )
    assert list(plan_lines(planned(*changes))) == [
        "orders-dev is there; this deploy would change",
        "  + AWS::Lambda::Function  New",
        "  - AWS::Lambda::Function  Old",
        "  ~ AWS::Lambda::Function  Slow  (perhaps replaced)",
        "  ~ AWS::SQS::Queue        Orders  (replaced)",
        "1 to add, 2 to change, 1 to remove, 1 of them replaced; statements of roles: 0 added, 0 removed",
    ]


def test_resources_of_which_only_tags_change_are_counted() -> None:
    changes = [ResourceChange("Modify", f"Queue{n}", "AWS::SQS::Queue", "False", ("Tags",)) for n in range(3)]
    assert "  ~ the tags of 3 more" in list(plan_lines(planned(*changes)))


def test_many_new_resources_are_counted_by_type_and_the_others_still_listed() -> None:
    changes = [ResourceChange("Add", f"Queue{n}", "AWS::SQS::Queue") for n in range(50)]
    lines = list(plan_lines(planned(*changes, ResourceChange("Remove", "Old", FUNCTION))))
    assert lines[1:3] == ["  - AWS::Lambda::Function  Old", "  + 50 of AWS::SQS::Queue"]


def test_a_role_shows_what_it_gains_and_loses() -> None:
    role = RoleChange("ReportRole", "Modify", (QUERY,), (AccessItem("managed", '"arn:aws:iam::aws:policy/X"'),))
    assert list(plan_lines(planned(roles=(role,))))[1:] == [
        "and what roles may do",
        "  ~ ReportRole",
        "      + Allow dynamodb:Query on *",
        "      - the managed policy arn:aws:iam::aws:policy/X",
        "0 to add, 0 to change, 0 to remove; statements of roles: 1 added, 0 removed",
    ]


def test_negation_conditions_trust_and_late_bound_resources_read_as_words() -> None:
    statement = {
        "Effect": "Deny",
        "NotAction": ["s3:GetObject", "s3:ListBucket"],
        "Resource": {"Fn::GetAtt": ["Uploads", "Arn"]},
        "Condition": {"StringEquals": {"aws:SourceAccount": ["1", "2"]}},
    }
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    assert access_text(AccessItem("statement", json.dumps(statement))) == (
        "Deny everything but s3:GetObject, s3:ListBucket on ${Uploads.Arn} if StringEquals aws:SourceAccount = 1, 2"
    )
    assert access_text(AccessItem("trust", json.dumps(trust))) == "trusts lambda.amazonaws.com"


def test_what_is_no_statement_is_shown_as_it_is_written() -> None:
    assert access_text(AccessItem("statement", '{"Fn::If": ["C", 1, 2]}')) == '{"Fn::If": ["C", 1, 2]}'


def test_programs_get_the_statements_as_documents() -> None:
    role = RoleChange("ReportRole", "Add", (QUERY,), ())
    assert plan_document(planned(ResourceChange("Add", "New", FUNCTION), roles=(role,))) == {
        "resources": [
            {"action": "Add", "logical_id": "New", "type": FUNCTION, "replacement": None, "scope": []},
        ],
        "roles": [
            {
                "logical_id": "ReportRole",
                "action": "Add",
                "added": [{"statement": {"Effect": "Allow", "Action": "dynamodb:Query", "Resource": "*"}}],
                "removed": [],
            }
        ],
    }


def test_what_aws_tells_cannot_steer_the_terminal() -> None:
    event = Event(
        "1", "arn:s", "orders-dev", "2026-03-01T12:03:04.000+00:00", "Queue", "q", "AWS::SQS::Queue",
        "CREATE_FAILED", "\x1b[2Jgone\x07 \u202eevil \x9b1m",
    )  # fmt: skip
    assert event_line(event, "orders-dev") == (
        r"12:03:04  CREATE_FAILED       AWS::SQS::Queue  Queue  \x1b[2Jgone\x07 \u202eevil \x9b1m"
    )
    assert list(output_lines([Output("Url", "a\x1b]0;title\x07\rb")])) == ["outputs", r"  Url  a\x1b]0;title\x07\rb"]
