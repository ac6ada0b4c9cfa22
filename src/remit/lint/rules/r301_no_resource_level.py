"""An action that knows no resources is allowed on an ARN.

Such actions match `*` alone, so the statement never grants them: AccessDenied. Some that list things are checked
against an ARN that stands for all of a kind (`log-group::log-stream:`): a pattern that matches it will do.

Flagged:

    {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "arn:aws:s3:::data"}

Better:

    {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}

Source: the "Service Authorization Reference" (AWS): actions without a resource type.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.catalogue.expand import expand
from remit.lint import cdk_grants
from remit.lint.finding import ERROR, NOTE, Problem
from remit.lint.resource_types import actions_on_resources, acts_on

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = ERROR


def statement(item: ParsedStatement) -> Iterator[Problem]:
    """Actions without resource types, by name or by a pattern that means no others."""
    if not item.names_arns:
        return
    for text in item.statement.actions.patterns:
        names = expand(text)
        if names and not actions_on_resources(text) and not _listed(names, item):
            subject = f"'{names[0]}'" if len(names) == 1 else f"no action of '{text}'"
            verb = "has no" if len(names) == 1 else "has"
            message = f"{subject} {verb} resource-level permissions: on an ARN it never matches"
            of_cdk = cdk_grants.hint_on(text, item.statement.actions.patterns)
            hint = of_cdk or "allow it on '*', in a statement of its own"
            yield Problem(message, hint, ("Action", text), NOTE if of_cdk else item.severity_of(names[0]))


def _listed(names: tuple[str, ...], item: ParsedStatement) -> bool:
    return any(acts_on(name, shape) for name in names for shape in item.shapes)
