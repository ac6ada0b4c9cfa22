"""The same access in fewer characters: statements merged and pruned, with proof that nothing changes.

First what needs no proof: patterns that another pattern of the same list covers, statements that agree in all but
their actions or all but their resources. Then what `compare` proves: statements, actions and resources that the
others give (or deny) already. At last the whole is proven: the same denials, and the same access beside them. What is
undecided stays as it is.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from remit.iam.length import policy_length
from remit.iam.pattern_list import PatternList
from remit.iam.policy import Globs, Policy, Statement
from remit.iam.prove.budget import Budget, Exhausted
from remit.iam.prove.compare import equivalent
from remit.iam.prove.prune import pruned
from remit.iam.prove.statement_space import Compiled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

TIDYING: Final = 4_000_000
"""Steps to hold the patterns of one list against each other, over all lists (see `budget`)."""
PRUNING: Final = 8_000_000
PROVING: Final = 6_000_000


def minimise(policy: Policy) -> Policy:
    """The same allow set and deny set, in as few characters as merging and pruning find; the order is kept.

    It ends within a few seconds whatever is given. A policy with statements that cannot be compared, or whose result
    cannot be proven the same, comes back as it is.
    """
    if Compiled(policy, speaks_without_resource=True).unclear:
        return policy
    tidying = Budget(TIDYING)
    smaller = replace(policy, statements=merged(policy.statements, tidying))
    smaller = pruned(smaller, Budget(PRUNING))
    smaller = replace(smaller, statements=merged(smaller.statements, tidying))
    if policy_length(smaller) >= policy_length(policy):
        return policy
    return smaller if same(policy, smaller, Budget(PROVING)) else policy


def same(one: Policy, other: Policy, budget: Budget | None = None) -> bool:
    """Whether two documents are proven to allow and deny the same, for each of the principals they speak of."""
    mine, others = _by_principals(one), _by_principals(other)
    return all(
        equivalent(
            replace(one, statements=tuple(mine.get(who, ()))),
            replace(other, statements=tuple(others.get(who, ()))),
            budget=budget,
        )
        for who in mine | others
    )


def _by_principals(policy: Policy) -> dict[object, list[Statement]]:
    found: dict[object, list[Statement]] = {}
    for statement in policy.statements:
        found.setdefault(statement.principals, []).append(statement)
    return found


def _tidied(statement: Statement, budget: Budget) -> Statement:
    """Without actions and resources that another of the statement's own covers."""
    resources = statement.resources
    return replace(
        statement,
        actions=replace(statement.actions, patterns=_uncovered(statement.actions.patterns, budget, fold=True)),
        resources=resources and replace(resources, patterns=_uncovered(resources.patterns, budget, fold=False)),
    )


def _uncovered(patterns: tuple[str, ...], budget: Budget, *, fold: bool) -> tuple[str, ...]:
    """Patterns that no other covers; of equal ones the first. What has variables or references stands for itself.

    Where the steps run out, the rest stays.
    """
    known = dict.fromkeys(text.lower() if fold else text for text in patterns)
    plain = [text for text in known if "${" not in text]
    listed = PatternList(plain, budget.spend)
    gone: set[str] = set()
    with suppress(Exhausted):
        gone.update(text for text in plain if listed.cover_of(text) is not None)
    return tuple(
        {folded: text for text in reversed(patterns) if (folded := text.lower() if fold else text) not in gone}.values()
    )[::-1]


def merged(statements: Iterable[Statement], budget: Budget | None = None) -> tuple[Statement, ...]:
    """Statements that agree in all but their resources, or all but their actions, made one, until none do.

    No list holds what another of its patterns covers.
    """
    steps = budget or Budget(TIDYING)
    found = tuple(statements)
    while True:
        found = tuple(_tidied(statement, steps) for statement in found)
        joined = _joined(_joined(found, _but_actions, _with_actions), _but_resources, _with_resources)
        if len(joined) == len(found):
            return found
        found = joined


def _joined(
    statements: tuple[Statement, ...],
    key: Callable[[Statement], object],
    put: Callable[[list[Statement]], Statement],
) -> tuple[Statement, ...]:
    """Each statement joined to the first that has its key; None as key joins nothing."""
    found: dict[object, list[Statement]] = {}
    for number, statement in enumerate(statements):
        found.setdefault(key(statement) or number, []).append(statement)
    return tuple(alike[0] if len(alike) == 1 else put(alike) for alike in found.values())


def _but_actions(statement: Statement) -> object:
    if statement.actions.negated:
        return None
    return statement.effect, statement.principals, _as_set(statement.resources), frozenset(statement.conditions)


def _but_resources(statement: Statement) -> object:
    if statement.resources is None or statement.resources.negated:
        return None
    actions = frozenset(text.lower() for text in statement.actions.patterns), statement.actions.negated
    return statement.effect, statement.principals, actions, frozenset(statement.conditions)


def _as_set(globs: Globs | None) -> object:
    return None if globs is None else (frozenset(globs.patterns), globs.negated)


def _with_actions(alike: list[Statement]) -> Statement:
    patterns: dict[str, str] = {}
    for text in (text for one in alike for text in one.actions.patterns):
        patterns.setdefault(text.lower(), text)
    return replace(alike[0], actions=Globs(tuple(patterns.values())))


def _with_resources(alike: list[Statement]) -> Statement:
    texts = (text for one in alike if one.resources is not None for text in one.resources.patterns)
    return replace(alike[0], resources=Globs(tuple(dict.fromkeys(texts))))
