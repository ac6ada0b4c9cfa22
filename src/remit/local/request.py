"""A request to the AWS on this machine as it was sent, and why it may not come in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


class RefusedRequest(Exception):
    """A request that may not come in: AWS's error code, the reason in a sentence, and the status of HTTP."""

    def __init__(self, code: str, reason: str, status: int = 403) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.status = status


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """An HTTP request as it was sent: path and query percent-encoded, header names in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, tuple[str, ...]]

    def joined_headers(self) -> dict[str, str]:
        """The headers; several lines of one are joined by commas."""
        return {name: ",".join(values) for name, values in self.headers.items()}

    def header(self, name: str) -> str | None:
        """The value of a header, by its name in lower case; several lines are joined by commas. None: there is none."""
        values = self.headers.get(name)
        return None if values is None else ",".join(values)
