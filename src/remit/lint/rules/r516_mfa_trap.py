"""A condition on multi-factor authentication that misses whoever has none.

Requests with long-term keys have no `aws:MultiFactorAuthPresent` at all, so a Deny with Bool "false" does not reach
them, and an Allow with Bool "false" is for those without it. BoolIfExists reaches both.

Flagged:

    {"Effect": "Deny", "Action": "iam:*", "Resource": "*",
     "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "false"}}}

Better:

    {"Effect": "Deny", "Action": "iam:*", "Resource": "*",
     "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}}

Source: "AWS global condition context keys" (IAM User Guide): aws:MultiFactorAuthPresent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.lint import conditions
from remit.lint.finding import WARNING, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = WARNING


def conditional(item: ParsedStatement) -> Iterator[Problem]:
    """Bool on the key, with false."""
    for condition in item.statement.conditions:
        if condition.key.lower() != "aws:multifactorauthpresent" or conditions.family(condition) != "Bool":
            continue
        if [value.lower() for value in condition.values] != ["false"]:
            continue
        spot = ("Condition", condition.spelled, condition.key)
        if item.allows:
            message = f"the Allow is for requests without multi-factor authentication: {condition.key} is 'false'"
            yield Problem(message, "did you mean 'true'?", spot)
        elif not condition.if_exists:
            message = f"the Deny misses requests without {condition.key}, as those with long-term keys are"
            yield Problem(message, f"use {condition.spelled}IfExists", spot)
