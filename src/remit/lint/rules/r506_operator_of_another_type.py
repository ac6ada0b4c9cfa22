"""An operator for another type of value than the key has.

A date is not compared with IpAddress, an address not with StringEquals: the condition never holds, or not as it
reads.

Flagged:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
     "Condition": {"NumericLessThan": {"aws:SourceIp": "10"}}}

Better:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
     "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}

Source: "AWS global condition context keys" (IAM User Guide): value types.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.catalogue.action_keys import key_type
from remit.catalogue.condition_keys import fits, global_key
from remit.lint import conditions
from remit.lint.finding import ERROR, WARNING, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.iam.policy import Condition
    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = ERROR
_OPERATORS = {
    "String": "StringEquals or StringLike", "ARN": "ArnLike", "Bool": "Bool", "Numeric": "NumericLessThan and its like",
    "Date": "DateLessThan and its like", "IPAddress": "IpAddress",
}  # fmt: skip


def conditional(item: ParsedStatement) -> Iterator[Problem]:
    """Pairs of operator and key that do not go together."""
    for condition in item.statement.conditions:
        family = conditions.family(condition)
        kind = key_type(condition.key)
        if family is None or family == "Null" or not kind:
            continue
        bare = kind.removeprefix("ArrayOf")
        hint = f"use {_OPERATORS.get(bare, bare)}"
        spot = ("Condition", condition.spelled, condition.key)
        if fits(conditions.name_of(condition) or "", kind) is False:
            compared = f"{condition.spelled} compares {_plural(family)}"
            yield Problem(f"{compared}, and {condition.key} holds {_plural(bare)}: never equal", hint, spot)
        elif (
            family == "String"
            and bare == "IPAddress"
            and any("/" in value or "*" in value for value in condition.values)
        ):
            message = f"{condition.spelled} compares text, and {condition.key} is an address: a block never equals one"
            yield Problem(message, hint, spot)
        elif family == "String" and bare in ("Numeric", "Date"):
            message = f"{condition.spelled} compares text, and {condition.key} holds {_plural(bare)}"
            yield Problem(message, hint, spot, WARNING)
        elif _mixed(family, bare, condition.values):
            message = f"{condition.spelled} compares {_plural(family)}, and {condition.key} holds {_plural(bare)}"
            yield Problem(message, hint, spot, WARNING)
        elif _for_text(condition, family, bare):
            message = f"{condition.spelled} compares {_plural(family)}, and {condition.key} holds text"
            yield Problem(message, hint, spot, WARNING)
        elif _as_text(condition, family, bare):
            message = f"{condition.spelled} compares text, and {condition.key} holds {_plural(bare)}"
            yield Problem(message, _hint(condition, bare), spot, WARNING)


def _mixed(family: str, kind: str, values: tuple[str, ...]) -> bool:
    """Dates against numbers: only seconds since 1970 are both."""
    plain = all(value.isdigit() for value in values)
    return (family == "Date" and kind == "Numeric" and not plain) or (family == "Numeric" and kind == "Date")


def _for_text(condition: Condition, family: str, kind: str) -> bool:
    if family == "ARN" and any(value.startswith(("arn:", "*", "${")) for value in condition.values):
        return False
    if kind != "String" or family == "String":
        return False
    return global_key(condition.key) is not None or family in ("Numeric", "Date", "IPAddress", "Bool")


def _as_text(condition: Condition, family: str, kind: str) -> bool:
    """True and false as text; ARNs as text with wildcards, which then reach over the colons between their parts."""
    if family != "String":
        return False
    wild = (conditions.name_of(condition) or "").endswith("Like") and any("*" in value for value in condition.values)
    return kind == "Bool" or (kind == "ARN" and wild and condition.values != ("*",))


def _hint(condition: Condition, kind: str) -> str:
    negated = (conditions.name_of(condition) or "").startswith("StringNot")
    return f"use {'ArnNotLike' if negated else 'ArnLike'}" if kind == "ARN" else "use Bool"


def _plural(kind: str) -> str:
    return {
        "String": "text", "ARN": "ARNs", "Bool": "true and false", "Numeric": "numbers", "Date": "dates",
        "IPAddress": "addresses", "Binary": "bytes",
    }.get(kind, kind)  # fmt: skip
