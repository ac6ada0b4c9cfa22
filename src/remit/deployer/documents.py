"""Measure policy documents as IAM counts them, and part one that is too long into several."""

from __future__ import annotations

import json
from bisect import bisect_left
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from remit.catalogue.quotas import quota
from remit.errors import RemitError
from remit.iam.policy import Globs, Policy, Statement, render

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MANAGED: Final = quota("iam.managed").most
"""The most characters of a managed policy, white space not counted."""


def size(policy: Policy) -> int:
    """The characters of a policy's document, white space not counted."""
    return len(json.dumps(render(policy), separators=(",", ":"), ensure_ascii=False))


def split(policy: Policy, measure: Callable[[Policy], int] = size, limit: int = MANAGED) -> tuple[Policy, ...]:
    """The policy as one or more that `measure` no more than `limit` each, and allow the same together.

    RemitError: a single action on a single resource is too long.
    """
    whole: list[Policy] = []
    for statement in policy.statements:
        for part in _parts(statement, lambda part: measure(Policy((part,))) <= limit):
            for place, document in enumerate(whole):
                joined = replace(document, statements=(*document.statements, part))
                if measure(joined) <= limit:
                    whole[place] = joined
                    break
            else:
                whole.append(Policy((part,)))
    return tuple(whole)


def _parts(statement: Statement, fits: Callable[[Statement], bool]) -> Iterator[Statement]:
    """A statement, or parts of it that fit: as many resources as may be in each; else half of the actions."""
    resources = statement.resources.patterns if statement.resources is not None else ()
    actions = statement.actions.patterns
    if fits(statement):
        yield statement
    elif len(resources) > 1 and fits(_on(statement, resources[:1])):
        most = len(resources)
        count = bisect_left(range(most), x=True, lo=1, key=lambda more: not fits(_on(statement, resources[: more + 1])))
        yield _on(statement, resources[:count])
        yield from _parts(_on(statement, resources[count:]), fits)
    elif len(actions) > 1:
        middle = len(actions) // 2
        yield from _parts(replace(statement, actions=Globs(actions[:middle])), fits)
        yield from _parts(replace(statement, actions=Globs(actions[middle:])), fits)
    else:
        raise RemitError(f"the statement for {actions[0]} alone is longer than a policy may be")


def _on(statement: Statement, resources: tuple[str, ...]) -> Statement:
    return replace(statement, resources=Globs(resources))
