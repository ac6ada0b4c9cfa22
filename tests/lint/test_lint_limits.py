"""Whatever comes from outside: an answer in time, never a traceback."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import effort
from random_cases import cases, cases_of
from remit.lint import lint_bytes
from remit.lint.files import lint_found
from remit.lint.finding import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Callable

STATEMENT = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}


def policy(*statements: object) -> bytes:
    return json.dumps({"Version": "2012-10-17", "Statement": statements}).encode()


QUEUE = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Ref": "X"}}}
HUGE: dict[str, Callable[[], bytes]] = {
    "an action of ten megabytes": lambda: policy({**STATEMENT, "Action": "s3:" + "x" * 10_000_000}),
    "a resource of ten megabytes of stars": lambda: policy(
        {**STATEMENT, "Resource": "arn:aws:s3:::" + "*a" * 5_000_000}
    ),
    "sixty thousand statements": lambda: policy(*[STATEMENT] * 60_000),
    "two thousand statements": lambda: policy(
        *({**STATEMENT, "Resource": f"arn:aws:s3:::d{n}/*"} for n in range(2_000))
    ),
    "forty thousand actions": lambda: policy({**STATEMENT, "Action": [f"s3:Get{n}*" for n in range(40_000)]}),
    "a thousand unknown actions": lambda: policy(
        {**STATEMENT, "Action": [f"dynamodb:GetItemm{n}" for n in range(300)]}
    ),
    "many conditions": lambda: policy(
        {**STATEMENT, "Condition": {f"StringEqual{n}": {"aws:x": "1"} for n in range(1_000)}}
    ),
    "ten thousand lists": lambda: b"[" * 10_000,
    "ten thousand objects": lambda: b'{"Statement":' * 10_000 + b"1" + b"}" * 10_000,
    "a number of a million digits": lambda: b'{"Version": ' + b"9" * 1_000_000 + b"}",
    "a template of many resources": lambda: json.dumps(
        {
            "Resources": {
                f"R{n}": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Ref": "X"}}} for n in range(5_000)
            }
        }
    ).encode(),
    "forty megabytes": lambda: b" " * 40_000_000,
}
"""Each is made when it is asked: they are large, and every process that collects tests would hold them."""


@pytest.mark.parametrize("kind", cases_of(tuple(HUGE)[::-1], 2))
def test_a_huge_input_is_answered_in_time(kind: str) -> None:
    data = HUGE[kind]()
    with effort.at_most(10):
        findings = lint_bytes(data, "policy.json")
    assert findings
    assert all(finding.severity in SEVERITIES for finding in findings)


def resource(kind: object, properties: object) -> bytes:
    return json.dumps({"Resources": {"A": {"Type": kind, "Properties": properties}}}).encode()


WRONG = {
    "nothing": b"",
    "white space": b" \n\t ",
    "a byte order mark": b"\xef\xbb\xbf",
    "no UTF-8": b"\xff\xfe{\x00}\x00",
    "a number": b"1",
    "a string": b'"x"',
    "null": b"null",
    "a list": b"[]",
    "an empty object": b"{}",
    "half an object": b'{"Version": ',
    "YAML text": b"hello",
    "YAML list": b"- a\n- b\n",
    "NUL": b"\x00",
    "JSON lines": b"{}\n{}\n",
    "Statement of numbers": b'{"Statement": [1, 2]}',
    "Statement of lists": b'{"Statement": [[], []]}',
    "resources that are a list": b'{"Resources": [1]}',
    "a resource that is null": b'{"Resources": {"A": null}}',
    "a type that is a number": resource(1, 2),
    "properties that are a list": resource("AWS::IAM::Role", [1]),
    "a policy that is text": resource("AWS::IAM::Policy", {"PolicyDocument": "x"}),
    "Fn::Sub of a number": resource("AWS::SQS::Queue", {"QueueName": {"Fn::Sub": 1}}),
    "Fn::GetAtt of numbers": b'{"Outputs": {"A": {"Value": {"Fn::GetAtt": [1, 2]}}}, "Resources": {}}',
    "Fn::If of text": resource("AWS::IAM::Role", {"Policies": {"Fn::If": "x"}}),
    "an open intrinsic": policy({**STATEMENT, "Resource": "${{"}),
    "a lone dollar": policy({**STATEMENT, "Resource": "${"}),
    "conditions on a list": policy({**STATEMENT, "Condition": {"StringEquals": {"a": [[1]]}}}),
}


@pytest.mark.parametrize("data", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("file", ["policy.json", "template.yaml"])
def test_what_is_no_policy_is_an_error_at_a_place(data: bytes, file: str) -> None:
    for finding in lint_bytes(data, file):
        assert finding.file == file


WORDS = st.sampled_from([
    "Statement", "Effect", "Allow", "Action", "Resource", "Condition", "StringEquals", "aws:SourceVpc",
    "s3:GetObject", "*", "?", "arn:aws:s3:::b/*", "${", "${aws:username}", "${AWS::Region}", "Fn::If", "Ref", "Fn::Sub",
    "Resources", "Type", "Properties", "AWS::IAM::Role", "Policies", "PolicyDocument", "AssumeRolePolicyDocument",
    "Principal", "Bool", "true", "", "Sid", "NotAction", "arn:aws:dynamodb:us-east-1:111122223333:table/${x",
    "ForAllValues:StringLike", "10.0.0.0/8", "Null", "Environment", "Variables",
])  # fmt: skip
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | WORDS
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS | st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
@settings(max_examples=cases(25, deep=800))
def test_no_json_value_crashes_lint(value: object) -> None:
    for finding in lint_bytes(json.dumps(value).encode(), "policy.json"):
        assert finding.file == "policy.json"


@given(
    st.dictionaries(
        st.sampled_from(["Effect", "Action", "Resource", "Condition", "Sid", "NotResource"]), VALUES, max_size=5
    )
)
@settings(max_examples=cases(25, deep=800))
def test_no_statement_crashes_lint(statement: dict[str, object]) -> None:
    for finding in lint_bytes(policy({"Effect": "Allow", **statement}), "policy.json"):
        assert finding.line == 1


CONDITIONS = st.dictionaries(
    st.sampled_from([
        "StringEquals", "StringEqual", "StringNotLike", "Null", "NullIfExists", "Bool", "BoolIfExists",
        "NumericLessThan", "ForSome:StringEquals", "ForAllValues:StringLike", "ForAnyValue:StringEquals",
    ]),
    st.dictionaries(
        st.sampled_from(["aws:TagKeys", "aws:username", "s3:prefix", "aws:Nothing"]),
        st.sampled_from(["true", "*", "a", ["a", "b"], []]),
        min_size=1,
        max_size=2,
    ),
    max_size=2,
)  # fmt: skip
STATEMENTS = st.fixed_dictionaries(
    {
        "Effect": st.sampled_from(["Allow", "Allow", "Deny"]),
        "Action": st.sampled_from(["s3:GetObject", "s3:*", "S3:getobject", ["s3:ListBucket", "s3:GetObjct"]]),
        "Resource": st.sampled_from(["*", "arn:aws:s3:::data/*", ["arn:aws:s3:::data", "arn:aws:s3:::data/*"]]),
    },
    optional={"Condition": CONDITIONS},
)
ABOUT_SEVERAL = {"R116", "R602", "R604", "R606", "R607"}
"""The rules that compare statements; a Sid is compared as well."""


@given(st.lists(STATEMENTS, min_size=2, max_size=3))
@settings(max_examples=cases(15, deep=800), deadline=None)
def test_what_is_wrong_with_statements_alone_is_wrong_with_them_together(statements: list[dict[str, object]]) -> None:
    def told(*chosen: dict[str, object]) -> list[tuple[str, ...]]:
        findings = lint_bytes(policy(*chosen), "policy.json", kind="identity")
        found = [(one.rule, one.severity, one.message, one.hint or "") for one in findings]
        return sorted(row for row in found if row[0] not in ABOUT_SEVERAL)

    assert told(*statements) == sorted(row for statement in statements for row in told(statement))


def test_a_rule_tells_its_first_hundred_findings_of_a_policy_and_no_more() -> None:
    for count, told in ((99, 99), (100, 100), (101, 100)):
        buckets = [f"arn:aws:s3:::B{number}" for number in range(count)]
        findings = lint_bytes(policy({**STATEMENT, "Action": "s3:ListBucket", "Resource": buckets}), "policy.json")
        assert [one.rule for one in findings] == ["R137"] * told


def test_a_list_of_up_to_four_hundred_patterns_is_searched_for_those_that_others_cover() -> None:
    for count, rules in ((400, ["R605"]), (401, [])):
        resources = [f"arn:aws:s3:::b{number:03}/x" for number in range(count - 1)]
        findings = lint_bytes(policy({**STATEMENT, "Resource": [*resources, "arn:aws:s3:::b007/*"]}), "policy.json")
        assert [one.rule for one in findings if one.rule == "R605"] == rules


def test_a_file_that_is_larger_than_any_document_is_looked_at_and_told_if_it_is_a_policy() -> None:
    space = b" " * 8_000_000
    content = policy({**STATEMENT, "Effect": "Permit"}) + space
    assert [(one.rule, one.message.partition(":")[0]) for one in lint_bytes(content, "policy.json")] == [
        ("R001", f"policy.json has {len(content):,} bytes"),
        ("R001", f"this policy has {len(content):,} characters"),
        ("R102", "Effect 'Permit' is not valid"),
    ]
    assert lint_found(b'{"Type": "x"}' + space, "other.json") is None
    assert [one.rule for one in lint_found(content, "other.json") or ()] == ["R001", "R102"]


def test_a_policy_is_looked_at_in_full_up_to_two_hundred_thousand_characters() -> None:
    content = policy({**STATEMENT, "Action": "s3:GetObjct"})
    for size, rule in ((200_000, "R202"), (200_001, "R001")):
        assert [one.rule for one in lint_bytes(content.ljust(size), "policy.json")] == [rule]


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
@settings(max_examples=cases(20, deep=600))
def test_no_bytes_crash_lint(data: bytes) -> None:
    for finding in lint_bytes(data, "any"):
        assert finding.file == "any"


@pytest.mark.parametrize(
    ("text", "place", "hint"),
    [
        ("Resources:\n\tQueue:\n", (2, 1), "use spaces"),
        ("Resource: *\n", (1, 11), "put it in quotes"),
        ("Action: @sqs\n", (1, 9), "in quotes"),
        ('Resources:\n  Queue: {Type: "AWS::SQS::Queue"\n', (2, 10), ""),
        ('Type: "AWS::SQS::Queue\nOther: 1\n', (1, 7), ""),
    ],
)
def test_signs_of_yaml_are_explained_and_what_never_ends_is_told_where_it_begins(
    text: str, place: tuple[int, int], hint: str
) -> None:
    (found,) = lint_bytes(text.encode(), "t.yaml")
    assert (found.rule, (found.line, found.column)) == ("R001", place)
    assert hint in (found.hint or "")


def test_yaml_in_flow_style_is_yaml() -> None:
    text = '{Version: "2012-10-17", Statement: [{Effect: Allow, Action: s3:GetObjekt, Resource: "*"}]}'
    assert [one.rule for one in lint_bytes(text.encode(), "p.yaml")] == ["R202"]
    assert [one.rule for one in lint_bytes(text.encode(), "p.json")] == ["R001"]
