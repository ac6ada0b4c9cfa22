"""How requests are decided: the points of the IAM User Guide that are easily got wrong."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest

import effort
from iam import reference
from remit.errors import RemitError
from remit.iam.decide.evaluate import ALL, Layers, Request, evaluate
from remit.iam.decide.prepared_statements import kept_by_identity
from remit.iam.policy import Policy, parse

A, B = "111122223333", "444455556666"
USER = f"arn:aws:iam::{A}:user/al"
ROLE = f"arn:aws:iam::{A}:role/app"
SESSION = f"arn:aws:sts::{A}:assumed-role/app/s1"
ROOT = f"arn:aws:iam::{A}:root"
CASES = [
    json.loads(line) for line in (Path(__file__).parents[1] / "data/evaluation-cases.jsonl").read_text().splitlines()
]
ALLOW_ALL: dict[str, Any] = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def policy(*statements: dict[str, Any], version: str | None = "2012-10-17") -> Policy:
    """A policy of statements; Effect, Action and Resource have defaults."""
    full = [
        {
            "Effect": "Allow",
            **({} if "NotAction" in one else {"Action": "s3:GetObject"}),
            **({} if "NotResource" in one else {"Resource": "*"}),
            **one,
        }
        for one in statements
    ]
    return parse({**({"Version": version} if version else {}), "Statement": full})


def ask(**fields: Any) -> Request:
    """A request with a complete, empty context unless said otherwise."""
    return Request(
        **{
            "action": "s3:GetObject",
            "resource": "arn:aws:s3:::b/k",
            "principal": USER,
            "context": {},
            **fields,
        }
    )


def verdict(statement: dict[str, Any], version: str | None = "2012-10-17", **fields: Any) -> str:
    """The verdict of one identity statement."""
    return evaluate(ask(**fields), policy(statement, version=version)).verdict


def met(operator: str, key: str, values: Any, context: dict[str, Any] | None, **fields: Any) -> str:
    """Whether a condition lets an Allow apply: yes, no, or open."""
    said = verdict({"Condition": {operator: {key: values}}}, context=context, **fields)
    return {"Allowed": "yes", "ImplicitlyDenied": "no", "Unknown": "open"}[said]


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_the_recorded_cases_come_out_as_recorded(case: dict[str, Any]) -> None:
    def several(value: Any) -> tuple[Policy, ...]:
        return tuple(parse(document) for document in reference.listed(value or []))

    policies = case["policies"]
    layers = Layers(
        several(policies["identity"]),
        resource=several(policies["resource"]),
        scp=tuple(several(level) for level in policies["scp"]),
        rcp=tuple(several(level) for level in policies["rcp"]),
    )
    assert evaluate(Request(**case["request"]), layers).verdict == case["expected"]
    assert reference.decide(case) == case["expected"]


@pytest.mark.parametrize("name", ["documented", "page", "derived", "exception", "service", "feature"])
def test_the_reference_evaluator_decides_what_the_documentation_states_as_it_does(name: str) -> None:
    lines = (Path(__file__).parents[1] / f"data/{name}-cases.jsonl").read_text(encoding="utf-8").splitlines()
    cases = [json.loads(line) for line in lines]
    found = {case["id"]: reference.decide(case) for case in cases}
    assert found == {case["id"]: case["expected"] for case in cases}


# Matching


@pytest.mark.parametrize(
    ("statement", "fields", "expected"),
    [
        ({"Action": "S3:getOBJECT"}, {}, "Allowed"),
        ({"NotAction": "S3:GET*"}, {}, "ImplicitlyDenied"),
        ({"NotAction": "s3:Put*"}, {}, "Allowed"),
        ({"Action": "s3:Get.bject"}, {}, "ImplicitlyDenied"),
        ({"Resource": "arn:aws:s3:::B/k"}, {}, "ImplicitlyDenied"),
        ({"Resource": "arn:aws:s3:::b*"}, {}, "Allowed"),
        ({"Resource": "arn:aws:s3:::b/*"}, {"resource": "arn:aws:s3:::b/x/y:z"}, "Allowed"),
        ({"Resource": "arn:aws:s3:::b/[k]"}, {}, "ImplicitlyDenied"),
        ({"NotResource": ["arn:aws:s3:::b/*", "arn:aws:s3:::c"]}, {}, "ImplicitlyDenied"),
        ({"NotResource": "arn:aws:s3:::c/*"}, {}, "Allowed"),
        ({"NotResource": "*"}, {}, "ImplicitlyDenied"),
    ],
)
def test_actions_ignore_case_and_resources_do_not(
    statement: dict[str, Any], fields: dict[str, Any], expected: str
) -> None:
    assert verdict(statement, **fields) == expected


@pytest.mark.parametrize(
    ("effect", "element", "pattern", "resource", "expected"),
    [
        ("Allow", "Resource", "arn:aws:s3:::b/*", "arn:aws:s3:::b/a*", "Allowed"),
        ("Allow", "Resource", "arn:aws:s3:::b/a*", "arn:aws:s3:::b/*", "ImplicitlyDenied"),
        ("Allow", "NotResource", "arn:aws:s3:::b/a*", "arn:aws:s3:::b/*", "ImplicitlyDenied"),
        ("Deny", "Resource", "arn:aws:s3:::b/a*", "arn:aws:s3:::b/*", "ExplicitlyDenied"),
        ("Deny", "Resource", "arn:aws:s3:::c/*", "arn:aws:s3:::b/*", "Allowed"),
        ("Deny", "NotResource", "arn:aws:s3:::b/a*", "arn:aws:s3:::b/*", "ExplicitlyDenied"),
        ("Deny", "NotResource", "arn:aws:s3:::b/*", "arn:aws:s3:::b/a*", "Allowed"),
    ],
)
def test_a_set_of_resources_is_allowed_as_a_whole_and_denied_by_any_part(
    effect: str, element: str, pattern: str, resource: str, expected: str
) -> None:
    statements = ({"Effect": effect, element: pattern}, *(() if effect == "Allow" else (ALLOW_ALL,)))
    assert evaluate(ask(resource=resource), policy(*statements)).verdict == expected


def test_without_resource_level_permissions_only_a_statement_on_star_speaks() -> None:
    def listing(statement: dict[str, Any]) -> str:
        return verdict(statement, wildcard_only=True, resource="arn:aws:s3:::b")

    assert listing({"Resource": "*"}) == listing({"Resource": "**"}) == "Allowed"
    assert listing({"Resource": "arn:aws:s3:::*"}) == listing({"Resource": "?"}) == "ImplicitlyDenied"
    assert listing({"NotResource": "arn:aws:s3:::b"}) == "Allowed"
    both = policy(ALLOW_ALL, {"Effect": "Deny", "Resource": "arn:aws:s3:::*"})
    assert evaluate(ask(wildcard_only=True), both).verdict == "Allowed"


# Variables


@pytest.mark.parametrize(
    ("pattern", "context", "resource", "expected"),
    [
        ("b/${aws:username}/*", {"aws:username": "al"}, "b/al/x", "Allowed"),
        ("b/${AWS:UserName}/*", {"aws:username": "al"}, "b/al/x", "Allowed"),
        ("b/${aws:username}/*", {"aws:username": "*"}, "b/bo/x", "ImplicitlyDenied"),
        ("b/${aws:username}/*", {"aws:username": "*"}, "b/*/x", "ImplicitlyDenied"),
        ("b/${aws:username}", {"aws:username": "a?"}, "b/al", "ImplicitlyDenied"),
        ("b/${aws:username}/*", {}, "b//x", "ImplicitlyDenied"),
        ("b/${aws:username}/*", {}, "b/${aws:username}/x", "ImplicitlyDenied"),
        ("b/${aws:TagKeys}", {"aws:TagKeys": ["al"]}, "b/al", "ImplicitlyDenied"),
        ("b/${aws:TagKeys, 'al'}", {"aws:TagKeys": ["al"]}, "b/al", "ImplicitlyDenied"),
        ("b/${aws:PrincipalTag/team, 'all'}/x", {}, "b/all/x", "Allowed"),
        (
            "b/${aws:PrincipalTag/team, 'all'}/x",
            {"aws:PrincipalTag/team": "red"},
            "b/all/x",
            "ImplicitlyDenied",
        ),
        ("b/${aws:PrincipalTag/team, ''}x", {}, "b/x", "Allowed"),
        ("b/${*}", {}, "b/k", "ImplicitlyDenied"),
        ("b/${$}{x}", {}, "b/${x}", "Allowed"),
        ("b/${?}", {}, "b/k", "ImplicitlyDenied"),
        ("b/${unclosed", {}, "b/${unclosed", "Allowed"),
        ("b/${aws:username", {"aws:username": "al"}, "b/al", "ImplicitlyDenied"),
    ],
)
def test_variables_are_filled_with_text_and_a_missing_one_equals_nothing(
    pattern: str, context: dict[str, Any], resource: str, expected: str
) -> None:
    fields = {"context": context, "resource": f"arn:aws:s3:::{resource}"}
    assert verdict({"Resource": f"arn:aws:s3:::{pattern}"}, **fields) == expected


def test_a_missing_variable_in_not_resource_names_nothing() -> None:
    assert verdict({"NotResource": "arn:aws:s3:::b/${aws:username}"}) == "Allowed"


@pytest.mark.parametrize("version", ["2008-10-17", None])
def test_before_version_2012_variables_are_text(version: str | None) -> None:
    statement = {"Resource": "arn:aws:s3:::b/${aws:username}"}
    context = {"aws:username": "al"}
    assert verdict(statement, version, context=context, resource="arn:aws:s3:::b/al") == "ImplicitlyDenied"
    assert verdict(statement, version, context=context, resource="arn:aws:s3:::b/${aws:username}") == "Allowed"


def test_a_variable_before_the_fifth_colon_is_text() -> None:
    statement = {"Action": "*", "Resource": "arn:aws:sqs:*:${aws:PrincipalAccount}:${aws:username}"}
    context = {"aws:username": "al"}
    assert verdict(statement, context=context, resource=f"arn:aws:sqs:r:{A}:al") == "ImplicitlyDenied"
    statement["Resource"] = "arn:aws:sqs:*:*:${aws:username}"
    assert verdict(statement, context=context, resource=f"arn:aws:sqs:r:{A}:al") == "Allowed"


@pytest.mark.parametrize("text", ["${" * 200_000, "${a:" + " " * 200_000, "${a:b,'" * 50_000, "${{" * 1_000])
def test_hostile_variables_take_no_long_time(text: str) -> None:
    with effort.at_most(2):
        assert verdict({"Resource": f"arn:aws:s3:::{text}"}) == "ImplicitlyDenied"
        assert met("StringLike", "x:key", text, {"x:key": "a"}) == "no"


# Conditions


@pytest.mark.parametrize(
    ("operator", "values", "value", "expected"),
    [
        ("StringEquals", ["a", "b"], "b", "yes"),
        ("StringEquals", "a", "A", "no"),
        ("StringEquals", "a*", "ab", "no"),
        ("StringNotEquals", ["a", "b"], "b", "no"),
        ("StringNotEquals", ["a", "b"], "c", "yes"),
        ("StringEqualsIgnoreCase", "aB", "Ab", "yes"),
        ("StringNotEqualsIgnoreCase", "aB", "Ab", "no"),
        ("StringLike", "a*:?", "a/b:c:d", "yes"),
        ("StringNotLike", ["a*", "b"], "ab", "no"),
        ("NumericEquals", "10", "10.0", "yes"),
        ("NumericEquals", 10, 10, "yes"),
        ("NumericEquals", "10", "ten", "no"),
        ("NumericNotEquals", "10", "ten", "yes"),
        ("NumericLessThan", "10", "9", "yes"),
        ("NumericLessThan", "9", "10", "no"),
        ("NumericLessThanEquals", "10", "10", "yes"),
        ("NumericGreaterThan", ["100", "5"], "10", "yes"),
        ("NumericGreaterThanEquals", "10", "9.99", "no"),
        ("NumericEquals", "0.1", "0.10000000000000001", "no"),
        ("DateEquals", "2020-01-01T00:00:00Z", "1577836800", "yes"),
        ("DateEquals", "2020-01-01T01:00:00+01:00", "2020-01-01", "yes"),
        ("DateEquals", "2020", "2020-01-01", "yes"),
        ("DateLessThan", "2020-01-01T00:00:00Z", "2019-12-31T23:59:59.9Z", "yes"),
        ("DateEquals", "2019-12-31T23:59:59.5Z", "1577836799.5", "yes"),
        ("DateLessThan", "2019-12-31T23:59:59.9Z", "2019-12-31T23:59:59.5Z", "yes"),
        ("DateGreaterThan", "2020-01-01", "2020-02-30", "no"),
        ("DateNotEquals", "2020-01-01", "soon", "yes"),
        ("DateEquals", "2020-01-02T00:00:00+24:00", "2020-01-01", "no"),
        ("DateEquals", "2020-01-01T01:00:00+00:60", "2020-01-01", "no"),
        ("Bool", "true", True, "yes"),
        ("Bool", "TRUE", "true", "yes"),
        ("Bool", "false", "true", "no"),
        ("Bool", "yes", "yes", "no"),
        ("BinaryEquals", "YWI=", "YWI=", "yes"),
        ("BinaryEquals", "YWJ=", "YWI=", "yes"),
        ("BinaryEquals", "YWI", "YWI", "no"),
        ("IpAddress", "10.0.0.0/8", "10.1.2.3", "yes"),
        ("IpAddress", "10.0.0.1", "10.0.0.2", "no"),
        ("IpAddress", "10.0.0.7/24", "10.0.0.9", "yes"),
        ("IpAddress", "2001:DB8::/32", "2001:db8::1", "yes"),
        ("IpAddress", "0.0.0.0/0", "::1", "no"),
        ("IpAddress", "10.0.0.0/8", "10.0.0.0/9", "yes"),
        ("IpAddress", "10.0.0.0/9", "10.0.0.0/8", "no"),
        ("IpAddress", "fe80::/10", "fe80::1%eth0", "no"),
        ("NotIpAddress", ["10.0.0.0/8", "11.0.0.0/8"], "11.1.1.1", "no"),
        ("NotIpAddress", "10.0.0.0/8", "nowhere", "yes"),
        ("ArnLike", "arn:aws:sns:*:1:t*", "arn:aws:sns:r:1:t/x:y", "yes"),
        ("ArnLike", "arn:aws:x:*:1:f/*", "arn:aws:x:r:2:s:1:f/d", "no"),
        ("StringLike", "arn:aws:x:*:1:f/*", "arn:aws:x:r:2:s:1:f/d", "yes"),
        ("ArnEquals", "arn:aws:sns:*:1:t", "arn:aws:sns:r:1:t", "yes"),
        ("ArnLike", "arn:aws:sns:*", "arn:aws:sns:r:1:t", "no"),
        ("ArnLike", "*", "arn:aws:sns:r:1:t", "yes"),
        ("ArnLike", "*", "no arn", "no"),
        ("ArnNotEquals", "arn:aws:sns:*:1:t", "arn:aws:sns:r:1:u", "yes"),
        ("ArnNotLike", "arn:aws:sns:*:1:*", "arn:aws:sns:r:1:u", "no"),
        ("Null", "true", "a", "no"),
        ("Null", "false", "a", "yes"),
        ("Null", False, "", "yes"),
        ("stringequals", "a", "a", "yes"),
    ],
)
def test_an_operator_compares_values_of_its_type(operator: str, values: Any, value: Any, expected: str) -> None:
    assert met(operator, "x:Key", values, {"X:kEY": value}) == expected


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("StringEquals", "no"),
        ("StringNotEquals", "yes"),
        ("StringNotLike", "yes"),
        ("StringEqualsIfExists", "yes"),
        ("Bool", "no"),
        ("NotIpAddress", "yes"),
        ("ArnNotLike", "yes"),
        ("NumericNotEquals", "yes"),
        ("NumericLessThanIfExists", "yes"),
        ("DateGreaterThan", "no"),
        ("BinaryEquals", "no"),
        ("ForAllValues:StringEquals", "yes"),
        ("ForAllValues:StringNotEquals", "yes"),
        ("ForAnyValue:StringEquals", "no"),
        ("ForAnyValue:StringNotEquals", "no"),
        ("ForAnyValue:StringEqualsIfExists", "yes"),
    ],
)
@pytest.mark.parametrize("context", [{}, {"x:key": None}, {"x:key": []}])
def test_an_absent_key_fails_positive_operators_and_passes_negated_ones(
    operator: str, expected: str, context: dict[str, Any]
) -> None:
    assert met(operator, "x:key", "false", context) == expected
    assert met("Null", "x:key", "true", context) == "yes"
    assert met("Null", "x:key", "false", context) == "no"


@pytest.mark.parametrize(
    ("operator", "values", "value", "expected"),
    [
        ("ForAllValues:StringEquals", ["a", "b"], ["a", "b"], "yes"),
        ("ForAllValues:StringEquals", ["a", "b"], ["a", "c"], "no"),
        ("ForAllValues:StringNotEquals", ["a", "b"], ["c", "d"], "yes"),
        ("ForAllValues:StringNotEquals", ["a", "b"], ["c", "a"], "no"),
        ("ForAllValues:StringEquals", "a", "", "yes"),
        ("ForAllValues:StringEquals", "a", [""], "yes"),
        ("ForAnyValue:StringEquals", "", [""], "no"),
        ("ForAnyValue:StringEquals", ["a", "b"], ["x", "b"], "yes"),
        ("ForAnyValue:StringEquals", "a", ["x", "y"], "no"),
        ("ForAnyValue:StringNotEquals", "a", ["a", "b"], "yes"),
        ("ForAnyValue:StringNotEquals", "a", ["a"], "no"),
        ("ForAnyValue:StringLike", "", "", "no"),
        ("ForAnyValue:StringEquals", "a", "a", "yes"),
        ("StringEquals", "a", ["a"], "no"),
        ("StringNotEquals", "b", ["a"], "no"),
        ("Null", "true", [""], "yes"),
        ("Null", "true", "", "yes"),
        ("Null", "false", [""], "no"),
        ("Null", "false", ["", "a"], "yes"),
        ("StringNotEquals", "b", [""], "yes"),
    ],
)
def test_set_operators_quantify_over_the_values_of_the_request(
    operator: str, values: Any, value: Any, expected: str
) -> None:
    assert met(operator, "aws:TagKeys", values, {"aws:TagKeys": value}) == expected


@pytest.mark.parametrize(
    ("operator", "key", "expected"),
    [
        ("StringNotEquals", "aws:SourceVpc", "yes"),
        ("NotIpAddress", "aws:SourceIp", "yes"),
        ("ArnNotLikeIfExists", "aws:PrincipalArn", "yes"),
        ("ForAllValues:StringNotEquals", "aws:TagKeys", "yes"),
        ("StringNotEquals", "aws:TagKeys", "open"),
        ("StringNotEquals", "x:unknown", "open"),
        ("ForAnyValue:StringNotEquals", "aws:TagKeys", "open"),
        ("StringEqualsIfExists", "aws:SourceVpc", "open"),
        ("ForAllValues:StringEquals", "aws:TagKeys", "open"),
        ("ForAnyValue:StringEqualsIfExists", "aws:TagKeys", "open"),
        ("StringEquals", "aws:SourceVpc", "no"),
        ("ForAnyValue:StringEquals", "aws:TagKeys", "no"),
        ("Null", "aws:SourceVpc", "no"),
    ],
)
def test_a_condition_without_values_is_decided_for_an_open_key_where_that_says_nothing(
    operator: str, key: str, expected: str
) -> None:
    assert met(operator, key, [], None) == expected


def test_operators_and_keys_must_all_be_met() -> None:
    condition = {"StringEquals": {"x:a": "1", "x:b": "2"}, "Bool": {"x:c": "true"}}
    full = {"x:a": "1", "x:b": "2", "x:c": "true"}
    assert verdict({"Condition": condition}, context=full) == "Allowed"
    for key in full:
        assert verdict({"Condition": condition}, context={**full, key: "0"}) == "ImplicitlyDenied"


def test_an_unmet_condition_makes_a_deny_inert() -> None:
    both = policy(ALLOW_ALL, {"Effect": "Deny", "Condition": {"Bool": {"aws:SecureTransport": "false"}}})
    assert evaluate(ask(), both).verdict == "Allowed"
    assert evaluate(ask(context={"aws:SecureTransport": "false"}), both).verdict == "ExplicitlyDenied"


@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [
        ("StringEquals", "al", "yes"),
        ("StringNotEquals", "al", "no"),
        ("StringEqualsIgnoreCase", "AL", "yes"),
        ("StringLike", "al", "yes"),
        ("StringLike", "a*", "no"),
        ("NumericEquals", "al", "no"),
    ],
)
def test_variables_work_in_conditions_of_string_operators(operator: str, value: str, expected: str) -> None:
    context = {"x:key": value, "aws:username": "al"}
    assert met(operator, "x:key", "${aws:username}", context) == expected


def test_patterns_and_variables_may_stand_side_by_side() -> None:
    context = {"x:key": "al", "aws:username": "al"}
    assert met("StringLike", "x:key", ["b*", "${aws:username}"], context) == "yes"
    assert met("StringLike", "x:key", ["b*", "${aws:username}"], {**context, "aws:username": "bo"}) == "no"
    assert (
        met("ArnLike", "x:key", ["arn:*", "*:*:*:*:*:${aws:username}"], {**context, "x:key": "a:a:a:a:a:al"}) == "yes"
    )


def test_what_follows_the_fifth_colon_is_one_component_of_an_arn() -> None:
    context = {"x:key": "arn:aws:sns:r:1:t:u:al", "aws:username": "al"}
    assert met("ArnEquals", "x:key", "arn:aws:sns:*:1:t:u:${aws:username}", context) == "yes"
    assert met("ArnEquals", "x:key", "arn:aws:sns:*:1:u:${aws:username}", context) == "no"


def test_no_pattern_of_a_condition_matches_the_inside_of_a_reference() -> None:
    for values in ("*Queue*", ["*Queue*", "*x${aws:username}"]):
        context = {"x:key": "${Queue.Arn}", "aws:username": "al"}
        assert met("StringLike", "x:key", values, context) == "no"
        assert met("StringLike", "x:key", values, context, open=ALL) == "open"


def test_a_reference_that_may_hold_colons_is_no_component_of_an_arn() -> None:
    pattern, value = "*a:b:c:d:e:f", "${Queue.Arn}a:b:c:d:e:f"
    assert met("ArnEquals", "x:key", pattern, {"x:key": value}, open=ALL) == "open"
    assert met("ArnEquals", "x:key", "arn:*:b:*:*:f", {"x:key": "arn:${AWS::Partition}:b:::f"}, open=ALL) == "yes"


def test_an_open_variable_in_a_condition_leaves_it_open_negated_or_not() -> None:
    for operator in ("StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "ArnNotLike"):
        assert met(operator, "x:key", "${aws:userid}", {"x:key": "al"}, open=ALL) == "open"


def test_a_missing_variable_in_a_condition_equals_nothing() -> None:
    assert met("StringEquals", "x:key", "${aws:username}", {"x:key": ""}) == "no"
    assert met("StringNotEquals", "x:key", "${aws:username}", {"x:key": ""}) == "yes"
    assert (
        met(
            "ArnEquals",
            "x:key",
            "arn:aws:iam::1:user/${aws:username}",
            {"x:key": "arn:aws:iam::1:user/al", "aws:username": "al"},
        )
        == "yes"
    )


@pytest.mark.parametrize("operator", ["StringMatches", "NullIfExists", "ForSomeValues:StringEquals", "StringEqual"])
def test_an_operator_that_does_not_exist_is_an_error(operator: str) -> None:
    with pytest.raises(RemitError, match="there is no"):
        met(operator, "x:key", "a", {})


@pytest.mark.parametrize(
    ("operator", "context", "expected"),
    [
        ("StringEquals", {"x:Key": "a"}, "no"),
        ("StringEquals", None, "no"),
        ("StringNotEquals", {"x:Key": "a"}, "yes"),
        ("StringNotEquals", {}, "yes"),
        ("StringEqualsIfExists", {}, "yes"),
        ("ForAllValues:StringEquals", {}, "yes"),
        ("ForAllValues:StringEquals", {"x:Key": ["a"]}, "no"),
        ("ForAnyValue:StringEquals", None, "no"),
        ("ForAnyValue:StringNotEquals", {"x:Key": ["a"]}, "yes"),
        ("Null", {}, "no"),
        ("IpAddress", {"x:Key": "10.0.0.1"}, "no"),
    ],
)
def test_a_condition_without_values_matches_no_value(
    operator: str, context: dict[str, Any] | None, expected: str
) -> None:
    assert met(operator, "x:Key", [], context) == expected


# What the request leaves open


@pytest.mark.parametrize(
    ("operator", "values", "expected"),
    [
        ("StringEquals", "a", "open"),
        ("StringNotEquals", "a", "open"),
        ("StringEqualsIfExists", "a", "open"),
        ("ForAllValues:StringEquals", "a", "open"),
        ("ForAnyValue:StringLike", "a", "open"),
        ("Null", "true", "open"),
        ("Null", ["true", "false"], "yes"),
    ],
)
def test_a_condition_on_an_open_key_leaves_the_verdict_unknown(operator: str, values: Any, expected: str) -> None:
    assert met(operator, "x:Key", values, None) == expected
    assert met(operator, "x:Key", values, {}, open=ALL) == expected
    assert met(operator, "x:Key", values, {}, open=frozenset({"X:key"})) == expected


def test_an_unknown_verdict_names_the_open_keys_as_the_policy_spells_them() -> None:
    both = policy(
        {"Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}},
        {"Effect": "Deny", "Condition": {"StringEquals": {"aws:PrincipalTag/Team": "${x:Y}"}}},
    )
    decision = evaluate(
        Request("s3:GetObject", "arn:aws:s3:::b", context={"aws:PrincipalTag/Team": "a"}, open=ALL), both
    )
    assert decision.verdict == "Unknown"
    assert decision.unknown == ("aws:SourceIp", "x:Y")
    assert "depends on aws:SourceIp, x:Y" in decision.because


def test_given_values_and_known_absence_settle_an_open_context() -> None:
    context = {"x:a": "1", "x:b": None}
    assert met("StringEquals", "x:a", "1", context, open=ALL) == "yes"
    assert met("StringEquals", "x:b", "1", context, open=ALL) == "no"
    assert met("StringEquals", "x:c", "1", context, open=ALL) == "open"
    assert met("StringEquals", "x:c", "1", context) == "no"


def test_what_is_open_matters_only_where_it_decides() -> None:
    deny = {"Effect": "Deny", "Condition": {"Bool": {"x:a": "true"}}}
    maybe = {"Condition": {"Bool": {"x:a": "true"}}}
    assert evaluate(ask(context=None), policy(ALLOW_ALL, maybe)).verdict == "Allowed"
    assert evaluate(ask(context=None), policy(ALLOW_ALL, deny)).verdict == "Unknown"
    assert evaluate(ask(context=None), policy(deny)).verdict == "ImplicitlyDenied"
    assert evaluate(ask(context=None), policy(maybe, {"Effect": "Deny"})).verdict == "ExplicitlyDenied"
    false_anyway = {"Condition": {"Bool": {"x:a": "true"}, "StringEquals": {"x:b": "1"}}}
    assert evaluate(ask(context={"x:b": "2"}, open=ALL), policy(false_anyway)).verdict == "ImplicitlyDenied"


def test_an_open_variable_is_unknown_only_where_some_value_would_match() -> None:
    statement = {"Resource": "arn:aws:s3:::b/${aws:userid}/*"}
    assert verdict(statement, context=None, resource="arn:aws:s3:::b/al/x") == "Unknown"
    assert verdict(statement, context=None, resource="arn:aws:s3:::c/al/x") == "ImplicitlyDenied"


# Late-bound references


TABLE = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/orders"


def test_pseudo_parameters_stand_for_the_values_that_the_request_names() -> None:
    statement = {"Action": "dynamodb:*", "Resource": TABLE}

    def on(resource: str, **fields: Any) -> str:
        return verdict(statement, action="dynamodb:GetItem", resource=resource, **fields)

    assert on(f"arn:aws:dynamodb:eu-west-1:{A}:table/orders") == "Allowed"
    assert on(TABLE) == "Allowed"
    assert on(f"arn:aws:dynamodb:eu-west-1:{A}:table/order") == "ImplicitlyDenied"
    foreign = parse({"Statement": {**ALLOW_ALL, "Principal": "*"}})
    request = ask(action="dynamodb:GetItem", resource=f"arn:aws:dynamodb:eu-west-1:{B}:table/orders")
    assert evaluate(request, policy(statement), resource=foreign).verdict == "ImplicitlyDenied"


def test_a_role_of_a_stack_that_is_not_deployed_yet_is_at_home_wherever_its_resources_are() -> None:
    role = "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/app"
    statement = {"Action": "dynamodb:*", "Resource": TABLE}
    for resource in (TABLE, f"arn:aws:dynamodb:eu-west-1:{A}:table/orders"):
        request = ask(action="dynamodb:GetItem", resource=resource, principal=role, open=ALL)
        assert evaluate(request, policy(statement)).verdict == "Allowed"
        assert evaluate(request, policy({**statement, "Resource": f"{TABLE}s"})).verdict == "ImplicitlyDenied"


def test_a_reference_equals_itself_and_a_star_takes_it() -> None:
    def on(pattern: str, resource: str, **fields: Any) -> str:
        return verdict({"Resource": pattern}, resource=resource, **fields)

    assert on("${Queue.Arn}", "${Queue.Arn}") == on("*", "${Queue.Arn}") == "Allowed"
    assert on("${Bucket.Arn}/*", "${Bucket.Arn}/a/b") == "Allowed"
    assert on("${Queue.Arn}", "${Other.Arn}") == "ImplicitlyDenied"
    assert on("${Queue*}", "${Queue.Arn}") == "ImplicitlyDenied", "nothing matches the inside of a reference"
    assert on("${Queue.Arn}", "${Queue.Arn}", context=None) == "Allowed"


def test_an_open_reference_may_be_equal_at_deploy_time() -> None:
    statement = {"Action": "sqs:*", "Resource": "${Queue.Arn}"}
    fields = {"action": "sqs:SendMessage", "resource": f"arn:aws:sqs:eu-west-1:{A}:q"}
    decision = evaluate(ask(**fields, context=None), policy(statement))
    assert (decision.verdict, decision.unknown) == ("Unknown", ("${Queue.Arn}",))
    assert verdict(statement, **fields) == "ImplicitlyDenied"
    named = frozenset({"${Queue.Arn}"})
    assert verdict(statement, **fields, open=named) == "Unknown"
    assert verdict({"Resource": "arn:aws:s3:::c-${Name}"}, context=None) == "ImplicitlyDenied"
    assert verdict({"Resource": "arn:aws:s3:::b/*"}, resource="${Bucket.Arn}/k", context=None) == "Unknown"


@pytest.mark.parametrize("operator", ["StringEquals", "StringLike", "ArnEquals", "StringEqualsIgnoreCase"])
def test_references_in_conditions_follow_the_same_rules(operator: str) -> None:
    key, reference_text = "aws:SourceArn", "${Topic.Arn}"
    arn = f"arn:aws:sns:eu-west-1:{A}:t"
    assert met(operator, key, reference_text, {key: reference_text}) == "yes"
    assert met(operator, key, reference_text, {key: arn}) == "no"
    assert met(operator, key, reference_text, {key: arn}, open=ALL) == "open"
    assert met(operator, key, arn, {key: reference_text}, open=ALL) == "open"
    assert met(operator, key, arn, {key: reference_text}) == "no"


# Layers


def layered(request: Request, **layers: Any) -> str:
    """The verdict with layers given as statements."""
    made = {
        name: tuple((policy(*level),) for level in value) if name in ("scp", "rcp") else policy(*value)
        for name, value in layers.items()
        if name != "identity"
    }
    return evaluate(request, (policy(*layers["identity"]),) if "identity" in layers else (), **made).verdict


GET = {"Action": "s3:GetObject"}
PUT = {"Action": "s3:PutObject"}
DENY = {"Effect": "Deny"}


@pytest.mark.parametrize("layer", ["identity", "boundary", "session", "resource", "scp", "rcp"])
def test_a_deny_in_any_layer_wins(layer: str) -> None:
    layers: dict[str, Any] = {"identity": [GET], "boundary": [GET], "session": [GET]}
    layers |= {"resource": [{**GET, "Principal": "*"}], "scp": [[GET]], "rcp": [[{**GET, "Principal": "*"}]]}
    assert layered(ask(), **layers) == "Allowed"
    denied = [*(layers[layer][0] if layer in ("scp", "rcp") else layers[layer]), {**DENY, "Principal": "*"}]
    layers[layer] = [denied] if layer in ("scp", "rcp") else denied
    assert layered(ask(), **layers) == "ExplicitlyDenied"


@pytest.mark.parametrize("layer", ["boundary", "session"])
def test_a_boundary_and_a_session_policy_intersect_and_grant_nothing(layer: str) -> None:
    assert layered(ask(), identity=[GET], **{layer: [PUT]}) == "ImplicitlyDenied"
    assert layered(ask(), **{layer: [GET]}) == "ImplicitlyDenied"
    assert layered(ask(), identity=[GET], **{layer: [GET]}) == "Allowed"


def test_every_scp_level_must_allow() -> None:
    assert layered(ask(), identity=[GET], scp=[[GET], [GET, PUT]]) == "Allowed"
    assert layered(ask(), identity=[GET], scp=[[GET], [PUT]]) == "ImplicitlyDenied"
    assert layered(ask(), scp=[[GET]]) == "ImplicitlyDenied"


def test_several_scps_of_one_level_allow_what_any_of_them_allows() -> None:
    level = (policy(PUT), policy(GET))
    assert evaluate(ask(), policy(GET), scp=[level]).verdict == "Allowed"
    assert evaluate(ask(), policy(GET), scp=[(*level, policy(DENY))]).verdict == "ExplicitlyDenied"


@pytest.mark.parametrize("rcp", [[[PUT]], [[]], [[{**DENY, **PUT}]], [[ALLOW_ALL], [PUT]]])
def test_rcps_only_deny_and_need_no_allow(rcp: list[list[dict[str, Any]]]) -> None:
    assert layered(ask(), identity=[GET], rcp=rcp) == "Allowed"
    assert layered(ask(), rcp=rcp) == "ImplicitlyDenied"
    assert layered(ask(), identity=[GET], rcp=[*rcp, [{**DENY, **GET}]]) == "ExplicitlyDenied"


def test_what_an_rcp_allows_on_a_condition_leaves_nothing_open() -> None:
    allowing = {**GET, "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}}}
    assert layered(ask(context=None), identity=[GET], rcp=[[allowing]]) == "Allowed"
    denying = {**allowing, **DENY, "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-1"}}}
    decision = evaluate(ask(context=None), policy(GET), rcp=[[policy(allowing, denying)]])
    assert (decision.verdict, decision.unknown) == ("Unknown", ("aws:SourceVpce",))


def test_organization_policies_spare_service_linked_roles_and_the_management_account() -> None:
    linked = f"arn:aws:sts::{A}:assumed-role/AWSServiceRoleForX/s"
    for layer in ("scp", "rcp"):
        layers: dict[str, Any] = {"identity": [GET], layer: [[DENY]]}
        assert layered(ask(principal=linked), **layers) == "Allowed"
        assert (
            layered(ask(principal=f"arn:aws:iam::{A}:role/aws-service-role/x.amazonaws.com/R"), **layers) == "Allowed"
        )
        assert layered(ask(principal=f"arn:aws:iam::{A}:user/aws-service-role/u"), **layers) == "ExplicitlyDenied"
        assert layered(ask(management_account=A), **layers) == "Allowed"
        assert layered(ask(management_account=B), **layers) == "ExplicitlyDenied"
    across: dict[str, Any] = {"identity": [GET], "resource": [{**GET, "Principal": {"AWS": A}}], "rcp": [[DENY]]}
    assert layered(ask(resource_account=B, management_account=B), **across) == "Allowed"  # whose resource it is
    assert layered(ask(resource_account=B, management_account=A), **across) == "ExplicitlyDenied"
    assert layered(ask(principal="*"), resource=[{"Principal": "*"}], scp=[[PUT]]) == "Allowed"
    assert layered(ask(principal="*"), resource=[{"Principal": "*"}], rcp=[[PUT]]) == "Allowed"


@pytest.mark.parametrize(
    ("principal", "named", "alone", "past_limits"),
    [
        (USER, {"AWS": USER}, True, True),
        (USER, {"AWS": ROOT}, False, False),
        (USER, {"AWS": A}, False, False),
        (USER, "*", True, True),
        (USER, {"AWS": "*"}, True, True),
        (ROLE, {"AWS": ROLE}, True, False),
        (SESSION, {"AWS": SESSION}, True, True),
        (SESSION, {"AWS": ROLE}, True, False),
        (SESSION, {"AWS": f"arn:aws:iam::{A}:role/team/app"}, True, False),
        (SESSION, {"AWS": f"arn:aws:iam::{A}:role/other"}, False, False),
        (SESSION, {"AWS": f"arn:aws:sts::{A}:assumed-role/app/s2"}, False, False),
        (USER, {"AWS": f"arn:aws:iam::{A}:user/AL"}, False, False),
        (USER, {"AWS": f"arn:aws:iam::{B}:user/al"}, False, False),
        (USER, {"Service": "lambda.amazonaws.com"}, False, False),
    ],
)
def test_within_an_account_a_resource_policy_grants_to_whom_it_names_closely(
    principal: str,
    named: Any,
    alone: bool,
    past_limits: bool,
) -> None:
    """A user or a session is granted past the limits, a role within them, an account not by itself."""
    request = ask(principal=principal, resource_account=A)
    resource = [{"Principal": named}]
    assert (layered(request, resource=resource) == "Allowed") is alone
    for limit in ("boundary", "session"):
        assert (layered(request, resource=resource, **{limit: [PUT]}) == "Allowed") is past_limits
        assert (layered(request, resource=resource, **{limit: [GET]}) == "Allowed") is alone


def test_the_path_of_a_role_counts_when_the_request_tells_it() -> None:
    request = ask(principal=SESSION, context={"aws:PrincipalArn": f"arn:aws:iam::{A}:role/team/app"})
    assert layered(request, resource=[{"Principal": {"AWS": f"arn:aws:iam::{A}:role/team/app"}}]) == "Allowed"
    assert layered(request, resource=[{"Principal": {"AWS": f"arn:aws:iam::{A}:role/other/app"}}]) == "ImplicitlyDenied"


@pytest.mark.parametrize(
    ("named", "identity", "expected"),
    [
        ({"AWS": USER}, [GET], "Allowed"),
        ({"AWS": A}, [GET], "Allowed"),
        ({"AWS": USER}, [PUT], "ImplicitlyDenied"),
        ({"AWS": B}, [GET], "ImplicitlyDenied"),
    ],
)
def test_across_accounts_both_sides_must_allow(named: Any, identity: list[Any], expected: str) -> None:
    request = ask(resource_account=B)
    assert layered(request, identity=identity, resource=[{"Principal": named}]) == expected
    assert layered(request, identity=[GET], resource=[{"Principal": named}], boundary=[PUT]) == "ImplicitlyDenied"


def test_a_resource_policy_that_is_not_known_leaves_the_verdict_open_where_it_must_allow() -> None:
    request = ask(resource_account=B)
    unknown = evaluate(request, Layers((policy(GET),)))
    assert (unknown.verdict, unknown.unknown) == ("Unknown", ("the resource's policy",))
    assert evaluate(request, Layers((policy(GET),), resource=())).verdict == "ImplicitlyDenied"
    assert evaluate(request, Layers((policy(PUT),))).verdict == "ImplicitlyDenied"
    assert evaluate(ask(), Layers((policy(GET),))).verdict == "Allowed"


@pytest.mark.parametrize(
    ("action", "resource"),
    [("kms:Decrypt", f"arn:aws:kms:eu-west-1:{A}:key/k"), ("sts:AssumeRole", f"arn:aws:iam::{A}:role/r")],
)
def test_a_key_and_a_role_must_allow_by_themselves(action: str, resource: str) -> None:
    request = ask(action=action, resource=resource)
    allows, its = {"Action": action}, {"Action": action, "Principal": {"AWS": A}}
    assert layered(request, identity=[allows], resource=[its]) == "Allowed"
    assert layered(request, identity=[PUT], resource=[its]) == "ImplicitlyDenied"
    assert layered(request, identity=[allows], resource=[{**its, "Principal": {"AWS": B}}]) == "ImplicitlyDenied"
    assert layered(request, resource=[{**its, "Principal": {"AWS": USER}}]) == "Allowed"
    assert evaluate(request, Layers((policy(allows),), resource=())).verdict == "ImplicitlyDenied"
    assert evaluate(request, Layers((policy(allows),))).verdict == "Unknown"


def test_a_trust_policy_has_no_resource_and_no_other_document_may_do_without() -> None:
    request = ask(action="sts:AssumeRole", resource=f"arn:aws:iam::{A}:role/r", principal="lambda.amazonaws.com")
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
    assert evaluate(request, resource=parse({"Statement": trust})).verdict == "Allowed"
    bare = parse({"Statement": {"Effect": "Allow", "Action": "*"}})
    assert evaluate(ask(), bare).verdict == "ImplicitlyDenied"
    denies = parse({"Statement": {"Effect": "Deny", "Action": "*"}})
    assert evaluate(ask(), (policy(GET), denies)).verdict == "ExplicitlyDenied"


@pytest.mark.parametrize(
    ("principal", "named", "expected"),
    [
        ("lambda.amazonaws.com", {"Service": "lambda.amazonaws.com"}, "Allowed"),
        ("lambda.amazonaws.com", {"Service": "sns.amazonaws.com"}, "ImplicitlyDenied"),
        ("lambda.amazonaws.com", "*", "Allowed"),
        ("accounts.google.com", {"Federated": "accounts.google.com"}, "Allowed"),
        (f"arn:aws:iam::{A}:saml-provider/p", {"Federated": f"arn:aws:iam::{A}:saml-provider/p"}, "Allowed"),
        ("*", "*", "Allowed"),
        ("*", {"AWS": A}, "ImplicitlyDenied"),
        (ROOT, {"AWS": A}, "Allowed"),
        (f"arn:aws:sts::{A}:federated-user/f", {"AWS": f"arn:aws:sts::{A}:federated-user/f"}, "Allowed"),
    ],
)
def test_whoever_has_no_identity_policy_is_granted_by_the_resource(principal: str, named: Any, expected: str) -> None:
    assert layered(ask(principal=principal, resource_account=A), resource=[{"Principal": named}]) == expected


def test_the_root_user_may_do_everything_that_is_not_limited() -> None:
    assert layered(ask(principal=ROOT)) == layered(ask(principal=A)) == "Allowed"
    assert layered(ask(principal=ROOT), scp=[[PUT]]) == "ImplicitlyDenied"


@pytest.mark.parametrize(
    ("principal", "named", "expected"),
    [
        (USER, [USER, A], "Allowed"),
        (USER, [USER], "ExplicitlyDenied"),
        (USER, [A], "ExplicitlyDenied"),
        (SESSION, [SESSION, ROLE, ROOT], "Allowed"),
        (SESSION, [SESSION, ROOT], "ExplicitlyDenied"),
        (SESSION, [ROLE, ROOT], "ExplicitlyDenied"),
        (ROLE, [ROLE, A], "Allowed"),
        (ROLE, [ROLE], "ExplicitlyDenied"),
        (ROLE, [A], "ExplicitlyDenied"),
        (ROOT, [A], "Allowed"),
        ("*", [A], "ExplicitlyDenied"),
    ],
)
def test_a_deny_with_not_principal_spares_who_is_named_at_every_level(
    principal: str, named: list[str], expected: str
) -> None:
    resource = [{"Principal": "*"}, {**DENY, "NotPrincipal": {"AWS": named}}]
    assert layered(ask(principal=principal, resource_account=A), resource=resource) == expected


def test_a_canonical_user_is_meant_by_its_id_alone() -> None:
    allow = policy({"Principal": {"CanonicalUser": "79a59df900b949e5"}})
    assert evaluate(ask(principal="79a59df900b949e5", resource_account=A), resource=allow).verdict == "Allowed"
    assert evaluate(ask(principal="79a59df900b949e6", resource_account=A), resource=allow).verdict == "ImplicitlyDenied"
    assert evaluate(ask(resource_account=A), resource=allow).verdict == "ImplicitlyDenied"


def test_a_deny_with_not_principal_spares_nobody_who_has_a_boundary() -> None:
    """Source: "AWS JSON policy elements: NotPrincipal" (IAM User Guide)."""
    deny = policy({**DENY, "NotPrincipal": {"AWS": [USER, A]}})
    request = ask(resource_account=A)
    assert evaluate(request, policy({}), resource=deny).verdict == "Allowed"
    decision = evaluate(request, policy({}), resource=deny, boundary=policy(ALLOW_ALL))
    assert decision.verdict == "ExplicitlyDenied"
    assert decision.because == "resource[0].Statement[0] denies s3:GetObject on arn:aws:s3:::b/k"
    allow = policy({"NotPrincipal": {"AWS": USER}})
    assert evaluate(request, resource=allow, boundary=policy(ALLOW_ALL)).verdict == "ImplicitlyDenied"


def test_an_allow_with_not_principal_is_for_everyone_who_is_not_named() -> None:
    assert layered(ask(resource_account=A), resource=[{"NotPrincipal": {"AWS": ROLE}}]) == "Allowed"
    assert layered(ask(resource_account=A), resource=[{"NotPrincipal": {"AWS": USER}}]) == "ImplicitlyDenied"
    assert layered(ask(resource_account=A), resource=[{"NotPrincipal": {"AWS": A}}]) == "ImplicitlyDenied"


def test_without_a_principal_a_resource_policy_for_somebody_is_unknown() -> None:
    decision = evaluate(ask(principal=None), resource=policy({"Principal": {"AWS": ROLE}}))
    assert (decision.verdict, decision.unknown) == ("Unknown", ("the principal",))
    assert evaluate(ask(principal=None), resource=policy({"Principal": "*"})).verdict == "Allowed"
    of_another = policy({"Principal": {"AWS": ROLE}, "Resource": "arn:aws:s3:::b/other"})
    assert evaluate(ask(principal=None), resource=of_another).verdict == "ImplicitlyDenied"


def test_who_asks_and_whose_the_resource_is_are_in_the_context() -> None:
    arn = {"Condition": {"ArnLike": {"aws:PrincipalArn": ROLE}}}
    assert verdict(arn, principal=SESSION) == "Allowed"
    assert verdict(arn, principal=SESSION, context={"aws:PrincipalArn": "other"}) == "ImplicitlyDenied"
    assert verdict({"Condition": {"StringEquals": {"aws:ResourceAccount": A}}}, resource_account=A) == "Allowed"
    assert verdict({"Condition": {"Null": {"aws:ResourceAccount": "true"}}}, resource_account="") == "Allowed"
    assert verdict({"Condition": {"StringEquals": {"aws:PrincipalAccount": A}}}) == "Allowed"


@pytest.mark.parametrize(
    ("principal", "key", "value"),
    [
        (USER, "aws:username", "al"),
        (f"arn:aws:iam::{A}:user/team/al", "aws:username", "al"),
        (ROLE, "aws:username", None),
        (SESSION, "aws:username", None),
        (USER, "aws:PrincipalType", "User"),
        (ROLE, "aws:PrincipalType", "AssumedRole"),
        (SESSION, "aws:PrincipalType", "AssumedRole"),
        ("*", "aws:PrincipalType", "Anonymous"),
        (USER, "aws:PrincipalIsAWSService", "false"),
        (SESSION, "aws:PrincipalServiceName", None),
        ("sns.amazonaws.com", "aws:PrincipalIsAWSService", "true"),
        ("sns.amazonaws.com", "aws:PrincipalServiceName", "sns.amazonaws.com"),
        ("sns.amazonaws.com", "aws:PrincipalOrgID", None),
        ("*", "aws:PrincipalAccount", "anonymous"),
        ("*", "aws:PrincipalArn", None),
        ("*", "aws:PrincipalOrgID", None),
    ],
)
def test_a_principal_settles_what_aws_derives_from_it_even_where_keys_are_open(
    principal: str, key: str, value: str | None
) -> None:
    condition = {"Null": {key: "true"}} if value is None else {"StringEquals": {key: value}}
    allow = policy({"Principal": "*", "Condition": condition})
    for fields in ({"context": {}}, {"context": None}):
        assert evaluate(ask(principal=principal, resource_account=A, **fields), resource=allow).verdict == "Allowed"


def test_the_context_has_the_last_word_on_what_a_principal_settles() -> None:
    statement = {"Condition": {"StringEquals": {"aws:username": "bo"}}}
    assert verdict(statement) == "ImplicitlyDenied"
    assert verdict(statement, context={"AWS:username": "bo"}) == "Allowed"


def test_the_account_in_a_resources_arn_is_the_resources_account() -> None:
    statement = {"Action": "*", "Condition": {"StringEquals": {"aws:ResourceAccount": A}}}
    queue = f"arn:aws:sqs:eu-west-1:{A}:q"
    assert verdict(statement, action="sqs:SendMessage", resource=queue) == "Allowed"
    assert verdict(statement, context=None) == "Unknown"  # a bucket's ARN tells no account


def test_a_federated_user_may_do_only_what_a_session_policy_allows() -> None:
    """Source: "Permissions for GetFederationToken" (IAM User Guide)."""
    federated = f"arn:aws:sts::{A}:federated-user/al"
    request = ask(principal=federated, resource_account=A)
    decision = evaluate(request, policy({}))
    assert decision.verdict == "ImplicitlyDenied"
    assert decision.because == (
        "no statement of the session policy allows s3:GetObject on arn:aws:s3:::b/k; "
        "a federated user can do no more than a session policy allows, and there is none"
    )
    assert evaluate(request, policy({}), session=policy({})).verdict == "Allowed"
    assert evaluate(request, session=policy({})).verdict == "ImplicitlyDenied"
    assert evaluate(request, resource=policy({"Principal": {"AWS": federated}})).verdict == "Allowed"


def test_an_ipv4_address_written_as_ipv6_is_that_address() -> None:
    assert met("IpAddress", "aws:SourceIp", "203.0.113.0/24", {"aws:SourceIp": "::ffff:203.0.113.7"}) == "yes"
    assert met("NotIpAddress", "aws:SourceIp", "203.0.113.0/24", {"aws:SourceIp": "::ffff:203.0.114.7"}) == "yes"
    assert met("IpAddress", "aws:SourceIp", "::ffff:203.0.113.0/120", {"aws:SourceIp": "203.0.113.7"}) == "yes"
    assert met("IpAddress", "aws:SourceIp", "::/0", {"aws:SourceIp": "::ffff:203.0.113.7"}) == "no"


def test_get_caller_identity_is_always_allowed() -> None:
    assert layered(ask(action="sts:GetCallerIdentity"), identity=[{**DENY, "Action": "*"}]) == "Allowed"


def test_a_bucket_s_own_root_user_alone_is_not_bound_by_its_policy() -> None:
    deny = {**DENY, "Action": "s3:*", "Principal": "*"}
    asked = {"action": "s3:PutBucketPolicy", "resource": "arn:aws:s3:::b", "principal": ROOT}
    assert layered(ask(**asked, resource_account=A), resource=[deny]) == "Allowed"
    allow = {"Action": "s3:*", "Principal": {"AWS": A}}
    assert layered(ask(**asked, resource_account=B), resource=[allow]) == "Allowed"
    assert layered(ask(**asked, resource_account=B), resource=[allow, deny]) == "ExplicitlyDenied"


def test_only_the_endpoint_is_told_of_what_needs_no_permission() -> None:
    endpoint = policy({**DENY, "Action": "sts:*", "Principal": "*", "Resource": "*"})
    layers: dict[str, Any] = {"boundary": policy({**DENY, "Action": "*"}), "scp": [[policy({**DENY, "Action": "*"})]]}
    decision = evaluate(ask(action="sts:GetCallerIdentity"), policy({}), endpoint=endpoint, **layers)
    assert decision.because.startswith("endpoint[0].Statement[0] denies sts:GetCallerIdentity")
    assert "boundary" not in decision.because
    assert "scp" not in decision.because


def test_what_nobody_may_do_is_refused_with_its_reason_and_the_page_that_says_so() -> None:
    decision = evaluate(ask(action="sts:AssumeRole", resource=ROLE, principal=ROOT), policy({"Action": "*"}))
    assert (decision.verdict, decision.because, decision.misses) == (
        "ImplicitlyDenied",
        (
            f"sts:AssumeRole on {ROLE} cannot be called with the credentials of a root user: "
            "see AssumeRole (AWS STS API Reference)"
        ),
        (),
    )


def test_the_policy_of_a_vpc_endpoint_must_allow_and_grants_nothing() -> None:
    request = ask(action="sqs:SendMessage", resource=f"arn:aws:sqs:eu-west-1:{A}:q", principal=ROLE)
    grant, anybody = policy({"Action": "sqs:*"}), policy({"Action": "*", "Principal": "*"})
    other = policy({"Action": "*", "Principal": {"AWS": USER}})
    assert evaluate(request, grant, endpoint=anybody).verdict == "Allowed"
    assert evaluate(request, endpoint=anybody).verdict == "ImplicitlyDenied"
    decision = evaluate(request, grant, endpoint=other)
    assert decision.because == (
        f"no statement of the VPC endpoint's policy allows sqs:SendMessage on arn:aws:sqs:eu-west-1:{A}:q; "
        f"nearest: endpoint[0].Statement[0]: allows it, but not {ROLE}"
    )
    assert [(layer.layer, layer.verdict) for layer in decision.layers] == [
        ("identity", "Allowed"),
        ("endpoint", "ImplicitlyDenied"),
    ]


_TYPE_UNKNOWN = ("the type of the VPC endpoint",)
_DENIED_BY_NAME = ("whom a gateway endpoint denies by a name, which AWS does not document",)
_ALLOW_ALL = {"Action": "*", "Principal": "*"}


@pytest.mark.parametrize(
    ("principal", "caller", "of_gateway", "of_interface", "of_either"),
    [
        pytest.param({"AWS": "*"}, ROLE, "Allowed", "Allowed", "Allowed", id="everyone"),
        pytest.param({"AWS": A}, ROLE, "ImplicitlyDenied", "Allowed", "Unknown", id="the account"),
        pytest.param({"AWS": A}, f"arn:aws:iam::{A}:root", "Allowed", "Allowed", "Allowed", id="its root user"),
        pytest.param({"AWS": B}, ROLE, *["ImplicitlyDenied"] * 3, id="another account"),
        pytest.param({"AWS": ROLE}, ROLE, "ImplicitlyDenied", "Allowed", "Unknown", id="the role"),
    ],
)
def test_a_gateway_endpoint_knows_no_principal_but_everyone_and_root_users(
    principal: dict[str, str], caller: str, of_gateway: str, of_interface: str, of_either: str
) -> None:
    """Source: "Principals for gateway endpoints" (AWS PrivateLink Guide)."""
    named, asked = policy({"Action": "*", "Principal": principal}), ask(principal=caller)
    verdicts = []
    for endpoint_type in ("Gateway", "Interface", ""):
        decision = evaluate(asked, policy({}), endpoint=named, endpoint_type=endpoint_type)
        verdicts.append(decision.verdict)
    assert verdicts == [of_gateway, of_interface, of_either]
    assert decision.unknown == (_TYPE_UNKNOWN if of_either == "Unknown" else ())


def test_whom_a_gateway_endpoint_denies_by_a_name_is_unknown() -> None:
    endpoint = policy(_ALLOW_ALL, {"Effect": "Deny", "Action": "*", "Principal": {"AWS": ROLE}})
    decision = evaluate(ask(principal=ROLE), policy({}), endpoint=endpoint, endpoint_type="Gateway")
    assert (decision.verdict, decision.unknown) == ("Unknown", _DENIED_BY_NAME)
    of_user = evaluate(ask(principal=USER), policy({}), endpoint=endpoint, endpoint_type="Gateway")
    assert of_user.verdict == "Allowed"
    spared = policy(_ALLOW_ALL, {"Effect": "Deny", "Action": "*", "NotPrincipal": {"AWS": B}})
    for caller in (ROOT, ROLE):
        of_others = evaluate(ask(principal=caller), policy({}), endpoint=spared, endpoint_type="Gateway")
        assert (of_others.verdict, of_others.unknown) == ("Unknown", _DENIED_BY_NAME)


def test_other_services_than_s3_and_dynamodb_have_no_gateways() -> None:
    asked = ask(action="sqs:SendMessage", resource=f"arn:aws:sqs:eu-west-1:{A}:q", principal=ROLE)
    named = policy({"Action": "*", "Principal": {"AWS": ROLE}})
    assert evaluate(asked, policy({"Action": "*"}), endpoint=named).allowed


# What a decision tells


@pytest.mark.parametrize(
    ("fields", "layers", "expected"),
    [
        (
            {"action": "kms:Decrypt", "resource": f"arn:aws:kms:eu-west-1:{A}:key/k"},
            {"identity": [{"Action": "kms:*"}], "resource": ()},
            (
                "no statement of the resource's policy allows kms:Decrypt on arn:aws:kms:eu-west-1:{A}:key/k; "
                "the resource's own policy must allow it, and there is none"
            ),
        ),
        (
            {"principal": "sns.amazonaws.com", "resource_account": A},
            {"resource": ()},
            (
                "no statement of the resource's policy allows s3:GetObject on arn:aws:s3:::b/k; "
                "only the resource's policy can allow it to sns.amazonaws.com, and there is none"
            ),
        ),
        (
            {"resource_account": B},
            {"identity": [{}], "resource": ()},
            (
                "no statement of the resource's policy allows s3:GetObject on arn:aws:s3:::b/k; "
                "the resource belongs to another account, whose policy must allow it, and there is none"
            ),
        ),
        (
            {"resource_account": A},
            {"resource": [{"Principal": {"AWS": A}}]},
            (
                "no statement of the identity's policies allows s3:GetObject on arn:aws:s3:::b/k; "
                "resource[0].Statement[0] names the account, which leaves it to the identity's policies"
            ),
        ),
        (
            {"principal": SESSION, "resource_account": A},
            {"boundary": [PUT], "resource": [{"Principal": {"AWS": ROLE}}]},
            "no statement of the permissions boundary allows s3:GetObject on arn:aws:s3:::b/k",
        ),
        (
            {"principal": "sns.amazonaws.com", "resource_account": A},
            {"resource": [{"Principal": {"Service": "s3.amazonaws.com"}}]},
            (
                "no statement of the resource's policy allows s3:GetObject on arn:aws:s3:::b/k; "
                "nearest: resource[0].Statement[0]: allows it, but not sns.amazonaws.com"
            ),
        ),
        (
            {"resource_account": B},
            {"identity": [{}], "resource": [{}]},
            (
                "no statement of the resource's policy allows s3:GetObject on arn:aws:s3:::b/k; "
                "nearest: resource[0].Statement[0]: has no Principal"
            ),
        ),
    ],
)
def test_the_policy_that_was_silent_is_named_and_no_other(
    fields: dict[str, Any], layers: dict[str, Any], expected: str
) -> None:
    made = {name: policy(*statements) if statements else () for name, statements in layers.items()}
    decision = evaluate(ask(**fields), made.pop("identity", ()), **made)
    assert (decision.verdict, decision.because) == ("ImplicitlyDenied", expected.replace("{A}", A))


def test_a_variable_that_is_open_is_told_as_it_was_written() -> None:
    statement = {"Resource": "arn:aws:s3:::b/${aws:PrincipalTag/Team}/*"}
    decision = evaluate(ask(context=None, resource="arn:aws:s3:::b/x/y"), policy(statement))
    assert (decision.verdict, decision.unknown) == ("Unknown", ("aws:PrincipalTag/Team",))


def test_a_decision_names_the_statement_that_decided_in_each_layer() -> None:
    identity = policy(PUT, {**GET, "Sid": "Read"})
    decision = evaluate(ask(), identity, scp=[[policy(ALLOW_ALL)], [policy({**DENY, "Sid": "No"})]])
    assert decision.because == "scp[1][0].Statement[0] (No) denies s3:GetObject on arn:aws:s3:::b/k"
    assert [(layer.layer, layer.verdict) for layer in decision.layers] == [
        ("identity", "Allowed"),
        ("scp[0]", "Allowed"),
        ("scp[1]", "ExplicitlyDenied"),
    ]
    (ruling,) = decision.layers[0].rulings
    assert (ruling.policy, ruling.index, ruling.statement) == (0, 1, identity.statements[1])


def test_a_level_of_rcps_that_denies_nothing_is_told_as_allowing() -> None:
    open_condition = {"Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}}}
    levels = ([policy(ALLOW_ALL)], [policy({**DENY, **PUT})], [policy({**GET, **open_condition})])
    decision = evaluate(ask(context=None), policy(GET), rcp=levels)
    assert decision.because.startswith("identity[0].Statement[0] and rcp[0][0].Statement[0] allow s3:GetObject on")
    assert [(layer.layer, layer.verdict, len(layer.rulings)) for layer in decision.layers] == [
        ("identity", "Allowed", 1),
        ("rcp[0]", "Allowed", 1),
        ("rcp[1]", "Allowed", 0),
        ("rcp[2]", "Allowed", 0),
    ]


def test_of_several_statements_that_allow_the_first_is_told() -> None:
    decision = evaluate(ask(), policy(PUT, {}, GET), boundary=policy(GET, {}))
    assert decision.because.startswith("identity[0].Statement[1] and boundary[0].Statement[0] allow s3:GetObject on")


def test_only_the_identity_of_a_root_user_allows_without_a_statement() -> None:
    decision = evaluate(ask(principal=ROOT, resource_account=A), resource=policy({**PUT, "Principal": "*"}))
    assert [(layer.layer, layer.verdict) for layer in decision.layers] == [
        ("identity", "Allowed"),
        ("resource", "ImplicitlyDenied"),
    ]


def test_a_number_is_unknown_where_any_of_its_limits_is_left_open() -> None:
    limits = {"Condition": {"NumericEquals": {"s3:max-keys": ["${Most}", "${Least}"]}}}
    for open_references, expected in (({"${Least}"}, "Unknown"), ({"${Most}"}, "Unknown"), (set(), "ImplicitlyDenied")):
        request = Request("s3:GetObject", "b", context={"s3:max-keys": "5"}, open=frozenset(open_references))
        assert evaluate(request, policy(limits)).verdict == expected
    five = {"Condition": {"NumericEquals": {"s3:max-keys": "5"}}}
    asked = Request("s3:GetObject", "b", context={"s3:max-keys": "${Most}"}, open=frozenset({"${Most}"}))
    assert evaluate(asked, policy(five)).verdict == "Unknown"


def test_the_nearest_miss_is_of_a_layer_that_does_not_allow() -> None:
    near = {"Resource": "arn:aws:s3:::b/key"}
    decision = evaluate(ask(), policy({}, near), boundary=policy({**near, "Sid": "Edge"}))
    assert [miss.ruling.layer for miss in decision.misses] == ["boundary"]


@pytest.mark.parametrize(
    ("action", "wildcard_only", "where"),
    [
        ("s3:ListAllMyBuckets", None, "*"),
        ("s3:ListAllMyBuckets", True, "*"),
        ("logs:DescribeLogGroups", None, "* or arn:"),
    ],
)
def test_a_miss_of_an_action_without_resources_says_on_what_it_is_allowed(
    action: str, *, wildcard_only: bool | None, where: str
) -> None:
    named = {"Action": action, "Resource": f"arn:aws:logs:eu-west-1:{A}:x"}
    (miss,) = evaluate(ask(action=action, resource="*", wildcard_only=wildcard_only), policy(named)).misses
    assert f"has no resource-level permissions: only a statement on {where}" in miss.lacked


def test_a_refusal_blames_no_rcp_that_is_silent() -> None:
    decision = evaluate(ask(), policy(PUT), rcp=[[policy({"Resource": "arn:aws:s3:::b/other"})]])
    assert decision.because == "no statement of the identity's policies allows s3:GetObject on arn:aws:s3:::b/k"
    assert decision.misses == ()


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (
            {"Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}}},
            "allows it but for the condition StringEquals aws:SourceVpc: vpc-1",
        ),
        ({"Resource": "arn:aws:s3:::b/key"}, "allowed on b/key, asked for b/k"),
        ({"Resource": "arn:aws-cn:s3:::b/k"}, "allowed on arn:aws-cn:s3:::b/k, asked for arn:aws:s3:::b/k"),
        (
            {"NotResource": "arn:aws:s3:::b/*"},
            "allows it on all but arn:aws:s3:::b/*, asked for arn:aws:s3:::b/k",
        ),
        ({"Action": "s3:GetObjects"}, "allows s3:GetObjects, asked for s3:GetObject"),
    ],
)
def test_a_refusal_names_the_nearest_miss(statement: dict[str, Any], expected: str) -> None:
    decision = evaluate(ask(), policy({"Action": "sqs:*"}, statement))
    assert [miss.lacked for miss in decision.misses] == [expected]
    assert decision.because == (
        "no statement of the identity's policies allows s3:GetObject on arn:aws:s3:::b/k; "
        f"nearest: identity[0].Statement[1]: {expected}"
    )


def test_a_refusal_names_the_layer_that_is_silent() -> None:
    decision = evaluate(ask(), policy(GET), boundary=policy(PUT))
    assert decision.because == "no statement of the permissions boundary allows s3:GetObject on arn:aws:s3:::b/k"
    decision = evaluate(ask(), policy(GET), scp=[[policy(GET)], [policy(PUT)]])
    assert decision.because == "no statement of SCP level 1 allows s3:GetObject on arn:aws:s3:::b/k"


def test_the_same_question_gets_an_equal_decision_and_decisions_can_be_pickled() -> None:
    one, other = evaluate(ask(), policy(GET)), evaluate(ask(), policy(GET))
    assert one == other
    assert pickle.loads(pickle.dumps(one)) == one  # noqa: S301 - our own bytes
    assert one.allowed


def test_a_list_of_policies_that_changes_is_read_again() -> None:
    policies = [policy(GET)]
    assert evaluate(ask(), policies).verdict == "Allowed"
    policies.append(policy(DENY))
    assert evaluate(ask(), policies).verdict == "ExplicitlyDenied"


def test_a_context_value_of_another_kind_is_an_error() -> None:
    with pytest.raises(RemitError, match="the context's `x:a` is a dict"):
        ask(context={"x:a": {}})


@pytest.mark.parametrize(
    ("pattern", "verdict"),
    [
        ("arn:aws:s3:::${aws:username}", "Allowed"),
        ("arn:aws:s3::${aws:username}:al", "ImplicitlyDenied"),  # before the last part it is text
        ("arn:aws:s3:${aws:username, 'a:b'}::${aws:username}", "ImplicitlyDenied"),  # its colons are not the ARN's
        ("arn:aws:s3:::${aws:nobody, 'al'}", "Allowed"),
        ("arn:aws:s3:::${aws:nobody, 'a${aws:username}'}", "ImplicitlyDenied"),  # a default is text
        ("arn:aws:s3:*${aws:username, 'a${aws:username}:al", "ImplicitlyDenied"),  # not closed: text, and so its colons
    ],
)
def test_a_variable_counts_in_the_last_part_of_an_arn_alone(pattern: str, verdict: str) -> None:
    document = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": pattern}}
    request = {"action": "s3:ListBucket", "resource": "arn:aws:s3:::al", "context": {"aws:username": "al"}}
    request |= {"principal": "arn:aws:iam::111122223333:user/al", "resource_account": "111122223333"}
    assert evaluate(Request(**request), parse(document)).verdict == verdict
    assert reference.decide({"policies": {"identity": [document]}, "request": request}) == verdict


def test_what_is_derived_of_an_object_is_kept_for_that_object_alone_and_of_as_many_as_are_allowed() -> None:
    derived: list[int] = []

    def first_item(items: list[int]) -> int:
        derived.append(items[0])
        return items[0]

    kept = kept_by_identity(2)(first_item)
    one, two, three = [1], [2], [3]
    assert [kept(items) for items in (one, two, one, three, three, one)] == [1, 2, 1, 3, 3, 1]
    assert derived == [1, 2, 3, 1]  # at the third, the first two were dropped
    # A list that nobody else has would leave its id to the next one.
    assert [kept([number]) for number in range(100)] == [*range(100)]


def test_a_name_that_is_put_in_late_leaves_open_what_of_its_service_is_left_out_and_nothing_of_others() -> None:
    all_but = parse({"Statement": [{"Effect": "Allow", "NotAction": "s3:${Verb.Name}", "Resource": "*"}]})
    verdicts = [evaluate(Request(action), all_but).verdict for action in ("s3:ListAllMyBuckets", "sqs:ListQueues")]
    assert verdicts == ["Unknown", "Allowed"]
