"""Placeholders and values of another kind: found in every condition, and in the region and account of every ARN."""

from __future__ import annotations

import json
from typing import Any

import pytest

import projects
from remit.lint.files import lint_bytes

CONDITIONS = {
    "aws:SourceVpc": "StringEquals",
    "aws:SourceAccount": "StringEquals",
    "aws:RequestedRegion": "StringEquals",
    "aws:PrincipalTag/team": "StringLike",
    "aws:SourceArn": "ArnLike",
    "aws:SourceIp": "IpAddress",
    "aws:CurrentTime": "DateLessThan",
    "aws:MultiFactorAuthAge": "NumericLessThan",
}
MARKERS = ("{vpc}", "#{Vpc}", "#{AWS::Region}", "@{value}", "$(value)", "%s", "prefix-{value}")
NO_PLACES = ("${aws:PrincipalTag/team}", "red", "a (b)", "100%", "a<b", "${*}")
EXCHANGED = "the ARN has region and account in the wrong order: nothing matches"


def found(statement: dict[str, Any], *, in_template: bool) -> list[tuple[str, str]]:
    """The rule and the message of each warning and error about a statement's values."""
    policy: dict[str, Any] = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]}
    if in_template:
        properties = {"PolicyDocument": policy}
        policy = {"Resources": {"P": {"Type": "AWS::IAM::ManagedPolicy", "Properties": properties}}}
    findings = lint_bytes(json.dumps(policy).encode(), "policy.json")
    about_values = ("R122", "R123", "R129", "R504", "R505", "R515")
    return [(item.rule, item.message) for item in findings if item.rule in about_values]


def conditional(operator: str, key: str, value: str) -> dict[str, Any]:
    return {"Action": "sqs:SendMessage", "Resource": "*", "Condition": {operator: {key: value}}}


@pytest.mark.parametrize("in_template", [False, True], ids=["policy", "template"])
@pytest.mark.parametrize("marker", MARKERS)
@pytest.mark.parametrize("key", CONDITIONS)
def test_a_placeholder_in_a_condition_is_found_whatever_its_form_and_key(
    *, key: str, marker: str, in_template: bool
) -> None:
    findings = found(conditional(CONDITIONS[key], key, marker), in_template=in_template)

    assert "is a placeholder: nothing replaces it" in " ".join(message for _, message in findings)
    assert {rule for rule, _ in findings} <= {"R129", "R504", "R505"}


@pytest.mark.parametrize("value", NO_PLACES)
def test_an_ordinary_value_is_no_placeholder(value: str) -> None:
    assert found(conditional("StringLike", "aws:PrincipalTag/team", value), in_template=True) == []


def test_the_value_of_a_condition_of_an_app_that_lacks_its_f_is_found(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("app")
    condition = '{"StringEquals": {"aws:SourceVpc": "{vpc}"}}'
    statement = f'{{"Effect": "Allow", "Action": "sqs:ListQueues", "Resource": "*", "Condition": {condition}}}'
    source = f"from remit import App\napp = App()\n@app.function(policy=[{statement}])\ndef f(event, context): ...\n"
    (folder / "app.py").write_text(source)

    project = projects.Project(folder)

    assert "'{vpc}' in '{vpc}' is a placeholder" in project.remit("lint").out


WRONG_KINDS = {
    ("StringEquals", "aws:SourceAccount", "us-east-1"): "R122",
    ("StringLike", "aws:SourceAccount", "vpc-1a2b3c4d"): "R122",
    ("ForAnyValue:StringNotEquals", "aws:PrincipalAccount", "arn:aws:iam::111122223333:root"): "R122",
    ("StringEquals", "aws:RequestedRegion", "111122223333"): "R123",
    ("StringNotLike", "aws:RequestedRegion", "vpc-1a2b3c4d"): "R123",
    ("StringEquals", "ec2:Region", "eu"): "R123",
    ("StringEquals", "aws:SourceArn", "111122223333"): "R515",
    ("StringLike", "aws:PrincipalArn", "us-east-1"): "R515",
    ("StringEquals", "ec2:Vpc", "vpc-1a2b3c4d"): "R515",
    ("StringEquals", "aws:PrincipalOrgID", "111122223333"): "R515",
    ("StringEquals", "aws:SourceVpc", "us-east-1"): "R515",
    ("ArnLike", "aws:SourceArn", "us-east-1"): "R505",
}


@pytest.mark.parametrize(("operator", "key", "value"), WRONG_KINDS)
def test_a_value_of_another_kind_than_the_key_holds_is_found_once(operator: str, key: str, value: str) -> None:
    (finding,) = found(conditional(operator, key, value), in_template=True)

    assert finding[0] == WRONG_KINDS[operator, key, value]
    assert value in finding[1]


WRONG_ARNS = {
    "us-east-1:us-east-1": ("R122", "the account is 'us-east-1': an account is a number, and nothing matches"),
    "111122223333:us-east-1": ("R123", EXCHANGED),
    "${AWS::AccountId}:${AWS::Region}": ("R123", EXCHANGED),
    "111122223333:111122223333": ("R123", "unknown region '111122223333': nothing matches"),
    "us-east-1:vpc-1a2b3c4d": ("R122", "the account is 'vpc-1a2b3c4d': an account is a number, and nothing matches"),
}


@pytest.mark.parametrize("places", WRONG_ARNS)
def test_a_wrong_kind_in_the_region_or_the_account_of_an_arn_is_found_once(places: str) -> None:
    arn: Any = f"arn:aws:sqs:{places}:orders"
    resource = {"Fn::Sub": arn} if "${" in arn else arn

    assert found({"Action": "sqs:SendMessage", "Resource": resource}, in_template=True) == [WRONG_ARNS[places]]


@pytest.mark.parametrize(
    "places", ["#{AWS::Region}:#{AWS::AccountId}", "{region}:111122223333", "us-east-1:#{account}"]
)
def test_a_placeholder_in_an_arn_is_one_finding(places: str) -> None:
    (finding,) = found({"Action": "sqs:SendMessage", "Resource": f"arn:aws:sqs:{places}:orders"}, in_template=True)

    assert finding[0] == "R129"
