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

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.lint import conditions
from remit.lint.finding import WARNING, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = WARNING


def conditional(item: ParsedStatement) -> Iterator[Problem]:
    """Two-valued operators with two values."""
    for condition in item.statement.conditions:
        if conditions.family(condition) in ("Bool", "Null") and len(condition.values) > 1:
            both = {value.lower() for value in condition.values} >= {"true", "false"}
            why = "with both it is always met" if both else "one is enough"
            message = f"{condition.spelled} on {condition.key} has {len(condition.values)} values: {why}"
            yield Problem(message, "keep one", ("Condition", condition.spelled, condition.key))
