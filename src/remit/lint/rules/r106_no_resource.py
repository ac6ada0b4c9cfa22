"""A statement of an identity policy has neither Resource nor NotResource.

IAM refuses the document. Only trust policies have no Resource.

Flagged:

    {"Effect": "Allow", "Action": "dynamodb:GetItem"}

Better:

    {"Effect": "Allow", "Action": "dynamodb:GetItem",
     "Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/orders"}

Source: "IAM JSON policy elements: Resource" (IAM User Guide).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.lint.elements import has
from remit.lint.finding import ERROR, Problem
from remit.lint.rule_inputs import IDENTITY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import WrittenStatement

SEVERITY = ERROR


def shape(written: WrittenStatement) -> Iterator[Problem]:
    """A statement without resources."""
    if written.document.kind == IDENTITY and not has(written.value, "Resource"):
        hint = "add 'Resource': an ARN, or '*' if it must be everything"
        yield Problem("the statement has no 'Resource': an identity policy must say on what", hint)
