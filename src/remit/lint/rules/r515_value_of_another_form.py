"""A value that the condition key never has: another kind of id, a word that is none of its few.

The condition is never met (negated: always). `aws:SourceVpc` holds `vpc-…` and `aws:SourceVpce` `vpce-…`; ids of
organisations begin with `o-`.

Flagged:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
     "Condition": {"StringEquals": {"aws:SourceVpc": "vpce-0a1b2c3d"}}}

Better:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
     "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-0a1b2c3d"}}}

Source: "AWS global condition context keys" (IAM User Guide).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from remit.errors import nearest
from remit.lint import conditions, facts
from remit.lint.finding import ERROR, WARNING, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.iam.policy import Condition
    from remit.lint.subject import Item

SEVERITY = ERROR
_FORMS = {
    "aws:sourcevpc": ("the id of a VPC", re.compile(r"vpc-")),
    "aws:sourcevpce": ("the id of a VPC endpoint", re.compile(r"vpce-")),
    "aws:principalorgid": ("the id of an organisation, o-…", re.compile(r"o-")),
    "aws:resourceorgid": ("the id of an organisation, o-…", re.compile(r"o-")),
    "aws:sourceorgid": ("the id of an organisation, o-…", re.compile(r"o-")),
    "aws:principalorgpaths": ("a path that begins with o-…/", re.compile(r"o-[^/]*/")),
    "aws:resourceorgpaths": ("a path that begins with o-…/", re.compile(r"o-[^/]*/")),
    "aws:sourceorgpaths": ("a path that begins with o-…/", re.compile(r"o-[^/]*/")),
}
_WORDS = {
    "aws:principaltype": ("Account", "User", "FederatedUser", "AssumedRole", "Anonymous"),
}
_OTHERS = {"vpce-": "aws:SourceVpce", "vpc-": "aws:SourceVpc", "o-": "aws:PrincipalOrgID"}


def conditional(item: Item) -> Iterator[Problem]:
    """Values of keys whose form is known."""
    for condition in item.statement.conditions:
        key = condition.key.lower()
        if (key not in _FORMS and key not in _WORDS) or conditions.family(condition) != "String":
            continue
        for value in condition.values:
            if facts.plain(value) and not (value.startswith("{") or "<" in value):
                yield from _problem(condition, value)


def _problem(condition: Condition, value: str) -> Iterator[Problem]:
    key, spot = condition.key.lower(), ("Condition", condition.spelled, condition.key, value)
    if key in _WORDS:
        known = _WORDS[key]
        if value not in known and not ("IgnoreCase" in condition.operator and value.lower() in map(str.lower, known)):
            near = next((one for one in known if one.lower() == value.lower()), None) or nearest(value, known)
            hint = f"did you mean '{near}'?" if near else f"one of {', '.join(known)}"
            yield Problem(f"{condition.key} is never '{value}'", hint, spot)
    elif not _FORMS[key][1].match(value):
        what = _FORMS[key][0]
        other = next((name for begin, name in _OTHERS.items() if value.startswith(begin)), None)
        hint = f"did you mean `{other}`?" if other else f"write {what}"
        severity = ERROR if other else WARNING
        yield Problem(f"'{value}' is not what {condition.key} holds: {what}", hint, spot, severity)
