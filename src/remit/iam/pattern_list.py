"""Which patterns of a list others make redundant, and whether one list takes all that another does."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from remit.iam.pattern import covers, is_pattern, overlaps, plainly_covers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from remit.iam.policy import Globs

_WILDCARD: Final = re.compile(r"[*?]")


class PatternList:
    """Patterns by what stands before their first wildcard: they cover only what begins like that.

    With `spend`, which is told how many texts are held against each other, only what one look tells counts as covered.
    """

    __slots__ = ("_by_head", "_covers", "_lengths", "_order", "_spend")

    def __init__(self, patterns: Iterable[str], spend: Callable[[int], None] | None = None) -> None:
        self._covers = covers if spend is None else plainly_covers
        self._order = {text: place for place, text in enumerate(dict.fromkeys(patterns)) if is_pattern(text)}
        self._by_head: dict[str, list[str]] = {}
        for text in self._order:
            self._by_head.setdefault(head(text), []).append(text)
        self._lengths = sorted({len(start) for start in self._by_head})
        self._spend = spend

    def cover_of(self, text: str) -> str | None:
        """The first other pattern that covers a text or pattern; of two that say the same, the first stays."""
        longest = len(head(text))
        found: str | None = None
        for length in self._lengths:
            if length > longest:
                break
            near = self._by_head.get(text[:length], ())
            if self._spend is not None:
                self._spend(1 + len(near))
            cover = next((other for other in near if other != text and self._makes_redundant(other, text)), None)
            if cover is not None and (found is None or self._order[cover] < self._order[found]):
                found = cover
        return found

    def _makes_redundant(self, wide: str, narrow: str) -> bool:
        if not self._covers(wide, narrow):
            return False
        return not self._covers(narrow, wide) or self._order[wide] < self._order[narrow]


@lru_cache(maxsize=16_384)
def head(pattern: str) -> str:
    """What stands before the first wildcard."""
    return _WILDCARD.split(pattern, maxsplit=1)[0]


def heads_agree(one: str, other: str) -> bool:
    """A cheap look before `overlaps`: whether two patterns begin alike."""
    return head(one).startswith(head(other)) or head(other).startswith(head(one))


def actions_cover(wide: Globs, narrow: Globs) -> bool:
    """Whether one statement's actions plainly are all of another's: a cheap look before `cover.covers` is asked."""
    folded, texts = _folded(wide.patterns), _folded(narrow.patterns)
    if wide.negated and narrow.negated:
        return _take_all(texts, folded)
    if narrow.negated:
        return "*" in folded
    if wide.negated:
        return not any(heads_agree(one, other) and overlaps(one, other) for one in folded for other in texts)
    return _take_all(folded, texts)


def resources_may_cover(wide: Globs | None, narrow: Globs | None) -> bool:
    """As `actions_cover` for resources; True as well where one look does not tell."""
    if wide is None or narrow is None or wide.negated or narrow.negated:
        return True
    if any("${" in text for text in (*wide.patterns, *narrow.patterns)):
        return True
    return _take_all(wide.patterns, narrow.patterns)


def _take_all(patterns: tuple[str, ...], texts: tuple[str, ...]) -> bool:
    known = _listed(patterns)
    return all(text in patterns or known.cover_of(text) is not None for text in texts)


@lru_cache(maxsize=1024)
def _listed(patterns: tuple[str, ...]) -> PatternList:
    return PatternList(patterns)


@lru_cache(maxsize=8192)
def _folded(patterns: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(str.lower, patterns))
