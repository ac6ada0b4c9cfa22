"""Parts of a policy that its other statements make redundant, found by proof and left out, the last ones first."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from remit.iam.prove.budget import Budget, Exhausted
from remit.iam.prove.cover import box_for, leave_nothing_of
from remit.iam.prove.gains import SETS
from remit.iam.prove.key_values import Premises
from remit.iam.prove.satisfiable import Questions
from remit.iam.prove.statement_space import Box, Index

if TYPE_CHECKING:
    from remit.iam.policy import Policy, Statement


def pruned(policy: Policy, budget: Budget | None = None) -> Policy:
    """The policy without the actions, resources and statements that it can do without.

    An Allow can go where other Allow statements give the same or a Deny takes it; a Deny where others deny the same.
    What is not decided when the steps of the budget are spent stays.
    """
    pruner = _Pruner(policy, budget or Budget())
    with suppress(Exhausted):
        for number in range(len(policy.statements) - 1, -1, -1):
            pruner.shorten(number)
    return replace(policy, statements=pruner.statements)


class _Pruner:
    def __init__(self, policy: Policy, budget: Budget) -> None:
        self._version = policy.version
        self._budget = budget
        self._boxes: list[Box | None] = [self._box(statement) for statement in policy.statements]
        self._questions = Questions(Premises.of(policy.statements, SETS), budget)
        self._all: dict[object, Index] = {}
        self._denials: dict[object, Index] = {}
        for box in filter(None, self._boxes):
            for index in self._indexes(box):
                index.put(box)

    def _box(self, statement: Statement) -> Box:
        return box_for(statement, self._version)

    def _indexes(self, box: Box) -> list[Index]:
        """Where it is looked up: among all statements of the same principals, a Deny also among their Denies."""
        who = box.statement.principals
        return [kept.setdefault(who, Index(())) for kept in (self._all, self._denials)[: 1 + box.deny]]

    @property
    def statements(self) -> tuple[Statement, ...]:
        return tuple(box.statement for box in self._boxes if box is not None)

    def shorten(self, number: int) -> None:
        """Leave out of one statement what the others make redundant. Raises Exhausted, and nothing is left out."""
        box = self._boxes[number]
        if box is None:
            return
        indexes = self._indexes(box)
        others = indexes[-1]
        self._budget.spend(len(others.boxes) + len(box.actions))
        for index in indexes:
            index.drop(box)
        shorter = self._shorter(box, others) if others.boxes else box
        self._boxes[number] = shorter
        if shorter is not None:
            for index in indexes:
                index.put(shorter)

    def _shorter(self, box: Box, others: Index) -> Box | None:
        if box.not_actions:
            return None if self._redundant(box, "*", others) else box
        kept = tuple(text for text in box.statement.actions.patterns if not self._redundant(box, text.lower(), others))
        if not kept:
            return None
        statement = replace(box.statement, actions=replace(box.statement.actions, patterns=kept))
        return self._fewer_resources(self._box(statement), others)

    def _fewer_resources(self, box: Box, others: Index) -> Box:
        resources = box.statement.resources
        if resources is None or resources.negated or len(resources.patterns) == 1:
            return box
        kept = [text for text in resources.patterns if not self._all_redundant(self._on(box, (text,)), others)]
        return self._on(box, tuple(kept)) if 0 < len(kept) < len(resources.patterns) else box

    def _on(self, box: Box, resources: tuple[str, ...]) -> Box:
        whole = box.statement.resources
        assert whole is not None  # noqa: S101 - called for statements with Resource
        return self._box(replace(box.statement, resources=replace(whole, patterns=resources)))

    def _all_redundant(self, box: Box, others: Index) -> bool:
        return all(self._redundant(box, action, others) for action in box.actions)

    def _redundant(self, box: Box, action: str, others: Index) -> bool:
        """Whether it is proven that the other statements leave nothing of the box on an action pattern."""
        return leave_nothing_of(others, box, action, self._questions)
