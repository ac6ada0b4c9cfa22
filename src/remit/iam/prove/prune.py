"""Leave out actions, resources and statements that are proven redundant beside the rest of a policy, the last first."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from remit.iam.prove.budget import Budget, Exhausted
from remit.iam.prove.cover import box_for, leave_nothing_of
from remit.iam.prove.key_values import Premises
from remit.iam.prove.resource_search import ResourceSearch
from remit.iam.prove.statement_space import Box, Index

if TYPE_CHECKING:
    from remit.iam.policy import Policy, Statement


def pruned(policy: Policy, budget: Budget | None = None) -> Policy:
    """The policy without redundant actions, resources and statements.

    An Allow is redundant where other Allow statements allow the same, or a Deny denies it; a Deny where others deny the
    same. What is not decided when the budget is spent stays.
    """
    pruner = _Pruner(policy, budget or Budget())
    with suppress(Exhausted):
        # From the end: of two that say the same, the first stays.
        for number in range(len(policy.statements) - 1, -1, -1):
            pruner.shorten(number)
    return replace(policy, statements=pruner.statements)


class _Pruner:
    def __init__(self, policy: Policy, budget: Budget) -> None:
        self._version = policy.version
        self._budget = budget
        self._boxes: list[Box | None] = [box_for(statement, self._version) for statement in policy.statements]
        self._search = ResourceSearch(Premises.of(policy.statements), budget)
        self._all: dict[object, Index] = {}
        self._denials: dict[object, Index] = {}
        for box in filter(None, self._boxes):
            for index in self._indexes(box):
                index.put(box)

    def _indexes(self, box: Box) -> list[Index]:
        """Its indexes: of all statements of the same principals, and for a Deny of their Deny statements, too."""
        principals = box.statement.principals
        by_principals = (self._all, self._denials) if box.deny else (self._all,)
        return [indexes.setdefault(principals, Index(())) for indexes in by_principals]

    @property
    def statements(self) -> tuple[Statement, ...]:
        return tuple(box.statement for box in self._boxes if box is not None)

    def shorten(self, number: int) -> None:
        """Leave out of one statement what the others make redundant. Raises Exhausted, and nothing is left out."""
        box = self._boxes[number]
        if box is None:
            return
        indexes = self._indexes(box)
        # Beside a Deny only another Deny counts; beside an Allow a Deny does, too: what it denies needs no Allow.
        covering = indexes[-1]
        self._budget.spend(len(covering.boxes) + len(box.actions))
        for index in indexes:
            index.drop(box)
        shorter = self._shorter(box, covering) if covering.boxes else box
        self._boxes[number] = shorter
        if shorter is not None:
            for index in indexes:
                index.put(shorter)

    def _shorter(self, box: Box, covering: Index) -> Box | None:
        """The statement without the actions and resources that the covering ones make redundant; None: all of it is."""
        if box.not_actions:
            return None if self._is_redundant(box, "*", covering) else box
        patterns = box.statement.actions.patterns
        needed = tuple(text for text in patterns if not self._is_redundant(box, text.lower(), covering))
        if not needed:
            return None
        statement = replace(box.statement, actions=replace(box.statement.actions, patterns=needed))
        return self._fewer_resources(box_for(statement, self._version), covering)

    def _fewer_resources(self, box: Box, covering: Index) -> Box:
        """The statement without redundant resource patterns; as it is where all are needed, or none is."""
        resources = box.statement.resources
        if resources is None or resources.negated or len(resources.patterns) == 1:
            return box
        needed: list[str] = []
        for text in resources.patterns:
            part = box_for(replace(box.statement, resources=replace(resources, patterns=(text,))), self._version)
            if not all(self._is_redundant(part, action, covering) for action in part.actions):
                needed.append(text)
        if not needed or len(needed) == len(resources.patterns):
            return box
        return box_for(replace(box.statement, resources=replace(resources, patterns=tuple(needed))), self._version)

    def _is_redundant(self, box: Box, action: str, covering: Index) -> bool:
        """Return whether it is proven that the covering statements leave nothing of the box on an action pattern."""
        return leave_nothing_of(covering, box, action, self._search)
