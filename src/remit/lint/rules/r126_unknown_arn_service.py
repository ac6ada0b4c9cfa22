"""An ARN of a service that does not exist.

IAM refuses vendors that it does not know, and the statement matches nothing.

Flagged:

    {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "arn:aws:dynamdb:us-east-1:111122223333:table/orders"}

Better:

    {"Effect": "Allow", "Action": "dynamodb:GetItem",
     "Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/orders"}

Source: the "Service Authorization Reference" (AWS): ARN formats of resource types.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.lint import facts
from remit.lint.finding import ERROR, WARNING, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.subject import Item

SEVERITY = ERROR


def statement(item: Item) -> Iterator[Problem]:
    """Services in ARNs."""
    for spot, arn in item.arns:
        if not facts.plain(arn.service) or facts.has_arns(arn.service.lower()):
            continue
        from remit.catalogue.resemble import nearest_services  # noqa: PLC0415 - asked of mistakes alone

        near = nearest_services(arn.service)
        hint = f"did you mean '{near[0]}'?" if near else "the third part of an ARN is the service"
        sure = arn.service in ("", "None") or any(facts.near(arn.service.lower(), [one]) for one in near)
        shown = arn.service or "(empty)"
        message = f"no resource has an ARN of service '{shown}': nothing matches"
        yield Problem(message, hint, spot, ERROR if sure else WARNING)
