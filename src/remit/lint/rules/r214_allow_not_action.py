"""An Allow with NotAction.

It grants every other action, also of services that do not exist yet.

Flagged:

    {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}

Better:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}

Source: "IAM JSON policy elements: NotAction" (IAM User Guide).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.lint.finding import WARNING, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = WARNING


def statement(item: ParsedStatement) -> Iterator[Problem]:
    """Allow with NotAction."""
    if item.allows and item.statement.actions.negated and not item.excepting_everything:
        message = "Allow with NotAction grants every other action"
        yield Problem(message, "name the actions in Action; NotAction belongs to Deny", ("NotAction",))
