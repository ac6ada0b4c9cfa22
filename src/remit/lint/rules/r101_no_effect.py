"""A statement has no Effect.

IAM refuses the document (MalformedPolicyDocument). remit never guesses whether Allow or Deny was meant.

Flagged:

    {"Action": "dynamodb:GetItem", "Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/orders"}

Better:

    {"Effect": "Allow", "Action": "dynamodb:GetItem",
     "Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/orders"}

Source: "IAM JSON policy elements: Effect" (IAM User Guide).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.lint.elements import has
from remit.lint.finding import ERROR, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import WrittenStatement

SEVERITY = ERROR


def shape(written: WrittenStatement) -> Iterator[Problem]:
    """A statement without Effect."""
    if not has(written.value, "Effect"):
        yield Problem("the statement has no 'Effect': IAM refuses it", "add 'Effect': 'Allow' (or 'Deny')")
