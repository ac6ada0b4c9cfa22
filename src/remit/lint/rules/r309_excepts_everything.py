"""NotAction or NotResource has `*`: the statement excepts everything, and applies to nothing.

An Allow grants nothing. A Deny, which people rely on, denies nothing.

Flagged:

    {"Effect": "Deny", "Action": "s3:DeleteObject", "NotResource": "*"}

Better:

    {"Effect": "Deny", "Action": "s3:DeleteObject", "NotResource": "arn:aws:s3:::scratch/*"}

Source: "IAM JSON policy elements: NotResource", "IAM JSON policy elements: NotAction" (IAM User Guide).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.lint.finding import ERROR, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = ERROR


def statement(item: ParsedStatement) -> Iterator[Problem]:
    """A statement that excepts every action or every resource."""
    element = item.excepting_everything
    if element:
        verb = "grants" if item.allows else "denies"
        message = f"{element} '*' excepts everything: the statement {verb} nothing"
        hint = f"name what is excepted, or write {element.removeprefix('Not')}"
        yield Problem(message, hint, (element, "*"))
