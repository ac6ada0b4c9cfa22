"""A `*` in a value that is compared with StringEquals, where it is a star and no wildcard.

Flagged:

    {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::data",
     "Condition": {"StringEquals": {"s3:prefix": "home/*"}}}

Better:

    {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::data",
     "Condition": {"StringLike": {"s3:prefix": "home/*"}}}

Source: "IAM JSON policy elements: Condition operators" (IAM User Guide): string condition operators.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.catalogue.action_keys import key_type
from remit.lint import conditions
from remit.lint.finding import WARNING, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = WARNING
_LIKE = {
    "StringEquals": "StringLike",
    "StringNotEquals": "StringNotLike",
    "StringEqualsIgnoreCase": "StringLike",
    "StringNotEqualsIgnoreCase": "StringNotLike",
}


def conditional(item: ParsedStatement) -> Iterator[Problem]:
    """Wildcards that are none."""
    for condition in item.statement.conditions:
        like = _LIKE.get(conditions.name_of(condition) or "")
        for value in condition.values if like else ():
            sign = _wildcard(value)
            if sign:
                called = "star" if sign == "*" else "question mark"
                message = f"the {sign} in '{value}' is a literal {called} under {condition.spelled}, no wildcard"
                spot = ("Condition", condition.spelled, condition.key, value)
                arn = (key_type(condition.key) or "").endswith("ARN")
                use = str(like).replace("String", "Arn") if arn else str(like)
                bare = condition.operator.removesuffix("IfExists")
                yield Problem(message, f"use {condition.spelled.replace(bare, use)}", spot)


def _wildcard(value: str) -> str:
    """`*`, or a `?` that begins no query of a URL."""
    plain = value.replace("${*}", "").replace("${?}", "")
    if "*" in plain:
        return "*"
    return "?" if "?" in plain and "=" not in plain else ""
