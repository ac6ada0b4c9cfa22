"""A Sid has characters other than letters and digits.

IAM refuses it in the policies of roles, users and groups.

Flagged:

    {"Sid": "read orders!", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::orders/*"}

Better:

    {"Sid": "ReadOrders", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::orders/*"}

Source: "IAM JSON policy elements: Sid" (IAM User Guide).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from remit.documents.foreign_text import without_unfilled
from remit.lint.finding import ERROR, Problem
from remit.lint.rule_inputs import RESOURCE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import WrittenStatement

SEVERITY = ERROR


def shape(written: WrittenStatement) -> Iterator[Problem]:
    """A Sid that IAM refuses; the services that keep resource policies take more."""
    sid = written.value.get("Sid")
    if not isinstance(sid, str) or written.document.kind == RESOURCE:
        return
    strange = dict.fromkeys(re.findall(r"[^A-Za-z0-9]", without_unfilled(sid, "")))
    if strange:
        fixed = "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", sid))
        contains = " and ".join(repr(sign) for sign in strange)
        message = f"Sid {sid!r} contains {contains}: only A-Z, a-z and 0-9 are allowed"
        yield Problem(message, f"use {fixed!r}", ("Sid",))
