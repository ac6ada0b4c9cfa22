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

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from remit.iam.policy import Globs
from remit.lint.finding import NOTE, WARNING, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.errors import Origin
    from remit.iam.policy import Statement
    from remit.lint.rule_inputs import ParsedStatement, PolicyDocument, Project

SEVERITY = WARNING


def policy(document: PolicyDocument) -> Iterator[Problem]:
    """Equal statements, whatever their Sids and the order of their lists."""
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


def project(project: Project) -> Iterator[Problem]:
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
    """What equal statements share, and is quickly told."""
    resources = statement.resources.patterns if statement.resources is not None else ()
    return statement.effect, len(statement.actions.patterns), len(resources), len(statement.conditions)


def _ordered(statement: Statement) -> Statement:
    actions = Globs(tuple(sorted(text.lower() for text in statement.actions.patterns)), statement.actions.negated)
    resources = statement.resources
    if resources is not None:
        resources = Globs(tuple(sorted(resources.patterns)), resources.negated)
    return replace(statement, sid="", actions=actions, resources=resources)
