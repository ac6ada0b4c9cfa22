"""A policy document is read as IAM reads it, written again as it was, and each mistake is told at its place."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from random_cases import cases
from remit.errors import RemitError
from remit.iam.policy import DEPTH, Condition, parse, parse_statement, render
from remit.iam.tokens import (
    PSEUDO,
    Reference,
    Verbatim,
    for_people,
    from_intrinsic,
    is_dynamic,
    plain,
    pseudo_parameter,
    split,
    substitution,
    to_intrinsic,
    with_dynamic,
    with_leaves,
)

TEXTS = st.sampled_from(["a", "b*", "arn:aws:s3:::b/${aws:username}", "${Queue.Arn}"])


def lists(texts: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """One text, or a list of several."""
    several = st.lists(texts, min_size=2, max_size=3, unique=True)
    return st.one_of(texts, several)


PRINCIPALS = st.one_of(
    st.just("*"),
    st.dictionaries(st.sampled_from(["AWS", "Service", "Federated", "CanonicalUser"]), lists(TEXTS), min_size=1),
)
OPERATORS = st.sampled_from(
    ["StringEquals", "StringNotLikeIfExists", "ForAnyValue:StringEquals", "ForAllValues:ArnLikeIfExists", "Null"]
)
BLOCKS = st.one_of(
    st.dictionaries(st.sampled_from(["aws:a", "x:b"]), lists(TEXTS), min_size=1),
    st.just('${{"Fn::FindInMap":["a","b","c"]}}'),
)
OPTIONAL = {
    "Sid": st.just("One"),
    "Condition": st.dictionaries(OPERATORS, BLOCKS, min_size=1, max_size=2),
}
STATEMENTS = st.builds(
    lambda effect, who, what, where, more: {"Effect": effect, **who, **what, **where, **more},
    st.sampled_from(["Allow", "Deny"]),
    st.one_of(st.just({}), *(PRINCIPALS.map(lambda one, n=name: {n: one}) for name in ("Principal", "NotPrincipal"))),
    st.one_of(*(lists(TEXTS).map(lambda one, n=name: {n: one}) for name in ("Action", "NotAction"))),
    st.one_of(st.just({}), *(lists(TEXTS).map(lambda one, n=name: {n: one}) for name in ("Resource", "NotResource"))),
    st.fixed_dictionaries({}, optional=OPTIONAL),
)
DOCUMENTS = st.builds(
    lambda version, more, statements: {"Version": version, **more, "Statement": statements},
    st.sampled_from(["2012-10-17", "2008-10-17"]),
    st.sampled_from([{}, {"Id": "p"}]),
    st.lists(STATEMENTS, min_size=1, max_size=3),
)


def given_to_iam(value: Any) -> Any:
    """A document with the blocks of keys that CloudFormation puts in as it spells them."""
    if isinstance(value, dict):
        return {name: given_to_iam(item) for name, item in value.items()}
    if isinstance(value, str) and value.startswith("${{"):
        return {"Fn::FindInMap": ["a", "b", "c"]}
    return [given_to_iam(item) for item in value] if isinstance(value, list) else value


@settings(max_examples=cases(30, deep=250), deadline=None)
@given(DOCUMENTS)
def test_a_document_is_written_as_it_was_read(document: dict[str, Any]) -> None:
    policy = parse(given_to_iam(document))
    assert render(policy) == document
    assert parse(given_to_iam(render(policy))) == policy


def test_values_of_conditions_are_texts_each_once_and_a_place_of_another_service_is_a_reference() -> None:
    raw = {"Bool": {"x:a": [True, "true", False]}, "NumericEquals": {"x:b": [1, 1.5, "1", ""]}, "Null": {"x:c": []}}
    statement = parse_statement({"Effect": "Allow", "Action": ["a", "a"], "Condition": raw})
    assert statement.actions.patterns == ("a",)
    assert [condition.values for condition in statement.conditions] == [("true", "false"), ("1", "1.5", ""), ()]
    kept = parse_statement(
        {
            "Effect": "Allow",
            "Action": "a",
            "Resource": "{{resolve:ssm:/b}}",
            "Condition": {"StringEquals": {"x:y": "{{resolve:ssm:/a}}"}},
        }
    )
    assert kept.conditions[0].values == ('${{"Fn::Resolve":"ssm:/a"}}',)
    assert kept.resources is not None
    assert kept.resources.patterns == ('${{"Fn::Resolve":"ssm:/b"}}',)
    open_keys = parse_statement(
        {"Effect": "Allow", "Action": "a", "Condition": {"${Operator}": {"x:y": "z"}}}, operators=False
    )
    assert open_keys.conditions == (Condition("${Operator}", "x:y", ("z",)),)


@pytest.mark.parametrize(
    ("condition", "words", "decided_by"),
    [
        (Condition("StringEquals", "x:a", ("b", "c")), "StringEquals x:a = b, c", "x:a"),
        (
            Condition("StringLike", "x:a", (), "ForAnyValue", if_exists=True),
            "ForAnyValue:StringLikeIfExists x:a = no value",
            "x:a",
        ),
        (Condition("Bool", "${K}", ("${K}",), if_exists=True), "BoolIfExists ${K}", "BoolIfExists ${K}"),
    ],
)
def test_a_condition_reads_as_one_phrase(condition: Condition, words: str, decided_by: str) -> None:
    assert (condition.words, condition.decided_by) == (words, decided_by)
    assert condition.path == ("Condition", condition.spelled, condition.key)


def nested(depth: int) -> Any:
    value: Any = "a"
    for _ in range(depth):
        value = [value]
    return value


ITSELF: dict[str, Any] = {"Effect": "Allow", "Action": "a"}
ITSELF["Resource"] = [ITSELF]
GOOD: dict[str, Any] = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
WRONG: dict[str, tuple[Any, str, str | None, tuple[str | int, ...]]] = {
    "Id": ({"Id": 3, "Statement": GOOD}, "Id must be a string, got int '3'", None, ("Id",)),
    "Sid": (
        {"Statement": {**GOOD, "Sid": 3}}, "Statement.Sid must be a string, got int '3'", None, ("Statement", "Sid"),
    ),
    "second": ({"Statement": [GOOD, 3]}, "Statement[1] must be a dict, got int '3'", None, ("Statement", 1)),
    "Effect": (
        {"Statement": {**GOOD, "Effect": "alow"}},
        "Statement.Effect 'alow' is not valid: only 'Allow' and 'Deny' exist",
        "did you mean `Allow`?",
        ("Statement", "Effect"),
    ),
    "Effect's slip": (
        {"Statement": {**GOOD, "Effect": "Dney"}},
        "Statement.Effect 'Dney' is not valid: only 'Allow' and 'Deny' exist",
        "did you mean `Deny`?",
        ("Statement", "Effect"),
    ),
    "a text": (
        {"Statement": {**GOOD, "Action": ""}}, "Statement.Action is an empty string", None, ("Statement", "Action"),
    ),
    "a text of a list": (
        {"Statement": {**GOOD, "Action": ["a", " "]}},
        "Statement.Action[1] is an empty string",
        None,
        ("Statement", "Action", 1),
    ),
    "no list": (
        {"Statement": {**GOOD, "Action": [["a"]]}},
        "Statement.Action[0] is a list inside a list",
        "unpack it: [*reads, *writes]",
        ("Statement", "Action", 0),
    ),
    "an account": (
        {"Statement": {**GOOD, "Principal": {"AWS": 12345678901}}},
        "Statement.Principal.AWS must be a string or a list of strings, got int '12345678901'",
        "put it in quotes: '012345678901'",
        ("Statement", "Principal", "AWS"),
    ),
    "no account": (
        {"Statement": {**GOOD, "Principal": {"AWS": True}}},
        "Statement.Principal.AWS must be a string or a list of strings, got bool 'True'",
        None,
        ("Statement", "Principal", "AWS"),
    ),
    "a service": (
        {"Statement": {**GOOD, "Principal": "sqs.amazonaws.com.cn"}},
        "Statement.Principal must be '*' or a dict such as {'AWS': ...}, got str 'sqs.amazonaws.com.cn'",
        'write {"Service": "sqs.amazonaws.com.cn"}',
        ("Statement", "Principal"),
    ),
    "a user": (
        {"Statement": {**GOOD, "NotPrincipal": "arn:x"}},
        "Statement.NotPrincipal must be '*' or a dict such as {'AWS': ...}, got str 'arn:x'",
        'write {"AWS": "arn:x"}',
        ("Statement", "NotPrincipal"),
    ),
    "a macro": (
        {"Statement": {**GOOD, "Principal": {"Fn::Transform": {}}}},
        "Statement.Principal has unknown key 'Fn::Transform'",
        None,
        ("Statement", "Principal", "Fn::Transform"),
    ),
    "an empty block": (
        {"Statement": {**GOOD, "Condition": {"StringEquals": {}}}},
        "Statement.Condition.StringEquals is empty: it would always be true",
        "add a key or remove it",
        ("Statement", "Condition", "StringEquals"),
    ),
    "an operator": (
        {"Statement": {**GOOD, "Condition": {"${O}": {"x:y": "z"}}}},
        "Statement.Condition.${O} is not an operator: CloudFormation fills in values, never keys",
        None,
        ("Statement", "Condition", "${O}"),
    ),
    "a number": (
        {"Statement": {**GOOD, "Condition": {"NumericEquals": {"x:y": math.inf}}}},
        "Statement.Condition.NumericEquals.x:y is inf: that is not valid JSON",
        None,
        ("Statement", "Condition", "NumericEquals", "x:y"),
    ),
    "two keys": (
        {"Statement": {**GOOD, "Foo": 1, "Bar": 2}},
        "Statement has unknown keys 'Foo', 'Bar'",
        None,
        ("Statement", "Foo"),
    ),
    "case": (
        {"Statement": {**GOOD, "resource": "*"}},
        "Statement has unknown key 'resource'",
        "did you mean `Resource`? IAM's element names are case-sensitive",
        ("Statement", "resource"),
    ),
    "a key": ({"Statement": {**GOOD, 3: 1}}, "Statement has a key that is not a string: 3", None, ("Statement",)),
    "depth": (
        {"Statement": [{**GOOD, "Resource": nested(DEPTH)}]},
        f"Statement[0] nests deeper than {DEPTH}",
        "flatten it",
        ("Statement", 0),
    ),
    "itself": ({"Statement": ITSELF}, "Statement.Resource[0] contains itself", None, ("Statement", "Resource", 0)),
    "a long action": (
        {"Statement": {**GOOD, "Action": "a" * 100_001}},
        "Statement.Action is a string of 100,001 characters: no name in AWS is so long",
        "a loop or a file that was put in by mistake?",
        ("Statement", "Action"),
    ),
    "a list": (
        [GOOD],
        "policy document must be a dict, got list \"[{'Effect': 'Allow', 'Action': 's3:GetOb\"",
        "a list is the form of `config.lambda_.iam.policy`, not of a document",
        (),
    ),
    "no document": (
        None,
        "policy document must be a dict, got None",
        None,
        (),
    ),
    "a key of documents": (
        {"statement": [], "Version": "2012-10-17"},
        "policy document has unknown key 'statement'",
        "did you mean `Statement`? IAM's element names are case-sensitive",
        ("statement",),
    ),
    "no Statement": (
        {"Version": "2012-10-17"},
        "policy document has no 'Statement'",
        'wrap it: {"Version": "2012-10-17", "Statement": [...]}',
        (),
    ),
    "a version": (
        {"Version": "2025-01-01", "Statement": GOOD},
        "Version '2025-01-01' does not exist",
        "it is the language's version, not a date: use '2012-10-17'",
        ("Version",),
    ),
    "Statement": (
        {"Statement": "all"},
        "Statement must be a dict or a list of dicts, got str 'all'",
        None,
        ("Statement",),
    ),
    "no Effect": (
        {"Statement": {"Action": "a"}},
        "Statement has no 'Effect'",
        "add 'Effect': 'Allow' (remit never guesses an Effect)",
        ("Statement",),
    ),
    "Effect's kind": (
        {"Statement": {"Effect": True, "Action": "s3:GetObject", "Resource": "*"}},
        "Statement.Effect must be a string, got bool 'True'",
        "write 'Effect': 'Allow'",
        ("Statement", "Effect"),
    ),
    "no Action": (
        {"Statement": [GOOD, {"Effect": "Allow", "Resource": "*"}]},
        "Statement[1] has no 'Action' and no 'NotAction'",
        "add 'Action': 'service:Operation'",
        ("Statement", 1),
    ),
    "both actions": (
        {"Statement": {**GOOD, "NotAction": "a"}},
        "Statement has both 'Action' and 'NotAction'",
        "IAM allows exactly one of them",
        ("Statement",),
    ),
    "both resources": (
        {"Statement": [{**GOOD, "NotResource": "a"}]},
        "Statement[0] has both 'Resource' and 'NotResource'",
        "IAM allows exactly one of them",
        ("Statement", 0),
    ),
    "both principals": (
        {"Statement": {**GOOD, "Principal": "*", "NotPrincipal": "*"}},
        "Statement has both 'Principal' and 'NotPrincipal'",
        "IAM allows exactly one of them",
        ("Statement",),
    ),
    "an empty list": (
        {"Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": []}},
        "Statement.Resource is an empty list",
        "IAM refuses it; often a loop or a variable that gave nothing",
        ("Statement", "Resource"),
    ),
    "a variable": (
        {"Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": ["a", None]}},
        "Statement.Resource[1] is None",
        "usually os.environ.get() of a variable that is not set: set it or drop the item",
        ("Statement", "Resource", 1),
    ),
    "a number among resources": (
        {"Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": 12}},
        "Statement.Resource must be a string or a list of strings, got int '12'",
        None,
        ("Statement", "Resource"),
    ),
    "no principals": (
        {"Statement": {**GOOD, "Principal": {}}},
        "Statement.Principal is empty",
        None,
        ("Statement", "Principal"),
    ),
    "a kind of principals": (
        {"Statement": {**GOOD, "Principal": {"aws": "*", "Users": "a"}}},
        "Statement.Principal has unknown keys 'aws', 'Users'",
        "did you mean `AWS`? IAM's element names are case-sensitive",
        ("Statement", "Principal", "aws"),
    ),
    "Condition": (
        {"Statement": {**GOOD, "Condition": []}},
        "Statement.Condition must be a dict of operators, got list '[]'",
        "write {'StringEquals': {'aws:SourceAccount': '…'}}",
        ("Statement", "Condition"),
    ),
    "a filled-in Condition": (
        {"Statement": {**GOOD, "Condition": {"Ref": "A"}}},
        "Statement.Condition must be a dict of operators, got a text by Ref",
        "write {'StringEquals': {'aws:SourceAccount': '…'}}",
        ("Statement", "Condition"),
    ),
    "keys": (
        {"Statement": {**GOOD, "Condition": {"Bool": "a"}}},
        "Statement.Condition.Bool must be a dict of condition keys, got str 'a'",
        None,
        ("Statement", "Condition", "Bool"),
    ),
    "an unknown operator": (
        {"Statement": {**GOOD, "Condition": {"StringEqual": {"a:b": "c"}}}},
        "Statement.Condition.StringEqual: there is no condition operator `StringEqual`",
        "did you mean `StringEquals`?",
        ("Statement", "Condition", "StringEqual"),
    ),
    "a quantifier": (
        {"Statement": {**GOOD, "Condition": {"ForSomeValues:StringEquals": {"a:b": "c"}}}},
        "Statement.Condition.ForSomeValues:StringEquals: there is no set operator `ForSomeValues`",
        "did you mean `ForAllValues`?",
        ("Statement", "Condition", "ForSomeValues:StringEquals"),
    ),
    "Null with IfExists": (
        {"Statement": {**GOOD, "Condition": {"NullIfExists": {"a:b": "true"}}}},
        "Statement.Condition.NullIfExists: there is no condition operator `NullIfExists`",
        "Null tests the presence by itself",
        ("Statement", "Condition", "NullIfExists"),
    ),
    "a value": (
        {"Statement": {**GOOD, "Condition": {"StringEquals": {"a:b": [["c"]]}}}},
        "Statement.Condition.StringEquals.a:b is a list inside a list",
        "unpack it: [*reads, *writes]",
        ("Statement", "Condition", "StringEquals", "a:b"),
    ),
    "a key of the document that is none": (
        {3: 4},
        "policy document has a key that is not a string: 3",
        None,
        (),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_mistake_is_told_with_its_place_and_what_to_do(case: str) -> None:
    document, message, hint, path = WRONG[case]
    with pytest.raises(RemitError) as caught:
        parse(document)
    assert (caught.value.message, caught.value.hint, caught.value.path) == (message, hint, path)


def test_what_is_long_or_nested_as_far_as_may_be_is_read() -> None:
    assert len(parse({"Statement": {**GOOD, "Resource": "a" * 100_001}}).statements) == 1
    document = {"Statement": [{**GOOD, "Resource": nested(DEPTH - 4)}]}
    with pytest.raises(RemitError, match="list inside a list"):
        parse(document)


# Texts that CloudFormation fills in


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a", "a"),
        ("${Queue}", {"Ref": "Queue"}),
        ("${Queue.Arn}", {"Fn::GetAtt": ["Queue", "Arn"]}),
        ("${A.B.C}", {"Fn::GetAtt": ["A", "B.C"]}),
        ("${AWS::Region}", {"Ref": "AWS::Region"}),
        ("a${Queue}b${aws:username}", {"Fn::Sub": "a${Queue}b${!aws:username}"}),
        ("${aws:username}", "${aws:username}"),
        ('${{"Fn::ImportValue":"x"}}', {"Fn::ImportValue": "x"}),
        ('a${{"Fn::ImportValue":"x"}}${Q}', {"Fn::Sub": ["a${Part1}${Q}", {"Part1": {"Fn::ImportValue": "x"}}]}),
        (with_dynamic("{{resolve:ssm:/a}}"), "{{resolve:ssm:/a}}"),
        (with_dynamic("{{resolve:ssm:/a}}/${Q}"), {"Fn::Sub": "{{resolve:ssm:/a}}/${Q}"}),
    ],
)
def test_a_late_bound_text_is_written_as_cloudformation_takes_it(text: str, written: Any) -> None:
    assert to_intrinsic(text) == written


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", []),
        ("a${Queue}b", ["a", Reference("${Queue}", {"Ref": "Queue"}), "b"]),
        ("${aws:username}/${A.B}", ["${aws:username}/", Reference("${A.B}", {"Fn::GetAtt": ["A", "B"]})]),
        ('${{"Ref":"a"}}${B}', [Reference('${{"Ref":"a"}}', {"Ref": "a"}), Reference("${B}", {"Ref": "B"})]),
    ],
)
def test_a_text_parts_at_its_references(text: str, parts: list[Any]) -> None:
    assert list(split(text)) == parts
    assert [part.target for part in parts if isinstance(part, Reference)] == [
        part.text.strip('${}"').partition(".")[0].removeprefix('Ref":"')
        for part in parts
        if isinstance(part, Reference)
    ]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a${Q}", "a${Q}"),
        ('a${{"Fn::ImportValue":"x"}}b', "a{!ImportValue x}b"),
        ('${{"Fn::If":["IsProd","a b",{"Ref":"B"}]}}', '{!If [IsProd, "a b", ${B}]}'),
        ('${{"Fn::Unfilled":"{{ region }}"}}', "{{ region }}"),
        (
            '${{"Fn::Transform":{"Name":"x","Parameters":{"A":{"Ref":"B"},"C":["d e",1]}}}}',
            '{!Transform {Name: x, Parameters: {A: ${B}, C: ["d e", 1]}}}',
        ),
        (with_dynamic("{{resolve:ssm:/a}}"), "{{resolve:ssm:/a}}"),
        ("a${{ not one", "a${{ not one"),
        ('${{"a":1}}', '${{"a":1}}'),
    ],
)
def test_people_see_a_function_as_templates_spell_it(text: str, shown: str) -> None:
    assert for_people(text) == shown


def test_what_is_meant_by_a_pseudo_parameter_and_by_a_sub() -> None:
    meant = {"AWS:Region": "AWS::Region", "aws.region": "AWS::Region", "Region": "AWS::Region", "Regoin": "AWS::Region"}
    meant |= {"AWS_ACCOUNT": "AWS::AccountId", "account": "AWS::AccountId", "StackName": "AWS::StackName"}
    assert {name: pseudo_parameter(name) for name in meant} == meant
    assert pseudo_parameter("Queue") is None
    assert substitution(["${A}", {"A": "b"}]) == ("${A}", {"A": "b"})
    assert substitution(3) == ("3", {})
    assert substitution(["a", 3]) == ("a", {})
    assert substitution(["a", {}, 1]) == ("", {})
    assert [is_dynamic(value) for value in ("{{resolve:ssm:/a}}", "a{{resolve:ssm:/a}}", 3)] == [True, False, False]


def test_a_definition_with_names_of_its_own_stays_whole() -> None:
    """A state machine's `${…}` is no reference of the template."""
    definition = Verbatim({"StartAt": "${first}"})
    (kept,) = plain({"Definition": [definition]})["Definition"]
    assert (type(kept), kept) == (Verbatim, definition)
    assert with_leaves({"Definition": definition, "Name": "a"}, repr) == {"Definition": repr(definition), "Name": "'a'"}


def test_a_function_is_folded_into_text_where_its_parts_are_texts_and_stays_raw_elsewhere() -> None:
    folded = [
        ({"Ref": "A"}, "${A}"),
        ({"Fn::GetAtt": "A.B.C"}, "${A.B.C}"),
        ({"Fn::GetAtt": ["A", "B.C"]}, "${A.B.C}"),
        ({"Fn::Sub": "a${B}c${D.E}"}, "a${B}c${D.E}"),
        ({"Fn::Sub": "a${!b}${AWS::Region}"}, "a${b}${AWS::Region}"),
        ({"Fn::Sub": ["a${B}${C}", {"B": "x", "C": {"Ref": "D"}}]}, "ax${D}"),
        ({"Fn::Sub": ["a${B}", {"B": {"Fn::Select": [0, ["x"]]}}]}, 'a${{"Fn::Select":[0,["x"]]}}'),
        ({"Fn::Join": ["", ["a", {"Fn::Join": ["/", ["x", {"Ref": "Y"}]]}]]}, "ax/${Y}"),
        ({"Fn::Join": [",", []]}, ""),
    ]
    assert [(value, from_intrinsic(value)) for value, _ in folded] == folded
    raw: list[dict[str, Any]] = [
        {"Ref": 3}, {"Fn::GetAtt": ["A", {"Ref": "B"}]}, {"Fn::Sub": [3]}, {"Fn::Join": ["-", ["a", 3]]},
        {"Fn::Join": ["-", {"Ref": "L"}]}, {"Fn::Join": [1, ["a"]]}, {"Fn::Join": ["-"]}, {"Fn::Sub": ["a", "b"]},
        {"Fn::ImportValue": {"Fn::Sub": "${A}-x"}}, {"Fn::If": ["C", "a", {"Ref": "B"}]},
    ]  # fmt: skip
    for value in raw:
        text = from_intrinsic(value)
        assert (text[:2], json.loads(text[2:-1]), text[-1:]) == ("${", value, "}")


def test_each_pseudo_parameter_is_meant_by_its_name_in_any_case_and_nothing_else() -> None:
    names = ("AccountId", "NotificationARNs", "NoValue", "Partition", "Region", "StackId", "StackName", "URLSuffix")
    assert {f"AWS::{name}" for name in names} == PSEUDO
    assert [pseudo_parameter(name.lower()) for name in names] == [f"AWS::{name}" for name in names]


def test_the_leaves_of_a_value_are_its_texts_numbers_and_functions() -> None:
    value = {"a": [1, "b", {"Ref": "C"}], "d": ({"e": None},), "f": {}}
    assert with_leaves(value, repr) == {"a": ["1", "'b'", "{'Ref': 'C'}"], "d": [{"e": "None"}], "f": {}}
