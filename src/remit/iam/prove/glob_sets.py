"""Globs as sets of texts: a few texts that decide for a whole pattern, and the patterns of an intersection.

The fresh-symbol lemma: replace every `*` of a pattern p by a symbol that no pattern contains, and call the text g(p).
A pattern q of literals and `*` matches g(p) exactly when it matches everything that p matches. So one text, the point
of p, decides for all of p. If q contains `?`, the number of symbols for a `*` matters, up to one more than q has `?`:
then p has several points.
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
"""The symbol. Like all marks of compared texts, it is a character of Unicode's private use area."""
MOST_POINTS: Final = 1_024
MOST_MEETS: Final = 64
MOST_WAYS: Final = 500  # in which the stars of two patterns can stand in a row
LONGEST: Final = 100_000  # places of one pattern times places of the other; real ones have at most a few thousand
MOST_STEPS: Final = 1_000_000
_LOOK, _WITHIN = 4, 8  # steps to see whether one pattern describes another: one that is known, and a new one
_TOO_MANY: Final = "two patterns meet in too many ways"
_NOTHING: Final[frozenset[str]] = frozenset()
_RUNS: Final = re.compile(r"\*[*]+")


class UndecidedQuestion(Exception):
    """A question that is not decided, with the reason."""


@lru_cache(maxsize=65_536)
def points(pattern: str, most_single_wildcards: int = 0) -> tuple[str, ...]:
    """The texts that decide for `pattern` against patterns with at most `most_single_wildcards` times `?`.

    Whatever is true of membership at some text of the pattern is true at one of these, with no further pattern
    matching. UndecidedQuestion: they would be too many.
    """
    # No pattern spells the symbol, so that what matches it in the place of a `?` matches every letter there.
    plain = pattern.replace("?", FRESH)
    if "*" not in plain:
        return (plain,)
    if not most_single_wildcards:
        return (plain.replace("*", FRESH),)
    literals = _RUNS.sub("*", plain).split("*")
    # A pattern counts letters only by its `?`: a run of one more stands for all longer ones.
    lengths = range(most_single_wildcards + 2)
    if len(lengths) ** (len(literals) - 1) > MOST_POINTS:
        raise UndecidedQuestion(f"`{pattern}` meets patterns with too many `?`")
    return tuple(
        _filled(literals, chosen) for chosen in sorted(product(lengths, repeat=len(literals) - 1), key=_plainness)
    )


def _filled(literals: list[str], lengths: tuple[int, ...]) -> str:
    """Literals with runs of the symbol between them."""
    return "".join(text + FRESH * length for text, length in zip(literals, (*lengths, 0), strict=True))


def _plainness(lengths: tuple[int, ...]) -> list[int]:
    """The sort key that puts one symbol for each `*` first."""
    return [abs(length - 1) for length in lengths]


def some_points(pattern: str, most_single_wildcards: int) -> tuple[tuple[str, ...], UndecidedQuestion | None]:
    """The points of a pattern and None; or some of them, and the reason why these are not all."""
    try:
        return points(pattern, most_single_wildcards), None
    except UndecidedQuestion as reason:
        # A few points may still show a gain; only to prove that there is none, all are needed.
        return (*points(pattern), pattern.replace("?", FRESH).replace("*", FRESH * (most_single_wildcards + 1))), reason


@dataclass(frozen=True, slots=True)
class Meeting:
    """The intersection of two patterns as patterns, or the reason why it is not known; and the steps that it took."""

    patterns: tuple[str, ...]
    steps: int
    reason: str = ""


@lru_cache(maxsize=16_384)
def meeting(p: str, q: str) -> Meeting:
    """The intersection of two patterns, or the reason why it would be too many patterns.

    One step is about the time to match one text against one pattern.
    """
    if plainly_covers(q, p):
        return Meeting((p,), _LOOK)
    if plainly_covers(p, q):
        return Meeting((q,), _LOOK)
    walk = len(p) + len(q)
    if not overlaps(p, q):
        return Meeting((), walk)
    head = _common_head(p, q)
    # The stars of both may stand in any order, and each order may need a pattern of its own.
    ways = comb(p.count("*") + q.count("*"), q.count("*"))
    if ways > MOST_WAYS or (len(p) - head) * (len(q) - head) > LONGEST:
        return Meeting((), walk, _TOO_MANY)
    intersection = _Intersection()
    try:
        tails = intersection.of(_RUNS.sub("*", p[head:]), _RUNS.sub("*", q[head:]))
    except UndecidedQuestion as reason:
        return Meeting((), walk + intersection.steps, str(reason))
    return Meeting(tuple(sorted(p[:head] + tail for tail in tails)), walk + intersection.steps)


def _common_head(p: str, q: str) -> int:
    """How long a beginning without wildcards two patterns have in common."""
    length = 0
    for p_letter, q_letter in zip(p, q, strict=False):
        if p_letter != q_letter or p_letter in "*?":
            break
        length += 1
    return length


class _Intersection:
    """The intersection of two patterns as patterns, counting the steps."""

    __slots__ = ("steps",)

    def __init__(self) -> None:
        self.steps = 0

    def of(self, p: str, q: str) -> frozenset[str]:
        """The meet of the tails, from the ends towards the front: `*P & *Q = *(P & *Q) | *(*P & Q)`."""
        below: list[frozenset[str]] = []
        for position in range(len(p), -1, -1):
            row = [_NOTHING] * (len(q) + 1)
            for index in range(len(q), -1, -1):
                row[index] = self._at(p[position : position + 1], q[index : index + 1], row, below, index)
            self._spend(len(row) + sum(map(len, row)))
            below = row
        return below[0]

    def _at(
        self, p_symbol: str, q_symbol: str, row: list[frozenset[str]], below: list[frozenset[str]], index: int
    ) -> frozenset[str]:
        """The meet at one pair of places; `below` is the row of the next place of the first pattern."""
        if not p_symbol and not q_symbol:
            return frozenset(("",))
        after_p = below[index] if p_symbol else _NOTHING
        after_q = row[index + 1] if q_symbol else _NOTHING
        # Whichever star ends first, the other goes on: together they are one star before either rest.
        if p_symbol == "*" == q_symbol:
            return self._reduced({"*" + tail.lstrip("*") for tail in after_p | after_q})
        # The star ends here, or takes the next symbol of the other pattern and goes on.
        if p_symbol == "*":
            return self._both(after_p, {q_symbol + tail for tail in after_q})
        if q_symbol == "*":
            return self._both(after_q, {p_symbol + tail for tail in after_p})
        if not p_symbol or not q_symbol or (p_symbol != q_symbol and "?" not in (p_symbol, q_symbol)):
            return _NOTHING
        symbol = q_symbol if p_symbol == "?" else p_symbol
        return frozenset(symbol + tail for tail in below[index + 1])

    def _both(self, patterns: frozenset[str], further: set[str]) -> frozenset[str]:
        """The union of two sets that are each without redundant patterns."""
        if not patterns or not further:
            return patterns or frozenset(further)
        return self._reduced(patterns | further)

    def _reduced(self, patterns: set[str] | frozenset[str]) -> frozenset[str]:
        """The patterns that no other one of them covers. UndecidedQuestion: they are too many to look at."""
        if len(patterns) <= 1:
            return frozenset(patterns)
        if len(patterns) > MOST_MEETS:
            raise UndecidedQuestion(_TOO_MANY)
        self._spend(_WITHIN * len(patterns) * (len(patterns) - 1))
        return frozenset(
            pattern
            for pattern in patterns
            if not any(wide != pattern and plainly_covers(wide, pattern) for wide in patterns)
        )

    def _spend(self, steps: int) -> None:
        """Count steps. UndecidedQuestion: they are too many."""
        self.steps += steps
        if self.steps > MOST_STEPS:
            raise UndecidedQuestion(_TOO_MANY)
