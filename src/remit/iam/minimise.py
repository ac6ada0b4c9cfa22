"""The same access in fewer characters: statements merged and pruned, with proof that nothing changes.

First what needs no proof: patterns that another pattern of the same list covers, statements that agree in all but
their actions or all but their resources. Then what `compare` proves: statements, actions and resources that the
others give (or deny) already. At last the whole is proven: the same denials, and the same access beside them. What is
undecided stays as it is.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from remit.errors import RemitError
from remit.iam.box import Compiled
from remit.iam.compare import equivalent
from remit.iam.glob import within
from remit.iam.pattern import is_pattern
from remit.iam.policy import Globs, Policy, Statement, render, render_statement
from remit.iam.prune import pruned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    Size = Callable[[Statement], int]

_FRAME: Final = len('{"Version":"2012-10-17","Statement":[]}')


def minimise(policy: Policy) -> Policy:
    """The same allow set and deny set, in as few characters as merging and pruning find; the order is kept.

    A policy with statements that cannot be compared, or whose result cannot be proven the same, comes back as it is.
    """
    if Compiled(policy, speaks_without_resource=True).unclear:
        return policy
    smaller = replace(policy, statements=merged(map(tidied, policy.statements)))
    smaller = pruned(smaller)
    smaller = replace(smaller, statements=merged(smaller.statements))
    if length(smaller) >= length(policy):
        return policy
    return smaller if same(policy, smaller) else policy


def length(policy: Policy) -> int:
    """Characters of a document as IAM counts them: without white space."""
    text = json.dumps(render(policy), separators=(",", ":"), ensure_ascii=False)
    return len("".join(text.split()))


def statement_length(statement: Statement) -> int:
    """As `length`, of one statement."""
    text = json.dumps(render_statement(statement), separators=(",", ":"), ensure_ascii=False)
    return len("".join(text.split()))


def same(one: Policy, other: Policy) -> bool:
    """Whether two documents are proven to allow and deny the same, for each of the principals they speak of."""
    kinds = dict.fromkeys(statement.principals for policy in (one, other) for statement in policy.statements)
    if len(kinds) <= 1:
        return equivalent(one, other)

    def part(policy: Policy, who: object) -> Policy:
        return replace(policy, statements=tuple(own for own in policy.statements if own.principals == who))

    return all(equivalent(part(one, who), part(other, who)) for who in kinds)


def tidied(statement: Statement) -> Statement:
    """Without actions and resources that another of the statement's own covers."""
    resources = statement.resources
    return replace(
        statement,
        actions=replace(statement.actions, patterns=_uncovered(statement.actions.patterns, fold=True)),
        resources=resources and replace(resources, patterns=_uncovered(resources.patterns, fold=False)),
    )


def _uncovered(patterns: tuple[str, ...], *, fold: bool) -> tuple[str, ...]:
    """Patterns that no other covers; of equal ones the first. What has variables or references stands for itself."""
    known = dict.fromkeys(text.lower() if fold else text for text in patterns)
    plain = [text for text in known if "${" not in text]
    wide: dict[str, list[str]] = {}
    for text in plain:
        if is_pattern(text):
            wide.setdefault(_head(text), []).append(text)
    order = {text: place for place, text in enumerate(known)}
    gone = {
        text
        for text in plain
        for other in (*wide.get(_head(text), ()), *(wide.get("", ()) if _head(text) else ()))
        if other != text and within(text, other) and not (within(other, text) and order[text] < order[other])
    }
    return tuple(
        {folded: text for text in reversed(patterns) if (folded := text.lower() if fold else text) not in gone}.values()
    )[::-1]


def _head(text: str) -> str:
    """What stands before the first colon, without a wildcard: patterns of different services never cover each other."""
    head = text.partition(":")[0]
    return "" if is_pattern(head) else head


def merged(statements: Iterable[Statement]) -> tuple[Statement, ...]:
    """Statements that agree in all but their resources, or all but their actions, made one, until none do."""
    found = tuple(statements)
    while True:
        joined = _joined(_joined(found, _but_actions, _with_actions), _but_resources, _with_resources)
        if len(joined) == len(found):
            return found
        found = tuple(map(tidied, joined))


def _joined(
    statements: tuple[Statement, ...],
    key: Callable[[Statement], object],
    put: Callable[[Statement, Statement], Statement],
) -> tuple[Statement, ...]:
    """Each statement joined to the first that has its key; None as key joins nothing."""
    found: dict[object, Statement] = {}
    for number, statement in enumerate(statements):
        place = key(statement) or number
        found[place] = put(found[place], statement) if place in found else statement
    return tuple(found.values())


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


def _with_actions(one: Statement, other: Statement) -> Statement:
    patterns = {text.lower(): text for text in (*other.actions.patterns, *one.actions.patterns)}
    order = dict.fromkeys(text.lower() for text in (*one.actions.patterns, *other.actions.patterns))
    return replace(one, actions=Globs(tuple(patterns[text] for text in order)))


def _with_resources(one: Statement, other: Statement) -> Statement:
    assert one.resources is not None  # noqa: S101 - the key of statements without Resource joins nothing
    assert other.resources is not None  # noqa: S101 - as above
    return replace(one, resources=Globs(tuple(dict.fromkeys((*one.resources.patterns, *other.resources.patterns)))))


def split(policy: Policy, limit: int, size: Size = statement_length) -> tuple[Policy, ...]:
    """Policies of at most `limit` characters that together say the same; statements are taken apart where they must.

    `size` counts a statement as it will be deployed. RemitError with the numbers when a single action on a single
    resource does not fit.
    """
    bins: list[tuple[int, list[Statement]]] = []
    for statement in policy.statements:
        for part, needed in _parts(statement, limit - _FRAME, size):
            room = next((place for place, (used, _) in enumerate(bins) if used + needed + 1 <= limit), None)
            if room is None:
                bins.append((_FRAME + needed, [part]))
            else:
                used, held = bins[room]
                bins[room] = (used + needed + 1, [*held, part])
    return tuple(Policy(tuple(held), policy.version) for _, held in bins)


def _parts(statement: Statement, room: int, size: Size) -> list[tuple[Statement, int]]:
    """The statement, halved by its actions and then its resources until every part fits."""
    needed = size(statement)
    if needed <= room:
        return [(statement, needed)]
    halves = _halves(statement)
    if not halves:
        named = f" {statement.sid}" if statement.sid else ""
        raise RemitError(
            f"statement{named} needs {needed} characters and a policy has room for {room}",
            hint="its conditions or its NotAction or NotResource list cannot be taken apart: shorten them",
        )
    return [part for half in halves for part in _parts(half, room, size)]


def _halves(statement: Statement) -> Sequence[Statement]:
    actions, resources = statement.actions, statement.resources
    longest = sum(map(len, actions.patterns)) if not actions.negated and len(actions.patterns) > 1 else 0
    others = 0
    if resources is not None and not resources.negated and len(resources.patterns) > 1:
        others = sum(map(len, resources.patterns))
    if not longest and not others:
        return ()
    sids = (statement.sid, "")  # a Sid may stand but once
    if longest >= others:
        middle = len(actions.patterns) // 2
        return [
            replace(statement, actions=Globs(patterns), sid=sid)
            for patterns, sid in zip((actions.patterns[:middle], actions.patterns[middle:]), sids, strict=True)
        ]
    assert resources is not None  # noqa: S101 - they are the longer ones
    middle = len(resources.patterns) // 2
    return [
        replace(statement, resources=Globs(patterns), sid=sid)
        for patterns, sid in zip((resources.patterns[:middle], resources.patterns[middle:]), sids, strict=True)
    ]
