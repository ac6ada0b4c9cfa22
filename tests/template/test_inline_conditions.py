"""A condition may be written out in the resource that it decides on, which CloudFormation refuses and people try."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import projects

if TYPE_CHECKING:
    from pathlib import Path

IS_PROD: dict[str, Any] = {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}
IS_BIG: dict[str, Any] = {"Fn::Equals": [{"Ref": "Size"}, "big"]}
DECIDED = {
    "Equals": (IS_PROD, "Stage = prod"),
    "And": ({"Fn::And": [IS_PROD, IS_BIG]}, "Stage = prod and Size = big"),
    "Or": ({"Fn::Or": [IS_PROD, {"Fn::Equals": [{"Ref": "Stage"}, "test"]}]}, "Stage = "),
    "Not": ({"Fn::Not": [IS_PROD]}, "Stage is not prod"),
    "Condition": ({"Condition": "IsProd"}, "Stage = prod"),
    "nested": ({"Fn::And": [{"Fn::Not": [{"Condition": "IsProd"}]}, IS_BIG]}, "Size = big"),
    "none at all": ({"Ref": "Stage"}, "${Stage}"),
    "a list": ([IS_PROD], "["),
    "a number": (5, "5"),
}
TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}
ROLE = {
    "Type": "AWS::IAM::Role",
    "Properties": {
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [TRUST]},
        "Policies": [{"PolicyName": "read", "PolicyDocument": {"Version": "2012-10-17", "Statement": [READ]}}],
    },
}
FUNCTION = {
    "Type": "AWS::Serverless::Function",
    "Properties": {
        "Handler": "a.b",
        "Runtime": "python3.13",
        "CodeUri": "s3://b/k",
        "Policies": [{"Statement": [READ]}],
    },
}


def template(condition: Any, resource: dict[str, Any] = ROLE) -> str:
    """A template of one resource under a condition."""
    parameters = {name: {"Type": "String"} for name in ("Stage", "Size")}
    template: dict[str, Any] = {"Parameters": parameters, "Conditions": {"IsProd": IS_PROD}}
    if resource is FUNCTION:
        template["Transform"] = "AWS::Serverless-2016-10-31"
    template["Resources"] = {"Reader": {**resource, "Condition": condition} if condition is not None else resource}
    return json.dumps(template)


@pytest.mark.parametrize(("condition", "words"), DECIDED.values(), ids=DECIDED)
@pytest.mark.parametrize("resource", [ROLE, FUNCTION], ids=["role", "function of SAM"])
def test_a_role_that_is_there_under_a_written_out_condition_is_gained_there(
    tmp_path: Path, resource: dict[str, Any], condition: Any, words: str
) -> None:
    (tmp_path / "old.json").write_text('{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}')
    (tmp_path / "new.json").write_text(template(condition, resource))

    ran = projects.remit("diff", str(tmp_path / "old.json"), str(tmp_path / "new.json"))

    assert (ran.status, ran.err) == (1, "")
    assert "s3:GetObject" in ran.out
    assert words in ran.out


def test_the_condition_in_yaml_is_what_it_is_in_json(tmp_path: Path) -> None:
    (tmp_path / "old.json").write_text(template(IS_PROD))
    written = json.loads(template(None))
    written["Resources"]["Reader"]["Condition"] = "SHORT"
    sections = "\n".join(f"{name}: {json.dumps(value)}" for name, value in written.items())
    (tmp_path / "new.yaml").write_text(sections.replace('"SHORT"', "!Equals [!Ref Stage, prod]"))

    ran = projects.remit("diff", str(tmp_path / "old.json"), str(tmp_path / "new.yaml"))

    assert (ran.status, ran.out, ran.err) == (
        0,
        "The same access by roles, policies and doors: proven for every request.\n",
        "",
    )


@pytest.mark.parametrize("command", [("explain",), ("lint",), ("policy", "deployer")], ids=lambda words: words[-1])
@pytest.mark.parametrize("condition", [condition for condition, _ in DECIDED.values()], ids=DECIDED)
def test_other_commands_read_such_a_template(tmp_path: Path, command: tuple[str, ...], condition: Any) -> None:
    (tmp_path / "t.json").write_text(template(condition))

    ran = projects.remit(*command, str(tmp_path / "t.json"))

    assert "bug in remit" not in ran.err
    assert ran.status in (0, 1)
