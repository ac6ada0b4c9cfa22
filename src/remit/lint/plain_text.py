"""Return whether a text of a policy stands for itself, or holds a wildcard, a variable or a placeholder."""

from __future__ import annotations

import re
from typing import Final

from remit.lint.reference_samples import settled

_WILD: Final = re.compile(r"[*?]|\$\{")
_MARKERS: Final = frozenset("{<%")
PLACEHOLDER: Final = re.compile(
    r"(?<!\$\{)\b(?:YOUR|MY)[_-]?(?:ACCOUNT|BUCKET|REGION)[\w-]*|(?<!\$\{)\b(?:AWS[_-])?(?:ACCOUNT|REGION)(?:[_-]?(?:ID|NUMBER))?\b"
)
"""Words that people leave for others to replace."""


def is_plain(text: str) -> bool:
    """Return whether a text has no wildcard and nothing that is filled in later."""
    return _WILD.search(text) is None


def holds_placeholder(text: str) -> bool:
    """Return whether a text holds what somebody wanted to replace: `{region}`, `<account-id>`."""
    return not _MARKERS.isdisjoint(settled(text)) or PLACEHOLDER.search(text) is not None
