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

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.lint import conditions
from remit.lint.finding import WARNING, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = WARNING
_BY_KEY = frozenset(
    f"dynamodb:{name}"
    for name in (
        "BatchGetItem", "BatchWriteItem", "ConditionCheckItem", "DeleteItem", "GetItem", "PutItem", "Query",
        "UpdateItem",
    )
)  # fmt: skip
"""Actions whose requests always tell keys of items."""


def conditional(item: ParsedStatement) -> Iterator[Problem]:
    """ForAllValues in an Allow, without Null beside it or another condition that needs the key."""
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
