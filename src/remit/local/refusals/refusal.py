"""A refusal: what AWS refuses, where AWS says so, and how the AWS on this machine is made to refuse it too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row of the table of refusals."""

    what: str
    """What is refused, as a sentence."""
    source: str
    """The AWS documentation page, or AWS's own error."""
    install: Callable[[], object]
    """Makes the emulator refuse it, once, in the process that serves."""
