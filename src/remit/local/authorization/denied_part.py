"""What of a request is denied while AWS goes on with the rest: an object of DeleteObjects, a secret of a batch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DeniedPart:
    """A part of a request, by the names that its needs have for it, and AWS's message."""

    part: tuple[str, ...]
    message: str
