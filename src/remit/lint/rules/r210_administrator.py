"""An Allow for every action on every resource.

Whoever takes over the function takes over the account.

Flagged:

    {"Effect": "Allow", "Action": "*", "Resource": "*"}

Better:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}

Source: "Security best practices in IAM" (IAM User Guide): apply least-privilege permissions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.lint.finding import WARNING, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.subject import Item, Project

SEVERITY = WARNING
_POLICIES = {
    "AdministratorAccess": "every action on every resource",
    "PowerUserAccess": "nearly every action on every resource",
    "IAMFullAccess": "every action of IAM, and with it any right of the account",
}


def statement(item: Item) -> Iterator[Problem]:
    """Everything on everything."""
    actions = item.statement.actions
    everything = [text for text in actions.patterns if text in ("*", "*:*")]
    if item.allows and everything and not actions.negated and item.everywhere and not item.statement.conditions:
        message = "the statement grants every action on every resource: it makes an administrator"
        yield Problem(message, "list the actions that are used", ("Action", everything[0]))


def project(project: Project) -> Iterator[Problem]:
    """Managed policies that do the same."""
    origins = {function.name: function.origin for function in project.app.functions}
    for role in project.roles:
        for arn in role.managed:
            name = arn.rpartition("/")[2]
            origin = origins.get(role.functions[0]) if role.functions else None
            if name in _POLICIES and ":iam::aws:" in arn:
                message = f"the managed policy {name} grants {', '.join(role.functions)} {_POLICIES[name]}"
                yield Problem(message, "list the actions that are used", origin=origin)
