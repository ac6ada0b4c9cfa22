"""Conditions of one statement that cannot all hold.

The statement never applies.

Flagged:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
     "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}, "StringNotEquals": {"aws:SourceVpc": "vpc-1"}}}

Better:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
     "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}}}

Source: "Conditions with multiple context keys or values" (IAM User Guide): all conditions must hold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.iam import values
from remit.iam.pattern import matches
from remit.lint import conditions, facts
from remit.lint.finding import ERROR, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from remit.iam.policy import Condition
    from remit.lint.subject import Item

SEVERITY = ERROR


def conditional(item: Item) -> Iterator[Problem]:
    """Contradictions of conditions on one key, each key once."""
    by_key: dict[str, list[Condition]] = {}
    for condition in item.statement.conditions:
        by_key.setdefault(condition.key.lower(), []).append(condition)
    for several in by_key.values():
        if len(several) > 1:
            found = _absent(several) or _bools(several) or _texts(several) or _ranges(several) or _addresses(several)
            if found is not None:
                message, last = found
                spot = ("Condition", last.spelled, last.key)
                yield Problem(f"{message}: the statement never applies", "remove one of the two", spot)


def _absent(several: list[Condition]) -> tuple[str, Condition] | None:
    """A key that must be absent and is compared."""
    null = next(
        (one for one in several if one.operator == "Null" and [v.lower() for v in one.values] == ["true"]), None
    )
    other = next((one for one in several if one.operator != "Null" and conditions.needs_key(one)), None)
    if null is None or other is None:
        return None
    return f"{null.key} must be absent (Null) and {other.spelled} needs it", other


def _bools(several: list[Condition]) -> tuple[str, Condition] | None:
    """A key that must be true and false at once."""
    only = {
        one.values[0].lower(): one
        for one in several
        if conditions.family(one) == "Bool" and not one.quantifier and len(one.values) == 1
    }
    if {"true", "false"} - set(only) or all(one.if_exists for one in only.values()):
        return None
    return f"{only['true'].key} must be true ({only['true'].spelled}) and false ({only['false'].spelled})", only[
        "false"
    ]


def _texts(several: list[Condition]) -> tuple[str, Condition] | None:
    """Texts of which none is left by the other conditions."""
    equal = next(
        (one for one in several if one.spelled == "StringEquals" and all(map(facts.literal, one.values))), None
    )
    if equal is None:
        return None
    left = set(equal.values)
    for other in several:
        if other is equal or other.quantifier or not all(map(facts.literal, other.values)):
            continue
        left = {value for value in left if _kept(value, other)}
        if not left:
            shown = ", ".join(repr(value) for value in equal.values[:3])
            return f"{equal.key} must equal {shown}, and {other.spelled} excludes that", other
    return None


def _kept(value: str, other: Condition) -> bool:
    if other.operator == "StringNotEquals":
        return value not in other.values
    if other.operator in ("StringLike", "StringNotLike"):
        return any(matches(pattern, value) for pattern in other.values) == (other.operator == "StringLike")
    if other.operator == "StringEqualsIgnoreCase":
        return value.lower() in {one.lower() for one in other.values}
    return True


def _addresses(several: list[Condition]) -> tuple[str, Condition] | None:
    """Blocks of addresses that the other conditions exclude, all of them."""
    inside = next((one for one in several if one.operator == "IpAddress" and not one.quantifier), None)
    outside = next((one for one in several if one.operator == "NotIpAddress" and not one.quantifier), None)
    if inside is None or outside is None:
        return None
    wanted, excluded = ([values.network(text) for text in one.values] for one in (inside, outside))
    if all(one is not None and any(_within(one, other) for other in excluded) for one in wanted):
        return f"{inside.key} must be in {inside.values[0]}, and {outside.spelled} excludes that", outside
    return None


def _within(block: tuple[int, int, int], other: tuple[int, int, int] | None) -> bool:
    return other is not None and block[0] == other[0] and other[1] <= block[1] <= block[2] <= other[2]


def _ranges(several: list[Condition]) -> tuple[str, Condition] | None:
    """Numbers or dates that would have to lie above what they must lie below."""
    for family, read in (("Numeric", values.number), ("Date", values.instant)):
        least: tuple[Decimal, Condition] | None = None
        most: tuple[Decimal, Condition] | None = None
        for one in several:
            limits = [limit for value in one.values if (limit := read(value)) is not None]
            if one.quantifier or one.if_exists or not one.operator.startswith(family) or not limits:
                continue
            if "Greater" in one.operator and (least is None or min(limits) > least[0]):
                least = (min(limits), one)
            elif "Less" in one.operator and (most is None or max(limits) < most[0]):
                most = (max(limits), one)
        if least is None or most is None:
            continue
        strict = not (least[1].operator.endswith("Equals") and most[1].operator.endswith("Equals"))
        if least[0] > most[0] or (strict and least[0] == most[0]):
            return f"{least[1].key} must be above {least[1].values[0]} and below {most[1].values[0]}", most[1]
    return None
