"""A character that IAM does not accept.

Policies may hold tabs, line ends and U+0020 to U+00FF; anything else is refused (MalformedPolicyDocument).

Flagged:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::日本/*"}

Better:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::nihon/*"}

Source: "PutRolePolicy", parameter PolicyDocument (IAM API Reference).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from remit.lint.finding import ERROR, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.finding import Spot
    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = ERROR
_FOREIGN = re.compile(r"[^\t\n\r\x20-\xff]")


def concerned(text: str) -> bool:
    """Whether a document has other characters than ASCII's, or some that JSON escapes."""
    return not text.isascii() or ("\\" in text and any(escape in text for escape in ("\\u", "\\b", "\\f")))


def statement(item: ParsedStatement) -> Iterator[Problem]:
    """Texts with such characters."""
    for spot, text in _texts(item):
        if not (text.isascii() and text.isprintable()) and (foreign := _FOREIGN.search(text)) is not None:
            import unicodedata  # noqa: PLC0415 - large, and most texts are plain

            sign = foreign.group()
            name = unicodedata.name(sign, "").lower()
            called = f"U+{ord(sign):04X}" + (f", {name}" if name else "")
            message = (
                f"{sign!r} ({called}) at character {foreign.start() + 1} of '{text}': IAM accepts U+0020 to U+00FF only"
            )
            yield Problem(message, "use * in its place, or another name", spot)


def _texts(item: ParsedStatement) -> Iterator[tuple[Spot, str]]:
    for text in item.statement.actions.patterns:
        yield (item.action_element, text), text
    yield from item.texts
    for condition in item.statement.conditions:
        yield ("Condition", condition.spelled, condition.key), condition.key
