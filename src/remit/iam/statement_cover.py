"""Whether one statement covers another: by a cheap look at its patterns, else by the procedure of `compare`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from remit.iam.pattern_list import actions_cover, asks_no_more, resources_cover
from remit.iam.policy import VERSION, Condition, Statement

if TYPE_CHECKING:
    from remit.iam.prove.budget import Budget


def covers_statement(wide: Statement, narrow: Statement, version: str = VERSION, budget: Budget | None = None) -> bool:
    """Return whether `wide` applies wherever `narrow` does, by a cheap look, else by the procedure of `compare`."""
    answer = _covers_at_a_glance(wide, narrow)
    if answer is None:
        from remit.iam.prove.cover import covers as proven  # noqa: PLC0415 - the procedure is loaded where it is needed

        answer = proven([wide], narrow, version, budget)
    return answer


def _covers_at_a_glance(wide: Statement, narrow: Statement) -> bool | None:
    """As `covers_statement` in one look; None where that does not tell.

    What asks for further keys hardly covers anything: False.
    """
    if not asks_no_more(wide, narrow) or not actions_cover(wide.actions, narrow.actions):
        return False
    if any(_asks_for_another_value(condition, narrow) for condition in wide.conditions):
        return False
    answer = resources_cover(wide.resources, narrow.resources)
    return answer if not answer or set(wide.conditions) <= set(narrow.conditions) else None


def _asks_for_another_value(condition: Condition, narrow: Statement) -> bool:
    """Return whether a statement lets a key have a plain value that a condition does not take."""
    if condition.operator != "StringEquals" or any("${" in value for value in condition.values):
        return False
    return any(
        not set(narrow_condition.values) <= set(condition.values)
        for narrow_condition in narrow.conditions
        if narrow_condition.key == condition.key and replace(narrow_condition, values=condition.values) == condition
    )
