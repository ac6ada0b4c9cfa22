"""Parts of a policy that its other statements make redundant, found by proof and left out, the last ones first."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from remit.iam.actions import Case, Openings
from remit.iam.box import Box, Index, box_of
from remit.iam.domain import Premises
from remit.iam.pattern import covers
from remit.iam.question import Questions
from remit.iam.sweep import SETS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remit.iam.policy import Policy, Statement


def pruned(policy: Policy) -> Policy:
    """The policy without the actions, resources and statements that it can do without.

    An Allow can go where other Allow statements give the same or a Deny takes it; a Deny where others deny the same.
    """
    pruner = _Pruner(policy)
    for number in range(len(policy.statements) - 1, -1, -1):
        pruner.shorten(number)
    return replace(policy, statements=pruner.statements)


class _Pruner:
    def __init__(self, policy: Policy) -> None:
        self._version = policy.version
        self._boxes: list[Box | None] = [self._box(statement) for statement in policy.statements]
        self._questions = Questions(Premises.of(policy.statements, SETS))
        self._covers: dict[tuple[object, ...], list[int]] = {}

    def _box(self, statement: Statement) -> Box:
        return box_of(statement, 0, self._version, speaks_without_resource=True)

    @property
    def statements(self) -> tuple[Statement, ...]:
        return tuple(box.statement for box in self._boxes if box is not None)

    def shorten(self, number: int) -> None:
        """Leave out of one statement what the others make redundant."""
        box = self._boxes[number]
        if box is None:
            return
        index = Index(self._others(number, box))
        if not index.boxes:
            return
        if box.not_actions:
            if self._redundant(box, ("*",), index):
                self._boxes[number] = None
            return
        kept = tuple(
            text for text in box.statement.actions.patterns if not self._redundant(box, (text.lower(),), index)
        )
        if not kept:
            self._boxes[number] = None
            return
        statement = replace(box.statement, actions=replace(box.statement.actions, patterns=kept))
        self._boxes[number] = self._fewer_resources(self._box(statement), index)

    def _others(self, number: int, box: Box) -> Iterable[Box]:
        """The statements that may make it redundant: of the same principals, and for a Deny only other Deny."""
        return (
            other
            for place, other in enumerate(self._boxes)
            if other is not None
            and place != number
            and other.statement.principals == box.statement.principals
            and (other.deny or not box.deny)
        )

    def _fewer_resources(self, box: Box, index: Index) -> Box:
        resources = box.statement.resources
        if resources is None or resources.negated or len(resources.patterns) == 1:
            return box
        kept = [text for text in resources.patterns if not self._redundant(self._on(box, (text,)), box.actions, index)]
        return self._on(box, tuple(kept)) if 0 < len(kept) < len(resources.patterns) else box

    def _on(self, box: Box, resources: tuple[str, ...]) -> Box:
        whole = box.statement.resources
        assert whole is not None  # noqa: S101 - called for statements with Resource
        return self._box(replace(box.statement, resources=replace(whole, patterns=resources)))

    def _redundant(self, box: Box, actions: tuple[str, ...], index: Index) -> bool:
        """Whether it is proven that the other statements leave nothing of the box on these actions."""
        openings = Openings(Case((box,), (index,)), self._questions, _nothing_known)
        for action in actions:
            if not _touched(action, box, index):
                return False
            if next(openings.of(action), None) is not None:
                return False
        return True


def _touched(action: str, box: Box, index: Index) -> bool:
    """Whether any statement could cover the whole of an action pattern (a quick no for nearly all)."""
    return any(
        other.not_actions
        or other.resources == box.resources
        or other.not_resources
        or any(covers(wide, action) for wide in other.actions)
        for other in index.boxes
    )


def _nothing_known(_: str) -> tuple[str, ...]:
    return ()
