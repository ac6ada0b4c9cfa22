"""Which of a role's grants a statement stands for that was made of them, so that its reasons and lines are kept."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from remit.app import Grant, Reason
from remit.iam.pattern_list import actions_cover, covers_statement
from remit.iam.policy import Globs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remit.iam.policy import Statement


def explained(statements: Iterable[Statement], grants: tuple[Grant, ...]) -> tuple[Grant, ...]:
    """Each statement as a grant: with the reasons of all that it stands for, and the line of the first.

    A statement stands for a grant when it gives some of what the grant gives, wherever the grant gives it. A grant that
    nothing stands for so (several statements together make it redundant) goes to those that it overlaps with, or at
    last to the first, so that no reason is lost.
    """
    merged = tuple(statements)
    standing: list[dict[Grant, None]] = [{} for _ in merged]
    place_of = {statement: place for place, statement in enumerate(merged)}
    for grant in grants:
        same_place = place_of.get(grant.statement)
        for relation in (_gives, _shares, _touches):
            places = [
                place
                for place, candidate in enumerate(merged)
                if place == same_place or relation(candidate, grant.statement)
            ]
            if places:
                break
        for place in places or range(min(1, len(merged))):
            standing[place][grant] = None
    return tuple(_grant(statement, tuple(of)) for statement, of in zip(merged, standing, strict=True))


def _grant(statement: Statement, of: tuple[Grant, ...]) -> Grant:
    if len(of) == 1 and of[0].statement == statement:
        return of[0]
    reason = Reason("text", "; ".join(dict.fromkeys(grant.because for grant in of)))
    origin = next((grant.origin for grant in of if grant.origin is not None), None)
    return Grant(statement, reason, origin, stands_for=of)


def _gives(wide: Statement, narrow: Statement) -> bool:
    """Whether some action on some resource of `narrow` is given by `wide` whenever `narrow` gives it."""
    if wide.effect != narrow.effect:
        return False
    action = next((action for action in _each(narrow.actions) if actions_cover(wide.actions, action)), None)
    if action is None:
        return False
    for resource in (None,) if narrow.resources is None else _each(narrow.resources):
        if covers_statement(wide, replace(narrow, actions=action, resources=resource)):
            return True
    return False


def _each(globs: Globs) -> tuple[Globs, ...]:
    """Each pattern alone; a list that is negated says one thing."""
    return (globs,) if globs.negated else tuple(Globs((pattern,)) for pattern in globs.patterns)


def _shares(left: Statement, right: Statement) -> bool:
    """Whether both may say the same of something."""
    return left.effect == right.effect and _touches(left, right)


def _touches(left: Statement, right: Statement) -> bool:
    """Whether both may speak of the same action on the same resource, whatever their conditions."""
    from remit.iam.prove.cover import can_apply  # noqa: PLC0415 - few statements come from nowhere

    return can_apply(replace(left, conditions=()), replace(right, conditions=())) is not False
