"""A policy variable is compared by an operator that takes none.

IAM puts variables in for string and ARN operators alone; for numbers, dates, addresses and true or false `${…}` stays
literal text, and nothing equals it.

Flagged:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
     "Condition": {"IpAddress": {"aws:SourceIp": "${aws:PrincipalTag/office}"}}}

Better:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
     "Condition": {"StringEquals": {"s3:ExistingObjectTag/office": "${aws:PrincipalTag/office}"}}}

Source: "IAM policy elements: Variables and tags" (IAM User Guide): using policy variables in the Condition element.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.iam.tokens import REFERENCE
from remit.lint import conditions
from remit.lint.finding import ERROR, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = ERROR


def concerned(text: str) -> bool:
    """Whether a document has variables."""
    return "${" in text


def conditional(item: ParsedStatement) -> Iterator[Problem]:
    """Variables under operators that compare no text; late-bound parts are put in before IAM sees them."""
    for condition in item.statement.conditions:
        if conditions.family(condition) in (None, "String", "ARN"):
            continue
        for value in condition.values:
            if "${" in REFERENCE.sub("", value) and "${{" not in value:
                message = f"{condition.spelled} takes no variable: '{value}' is literal text, and nothing equals it"
                spot = ("Condition", condition.spelled, condition.key, value)
                yield Problem(message, "variables work with String… and Arn… operators", spot)
