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

from remit.catalogue.expand import expand
from remit.lint.finding import WARNING, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = WARNING
_CREATE = "iam:CreateServiceLinkedRole"
_EVERY_ROLE = frozenset({"*", "role/*", "role/aws-service-role/*", "role/aws-service-role/*/*"})


def statement(item: ParsedStatement) -> Iterator[Problem]:
    """The action on every role; `iam:*` and `*` have findings of their own."""
    resource = item.every_role(_EVERY_ROLE)
    if resource is None or "iam:awsservicename" in item.keys:
        return
    patterns = [text for text in item.statement.actions.patterns if text.lower().startswith("iam:") and text != "iam:*"]
    pattern = next((text for text in patterns if _CREATE in expand(text)), None)
    if pattern is not None:
        message = f"{pattern} on '{resource}' can create the service-linked role of every service"
        hint = "compare iam:AWSServiceName, or name the role: …:role/aws-service-role/SERVICE.amazonaws.com/*"
        yield Problem(message, hint, ("Action", pattern))
