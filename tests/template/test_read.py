"""One reader for whatever a file holds: JSON or YAML by its content, every part with its place, attacks refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import effort
from remit.documents.read import read
from remit.errors import RemitError
from remit.lint import lint_bytes
from remit.template.role_files import read_policies
from role_readers import read_policy, read_roles

if TYPE_CHECKING:
    from collections.abc import Callable

JSON = '{"Resources": {"R": {"Type": "AWS::SNS::Topic"}}}'
YAML = "Resources:\n  R:\n    Type: AWS::SNS::Topic\n"


@pytest.mark.parametrize("file", ["t.json", "t.yaml", "t", "t.template"])
def test_json_is_read_whatever_the_file_is_called(file: str) -> None:
    source = read(JSON.encode(), file)
    assert source.value == json.loads(JSON)
    assert str(source.locate(("Resources", "R", "Type"))) == f"{file}:1:30"


@pytest.mark.parametrize("file", ["t.yaml", "t", "t.template"])
def test_yaml_is_read_unless_the_file_says_that_it_is_json(file: str) -> None:
    source = read(YAML.encode(), file)
    assert source.value == json.loads(JSON)
    assert str(source.locate(("Resources", "R", "Type", "not", "there"))) == f"{file}:3:11"


OPERATORS = {
    "JSON": ('{"Statement": {"Effect": "Allow", "Action": "a:b", "Condition": {"StringEquls": {"a:b": "c"}}}}', 66),
    "YAML, in a line": (
        "Statement: {Effect: Allow, Action: a:b, Condition: {Null: {a:b: x}, StringEquls: {a:b: c}}}",
        69,
    ),
    "YAML, one below another": (
        "Statement:\n  Effect: Allow\n  Action: a:b\n  Condition:\n    StringEquls:\n      a:b: c",
        5,
    ),
    "a set operator": (
        '{"Statement": {"Effect": "Allow", "Action": "a:b", "Condition": {"ForEach:Bool": {"a:b": "c"}}}}',
        66,
    ),
}


@pytest.mark.parametrize(("text", "column"), OPERATORS.values(), ids=OPERATORS)
def test_an_operator_that_does_not_exist_is_told_and_linted_where_it_is_named(text: str, column: int) -> None:
    file = "p.json" if text.startswith("{") else "p.yaml"
    for reading in (read_roles, read_policies):
        with pytest.raises(RemitError, match=r"there is no (condition|set) operator") as caught:
            reading(text.encode(), file)
        assert caught.value.origin is not None
        assert caught.value.origin.column == column
    assert [one.origin.column for one in lint_bytes(text.encode(), file) if one.rule == "R501" and one.origin] == [
        column
    ]


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    assert read(b"\xef\xbb\xbf" + YAML.encode(), "t.yaml").value == json.loads(JSON)


BOMB = "\n".join(["a0: &a0 [x, x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12))])
REFUSED = {
    "nothing": (b"", "t.yaml is empty", "t.yaml:1:1"),
    "white space": (b" \n ", "t.yaml is empty", "t.yaml:1:1"),
    "no UTF-8": (b"a: \xff", "t.yaml is not UTF-8: byte 3 is 0xff", "t.yaml"),
    "UTF-16": ("a: 1".encode("utf-16"), "t.yaml is not UTF-8: byte 0 is 0xff", "t.yaml"),
    "a key twice, in JSON": (b'{"a": 1,\n "a": 2}', "stands twice", "t.yaml:2:2"),
    "a key of a policy twice, in YAML": (b"Statement: []\nStatement: []", "stands twice", "t.yaml:2:1"),
    "NaN": (b'{"a": NaN}', "NaN is not valid JSON", "t.yaml:1:7"),
    "lists in lists": (b"[" * 10_000, "nests deeper", "t.yaml:1:65"),
    "a tag": (b"a: !!python/object:os.system {}", "!!python/object:os.system", "t.yaml:1:4"),
    "two documents": (b"a: 1\n---\nb: 1", "more than one", "t.yaml:2:1"),
    "a bomb": (BOMB.encode(), "more than 200,000 parts", "t.yaml:6"),
}
TOO_LARGE: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "more than a template may have": (lambda: b'{"a": "' + b"a" * 8_000_000 + b'"}', "8,000,009 bytes", "t.yaml"),
    "a plan in YAML that is too large": (
        lambda: b"planned_values: " + b"a" * 9_000_000,
        "9,000,016 characters",
        "t.yaml:1:1",
    ),
    "far too much": (lambda: b"a" * 33_000_000, "33,000,000 bytes", "t.yaml"),
}


@pytest.mark.parametrize(("data", "message", "at"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_read_is_refused_at_its_place_and_soon(data: bytes, message: str, at: str) -> None:
    with effort.at_most(5), pytest.raises(RemitError) as caught:
        read_roles(data, "t.yaml")
    assert message in caught.value.message
    assert str(caught.value.origin).startswith(at)


@pytest.mark.parametrize(("make", "message", "at"), TOO_LARGE.values(), ids=TOO_LARGE)
def test_what_is_too_large_is_refused_soon(make: Callable[[], bytes], message: str, at: str) -> None:
    test_what_cannot_be_read_is_refused_at_its_place_and_soon(make(), message, at)


@pytest.mark.parametrize(
    ("text", "kind"), [(JSON, "template"), ('{"terraform_version": "1.9.0", "planned_values": {}}', "plan")]
)
def test_a_template_or_a_plan_is_refused_where_a_policy_is_asked_for(text: str, kind: str) -> None:
    with pytest.raises(RemitError) as caught:
        read_policy(text.encode(), "t.json")
    assert (caught.value.message, caught.value.hint) == (
        f"t.json is a {kind}, not a policy document",
        "--template reads it",
    )


POLICY = """
Version: "2012-10-17"
Statement: [{Effect: Allow, Action: s3:GetObject, Resource: "*"}]
"""


@pytest.mark.parametrize(("above", "is_policy"), [("", True), ("Resources: {}", False)])
def test_a_file_with_statements_is_a_policy_unless_it_has_resources(above: str, *, is_policy: bool) -> None:
    read = read_roles(f"{above}{POLICY}".encode(), "orders.yaml")
    assert read.is_policy is is_policy
    assert [(role.logical_id, role.kind, role.trusts) for role in read.roles] == [
        ("orders.yaml", "policy", ())
    ] * is_policy


def test_statements_beside_a_transform_are_those_of_a_policy_that_is_wrong() -> None:
    with pytest.raises(RemitError, match="policy document has unknown key 'Transform'"):
        read_roles(f"Transform: AWS::Serverless-2016-10-31{POLICY}".encode(), "orders.yaml")


def test_what_the_reader_of_yaml_says_comes_before_what_is_said_of_the_template() -> None:
    content = b"Resources: {A: {Type: AWS::Serverless::Connector}, A: {Type: AWS::Serverless::Connector}}"
    assert [note.partition(" ")[0] for note in read_roles(content, "t.yaml").notes] == ["t.yaml:1:52:", "what"]


def test_a_side_is_refused_by_the_name_of_its_file() -> None:
    with pytest.raises(RemitError, match=r"error: Side\.YAML holds no policy"):
        read_policies(b"3", "Side.YAML")
