"""Condition operators, the types that they compare, and conditions that contradict each other."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from remit.catalogue.action_keys import key_type
from remit.catalogue.condition_keys import OPERATORS, fits, global_key
from remit.did_you_mean import MISSPELT, nearest
from remit.documents.foreign_text import without_unfilled
from remit.iam.operators import QUANTIFIERS
from remit.iam.policy import Condition, Globs
from remit.iam.tokens import REFERENCE
from remit.lint import conditions
from remit.lint.finding import ERROR, NOTE, WARNING, Problem, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement

_NAMES = {name.lower(): name for name in OPERATORS}
_SETS = {quantifier.lower(): quantifier for quantifier in QUANTIFIERS}
_WORDS = {
    "equals": "StringEquals", "equal": "StringEquals", "eq": "StringEquals", "like": "StringLike",
    "exists": "Null", "isnull": "Null", "notnull": "Null", "sourceip": "IpAddress", "cidr": "IpAddress",
    "datebefore": "DateLessThan", "dateafter": "DateGreaterThan", "ip": "IpAddress",
    "in": "StringEquals", "notin": "StringNotEquals", "notequals": "StringNotEquals", "ipin": "IpAddress",
    "boolequals": "Bool", "ipequals": "IpAddress", "ipaddressin": "IpAddress", "ipaddressequals": "IpAddress",
    "notip": "NotIpAddress", "notipin": "NotIpAddress", "stringin": "StringEquals", "stringstarts": "StringLike",
    "starts": "StringLike", "null": "Null",
}  # fmt: skip
_SYNONYMS = {
    "boolean": "bool", "integer": "numeric", "number": "numeric", "int": "numeric", "datetime": "date", "time": "date",
    "matches": "like", "match": "like", "contains": "like", "startswith": "starts", "endswith": "like",
    "unlike": "notlike", "unequal": "notequals", "eq": "equals", "or": "", "with": "", "starts": "like", "ends": "like",
    "greaterequals": "greaterthanequals", "lessequals": "lessthanequals",
}  # fmt: skip
"""Words for what operators are made of. `StringUnlike` is `StringNotLike`."""
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


@rule("R501", ERROR, looks_at="conditional")
def unknown_operator(item: ParsedStatement) -> Iterator[Problem]:
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
    operators: set[str] = set()
    for condition in item.statement.conditions:
        if condition.spelled not in operators and without_unfilled(condition.spelled, "") == condition.spelled:
            operators.add(condition.spelled)
            yield from _problem(condition)


def _problem(condition: Condition) -> Iterator[Problem]:
    """Yield what is wrong with the operator of a condition: at most one problem, the first that applies."""
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
    """An operator whose parts are there in another order or with other signs; "StringEquals" where only a set's is.

    None: no operator comes of it, or the very one that is written.
    """
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
    bare_operator, ends = re.subn(r"(?i)IfExists?$", "", condition.operator)
    bare = _translated(bare_operator)
    suffix = "IfExists" if condition.if_exists or ends else ""
    if bare in _WORDS:
        return _WORDS[bare] + ("" if _WORDS[bare] == "Null" else suffix)
    operators = [*_NAMES.values(), *(f"{name}IfExists" for name in _NAMES.values() if name != "Null")]
    written = bare + suffix.lower()
    misspelt = nearest(written, operators, MISSPELT)
    if misspelt is not None and ("Not" in misspelt or "not" not in written):
        return misspelt
    no_opposites = [name for name in operators if ("Not" in name) == ("not" in written)]
    return nearest(written, no_opposites) or "StringEquals"


def _translated(operator: str) -> str:
    """An operator in small letters, with synonyms of its words as operators have them."""
    parts = (part.lower() for part in _PARTS.findall(operator))
    return "".join(_SYNONYMS.get(part, part) for part in parts)


_OPERATORS = {
    "String": "StringEquals or StringLike", "ARN": "ArnLike", "Bool": "Bool", "Numeric": "NumericLessThan and its like",
    "Date": "DateLessThan and its like", "IPAddress": "IpAddress",
}  # fmt: skip


@rule("R506", ERROR, looks_at="condition")
def operator_of_another_type(_: ParsedStatement, condition: Condition) -> Iterator[Problem]:
    """An operator for another type of value than the key has.

    A date is not compared with IpAddress, an address not with StringEquals: the condition never holds, or not as it
    reads. It is a warning where the two can be equal, such as a number that is compared as text.

    Flagged:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
         "Condition": {"NumericLessThan": {"aws:SourceIp": "10"}}}

    Better:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
         "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}

    Source: "AWS global condition context keys" (IAM User Guide): value types.
    """
    family = conditions.family(condition)
    kind = key_type(condition.key)
    if family is None or family == "Null" or not kind:
        return
    bare = kind.removeprefix("ArrayOf")
    hint = f"use {_OPERATORS.get(bare, bare)}"
    is_negated = (conditions.name_of(condition) or "").startswith("StringNot")
    if fits(conditions.name_of(condition) or "", kind) is False:
        compared = f"{condition.spelled} compares {_plural(family)}"
        yield Problem(f"{compared}, and {condition.key} holds {_plural(bare)}: never equal", hint, condition.path)
    elif family == "String" and bare == "IPAddress" and any("/" in value or "*" in value for value in condition.values):
        message = f"{condition.spelled} compares text, and {condition.key} is an address: a block never equals one"
        yield Problem(message, "use NotIpAddress" if is_negated else hint, condition.path)
    else:
        as_text = _as_text(condition, family, bare)
        is_number = family == "String" and bare in ("Numeric", "Date")
        if not (as_text or is_number or _mixed(family, bare, condition.values) or _for_text(condition, family, bare)):
            return
        if as_text:
            hint = f"use {'ArnNotLike' if is_negated else 'ArnLike'}" if bare == "ARN" else "use Bool"
        message = f"{condition.spelled} compares {_plural(family)}, and {condition.key} holds {_plural(bare)}"
        yield Problem(message, hint, condition.path, WARNING)


def _mixed(family: str, kind: str, values: tuple[str, ...]) -> bool:
    """Return whether dates are compared with numbers; only seconds since 1970 are both."""
    plain = all(value.isdigit() for value in values)
    return (family == "Date" and kind == "Numeric" and not plain) or (family == "Numeric" and kind == "Date")


def _for_text(condition: Condition, family: str, kind: str) -> bool:
    """Return whether an operator of another type compares a key that holds text; ARNs as values show that it is one."""
    if family == "ARN" and any(value.startswith(("arn:", "*", "${")) for value in condition.values):
        return False
    if kind != "String" or family == "String":
        return False
    return global_key(condition.key) is not None or family in ("Numeric", "Date", "IPAddress", "Bool")


def _as_text(condition: Condition, family: str, kind: str) -> bool:
    """Return whether true or false is compared as text, or an ARN by wildcards, which then reach over its colons."""
    if family != "String":
        return False
    wild = (conditions.name_of(condition) or "").endswith("Like") and any("*" in value for value in condition.values)
    return kind == "Bool" or (kind == "ARN" and wild and condition.values != ("*",))


def _plural(kind: str) -> str:
    """The values of a type in words, for messages; the type itself where there are none."""
    return {
        "String": "text", "ARN": "ARNs", "Bool": "true and false", "Numeric": "numbers", "Date": "dates",
        "IPAddress": "addresses", "Binary": "bytes",
    }.get(kind, kind)  # fmt: skip


@rule("R519", ERROR, looks_at="condition", needs=r"\$\{")
def variable_under_operator(_: ParsedStatement, condition: Condition) -> Iterator[Problem]:
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
    if conditions.family(condition) in (None, "String", "ARN"):
        return
    for value in condition.values:
        if "${" in REFERENCE.sub("", value) and "${{" not in value:
            message = f"{condition.spelled} takes no variable: '{value}' is literal text, and nothing equals it"
            yield Problem(message, "variables work with String… and Arn… operators", (*condition.path, value))


_BY_KEY = frozenset(
    f"dynamodb:{name}"
    for name in (
        "BatchGetItem", "BatchWriteItem", "ConditionCheckItem", "DeleteItem", "GetItem", "PutItem", "Query",
        "UpdateItem",
    )
)  # fmt: skip
"""Actions whose requests always tell keys of items."""


@rule("R510", WARNING, looks_at="condition")
def for_all_values_trap(item: ParsedStatement, condition: Condition) -> Iterator[Problem]:
    """An Allow with ForAllValues, which is true when the request has no such key at all.

    Flagged:

        {"Effect": "Allow", "Action": "ec2:CreateTags", "Resource": "arn:aws:ec2:us-east-1:111122223333:instance/*",
         "Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": ["team", "stage"]}}}

    Better:

        {"Effect": "Allow", "Action": "ec2:CreateTags", "Resource": "arn:aws:ec2:us-east-1:111122223333:instance/*",
         "Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": ["team", "stage"]}, "Null": {"aws:TagKeys": "false"}}}

    dynamodb:LeadingKeys is there in every request for items by their key.

    Source: "Set operators for multivalued context keys" (IAM User Guide), "Using IAM policy conditions for fine-grained
    access control" (Amazon DynamoDB Developer Guide).
    """
    if not item.allows:
        return
    if condition.quantifier.lower() != "forallvalues" or conditions.family(condition) == "Null":
        return
    key = condition.key.lower()
    needed = any(
        companion.key.lower() == key and conditions.needs_key(companion) for companion in item.statement.conditions
    )
    if not needed and not (key == "dynamodb:leadingkeys" and _BY_KEY.issuperset(item.known_actions)):
        message = f"{condition.spelled} on {condition.key} is true when the request has no {condition.key}"
        hint = f'add "Null": {{"{condition.key}": "false"}}'
        yield Problem(message, hint, condition.path)


_AUDIENCE = ":aud"


@rule("R511", WARNING, looks_at="condition")
def several_values(_: ParsedStatement, condition: Condition) -> Iterator[Problem]:
    """A key that holds several values, compared without ForAnyValue or ForAllValues; or a set operator on a single value.

    Without a set operator, a request with several values does not meet the condition. A needless set operator is a note,
    but for a token's audience; so is a missing one where AWS's reference is not sure of the key, and any before Null.

    Flagged:

        {"Effect": "Allow", "Action": "ec2:CreateTags", "Resource": "arn:aws:ec2:us-east-1:111122223333:instance/*",
         "Condition": {"StringEquals": {"aws:TagKeys": "team"}}}

    Better:

        {"Effect": "Allow", "Action": "ec2:CreateTags", "Resource": "arn:aws:ec2:us-east-1:111122223333:instance/*",
         "Condition": {"ForAnyValue:StringEquals": {"aws:TagKeys": "team"}}}

    Source: "Set operators for multivalued context keys" (IAM User Guide).
    """
    family = conditions.family(condition)
    kind = key_type(condition.key)
    if family is None or condition.quantifier.lower() not in conditions.QUANTIFIERS:
        return
    if family == "Null":  # it asks for the key itself, of which there is one
        if condition.quantifier:
            always = "true" if condition.quantifier.lower() == "forallvalues" else "false"
            message = f"{condition.spelled} is always {always}: Null asks for the key, not for its values"
            yield Problem(message, "write Null", ("Condition", condition.spelled), NOTE)
    elif condition.quantifier and condition.key.lower().endswith(_AUDIENCE):
        message = f"{condition.key} holds one value: {condition.quantifier} is for keys with several"
        yield Problem(message, f"use {condition.spelled.partition(':')[2]}", condition.path)
    elif not kind:
        return
    elif kind.startswith("ArrayOf") and not condition.quantifier:
        message = f"{condition.key} may hold several values, and {condition.spelled} compares one"
        sure = global_key(condition.key) is not None or condition.key.lower().startswith("dynamodb:")
        yield Problem(message, f"use ForAnyValue:{condition.spelled}", condition.path, WARNING if sure else NOTE)
    elif condition.quantifier and global_key(condition.key) is not None and not kind.startswith("ArrayOf"):
        message = f"{condition.key} holds one value: {condition.quantifier} is for keys with several"
        plain = condition.spelled.partition(":")[2]
        yield Problem(message, f"use {plain}", condition.path, NOTE)


@rule("R513", WARNING, looks_at="condition")
def bool_with_several_values(_: ParsedStatement, condition: Condition) -> Iterator[Problem]:
    """Bool or Null with more than one value.

    With both true and false the condition says nothing, and Null never tells which of the two is meant.

    Flagged:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
         "Condition": {"Bool": {"aws:SecureTransport": ["true", "false"]}}}

    Better:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
         "Condition": {"Bool": {"aws:SecureTransport": "true"}}}

    Source: "IAM JSON policy elements: Condition operators" (IAM User Guide): Boolean condition operators.
    """
    if conditions.family(condition) in ("Bool", "Null") and len(condition.values) > 1:
        both = {value.lower() for value in condition.values} >= {"true", "false"}
        why = "with both it is always met" if both else "one is enough"
        message = f"{condition.spelled} on {condition.key} has {len(condition.values)} values: {why}"
        yield Problem(message, "keep one", condition.path)


_SHOWN = 3
_EVERYTHING = Globs(("*",))


@rule("R514", ERROR, looks_at="conditional")
def contradiction(item: ParsedStatement) -> Iterator[Problem]:
    """Conditions of one statement that cannot all hold.

    The statement never applies.

    Flagged:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
         "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}, "StringNotEquals": {"aws:SourceVpc": "vpc-1"}}}

    Better:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
         "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}}}

    Source: "Conditions with multiple context keys or values" (IAM User Guide): all conditions must hold.
    """
    by_key: dict[str, list[Condition]] = {}
    for condition in item.statement.conditions:
        by_key.setdefault(condition.key.lower(), []).append(condition)
    for of_key in by_key.values():
        if len(of_key) > 1 and _are_comparable(of_key) and _contradict(item, of_key):
            contradicting = _fewest(item, of_key)
            if len(contradicting) > 1:
                last = contradicting[-1]
                demands = " and ".join(map(_demand, contradicting))
                message = f"{last.key} cannot meet {demands}: the statement never applies"
                hint = "remove one of the two" if len(contradicting) == 2 else "remove one of them"  # noqa: PLR2004 - two
                yield Problem(message, hint, last.path)


def _are_comparable(of_key: list[Condition]) -> bool:
    """Return whether each has an operator of its own, which exists; others have findings of their own."""
    operators = {condition.spelled.lower() for condition in of_key}
    return len(of_key) == len(operators) and all(map(conditions.is_known, of_key))


def _contradict(item: ParsedStatement, of_key: list[Condition]) -> bool:
    """Return whether it is proven that no request meets some conditions at once."""
    from remit.iam.prove.cover import can_apply  # noqa: PLC0415 - few statements have two conditions on one key

    alone = replace(item.statement, actions=_EVERYTHING, resources=_EVERYTHING, conditions=tuple(of_key))
    return can_apply(alone, version=item.document.version) is False


def _fewest(item: ParsedStatement, of_key: list[Condition]) -> list[Condition]:
    """The conditions that are left when each one without which the others still contradict each other is removed."""
    needed = of_key
    for condition in of_key:
        remaining = [member for member in needed if member is not condition]
        if _contradict(item, remaining):
            needed = remaining
    return needed


def _demand(condition: Condition) -> str:
    """A condition in words: its operator and its first values."""
    values = ", ".join(map(repr, condition.values[:_SHOWN]))
    return f"{condition.spelled} {values}{', …' if len(condition.values) > _SHOWN else ''}"
