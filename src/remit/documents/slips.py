"""Slips that a reader noticed: nothing that keeps a document from being read, and yet worth saying."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from remit.errors import Path

LANGUAGE: Final = "language"
"""The kind of a slip that names the tool, or the template language, that the file is written for."""

REPEATED_KEY: Final = "repeated key"
"""The kind of a slip of a template that gives a key twice: `inside` has the first place, and the last value counts."""


@dataclass(frozen=True, slots=True)
class Slip:
    """A date, an octal number, a key that stands twice in a Python dict or a template, a template language."""

    kind: str
    text: str
    path: Path
    inside: str = ""
