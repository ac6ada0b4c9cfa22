"""Partial denials: AWS refuses one object of DeleteObjects, or one secret of a batch, and goes on with the rest."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DeniedPart:
    """A part of a request, by the names that its needs have for it, and AWS's message."""

    part: tuple[str, ...]
    message: str
