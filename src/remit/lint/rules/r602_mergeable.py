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

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.lint.finding import NOTE, WARNING, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from remit.iam.policy import Statement
    from remit.lint.rule_inputs import ParsedStatement, PolicyDocument

SEVERITY = WARNING
_MANY = 10
_LISTED = 4


def policy(document: PolicyDocument) -> Iterator[Problem]:
    """Groups of statements that one could replace; an app's grants keep their reasons apart."""
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
    """Which statements of the document they are, the first being 1."""
    numbers = [str(item.index + 1) for item in group]
    return ", ".join(numbers if len(numbers) <= _LISTED else [*numbers[:_LISTED], "…"])


def _without(statement: Statement, element: str) -> tuple[object, ...]:
    """All of a statement but one element and its Sid."""
    counterpart = statement.resources if element == "actions" else statement.actions
    globs = None if counterpart is None else (counterpart.patterns, counterpart.negated)
    return statement.effect, globs, statement.principals, statement.conditions
