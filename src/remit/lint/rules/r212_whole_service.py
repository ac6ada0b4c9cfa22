"""An Allow for every action of a service on every resource.

`"logs"` and `"logs:*"` are short and wide: they delete as well as write.

Flagged:

    {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"}

Better:

    {"Effect": "Allow", "Action": "dynamodb:Query", "Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/orders"}

Source: "Security best practices in IAM" (IAM User Guide): apply least-privilege permissions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.catalogue.actions import service
from remit.lint.finding import NOTE, Problem
from remit.lint.rule_inputs import IDENTITY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = NOTE


def statement(item: ParsedStatement) -> Iterator[Problem]:
    """Services that are granted whole."""
    if not item.allows or not item.everywhere or item.statement.conditions or item.document.kind != IDENTITY:
        return
    for text in item.statement.actions.patterns if not item.statement.actions.negated else ():
        prefix, _, operation = text.partition(":")
        if operation == "*" and service(prefix):
            message = f"'{text}' on '*' grants every action of {prefix} on every resource"
            yield Problem(message, "name the actions and the resources that are used", ("Action", text))
