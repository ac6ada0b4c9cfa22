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

from remit.iam.pattern import is_pattern
from remit.iam.statement_cover import covers_statement
from remit.lint.finding import NOTE, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.iam.prove.budget import Budget
    from remit.lint.rule_inputs import ParsedStatement, PolicyDocument

SEVERITY = NOTE
_MOST = 60  # statements of an effect: pairs of more would take long
_STEPS = 1_000_000  # of a document (see `iam.budget`)


def policy(document: PolicyDocument) -> Iterator[Problem]:
    """Statements that another of the same effect makes superfluous; duplicates are another matter."""
    suspects = tuple(_suspects(document))
    if not suspects:
        return
    from remit.iam.prove.budget import Budget  # noqa: PLC0415 - the procedure is loaded where there is a suspect

    budget = Budget(_STEPS)
    covering: dict[int, ParsedStatement] = {}
    for item, wide_items in suspects:
        wide = next((wide for wide in wide_items if _is_wider(wide, item, budget)), None)
        if wide is not None:
            covering[item.index] = wide
    for item, _ in suspects:
        if item.index in covering and all(part.index in covering for part in _of_one_verb(item)):
            message = f"{item.called} adds nothing to {covering[item.index].called}, which covers it"
            yield Problem(message, "remove one of the two", (), index=item.index)


def _of_one_verb(item: ParsedStatement) -> Iterator[ParsedStatement]:
    """The other statements of a typed grant, such as that on its key: one of them cannot be removed alone."""
    grant = item.grant
    if grant is None or grant.origin is None or grant.reason.kind != "text":
        return
    for part in item.document.statements:
        if part is not item and part.grant is not None and part.grant.origin == grant.origin:
            yield part


def _suspects(document: PolicyDocument) -> Iterator[tuple[ParsedStatement, list[ParsedStatement]]]:
    """Statements, each with those of the same effect whose actions may include its own."""
    for effect in ("Allow", "Deny"):
        items = [item for item in document.statements if item.statement.effect == effect]
        if not 1 < len(items) <= _MOST:
            continue
        services = _services(items)
        actions = {item.index: frozenset(map(str.lower, item.statement.actions.patterns)) for item in items}
        wide_items = [(item, _is_literal(item)) for item in items if _may_be_wide(item)]
        for item in items:
            if item.computed:
                continue  # remit's own default; a wider grant beside it has findings of its own
            wider_items = []
            for wide, is_literal in wide_items:
                reach = actions if is_literal else services
                if reach[wide.index] >= reach[item.index] and wide is not item:
                    wider_items.append(wide)
            if wider_items:
                yield item, wider_items


def _services(items: list[ParsedStatement]) -> dict[int, frozenset[str]]:
    """The services that each statement may speak of, by its index: a cheap look before actions are compared."""
    all_services = frozenset({"*"}).union(*(item.services for item in items))
    return {item.index: all_services if _may_be_of_any_service(item) else item.services for item in items}


def _may_be_of_any_service(item: ParsedStatement) -> bool:
    return item.statement.actions.negated or any(map(is_pattern, item.services))


def _is_literal(item: ParsedStatement) -> bool:
    """Whether a statement lists its actions by name, so that it covers no statement with another action."""
    return not item.statement.actions.negated and not any(map(is_pattern, item.statement.actions.patterns))


def _may_be_wide(item: ParsedStatement) -> bool:
    statement = item.statement
    texts = (*statement.actions.patterns, *item.resources)
    return len(texts) > 2 or any("*" in text for text in texts) or not statement.conditions  # noqa: PLR2004 - one of each


def _is_wider(wide: ParsedStatement, item: ParsedStatement, budget: Budget) -> bool:
    """Whether a statement covers another, which does not cover it, and is in the policy whenever the other is."""
    broad, narrow, version = wide.statement, item.statement, item.document.version
    return (
        broad.principals == narrow.principals
        and wide.goes_with(item)
        and covers_statement(broad, narrow, version, budget)
        and not covers_statement(narrow, broad, version, budget)
    )
