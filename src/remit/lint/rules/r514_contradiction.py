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

from dataclasses import replace
from typing import TYPE_CHECKING

from remit.iam.policy import Globs
from remit.lint import conditions as known
from remit.lint.finding import ERROR, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.iam.policy import Condition
    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = ERROR
_SHOWN = 3
_EVERYTHING = Globs(("*",))


def conditional(item: ParsedStatement) -> Iterator[Problem]:
    """Contradictions of conditions on one key, each key once."""
    by_key: dict[str, list[Condition]] = {}
    for condition in item.statement.conditions:
        by_key.setdefault(condition.key.lower(), []).append(condition)
    for conditions in by_key.values():
        if len(conditions) > 1 and _are_comparable(conditions) and _contradict(item, conditions):
            contradicting = _fewest(item, conditions)
            if len(contradicting) > 1:
                last = contradicting[-1]
                demands = " and ".join(map(_demand, contradicting))
                message = f"{last.key} cannot meet {demands}: the statement never applies"
                hint = "remove one of the two" if len(contradicting) == 2 else "remove one of them"  # noqa: PLR2004 - two
                yield Problem(message, hint, ("Condition", last.spelled, last.key))


def _are_comparable(conditions: list[Condition]) -> bool:
    """Whether each has an operator of its own, which exists; others have findings of their own."""
    operators = {condition.spelled.lower() for condition in conditions}
    return len(conditions) == len(operators) and all(map(known.name_of, conditions))


def _contradict(item: ParsedStatement, conditions: list[Condition]) -> bool:
    """Whether it is proven that no request meets some conditions at once."""
    from remit.iam.prove.cover import can_apply  # noqa: PLC0415 - few statements have two conditions on one key

    alone = replace(item.statement, actions=_EVERYTHING, resources=_EVERYTHING, conditions=tuple(conditions))
    return can_apply(alone, version=item.document.version) is False


def _fewest(item: ParsedStatement, conditions: list[Condition]) -> list[Condition]:
    """Those without which the others do not contradict each other."""
    needed = conditions
    for condition in conditions:
        remaining = [member for member in needed if member is not condition]
        if _contradict(item, remaining):
            needed = remaining
    return needed


def _demand(condition: Condition) -> str:
    values = ", ".join(map(repr, condition.values[:_SHOWN]))
    return f"{condition.spelled} {values}{', …' if len(condition.values) > _SHOWN else ''}"
