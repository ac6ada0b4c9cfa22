"""iam:PassRole on every role, without iam:PassedToService.

Whoever may pass any role to a service acts with the rights of the mightiest one.

Flagged:

    {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"}

Better:

    {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "arn:aws:iam::111122223333:role/task",
     "Condition": {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}}

Source: "Granting a user permissions to pass a role to an AWS service" (IAM User Guide).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.catalogue.arns import parse as parse_arn
from remit.catalogue.expand import expand
from remit.lint.finding import WARNING, Problem
from remit.lint.subject import IDENTITY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.subject import Item

SEVERITY = WARNING
_EVERY_ROLE = frozenset({"*", "role/*"})


def statement(item: Item) -> Iterator[Problem]:
    """PassRole on every role, to every service."""
    if "iam" not in item.services or not item.allows:
        return
    if item.document.kind != IDENTITY or item.statement.actions.negated:
        return
    if any(condition.key.lower() == "iam:passedtoservice" for condition in item.statement.conditions):
        return
    iam_patterns = [text for text in item.statement.actions.patterns if text.lower().startswith("iam:")]
    passing = next((text for text in iam_patterns if "iam:PassRole" in expand(text)), None)
    wide = next((text for text in item.resources if text == "*" or _every_role(text)), None)
    if passing is not None and wide is not None and item.resource_element == "Resource":
        message = f"{passing} on '{wide}' without iam:PassedToService: any role can be passed to any service"
        yield Problem(message, "name the role, and add the condition", ("Action", passing))


def _every_role(text: str) -> bool:
    arn = parse_arn(text)
    return arn is not None and arn.service == "iam" and arn.resource in _EVERY_ROLE
