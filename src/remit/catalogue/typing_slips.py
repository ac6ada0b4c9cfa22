"""Slips of the keyboard between two words: how many there are, and which known word is the nearest."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

LEAST_SLIPS: Final = 2
_SHORTLIST: Final = 30


def slips(left: str, right: str) -> int:
    """How many letters to add, drop, replace or swap with their neighbour to turn one word into the other."""
    before: list[int] = []
    last = list(range(len(right) + 1))
    for i, here in enumerate(left, 1):
        row = [i]
        for j, there in enumerate(right, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (here != there))
            if i > 1 and j > 1 and here == right[j - 2] and left[i - 2] == there:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]


def near(word: str, known: Iterable[str]) -> str | None:
    """The known word that differs from a word by the fewest slips, at most two (a third of a short word); else None.

    Of several the one that has the very letters, in another order, or that the word begins or ends: a name cut short
    has lost letters and no others instead.
    """
    reach = min(LEAST_SLIPS, max(1, len(word) // 3))
    close = ((slips(word, one), one) for one in known if abs(len(one) - len(word)) <= reach)
    ranked = sorted((number, *_differences(word, one), one) for number, one in close if number <= reach)
    return ranked[0][-1] if ranked else None


def _differences(word: str, one: str) -> tuple[bool, bool]:
    return sorted(word) != sorted(one), not (one.startswith(word) or one.endswith(word))


def within_reach(wanted: str, known: Iterable[str]) -> list[str]:
    """The known words within reach of a word: fewest slips first, then the longest common beginning, the same end."""
    pairs = _pairs(wanted)
    reach = max(2, len(wanted) // 3)
    shortlist = sorted(
        (word for word in known if abs(len(word) - len(wanted)) <= reach),
        key=lambda word: (-2 * len(pairs & _pairs(word)) / (len(pairs) + len(word) + 1), word),
    )[:_SHORTLIST]
    ranked = sorted((slips(wanted, word), -common(wanted, word), word[-1:] != wanted[-1:], word) for word in shortlist)
    return [word for distance, *_, word in ranked if distance <= reach]


@lru_cache(maxsize=32768)
def _pairs(word: str) -> frozenset[str]:
    return frozenset(map("".join, zip(f"^{word}", f"{word}$", strict=True)))


def common(left: str, right: str) -> int:
    """How many letters two words begin with alike."""
    return next(
        (place for place, (a, b) in enumerate(zip(left, right, strict=False)) if a != b),
        min(len(left), len(right)),
    )
