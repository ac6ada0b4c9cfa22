"""Whether a statement can ever apply, and whether others cover it: small questions to the procedure of `compare`.

Everything is one question: is there a request that meets all of some statements and none of some others? Effect and
principals are the caller's affair.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remit.iam.policy import VERSION
from remit.iam.prove.budget import Budget
from remit.iam.prove.gains import SETS
from remit.iam.prove.glob_sets import Unclear, points
from remit.iam.prove.key_values import Premises
from remit.iam.prove.new_actions import Case, Openings
from remit.iam.prove.satisfiable import Questions
from remit.iam.prove.statement_space import Index, box_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remit.iam.policy import Statement
    from remit.iam.prove.statement_space import Box

STEPS: Final = 200_000
"""Of one question: a small part of a second (see `budget`)."""


def can_apply(*statements: Statement, version: str = VERSION, budget: Budget | None = None) -> bool | None:
    """Whether some request meets all of the statements; None where that is not decided."""
    try:
        boxes = tuple(box_for(statement, version) for statement in statements)
    except Unclear:
        return None
    questions = Questions(Premises.of(statements, SETS), budget or Budget(STEPS))
    return _is_open(Case(boxes, ()), questions)


def covers(wide: Iterable[Statement], narrow: Statement, version: str = VERSION, budget: Budget | None = None) -> bool:
    """Whether it is proven that each request that meets `narrow` meets one of `wide`, too."""
    statements = tuple(wide)
    try:
        box = box_for(narrow, version)
        index = Index(box_for(statement, version) for statement in statements)
        questions = Questions(Premises.of((*statements, narrow), SETS), budget or Budget(STEPS))
        return leave_nothing(index, box, questions)
    except Unclear:
        return False


def box_for(statement: Statement, version: str) -> Box:
    """The box of a statement; without Resource, as in the policy of a resource, it speaks of every one."""
    return box_of(statement, 0, version, speaks_without_resource=True)


def leave_nothing(covering: Index, box: Box, questions: Questions) -> bool:
    """Whether it is proven that the covering statements apply wherever another does."""
    actions = _actions(box)
    return all(_may_cover(covering, action, questions.budget) for action in actions) and all(
        leave_nothing_of(covering, box, action, questions) for action in actions
    )


def leave_nothing_of(covering: Index, box: Box, action: str, questions: Questions) -> bool:
    """As `leave_nothing`, of one action pattern of the statement, folded (`*` for NotAction)."""
    if not _may_cover(covering, action, questions.budget):
        return False
    return next(Openings(Case((box,), (covering,)), questions, _nothing_known).of(action), None) is None


def _may_cover(covering: Index, action: str, budget: Budget) -> bool:
    """A cheap look: whether any of the statements speaks of what stands for the whole pattern."""
    point = points(action)[0]
    budget.spend(covering.effort(point))
    return bool(covering.at(point))


def _is_open(case: Case, questions: Questions) -> bool | None:
    """Whether a case leaves anything open; None where that is not decided."""
    answer: bool | None = False
    openings = Openings(case, questions, _nothing_known)
    for action in _actions(case.wanted[0]):
        for opening in openings.of(action):
            if not isinstance(opening, Unclear):
                return True
            answer = None
    return answer


def _actions(box: Box) -> tuple[str, ...]:
    return ("*",) if box.not_actions else box.actions


def _nothing_known(_: str) -> tuple[str, ...]:
    return ()
