"""Text for people: what came from elsewhere as a terminal may show it, references as templates spell them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from remit.iam.tokens import for_people

_CONTROLS: Final = r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"
"""All but tab and newline: with the others a text can clear the screen, hide a line, or retitle the window."""


_SENTENCES: Final = frozenset(
    {"advice", "because", "cause", "error", "hint", "message", "note", "notes", "reason", "text"}
)
"""The members of remit's JSON that hold sentences, or lists of them."""


def shown(text: str) -> str:
    """The text with its control characters (those that turn writing round, too) spelled out as Python does.

    A function of CloudFormation's that nobody can resolve here is shown as its author wrote it: `{!ImportValue x}`.
    """
    if "${{" in text:
        text = for_people(text)
    return re.sub(_CONTROLS, lambda control: ascii(control[0])[1:-1], text)


def line(text: str) -> str:
    """A text as `shown`, on one line: newlines are spelled out as well."""
    return shown(text).replace("\n", "\\n")


def readable(document: Any) -> Any:
    """A document with its sentences spelled like `shown`; its data stays as it is, and JSON escapes the controls."""
    return _readable(document, is_sentence=False)


def _readable(value: Any, *, is_sentence: bool) -> Any:
    """A document with CloudFormation's functions in its sentences as templates spell them; other members stay."""
    if isinstance(value, dict):
        return {name: _readable(member, is_sentence=name in _SENTENCES) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_readable(item, is_sentence=is_sentence) for item in value]
    return for_people(value) if is_sentence and isinstance(value, str) else value


def page(lines: Iterable[str]) -> str:
    """Lines below each other, each as `line`."""
    return "".join(f"{line(text)}\n" for text in lines)
