"""An Allow to create the service-linked role of every service.

A service whose role exists can act in the account; one or two services are meant, most likely.

Flagged:

    {"Effect": "Allow", "Action": "iam:CreateServiceLinkedRole", "Resource": "*"}

Better:

    {"Effect": "Allow", "Action": "iam:CreateServiceLinkedRole", "Resource": "*",
     "Condition": {"StringEquals": {"iam:AWSServiceName": "ecs.amazonaws.com"}}}

Source: "Create a service-linked role" (IAM User Guide); "IAM policy validation check reference" (there): create SLR
with star in resource.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.catalogue.arns import parse as parse_arn
from remit.catalogue.expand import expand
from remit.lint.finding import WARNING, Problem
from remit.lint.subject import IDENTITY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.subject import Item

SEVERITY = WARNING
_CREATE = "iam:CreateServiceLinkedRole"
_EVERY = frozenset({"*", "role/*", "role/aws-service-role/*", "role/aws-service-role/*/*"})


def statement(item: Item) -> Iterator[Problem]:
    """The action on every role; `iam:*` and `*` have findings of their own."""
    if not item.allows or "iam" not in item.services or item.document.kind != IDENTITY:
        return
    if item.statement.actions.negated or item.resource_element != "Resource":
        return
    if "iam:awsservicename" in item.keys:
        return
    iam_patterns = [text for text in item.statement.actions.patterns if text.lower().startswith("iam:")]
    creating = next((text for text in iam_patterns if text != "iam:*" and _CREATE in expand(text)), None)
    wide = next((text for text in item.resources if text == "*" or _every_role(text)), None)
    if creating is not None and wide is not None:
        message = f"{creating} on '{wide}' can create the service-linked role of every service"
        hint = "compare iam:AWSServiceName, or name the role: …:role/aws-service-role/SERVICE.amazonaws.com/*"
        yield Problem(message, hint, ("Action", creating))


def _every_role(text: str) -> bool:
    arn = parse_arn(text)
    return arn is not None and arn.service == "iam" and arn.resource in _EVERY
