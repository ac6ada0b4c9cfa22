"""Patterns of events: what a rule, a subscription or an event source lets through, checked before a deploy.

Sources: "Amazon EventBridge event patterns", "Comparison operators for use in event patterns" (Amazon EventBridge User
Guide), "Amazon SNS subscription filter policies" (Amazon SNS Developer Guide), "Control which events Lambda sends to
your function" (AWS Lambda Developer Guide).
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

from remit.did_you_mean import did_you_mean
from remit.errors import Mistakes, Path, RemitError, described, spelled
from remit.iam import tokens
from remit.triggers.record_fields import AnyNames, Shape, Text, Value

_OR: Final = "$or"
_SCALARS: Final = (str, int, float, bool, type(None))
_NUMERIC: Final = frozenset({"=", "<", "<=", ">", ">="})
_MOST_NUMBER: Final = 5_000_000_000
"""The size of the numbers that a comparison takes ("Numeric matching", Amazon EventBridge User Guide)."""
_NUMERIC_FORM: Final = 'numbers are compared as `{"numeric": [">", 0, "<=", 5]}`'


class PatternLanguage(NamedTuple):
    """Whose pattern it is, and which comparison operators that service knows."""

    name: str
    operators: frozenset[str]


_FILTERS: Final = frozenset({"prefix", "suffix", "anything-but", "numeric", "exists", "equals-ignore-case"})
EVENTBRIDGE: Final = PatternLanguage("EventBridge", _FILTERS | {"cidr", "wildcard"})
SNS: Final = PatternLanguage("SNS", EVENTBRIDGE.operators)
EVENT_SOURCE: Final = PatternLanguage("an event source mapping", _FILTERS)


def checked_pattern(pattern: Any, option: str, language: PatternLanguage, shape: Shape = None) -> dict[str, Any]:
    """The pattern as plain JSON. `shape` is what the events have; None: anything.

    RemitError has all for which the service refuses it, or for which it matches nothing.
    """
    plain, whole = tokens.plain(pattern), _PatternPart(option, language)
    if not isinstance(plain, dict):
        raise whole.wrong(f"must be a dict, got {described(pattern)}")
    if not plain:
        raise whole.wrong("is empty, and so matches nothing", "leave it out to get everything")
    mistakes = Mistakes([*_check_fields(plain, shape, whole)])
    mistakes.refuse()
    return plain


class _PatternPart(NamedTuple):
    """A part of a pattern that is checked: the option that it was given by, and the steps to the part."""

    option: str
    language: PatternLanguage
    path: Path = ()

    def at(self, step: str | int) -> _PatternPart:
        return _PatternPart(self.option, self.language, (*self.path, step))

    def wrong(self, problem: str, hint: str | None = None) -> RemitError:
        """The error for the part: its place as Python spells it, then the problem."""
        part = spelled(self.path)
        return RemitError(f"{self.option}{part and f'.{part}'} {problem}", hint=hint)


def _check_fields(fields: dict[Any, Any], shape: Shape, part: _PatternPart) -> Iterator[RemitError]:
    """Yield what is wrong with a pattern of an object that has this shape."""
    for name, value in fields.items():
        field = part.at(str(name))
        if not isinstance(name, str) or not name:
            yield field.wrong("is not a name: the fields of an event are strings")
        elif name == _OR:
            yield from _check_alternatives(value, shape, field)
        elif isinstance(shape, dict) and name not in shape:
            hint = did_you_mean(name, shape) or f"they have {', '.join(shape)}"
            yield field.wrong("matches nothing: the records have no such field", hint)
        else:
            inner = shape[name] if isinstance(shape, dict) else None
            yield from _check_field(value, shape.each if isinstance(shape, AnyNames) else inner, field)


def _check_field(value: Any, shape: Shape, field: _PatternPart) -> Iterator[RemitError]:
    """Yield what is wrong with the pattern of one field: a list of values, or a pattern of the object in it."""
    if isinstance(value, dict):
        if not value:
            yield field.wrong("is empty, and so matches nothing", 'any value: `[{"exists": True}]`')
        elif isinstance(shape, Text | Value) or _is_comparison(value):
            yield field.wrong("matches nothing: the field is a value, which has no fields", _hint_of_list(value, field))
        else:
            yield from _check_fields(value, shape, field)
    elif not isinstance(value, list):
        yield field.wrong(f"must be a list of values, got {described(value)}", _hint_of_list(value, field))
    elif isinstance(shape, AnyNames | dict):
        names = ", ".join(shape) if isinstance(shape, dict) else "fields of its own"
        yield field.wrong("matches nothing: the field is no value, but an object", f"it has {names}")
    else:
        yield from _check_values(value, shape, field)


def _is_comparison(fields: dict[Any, Any]) -> bool:
    """Return whether what stands for an object must mean a comparison: `{"numeric": [">", 5]}` outside of a list."""
    bounds = fields.get("numeric")
    return len(fields) == 1 and isinstance(bounds, list) and bool(bounds) and bounds[0] in _NUMERIC


def _hint_of_list(value: Any, field: _PatternPart) -> str | None:
    """The hint how to write a value in a list; None for one that no list takes."""
    if isinstance(value, dict):
        is_comparison = any(operator in field.language.operators for operator in value)
        stands = f"a comparison stands in a list: `[{json.dumps(value, default=str)}]`"
        return stands if is_comparison else "write a list of values"
    operator = field.path[-1]
    if operator in field.language.operators:
        return f"a comparison stands in a list: `[{json.dumps({str(operator): value}, default=str)}]`"
    return f"write `[{json.dumps(value)}]`" if isinstance(value, _SCALARS) else None


def _check_alternatives(value: Any, shape: Shape, part: _PatternPart) -> Iterator[RemitError]:
    """Yield what is wrong with `$or`: it takes two patterns or more, each with fields."""
    if not isinstance(value, list) or len(value) < 2:  # noqa: PLR2004 - of one alternative there is no choice
        yield part.wrong("takes a list of two patterns or more")
        return
    for index, alternative in enumerate(value):
        if isinstance(alternative, dict) and alternative:
            yield from _check_fields(alternative, shape, part.at(index))
        else:
            yield part.at(index).wrong("must be a pattern")


def _check_values(values: list[Any], shape: Shape, part: _PatternPart) -> Iterator[RemitError]:
    """Yield what is wrong with the list of a field: that it is empty, or with each value or filter in it."""
    if not values:
        yield part.wrong("is an empty list, and so matches nothing", 'any value: `[{"exists": True}]`')
    for index, value in enumerate(values):
        item = part.at(index)
        if isinstance(value, dict):
            yield from _check_filter(value, shape, item)
        elif not isinstance(value, _SCALARS):
            yield item.wrong(f"must be a string, a number, true, false or null, got {described(value)}")
        elif isinstance(shape, Text):
            yield from _check_text_value(value, shape, item)


def _check_text_value(value: Any, text: Text, item: _PatternPart) -> Iterator[RemitError]:
    """Yield why a value never matches a field that is a string in every record."""
    if not isinstance(value, str):
        hint = f"write `{json.dumps(json.dumps(value))}`"
        yield item.wrong(f"matches nothing: the field is a string, got {described(value)}", hint)
    elif not value:
        yield item.wrong("is an empty text, and so matches nothing", "leave it out, or write what the field is")
    elif text.choices and value not in text.choices:
        hint = did_you_mean(value, text.choices) or f"it is {', '.join(text.choices)}"
        yield item.wrong(f"matches nothing: the field is never {value!r}", hint)
    elif text.pattern and "${" not in value and not re.fullmatch(text.pattern, value):
        yield item.wrong(f"matches nothing: the field is never {value!r:.60}", f"it is {text.form}")


def _check_filter(comparison: dict[Any, Any], shape: Shape, part: _PatternPart) -> Iterator[RemitError]:
    """Yield what is wrong with one comparison, such as `{"prefix": "in/"}`."""
    if len(comparison) != 1:
        yield part.wrong(
            f"has {len(comparison)} operators", "a comparison takes one; a list of comparisons matches any of them"
        )
        return
    ((operator, operand),) = comparison.items()
    if operator not in part.language.operators:
        known = ", ".join(sorted(part.language.operators))
        hint = did_you_mean(str(operator), part.language.operators) or f"it knows {known}"
        yield part.wrong(f"{operator!r} is no comparison operator of {part.language.name}", hint)
        return
    if operator == "numeric" and isinstance(shape, Text):
        yield part.wrong("matches nothing: the field is a string in the records, and no number")
        return
    yield from _OPERANDS[operator](operand, part.at(operator))


def _check_text(operand: Any, part: _PatternPart) -> Iterator[RemitError]:
    """Yield what is wrong with the operand of prefix and suffix: a string, or `{"equals-ignore-case": string}`."""
    if isinstance(operand, dict) and list(operand) == ["equals-ignore-case"]:
        operand = operand["equals-ignore-case"]
    yield from _check_string(operand, part)


def _check_string(operand: Any, part: _PatternPart) -> Iterator[RemitError]:
    """Yield the error for an operand that is no string."""
    if not isinstance(operand, str):
        yield part.wrong(f"takes a string, got {described(operand)}")


def _check_wildcard(operand: Any, part: _PatternPart) -> Iterator[RemitError]:
    """Yield the errors for an operand that is no string, or has two `*` in a row."""
    yield from _check_string(operand, part)
    if isinstance(operand, str) and "**" in operand:
        yield part.wrong("has two `*` in a row, which is refused")


def _check_exists(operand: Any, part: _PatternPart) -> Iterator[RemitError]:
    """Yield the error for an operand that is neither True nor False."""
    if not isinstance(operand, bool):
        yield part.wrong(f"takes True or False, got {described(operand)}")


def _check_cidr(operand: Any, part: _PatternPart) -> Iterator[RemitError]:
    """Yield what is wrong with the operand of `cidr`."""
    yield from _check_string(operand, part)
    if isinstance(operand, str):
        try:
            ipaddress.ip_network(operand, strict=False)
        except ValueError:
            yield part.wrong(f"takes a block of addresses, got {operand!r}", 'such as "10.0.0.0/24"')


def _check_anything_but(operand: Any, part: _PatternPart) -> Iterator[RemitError]:
    """Yield what is wrong with the operand of anything-but: values, or one comparison of texts with some."""
    if isinstance(operand, dict):
        if len(operand) != 1:
            yield part.wrong(f"has {len(operand)} operators", "it takes one")
            return
        ((operator, excluded),) = operand.items()
        if operator not in _EXCLUDING:
            yield part.wrong(f"does not take {operator!r}", f"it takes {', '.join(sorted(_EXCLUDING))}")
            return
        for value in excluded if isinstance(excluded, list) else [excluded]:
            yield from _check_string(value, part.at(operator))
        operand = excluded
    if operand == []:
        yield part.wrong("is an empty list")
    for value in operand if isinstance(operand, list) else [operand]:
        if not isinstance(value, _SCALARS):
            yield part.wrong(f"takes strings and numbers, got {described(value)}")


def _check_numeric(operand: Any, part: _PatternPart) -> Iterator[RemitError]:
    """Yield what is wrong with the operand of numeric: bounds, such as `[">", 0, "<=", 5]`."""
    if not isinstance(operand, list) or len(operand) not in (2, 4):
        yield part.wrong(f"takes one comparison or two, got {described(operand)}", _NUMERIC_FORM)
        return
    pairs = list(zip(operand[::2], operand[1::2], strict=True))
    wrong_bounds = [mistake for operator, bound in pairs for mistake in _check_bound(operator, bound, part)]
    yield from wrong_bounds
    if len(pairs) == 1 or wrong_bounds:
        return
    (first, low), (second, high) = pairs
    if not first.startswith(">") or not second.startswith("<"):
        yield part.wrong("takes the lower bound first, then the upper one", _NUMERIC_FORM)
        return
    is_open = "=" not in first or "=" not in second
    if low > high or (low == high and is_open):
        yield part.wrong(f"has no number between {first} {low} and {second} {high}, and so matches nothing")


def _check_bound(operator: Any, bound: Any, part: _PatternPart) -> Iterator[RemitError]:
    """Yield what is wrong with a comparison with a number, and with the number."""
    if operator not in _NUMERIC:
        yield part.wrong(f"does not know {operator!r}", _NUMERIC_FORM)
    elif isinstance(bound, bool) or not isinstance(bound, int | float):
        yield part.wrong(f"compares with a number, got {described(bound)}", _NUMERIC_FORM)
    elif abs(bound) > _MOST_NUMBER:
        yield part.wrong(f"compares with {bound:,}; it can be -{_MOST_NUMBER:,} to {_MOST_NUMBER:,}")


_EXCLUDING: Final = frozenset({"prefix", "suffix", "wildcard", "equals-ignore-case"})
_OPERANDS: Final[dict[str, Callable[[Any, _PatternPart], Iterator[RemitError]]]] = {
    "prefix": _check_text,
    "suffix": _check_text,
    "anything-but": _check_anything_but,
    "numeric": _check_numeric,
    "exists": _check_exists,
    "cidr": _check_cidr,
    "wildcard": _check_wildcard,
    "equals-ignore-case": _check_string,
}
