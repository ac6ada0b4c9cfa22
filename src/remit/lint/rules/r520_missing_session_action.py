"""A trust policy compares what nobody may set: session tags without sts:TagSession, a source identity likewise.

Whoever passes tags or a source identity needs the trust policy to allow that action, too; without it the request is
denied, and without tags the condition is not met.

Flagged:

    {"Version": "2012-10-17", "Statement": [
      {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/ci"}, "Action": "sts:AssumeRole",
       "Condition": {"StringEquals": {"aws:RequestTag/team": "red"}}}
    ]}

Better:

    {"Version": "2012-10-17", "Statement": [
      {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/ci"},
       "Action": ["sts:AssumeRole", "sts:TagSession"],
       "Condition": {"StringEquals": {"aws:RequestTag/team": "red"}}}
    ]}

Source: "Pass session tags in AWS STS", "Monitor and control actions taken with assumed roles" (IAM User Guide); "Trust
model in AWS Identity and Access Management Roles Anywhere" (IAM Roles Anywhere User Guide).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.catalogue.expand import expand
from remit.lint import conditions
from remit.lint.finding import ERROR, Problem
from remit.lint.rule_inputs import TRUST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement, PolicyDocument

SEVERITY = ERROR
_SETS = {
    "aws:requesttag/": "sts:TagSession",
    "aws:tagkeys": "sts:TagSession",
    "sts:transitivetagkeys": "sts:TagSession",
    "sts:sourceidentity": "sts:SetSourceIdentity",
}
_ANYWHERE = "rolesanywhere.amazonaws.com"
_NEEDED = ("sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession")


def concerned(text: str) -> bool:
    """Whether a document is about sessions."""
    return 'Principal"' in text and "sts:" in text.lower()


def policy(document: PolicyDocument) -> Iterator[Problem]:
    """Keys whose action no statement allows; all three actions of IAM Roles Anywhere."""
    if document.kind != TRUST:
        return
    allowed = _allowed(document.statements)
    for item in document.statements:
        for condition in item.statement.conditions if item.allows else ():
            action = next((name for key, name in _SETS.items() if condition.key.lower().startswith(key)), None)
            if action is not None and action not in allowed and conditions.needs_key(condition):
                message = f"nobody may set {condition.key}: the policy does not allow {action}, and it is never met"
                spot = ("Condition", condition.spelled, condition.key)
                yield Problem(message, f"add {action} to Action", spot, index=item.index)
    anywhere = [item for item in document.statements if item.allows and _of_anywhere(item)]
    missing = [name for name in _NEEDED if name not in _allowed(anywhere)]
    if anywhere and missing:
        message = f"IAM Roles Anywhere assumes no role without {' and '.join(missing)}"
        trusting = anywhere[0]
        place = (trusting.action_element, trusting.statement.actions.patterns[0])
        yield Problem(message, f"allow {', '.join(_NEEDED)}", place, index=trusting.index)


def _allowed(items: tuple[ParsedStatement, ...] | list[ParsedStatement]) -> frozenset[str]:
    return frozenset(
        name for item in items if item.allows for text in item.statement.actions.patterns for name in expand(text)
    )


def _of_anywhere(item: ParsedStatement) -> bool:
    return ("Service", _ANYWHERE) in item.principals
