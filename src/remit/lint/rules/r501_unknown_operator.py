"""A condition operator, or a set prefix, that does not exist.

IAM refuses the document.

Flagged:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
     "Condition": {"StringEqual": {"aws:SourceVpc": "vpc-1"}}}

Better:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
     "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}}}

Source: "IAM JSON policy elements: Condition operators" (IAM User Guide).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from remit.catalogue.keys import operators
from remit.errors import nearest
from remit.lint import facts
from remit.lint.finding import ERROR, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.iam.policy import Condition
    from remit.lint.subject import Item

SEVERITY = ERROR
_QUANTIFIERS = ("ForAllValues", "ForAnyValue")
_NAMES = {one.name.lower(): one.name for one in operators()}
_SETS = {one.lower(): one for one in _QUANTIFIERS}
_WORDS = {
    "equals": "StringEquals", "equal": "StringEquals", "eq": "StringEquals", "like": "StringLike",
    "stringcontains": "StringLike",
    "stringstartswith": "StringLike", "boolean": "Bool", "boolequals": "Bool", "exists": "Null", "isnull": "Null",
    "ipequals": "IpAddress", "sourceip": "IpAddress", "cidr": "IpAddress",
    "numericlessthanorequals": "NumericLessThanEquals", "numericgreaterthanorequals": "NumericGreaterThanEquals",
    "datebefore": "DateLessThan", "dateafter": "DateGreaterThan",
    "notstringequals": "StringNotEquals", "notstringlike": "StringNotLike",
    "arnmatch": "ArnLike", "arnmatches": "ArnLike", "matches": "StringLike", "stringmatch": "StringLike",
    "startswith": "StringLike", "contains": "StringLike", "in": "StringEquals", "notin": "StringNotEquals",
    "notip": "NotIpAddress", "ipnotin": "NotIpAddress", "ipaddressin": "IpAddress", "ip": "IpAddress",
    "notnull": "Null", "stringnotequal": "StringNotEquals", "notequals": "StringNotEquals", "stringin": "StringEquals",
}  # fmt: skip


def conditional(item: Item) -> Iterator[Problem]:
    """Operators of a statement, each once."""
    seen: set[str] = set()
    for condition in item.statement.conditions:
        if condition.spelled not in seen:
            seen.add(condition.spelled)
            yield from _problem(condition)


def _problem(condition: Condition) -> Iterator[Problem]:
    spot = ("Condition", condition.spelled)
    operator = condition.operator.lower().removesuffix("ifexists")
    quantifier = condition.quantifier.lower()
    if (whole := _put_together(condition.spelled)) is not None:
        message = f"unknown condition operator '{condition.spelled}': IAM refuses it"
        yield Problem(message, f"did you mean `{whole}`?", spot)
    elif quantifier and quantifier not in _SETS:
        near = facts.near(quantifier, _SETS) or nearest(quantifier, _SETS) or "foranyvalue"
        message = f"unknown set operator '{condition.quantifier}:' in '{condition.spelled}': IAM refuses it"
        others = " or ".join(f"`{one}:`" for one in (_SETS[near], *(one for one in _QUANTIFIERS if one != _SETS[near])))
        yield Problem(message, f"did you mean {others}?", spot)
    elif operator not in _NAMES:
        whole = (f"{condition.quantifier}:" if condition.quantifier else "") + _meant(condition)
        yield Problem(
            f"unknown condition operator '{condition.spelled}': IAM refuses it", f"did you mean `{whole}`?", spot
        )
    elif _NAMES[operator] == "Null" and condition.if_exists:
        yield Problem("'NullIfExists' does not exist: Null tests the presence by itself", "did you mean `Null`?", spot)


@lru_cache(maxsize=1024)
def _put_together(spelled: str) -> str | None:
    """An operator whose parts are all there, in another order or with other signs between them."""
    folded = "".join(filter(str.isalnum, spelled)).lower()
    if_exists = "ifexists" in folded
    quantifier = next((name for low, name in _SETS.items() if low in folded), None)
    bare = folded.replace("ifexists", "").replace((quantifier or "").lower(), "")
    operator = _NAMES.get(bare, "StringEquals" if quantifier and not bare else None)
    whole = f"{quantifier}:{operator}" if quantifier else operator
    if operator is None or whole is None or (operator == "Null" and if_exists):
        return None
    whole += "IfExists" if if_exists else ""
    return whole if whole.lower() != spelled.lower() else None


def _meant(condition: Condition) -> str:
    written = condition.operator.lower() + ("ifexists" if condition.if_exists else "")
    bare = written.removesuffix("ifexists")
    if bare in _WORDS:
        return _WORDS[bare] + ("IfExists" if bare != written else "")
    known = {**_NAMES, **{f"{low}ifexists": f"{name}IfExists" for low, name in _NAMES.items() if low != "null"}}
    near = facts.near(written, known) or nearest(written, known)
    return known[near] if near else "StringEquals"
