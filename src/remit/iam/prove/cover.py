"""Whether a statement can ever apply, and whether other statements cover it, proven as `compare` proves.

Both are one question: is there a request to which all of some statements apply, and none of some others? Effects and
principals are not looked at.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from remit.iam.policy import VERSION, Statement
from remit.iam.prove.action_search import ActionSearch, Case, no_actions
from remit.iam.prove.budget import Budget
from remit.iam.prove.glob_sets import UndecidedQuestion, points
from remit.iam.prove.key_values import Premises
from remit.iam.prove.resource_search import ResourceSearch
from remit.iam.prove.statement_space import Box, Index, box_of

STEPS: Final = 200_000
"""Of one question: a small part of a second (see `budget`)."""


def can_apply(*statements: Statement, version: str = VERSION, budget: Budget | None = None) -> bool | None:
    """Return whether there is a request to which all of the statements apply; None: it is not decided."""
    try:
        boxes = tuple(box_for(statement, version) for statement in statements)
    except UndecidedQuestion:
        return None
    search = ResourceSearch(Premises.of(statements), budget or Budget(STEPS))
    return _is_open(Case(boxes, ()), search)


def covers(wide: Iterable[Statement], narrow: Statement, version: str = VERSION, budget: Budget | None = None) -> bool:
    """Return whether it is proven that one of `wide` applies wherever `narrow` does.

    False as well where it is undecided.
    """
    statements = tuple(wide)
    try:
        box = box_for(narrow, version)
        index = Index(box_for(statement, version) for statement in statements)
        search = ResourceSearch(Premises.of((*statements, narrow)), budget or Budget(STEPS))
        return leave_nothing(index, box, search)
    except UndecidedQuestion:
        return False


def box_for(statement: Statement, version: str) -> Box:
    """The box of a statement; without Resource, as in a resource's policy, it applies to every resource.

    As `box_of`, it raises where that cannot be.
    """
    return box_of(statement, 0, version, speaks_without_resource=True)


def leave_nothing(covering: Index, box: Box, search: ResourceSearch) -> bool:
    """Return whether it is proven that the covering statements apply wherever another does."""
    actions = _actions(box)
    return all(_may_cover(covering, action, search.budget) for action in actions) and all(
        leave_nothing_of(covering, box, action, search) for action in actions
    )


def leave_nothing_of(covering: Index, box: Box, action: str, search: ResourceSearch) -> bool:
    """As `leave_nothing`, for one action pattern of the statement (folded; `*` for NotAction)."""
    if not _may_cover(covering, action, search.budget):
        return False
    openings = ActionSearch(Case((box,), (covering,)), search, no_actions).openings(action)
    return next(openings, None) is None


def _may_cover(covering: Index, action: str, budget: Budget) -> bool:
    """Return whether any of the statements includes the point that stands for the whole pattern: a cheap look."""
    # A statement that does not take this point does not take all of the pattern, whatever its resources are.
    point = points(action)[0]
    return bool(covering.at(point, budget))


def _is_open(case: Case, search: ResourceSearch) -> bool | None:
    """Return whether a case leaves anything open; None where that is not decided."""
    answer: bool | None = False
    action_search = ActionSearch(case, search, no_actions)
    for action in _actions(case.required[0]):
        for opening in action_search.openings(action):
            if not isinstance(opening, UndecidedQuestion):
                return True
            answer = None
    return answer


def _actions(box: Box) -> tuple[str, ...]:
    """The action patterns to ask about, folded; `*` for NotAction."""
    return ("*",) if box.not_actions else box.actions
