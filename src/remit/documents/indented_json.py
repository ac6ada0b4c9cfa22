"""Write a value as JSON that people read: ASCII, two spaces, each item on a line of its own.

The text is that of `json.dumps(value, indent=2)`, which takes three times as long: with an indentation, the standard
library writes in Python, through a generator for each level.
"""

from __future__ import annotations

import json
from json.encoder import encode_basestring_ascii as quoted
from typing import Any, Final

_INDENT: Final = "  "


def indented_json(value: Any, line_break: str = "\n") -> str:
    """The text of a value; `line_break` ends a line and begins the next one, with the indentation of the value.

    TypeError: JSON has nothing like a value in it, or like a key.
    """
    if isinstance(value, str):
        return quoted(value)
    deeper = line_break + _INDENT
    separator = f",{deeper}"
    if isinstance(value, dict) and value:
        members = [f"{_key(key)}: {indented_json(item, deeper)}" for key, item in value.items()]
        return f"{{{deeper}{separator.join(members)}{line_break}}}"
    if isinstance(value, list | tuple) and value:
        items = [indented_json(item, deeper) for item in value]
        return f"[{deeper}{separator.join(items)}{line_break}]"
    return json.dumps(value)


def _key(key: object) -> str:
    """A key as a text: JSON has no others."""
    if isinstance(key, str):
        return quoted(key)
    member = json.dumps({key: None})
    return member.removeprefix("{").removesuffix(": null}")
