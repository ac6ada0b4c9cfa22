"""A condition on the tags of a resource, for an action that has no resource with tags.

The key is not in the request: a Deny with it never denies the action, an Allow never allows it.

Flagged:

    {"Effect": "Deny", "Action": ["ec2:StopInstances", "s3:ListAllMyBuckets"], "Resource": "*",
     "Condition": {"StringEquals": {"aws:ResourceTag/stage": "prod"}}}

Better:

    {"Effect": "Deny", "Action": "ec2:StopInstances", "Resource": "*",
     "Condition": {"StringEquals": {"aws:ResourceTag/stage": "prod"}}}

Source: "Controlling access to AWS resources using tags" (IAM User Guide); the "Service Authorization Reference" (AWS):
condition keys of resource types; "IAM policy validation check reference" (IAM User Guide): deny with unsupported tag
condition key for service.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.catalogue.actions import target_names
from remit.catalogue.expand import expand
from remit.lint import conditions, resource_fit
from remit.lint.finding import NOTE, WARNING, Problem
from remit.lint.plain_text import is_plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.iam.policy import Condition
    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = WARNING
_KEY = "aws:ResourceTag/"


def concerned(text: str) -> bool:
    """Whether a document asks for tags."""
    return _KEY in text


def conditional(item: ParsedStatement) -> Iterator[Problem]:
    """Actions that are written out and act on nothing that has tags; NotAction, which means many such."""
    for condition in item.statement.conditions:
        if condition.key.startswith(_KEY) and conditions.needs_key(condition):
            problems = _of_not_action if item.statement.actions.negated else _of_actions
            yield from problems(item, condition)


def _of_not_action(item: ParsedStatement, condition: Condition) -> Iterator[Problem]:
    verb = "allowed" if item.allows else "denied"
    message = f"NotAction means actions without {condition.key}, too, and they are not {verb}"
    severity = NOTE if item.allows else WARNING
    yield Problem(message, "name the actions in Action", ("Condition", condition.spelled, condition.key), severity)


def _of_actions(item: ParsedStatement, condition: Condition) -> Iterator[Problem]:
    for text in item.statement.actions.patterns:
        names = expand(text) if is_plain(text) else ()
        if names and names[0].partition(":")[0] in resource_fit.RELIABLE and not target_names(names[0]):
            verb = "allows" if item.allows else "denies"
            message = f"{text} acts on nothing that has tags: with {condition.key} the statement never {verb} it"
            hint = "move it to a statement without the condition"
            yield Problem(message, hint, (item.action_element, text), NOTE if item.allows else WARNING)
