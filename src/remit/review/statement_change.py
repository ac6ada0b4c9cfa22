"""What of a statement is new and what is gone, by the statement of the other version that it was, or has become."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from remit.holders import Holder
    from remit.iam.policy import Globs, Statement

CONDITION: Final = "Condition"
Parts = tuple[tuple[str, str], ...]
"""Pairs of an element (`Action`, `NotResource`, `Condition`) and one text of it."""


@dataclass(frozen=True, slots=True)
class StatementChange:
    """How a statement differs from the one that it was: what the new version has more, and less."""

    added: Parts = ()
    removed: Parts = ()

    def by_element(self, parts: Parts) -> dict[str, list[str]]:
        """The texts of some parts, by element."""
        texts: dict[str, list[str]] = {}
        for element, text in parts:
            texts.setdefault(element, []).append(text)
        return texts


NO_CHANGE: Final = StatementChange()


def statements_of(holder: Holder | None) -> tuple[Statement, ...]:
    """All statements of a version's role or resource, its own first, each once; none for None."""
    if holder is None:
        return ()
    statements = [grant.statement for grant in holder.grants]
    for policy in holder.layers.identity:
        statements += policy.statements
    return tuple(dict.fromkeys(statements))


def trust_statements_of(holder: Holder | None) -> tuple[Statement, ...]:
    """The statements of a role's trust policy; none for None, and without one."""
    return () if holder is None or holder.trust is None else holder.trust.statements


def changed_statement(
    statement: Statement, own: Iterable[Statement], others: Iterable[Statement], *, is_new: bool
) -> StatementChange:
    """How a statement of one version (`own`) differs from its counterpart in the other: NO_CHANGE where it has none.

    `is_new` says whether it is of the new version. The counterpart is of the same effect and no statement of the first
    version; it has the same Sid, or else has most texts in common, at least one.
    """
    own_statements = set(own)
    candidates = [
        candidate for candidate in others if candidate.effect == statement.effect and candidate not in own_statements
    ]
    parts = set(_parts(statement))
    same_sid = [candidate for candidate in candidates if statement.sid and candidate.sid == statement.sid]
    counterpart = max(
        same_sid or candidates, key=lambda candidate: len(parts.intersection(_parts(candidate))), default=None
    )
    if counterpart is None or (not same_sid and parts.isdisjoint(_parts(counterpart))):
        return NO_CHANGE
    new, old = (statement, counterpart) if is_new else (counterpart, statement)
    new_parts, old_parts = tuple(_parts(new)), tuple(_parts(old))
    return StatementChange(
        tuple(part for part in new_parts if part not in old_parts),
        tuple(part for part in old_parts if part not in new_parts),
    )


def _parts(statement: Statement) -> Iterator[tuple[str, str]]:
    """The texts of a statement, each with the element that it stands in."""
    principals = statement.principals
    if principals is not None:
        element = "NotPrincipal" if principals.negated else "Principal"
        yield from ((element, value) for _, value in principals.patterns)
    yield from _patterns("Action", statement.actions)
    if statement.resources is not None:
        yield from _patterns("Resource", statement.resources)
    for condition in statement.conditions:
        yield CONDITION, condition.words


def _patterns(element: str, globs: Globs) -> Iterator[tuple[str, str]]:
    name = f"Not{element}" if globs.negated else element
    yield from ((name, pattern) for pattern in globs.patterns)
