"""Which of a role's grants a statement stands for that was made of them, so that its reasons and lines are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.app import Grant, Reason
from remit.iam.pattern import covers, overlaps
from remit.iam.pattern_list import heads_agree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from remit.iam.policy import Globs, Statement


def explained(statements: Iterable[Statement], grants: tuple[Grant, ...]) -> tuple[Grant, ...]:
    """Each statement as a grant: with the reasons of all that it stands for, and the line of the first.

    A statement stands for a grant when it gives some of what the grant gives, wherever the grant gives it. A grant that
    nothing stands for so (several statements together make it redundant) goes to those that it overlaps with, or at
    last to the first, so that no reason is lost.
    """
    made = tuple(statements)
    standing: list[dict[Grant, None]] = [{} for _ in made]
    known = {statement: place for place, statement in enumerate(made)}
    for grant in grants:
        own = known.get(grant.statement)
        for relation in (_gives, _shares, _touches):
            found = [place for place, one in enumerate(made) if place == own or relation(one, grant.statement)]
            if found:
                break
        for place in found or range(min(1, len(made))):
            standing[place][grant] = None
    return tuple(_grant(statement, tuple(of)) for statement, of in zip(made, standing, strict=True))


def _grant(statement: Statement, of: tuple[Grant, ...]) -> Grant:
    if len(of) == 1 and of[0].statement == statement:
        return of[0]
    reason = Reason("text", "; ".join(dict.fromkeys(grant.because for grant in of)))
    origin = next((grant.origin for grant in of if grant.origin is not None), None)
    return Grant(statement, reason, origin, stands_for=of)


def _gives(wide: Statement, narrow: Statement) -> bool:
    """Whether some action on some resource of `narrow` is given by `wide` whenever `narrow` gives it."""
    return (
        wide.effect == narrow.effect
        and frozenset(wide.conditions) <= frozenset(narrow.conditions)
        and _meet(wide.actions, narrow.actions, covers, fold=True)
        and _on(wide, narrow, covers)
    )


def _shares(one: Statement, other: Statement) -> bool:
    """Whether both may say the same of something."""
    return one.effect == other.effect and _touches(one, other)


def _touches(one: Statement, other: Statement) -> bool:
    """Whether both may speak of the same action on the same resource."""
    return _meet(one.actions, other.actions, _overlap, fold=True) and _on(one, other, _overlap)


def _on(one: Statement, other: Statement, relation: Callable[[str, str], bool]) -> bool:
    if one.resources is None or other.resources is None:
        return one.resources == other.resources
    if relation is _overlap and one.resources.negated != other.resources.negated:
        return True  # everything but something leaves most of what there is
    return _meet(one.resources, other.resources, relation, fold=False)


def _meet(wide: Globs, narrow: Globs, relation: Callable[[str, str], bool], *, fold: bool) -> bool:
    """Whether the relation holds for a pattern of each; of two lists, one of which is negated, as far as they tell."""
    first, second = (tuple(map(str.lower, globs.patterns)) if fold else globs.patterns for globs in (wide, narrow))
    if wide.negated and narrow.negated:
        return relation is _overlap or set(first) <= set(second)
    if wide.negated:
        return any(not any(covers(one, other) for one in first) for other in second)
    if narrow.negated:
        return "*" in first
    return not set(first).isdisjoint(second) or any(relation(one, other) for one in first for other in second)


def _overlap(one: str, other: str) -> bool:
    return heads_agree(one, other) and overlaps(one, other)
