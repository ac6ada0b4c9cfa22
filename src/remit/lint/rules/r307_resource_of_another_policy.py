"""The policy of a resource names an ARN, or an action, of another service.

A bucket's policy is about that bucket, a queue's about that queue: the service refuses the rest, or it does nothing.

Flagged:

    {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/app"}, "Action": "s3:GetObject",
     "Resource": ["arn:aws:s3:::data/*", "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"]}

Better:

    {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/app"}, "Action": "s3:GetObject",
     "Resource": ["arn:aws:s3:::data/*"]}

Source: "IAM policy validation check reference" (IAM User Guide): unsupported resource ARN in policy, unsupported action
in policy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.catalogue.arns import parse as parse_arn
from remit.catalogue.expand import expand
from remit.catalogue.types import access_of
from remit.lint.finding import ERROR, Problem
from remit.lint.plain_text import is_plain
from remit.lint.resource_types import acts_on
from remit.lint.rule_inputs import RESOURCE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = ERROR


def concerned(text: str) -> bool:
    """Whether a document has principals."""
    return 'Principal"' in text


def statement(item: ParsedStatement) -> Iterator[Problem]:
    """ARNs of services that no action is of, beside one that some action is of; in templates, actions, too."""
    yield from _actions(item)
    if item.document.kind != RESOURCE or item.statement.actions.negated or len(item.resources) < 2:  # noqa: PLR2004 - one beside it
        return
    vendors = {
        text: arn.service.lower()
        for text, shape in zip(item.resources, item.shapes, strict=True)
        if (arn := parse_arn(shape)) is not None and is_plain(arn.service)
    }
    own_services = item.services.intersection(vendors.values())
    for text, vendor in vendors.items():
        if own_services and vendor not in own_services and not any(acts_on(name, text) for name in item.known_actions):
            message = f"the policy of a resource of {min(own_services)} is about no resource of {vendor}: it is refused"
            yield Problem(
                message, f"grant it in the policy of the {vendor} resource, or of the role", ("Resource", text)
            )


def _actions(item: ParsedStatement) -> Iterator[Problem]:
    kind = item.document.types.get(item.document.title, "")
    if access_of(kind).policies != "resource" or item.unfit:  # then R303 tells
        return
    service = kind.split("::")[1].lower()
    for text in item.statement.actions.patterns:
        prefix = text.partition(":")[0].lower()
        if ":" in text and is_plain(prefix) and prefix != service and expand(text):
            message = f"'{text}' is not an action of {service}, whose policy this is: it is refused"
            yield Problem(message, f"name actions of {service}", (item.action_element, text))
