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

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.catalogue.action_keys import key_type
from remit.catalogue.condition_keys import global_key
from remit.lint import conditions
from remit.lint.finding import NOTE, WARNING, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.iam.policy import Condition
    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = WARNING
_AUDIENCE = ":aud"
_KNOWN = frozenset({"", "forallvalues", "foranyvalue"})  # others are a finding of R501


def conditional(item: ParsedStatement) -> Iterator[Problem]:
    """Keys whose number of values and operator do not go together."""
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
