"""A statement has an element and its negative: Action and NotAction, or Resource and NotResource.

IAM refuses the document: exactly one of each pair may be there.

Flagged:

    {"Effect": "Allow", "Action": "s3:GetObject", "NotAction": "s3:DeleteObject", "Resource": "arn:aws:s3:::data/*"}

Better:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}

Source: "Grammar of the IAM JSON policy language" (IAM User Guide).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.lint.finding import ERROR, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import WrittenStatement

SEVERITY = ERROR


def shape(written: WrittenStatement) -> Iterator[Problem]:
    """A pair of which both are there."""
    for element in ("Action", "Resource", "Principal"):
        negative = f"Not{element}"
        if element in written.value and negative in written.value:
            message = f"the statement has both '{element}' and '{negative}': IAM allows exactly one of them"
            yield Problem(message, "delete one of them, or split the statement in two", (negative,))
