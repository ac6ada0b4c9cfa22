"""The values that a proof tries for variables, and where trying values is not enough."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from remit.iam.policy import parse_statement
from remit.iam.prove.budget import Budget
from remit.iam.prove.encoded_text import decode
from remit.iam.prove.key_values import Premises
from remit.iam.prove.resource_search import absences, doubtful
from remit.iam.prove.statement_space import Box, box_of
from remit.iam.prove.variable_values import bindings, contested, measured, pins

if TYPE_CHECKING:
    from collections.abc import Sequence

WORDS = ("FRESH", "A", "B", "C")  # a letter for the own value of each variable
BUCKET = "arn:aws:s3:::"


def on(*resources: str, **when: Any) -> Box:
    """A statement about buckets (any, if none is named), with a condition for each operator."""
    return _box("Resource", resources, when)


def but(*resources: str, **when: Any) -> Box:
    return _box("NotResource", resources, when)


def _box(element: str, resources: tuple[str, ...], when: dict[str, Any]) -> Box:
    names = [BUCKET + name for name in resources] or ["*"]
    statement = parse_statement({"Effect": "Allow", "Action": "s3:*", element: names, "Condition": when})
    return box_of(statement, 0, "2012-10-17")


def variables(boxes: Sequence[Box]) -> frozenset[str]:
    return frozenset().union(*(box.variables for box in boxes))


def spelled(text: str | None) -> str | None:
    return None if text is None else decode(text, WORDS).removeprefix(BUCKET)


@pytest.mark.parametrize(
    ("required", "covers", "values"),
    [
        ([on("a/b")], [on("a/*")], {}),
        ([on("a/${aws:username}/*")], [on("a/bob/*"), on("b/x")], {"aws:username": ["A", None, "bob"]}),
        (
            [on("a/${t:v}/*", StringEquals={"t:v": ["ann", "b*"]})],
            [on("a/bob/*"), on(StringLike={"t:v": "c*"})],
            {"t:v": ["A", None, "ann", "b*", "bob"]},
        ),
        ([on("a/${t:v}", StringLike={"t:v": "b*"})], [], {"t:v": ["A", None, "bA"]}),
        ([on("a/${t:v}")], [on(StringNotLike={"t:v": "b*"})], {"t:v": ["A", None, "bA"]}),
        ([on(StringEquals={"t:k": "${t:v, 'none'}"})], [on(StringEquals={"t:k": "red"})], {"t:v": ["A", None, "red"]}),
        (
            [on(StringLike={"t:k": "p-${t:v}-s"})],
            [on(StringLike={"t:k": ["p-red-s", "p-blue", "q-z-s", "${t:v}"]})],
            {"t:v": ["A", None, "blue", "red-s", "red", "p-blue", "p-red-s", "q-z-s"]},
        ),
        ([on("${t:v}")], [on("c/d:e*", "f")], {"t:v": ["A", None, "c", "c/d:e", "f"]}),
        ([on("x*${t:v}")], [on("xy")], {"t:v": ["A", None]}),
        (
            [on("${t:v}", StringEquals={"t:v": "${t:w, 'none'}-x"})],
            [],
            {"t:v": ["A", None, "B-x", "none-x", "B"], "t:w": ["B", None]},
        ),
    ],
)
def test_a_variable_is_tried_with_its_own_value_absent_and_as_other_texts_spell_it(
    required: list[Box], covers: list[Box], values: dict[str, list[str | None]]
) -> None:
    boxes = [*required, *covers]
    premises = Premises.of([box.statement for box in boxes])
    tried, all_are_tried = bindings(variables(boxes), tuple(required), tuple(covers), premises, Budget())
    assert all_are_tried
    by_name = {name: list(dict.fromkeys(spelled(binding[name]) for binding in tried)) for name in sorted(values)}
    assert values == by_name
    deviations = [sum(binding[name] != tried[0][name] for name in binding) for binding in tried]
    assert sorted(deviations) == deviations


def test_beyond_a_limit_not_all_values_of_several_variables_are_tried() -> None:
    names = [f"t:v{number}" for number in range(10)]
    boxes = (on(*(f"${{{name}}}" for name in names)),)
    premises = Premises.of([boxes[0].statement])
    tried, all_are_tried = bindings(variables(boxes), boxes, (), premises, Budget())
    assert (512, False) == (len(tried), all_are_tried)
    assert pins({"t:a": "x", "t:b": None}) == (*on(StringEquals={"t:a": "x"}).atoms, *on(Null={"t:b": "true"}).atoms)


MEASURED = [
    ([on("${X}")], [on("a?")], True),
    ([on("${X}")], [on("a*")], False),
    ([on("a?")], [on("${X}")], False),  # the reference must not match
    ([on("b${X}")], [on("a?")], False),  # they never overlap
    ([on("a${X}")], [on("b?", "?*")], False),  # one never overlaps, the other matches at every length
    ([on("${X}")], [but("a?")], False),  # what must match has the `?`
    ([but("a?")], [but("${X}")], True),
    ([on("${t:v}")], [on("a?")], False),  # a value of a variable is tried at every length
    ([on("${t:v}", StringEquals={"t:v": "${X}"})], [on("a?")], True),
    ([on(StringEquals={"t:k": "${X}"})], [on(StringLike={"t:k": "a?"})], True),
    ([on(StringEquals={"t:k": "${X}"})], [on(StringLike={"t:j": "a?"})], False),
    ([on(StringNotEquals={"t:k": "${X}"})], [on(StringLike={"t:k": "a?"})], False),
    ([on(StringEquals={"t:k": "${X}"})], [on(StringNotLike={"t:k": "a?"})], False),
    ([on(StringNotLike={"t:k": "a?"})], [on(StringNotEquals={"t:k": "${X}"})], True),
]


@pytest.mark.parametrize(("required", "covers", "expected"), MEASURED)
def test_a_reference_of_unknown_length_is_measured_where_a_single_wildcard_must_not_match_it(
    required: list[Box], covers: list[Box], expected: bool
) -> None:
    assert measured(tuple(required), tuple(covers)) is expected


@pytest.mark.parametrize(
    ("required", "covers", "pairs"),
    [
        ([on("${t:v}/a"), on("b/*", "*")], [], [("${t:v}/a", "b/*")]),
        ([on("${t:v}/a")], [but("b/*", "c")], [("${t:v}/a", "b/*")]),
        ([on("${t:v}/a")], [on("b/*")], []),
        ([but("${t:v}/a"), on("b/*")], [], []),
        ([on("x/a"), on("b/${X}", "c")], [but("?/*", "b*")], [("b/${X}", "?/*")]),
        ([on("x/a", "b/*")], [but("b/${X}", "b/c")], []),
    ],
)
def test_patterns_that_must_both_match_are_contested_where_a_mark_decides_what_they_share(
    required: list[Box], covers: list[Box], pairs: list[tuple[str, str]]
) -> None:
    found = [tuple(map(spelled, pair)) for pair in contested(tuple(required), tuple(covers))]
    assert pairs == found


TAG = {"StringEquals": {"t:k": "${t:v}"}}


@pytest.mark.parametrize(
    ("required", "covers", "multivalued", "expected"),
    [
        ([on(**TAG)], [], (), False),
        ([on(**TAG)], [], ("t:v",), True),
        ([on(**TAG)], [], ("t:k",), False),
        ([on(**TAG), on(StringLike={"t:k": "a*"})], [], (), True),
        ([on(**TAG)], [on(StringNotEquals={"t:k": "b"})], (), True),
        ([on(**TAG)], [on(StringEquals={"t:k": "b"})], (), False),
        ([on(StringNotEquals={"t:k": "${t:v}"}), on(StringLike={"t:k": "a*"})], [], (), False),
        ([on()], [on(StringNotEquals={"t:k": "${t:v}"}), on(StringNotLike={"t:k": "a*"})], (), True),
        ([on(StringEquals={"t:v": "${t:w}"})], [], (), False),
        ([on("${t:v}", StringEquals={"t:v": "${t:w}"})], [], (), True),
        ([on("${t:v}")], [but("b/*")], (), True),
        ([on("${t:v}")], [on("b/*")], (), False),
        ([on("${X}")], [on("a?")], (), True),
    ],
)
def test_that_there_is_no_witness_is_in_doubt_where_a_mark_may_have_to_equal_something_else(
    required: list[Box], covers: list[Box], multivalued: tuple[str, ...], expected: bool
) -> None:
    names = variables((*required, *covers))
    assert doubtful(tuple(required), tuple(covers), names, frozenset(multivalued)) is expected


@pytest.mark.parametrize(
    ("conditions", "absent"),
    [
        ([TAG, {"StringNotEquals": {"t:k": "${t:v}"}}], True),
        ([TAG], False),
        ([{"StringNotEquals": {"t:k": "${t:v}"}}], False),
        ([TAG, {"StringNotEquals": {"t:k": ["${t:v}", "a"]}}], False),
        ([TAG, {"StringNotEquals": {"t:j": "${t:v}"}}], False),
        ([TAG, {"StringNotLike": {"t:k": "${t:v}"}}], False),
        ([{"ForAnyValue:StringEquals": {"t:k": "${t:v}"}}, {"StringNotEquals": {"t:k": "${t:v}"}}], False),
        ([TAG, {"ForAnyValue:StringNotEquals": {"t:k": "${t:v}"}}], False),
    ],
)
def test_a_key_that_must_and_must_not_equal_a_variable_must_be_absent(
    conditions: list[dict[str, Any]], absent: bool
) -> None:
    atoms = frozenset(atom for when in conditions for atom in on(**when).atoms)
    assert absences(atoms) == (on(Null={"t:k": "true"}).atoms if absent else ())
