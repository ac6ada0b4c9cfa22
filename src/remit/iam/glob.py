"""Globs as sets of texts: the points that stand for a whole pattern, and where two patterns meet.

The fresh-symbol lemma: put a symbol that no pattern spells for every `*` of a pattern p, and call the text g(p). A
pattern q of literals and `*` matches g(p) exactly when it describes everything that p does. So one text decides for
all of p. With `?` in q the length of what stands for a `*` matters, up to one more than q has of them: then p has
several points.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import product
from math import comb
from typing import Final

from remit.iam.pattern import matcher, overlaps

FRESH: Final = "\ue000"
"""The symbol; like every mark of the compared texts it stands in a private plane of Unicode."""
MOST_POINTS: Final = 1_024
MOST_MEETS: Final = 64
MOST_WAYS: Final = 500  # in which the stars of two patterns can stand in a row
LONGEST: Final = 100_000  # places of one pattern times places of the other; real ones have at most a few thousand
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


@lru_cache(maxsize=16_384)
def within(narrow: str, wide: str) -> bool:
    """Whether `wide` describes all of `narrow`; False may also mean: only by way of its `?`."""
    match = matcher(wide)
    return wide == narrow or (("?" not in wide or "*" not in narrow) and match(points(narrow)[0]))


@lru_cache(maxsize=16_384)
def meet(one: str, other: str) -> tuple[str, ...]:
    """Patterns that together describe what both do; none when nothing is. Raises Unclear when they are too many."""
    if within(one, other):
        return (one,)
    if within(other, one):
        return (other,)
    if not overlaps(one, other):
        return ()
    head = _common_head(one, other)
    ways = comb(one.count("*") + other.count("*"), other.count("*"))
    if ways > MOST_WAYS or (len(one) - head) * (len(other) - head) > LONGEST:
        raise Unclear("two patterns meet in too many ways")
    found = _meet(_RUNS.sub("*", one[head:]), _RUNS.sub("*", other[head:]))
    return tuple(sorted(one[:head] + rest for rest in found))


def _common_head(one: str, other: str) -> int:
    length = 0
    for first, second in zip(one, other, strict=False):
        if first != second or first in "*?":
            break
        length += 1
    return length


def _meet(one: str, other: str) -> frozenset[str]:
    """The meet of the tails, from the ends towards the front: `*P & *Q = *(P & *Q) | *(*P & Q)`."""
    nothing: frozenset[str] = frozenset()
    below: list[frozenset[str]] = []
    for place in range(len(one), -1, -1):
        row: list[frozenset[str]] = [nothing] * (len(other) + 1)
        for index in range(len(other), -1, -1):
            row[index] = _step(one[place : place + 1], other[index : index + 1], row, below, index)
        below = row
    return below[0]


def _step(
    first: str, second: str, row: list[frozenset[str]], below: list[frozenset[str]], index: int
) -> frozenset[str]:
    """The meet at one pair of places; `below` is the row of the next place of the first pattern."""
    if not first and not second:
        return frozenset(("",))
    after_first = below[index] if first else frozenset[str]()
    after_second = row[index + 1] if second else frozenset[str]()
    if first == "*" == second:
        return _reduced({"*" + rest.lstrip("*") for rest in after_first | after_second})
    if first == "*":
        return _reduced(after_first | {second + rest for rest in after_second} if second else after_first)
    if second == "*":
        return _reduced(after_second | {first + rest for rest in after_first} if first else after_second)
    if not first or not second or (first != second and "?" not in (first, second)):
        return frozenset()
    symbol = second if first == "?" else first
    return frozenset(symbol + rest for rest in below[index + 1])


def _reduced(found: set[str] | frozenset[str]) -> frozenset[str]:
    """Without those that another describes."""
    if len(found) < 2:  # noqa: PLR2004 - nothing to compare
        return frozenset(found)
    if len(found) > MOST_MEETS:
        raise Unclear("two patterns meet in too many ways")
    kept = [one for one in found if not any(one != other and within(one, other) for other in found)]
    return frozenset(kept)
