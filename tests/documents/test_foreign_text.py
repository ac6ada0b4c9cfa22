"""What a tool fills in before AWS reads a file: out of the way of a reader, which loses no line and no column by it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from random_cases import cases
from remit.documents.foreign_text import (
    JINJA,
    TEMPLATEFILE,
    filled_in,
    is_of_serverless_framework,
    is_unfilled,
    late_bound,
    readable,
    unfilled,
    without_unfilled,
)
from remit.documents.read import read

PLACES = ("{{ name }}", "{{name}}", "{{ f({'a': 1}) }}", "${var.x}", '${join("-", a)}', "$NAME")
PLAIN = {"1": 1, '"a"': "a", '"a-{{ name }}-b"': "a-X-b", '"a-${var.x}-b"': "a-${var.x}-b"}
"""What is read, with X for what a place in a string stands for; Terraform's do not keep JSON from being read there."""
LOGIC = ("", "{% if x %}", "{#\nwhy\n#}", "{%- for a in b\n -%}", "%{ if y }")
DRAWN = st.lists(st.tuples(st.sampled_from([*PLACES, *PLAIN]), st.sampled_from(LOGIC)), min_size=1, max_size=4)


@settings(max_examples=cases(20, deep=500))
@given(DRAWN, st.booleans())
def test_json_can_be_read_without_its_places_each_of_which_is_a_value_of_its_own(
    drawn: list[tuple[str, str]],
    as_object: bool,
) -> None:
    scalars = [scalar for scalar, _ in drawn]
    keys = [f'"{number}": ' if as_object else "" for number in range(len(drawn))]
    body = ",\n".join(f"{logic}{key}{scalar}" for key, (scalar, logic) in zip(keys, drawn, strict=True))
    text = f"{{\n{body}}}" if as_object else f"[\n{body}]"
    filled, languages = readable(text, json=True)
    assert [len(line) for line in filled.split("\n")] == [len(line) for line in text.split("\n")]
    value = filled_in(json.loads(filled))
    values = list(value.values()) if as_object else value
    for scalar, found in zip(scalars, values, strict=True):
        if scalar in PLACES:
            assert is_unfilled(found)
        else:
            assert (without_unfilled(found, "X") if isinstance(found, str) else found) == PLAIN[scalar]
    by_scalar = dict(zip(scalars, map(json.dumps, values), strict=True))
    assert len(set(by_scalar.values())) == len(by_scalar)
    of_jinja = any(sign in text for sign in ("{{", "{%", "{#"))
    of_terraform = "%{" in text or any(scalar.startswith("$") for scalar in scalars)
    assert [language.name for language in languages] == [JINJA] * of_jinja + [TEMPLATEFILE] * of_terraform


@pytest.mark.parametrize(
    ("text", "filled", "names"),
    [
        ("a: {{ x }}\nb: 1", "a: \ue000\ue000\ue000\ue000\ue000\ue000\ue000\nb: 1", [JINJA]),
        ("{% if x %}\na: ${y}\n{% end %}", "          \na: ${y}\n         ", [JINJA]),
        ("a: !Sub ${y}", "a: !Sub ${y}", []),
        ("a: '{{resolve:ssm:x}}'", "a: '{{resolve:ssm:x}}'", []),
        ("{{ range .a }}\n- b\n{{ end }}", "              \n- b\n         ", [JINJA]),
    ],
)
def test_yaml_keeps_what_is_cloudformations(text: str, filled: str, names: list[str]) -> None:
    assert readable(text, json=False)[0] == filled
    assert [language.name for language in readable(text, json=False)[1]] == names


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("a: ${self:service}", True),
        ("a: ${opt:stage, 'dev'}", True),
        ("a: ${env:NAME}", False),
        ("a: ${self:", False),
        ("Ref: HttpApi", True),
        ("a: !Ref HttpApi\nHttpApi:\n  Type: x", False),
        ("a: !Ref HttpApiOfMine", False),
        ("HttpApi: 1\na: !GetAtt ApiGatewayRestApi.RootResourceId", True),
        ("a: '${IamRoleLambdaExecution}'", True),
        ("a: HttpApi", False),
    ],
)
def test_a_file_is_the_serverless_frameworks_by_what_its_files_alone_hold(text: str, *, is_one: bool) -> None:
    assert is_of_serverless_framework(text) is is_one


AS_IT_IS: dict[str, Any] = {"a": ["x", 1, None, {"b": True}], "c": "${AWS::Region} ${Queue.Arn} ${!Literal}"}


@pytest.mark.parametrize("in_template", [True, False])
def test_late_bound_text_takes_the_place_of_what_a_tool_fills_in_wherever_it_stands(*, in_template: bool) -> None:
    assert late_bound(AS_IT_IS, in_template=in_template) == AS_IT_IS
    value = late_bound({"a": [{"b": "x-${self:stage}"}], "c": "{{ d }}", "e": "${name}"}, in_template=in_template)
    texts = [value["a"][0]["b"], value["c"], value["e"]]
    given = ("x-${self:stage}", "{{ d }}", "${name}")
    assert [text == as_given for text, as_given in zip(texts, given, strict=True)] == [False, False, in_template]
    assert texts[0].startswith("x-${")


def test_what_terraform_fills_in_is_so_in_a_policy_and_is_cloudformations_in_a_template_or_a_plan() -> None:
    policy = {"Statement": [{"Resource": "${name}"}]}
    for document, stays in (
        (policy, False),
        ([policy], False),
        ({"Resources": policy}, True),
        ({"planned_values": policy}, True),
        ({"terraform_version": "1", "values": policy}, True),
    ):
        assert (read(json.dumps(document).encode(), "t.json").value == document) is stays


def test_a_place_is_the_same_in_a_string_and_outside_of_one_whatever_quotes_stand_before() -> None:
    text = '["a\\"b",\n{{ x }}, "{{ x }}", "{{ y }}",\n"c-${f("d")}-e", ${f("d")}]'
    first, bare, inside, other, quoted, alone = filled_in(json.loads(readable(text, json=True)[0]))
    assert ('a"b', bare) == (first, inside)
    assert all(map(is_unfilled, (bare, other, alone)))
    assert (f"c-{alone}-e", True) == (quoted, len({bare, other, alone}) == 3)


def test_equal_places_are_filled_in_alike_in_keys_too() -> None:
    value = filled_in({"${opt:a}": ["${opt:a}", "x${opt:b}"], "n": 1})
    assert value == {unfilled("${opt:a}"): [unfilled("${opt:a}"), "x" + unfilled("${opt:b}")], "n": 1}
    assert unfilled("${opt:a}") != unfilled("${opt:b}")
    assert is_unfilled(unfilled("x"))
    assert not is_unfilled("x" + unfilled("x"))
    assert not is_unfilled(unfilled("x") + "x")
    assert without_unfilled(f"a-{unfilled('x')}-b", "…") == "a-…-b"
