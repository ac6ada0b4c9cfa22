"""Whether one statement speaks about everything that another does."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from remit.iam.pattern import covers, matches, overlaps

if TYPE_CHECKING:
    from remit.iam.policy import Globs, Statement


_REFERENCE: Final = re.compile(r"\$\{[^{}]*\}")
_OPEN: Final = re.compile(r"[*?]")


def covers_statement(wide: Statement, narrow: Statement) -> bool:
    """Whether `wide` surely applies to each request to which `narrow` does: its conditions are among the other's."""
    if len(wide.conditions) > len(narrow.conditions) or wide.principals != narrow.principals:
        return False
    return (
        all(one in narrow.conditions for one in wide.conditions)
        and _covers(wide.actions, narrow.actions, fold=True)
        and _covers_resources(wide.resources, narrow.resources)
    )


def _covers_resources(wide: Globs | None, narrow: Globs | None) -> bool:
    if wide is None or narrow is None:
        return wide is narrow
    return _covers(wide, narrow, fold=False)


def _covers(wide: Globs, narrow: Globs, *, fold: bool) -> bool:
    if wide.negated and not narrow.negated:
        return not any(_meets_any(wide.patterns, text, fold=fold) for text in narrow.patterns)
    if wide.negated or narrow.negated:
        return wide == narrow or (not wide.negated and "*" in wide.patterns)
    texts, open_ = _sides(wide.patterns, fold=fold)
    others = _sides(narrow.patterns, fold=fold)[0] - texts
    return not others or (bool(open_) and all(any(glob_covers(one, text) for one in open_) for text in others))


def _meets_any(patterns: tuple[str, ...], text: str, *, fold: bool) -> bool:
    """Whether something may match the text and one of the patterns: not so when no two begin alike."""
    (opened, head), (heads, others) = _opened(text, fold=fold), _all_opened(patterns, fold=fold)
    place = bisect_left(heads, head)
    alike = head.startswith(heads) or (place < len(heads) and heads[place].startswith(head))
    return alike and any(
        (head.startswith(other) or other.startswith(head)) and overlaps(one, opened) for one, other in others
    )


@lru_cache(maxsize=1024)
def _all_opened(patterns: tuple[str, ...], *, fold: bool) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """What stands before the first wildcard of each, sorted; and each as `_opened`."""
    each = tuple(_opened(text, fold=fold) for text in patterns)
    return tuple(sorted(head for _, head in each)), each


@lru_cache(maxsize=16384)
def _opened(text: str, *, fold: bool) -> tuple[str, str]:
    """A text with `*` for what is late-bound, and what stands before its first wildcard."""
    opened = _REFERENCE.sub("*", text.lower() if fold else text)
    return opened, _OPEN.split(opened, maxsplit=1)[0]


@lru_cache(maxsize=4096)
def _sides(patterns: tuple[str, ...], *, fold: bool) -> tuple[frozenset[str], tuple[str, ...]]:
    """All texts of a list, and those of them with wildcards; actions are folded."""
    texts = tuple(text.lower() for text in patterns) if fold else patterns
    return frozenset(texts), tuple(text for text in texts if "*" in text or "?" in text)


def glob_covers(wide: str, narrow: str) -> bool:
    """As `pattern.covers`, quicker.

    Without `?`, a pattern covers another exactly if it matches its text: the other's wildcards are signs that only a
    star takes, and what a star takes may as well be anything else.
    """
    if wide in ("*", narrow):
        return True
    if "?" in wide:
        return covers(wide, narrow)
    return "*" in wide and matches(wide, narrow)
