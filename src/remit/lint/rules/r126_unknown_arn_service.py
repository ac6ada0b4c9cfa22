"""An ARN of a service that does not exist.

IAM refuses vendors that it does not know, and the statement matches nothing.

Flagged:

    {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "arn:aws:dynamdb:us-east-1:111122223333:table/orders"}

Better:

    {"Effect": "Allow", "Action": "dynamodb:GetItem",
     "Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/orders"}

Source: the "Service Authorization Reference" (AWS): ARN formats of resource types; "IAM JSON policy elements: Resource"
(IAM User Guide): no wildcard stands for the service.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.did_you_mean import MISSPELT, nearest
from remit.lint.finding import ERROR, WARNING, Problem
from remit.lint.plain_text import is_plain
from remit.lint.reference_samples import settled
from remit.lint.resource_types import has_arns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = ERROR


def statement(item: ParsedStatement) -> Iterator[Problem]:
    """Services in ARNs."""
    for spot, arn in item.arns:
        if arn.service == "*" and spot[0] in ("Resource", "NotResource"):
            message = "the ARN has a wildcard for its service, which IAM does not take there"
            yield Problem(message, "name the service, or write '*' for every resource", spot, WARNING)
        if not is_plain(settled(arn.service)):
            continue
        if has_arns(arn.service.lower()):
            if arn.service != arn.service.lower():
                message = f"the service in an ARN is written in small letters, not '{arn.service}': nothing matches"
                yield Problem(message, f"did you mean '{arn.service.lower()}'?", spot)
            continue
        from remit.catalogue.meant_names import nearest_services  # noqa: PLC0415 - asked of mistakes alone

        late = settled(arn.service) != arn.service
        service_of_actions = nearest(arn.service, item.services, MISSPELT)
        candidates = (service_of_actions,) if service_of_actions else nearest_services(arn.service)
        is_resembled = bool(candidates) and not late
        hint = f"did you mean '{candidates[0]}'?" if is_resembled else "the third part of an ARN is the service"
        sure = late or arn.service in ("", "None") or nearest(arn.service, candidates, MISSPELT) is not None
        written = arn.service or "(empty)"
        message = f"no resource has an ARN of service '{written}': nothing matches"
        yield Problem(message, hint, spot, ERROR if sure else WARNING)
