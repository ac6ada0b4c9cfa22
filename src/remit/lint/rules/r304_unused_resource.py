"""A resource of a statement that none of its actions acts on.

It does nothing; most likely another action, or another resource, was meant.

Flagged:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": ["arn:aws:s3:::data/*", "arn:aws:s3:::data"]}

Better:

    {"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"],
     "Resource": ["arn:aws:s3:::data/*", "arn:aws:s3:::data"]}

Source: the "Service Authorization Reference" (AWS): resource types of actions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.catalogue.expand import expand
from remit.lint.finding import NOTE, Problem
from remit.lint.resource_types import acts_on

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = NOTE


def statement(item: ParsedStatement) -> Iterator[Problem]:
    """Resources that no action takes, in a statement where others are taken."""
    if len(item.resources) == 1 or not item.names_resources:  # with one, the action has the finding
        return
    if not all(map(expand, item.statement.actions.patterns)):
        return
    names = sorted(item.known_actions)
    for text, shape in zip(item.resources, item.shapes, strict=True):
        if not any(acts_on(name, shape) for name in names):
            message = f"no action of the statement acts on '{text}': it does nothing"
            yield Problem(message, "remove it, or add the action that needs it", ("Resource", text))
