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

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from remit.catalogue.condition_keys import OPERATORS
from remit.did_you_mean import MISSPELT, nearest
from remit.documents.foreign_text import without_unfilled
from remit.iam.operators import QUANTIFIERS
from remit.lint.finding import ERROR, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.iam.policy import Condition
    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = ERROR
_NAMES = {name.lower(): name for name in OPERATORS}
_SETS = {quantifier.lower(): quantifier for quantifier in QUANTIFIERS}
_WORDS = {
    "equals": "StringEquals", "equal": "StringEquals", "eq": "StringEquals", "like": "StringLike",
    "exists": "Null", "isnull": "Null", "notnull": "Null", "sourceip": "IpAddress", "cidr": "IpAddress",
    "datebefore": "DateLessThan", "dateafter": "DateGreaterThan", "ip": "IpAddress",
    "in": "StringEquals", "notin": "StringNotEquals", "notequals": "StringNotEquals", "ipin": "IpAddress",
    "boolequals": "Bool", "ipequals": "IpAddress", "ipaddressin": "IpAddress", "ipaddressequals": "IpAddress",
    "notip": "NotIpAddress", "notipin": "NotIpAddress", "stringin": "StringEquals", "stringstarts": "StringLike",
    "starts": "StringLike",
}  # fmt: skip
_SYNONYMS = {
    "boolean": "bool", "integer": "numeric", "number": "numeric", "int": "numeric", "datetime": "date", "time": "date",
    "matches": "like", "match": "like", "contains": "like", "startswith": "starts", "endswith": "like",
    "unlike": "notlike", "unequal": "notequals", "eq": "equals", "or": "",
    "greaterequals": "greaterthanequals", "lessequals": "lessthanequals",
}  # fmt: skip
"""Words for what operators are made of. `StringUnlike` is `StringNotLike`."""
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def conditional(item: ParsedStatement) -> Iterator[Problem]:
    """Operators of a statement, each once."""
    operators: set[str] = set()
    for condition in item.statement.conditions:
        if condition.spelled not in operators and without_unfilled(condition.spelled, "") == condition.spelled:
            operators.add(condition.spelled)
            yield from _problem(condition)


def _problem(condition: Condition) -> Iterator[Problem]:
    spot = ("Condition", condition.spelled)
    operator = condition.operator.lower().removesuffix("ifexists")
    quantifier = condition.quantifier.lower()
    if (meant := _put_together(condition.spelled)) is not None:
        message = f"unknown condition operator '{condition.spelled}': IAM refuses it"
        yield Problem(message, f"did you mean `{meant}`?", spot)
    elif quantifier and quantifier not in _SETS:
        set_operator = nearest(quantifier, _SETS) or "foranyvalue"
        message = f"unknown set operator '{condition.quantifier}:' in '{condition.spelled}': IAM refuses it"
        operator = _meant(condition)
        choices = " or ".join(
            f"`{name}:{operator}`"
            for name in (_SETS[set_operator], *(name for name in QUANTIFIERS if name != _SETS[set_operator]))
        )
        yield Problem(message, f"did you mean {choices}?", spot)
    elif operator not in _NAMES:
        meant = (f"{condition.quantifier}:" if condition.quantifier else "") + _meant(condition)
        yield Problem(
            f"unknown condition operator '{condition.spelled}': IAM refuses it", f"did you mean `{meant}`?", spot
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
    assembled = f"{quantifier}:{operator}" if quantifier else operator
    if operator is None or assembled is None or (operator == "Null" and if_exists):
        return None
    assembled += "IfExists" if if_exists else ""
    return assembled if assembled.lower() != spelled.lower() else None


def _meant(condition: Condition) -> str:
    """The operator that somebody had in mind: by other words, in another order, misspelt; never its opposite."""
    bare = _translated(re.sub(r"IfExists$", "", condition.operator, flags=re.IGNORECASE))
    suffix = "IfExists" if condition.if_exists or condition.operator.lower().endswith("ifexists") else ""
    if bare in _WORDS:
        return _WORDS[bare] + ("" if _WORDS[bare] == "Null" else suffix)
    operators = [*_NAMES.values(), *(f"{name}IfExists" for name in _NAMES.values() if name != "Null")]
    written = bare + suffix.lower()
    misspelt = nearest(written, operators, MISSPELT)
    if misspelt is not None and ("Not" in misspelt or "not" not in written):
        return misspelt
    alike = {_positive(name.lower()): name for name in operators if ("Not" in name) == ("not" in written)}
    nearest_positive = nearest(_positive(written), alike)
    return alike[nearest_positive] if nearest_positive else "StringEquals"


def _translated(operator: str) -> str:
    parts = (part.lower() for part in _PARTS.findall(operator))
    return "".join(_SYNONYMS.get(part, part) for part in parts)


def _positive(operator: str) -> str:
    return operator.replace("not", "", 1)
