"""A `${` that is never closed.

It is not a variable but literal text, which matches nothing that was meant.

Flagged:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/${aws:PrincipalTag/team/*"}

Better:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/${aws:PrincipalTag/team}/*"}

Source: "IAM policy elements: Variables and tags" (IAM User Guide).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from remit.documents.foreign_text import without_unfilled
from remit.lint.finding import ERROR, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = ERROR
_OPEN = r"\$\{[^{}]*(?:\$\{|\Z)"


def concerned(text: str) -> bool:
    """Whether a document has variables."""
    return "${" in text


def statement(item: ParsedStatement) -> Iterator[Problem]:
    """Variables without an end, and with too many beginnings."""
    for spot, text in item.variable_texts:
        unclosed = re.search(_OPEN, without_unfilled(text, ""))  # `${…}` within a reference is a tool's, and closed
        if unclosed is not None:
            part = unclosed.group().removesuffix("${")
            message = f"'{part}' is not closed: it is literal text, and nothing matches"
            yield Problem(message, "add '}' where the variable ends", spot)
