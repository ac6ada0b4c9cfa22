"""The file is the input of another tool, which fills it in before AWS reads it: templatefile, Jinja, Rain and the like.

What the tool puts in is unknown here, and said once: no rule looks at it. Where nothing fills the places in, they are
literal text, and match nothing. A policy or a template that the tool has made is looked at in whole.

Flagged:

    {"Statement": [
      {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:${region}:${account_id}:orders"}
    ]}

Better:

    {"Statement": [
      {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:eu-west-1:111122223333:orders"}
    ]}

Source: "templatefile Function" (Terraform), "Tokens" (AWS CDK Developer Guide).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.documents.slips import LANGUAGE
from remit.lint.finding import NOTE, WARNING, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.documents.slips import Slip
    from remit.lint.rule_inputs import PolicyDocument

SEVERITY = WARNING


def slip(slip: Slip) -> Iterator[Problem]:
    """The tool, or the language, that the whole file is written for."""
    if slip.kind == LANGUAGE:
        example = f" ({slip.inside})" if slip.inside else ""
        message = f"this file is written for {slip.text}{example}: what that puts in is not looked at"
        yield Problem(message, "lint what the tool makes of it, too", severity=NOTE)


def document(document: PolicyDocument) -> Iterator[Problem]:
    """The places in a policy that a tool fills in."""
    places = [place for place in document.unfilled if place.by_tool]
    if places:
        markers = tuple(dict.fromkeys(place.marker for place in places))
        others = f" and {len(markers) - 1} more" if len(markers) > 1 else ""
        message = f"{markers[0]}{others} must be filled in by a tool: as they stand, they match nothing"
        if not others:
            message = f"{markers[0]} must be filled in by a tool: as it stands, it matches nothing"
        yield Problem(message, "lint what the tool makes of it, too", places[0].spot)
