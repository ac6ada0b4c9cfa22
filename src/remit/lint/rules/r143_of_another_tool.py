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
from remit.lint.finding import NOTE, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.documents.slips import Slip

SEVERITY = NOTE


def slip(slip: Slip) -> Iterator[Problem]:
    """The tool, or the language, that the whole file is written for."""
    if slip.kind == LANGUAGE:
        example = f" ({slip.inside})" if slip.inside else ""
        message = f"this file is written for {slip.text}{example}: what that puts in is not looked at"
        yield Problem(message, "lint what the tool makes of it, too")
