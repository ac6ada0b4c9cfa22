"""A wildcard, or a variable, at the beginning of an id that should tell yours from everybody else's.

Every organisation's id begins with `o-`, every VPC's with `vpc-`: such a pattern is met by those of strangers, and a
condition that anyone meets protects nothing.

Flagged:

    {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
     "Condition": {"StringLike": {"aws:PrincipalOrgID": "o-*"}}}

Better:

    {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
     "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}}

Source: "IAM policy validation check reference" (IAM User Guide): wildcard usage too permissive, variable usage too
permissive. It is a warning here, not an error: IAM takes it, and it works.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from remit.iam.tokens import REFERENCE
from remit.lint import conditions
from remit.lint.finding import WARNING, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = WARNING
_LEAST = 6  # characters that tell something, as AWS's own check has it
_KEYS = {
    "aws:principalaccount": "", "aws:sourceaccount": "", "aws:resourceaccount": "", "s3:resourceaccount": "",
    "aws:principalorgid": "o-", "aws:sourceorgid": "o-", "aws:resourceorgid": "o-", "aws:vpceorgid": "o-",
    "aws:principalorgpaths": "o-", "aws:sourceorgpaths": "o-", "aws:resourceorgpaths": "o-",
    "aws:sourcevpc": "vpc-", "aws:sourcevpce": "vpce-", "aws:vpceaccount": "", "aws:userid": "",
}  # fmt: skip
"""What each begins with that tells nothing."""
_OPEN = re.compile(r"[*?]|\$\{(?!aws:(?:Principal|Resource|Source)[A-Z][a-z]*(?:ID|Paths)?\})[^{}]*\}")
"""Wildcards, and variables that the caller, or whoever tags, has a hand in."""


def conditional(item: ParsedStatement) -> Iterator[Problem]:
    """Patterns that Allow compares, and that Deny excepts."""
    for condition in () if item.keys.isdisjoint(_KEYS) else item.statement.conditions:
        begin = _KEYS.get(condition.key.lower())
        name = conditions.name_of(condition)
        if begin is None or name not in ("StringLike", "StringNotLike") or (name == "StringLike") != item.allows:
            continue
        for value in condition.values:
            open_part = _OPEN.search(REFERENCE.sub("references", value))
            if open_part is None or value.startswith("*:") or not _tells_little(value, open_part.start(), begin):
                continue  # `*:NAME` is a session's name, of whatever role
            subject = "the variable" if open_part[0].startswith("$") else f"the {open_part[0]}"
            message = f"{subject} in '{value}' stands for anybody's: {condition.key} tells yours from no others"
            yield Problem(message, "write it out", ("Condition", condition.spelled, condition.key, value))


def _tells_little(value: str, place: int, begin: str) -> bool:
    literal = value[:place]
    return len(literal) < _LEAST or literal == begin
