"""Whether one statement speaks about everything that another does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.iam.pattern import covers, matches

if TYPE_CHECKING:
    from remit.iam.policy import Globs, Statement


def covers_statement(wide: Statement, narrow: Statement) -> bool:
    """Whether `wide` surely applies to each request to which `narrow` does: its conditions are among the other's."""
    if not set(wide.conditions) <= set(narrow.conditions) or wide.principals != narrow.principals:
        return False
    return _covers_resources(wide.resources, narrow.resources) and _covers(wide.actions, narrow.actions, fold=True)


def _covers_resources(wide: Globs | None, narrow: Globs | None) -> bool:
    if wide is None or narrow is None:
        return wide is narrow
    return _covers(wide, narrow, fold=False)


def _covers(wide: Globs, narrow: Globs, *, fold: bool) -> bool:
    if wide.negated or narrow.negated:
        return wide == narrow or (not wide.negated and "*" in wide.patterns)
    return all(any(_one(first, second, fold=fold) for first in wide.patterns) for second in narrow.patterns)


def _one(wide: str, narrow: str, *, fold: bool) -> bool:
    return glob_covers(wide.lower(), narrow.lower()) if fold else glob_covers(wide, narrow)


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
