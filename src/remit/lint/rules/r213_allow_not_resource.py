"""An Allow with NotResource.

It grants the actions on everything else, also on what does not exist yet.

Flagged:

    {"Effect": "Allow", "Action": "s3:GetObject", "NotResource": "arn:aws:s3:::secrets/*"}

Better:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}

Source: "IAM JSON policy elements: NotResource" (IAM User Guide).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.lint.finding import WARNING, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = WARNING


def statement(item: ParsedStatement) -> Iterator[Problem]:
    """Allow with NotResource."""
    if item.allows and item.resource_element == "NotResource" and not item.excepting_everything:
        message = "Allow with NotResource grants every other resource"
        yield Problem(message, "name the resources in Resource; NotResource belongs to Deny", ("NotResource",))
