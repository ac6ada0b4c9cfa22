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

from remit.catalogue.expand import expand
from remit.lint.finding import WARNING, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = WARNING
_EVERY_ROLE = frozenset({"*", "role/*"})


def statement(item: ParsedStatement) -> Iterator[Problem]:
    """PassRole on every role, to every service."""
    resource = item.every_role(_EVERY_ROLE)
    if resource is None or "iam:passedtoservice" in item.keys:
        return
    patterns = [text for text in item.statement.actions.patterns if text.lower().startswith("iam:")]
    pattern = next((text for text in patterns if "iam:PassRole" in expand(text)), None)
    if pattern is not None:
        message = f"{pattern} on '{resource}' without iam:PassedToService: any role can be passed to any service"
        yield Problem(message, "name the role, and add the condition", ("Action", pattern))
