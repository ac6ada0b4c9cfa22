"""Decide whether a condition holds for a request: True, False, or None where the request does not say.

An absent key makes positive operators false, negated ones and …IfExists true. Several values in the policy are
alternatives (for a negated operator none may match); a condition without values, which IAM takes, matches no value. A
value that is not of the operator's type equals nothing. A key with several values needs ForAnyValue or ForAllValues;
any other operator is false for it.

Source: "IAM JSON policy elements: Condition operators" and "Set operators for multivalued context keys" (IAM
User Guide).
"""

from __future__ import annotations

from functools import lru_cache
from operator import eq
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from remit.catalogue.actions import is_multivalued
from remit.catalogue.condition_keys import OPERATORS
from remit.iam import value_comparison
from remit.iam.operators import check_operator
from remit.iam.pattern import Late
from remit.iam.policy_text import names_in, parts_of
from remit.iam.request import OPEN, Request
from remit.iam.text_comparison import Check, Truth, arn, either, equals, equals_ignoring_case, every, like

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from remit.iam.policy import Condition

Maker: TypeAlias = "Callable[[tuple[str, ...], str], Check]"
Test: TypeAlias = "Callable[[Request], Truth]"


def _typed(read: Callable[[str], Any], compare: Callable[[Any, Any], bool]) -> Maker:
    """A maker for values of a type; what `read` cannot read (None) equals nothing."""
    cached = lru_cache(maxsize=4096)(read)

    def make(texts: tuple[str, ...], _: str) -> Check:
        """The check of a policy's values, each read once; those that cannot be read are left out."""
        limits = tuple(limit for limit in map(read, texts) if limit is not None)
        late = tuple(
            part.text for text in texts if "${" in text for part in parts_of(text, "") if isinstance(part, Late)
        )

        def check(value: str, request: Request) -> Truth:
            """Return whether the value compares so with any of the policy's values.

            None: a reference that is open decides.
            """
            parsed = cached(value)
            if parsed is not None and any(compare(parsed, limit) for limit in limits):
                return True
            if not late and "${" not in value:
                return False
            names = (*late, *(part.text for part in parts_of(value, "") if isinstance(part, Late)))
            return None if any(request.leaves_open(name) for name in names) else False

        return check

    return make


_MAKERS: Final[dict[str, Maker]] = {
    "StringEquals": equals,
    "StringEqualsIgnoreCase": equals_ignoring_case,
    "StringLike": like,
    "ArnEquals": arn,
    "ArnLike": arn,
    **{
        f"Numeric{name}": _typed(value_comparison.number, compare)
        for name, compare in value_comparison.COMPARISONS.items()
    },
    **{
        f"Date{name}": _typed(value_comparison.instant, compare)
        for name, compare in value_comparison.COMPARISONS.items()
    },
    "Bool": _typed(value_comparison.boolean, eq),
    "BinaryEquals": _typed(value_comparison.binary, eq),
    "IpAddress": _typed(value_comparison.network, value_comparison.inside),
    "Null": equals,
}


def check_of(operator: str, texts: tuple[str, ...], version: str) -> Check:
    """The check whether a value of a key is among a condition's; of a negated operator, the check that it negates."""
    return _MAKERS[operator.replace("Not", "")](texts, version)


def compile_condition(condition: Condition, version: str) -> Test:
    """A test of requests. RemitError: the operator or the quantifier does not exist (IAM refuses it)."""
    name, if_exists = check_operator(condition.operator, condition.quantifier, if_exists=condition.if_exists)
    quantifier = condition.quantifier.lower()
    if condition.late:
        # Its keys are known at the deploy only: None, unless the request says whether the whole holds.
        whole = condition.decided_by.lower()
        return lambda request: {"true": True, "false": False}.get(str(request.value(whole)))
    key = condition.key.lower()
    if name == "Null":
        return _null(key, frozenset(text.lower() for text in condition.values))
    negated = OPERATORS[name].negated
    test = _TESTS[quantifier](key, check_of(name, condition.values, version), negated, if_exists)
    when_open = None
    if not condition.values:
        when_open = _without_values(key, quantifier, negated=negated, if_exists=if_exists)
    if when_open is None:
        return test
    return lambda request: when_open if request.value(key) is OPEN else test(request)


def _without_values(key: str, quantifier: str, *, negated: bool, if_exists: bool) -> Truth:
    """Decide a condition without values, whatever its key is; None: that depends.

    No value matches, and of a key that has one value at most each differs.
    """
    if negated:
        is_met = quantifier == "forallvalues" or (not quantifier and is_multivalued(key) is False)
        return True if is_met else None
    is_met_without_key = if_exists or quantifier == "forallvalues"
    return None if is_met_without_key else False


def _null(key: str, texts: frozenset[str]) -> Test:
    """The test of `Null`: "true" asks that the key is absent, "false" that it is present."""
    absent, present = "true" in texts, "false" in texts

    def test(request: Request) -> Truth:
        """Return whether the key is there as asked; None where the request leaves it open and that decides."""
        value = request.value(key)
        if value is OPEN and absent != present:
            return None
        return absent if value is None else present

    return test


def _single(key: str, check: Check, negated: bool, if_exists: bool) -> Test:  # noqa: FBT001 - the table's one shape
    """The test of a condition without a set operator. A key that is absent meets it with IfExists, or when negated.

    A key with several values does not meet it.
    """
    when_absent = if_exists or negated

    def test(request: Request) -> Truth:
        """Decide for a key with one value; None where the request leaves the key, or a part of its value, open."""
        value = request.value(key)
        if isinstance(value, str):
            matched = check(value, request)
            return (None if matched is None else not matched) if negated else matched
        if value is None:
            return when_absent
        return None if value is OPEN else False

    return test


def _any_value(key: str, check: Check, negated: bool, if_exists: bool) -> Test:  # noqa: FBT001 - as _single
    """The test of ForAnyValue. An absent or empty key meets it with IfExists only."""

    def test(request: Request) -> Truth:
        """Return whether any value of the key matches; None where the request leaves that open."""
        value = request.value(key)
        if value is OPEN:
            return None
        texts = _as_set(value)
        return either(_turned(check(text, request), negated) for text in texts) if texts else if_exists

    return test


def _all_values(key: str, check: Check, negated: bool, _: bool) -> Test:  # noqa: FBT001 - as _single
    """The test of ForAllValues. An absent or empty key meets it."""

    def test(request: Request) -> Truth:
        """Decide for every value of a key, which an absent one meets; None where the request leaves it open."""
        value = request.value(key)
        return None if value is OPEN else every(_turned(check(text, request), negated) for text in _as_set(value))

    return test


def _turned(truth: Truth, negated: bool) -> Truth:  # noqa: FBT001 - as _single
    """The truth of a comparison, turned round for a negated operator; what is not known stays so."""
    return truth if truth is None or not negated else not truth


def _as_set(value: object) -> tuple[str, ...]:
    """The values as a set; absent and an empty string are the empty set."""
    if isinstance(value, tuple):
        return value
    return (value,) if isinstance(value, str) and value else ()


_TESTS: Final[dict[str, Callable[[str, Check, bool, bool], Test]]] = {
    "": _single,
    "foranyvalue": _any_value,
    "forallvalues": _all_values,
}


def open_names(condition: Condition, request: Request, version: str) -> Iterator[str]:
    """Yield what the request leaves open for a condition: its key, or variables and references in its values."""
    value = request.value(condition.decided_by.lower())
    if condition.late or value is OPEN:
        yield condition.key
        return
    for text in (*condition.values, *_as_set(value)):
        yield from names_in(parts_of(text, version), request)
