"""A condition key that requests for these actions do not have.

An Allow with it never applies.

Flagged:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
     "Condition": {"StringEquals": {"dynamodb:LeadingKeys": "alice"}}}

Better:

    {"Effect": "Allow", "Action": "dynamodb:GetItem",
     "Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/orders",
     "Condition": {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": "alice"},
                   "Null": {"dynamodb:LeadingKeys": "false"}}}

Source: the "Service Authorization Reference" (AWS): condition keys of actions and resource types.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.catalogue.action_keys import of_a_service, takes
from remit.catalogue.expand import expand
from remit.lint import conditions, resource_fit
from remit.lint.finding import ERROR, WARNING, Problem
from remit.lint.rule_inputs import IDENTITY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.iam.policy import Condition
    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = ERROR
_LISTED = 3


def conditional(item: ParsedStatement) -> Iterator[Problem]:
    """Keys that none of the actions takes, and actions that never meet them."""
    names = item.known_actions
    if not names or item.document.kind != IDENTITY or not item.allows or any("*" in prefix for prefix in item.services):
        return  # of `*`, some action takes every key
    for condition in item.statement.conditions:
        if not of_a_service(condition.key):
            continue
        if not conditions.needs_key(condition):
            yield from _always(item, condition)
            continue
        takers = [name for name in names if takes(name, condition.key)]
        if len(takers) == len(names):
            continue
        spot = ("Condition", condition.spelled, condition.key)
        if not takers:
            lacks = f"'{min(names)}' has no" if len(names) == 1 else "none of these actions has the"
            foreign = condition.key.partition(":")[0].lower() not in {name.partition(":")[0] for name in names}
            reliable = all(map(resource_fit.reliable, names))
            message = f"{lacks} condition key '{condition.key}': it is never met, and nothing is granted"
            meant = conditions.near_taken(names, condition.key)
            key_owners = conditions.takers(condition.key)
            hint = (
                f"it is a key of {' and '.join(key_owners[:2])}"
                if key_owners
                else "`remit explain ACTION` lists an action's keys"
            )
            hint = f"did you mean `{meant}`?" if meant else hint
            yield Problem(message, hint, spot, ERROR if foreign or meant or reliable else WARNING)
        else:
            yield from _partly(item, condition.key, spot)


def _always(item: ParsedStatement, condition: Condition) -> Iterator[Problem]:
    """A negated condition on a key that no request has is always met."""
    foreign = condition.key.partition(":")[0].lower() not in item.services
    if not conditions.negated(condition) or condition.if_exists or not foreign:
        return
    if not any(takes(name, condition.key) for name in item.known_actions):
        message = f"none of these actions has the condition key '{condition.key}': {condition.spelled} is always met"
        spot = ("Condition", condition.spelled, condition.key)
        yield Problem(message, "use a key that they have, or aws:ResourceTag/KEY for tags", spot, WARNING)


def _partly(item: ParsedStatement, key: str, spot: tuple[str, ...]) -> Iterator[Problem]:
    """Actions that are written out and never meet the condition."""
    idle = [
        text
        for text in item.statement.actions.patterns
        if (meant := expand(text)) and not any(takes(name, key) for name in meant)
    ]
    if idle:
        listed = ", ".join(idle[:_LISTED]) + (f" and {len(idle) - _LISTED} more" if len(idle) > _LISTED else "")
        verb = "has" if len(idle) == 1 else "have"
        message = (
            f"{listed} {verb} no condition key '{key}': the statement never grants {'it' if len(idle) == 1 else 'them'}"
        )
        yield Problem(message, "move it to a statement without the condition", spot, WARNING)
