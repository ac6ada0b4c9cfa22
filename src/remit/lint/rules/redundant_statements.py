"""Statements, Sids and actions that stand twice, or that others cover."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from remit.iam.pattern import is_pattern
from remit.iam.pattern_list import PatternList, actions_cover, asks_no_more, head
from remit.iam.policy import Condition, Globs, Statement
from remit.iam.statement_cover import covers_statement
from remit.lint import conditions
from remit.lint.finding import ERROR, NOTE, WARNING, Problem, rule
from remit.lint.rule_inputs import RESOURCE, ParsedStatement, PolicyDocument, Project, WrittenStatement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.errors import Origin
    from remit.iam.prove.budget import Budget

_MANY = 10
_LISTED = 4


@rule("R602", WARNING, looks_at="policy")
def mergeable(document: PolicyDocument) -> Iterator[Problem]:
    """Statements that differ in one element only, and could be one.

    The policy is longer than it need be, and has a quota. Looked at are actions and resources; fewer than ten such
    statements are a note.

    Flagged:

        {"Version": "2012-10-17", "Statement": [
          {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::orders/*"},
          {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bills/*"}
        ]}

    Better:

        {"Version": "2012-10-17", "Statement": [
          {"Effect": "Allow", "Action": "s3:GetObject", "Resource": ["arn:aws:s3:::bills/*", "arn:aws:s3:::orders/*"]}
        ]}

    Source: "IAM and AWS STS quotas" (IAM User Guide).
    """
    if document.raw is None or len(document.statements) < 2:  # noqa: PLR2004 - a pair at least
        return
    reported: set[int] = set()
    for element in ("resources", "actions"):
        groups: dict[tuple[object, ...], list[ParsedStatement]] = {}
        for item in document.statements:
            globs = getattr(item.statement, element)
            if globs is not None and not globs.negated and not item.chooses and item.index not in reported:
                groups.setdefault((*_without(item.statement, element), item.when), []).append(item)
        for group in groups.values():
            if len({getattr(item.statement, element) for item in group}) > 1:
                reported |= {item.index for item in group}
                numbers = [str(item.index + 1) for item in group]
                listed = ", ".join(numbers if len(numbers) <= _LISTED else [*numbers[:_LISTED], "…"])
                message = f"{len(group)} statements ({listed}) differ in their {element} alone: one would do"
                severity = WARNING if len(group) >= _MANY else NOTE
                yield Problem(message, f"merge them: one statement with all {element}", (), severity, group[1].index)


def _without(statement: Statement, element: str) -> tuple[object, ...]:
    """All of a statement but its Sid and one of "resources" and "actions": equal where only that one differs."""
    counterpart = statement.resources if element == "actions" else statement.actions
    globs = None if counterpart is None else (counterpart.patterns, counterpart.negated)
    return statement.effect, globs, statement.principals, statement.conditions


@rule("R604", WARNING, looks_at="policy")
def duplicate_statement(document: PolicyDocument) -> Iterator[Problem]:
    """A statement that stands in the policy twice.

    Flagged:

        {"Version": "2012-10-17", "Statement": [
          {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::orders/*"},
          {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::orders/*"]}
        ]}

    Better:

        {"Version": "2012-10-17", "Statement": [
          {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::orders/*"}
        ]}
    """
    if len(document.statements) < 2:  # noqa: PLR2004 - a pair at least
        return
    alike: dict[tuple[object, ...], list[ParsedStatement]] = {}
    for item in document.statements:
        statement = item.statement
        # A quick key that equal statements share.
        size = statement.effect, len(statement.actions.patterns), len(item.resources), len(statement.conditions)
        alike.setdefault(size, []).append(item)
    for candidates in alike.values():
        originals: dict[Statement, ParsedStatement] = {}
        for item in candidates if len(candidates) > 1 else ():
            original = originals.setdefault(_ordered(item.statement), item)
            if original is not item and original.goes_with(item) and not item.chooses:
                message = f"the statement says the same as {original.called}"
                yield Problem(message, "remove it", (), index=item.index)


@rule("R604", looks_at="project")
def _duplicate_statement_in_project(project: Project) -> Iterator[Problem]:
    """A grant of a function that its group, the configuration or it itself gives it once more.

    A role holds it once in any case; what the jobs of one worker need alike, each says for itself.
    """
    reported: set[tuple[Origin | None, Origin | None]] = set()
    for function in project.app.functions:
        if function.queue is not None or len(function.policy) < 2:  # noqa: PLR2004 - a pair at least
            continue
        last = {grant.statement: grant.origin for grant in function.policy}
        # Two verbs may need one key alike: neither can be removed while it grants something of its own.
        with_more = {
            grant.origin
            for grant in function.policy
            if grant.reason.kind == "text" and grant.origin == last[grant.statement]
        }
        for grant in function.policy:
            pair = (grant.origin, last[grant.statement])
            if pair[0] != pair[1] and pair[0] not in with_more and pair not in reported:
                reported.add(pair)
                message = f"the grant at {pair[0]} says the same as the grant at {pair[1]}"
                yield Problem(message, "remove one of the two", severity=NOTE, origin=pair[0])


def _ordered(statement: Statement) -> Statement:
    """A copy of a statement that is equal for all that say the same: no Sid, actions (folded) and resources sorted."""
    actions = Globs(tuple(sorted(text.lower() for text in statement.actions.patterns)), statement.actions.negated)
    resources = statement.resources
    if resources is not None:
        resources = Globs(tuple(sorted(resources.patterns)), resources.negated)
    return replace(statement, sid="", actions=actions, resources=resources)


_DECIDES = {
    "NumericLessThan": max, "NumericLessThanEquals": max, "NumericGreaterThan": min, "NumericGreaterThanEquals": min,
}  # fmt: skip
_SESSION = r"arn:([a-z-]+):sts::(\d{12}):assumed-role/([^/]+)/.+"
_MOST = 400  # patterns of a list, beyond which only size matters


@rule("R605", NOTE, looks_at="shape")
def subsumed_action(written: WrittenStatement) -> Iterator[Problem]:
    """An action or a resource that stands twice in a list or that a pattern there covers, and others like it.

    The others are numbers of a condition of which one decides, and sessions of a role that is a principal itself.

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


@rule("R605", looks_at="condition")
def _subsumed_action_in_conditional(_: ParsedStatement, condition: Condition) -> Iterator[Problem]:
    """Numbers of which one decides: the largest of those that something must be less than."""
    name = conditions.name_of(condition) or "" if len(condition.values) > 1 else ""
    if name not in _DECIDES:
        return
    from remit.iam.value_comparison import number  # noqa: PLC0415 - few conditions list several numbers

    numbers = [parsed for value in condition.values if (parsed := number(value)) is not None]
    if len(numbers) < len(condition.values):
        return
    deciding = condition.values[numbers.index(_DECIDES[name](numbers))]
    message = f"of {len(numbers)} numbers under {condition.spelled} '{deciding}' decides alone"
    yield Problem(message, "remove the others", condition.path)


@rule("R605", looks_at="statement")
def _subsumed_action_in_statement(item: ParsedStatement) -> Iterator[Problem]:
    """Members of a list that another makes superfluous."""
    yield from _sessions(item)
    if item.chooses:
        return
    yield from _problems(item.statement.actions.patterns, item.action_element, fold=True)
    yield from _problems(item.resources, item.resource_element, fold=False)


def _sessions(item: ParsedStatement) -> Iterator[Problem]:
    """Yield the principals that are sessions of a role which is a principal itself."""
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
    """Yield patterns of a list that another one covers; with `fold`, case does not count.

    Lists of more than `_MOST` are not looked at.
    """
    if not 1 < len(patterns) <= _MOST:
        return
    if fold:
        texts = [text.lower() for text in patterns]
    else:
        # `${*}` and `${?}` are the signs themselves, and no wildcards: characters that no ARN has stand for them.
        texts = [text.replace("${*}", "\0").replace("${?}", "\1") for text in patterns]
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
    items = _with_known_operators(document)
    denies = [item for item in items if not item.allows][:_SHADOWED_BY_DENY_MOST]
    plain = not any(item.when or item.chooses for item in denies)
    suspects: list[tuple[ParsedStatement, list[ParsedStatement]]] = []
    for item in items if denies else ():
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


def _with_known_operators(document: PolicyDocument) -> list[ParsedStatement]:
    """The statements whose condition operators all exist: of others, which R501 reports, nothing can be proven."""
    return [item for item in document.statements if all(map(conditions.is_known, item.statement.conditions))]


def _may_take_all(allowed: Statement, denies: list[ParsedStatement]) -> bool:
    """Return whether each action of an Allow is among those of some Deny: a cheap look."""
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
    """Yield the Allows of which it is proven that Denies cover them: one alone, else all together.

    All of them share one budget, after which nothing is proven.
    """
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
    """An Allow that another Allow of the same policy covers, or a Deny that another Deny does.

    It grants, or denies, nothing more.

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
    """Yield statements with others of the same effect that may cover them, as a cheap look at their actions tells.

    Nothing for an effect with more than `_SUBSUMED_STATEMENT_MOST` statements, nor for those that remit computed.
    """
    for effect in ("Allow", "Deny"):
        items = [item for item in _with_known_operators(document) if item.statement.effect == effect]
        if not 1 < len(items) <= _SUBSUMED_STATEMENT_MOST:
            continue
        # The services that each may speak of, by its index: a cheap look before actions are compared.
        all_services = frozenset({"*"}).union(*(item.services for item in items))
        services, actions, wide_items = {}, {}, []
        for item in items:
            patterns, is_negated = item.statement.actions.patterns, item.statement.actions.negated
            is_of_any = is_negated or any(map(is_pattern, item.services))
            services[item.index] = all_services if is_of_any else item.services
            actions[item.index] = frozenset(map(str.lower, patterns))
            texts = (*patterns, *item.resources)
            if len(texts) > 2 or any("*" in text for text in texts) or not item.statement.conditions:  # noqa: PLR2004 - one of each
                # One that lists its actions by name covers no statement with another action.
                wide_items.append((item, not is_negated and not any(map(is_pattern, patterns))))
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


def _is_wider(wide: ParsedStatement, item: ParsedStatement, budget: Budget) -> bool:
    """Return whether a statement covers `item`, but not the reverse, and is in the policy whenever `item` is."""
    broad, narrow, version = wide.statement, item.statement, item.document.version
    return (
        broad.principals == narrow.principals
        and wide.goes_with(item)
        and covers_statement(broad, narrow, version, budget)
        and not covers_statement(narrow, broad, version, budget)
    )


@rule("R116", ERROR, looks_at="policy")
def repeated_sid(document: PolicyDocument) -> Iterator[Problem]:
    """Two statements of a policy have the same Sid.

    IAM refuses the document: Sids must be unique in a policy. In the policy of a resource it is a warning: some services
    take them twice.

    Flagged:

        {"Version": "2012-10-17", "Statement": [
          {"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::orders/*"},
          {"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bills/*"}
        ]}

    Better:

        {"Version": "2012-10-17", "Statement": [
          {"Sid": "ReadOrders", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::orders/*"},
          {"Sid": "ReadBills", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bills/*"}
        ]}

    Source: "IAM JSON policy elements: Sid" (IAM User Guide).
    """
    earlier: dict[str, list[ParsedStatement]] = {}
    for item in document.statements:
        sid = item.statement.sid
        if not sid:
            continue
        if sid not in earlier:
            earlier[sid] = [item]
            continue
        namesake = next((candidate for candidate in earlier[sid] if not candidate.excludes(item)), None)
        earlier[sid].append(item)
        if namesake is not None:
            lax = document.kind == RESOURCE
            why = "not every service takes that" if lax else "IAM refuses the policy"
            message = f"Sid {sid!r} stands twice, first in {namesake.called}: {why}"
            severity = WARNING if lax else ERROR
            yield Problem(message, "give one another Sid, or none", ("Sid",), severity, item.index)
