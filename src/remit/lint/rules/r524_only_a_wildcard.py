"""A condition that compares with `*` alone, and so asks whether the key is there.

Null says that plainly. With IfExists or ForAllValues such a condition is always met, and with a negated operator under
ForAnyValue never.

Flagged:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
     "Condition": {"StringLike": {"aws:PrincipalTag/team": "*"}}}

Better:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
     "Condition": {"Null": {"aws:PrincipalTag/team": "false"}}}

Source: "IAM policy validation check reference" (IAM User Guide): equivalent to null false, equivalent to null true,
redundant key due to wildcard in condition.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.lint import conditions
from remit.lint.finding import NOTE, WARNING, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.iam.policy import Condition
    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = WARNING


def concerned(text: str) -> bool:
    """Whether a document compares with patterns."""
    return "Like" in text


def conditional(item: ParsedStatement) -> Iterator[Problem]:
    """Patterns that match every text."""
    for condition in item.statement.conditions:
        if "*" not in condition.values or conditions.name_of(condition) not in ("StringLike", "StringNotLike"):
            continue
        message, hint, severity = _said(condition)
        yield Problem(message, hint, ("Condition", condition.spelled, condition.key, "*"), severity)


def _said(condition: Condition) -> tuple[str, str, str]:
    negated = conditions.name_of(condition) == "StringNotLike"
    quantifier, subject = condition.quantifier.lower(), f"{condition.spelled} with '*'"
    if negated and quantifier == "foranyvalue":
        return f"{subject} is never met: every value matches '*'", "write what the values must not be", WARNING
    if not negated and (condition.if_exists or quantifier == "forallvalues"):
        return f"{subject} is always met: every value matches '*'", "remove it, or write what is meant", NOTE
    value, asks = ("true", "absent") if negated else ("false", "there")
    message = f"{subject} asks whether {condition.key} is {asks}, no more"
    return message, f'write "Null": {{"{condition.key}": "{value}"}}', NOTE
