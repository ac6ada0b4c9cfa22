"""An action is allowed on resources of another service alone.

It never matches.

Flagged:

    {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "arn:aws:s3:::data"}

Better:

    {"Effect": "Allow", "Action": "dynamodb:GetItem",
     "Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/orders"}

Source: the "Service Authorization Reference" (AWS): resource types of actions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.lint import resource_fit
from remit.lint.finding import ERROR, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = ERROR


def statement(item: ParsedStatement) -> Iterator[Problem]:
    """Actions of a service that no resource of the statement belongs to."""
    for text, names in item.unfit:
        if not resource_fit.same_service(names, item.shapes):
            services = ", ".join(resource_fit.services_of(item.shapes))
            target = resource_fit.acted_on(names[0])
            message = f"'{text}' acts on {target}, and every Resource here is of {services}: it never matches"
            yield Problem(message, f"name {target} in Resource", ("Action", text), item.severity_of(names[0]))
