"""A limit on the work of a proof, counted in steps, so that an answer never depends on how fast a machine is.

One step is about the time to match one text against one pattern.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Final

from remit.iam.prove.glob_sets import UndecidedQuestion, meeting

STEPS: Final = 8_000_000
"""A few seconds; real roles need a few thousand."""


class Exhausted(UndecidedQuestion):
    """The budget is spent; what has not been decided yet stays undecided."""


class Budget:
    """`left` of all `steps`; steps for the same subject are spent `once`."""

    __slots__ = ("_paid", "left", "steps")

    def __init__(self, steps: int = STEPS) -> None:
        self.steps = steps
        self.left = steps
        self._paid: set[Hashable] = set()

    @property
    def spent(self) -> int:
        """How many steps were spent."""
        return self.steps - self.left

    def spend(self, steps: int) -> None:
        """Spend steps. Raises Exhausted if there are not as many left, and from then on always."""
        self.left -= steps
        if self.left < 0:
            self.left = -1
            raise Exhausted("the comparison as a whole takes too long")

    def once(self, subject: Hashable, steps: int) -> None:
        """Spend steps for work whose result is cached: only the first time."""
        if subject not in self._paid:
            self._paid.add(subject)
            self.spend(steps)

    def meet(self, pattern: str, other_pattern: str) -> tuple[str, ...]:
        """Patterns that together describe what two patterns both do. UndecidedQuestion: they are too many.

        The budget pays for each pair once.
        """
        result = meeting(pattern, other_pattern)
        self.once((pattern, other_pattern), result.steps)
        if result.reason:
            raise UndecidedQuestion(result.reason)
        return result.patterns

    def meet_lists(self, patterns: Iterable[str], further: Iterable[tuple[str, ...]]) -> list[str]:
        """List the common part of patterns with some pattern of each further list. It raises as `meet` does."""
        common = list(patterns)
        for texts in further:
            parts = [part for pattern in common for text in texts for part in self.meet(pattern, text)]
            common = list(dict.fromkeys(parts))
        return common
