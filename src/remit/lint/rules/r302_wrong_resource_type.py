"""An action is allowed on a resource of another type than it acts on.

It never matches: an object action on a bucket, a table action on an index.

Flagged:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data"}

Better:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}

Source: the "Service Authorization Reference" (AWS): resource types of actions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.lint import fitting
from remit.lint.finding import ERROR, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.subject import Item

SEVERITY = ERROR


def statement(item: Item) -> Iterator[Problem]:
    """Actions that act on none of the statement's resources, though on others of the same service."""
    for text, names in item.unfit:
        if fitting.same_service(names, item.shapes):
            what = fitting.wanted(names[0])
            subject = f"'{names[0]}'" if len(names) == 1 else f"'{text}'"
            message = f"{subject} acts on {what}, and no Resource here is one: it never matches"
            meant = fitting.meant_resource(names, item)
            hint = f"did you mean '{meant}'?" if meant else f"name {what} in Resource"
            yield Problem(message, hint, ("Action", text), fitting.severity(item, names))
