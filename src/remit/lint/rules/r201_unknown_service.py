"""An action of a service that does not exist.

IAM accepts it and grants nothing: AccessDenied when the function runs. The prefix in actions is not always the name
of the service, nor the name of its boto3 client.

Flagged:

    {"Effect": "Allow", "Action": "dynamdb:*", "Resource": "*"}

Better:

    {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/orders"}

Source: the "Service Authorization Reference" (AWS).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.catalogue.actions import service
from remit.catalogue.expand import expand
from remit.lint import meant_actions
from remit.lint.finding import ERROR, WARNING, Problem
from remit.lint.plain_text import is_plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = ERROR


def doubtful(item: ParsedStatement) -> Iterator[Problem]:
    """Actions whose prefix no service has."""
    for text in item.statement.actions.patterns:
        if expand(text):
            continue
        prefix, colon, operation = text.partition(":")
        if not colon or not meant_actions.well_formed(text) or not is_plain(prefix) or service(prefix):
            continue
        spot = (item.action_element, text)
        if prefix.lower() in meant_actions.CLIENT_WORDS:
            meant = meant_actions.by_name(operation, item)
            hint = f"did you mean `{meant[0]}`?" if meant else "an action reads service:Operation"
            yield Problem(f"'{text}' is a call of an SDK, not an IAM action: {item.nothing_done}", hint, spot)
            continue
        if meant_actions.used_by_aws(prefix.lower()):
            message = f"'{prefix}' in '{text}' is not a documented service, though AWS's own policies use it"
            yield Problem(message, None, spot, WARNING)
            continue
        meant = meant_actions.of_another_service(text, item)
        hint = (
            f"did you mean `{meant[0]}`?" if meant else "`remit explain SERVICE:ACTION` knows the prefixes of actions"
        )
        yield Problem(f"unknown service '{prefix}' in '{text}': IAM accepts it, and {item.nothing_done}", hint, spot)
