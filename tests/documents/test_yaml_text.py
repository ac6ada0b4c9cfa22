"""Strict YAML: CloudFormation's short forms, the place of every part, and what is refused."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

import effort
from random_cases import cases_of
from remit.documents.slips import Slip
from remit.documents.yaml_text import read_yaml
from remit.errors import Origin, RemitError

if TYPE_CHECKING:
    from collections.abc import Callable

SHORT_FORMS = {
    "!Ref Queue": {"Ref": "Queue"},
    "!GetAtt Queue.Arn": {"Fn::GetAtt": ["Queue", "Arn"]},
    "!GetAtt Nested.Outputs.Arn": {"Fn::GetAtt": ["Nested", "Outputs.Arn"]},
    "!GetAtt [Queue, Arn]": {"Fn::GetAtt": ["Queue", "Arn"]},
    '!Sub "arn:${AWS::Partition}:s3:::b"': {"Fn::Sub": "arn:${AWS::Partition}:s3:::b"},
    '!Sub ["${x}", {x: !Ref Queue}]': {"Fn::Sub": ["${x}", {"x": {"Ref": "Queue"}}]},
    '!Join [":", [a, !Ref Queue]]': {"Fn::Join": [":", ["a", {"Ref": "Queue"}]]},
    "!If [IsProd, 1, !Ref AWS::NoValue]": {"Fn::If": ["IsProd", 1, {"Ref": "AWS::NoValue"}]},
    "!Select [0, !GetAZs '']": {"Fn::Select": [0, {"Fn::GetAZs": ""}]},
    "!ImportValue network-id": {"Fn::ImportValue": "network-id"},
    "!Condition IsProd": {"Condition": "IsProd"},
    "Fn::Sub: a": {"Fn::Sub": "a"},
}


@pytest.mark.parametrize(("text", "value"), SHORT_FORMS.items(), ids=SHORT_FORMS)
def test_a_short_form_is_spelled_out(text: str, value: object) -> None:
    assert read_yaml(text, "t.yaml")[0] == value


SCALARS = {
    "12": 12, "1.5": 1.5, "true": True, "off": False, "~": None, "": None, '"12"': "12", "2012-10-17": "2012-10-17",
    "0x1F": 31, "011122223333": "011122223333", "12:30": "12:30", "'yes'": "yes", "111122223333": 111122223333,
    "yes": True, "on": True, "no": False, "1_000": 1000, "!!str 12": "12",
}  # fmt: skip


@pytest.mark.parametrize(("text", "value"), SCALARS.items(), ids=SCALARS)
def test_a_scalar_is_read_as_yaml_1_1_has_it_but_dates_and_octals_stay_text(text: str, value: object) -> None:
    assert read_yaml(f"a: {text}", "t.yaml")[0] == {"a": value}


def test_dates_and_octal_numbers_are_noticed() -> None:
    slips = read_yaml("Version: 2012-10-17\nAccounts: [011122223333, '011122223333']\n", "t.yaml")[2]
    assert [(slip.kind, slip.path) for slip in slips] == [("date", ("Version",)), ("octal", ("Accounts", 0))]


def test_every_part_has_its_place_and_what_begins_below_its_key_has_the_key_s() -> None:
    places = read_yaml("a:\n  b:\n    - one\n    - two: !Ref X\n  c: {d: 1}\n", "t.yaml")[1]
    assert places[("a",)] == Origin("t.yaml", 1, 1)
    assert places[("a", "b")] == Origin("t.yaml", 2, 3)
    assert places[("a", "b", 1, "two")] == Origin("t.yaml", 4, 12)
    assert places[("a", "c", "d")] == Origin("t.yaml", 5, 10)
    places = read_yaml("a: {Condition: {Bool: {b: true}}}\n", "t.yaml")[1]
    columns = {"Condition": 16, "Bool": 17, "b": 27}  # a condition operator is where its name is
    assert [*columns.values()] == [places[("a", *list(columns)[: end + 1])].column for end in range(3)]


def test_aliases_and_merge_keys_are_put_in_and_own_keys_win() -> None:
    value = read_yaml("base: &b {x: 1, y: 2}\none: {<<: *b, y: 3}\nlist: [*b, *b]\n", "t.yaml")[0]
    assert value == {"base": {"x": 1, "y": 2}, "one": {"y": 3, "x": 1}, "list": [{"x": 1, "y": 2}] * 2}
    assert read_yaml('a: {"<<": 1}', "t.yaml")[0] == {"a": {"<<": 1}}  # in quotes it is a key like any other


REFUSED = {
    "a python object": ("a: 1\nb: !!python/object/apply:os.system ['true']\n", 2, "!!python/object/apply:os.system"),
    "a python name": ("a: !!python/name:os.system\n", 1, "not allowed"),
    "binary data": ("a: !!binary aGk=\n", 1, "!!binary"),
    "an unknown function": ("a:\n  b: !Sbu x\n", 2, "!Sbu"),
    "a repeated key": (
        "Effect: Allow\nAction: a:A\nEffect: Deny\n",
        3,
        "'Effect' stands twice in one mapping, first at t.yaml:1:1",
    ),
    "two documents": ("a: 1\n---\nb: 2\n", 2, "more than one"),
    "an alias of nothing": ("a: *b\n", 1, "undefined alias|its own anchor, or before it"),
    "an alias inside itself": ("a: &a [1, *a]\n", 1, "inside its own anchor|undefined"),
    "a tab": ("a:\n\tb: 1\n", 2, "not valid YAML"),
    "a list that is not closed": ("a: [1, 2\nb: 3\n", 2, "not valid YAML"),
    "infinity": ("a: .inf\n", 1, "not a number"),
    "no number": ("b: 1\na: .NaN\n", 2, "not a number"),
    "65 lists": (f"a: 1\nb: {'[' * 64}{']' * 64}\n", 2, "nests deeper than 64"),
    "a key that is a list": ("? [a, b]\n: 1\n", 1, "plain text"),
    "a control character": ("a: \x01\n", 1, "not valid YAML"),
    "a merge of text": ("a: {<<: text}\n", 1, "takes a mapping"),
}


@pytest.mark.parametrize(("text", "line", "says"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_is_refused_at_its_line(text: str, line: int, says: str) -> None:
    with pytest.raises(RemitError) as caught:
        read_yaml(text, "t.yaml")
    assert caught.value.origin is not None
    assert caught.value.origin.line == line
    assert any(part in caught.value.message for part in says.split("|"))


def test_a_control_character_is_found_at_its_column_behind_letters_of_several_bytes() -> None:
    with pytest.raises(RemitError) as caught:
        read_yaml("a: 1\nb: éé\nc: é\x01\n", "t.yaml")
    assert "t.yaml:3:5" == str(caught.value.origin)


@pytest.mark.parametrize(
    ("tag", "hint"),
    [
        ("!!python/name:os.system", "it would run code when it is read; write plain YAML"),
        ("!Sbu", "did you mean `!Sub`?"),
        ("!!binary", "plain YAML and CloudFormation's functions only"),
        ("!Rain::Module", "plain YAML and CloudFormation's functions only"),
    ],
)
def test_a_tag_that_is_refused_is_told_with_what_to_write(tag: str, hint: str) -> None:
    with pytest.raises(RemitError) as caught:
        read_yaml(f"a: {tag} x\n", "t.yaml")
    assert caught.value.hint == hint


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("a: @b\n", "put the text that begins with @ in quotes"),
        ("a: `b`\n", "put the text that begins with ` in quotes"),
        ("a: %b\n", "put the text that begins with % in quotes"),
        ("a: b: c\n", "put the text that holds `: ` in quotes"),
        ("a: *\n", "a * begins an alias in YAML: put it in quotes, '*'"),
        ("a: & b\n", "a & begins an anchor in YAML: put it in quotes, '&'"),
        ("a:\n\tb: 1\n", "YAML does not indent with tabs: use spaces"),
        (
            "a: !GetAZs !Ref b\n",
            "a tag takes no other tag behind it: write the outer function in full, `Fn::GetAZs: !Ref …`",
        ),
        ("a: [1\n", None),
    ],
)
def test_signs_that_mean_something_in_yaml_are_told_with_what_to_write(text: str, hint: str | None) -> None:
    with pytest.raises(RemitError) as caught:
        read_yaml(text, "t.yaml")
    assert caught.value.hint == hint


@pytest.mark.parametrize(
    ("text", "place", "problem", "hint"),
    [
        ("b: 1\na: 'x\n\n", "2:4", "found unexpected end of stream", None),
        ("b: 1\na: [1, 2\n  \n", "2:4", "did not find expected", None),
        (
            "*\r\n",
            "1:1",
            "expected alphabetic or numeric character",
            "a * begins an alias in YAML: put it in quotes, '*'",
        ),
        (
            "a: *",
            "1:4",
            "expected alphabetic or numeric character",
            "a * begins an alias in YAML: put it in quotes, '*'",
        ),
        ("b: [1\n: 2", "2:1", "did not find expected", None),
        ("b: 1\na: \x01", "2:4", "control characters are not allowed", None),
    ],
)
def test_what_is_no_yaml_is_told_where_it_stops_and_what_never_ends_where_it_begins(
    text: str, place: str, problem: str, hint: str | None
) -> None:
    with pytest.raises(RemitError) as caught:
        read_yaml(text, "t")
    assert (f"t:{place}", hint) == (str(caught.value.origin), caught.value.hint)
    assert problem in caught.value.message


def test_a_tag_says_the_type_of_a_scalar_and_an_unknown_one_hides_its_value_alone() -> None:
    mistakes: list[RemitError] = []
    text = f"""\
a: !!int "7"
b: ! 7
c: !!int 017
d: !Include x
e: !Include y
f: !Include x
g: &g {{h: 1, i: 2}}
j: {{<<: [!Include x, *g], h: 3}}
k: !{"l" * 90} x
"""
    value, _, slips = read_yaml(text, "t", mistakes=mistakes)
    assert {"a": 7, "b": 7, "c": "017", "j": {"h": 3, "i": 2}} == {key: value[key] for key in "abcj"}
    assert value["d"] == value["f"] != value["e"]
    assert [Slip("octal", "017", ("c",))] == list(slips)
    assert [("t:4:4", "the tag !Include is not allowed"), ("t:9:4", f"the tag !{'l' * 79} is not allowed")] == [
        (str(mistake.origin), mistake.message) for mistake in mistakes
    ]


def test_a_document_may_nest_as_deep_as_is_said() -> None:
    assert read_yaml(f"b: {'[' * 63}{']' * 63}", "t.yaml")[0]["b"] is not None


def test_what_an_unknown_tag_takes_over_is_not_known_and_told_once() -> None:
    mistakes: list[RemitError] = []
    value = read_yaml("a: {<<: !Include x, b: 1}\nc: !Include y\n", "t.yaml", mistakes=mistakes)[0]
    assert (value["a"], [str(mistake.origin) for mistake in mistakes]) == ({"b": 1}, ["t.yaml:1:9"])


def bomb(levels: int) -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join(lines)


ATTACKS: dict[str, Callable[[], str]] = {
    "a billion laughs": lambda: bomb(9),
    "a billion laughs by merging": lambda: (
        "a0: &a0 {k: &v [x, x, x]}\n"
        + "\n".join(f"a{n}: &a{n} {{l: [*a{n - 1}, *a{n - 1}, *a{n - 1}], <<: *a{n - 1}}}" for n in range(1, 30))
    ),
    "ten thousand lists": lambda: "[" * 10_000,
    "ten thousand lists, closed": lambda: "[" * 10_000 + "]" * 10_000,
    "ten thousand mappings": lambda: "".join(" " * n + "a:\n" for n in range(10_000)),
    "ten thousand flow mappings": lambda: "{a: " * 10_000 + "}" * 10_000,
    "ten megabytes": lambda: "a: " + "x" * 10_000_000,
    "a million items": lambda: "[" + "1," * 990_000 + "1]",
    "many anchors": lambda: "\n".join(f"a{n}: &a{n} {{b: {n}}}" for n in range(60_000)),
    "a number of a million digits": lambda: "a: " + "9" * 1_000_000,
    "a sexagesimal of a million parts": lambda: "a: 1" + ":1" * 900_000,
}
"""Each is made when it is tried: they are large, and every process that collects tests would hold them."""


@pytest.mark.parametrize("kind", cases_of(tuple(ATTACKS), 4))
def test_an_attack_ends_soon(kind: str) -> None:
    text = ATTACKS[kind]()
    with effort.at_most(10), contextlib.suppress(RemitError):  # refused or read: both are fine, in time
        read_yaml(text, "t.yaml")
