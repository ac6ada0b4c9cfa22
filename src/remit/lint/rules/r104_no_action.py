"""A statement has neither Action nor NotAction.

IAM refuses the document.

Flagged:

    {"Effect": "Allow", "Resource": "arn:aws:s3:::data/*"}

Better:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}

Source: "IAM JSON policy elements: Action" (IAM User Guide).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.lint.elements import has
from remit.lint.finding import ERROR, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import WrittenStatement

SEVERITY = ERROR


def shape(written: WrittenStatement) -> Iterator[Problem]:
    """A statement without actions."""
    if not has(written.value, "Action"):
        message = "the statement has no 'Action' and no 'NotAction': IAM refuses it"
        yield Problem(message, "add 'Action': 'service:Operation'")
