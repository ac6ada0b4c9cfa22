"""The role of a state machine beside its states: what it lacks, and what no state needs, exactly."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest

from remit.errors import Origin
from remit.roles.machine_roles import compared_roles
from remit.template.roles import template_roles

if TYPE_CHECKING:
    from remit.documents.json_text import Path

TABLE: Final = {"Fn::GetAtt": ["Orders", "Arn"]}
OTHER: Final = "arn:aws:dynamodb:eu-west-1:111122223333:table/other"
LACKS: Final = "dynamodb:PutItem on ${Orders.Arn}"
LACKS_ANY: Final = "dynamodb:PutItem on arn:aws:dynamodb:${AWS::Region}:${AWS::AccountId}:table/*"


def definition(**table: str) -> dict[str, Any]:
    """A machine of one state, which puts an item into a table."""
    task = {"Type": "Task", "Resource": "arn:aws:states:::dynamodb:putItem", "Parameters": {**table, "Item": {}}}
    return {"StartAt": "Put", "States": {"Put": {**task, "End": True}}}


NAMED: Final = definition(TableName="${Table}")
OPEN: Final = definition(**{"TableName.$": "$.table"})


def template(statement: dict[str, Any], *, states: Any, managed: list[str], further: dict[str, Any]) -> dict[str, Any]:
    policy = {"PolicyName": "may", "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "states.amazonaws.com"}}
    role = {
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
        "Policies": [policy],
        "ManagedPolicyArns": managed,
    }
    written = {"DefinitionString": states} if isinstance(states, str) else {"Definition": states}
    machine = {
        "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
        "DefinitionSubstitutions": {"Table": {"Ref": "Orders"}},
        **written,
    }
    return {
        "Resources": {
            "Orders": {"Type": "AWS::DynamoDB::Table", "Properties": {"KeySchema": []}},
            "Role": {"Type": "AWS::IAM::Role", "Properties": role},
            "Machine": {"Type": "AWS::StepFunctions::StateMachine", "Properties": machine},
            **further,
        }
    }


def nowhere(_: Path) -> Origin:
    return Origin("template.json")


def compared(
    actions: Any, on: Any, *, effect: str = "Allow", states: Any = NAMED, managed: Any = (), further: Any = None
) -> list[tuple[list[str], list[tuple[str, tuple[str, ...]]]]]:
    """What the role of each machine lacks, and what it has that no state needs, with where some state needs it."""
    statement = {"Effect": effect, "Action": actions, "Resource": on}
    written = template(statement, states=states, managed=[*managed], further=further or {})
    return [
        (
            [f"{access.action} on {access.resource}" for access in each.lacks],
            [(access.action, access.needed) for access in each.unneeded],
        )
        for each in compared_roles(template_roles(written, "template.json", nowhere), lambda _: None)
    ]


@pytest.mark.parametrize(
    ("actions", "on", "states", "lacks", "unneeded"),
    [
        ("dynamodb:PutItem", TABLE, NAMED, [], []),
        ("dynamodb:putitem", TABLE, NAMED, [], []),
        ("dynamodb:PutItem", TABLE, json.dumps(NAMED), [], []),
        ("dynamodb:GetItem", TABLE, NAMED, [LACKS], [("dynamodb:GetItem", ())]),
        ("dynamodb:*", TABLE, NAMED, [], [("dynamodb:*", ("${Orders.Arn}",))]),
        ("dynamodb:PutItem", "*", NAMED, [], [("dynamodb:PutItem", ("${Orders.Arn}",))]),
        ("dynamodb:PutItem", [TABLE, OTHER], NAMED, [], [("dynamodb:PutItem", ("${Orders.Arn}",))]),
        ("dynamodb:PutItem", OTHER, NAMED, [LACKS], [("dynamodb:PutItem", ())]),
        # Which table it is, is known to an execution alone: any may be meant.
        ("dynamodb:PutItem", "*", OPEN, [], []),
        ("dynamodb:*", "*", OPEN, [], [("dynamodb:*", ("arn:aws:dynamodb:${AWS::Region}:${AWS::AccountId}:table/*",))]),
        ("dynamodb:PutItem", TABLE, OPEN, [], []),
        ("dynamodb:PutItem", {"Fn::ImportValue": "table"}, OPEN, [], []),
        ("sqs:SendMessage", "*", OPEN, [LACKS_ANY], [("sqs:SendMessage", ())]),
    ],
)
def test_a_role_lacks_what_states_need_and_has_too_much_beyond_exactly_that(
    actions: Any, on: Any, states: Any, lacks: list[str], unneeded: list[tuple[str, tuple[str, ...]]]
) -> None:
    assert [(lacks, unneeded)] == compared(actions, on, states=states)


def test_a_definition_that_nobody_can_read_is_not_compared() -> None:
    for states in ("{", '{"Fn::GetAtt": "x"}', {"Fn::Transform": {"Name": "AWS::Include"}}):
        assert [] == compared("*", "*", states=states)


def test_a_role_with_access_that_nobody_knows_lacks_only_what_is_denied() -> None:
    mine = ["arn:aws:iam::111122223333:policy/mine"]
    connector = {"Connector": {"Type": "AWS::Serverless::Connector", "Properties": {}}}
    unneeded = [("dynamodb:GetItem", ())]
    for more in ({"managed": mine}, {"further": connector}):
        assert [([], unneeded)] == compared("dynamodb:GetItem", TABLE, **more)
        assert [([LACKS], [])] == compared("*", "*", effect="Deny", **more)
    of_aws = ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]
    assert [([LACKS], unneeded)] == compared("dynamodb:GetItem", TABLE, managed=of_aws)


def test_what_a_role_of_two_machines_has_too_much_is_not_looked_for() -> None:
    machine = {"RoleArn": {"Fn::GetAtt": ["Role", "Arn"]}, "Definition": definition(TableName={"Ref": "Orders"})}  # type: ignore[arg-type]
    further = {"Second": {"Type": "AWS::StepFunctions::StateMachine", "Properties": machine}}
    assert [([LACKS], [])] * 2 == compared("dynamodb:GetItem", TABLE, further=further)
