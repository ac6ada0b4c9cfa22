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

from remit.lint import covering
from remit.lint.finding import NOTE, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.subject import Document, Item

SEVERITY = NOTE
_MOST = 60  # statements of an effect: pairs of more would take long


def policy(document: Document) -> Iterator[Problem]:
    """Statements that another of the same effect makes superfluous; duplicates are another matter."""
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
            near = (one for one, its in wide if one is not item and (its is None or (own is not None and own <= its)))
            other = next((one for one in near if _wider(one, item) and one.goes_with(item)), None)
            if other is not None:
                message = f"{item.called} adds nothing to {other.called}, which covers it"
                yield Problem(message, "remove one of the two", (), index=item.index)


def _services(item: Item) -> frozenset[str] | None:
    """The services that a statement speaks of; None when they may be all."""
    open_ = item.statement.actions.negated or any("*" in one or "?" in one for one in item.services)
    return None if open_ else item.services


def _may_be_wide(item: Item) -> bool:
    statement = item.statement
    texts = (*statement.actions.patterns, *item.resources)
    return len(texts) > 2 or any("*" in text for text in texts) or not statement.conditions  # noqa: PLR2004 - one of each


def _wider(one: Item, item: Item) -> bool:
    wide, narrow = one.statement, item.statement
    return covering.covers_statement(wide, narrow) and not covering.covers_statement(narrow, wide)
