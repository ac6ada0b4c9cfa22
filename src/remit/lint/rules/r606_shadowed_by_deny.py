"""An Allow of which a Deny of the same policy leaves nothing.

A Deny always wins, so the Allow grants nothing.

Flagged:

    {"Version": "2012-10-17", "Statement": [
      {"Effect": "Allow", "Action": "s3:DeleteObject", "Resource": "arn:aws:s3:::orders/*"},
      {"Effect": "Deny", "Action": "s3:Delete*", "Resource": "*"}
    ]}

Better:

    {"Version": "2012-10-17", "Statement": [
      {"Effect": "Allow", "Action": "s3:DeleteObject", "Resource": "arn:aws:s3:::orders/*"},
      {"Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*"}
    ]}

Source: "Policy evaluation logic" (IAM User Guide): an explicit deny overrides any allow.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from remit.iam.policy import Globs
from remit.lint import covering
from remit.lint.finding import WARNING, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.iam.policy import Statement
    from remit.lint.subject import Document

SEVERITY = WARNING
_MOST = 200
_PAIRS = 2_000


def policy(document: Document) -> Iterator[Problem]:
    """Allows that are wholly denied, by one statement."""
    denies = [item for item in document.items if not item.allows][:_MOST]
    plain = not any(one.when or one.chooses for one in denies)
    for item in document.items if denies else ():
        if not item.allows or item.computed:
            continue  # what remit itself grants, and a Deny takes away: R704 says what breaks
        near = denies if plain else [one for one in denies if one.goes_with(item)]
        deny = next((one for one in near if covering.covers_statement(one.statement, item.statement)), None)
        if deny is not None:
            message = f"{item.called} grants nothing: the Deny of {deny.called} covers all of it"
            yield Problem(message, "remove it, or narrow the Deny", (), index=item.index)
        elif len(near) > 1 and _all_denied(item.statement, [one.statement for one in near]):
            message = f"{item.called} grants nothing: {len(near)} Denies cover all of it between them"
            yield Problem(message, "remove it, or narrow the Denies", (), index=item.index)


def _all_denied(allowed: Statement, denies: list[Statement]) -> bool:
    """Whether each of its actions, on each of its resources, is within some Deny."""
    actions, resources = allowed.actions, allowed.resources
    if actions.negated or resources is None or resources.negated:
        return False
    if len(actions.patterns) * len(resources.patterns) * len(denies) > _PAIRS:
        return False
    parts = (
        replace(allowed, actions=Globs((action,)), resources=Globs((resource,)))
        for action in actions.patterns
        for resource in resources.patterns
    )
    return all(any(covering.covers_statement(deny, part) for deny in denies) for part in parts)
