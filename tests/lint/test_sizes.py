"""Each quota at its edge: what is as long as AWS takes has no finding, and one more character, or item, has one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from remit.lint import lint_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

CODES = {"R601", "R608", "R609"}
POLICY = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:us-east-1:111122223333:orders"}
PRINCIPAL = {"AWS": "arn:aws:iam::111122223333:root"}
BUCKET = POLICY | {"Principal": PRINCIPAL, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}
TRUST = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": PRINCIPAL}
RCP = {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*", "Principal": "*"}


def found(document: dict[str, Any], kind: str | None = None) -> list[tuple[str, str, str]]:
    findings = lint_bytes(json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode(), "t.json", kind=kind)
    return [(one.rule, one.severity, one.message) for one in findings if one.rule in CODES]


def as_long_as(size: int, statement: dict[str, Any]) -> dict[str, Any]:
    """A policy of so many characters, most of them in a Sid."""
    empty = {"Version": "2012-10-17", "Statement": [statement | {"Sid": ""}]}
    sid = "x" * (size - len(json.dumps(empty, separators=(",", ":"))))
    return {"Version": "2012-10-17", "Statement": [statement | {"Sid": sid}]}


@pytest.mark.parametrize(
    ("kind", "statement", "most", "severity", "words"),
    [
        ("identity", POLICY, 6_144, "warning", "too many for a managed policy (6,144), not for a role's own"),
        ("identity", POLICY, 10_240, "error", "IAM allows 10,240 for all inline policies of a role"),
        ("trust", TRUST, 2_048, "warning", "IAM allows 2,048 unless AWS raises the quota"),
        ("trust", TRUST, 8_192, "error", "IAM allows 2,048 for a role's trust policy"),
        ("scp", POLICY, 10_240, "error", "AWS allows 10,240 for a service control policy"),
        ("rcp", RCP, 5_120, "error", "AWS allows 5,120 for a resource control policy"),
        ("resource", BUCKET, 20_480, "error", "AWS allows 20,480 for a bucket's policy"),
    ],
)
def test_a_policy_may_be_as_long_as_its_quota_says(
    kind: str, statement: dict[str, Any], most: int, severity: str, words: str
) -> None:
    (longer,) = found(as_long_as(most + 1, statement), kind)
    assert (longer[:2], words in longer[2]) == (("R601", severity), True), longer
    assert [] == [text for _, _, text in found(as_long_as(most, statement), kind) if words in text]


def test_the_policy_of_a_resource_that_nobody_knows_has_no_quota_that_is_known() -> None:
    queue = POLICY | {"Principal": PRINCIPAL}
    assert [] == found(as_long_as(30_000, queue), "resource")
    both = BUCKET | {"Resource": ["arn:aws:s3:::data/*", POLICY["Resource"]]}
    assert [] == found(as_long_as(30_000, both), "resource")


@pytest.mark.parametrize("element", ["Action", "Resource"])
def test_a_string_may_be_as_long_as_a_policy_may(element: str) -> None:
    text = str(POLICY[element]) + "\n"  # which is two characters in JSON
    for size, count in ((2_048, 0), (2_049, 1)):
        statement = POLICY | {element: [text + "x" * (size - len(text))]}
        assert [f"'{element}' has a string of {size:,} characters: no name in AWS is so long"] * count == [
            message for _, _, message in found({"Version": "2012-10-17", "Statement": [statement]})
        ]


def test_of_the_branches_of_a_condition_the_shortest_counts() -> None:
    """As long as the shortest is, the policy is in any case."""
    long, short = "x" * 30_000, "x" * 11_000
    for otherwise, rules in (
        ({"Ref": "AWS::NoValue"}, []),
        (short, ["R601"]),
        ([short, {"Ref": "AWS::NoValue"}], ["R601"]),
    ):
        for branches in ([long, otherwise], [otherwise, long]):
            assert rules_of("a", branches) == rules
    assert rules_of(long, ["a", {"Ref": "AWS::NoValue"}]) == []  # without a value, the key is not there
    assert rules_of(long, ["a", "b"]) == ["R601"]


def rules_of(tag: str, branches: Sequence[object]) -> list[str]:
    """The rules that a role's policy of a template breaks, whose condition on a tag has two branches."""
    condition = {"StringEquals": {f"aws:PrincipalTag/{tag}": {"Fn::If": ["C", *branches]}}}
    policy = in_template(
        "AWS::IAM::RolePolicy", {"Version": "2012-10-17", "Statement": [POLICY | {"Condition": condition}]}
    )
    return [rule for rule, _, _ in found({"Conditions": {"C": {"Fn::Equals": ["a", "b"]}}, **policy})]


def in_template(kind: str, document: dict[str, Any]) -> dict[str, Any]:
    policy = {"PolicyDocument": document}
    properties = policy if kind.endswith("Policy") else {"Policies": [{"PolicyName": "p", **policy}]}
    return {"Resources": {"Policy": {"Type": kind, "Properties": properties}}}


@pytest.mark.parametrize(
    ("kind", "most"),
    [
        ("AWS::IAM::ManagedPolicy", 6_144),
        ("AWS::IAM::RolePolicy", 10_240),
        ("AWS::IAM::User", 2_048),
        ("AWS::IAM::UserPolicy", 2_048),
        ("AWS::IAM::GroupPolicy", 5_120),
        ("AWS::IAM::Group", 5_120),
    ],
)
def test_a_policy_of_a_template_may_be_as_long_as_what_it_is_given_to_takes(kind: str, most: int) -> None:
    for size, count in ((most, 0), (most + 1, 1)):
        findings = found(in_template(kind, as_long_as(size, POLICY)))
        assert [(rule, severity) for rule, severity, _ in findings] == [("R601", "error")] * count


def test_the_trust_policy_of_a_planned_role_may_be_as_long_as_its_quota_says() -> None:
    for size, rules in ((2_048, []), (2_049, [("R601", "warning")])):
        values = {"assume_role_policy": json.dumps(as_long_as(size, TRUST))}
        role = {"address": "aws_iam_role.r", "mode": "managed", "type": "aws_iam_role", "name": "r", "values": values}
        plan = {"terraform_version": "1.9.0", "planned_values": {"root_module": {"resources": [role]}}}
        assert [row[:2] for row in found(plan)] == rules


def test_a_policy_of_whom_nobody_knows_is_too_long_for_a_managed_policy_before_it_is_for_a_roles_own() -> None:
    words = "characters: too many for a managed policy (6,144), not for a role's own"
    for size in (6_145, 10_240):
        assert found(as_long_as(size, POLICY), "identity") == [("R601", "warning", f"the policy has {size:,} {words}")]


TOPIC = {"Type": "AWS::SNS::Topic"}


@pytest.mark.parametrize(
    ("section", "most", "member"),
    [
        ("Resources", 500, TOPIC),
        ("Parameters", 200, {"Type": "String"}),
        ("Outputs", 200, {"Value": "x"}),
        ("Mappings", 200, {"a": {"b": "c"}}),
    ],
)
def test_a_template_may_have_as_many_members_of_a_section_as_its_quota_says(
    section: str, most: int, member: dict[str, Any]
) -> None:
    for count in (most, most + 1):
        members = {f"It{number}": member for number in range(count)}
        findings = found({"Resources": {"Topic": TOPIC}, section: members})
        words = f"the template has {count} {section.lower()}; CloudFormation allows {most}"
        assert findings == ([("R608", "error", words)] if count > most else [])


def test_a_template_and_its_description_are_counted_in_bytes() -> None:
    template: dict[str, Any] = {"Resources": {"Topic": TOPIC}, "Description": "é" * 512, "Metadata": ""}
    rest = len(json.dumps(template, separators=(",", ":"), ensure_ascii=False).encode())
    template["Metadata"] = "x" * (1_000_000 - rest)
    assert [] == found(template)
    template["Metadata"] += "x"
    assert [("R608", "error", "the template has 1,000,001 bytes; CloudFormation allows 1,000,000")] == found(template)
    template |= {"Description": "é" * 513, "Metadata": ""}
    assert [("R608", "error", "the Description has 1,026 bytes; CloudFormation allows 1,024")] == found(template)


@pytest.mark.parametrize(("name", "count"), [("x" * 80, 0), ("x" * 81, 1), ("x" * 80 + "${AWS::Region}", 0)])
def test_a_name_may_be_as_long_as_its_service_takes_without_what_is_late_bound(name: str, count: int) -> None:
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::Sub": name}}}
    words = f"QueueName of Queue has {len(name)} characters; that of AWS::SQS::Queue has at most 80"
    assert [("R609", "error", words)] * count == found({"Resources": {"Queue": queue}})


@pytest.mark.parametrize(("sign", "most"), [("x", 4_092), ("é", 2_046)])
def test_the_variables_of_a_function_are_counted_in_bytes(sign: str, most: int) -> None:
    for count, rules in ((most, []), (most + 1, ["R703"])):
        variables = {"A1": sign * count, "B1": "", "C1": {"Ref": "It"}}  # what the deploy fills in does not count
        function = {"Type": "AWS::Lambda::Function", "Properties": {"Environment": {"Variables": variables}}}
        findings = lint_bytes(json.dumps({"Resources": {"It": function}}).encode(), "t.json")
        assert rules == [one.rule for one in findings if "bytes" in one.message]
