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

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.iam.pattern_list import actions_cover, asks_no_more
from remit.iam.policy import Globs
from remit.lint.finding import WARNING, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.iam.policy import Statement
    from remit.lint.rule_inputs import ParsedStatement, PolicyDocument

SEVERITY = WARNING
_MOST = 200
_STEPS = 1_000_000  # of a document (see `iam.budget`)


def policy(document: PolicyDocument) -> Iterator[Problem]:
    """Allows that are wholly denied, by one statement or by several."""
    denies = [item for item in document.statements if not item.allows][:_MOST]
    plain = not any(item.when or item.chooses for item in denies)
    suspects: list[tuple[ParsedStatement, list[ParsedStatement]]] = []
    for item in document.statements if denies else ():
        if not item.allows or item.computed:
            continue  # what remit itself grants, and a Deny takes away: R704 says what breaks
        relevant = denies if plain else [deny for deny in denies if deny.goes_with(item)]
        relevant = [deny for deny in relevant if _is_about(deny.statement, item.statement)]
        if _may_take_all(item.statement, relevant):
            suspects.append((item, relevant))
    if suspects:
        yield from _shadowed(document, suspects)


def _is_about(deny: Statement, allowed: Statement) -> bool:
    return deny.principals == allowed.principals and asks_no_more(deny, allowed)


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
