"""Globs as sets of texts: the points that stand for a whole pattern, and where two patterns meet.

The fresh-symbol lemma: put a symbol that no pattern spells for every `*` of a pattern p, and call the text g(p). A
pattern q of literals and `*` matches g(p) exactly when it describes everything that p does. So one text decides for
all of p. With `?` in q the length of what stands for a `*` matters, up to one more than q has of them: then p has
several points.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from math import comb
from typing import Final

from remit.iam.pattern import overlaps, plainly_covers

FRESH: Final = "\ue000"
"""The symbol; like every mark of the compared texts it stands in a private plane of Unicode."""
MOST_POINTS: Final = 1_024
MOST_MEETS: Final = 64
MOST_WAYS: Final = 500  # in which the stars of two patterns can stand in a row
LONGEST: Final = 100_000  # places of one pattern times places of the other; real ones have at most a few thousand
MOST_STEPS: Final = 1_000_000
_LOOK, _WITHIN = 4, 8  # steps to see whether one pattern describes another: one that is known, and a new one
_TOO_MANY: Final = "two patterns meet in too many ways"
_NOTHING: Final[frozenset[str]] = frozenset()
_RUNS: Final = re.compile(r"\*[*]+")


class Unclear(Exception):  # noqa: N818 - an answer, not an error: this question is left undecided
    """A question that is not decided, with the reason."""


@lru_cache(maxsize=65_536)
def points(pattern: str, singles: int = 0) -> tuple[str, ...]:
    """The texts that stand for `pattern` before patterns that have at most `singles` times `?`.

    Whatever is true of membership at some text of the pattern is true at one of these, with no further pattern
    matching.
    """
    plain = pattern.replace("?", FRESH)
    if "*" not in plain:
        return (plain,)
    if not singles:
        return (plain.replace("*", FRESH),)
    literals = _RUNS.sub("*", plain).split("*")
    lengths = range(singles + 2)
    if len(lengths) ** (len(literals) - 1) > MOST_POINTS:
        raise Unclear(f"`{pattern}` meets patterns with too many `?`")
    return tuple(
        "".join(text + FRESH * length for text, length in zip(literals, (*chosen, 0), strict=True))
        for chosen in sorted(
            product(lengths, repeat=len(literals) - 1), key=lambda some: [abs(one - 1) for one in some]
        )
    )


def some_points(pattern: str, singles: int) -> tuple[tuple[str, ...], Unclear | None]:
    """The points of a pattern, or some of them and why it is not all."""
    try:
        return points(pattern, singles), None
    except Unclear as reason:
        return (*points(pattern), pattern.replace("?", FRESH).replace("*", FRESH * (singles + 1))), reason


@dataclass(frozen=True, slots=True)
class Meeting:
    """Patterns that together describe what two patterns both do, or why they are not known; and the steps it took."""

    patterns: tuple[str, ...]
    steps: int
    reason: str = ""


@lru_cache(maxsize=16_384)
def meeting(one: str, other: str) -> Meeting:
    """Patterns that together describe what both do, with the work that it is; or the reason why there are too many.

    A step is about as long as to hold one text against one pattern.
    """
    if plainly_covers(other, one):
        return Meeting((one,), _LOOK)
    if plainly_covers(one, other):
        return Meeting((other,), _LOOK)
    walk = len(one) + len(other)
    if not overlaps(one, other):
        return Meeting((), walk)
    head = _common_head(one, other)
    ways = comb(one.count("*") + other.count("*"), other.count("*"))
    if ways > MOST_WAYS or (len(one) - head) * (len(other) - head) > LONGEST:
        return Meeting((), walk, _TOO_MANY)
    shared = _Shared()
    try:
        found = shared.of(_RUNS.sub("*", one[head:]), _RUNS.sub("*", other[head:]))
    except Unclear as reason:
        return Meeting((), walk + shared.steps, str(reason))
    return Meeting(tuple(sorted(one[:head] + rest for rest in found)), walk + shared.steps)


def _common_head(one: str, other: str) -> int:
    length = 0
    for first, second in zip(one, other, strict=False):
        if first != second or first in "*?":
            break
        length += 1
    return length


class _Shared:
    """The meet of two patterns, counting its steps."""

    __slots__ = ("steps",)

    def __init__(self) -> None:
        self.steps = 0

    def of(self, one: str, other: str) -> frozenset[str]:
        """The meet of the tails, from the ends towards the front: `*P & *Q = *(P & *Q) | *(*P & Q)`."""
        below: list[frozenset[str]] = []
        for place in range(len(one), -1, -1):
            row = [_NOTHING] * (len(other) + 1)
            for index in range(len(other), -1, -1):
                row[index] = self._at(one[place : place + 1], other[index : index + 1], row, below, index)
            self._spend(len(row) + sum(map(len, row)))
            below = row
        return below[0]

    def _at(
        self, first: str, second: str, row: list[frozenset[str]], below: list[frozenset[str]], index: int
    ) -> frozenset[str]:
        """The meet at one pair of places; `below` is the row of the next place of the first pattern."""
        if not first and not second:
            return frozenset(("",))
        after_first = below[index] if first else _NOTHING
        after_second = row[index + 1] if second else _NOTHING
        if first == "*" == second:
            return self._reduced({"*" + rest.lstrip("*") for rest in after_first | after_second})
        if first == "*":
            return self._both(after_first, {second + rest for rest in after_second})
        if second == "*":
            return self._both(after_second, {first + rest for rest in after_first})
        if not first or not second or (first != second and "?" not in (first, second)):
            return _NOTHING
        symbol = second if first == "?" else first
        return frozenset(symbol + rest for rest in below[index + 1])

    def _both(self, one: frozenset[str], other: set[str]) -> frozenset[str]:
        """Two sets of which none describes another of its own, as one."""
        if not one or not other:
            return one or frozenset(other)
        return self._reduced(one | other)

    def _reduced(self, found: set[str] | frozenset[str]) -> frozenset[str]:
        """Without those that another describes."""
        if len(found) < 2:  # noqa: PLR2004 - nothing to compare
            return frozenset(found)
        if len(found) > MOST_MEETS:
            raise Unclear(_TOO_MANY)
        self._spend(_WITHIN * len(found) * (len(found) - 1))
        kept = [one for one in found if not any(one != other and plainly_covers(other, one) for other in found)]
        return frozenset(kept)

    def _spend(self, steps: int) -> None:
        self.steps += steps
        if self.steps > MOST_STEPS:
            raise Unclear(_TOO_MANY)
