"""Prove that statements say the same as others, by every action on every resource that they spell.

That is less than a comparison finds (`iam.compare`), and exact whatever late-bound parts stand for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.iam.pattern import covers
from remit.iam.policy import Globs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remit.iam.policy import Statement


def say_the_same(before: Iterable[Statement], after: Iterable[Statement]) -> bool:
    """Whether each action on each resource that was there is there, or a pattern that covers it, under the same terms.

    And there is none that was not. False says nothing.
    """
    old, new = _pairs(before), _pairs(after)
    left: dict[object, list[tuple[str, str]]] = {}
    for terms, action, resource in new:
        left.setdefault(terms, []).append((action, resource))
    return new <= old and all(
        any(covers(one, action) and covers(other, resource) for one, other in left.get(terms, ()))
        for terms, action, resource in old - new
    )


def _pairs(statements: Iterable[Statement]) -> set[tuple[object, str, str]]:
    """Every action on every resource with its terms; a list that is negated, as a whole, is one of the terms."""
    found: set[tuple[object, str, str]] = set()
    for one in statements:
        actions, resources = one.actions, one.resources or Globs(("",), negated=True)
        negated = tuple(frozenset(globs.patterns) if globs.negated else None for globs in (actions, resources))
        terms = one.effect, one.principals, frozenset(one.conditions), negated, one.resources is None
        for action in ("",) if actions.negated else map(str.lower, actions.patterns):
            found |= {(terms, action, text) for text in (("",) if resources.negated else resources.patterns)}
    return found
