"""Wildcards in conditions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from remit.catalogue.action_keys import key_type
from remit.iam.tokens import REFERENCE
from remit.lint import conditions
from remit.lint.finding import NOTE, WARNING, Problem, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.iam.policy import Condition
    from remit.lint.rule_inputs import ParsedStatement

_LIKE = {
    "StringEquals": "StringLike",
    "StringNotEquals": "StringNotLike",
    "StringEqualsIgnoreCase": "StringLike",
    "StringNotEqualsIgnoreCase": "StringNotLike",
}


@rule("R508", WARNING, looks_at="conditional")
def wildcard_under_equals(item: ParsedStatement) -> Iterator[Problem]:
    """A `*` in a value that is compared with StringEquals, where it is a star and no wildcard.

    Flagged:

        {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::data",
         "Condition": {"StringEquals": {"s3:prefix": "home/*"}}}

    Better:

        {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::data",
         "Condition": {"StringLike": {"s3:prefix": "home/*"}}}

    Source: "IAM JSON policy elements: Condition operators" (IAM User Guide): string condition operators.
    """
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


@rule("R523", WARNING, looks_at="conditional")
def wildcard_in_identifier(item: ParsedStatement) -> Iterator[Problem]:
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


def _tells_little(value: str, position: int, begin: str) -> bool:
    literal = value[:position]
    return len(literal) < _LEAST or literal == begin


@rule("R524", WARNING, looks_at="conditional", needs="Like")
def only_a_wildcard(item: ParsedStatement) -> Iterator[Problem]:
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


@rule("R525", WARNING, looks_at="conditional", needs="(?i)s3:prefix")
def prefix_from_outside(item: ParsedStatement) -> Iterator[Problem]:
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
    for condition in item.statement.conditions:
        if condition.key.lower() != "s3:prefix" or conditions.family(condition) != "String":
            continue
        if item.allows == (conditions.name_of(condition) or "").startswith("StringNot") and any(condition.values):
            verb = "excepts" if item.allows else "denies"
            message = f"the condition {verb} these prefixes, and a shorter one lists the same keys"
            hint = "allow with StringLike, or deny with StringNotLike, what may be listed"
            yield Problem(message, hint, ("Condition", condition.spelled, condition.key))
