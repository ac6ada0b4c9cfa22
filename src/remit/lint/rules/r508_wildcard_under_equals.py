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

from remit.lint import conditions
from remit.lint.finding import WARNING, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.subject import Item

SEVERITY = WARNING
_LIKE = {
    "StringEquals": "StringLike",
    "StringNotEquals": "StringNotLike",
    "StringEqualsIgnoreCase": "StringLike",
    "StringNotEqualsIgnoreCase": "StringNotLike",
}


def conditional(item: Item) -> Iterator[Problem]:
    """Wildcards that are none."""
    for condition in item.statement.conditions:
        like = _LIKE.get(conditions.name_of(condition) or "")
        for value in condition.values if like else ():
            if "*" in value.replace("${*}", ""):
                message = f"the * in '{value}' is a literal star under {condition.spelled}"
                spot = ("Condition", condition.spelled, condition.key, value)
                yield Problem(message, f"use {condition.spelled.replace(condition.operator, str(like))}", spot)
