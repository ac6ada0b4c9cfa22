"""Write a policy with fewer characters: merge and prune its statements, and prove that it means the same.

First come steps that need no proof: a pattern that another one of its list covers is left out, and statements that
differ only in their actions or only in their resources are merged. Then statements, actions and resources that are
proven redundant are left out. At last the result is proven equivalent: the same denials, and the same access besides.
What is undecided stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

from remit.iam.length import policy_length
from remit.iam.pattern_list import PatternList, folded
from remit.iam.policy import Globs, Policy, Statement
from remit.iam.prove.budget import Budget, Exhausted
from remit.iam.prove.compare import equivalent
from remit.iam.prove.cover import box_for, leave_nothing_of
from remit.iam.prove.key_values import Premises
from remit.iam.prove.resource_search import ResourceSearch
from remit.iam.prove.statement_space import Box, CompiledPolicy, Index

TIDYING: Final = 4_000_000
"""Steps (see `budget`) to compare the patterns of each list with each other, for all lists together."""
PRUNING: Final = 8_000_000
PROVING: Final = 6_000_000


def minimise(policy: Policy) -> Policy:
    """The same allow set and deny set, in as few characters as merging and pruning find; the order is kept.

    It ends within a few seconds whatever is given. A policy with statements that cannot be compared, or whose result
    cannot be proven the same, comes back as it is.
    """
    if CompiledPolicy(policy, speaks_without_resource=True).undecided:
        return policy
    tidying = Budget(TIDYING)
    smaller = replace(policy, statements=merged(policy.statements, tidying))
    smaller = pruned(smaller, Budget(PRUNING))
    smaller = replace(smaller, statements=merged(smaller.statements, tidying))
    if policy_length(smaller) >= policy_length(policy):
        return policy
    return smaller if same(policy, smaller, Budget(PROVING)) else policy


def same(old: Policy, new: Policy, budget: Budget | None = None) -> bool:
    """Return whether two documents are proven to allow and deny the same, for each of the principals they speak of."""
    old_statements, new_statements = _by_principals(old), _by_principals(new)
    return all(
        equivalent(
            replace(old, statements=tuple(old_statements.get(principals, ()))),
            replace(new, statements=tuple(new_statements.get(principals, ()))),
            budget=budget,
        )
        for principals in old_statements | new_statements
    )


def _by_principals(policy: Policy) -> dict[object, list[Statement]]:
    """The statements of a policy by whom they are about."""
    groups: dict[object, list[Statement]] = {}
    for statement in policy.statements:
        groups.setdefault(statement.principals, []).append(statement)
    return groups


def _tidied(statement: Statement, budget: Budget) -> Statement:
    """The statement without the actions and resources that another of its own covers."""
    resources = statement.resources
    return replace(
        statement,
        actions=replace(statement.actions, patterns=_uncovered(statement.actions.patterns, budget, fold=True)),
        resources=resources and replace(resources, patterns=_uncovered(resources.patterns, budget, fold=False)),
    )


def _uncovered(patterns: tuple[str, ...], budget: Budget, *, fold: bool) -> tuple[str, ...]:
    """The patterns that no other covers; of equal ones the first, at the place of the last.

    Those with variables or references stay.

    When the budget is spent, the rest stays.
    """
    compared = folded(patterns) if fold else patterns
    plain = [text for text in dict.fromkeys(compared) if "${" not in text]
    listed = PatternList(plain, budget.spend)
    covered: set[str] = set()
    with suppress(Exhausted):
        covered.update(text for text in plain if listed.cover_of(text) is not None)
    pairs = zip(reversed(compared), reversed(patterns), strict=True)
    uncovered = {key: text for key, text in pairs if key not in covered}
    return tuple(reversed(uncovered.values()))


def merged(unmerged: Iterable[Statement], budget: Budget | None = None) -> tuple[Statement, ...]:
    """Statements that agree in all but their resources, or all but their actions, made one, until none do.

    No list holds what another of its patterns covers.
    """
    steps = budget or Budget(TIDYING)
    statements = tuple(unmerged)
    while True:
        statements = tuple(_tidied(statement, steps) for statement in statements)
        joined = _joined(_joined(statements, "actions"), "resources")
        if len(joined) == len(statements):
            return statements
        statements = joined


def _joined(statements: tuple[Statement, ...], element: str) -> tuple[Statement, ...]:
    """The statements, with those made one that differ in `element` ("actions" or "resources") alone.

    Where that is negated, they stay as they are.
    """
    groups: dict[object, list[Statement]] = {}
    for number, statement in enumerate(statements):
        globs: Globs | None = getattr(statement, element)
        if globs is None or globs.negated:
            groups[number] = [statement]
            continue
        actions, resources = statement.actions, statement.resources
        beside: object = frozenset(folded(actions.patterns)), actions.negated
        if element == "actions":
            beside = None if resources is None else (frozenset(resources.patterns), resources.negated)
        agreed = statement.effect, statement.principals, beside, frozenset(statement.conditions)
        groups.setdefault(agreed, []).append(statement)
    joined = []
    for alike in groups.values():
        if len(alike) == 1:
            joined += alike
            continue
        patterns: dict[str, str] = {}
        for text in (text for statement in alike for text in getattr(statement, element).patterns):
            patterns.setdefault(text.lower() if element == "actions" else text, text)
        change: dict[str, Any] = {element: Globs(tuple(patterns.values()))}
        joined.append(replace(alike[0], **change))
    return tuple(joined)


def pruned(policy: Policy, budget: Budget) -> Policy:
    """The policy without actions, resources and statements that are proven redundant beside the rest, the last first.

    An Allow is redundant where other Allow statements allow the same, or a Deny denies it; a Deny where others deny the
    same. What is not decided when the budget is spent stays.
    """
    pruner = _Pruner(policy, budget)
    with suppress(Exhausted):
        # From the end: of two that say the same, the first stays.
        for number in range(len(policy.statements) - 1, -1, -1):
            pruner.shorten(number)
    return replace(policy, statements=pruner.statements)


class _Pruner:
    """Leaves out of a policy's statements, one after another, what the others make redundant."""

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
        """Its indexes: of all statements of the same principals, and for a Deny of their Deny statements, too.

        An empty one is put in where there is none.
        """
        principals = box.statement.principals
        by_principals = (self._all, self._denials) if box.deny else (self._all,)
        return [indexes.setdefault(principals, Index(())) for indexes in by_principals]

    @property
    def statements(self) -> tuple[Statement, ...]:
        """What is left of the statements."""
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
            return None if leave_nothing_of(covering, box, "*", self._search) else box
        patterns = box.statement.actions.patterns
        needed = tuple(text for text in patterns if not leave_nothing_of(covering, box, text.lower(), self._search))
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
            if not all(leave_nothing_of(covering, part, action, self._search) for action in part.actions):
                needed.append(text)
        if not needed or len(needed) == len(resources.patterns):
            return box
        return box_for(replace(box.statement, resources=replace(resources, patterns=tuple(needed))), self._version)
