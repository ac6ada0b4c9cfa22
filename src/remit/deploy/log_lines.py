"""The lines of a function's log: when, of which function, and whether Lambda itself wrote them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

_OF_LAMBDA: Final = re.compile(r"(?:INIT_START Runtime Version|(?:START|END|REPORT) RequestId|XRAY TraceId): ")
"""How the lines begin that Lambda writes around an invocation, in a log group whose format is text.

Source: "Working with Lambda function logs" (Lambda Developer Guide).
"""


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of a function's log: when (milliseconds since 1970), of which function, in which stream."""

    time_ms: int
    function: str
    stream: str
    message: str

    @property
    def time(self) -> str:
        """When it was written: ISO 8601 in UTC, milliseconds."""
        moment = datetime.fromtimestamp(self.time_ms / 1000, UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def is_of_lambda(message: str) -> bool:
    """Return whether Lambda wrote a line, and not the function."""
    return _OF_LAMBDA.match(message) is not None
