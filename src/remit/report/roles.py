"""Roles for people: every statement with its reason and the line that wrote it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.report.terminal_text import page

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from remit.app import Grant
    from remit.holders import Holder


def roles_text(roles: Iterable[Holder]) -> str:
    """Every role: whom it serves, then its statements."""
    return "\n".join(page(role_lines(role)) for role in roles)


def role_lines(role: Holder) -> Iterator[str]:
    """A role: the functions that it serves, its boundary and managed policies, and each of its grants."""
    yield f"{role.logical_id}, the role of {', '.join(role.serves)}"
    if role.boundary is not None:
        yield f"  within the permissions boundary {role.boundary}"
    for arn in role.managed:
        yield f"  with the managed policy {arn}"
    for grant in role.grants:
        yield from grant_lines(grant)


def grant_lines(grant: Grant, *, action_a_line: bool = False) -> Iterator[str]:
    """A grant with its resources, conditions, reason and origin, indented as below a heading."""
    statement = grant.statement
    start = f"  {statement.effect} {'everything but ' if statement.actions.negated else ''}"
    # A deployer's statements have dozens of actions.
    first, *others = statement.actions.patterns if action_a_line else (", ".join(statement.actions.patterns),)
    yield f"{start}{first}"
    yield from (f"{' ' * len(start)}{pattern}" for pattern in others)
    if statement.resources is not None:
        start = "      on everything but" if statement.resources.negated else "      on"
        yield from (f"{start} {pattern}" for pattern in statement.resources.patterns)
    for condition in statement.conditions:
        yield f"      if {condition.words}"
    origin = f"  ({grant.origin})" if grant.origin is not None else ""
    yield f"      because {grant.because}{origin}"
