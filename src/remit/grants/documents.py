"""Measure policy documents as IAM counts them, and part one that is too long into several."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from remit.catalogue.quotas import quota
from remit.errors import RemitError
from remit.iam.policy import Globs, Policy, Statement, render

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

MANAGED: Final = quota("iam.managed").most
"""The most characters of a managed policy, white space not counted."""


def size(policy: Policy) -> int:
    """The characters of a policy's document, white space not counted."""
    return len(json.dumps(render(policy), separators=(",", ":"), ensure_ascii=False))


def split(policy: Policy, measure: Callable[[Policy], int] = size, limit: int = MANAGED) -> tuple[Policy, ...]:
    """The policy as one or more that `measure` no more than `limit` each, in order, and allow the same together.

    RemitError: a single action on a single resource is too long.
    """
    whole: list[Policy] = []
    for statement in _fitting(policy.statements, measure, limit):
        last = replace(whole[-1], statements=(*whole[-1].statements, statement)) if whole else None
        if last is not None and measure(last) <= limit:
            whole[-1] = last
        else:
            whole.append(Policy((statement,)))
    return tuple(whole)


def _fitting(statements: Iterable[Statement], measure: Callable[[Policy], int], limit: int) -> Iterator[Statement]:
    """The statements, those that alone are too long in halves."""
    for statement in statements:
        if measure(Policy((statement,))) <= limit:
            yield statement
        else:
            yield from _fitting(_halves(statement), measure, limit)


def _halves(statement: Statement) -> Iterator[Statement]:
    resources = statement.resources.patterns if statement.resources is not None else ()
    if len(resources) > 1:
        middle = len(resources) // 2
        for part in (resources[:middle], resources[middle:]):
            yield replace(statement, resources=Globs(part))
        return
    actions = statement.actions.patterns
    if len(actions) == 1:
        raise RemitError(f"the statement for {actions[0]} alone is longer than a policy may be")
    middle = len(actions) // 2
    for part in (actions[:middle], actions[middle:]):
        yield replace(statement, actions=Globs(part))
