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

from remit.catalogue.managed_policies import is_of_aws
from remit.iam import tokens
from remit.lint.finding import WARNING, Problem
from remit.lint.rule_inputs import IDENTITY
from remit.template.branches import items

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.finding import Spot
    from remit.lint.rule_inputs import ParsedStatement, Project
    from remit.template.written_template import WrittenTemplate

SEVERITY = WARNING
_POLICIES = {
    "AdministratorAccess": "every action on every resource",
    "PowerUserAccess": "nearly every action on every resource",
    "IAMFullAccess": "every action of IAM, and with it any right of the account",
}


def statement(item: ParsedStatement) -> Iterator[Problem]:
    """Everything on everything; what says how much others may grants nothing."""
    actions = item.statement.actions
    everything = [text for text in actions.patterns if text in ("*", "*:*")]
    if (
        item.document.kind == IDENTITY
        and item.allows
        and everything
        and not actions.negated
        and item.everywhere
        and not item.statement.conditions
    ):
        message = "the statement grants every action on every resource: it makes an administrator"
        yield Problem(message, "list the actions that are used", ("Action", everything[0]))


def template(written: WrittenTemplate) -> Iterator[Problem]:
    """Managed policies of a template's roles, users, groups and functions that do the same."""
    for name, _, properties in written.with_properties():
        for element in ("ManagedPolicyArns", "ManagedPolicies", "Policies"):
            path: Spot = ("Resources", name, "Properties", element)
            for item in items(properties.get(element), path):
                text = tokens.textual(item.value)
                policy = text.rpartition("/")[2] if isinstance(text, str) else ""
                if policy in _POLICIES and (is_of_aws(text) or text == policy):
                    message = f"the managed policy {policy} grants {name} {_POLICIES[policy]}"
                    yield Problem(message, "list the actions that are used", item.path)


def project(project: Project) -> Iterator[Problem]:
    """Managed policies that do the same."""
    functions = {function.name: function for function in project.app.functions}
    for role in project.roles:
        for arn in role.managed:
            name = arn.rpartition("/")[2]
            owner = functions.get(role.functions[0]) if role.functions else None
            origin = None if owner is None else owner.managed_written.get(arn, owner.origin)
            if name in _POLICIES and is_of_aws(arn):
                message = f"the managed policy {name} grants {', '.join(role.functions)} {_POLICIES[name]}"
                yield Problem(message, "list the actions that are used", origin=origin)
