"""Patterns of events: the services' rules written down again, and both find the same places wrong.

Sources: "Comparison operators for use in event patterns" and "Amazon EventBridge event patterns" (EventBridge User
Guide), "Control which events Lambda sends to your function" (AWS Lambda Developer Guide).
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from remit.app import App, Function
from remit.errors import RemitError
from remit.triggers.event import Event
from remit.triggers.event_pattern import EVENT_SOURCE, EVENTBRIDGE, SNS, PatternLanguage, checked_pattern
from remit.triggers.sample_events import event_for, sample_event

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXTS: Final = ("prefix", "suffix", "wildcard", "equals-ignore-case")
OF_ALL: Final = {"prefix", "suffix", "anything-but", "numeric", "exists", "equals-ignore-case"}
KNOWN: Final = {EVENTBRIDGE: OF_ALL | {"cidr", "wildcard"}, SNS: OF_ALL | {"cidr", "wildcard"}, EVENT_SOURCE: OF_ALL}
NUMBERS: Final = st.sampled_from([-5_000_000_001, -5_000_000_000, 0, 3, 3.5, 5_000_000_000, 5_000_000_001, True, "3"])
BOUNDS: Final = st.tuples(st.sampled_from(["<", "<=", ">", ">=", "=", "!="]), NUMBERS)
INTERVALS: Final = st.tuples(
    st.sampled_from([">", ">="]), st.integers(0, 3), st.sampled_from(["<", "<="]), st.integers(0, 3)
)
SCALARS: Final = st.sampled_from(["in/", "a**b", "", 7, 2.5, True, None])
OPERANDS: Final = st.one_of(
    SCALARS,
    st.sampled_from([[], ["a"], ["a", 3], [{}], {}, {"equals-ignore-case": "a"}, {"equals-ignore-case": 3}]),
    st.sampled_from(["10.0.0.0/24", "10.0.0.1/8", "10.0.0.0/33", "2001:db8::/32"]),
    st.builds(lambda operator, text: {operator: text}, st.sampled_from([*TEXTS, "exists"]), SCALARS),
    st.builds(
        lambda operator, texts: {operator: texts}, st.sampled_from(TEXTS), st.sampled_from([[], ["a", "b"], [3]])
    ),
    BOUNDS.map(list),
    st.tuples(BOUNDS, BOUNDS).map(lambda pairs: [*pairs[0], *pairs[1]]),
    INTERVALS.map(list),
    INTERVALS.map(list),
)
OPERATORS: Final = st.sampled_from([*sorted(KNOWN[SNS]), "numeric", "numeric", "anything-but", "prefx"])
NEAR: Final = {
    **dict.fromkeys(TEXTS, SCALARS),
    "cidr": st.sampled_from(["10.0.0.0/24", "10.0.0.1/8", "10.0.0.0/33", "2001:db8::/32"]),
    "numeric": st.one_of(BOUNDS.map(list), INTERVALS.map(list), INTERVALS.map(list)),
    "exists": SCALARS,
    "anything-but": st.lists(SCALARS, max_size=2),
}
"""Operands that an operator takes, or nearly."""
COMPARISONS: Final = st.builds(lambda operator, operand: {operator: operand}, OPERATORS, OPERANDS) | st.sampled_from(
    sorted(NEAR)
).flatmap(lambda operator: NEAR[operator].map(lambda operand: {operator: operand}))
VALUES: Final = st.lists(st.sampled_from(["in/", 7, None, {"exists": True}, {"prefix": 3}, [1], {}]), max_size=2)
NAMES: Final = st.sampled_from(["a", "b"])
FLAT: Final = st.dictionaries(NAMES, VALUES | st.just("in/"), max_size=2)
FIELDS: Final = st.dictionaries(NAMES, VALUES | FLAT, min_size=1, max_size=2) | st.builds(
    lambda fields, alternatives: {**fields, "$or": alternatives}, FLAT, st.lists(FLAT, max_size=3)
)
LANGUAGES: Final = st.sampled_from([EVENTBRIDGE, SNS, EVENT_SOURCE])


def wrong_fields(fields: dict[str, Any], at: str, known: set[str]) -> Iterator[str]:
    for name, value in fields.items():
        field = f"{at}.{name}"
        if name == "$or":
            if not isinstance(value, list) or len(value) < 2:
                yield field
                continue
            for place, alternative in enumerate(value):
                if alternative:
                    yield from wrong_fields(alternative, f"{field}[{place}]", known)
                else:
                    yield f"{field}[{place}]"
        elif not value or not isinstance(value, list | dict):
            yield field
        elif isinstance(value, dict):
            yield from wrong_fields(value, field, known)
        else:
            for place, item in enumerate(value):
                yield from wrong_item(item, f"{field}[{place}]", known)


def wrong_item(item: Any, at: str, known: set[str]) -> Iterator[str]:
    if isinstance(item, list):
        yield at
    if not isinstance(item, dict):
        return
    if len(item) != 1 or not item.keys() <= known:
        yield at
        return
    ((operator, operand),) = item.items()
    if operator != "anything-but":
        if not is_operand(operator, operand):
            yield f"{at}.{operator}"
        return
    place = f"{at}.anything-but"
    values = operand
    if isinstance(operand, dict):
        if len(operand) != 1 or not operand.keys() <= set(TEXTS):
            yield place
            return
        ((inner, values),) = operand.items()
        if any(not isinstance(one, str) for one in (values if isinstance(values, list) else [values])):
            yield f"{place}.{inner}"
    listed = values if isinstance(values, list) else [values]
    if not listed or any(isinstance(one, list | dict) for one in listed):
        yield place


def is_operand(operator: str, operand: Any) -> bool:
    if operator == "exists":
        return isinstance(operand, bool)
    if operator == "numeric":
        return is_numeric(operand)
    if operator == "cidr":
        return operand in ("10.0.0.0/24", "10.0.0.1/8", "2001:db8::/32")
    if operator in ("prefix", "suffix") and isinstance(operand, dict):
        return list(operand) == ["equals-ignore-case"] and isinstance(operand["equals-ignore-case"], str)
    return isinstance(operand, str) and not (operator == "wildcard" and "**" in operand)


def is_numeric(operand: Any) -> bool:
    if not isinstance(operand, list) or len(operand) not in (2, 4):
        return False
    for sign, number in zip(operand[::2], operand[1::2], strict=True):
        if sign not in ("<", "<=", ">", ">=", "=") or type(number) not in (int, float) or abs(number) > 5 * 10**9:
            return False
    if len(operand) == 2:
        return True
    above, low, below, high = operand
    if above not in (">", ">=") or below not in ("<", "<="):
        return False
    return bool(low < high or (low == high and (above, below) == (">=", "<=")))


@settings(max_examples=80)
@given(FIELDS, LANGUAGES)
def test_a_pattern_is_refused_at_each_place_that_is_wrong_and_nowhere_else(
    fields: dict[str, Any], language: PatternLanguage
) -> None:
    assert refused_places(fields, language) == set(wrong_fields(fields, "filter", KNOWN[language]))


@settings(max_examples=300)
@given(COMPARISONS | st.just({"prefix": "a", "suffix": "b"}), LANGUAGES)
def test_a_comparison_is_refused_where_its_service_refuses_it(
    comparison: dict[str, Any], language: PatternLanguage
) -> None:
    expected = set(wrong_item(comparison, "filter.a[0]", KNOWN[language]))
    event(f"wrong: {bool(expected)}")
    assert refused_places({"a": [comparison]}, language) == expected


def refused_places(fields: dict[str, Any], language: PatternLanguage) -> set[str]:
    try:
        assert checked_pattern(fields, "filter", language) == fields
    except RemitError as refused:
        return {mistake.message.split(" ")[0] for mistake in refused.all}
    return set()


RIGHT: Final = st.sampled_from([
    "in/", 7, None, True, {"prefix": "in/"}, {"suffix": ".jpg"}, {"prefix": {"equals-ignore-case": "IN/"}},
    {"suffix": {"equals-ignore-case": ".JPG"}}, {"equals-ignore-case": "Paid"}, {"wildcard": "in/*.jpg"},
    {"exists": True}, {"exists": False}, {"anything-but": ["in/"]}, {"anything-but": {"suffix": ".gif"}},
    {"cidr": "10.0.0.1/8"}, {"numeric": ["=", 3]}, {"numeric": [">", 5]}, {"numeric": ["<", -2.5]},
    {"numeric": [">=", 5]}, {"numeric": ["<=", 4]}, {"numeric": [">", 0, "<", 1]}, {"numeric": [">=", 5, "<=", 5]},
    {"numeric": [">", -2, "<=", 10]},
])  # fmt: skip
SOME: Final = st.lists(RIGHT, min_size=1, max_size=2)
DETAILS: Final = st.dictionaries(NAMES, SOME | st.dictionaries(NAMES, SOME, min_size=1), min_size=1, max_size=2)
ALTERNATIVES: Final = st.lists(st.dictionaries(st.sampled_from(["c", "d"]), SOME, min_size=1), min_size=2, max_size=2)
OF_TEXT: Final = st.sampled_from(["shop", {"prefix": "shop."}, {"suffix": "er"}, {"wildcard": "*.shop"}])
PATTERNS: Final = st.fixed_dictionaries(
    {"detail": DETAILS | st.builds(lambda one, two: {**one, "$or": two}, DETAILS, ALTERNATIVES)},
    optional={
        **dict.fromkeys(("source", "detail_type"), st.just("shop") | st.lists(OF_TEXT, min_size=1, max_size=2)),
        "resource_arns": st.sampled_from(["arn:aws:s3:::in", [{"prefix": "arn:aws:ec2:"}]]),
        "account": st.just("444455556666"),
    },
)


def lets_through(pattern: dict[str, Any], found: dict[str, Any]) -> bool:
    """EventBridge's rule: each field of the pattern has one of its values, and one of the alternatives is so."""
    alternatives = pattern.get("$or")
    if alternatives is not None and not any(lets_through(each, found) for each in alternatives):
        return False
    return all(
        lets_through(value, found.get(name, {})) if isinstance(value, dict) else any_of(value, name, found)
        for name, value in pattern.items()
        if name != "$or"
    )


def any_of(items: list[Any], name: str, found: dict[str, Any]) -> bool:
    held = found.get(name)
    return any(
        compares(item, one, is_there=name in found)
        for item in items
        for one in (held if isinstance(held, list) else [held])
    )


def compares(item: Any, held: Any, *, is_there: bool) -> bool:
    if not isinstance(item, dict):
        return is_there and item == held
    ((operator, operand),) = item.items()
    if operator == "exists":
        return bool(operand == is_there)
    if isinstance(operand, dict) and operator != "anything-but":
        operand, held = operand["equals-ignore-case"].lower(), str(held).lower()
    if operator == "anything-but":
        return is_there and not any(
            compares({"suffix": operand["suffix"]} if isinstance(operand, dict) else each, held, is_there=True)
            for each in operand
        )
    if operator == "numeric":
        signs = {">": "__gt__", "<": "__lt__", ">=": "__ge__", "<=": "__le__", "=": "__eq__"}
        bounds = zip(operand[::2], operand[1::2], strict=True)
        return isinstance(held, int | float) and all(getattr(float(held), signs[at])(float(to)) for at, to in bounds)
    if operator == "cidr":
        is_address = isinstance(held, str) and re.fullmatch(r"[\d.]+", held) is not None
        return is_address and ipaddress.ip_address(held) in ipaddress.ip_network(operand, strict=False)
    form = {"prefix": "{}.*", "suffix": ".*{}", "wildcard": "{}", "equals-ignore-case": "(?i:{})"}[operator]
    return re.fullmatch(form.format(re.escape(operand).replace(r"\*", ".*")), str(held)) is not None


@settings(max_examples=100)
@given(PATTERNS)
def test_the_example_event_of_a_function_is_one_that_its_pattern_lets_through(options: dict[str, Any]) -> None:
    trigger = Event(**options)
    function = Function("count", "Count", "app.count", {}, (trigger,))
    example = event_for(sample_event("event"), App("shop", "dev", (function,)), function)
    assert lets_through(trigger.pattern, example), example
    sample = sample_event("event").event
    assert {name: sample[name] for name in sample.keys() - trigger.pattern} == {
        name: example[name] for name in sample.keys() - trigger.pattern
    }


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ({}, "event is empty, and so matches nothing"),
        ([], "event must be a dict, got list '[]'"),
        ({"source": 3}, "event.source must be a list of values, got int '3'"),
        ({"detail": {"x": [{"cidr": "nope"}]}}, "event.detail.x[0].cidr takes a block of addresses, got 'nope'"),
        ({"detail": {"x-y": []}}, "event.detail.x-y is an empty list, and so matches nothing"),
    ],
)
def test_what_matches_nothing_is_told_at_its_place_in_the_pattern(pattern: Any, message: str) -> None:
    with pytest.raises(RemitError) as refused:
        checked_pattern(pattern, "event", EVENTBRIDGE)
    assert message == refused.value.message
