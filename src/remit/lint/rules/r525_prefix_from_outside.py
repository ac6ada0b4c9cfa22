"""s3:prefix is used to keep a part of a bucket from being listed, and a shorter prefix lists it all the same.

A Deny for `private/*` says nothing of a request for `priv`, whose answer holds the same keys. What holds: an Allow with
StringLike, or a Deny with StringNotLike.

Flagged:

    {"Effect": "Deny", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::data",
     "Condition": {"StringLike": {"s3:prefix": "private/*"}}}

Better:

    {"Effect": "Deny", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::data",
     "Condition": {"StringNotLike": {"s3:prefix": "public/*"}}}

Source: "Bucket policy examples using condition keys" (Amazon S3 User Guide); "IAM policy validation check reference"
(IAM User Guide): S3 prefix in negative context.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.lint import conditions
from remit.lint.finding import WARNING, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = WARNING


def concerned(text: str) -> bool:
    """Whether a document asks for prefixes."""
    return "s3:prefix" in text.lower()


def conditional(item: ParsedStatement) -> Iterator[Problem]:
    """Prefixes that a Deny compares, or that an Allow excepts."""
    for condition in item.statement.conditions:
        if condition.key.lower() != "s3:prefix" or conditions.family(condition) != "String":
            continue
        if item.allows == (conditions.name_of(condition) or "").startswith("StringNot") and any(condition.values):
            verb = "excepts" if item.allows else "denies"
            message = f"the condition {verb} these prefixes, and a shorter one lists the same keys"
            hint = "allow with StringLike, or deny with StringNotLike, what may be listed"
            yield Problem(message, hint, ("Condition", condition.spelled, condition.key))
