"""An Allow that another Allow of the same policy covers.

It grants nothing more.

Flagged:

    {"Version": "2012-10-17", "Statement": [
      {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::orders/*"},
      {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::orders/2026/*"}
    ]}

Better:

    {"Version": "2012-10-17", "Statement": [
      {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::orders/2026/*"}
    ]}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.iam.pattern_list import actions_cover, resources_may_cover
from remit.lint.conditions import asks_no_more
from remit.lint.finding import NOTE, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.iam.prove.budget import Budget
    from remit.lint.subject import Document, Item

SEVERITY = NOTE
_MOST = 60  # statements of an effect: pairs of more would take long
_STEPS = 1_000_000  # of a document (see `iam.budget`)


def policy(document: Document) -> Iterator[Problem]:
    """Statements that another of the same effect makes superfluous; duplicates are another matter."""
    pairs = list(_pairs(document))
    if not pairs:
        return
    from remit.iam.prove.budget import Budget  # noqa: PLC0415 - the procedure is loaded where there is a suspect

    budget = Budget(_STEPS)
    told: set[int] = set()
    for item, wide in pairs:
        if item.index not in told and _wider(wide, item, budget):
            told.add(item.index)
            message = f"{item.called} adds nothing to {wide.called}, which covers it"
            yield Problem(message, "remove one of the two", (), index=item.index)


def _pairs(document: Document) -> Iterator[tuple[Item, Item]]:
    """Each statement beside each other of its effect that is there whenever it is, and may cover it."""
    for effect in ("Allow", "Deny"):
        several = [item for item in document.items if item.statement.effect == effect]
        if not 1 < len(several) <= _MOST:
            continue
        about = {item.index: _services(item) for item in several}
        wide = [(item, about[item.index]) for item in several if _may_be_wide(item)]
        for item in several:
            if item.computed:
                continue  # remit's own default; a wider grant beside it has findings of its own
            own = about[item.index]
            for one, its in wide:
                if one is item or not (its is None or (own is not None and own <= its)):
                    continue
                if _may_be_wider(one, item) and one.goes_with(item):
                    yield item, one


def _services(item: Item) -> frozenset[str] | None:
    """The services that a statement speaks of; None when they may be all."""
    open_ = item.statement.actions.negated or any("*" in one or "?" in one for one in item.services)
    return None if open_ else item.services


def _may_be_wide(item: Item) -> bool:
    statement = item.statement
    texts = (*statement.actions.patterns, *item.resources)
    return len(texts) > 2 or any("*" in text for text in texts) or not statement.conditions  # noqa: PLR2004 - one of each


def _may_be_wider(wide: Item, item: Item) -> bool:
    """A cheap look: at the keys of conditions, principals, actions and resources."""
    one, other = wide.statement, item.statement
    if (one.conditions and not asks_no_more(one, other)) or one.principals != other.principals:
        return False
    return resources_may_cover(one.resources, other.resources) and actions_cover(one.actions, other.actions)


def _wider(wide: Item, item: Item, budget: Budget) -> bool:
    from remit.iam.prove.cover import covers  # noqa: PLC0415 - as above

    version = item.document.version
    statement = item.statement
    return covers([wide.statement], statement, version, budget) and not covers(
        [statement], wide.statement, version, budget
    )
