"""Patterns of a list that others make redundant, and lists that plainly take all of another."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from remit.iam.pattern import covers, is_pattern, overlaps, plainly_covers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from remit.iam.policy import Globs, Statement

_WILDCARD: Final = re.compile(r"[*?]")
_PUT_IN: Final = re.compile(r"\$\{\{.*\}\}|\$\{[^}]*\}")


def with_stars(text: str) -> str:
    """The text with `*` for each variable of IAM and each reference or function of CloudFormation."""
    return _PUT_IN.sub("*", text)


class PatternList:
    """Patterns by what stands before their first wildcard: they cover only what begins like that.

    With `spend`, which is told how many texts are held against each other, only what one look tells counts as covered.
    """

    __slots__ = ("_by_head", "_covers", "_lengths", "_order", "_spend", "_texts")

    def __init__(self, patterns: Iterable[str], spend: Callable[[int], None] | None = None) -> None:
        self._covers = covers if spend is None else plainly_covers
        self._spend = spend
        self._texts = dict.fromkeys(patterns)
        self._order = {text: position for position, text in enumerate(self._texts) if is_pattern(text)}
        self._by_head: dict[str, list[str]] = {}
        for text in self._order:
            self._by_head.setdefault(head(text), []).append(text)
        self._lengths = sorted({len(start) for start in self._by_head})

    def cover_of(self, text: str) -> str | None:
        """The first other pattern that covers a text of the list; of two that say the same, the first stays.

        None: no other one covers it.
        """
        covering = []
        for patterns in self._beginning_like(text):
            for pattern in patterns:
                if pattern == text or not self._covers(pattern, text):
                    continue
                if not self._covers(text, pattern) or self._order[pattern] < self._order[text]:
                    covering.append(pattern)
                    break
        return min(covering, key=self._order.__getitem__, default=None)

    def takes_all(self, texts: Iterable[str]) -> bool:
        """Return whether each text or pattern is in the list, or a pattern of the list covers it."""
        return all(text in self._texts or self._has_cover_of(text) for text in texts)

    def overlaps(self, text: str) -> bool:
        """Return whether a text, or one that a pattern describes, is in the list or matches a pattern of it."""
        if not is_pattern(text) and not text.startswith(tuple(map(head, self._texts))):
            return False
        return any(overlap(listed, text) for listed in self._texts)

    def _has_cover_of(self, text: str) -> bool:
        """Return whether a pattern of the list covers a text."""
        return any(self._covers(pattern, text) for patterns in self._beginning_like(text) for pattern in patterns)

    def _beginning_like(self, text: str) -> Iterator[list[str]]:
        """Yield the patterns whose literal beginnings are a text's, the shorter first."""
        longest = len(head(text)) if self._lengths else 0
        for length in self._lengths:
            if length > longest:
                return
            patterns = self._by_head.get(text[:length], [])
            if self._spend is not None:
                self._spend(1 + len(patterns))
            yield patterns


@lru_cache(maxsize=16_384)
def head(pattern: str) -> str:
    """The text before the first wildcard."""
    return _WILDCARD.split(pattern, maxsplit=1)[0]


def overlap(pattern: str, other_pattern: str) -> bool:
    """As `pattern.overlaps`, after a cheap look at how the two begin."""
    begin_alike = head(pattern).startswith(head(other_pattern)) or head(other_pattern).startswith(head(pattern))
    return begin_alike and overlaps(pattern, other_pattern)


def asks_no_more(wide: Statement, narrow: Statement) -> bool:
    """Return whether each condition key of `wide` is one of `narrow`, too: else `wide` hardly covers it."""
    if not wide.conditions:
        return True
    keys = {condition.key.lower() for condition in narrow.conditions}
    return keys.issuperset(condition.key.lower() for condition in wide.conditions)


def actions_cover(wide: Globs, narrow: Globs) -> bool:
    """Return whether `wide` plainly has all actions of `narrow`; False also where one look does not tell."""
    if not wide.negated and not narrow.negated:
        return _listed_actions(wide.patterns).takes_all(folded(narrow.patterns))
    if not wide.negated:
        return "*" in wide.patterns
    if narrow.negated:
        return _listed_actions(narrow.patterns).takes_all(folded(wide.patterns))
    spared = _listed_actions(wide.patterns)
    return not any(map(spared.overlaps, folded(narrow.patterns)))


def resources_cover(wide: Globs | None, narrow: Globs | None) -> bool | None:
    """As `actions_cover` for resources; None where one look does not tell."""
    if wide == narrow:
        return True
    if wide is None or narrow is None or wide.negated or narrow.negated:
        return None
    if not any("${" in text for text in (*wide.patterns, *narrow.patterns)):
        return _listed(wide.patterns).takes_all(narrow.patterns)
    answers = {_takes(wide.patterns, text) for text in narrow.patterns}
    if False in answers:
        return False
    return None if None in answers else True


def _takes(patterns: tuple[str, ...], text: str) -> bool | None:
    """Return whether patterns take a text, where they or it hold variables or references; None where that is open.

    Nobody knows what a reference stands for, so that only itself and a star surely take it.
    """
    if text in patterns or any(
        plainly_covers(pattern, text) for pattern in patterns if "${" not in pattern and "?" not in pattern
    ):
        return True
    anything = with_stars(text)
    return None if any(overlap(with_stars(pattern), anything) for pattern in patterns) else False


@lru_cache(maxsize=1024)
def _listed(patterns: tuple[str, ...]) -> PatternList:
    """The patterns of resources as a list, made once."""
    return PatternList(patterns)


@lru_cache(maxsize=1024)
def _listed_actions(patterns: tuple[str, ...]) -> PatternList:
    """As `_listed`, of actions, which are compared without case."""
    return PatternList(folded(patterns))


@lru_cache(maxsize=8192)
def folded(patterns: tuple[str, ...]) -> tuple[str, ...]:
    """The patterns in lower case."""
    return tuple(map(str.lower, patterns))
