"""A key that stands twice in a template of YAML: the last one counts, as for CloudFormation, and readers are warned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import projects

if TYPE_CHECKING:
    from pathlib import Path

TEMPLATE = """\
Resources:
  Reader:
    Type: AWS::IAM::Role
    Properties:
      RoleName: first
      Path: /
      RoleName: last
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: {Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}
      Policies:
        - PolicyName: read
          PolicyDocument:
            Version: "2012-10-17"
            Statement: {Effect: Allow, Action: s3:GetObject, Resource: "arn:aws:s3:::data/*"}
  Store: {Type: AWS::SQS::Queue}
  Store: {Type: AWS::SNS::Topic}
"""
IN_A_POLICY = {
    "an element": ("Action: s3:GetObject,", "Action: s3:GetObject, Action: s3:PutObject,"),
    "a document": ('            Version: "2012-10-17"\n', '            Version: "2012-10-17"\n' * 2),
    "a condition": ("Action: s3:GetObject,", 'Action: "s3:*", Condition: {Bool: {a:b: true, a:b: false}},'),
}
COMMANDS = {"explain": ("explain",), "lint": ("lint",), "deployer": ("policy", "deployer")}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_template_with_a_key_twice_is_read_with_a_warning_at_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    (tmp_path / "t.yaml").write_text(TEMPLATE)
    monkeypatch.chdir(tmp_path)

    ran = projects.remit(*command, "t.yaml")

    told = f"{ran.out}\n{ran.err}"
    assert ran.status == 0
    assert "the key RoleName stands twice" in told
    assert "first at t.yaml:5:7: the last one counts" in told
    assert "t.yaml:7:7" in told
    assert "t.yaml:17:3" in told


def test_diff_compares_the_last_values_and_warns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    once = TEMPLATE.replace("      RoleName: first\n", "").replace("  Store: {Type: AWS::SQS::Queue}\n", "")
    (tmp_path / "old.yaml").write_text(TEMPLATE)
    (tmp_path / "new.yaml").write_text(once)
    monkeypatch.chdir(tmp_path)

    ran = projects.remit("diff", "old.yaml", "new.yaml")

    assert ran.status == 0
    assert ran.out.startswith("The same access by roles, policies and doors: proven for every request.\n")
    assert "old.yaml:7:7: the key RoleName stands twice, first at old.yaml:5:7: the last one counts" in ran.out


@pytest.mark.parametrize(("once", "twice"), IN_A_POLICY.values(), ids=IN_A_POLICY)
@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_key_twice_in_a_policy_stays_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], once: str, twice: str
) -> None:
    """One of two statements, or of two conditions, would be lost."""
    assert once in TEMPLATE
    (tmp_path / "t.yaml").write_text(TEMPLATE.replace(once, twice))
    monkeypatch.chdir(tmp_path)

    ran = projects.remit(*command, "t.yaml")

    assert ran.status == 2
    assert "stands twice in one mapping" in f"{ran.out}{ran.err}"
