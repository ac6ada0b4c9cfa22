"""The name of a secret or a parameter among a function's settings, told from other text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from remit.app import StoredValue


class StoredText(str):
    """The name of a secret or parameter, as an environment holds it, with what reading its value takes."""

    __slots__ = ("stored",)
    stored: StoredValue
