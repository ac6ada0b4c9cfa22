"""How much work one direction of a comparison may take, counted in steps so that the answer never depends on a clock.

A step is about as long as it takes to hold one text against one pattern.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remit.iam.prove.glob_sets import Unclear, meeting

if TYPE_CHECKING:
    from collections.abc import Hashable

STEPS: Final = 8_000_000
"""A few seconds; real roles need a few thousand."""


class Exhausted(Unclear):
    """There are no steps left for what has not been decided yet."""


class Budget:
    """Steps that are `left` of all `steps`; what is spent `once` costs nothing again."""

    __slots__ = ("_known", "left", "steps")

    def __init__(self, steps: int = STEPS) -> None:
        self.steps = steps
        self.left = steps
        self._known: set[Hashable] = set()

    @property
    def spent(self) -> int:
        """Steps that are taken."""
        return self.steps - self.left

    def spend(self, steps: int) -> None:
        """Take steps. Raises Exhausted when there are not as many left, from then on always."""
        self.left -= steps
        if self.left < 0:
            self.left = -1
            raise Exhausted("the comparison as a whole takes too long")

    def once(self, what: Hashable, steps: int) -> None:
        """Take steps for what is kept and need not be done again."""
        if what not in self._known:
            self._known.add(what)
            self.spend(steps)

    def meet(self, one: str, other: str) -> tuple[str, ...]:
        """Patterns that together describe what two patterns both do. Raises Unclear when they are too many."""
        found = meeting(one, other)
        self.once((one, other), found.steps)
        if found.reason:
            raise Unclear(found.reason)
        return found.patterns
