"""Whether one statement speaks about everything that another does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.iam.pattern import covers

if TYPE_CHECKING:
    from remit.iam.policy import Globs, Statement


def covers_statement(wide: Statement, narrow: Statement) -> bool:
    """Whether `wide` applies to each request to which `narrow` does: its conditions are among the other's. Proven or no."""
    if not set(wide.conditions) <= set(narrow.conditions) or wide.principals != narrow.principals:
        return False
    return _covers(wide.actions, narrow.actions, fold=True) and _covers_resources(wide.resources, narrow.resources)


def _covers_resources(wide: Globs | None, narrow: Globs | None) -> bool:
    if wide is None or narrow is None:
        return wide is narrow
    return _covers(wide, narrow, fold=False)


def _covers(wide: Globs, narrow: Globs, *, fold: bool) -> bool:
    if wide.negated or narrow.negated:
        return wide == narrow or (not wide.negated and "*" in wide.patterns)
    return all(any(_one(first, second, fold=fold) for first in wide.patterns) for second in narrow.patterns)


def _one(wide: str, narrow: str, *, fold: bool) -> bool:
    if wide in ("*", narrow):
        return True
    if "*" not in wide and "?" not in wide and not fold:
        return False
    return covers(wide.lower(), narrow.lower()) if fold else covers(wide, narrow)
