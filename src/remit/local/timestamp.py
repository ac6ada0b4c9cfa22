"""Write a moment as AWS's records and log events have it."""

from __future__ import annotations

from datetime import UTC, datetime


def timestamp(seconds: float) -> str:
    """A moment, in seconds since 1970, as ISO 8601 in UTC with milliseconds: `2026-11-28T10:15:00.000Z`."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
