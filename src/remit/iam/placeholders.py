"""Places that another template language would have filled in, and that were left in a text: `{region}`, `<account>`.

Variables of IAM's (`${aws:username}`) and CloudFormation's references are none. Sources: "Format String Syntax" and
"printf-style String Formatting" (Python Standard Library).
"""

from __future__ import annotations

import re
from typing import Final

from remit.errors import RemitError
from remit.iam import tokens

# The last is an id as Bitbucket writes it.
_FILLED_IN: Final = r"\$\{[^{}]*\}|\{\{resolve:[^{}]*\}\}|\{[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}"
_LEFT: Final = re.compile(
    r"[#@%]?\{+[^{}]*\}+"  # {region}, {{region}}, #{region}, {}
    r"|<[A-Za-z][^<>]*>"
    r"|\$\([^()]*\)"  # a shell's
    r"|%s|%d(?![0-9A-Fa-f])|%\(\w+\)[sd]"  # but not the %d0 of a URL
)
_SIGNS: Final = frozenset("{<%(")


def placeholder(text: str) -> str | None:
    """The first place that was left in a text; None when there is none."""
    if _SIGNS.isdisjoint(text):
        return None
    try:
        parts = tokens.split(text)
    except RemitError:  # `${{` of another language
        parts = (text,)
    blanked = ""  # the text with blanks for what IAM or CloudFormation fills in; as long as it was
    for part in parts:
        if isinstance(part, str):
            blanked += re.sub(_FILLED_IN, lambda match: " " * len(match[0]), part)
        else:
            blanked += " " * len(part.text)
    match = _LEFT.search(blanked)
    return None if match is None else text[match.start() : match.end()]
