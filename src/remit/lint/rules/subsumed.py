"""Actions and statements that others cover."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from remit.iam.pattern import is_pattern
from remit.iam.pattern_list import PatternList, actions_cover, asks_no_more, head
from remit.iam.policy import Globs
from remit.iam.statement_cover import covers_statement
from remit.lint import conditions
from remit.lint.finding import NOTE, WARNING, Problem, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.iam.policy import Statement
    from remit.iam.prove.budget import Budget
    from remit.lint.rule_inputs import ParsedStatement, PolicyDocument, WrittenStatement

_DECIDES = {
    "NumericLessThan": max, "NumericLessThanEquals": max, "NumericGreaterThan": min, "NumericGreaterThanEquals": min,
}  # fmt: skip
_SESSION = r"arn:([a-z-]+):sts::(\d{12}):assumed-role/([^/]+)/.+"
_MOST = 400  # patterns of a list, beyond which only size matters


@rule("R605", NOTE, looks_at="shape")
def subsumed_action(written: WrittenStatement) -> Iterator[Problem]:
    """An action, or a resource, that a pattern of the same list covers.

    Flagged:

        {"Effect": "Allow", "Action": ["dynamodb:*", "dynamodb:GetItem"],
         "Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/orders"}

    Better:

        {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/orders"}
    """
    for element in ("Action", "NotAction", "Resource", "NotResource"):
        members = written.value.get(element)
        if written.chooses or not isinstance(members, list):
            continue
        earlier: set[str] = set()
        for position, text in enumerate(members):
            if isinstance(text, str) and text in earlier:
                yield Problem(f"'{text}' stands twice", "remove one", (element, position))
            elif isinstance(text, str):
                earlier.add(text)


@rule("R605", looks_at="conditional")
def _subsumed_action_in_conditional(item: ParsedStatement) -> Iterator[Problem]:
    """Numbers of which one decides: the largest of those that something must be less than."""
    for condition in item.statement.conditions:
        name = conditions.name_of(condition) or "" if len(condition.values) > 1 else ""
        if name not in _DECIDES:
            continue
        from remit.iam.value_comparison import number  # noqa: PLC0415 - few conditions list several numbers

        numbers = [parsed for value in condition.values if (parsed := number(value)) is not None]
        if len(numbers) < len(condition.values):
            continue
        deciding = condition.values[numbers.index(_DECIDES[name](numbers))]
        message = f"of {len(numbers)} numbers under {condition.spelled} '{deciding}' decides alone"
        yield Problem(message, "remove the others", ("Condition", condition.spelled, condition.key))


@rule("R605", looks_at="statement")
def _subsumed_action_in_statement(item: ParsedStatement) -> Iterator[Problem]:
    """Members of a list that another makes superfluous."""
    yield from _sessions(item)
    if item.chooses:
        return
    yield from _problems(item.statement.actions.patterns, item.action_element, fold=True)
    yield from _problems(item.resources, item.resource_element, fold=False)


def _sessions(item: ParsedStatement) -> Iterator[Problem]:
    """Sessions of a role that is a principal itself."""
    if item.principal_element == "NotPrincipal":
        return
    admitted = {value for kind, value in item.principals if kind == "AWS"}
    for kind, value in item.principals:
        session = re.fullmatch(_SESSION, value)
        role = f"arn:{session[1]}:iam::{session[2]}:role/{session[3]}" if session is not None else None
        if role in admitted:
            message = f"'{value}' is a session of '{role}', which is let in already"
            yield Problem(message, "remove it", ("Principal", kind, value))


def _problems(patterns: tuple[str, ...], element: str, *, fold: bool) -> Iterator[Problem]:
    if not 1 < len(patterns) <= _MOST:
        return
    texts = [text.lower() for text in patterns] if fold else list(patterns)
    twice = len(set(texts)) < len(texts)
    beginnings = tuple(head(text) for text in texts if is_pattern(text))
    if not twice and not beginnings:
        return
    listed = PatternList(texts)
    for position, text in enumerate(texts):
        if not twice and not text.startswith(beginnings):
            continue
        stands_twice = twice and text in texts[:position]
        cover = listed.cover_of(text) or (text if stands_twice and is_pattern(text) else None)
        if cover is not None:
            message = f"'{patterns[position]}' is already covered by '{patterns[texts.index(cover)]}'"
            yield Problem(message, "remove one of the two", (element, patterns[position]))
        elif fold and stands_twice:
            message = f"'{patterns[position]}' stands twice: actions ignore case"
            yield Problem(message, "remove one of the two", (element, patterns[position]))


_SHADOWED_BY_DENY_MOST = 200
_STEPS = 1_000_000  # of a document (see `iam.budget`)


@rule("R606", WARNING, looks_at="policy")
def shadowed_by_deny(document: PolicyDocument) -> Iterator[Problem]:
    """An Allow of which a Deny of the same policy leaves nothing.

    A Deny always wins, so the Allow grants nothing.

    Flagged:

        {"Version": "2012-10-17", "Statement": [
          {"Effect": "Allow", "Action": "s3:DeleteObject", "Resource": "arn:aws:s3:::orders/*"},
          {"Effect": "Deny", "Action": "s3:Delete*", "Resource": "*"}
        ]}

    Better:

        {"Version": "2012-10-17", "Statement": [
          {"Effect": "Allow", "Action": "s3:DeleteObject", "Resource": "arn:aws:s3:::orders/*"},
          {"Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*"}
        ]}

    Source: "Policy evaluation logic" (IAM User Guide): an explicit deny overrides any allow.
    """
    denies = [item for item in document.statements if not item.allows][:_SHADOWED_BY_DENY_MOST]
    plain = not any(item.when or item.chooses for item in denies)
    suspects: list[tuple[ParsedStatement, list[ParsedStatement]]] = []
    for item in document.statements if denies else ():
        if not item.allows or item.computed:
            continue  # what remit itself grants, and a Deny takes away: R704 says what breaks
        relevant = denies if plain else [deny for deny in denies if deny.goes_with(item)]
        allowed = item.statement
        relevant = [
            deny
            for deny in relevant
            if deny.statement.principals == allowed.principals and asks_no_more(deny.statement, allowed)
        ]
        if _may_take_all(item.statement, relevant):
            suspects.append((item, relevant))
    if suspects:
        yield from _shadowed(document, suspects)


def _may_take_all(allowed: Statement, denies: list[ParsedStatement]) -> bool:
    """A cheap look: whether each of its actions is among those of some Deny."""
    denied = [deny.statement.actions for deny in denies]
    if allowed.actions.negated:
        return any(actions_cover(globs, allowed.actions) for globs in denied)
    for pattern in allowed.actions.patterns:
        action = Globs((pattern,))
        if not any(actions_cover(globs, action) for globs in denied):
            return False
    return True


def _shadowed(
    document: PolicyDocument, suspects: list[tuple[ParsedStatement, list[ParsedStatement]]]
) -> Iterator[Problem]:
    from remit.iam.prove.budget import Budget  # noqa: PLC0415 - the procedure is loaded where there is a suspect
    from remit.iam.prove.cover import covers  # noqa: PLC0415 - as above

    budget = Budget(_STEPS)
    for item, denies in suspects:
        statements = [deny.statement for deny in denies]
        if not covers(statements, item.statement, document.version, budget):
            continue
        alone = (deny for deny in denies if covers([deny.statement], item.statement, document.version, budget))
        deny = next(alone, None)
        if deny is not None:
            message = f"{item.called} grants nothing: the Deny of {deny.called} covers all of it"
            yield Problem(message, "remove it, or narrow the Deny", (), index=item.index)
        else:
            message = f"{item.called} grants nothing: {len(denies)} Denies cover all of it between them"
            yield Problem(message, "remove it, or narrow the Denies", (), index=item.index)


_SUBSUMED_STATEMENT_MOST = 60  # statements of an effect: pairs of more would take long
_SUBSUMED_STATEMENT_STEPS = 1_000_000  # of a document (see `iam.budget`)


@rule("R607", NOTE, looks_at="policy")
def subsumed_statement(document: PolicyDocument) -> Iterator[Problem]:
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
    suspects = tuple(_suspects(document))
    if not suspects:
        return
    from remit.iam.prove.budget import Budget  # noqa: PLC0415 - the procedure is loaded where there is a suspect

    budget = Budget(_SUBSUMED_STATEMENT_STEPS)
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
        if not 1 < len(items) <= _SUBSUMED_STATEMENT_MOST:
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
    """Return whether a statement lists its actions by name, so that it covers no statement with another action."""
    return not item.statement.actions.negated and not any(map(is_pattern, item.statement.actions.patterns))


def _may_be_wide(item: ParsedStatement) -> bool:
    statement = item.statement
    texts = (*statement.actions.patterns, *item.resources)
    return len(texts) > 2 or any("*" in text for text in texts) or not statement.conditions  # noqa: PLR2004 - one of each


def _is_wider(wide: ParsedStatement, item: ParsedStatement, budget: Budget) -> bool:
    """Return whether a statement covers another, which does not cover it, and is in the policy whenever the other is."""
    broad, narrow, version = wide.statement, item.statement, item.document.version
    return (
        broad.principals == narrow.principals
        and wide.goes_with(item)
        and covers_statement(broad, narrow, version, budget)
        and not covers_statement(narrow, broad, version, budget)
    )
