"""Statements that say the same twice."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from remit.iam.policy import Globs
from remit.lint.finding import NOTE, WARNING, Problem, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from remit.errors import Origin
    from remit.iam.policy import Statement
    from remit.lint.rule_inputs import ParsedStatement, PolicyDocument, Project

_MANY = 10
_LISTED = 4


@rule("R602", WARNING, looks_at="policy")
def mergeable(document: PolicyDocument) -> Iterator[Problem]:
    """Statements that differ in one element only, and could be one.

    The policy is longer than it need be, and has a quota.

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
                message = f"{len(group)} statements ({_numbers(group)}) differ in their {element} alone: one would do"
                severity = WARNING if len(group) >= _MANY else NOTE
                yield Problem(message, f"merge them: one statement with all {element}", (), severity, group[1].index)


def _numbers(group: Sequence[ParsedStatement]) -> str:
    """Number the statements in the document, the first being 1."""
    numbers = [str(item.index + 1) for item in group]
    return ", ".join(numbers if len(numbers) <= _LISTED else [*numbers[:_LISTED], "…"])


def _without(statement: Statement, element: str) -> tuple[object, ...]:
    """All of a statement but one element and its Sid."""
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
        alike.setdefault(_size(item.statement), []).append(item)
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


def _size(statement: Statement) -> tuple[object, ...]:
    """Return a quick key that equal statements share."""
    resources = statement.resources.patterns if statement.resources is not None else ()
    return statement.effect, len(statement.actions.patterns), len(resources), len(statement.conditions)


def _ordered(statement: Statement) -> Statement:
    actions = Globs(tuple(sorted(text.lower() for text in statement.actions.patterns)), statement.actions.negated)
    resources = statement.resources
    if resources is not None:
        resources = Globs(tuple(sorted(resources.patterns)), resources.negated)
    return replace(statement, sid="", actions=actions, resources=resources)
