"""Operators over several values, and conditions that contradict each other."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from remit.catalogue.action_keys import key_type
from remit.catalogue.condition_keys import global_key
from remit.iam.policy import Globs
from remit.lint import conditions
from remit.lint import conditions as known
from remit.lint.finding import ERROR, NOTE, WARNING, Problem, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.iam.policy import Condition
    from remit.lint.rule_inputs import ParsedStatement

_BY_KEY = frozenset(
    f"dynamodb:{name}"
    for name in (
        "BatchGetItem", "BatchWriteItem", "ConditionCheckItem", "DeleteItem", "GetItem", "PutItem", "Query",
        "UpdateItem",
    )
)  # fmt: skip
"""Actions whose requests always tell keys of items."""


@rule("R510", WARNING, looks_at="conditional")
def for_all_values_trap(item: ParsedStatement) -> Iterator[Problem]:
    """An Allow with ForAllValues, which is true when the request has no such key at all.

    Flagged:

        {"Effect": "Allow", "Action": "ec2:CreateTags", "Resource": "arn:aws:ec2:us-east-1:111122223333:instance/*",
         "Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": ["team", "stage"]}}}

    Better:

        {"Effect": "Allow", "Action": "ec2:CreateTags", "Resource": "arn:aws:ec2:us-east-1:111122223333:instance/*",
         "Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": ["team", "stage"]}, "Null": {"aws:TagKeys": "false"}}}

    dynamodb:LeadingKeys is there in every request for items by their key.

    Source: "Set operators for multivalued context keys" (IAM User Guide), "Using IAM policy conditions for fine-grained
    access control" (Amazon DynamoDB Developer Guide).
    """
    if not item.allows:
        return
    for condition in item.statement.conditions:
        if condition.quantifier.lower() != "forallvalues" or conditions.family(condition) == "Null":
            continue
        key = condition.key.lower()
        needed = any(
            companion.key.lower() == key and companion is not condition and conditions.needs_key(companion)
            for companion in item.statement.conditions
        )
        if not needed and not (key == "dynamodb:leadingkeys" and _BY_KEY.issuperset(item.known_actions)):
            message = f"{condition.spelled} on {condition.key} is true when the request has no {condition.key}"
            hint = f'add "Null": {{"{condition.key}": "false"}}'
            yield Problem(message, hint, ("Condition", condition.spelled, condition.key))


_AUDIENCE = ":aud"
_KNOWN = frozenset({"", "forallvalues", "foranyvalue"})  # others are a finding of R501


@rule("R511", WARNING, looks_at="conditional")
def several_values(item: ParsedStatement) -> Iterator[Problem]:
    """A key that holds several values, compared without ForAnyValue or ForAllValues; or a set operator on a single value.

    Without a set operator, a request with several values does not meet the condition.

    Flagged:

        {"Effect": "Allow", "Action": "ec2:CreateTags", "Resource": "arn:aws:ec2:us-east-1:111122223333:instance/*",
         "Condition": {"StringEquals": {"aws:TagKeys": "team"}}}

    Better:

        {"Effect": "Allow", "Action": "ec2:CreateTags", "Resource": "arn:aws:ec2:us-east-1:111122223333:instance/*",
         "Condition": {"ForAnyValue:StringEquals": {"aws:TagKeys": "team"}}}

    Source: "Set operators for multivalued context keys" (IAM User Guide).
    """
    for condition in item.statement.conditions:
        family = conditions.family(condition)
        kind = key_type(condition.key)
        if family is None or condition.quantifier.lower() not in _KNOWN:
            continue
        spot = ("Condition", condition.spelled, condition.key)
        if family == "Null":
            yield from _of_null(condition)
        elif condition.quantifier and condition.key.lower().endswith(_AUDIENCE):
            message = f"{condition.key} holds one value: {condition.quantifier} is for keys with several"
            yield Problem(message, f"use {condition.spelled.partition(':')[2]}", spot)
        elif not kind:
            continue
        elif kind.startswith("ArrayOf") and not condition.quantifier:
            message = f"{condition.key} may hold several values, and {condition.spelled} compares one"
            sure = global_key(condition.key) is not None or condition.key.lower().startswith("dynamodb:")
            yield Problem(message, f"use ForAnyValue:{condition.spelled}", spot, WARNING if sure else NOTE)
        elif condition.quantifier and global_key(condition.key) is not None and not kind.startswith("ArrayOf"):
            message = f"{condition.key} holds one value: {condition.quantifier} is for keys with several"
            plain = condition.spelled.partition(":")[2]
            yield Problem(message, f"use {plain}", spot, NOTE)


def _of_null(condition: Condition) -> Iterator[Problem]:
    """Null asks for the key itself, of which there is one."""
    if condition.quantifier:
        always = "true" if condition.quantifier.lower() == "forallvalues" else "false"
        message = f"{condition.spelled} is always {always}: Null asks for the key, not for its values"
        yield Problem(message, "write Null", ("Condition", condition.spelled), NOTE)


@rule("R513", WARNING, looks_at="conditional")
def bool_with_several_values(item: ParsedStatement) -> Iterator[Problem]:
    """Bool or Null with more than one value.

    With both true and false the condition says nothing, and Null never tells which of the two is meant.

    Flagged:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
         "Condition": {"Bool": {"aws:SecureTransport": ["true", "false"]}}}

    Better:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
         "Condition": {"Bool": {"aws:SecureTransport": "true"}}}

    Source: "IAM JSON policy elements: Condition operators" (IAM User Guide): Boolean condition operators.
    """
    for condition in item.statement.conditions:
        if conditions.family(condition) in ("Bool", "Null") and len(condition.values) > 1:
            both = {value.lower() for value in condition.values} >= {"true", "false"}
            why = "with both it is always met" if both else "one is enough"
            message = f"{condition.spelled} on {condition.key} has {len(condition.values)} values: {why}"
            yield Problem(message, "keep one", ("Condition", condition.spelled, condition.key))


_SHOWN = 3
_EVERYTHING = Globs(("*",))


@rule("R514", ERROR, looks_at="conditional")
def contradiction(item: ParsedStatement) -> Iterator[Problem]:
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
    by_key: dict[str, list[Condition]] = {}
    for condition in item.statement.conditions:
        by_key.setdefault(condition.key.lower(), []).append(condition)
    for of_key in by_key.values():
        if len(of_key) > 1 and _are_comparable(of_key) and _contradict(item, of_key):
            contradicting = _fewest(item, of_key)
            if len(contradicting) > 1:
                last = contradicting[-1]
                demands = " and ".join(map(_demand, contradicting))
                message = f"{last.key} cannot meet {demands}: the statement never applies"
                hint = "remove one of the two" if len(contradicting) == 2 else "remove one of them"  # noqa: PLR2004 - two
                yield Problem(message, hint, ("Condition", last.spelled, last.key))


def _are_comparable(conditions: list[Condition]) -> bool:
    """Return whether each has an operator of its own, which exists; others have findings of their own."""
    operators = {condition.spelled.lower() for condition in conditions}
    return len(conditions) == len(operators) and all(map(known.name_of, conditions))


def _contradict(item: ParsedStatement, conditions: list[Condition]) -> bool:
    """Return whether it is proven that no request meets some conditions at once."""
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
