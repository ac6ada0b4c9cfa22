"""What another tool fills in before AWS reads a policy is unknown to every command, and never literal text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import projects

if TYPE_CHECKING:
    from pathlib import Path

PLACES = (
    "${aws_partition}",
    "${local.partition_name}",
    "${data.aws_partition.current.partition}",
    "${aws_s3_bucket.data.id}",
    "${var.names[0]}",
    '${join("-", names)}',
    "${Token[AWS.Partition.3]}",
    "#{Token[TOKEN.12]}",
    "{{ partition }}",
    "{{partition}}",
    "${self:custom.partition}",
    "${opt:partition, 'aws'}",
    "${env:PARTITION}",
    "${ssm:/shop/partition}",
    "${file(./names.json):partition}",
)
OBJECT = "arn:aws:s3:::data/a.csv"


def policy(partition: str) -> str:
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:{partition}:s3:::data/*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.mark.parametrize("place", PLACES)
def test_explain_and_evaluate_do_not_know_what_a_place_stands_for(tmp_path: Path, place: str) -> None:
    path = tmp_path / "policy.json"
    path.write_text(policy(place))

    explained = projects.remit("explain", str(path), "s3:GetObject", OBJECT)
    evaluated = projects.remit("evaluate", "--policy", str(path), "--action", "s3:GetObject", "--resource", OBJECT)

    assert explained.out.startswith("Unknown: ")
    assert evaluated.out.startswith("Unknown: ")
    assert place in explained.out
    assert "Fn::" not in explained.out + evaluated.out


@pytest.mark.parametrize("place", PLACES)
def test_diff_never_calls_a_place_another_text(tmp_path: Path, place: str) -> None:
    """A pattern that takes the literal text takes not what it stands for, and the same place stays the same."""
    (tmp_path / "place.json").write_text(policy(place))
    (tmp_path / "wild.json").write_text(policy("?" * len(place)))

    same = projects.remit("diff", str(tmp_path / "place.json"), str(tmp_path / "place.json"))
    other = projects.remit("diff", str(tmp_path / "wild.json"), str(tmp_path / "place.json"))

    assert (same.status, same.out) == (0, "The same access: proven for every request.\n")
    assert other.status == 1
    assert "Fn::" not in other.out


def test_a_template_of_cloudformation_keeps_its_references_and_has_unknown_places(tmp_path: Path) -> None:
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::{{ bucket }}/*"}
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    properties = {
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
        "Policies": [{"PolicyName": "p", "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}}],
    }
    template = {"Resources": {"Reader": {"Type": "AWS::IAM::Role", "Properties": properties}}}
    (tmp_path / "t.json").write_text(json.dumps(template))

    ran = projects.remit("explain", str(tmp_path / "t.json"), "Reader", "s3:GetObject", OBJECT)

    assert ran.out.startswith("Unknown: ")
    assert "{{ bucket }}" in ran.out


def test_minimise_writes_the_places_as_they_stand(tmp_path: Path) -> None:
    (tmp_path / "policy.json").write_text(policy("${aws_partition}"))

    ran = projects.remit("minimise", str(tmp_path / "policy.json"))

    assert json.loads(ran.out) == json.loads(policy("${aws_partition}"))


@pytest.mark.parametrize("place", ["${aws_partition}", "{{ partition }}", "${self:custom.partition}"])
def test_a_place_in_a_line_of_evaluate_is_unknown_and_never_text(tmp_path: Path, place: str) -> None:
    request = {"action": "s3:GetObject", "resource": OBJECT}
    line = {"policies": {"identity": json.loads(policy(place))}, "request": request}
    (tmp_path / "cases.jsonl").write_text(json.dumps(line))

    ran = projects.remit("evaluate", str(tmp_path / "cases.jsonl"))

    assert json.loads(ran.out)["verdict"] == "Unknown"
    assert place in json.loads(ran.out)["because"]
