"""What makes a role again that somebody deleted, and what a plan says of the roles of functions."""

from __future__ import annotations

from typing import Any, Final

from remit.deploy.expected_roles import in_references
from remit.deploy.plan import RoleReplacement, StackPlan
from remit.deploy.role_repairs import Repair, make_role
from remit.holders import Holder
from remit.iam.policy import parse

TRUST: Final = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}


def made_with_tag(value: Any) -> tuple[Repair, ...]:
    properties = {"Tags": [{"Key": "stack", "Value": value}]}
    trust = parse({"Version": "2012-10-17", "Statement": TRUST})
    return make_role(Holder("ReportRole", trust=trust), properties, "report", {"${AWS::StackName}": "orders-dev"})


def test_a_role_is_made_again_with_the_values_of_its_tags() -> None:
    (repair,) = made_with_tag({"Ref": "AWS::StackName"})
    assert [{"Key": "stack", "Value": "orders-dev"}] == dict(repair.parameters)["Tags"]


def test_a_role_is_not_made_again_while_the_value_of_a_tag_is_not_known() -> None:
    assert () == made_with_tag({"Ref": "Elsewhere"})


def test_the_value_of_a_parameter_stands_under_the_text_that_refers_to_it() -> None:
    assert {"${Stage}": "prod"} == in_references({"Stage": "prod"})


def test_a_function_that_is_there_and_gets_another_role_is_a_replacement() -> None:
    def template(**roles: str) -> dict[str, Any]:
        functions = {
            name: {"Type": "AWS::Lambda::Function", "Properties": {"Role": {"Fn::GetAtt": [role, "Arn"]}}}
            for name, role in roles.items()
        }
        return {"Resources": functions}

    running, wanted = template(Same="A", Moved="A", Gone="A"), template(Same="A", Moved="B", New="B")
    plan = StackPlan("orders-dev", "arn:stack", "arn:change-set", "UPDATE", (), running, wanted)
    assert (RoleReplacement("Moved", "A", "B"),) == plan.role_replacements
