"""Text that came from elsewhere (AWS, a function's log, an exception), as a terminal may show it."""

from __future__ import annotations

import re
from typing import Final

_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""All but tab and newline: with the others a text can clear the screen, hide a line, or retitle the window."""


def shown(text: str) -> str:
    """The text with its control characters (those that turn writing round, too) spelled out as Python does."""
    return _CONTROLS.sub(lambda found: ascii(found[0])[1:-1], text)
