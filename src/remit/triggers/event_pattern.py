"""Patterns of events: what a rule, a subscription or an event source lets through, checked before a deploy.

Sources: "Amazon EventBridge event patterns", "Comparison operators for use in event patterns" (Amazon EventBridge User
Guide), "Amazon SNS subscription filter policies" (Amazon SNS Developer Guide), "Control which events Lambda sends to
your function" (AWS Lambda Developer Guide).
"""

from __future__ import annotations

import ipaddress
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from remit.errors import RemitError, described, did_you_mean, spelled, writer
from remit.iam import tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from remit.errors import Path

_OR: Final = "$or"
_SCALARS: Final = (str, int, float, bool, type(None))
_NUMERIC: Final = frozenset({"=", "<", "<=", ">", ">="})
_NUMERIC_FORM: Final = 'numbers are compared as `{"numeric": [">", 0, "<=", 5]}`'


@dataclass(frozen=True, slots=True)
class PatternLanguage:
    """Whose pattern it is, and which comparison operators that service knows."""

    name: str
    operators: frozenset[str]


EVENTBRIDGE: Final = PatternLanguage(
    "EventBridge",
    frozenset({
        "prefix", "suffix", "anything-but", "numeric", "exists", "cidr", "wildcard", "equals-ignore-case",
    }),
)  # fmt: skip
SNS: Final = PatternLanguage(
    "SNS",
    frozenset({
        "prefix", "suffix", "anything-but", "numeric", "exists", "cidr", "wildcard", "equals-ignore-case",
    }),
)  # fmt: skip
EVENT_SOURCE: Final = PatternLanguage(
    "an event source mapping",
    frozenset({"prefix", "suffix", "anything-but", "numeric", "exists", "equals-ignore-case"}),
)


def checked_pattern(pattern: Any, option: str, language: PatternLanguage) -> dict[str, Any]:
    """The pattern as plain JSON. RemitError: the service refuses it, or it matches nothing."""
    plain = tokens.plain(pattern)
    if not isinstance(plain, dict):
        raise _wrong(option, (), f"must be a dict, got {described(pattern)}", None)
    if not plain:
        raise _wrong(option, (), "is empty, and so matches nothing", "leave it out to get everything")
    _check_fields(plain, _PatternPlace(option, language))
    return plain


def pattern_text(pattern: Mapping[str, Any]) -> str:
    """A pattern as an event source mapping takes it: JSON in a string."""
    return json.dumps(pattern, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class _PatternPlace:
    """A part of a pattern that is checked: the option that it was given by, and the steps to the part."""

    option: str
    language: PatternLanguage
    path: Path = ()

    def at(self, step: str | int) -> _PatternPlace:
        return _PatternPlace(self.option, self.language, (*self.path, step))

    def wrong(self, problem: str, hint: str | None = None) -> RemitError:
        return _wrong(self.option, self.path, problem, hint)


def _wrong(option: str, path: Path, problem: str, hint: str | None) -> RemitError:
    place = spelled(path)
    separator = "" if not place or place.startswith("[") else "."
    return RemitError(f"{option}{separator}{place} {problem}", hint=hint, origin=writer())


def _check_fields(fields: dict[Any, Any], place: _PatternPlace) -> None:
    for name, value in fields.items():
        field = place.at(str(name))
        if not isinstance(name, str) or not name:
            raise field.wrong("is not a name: the fields of an event are strings")
        if name == _OR:
            _check_alternatives(value, field)
        elif isinstance(value, dict):
            if not value:
                raise field.wrong("is empty, and so matches nothing", 'any value: `[{"exists": True}]`')
            _check_fields(value, field)
        elif isinstance(value, list):
            _check_values(value, field)
        else:
            hint = f"write `[{json.dumps(value)}]`" if isinstance(value, _SCALARS) else None
            raise field.wrong(f"must be a list of values, got {described(value)}", hint)


def _check_alternatives(value: Any, place: _PatternPlace) -> None:
    if not isinstance(value, list) or len(value) < 2:  # noqa: PLR2004 - of one alternative there is no choice
        raise place.wrong("takes a list of two patterns or more")
    for index, alternative in enumerate(value):
        if not isinstance(alternative, dict) or not alternative:
            raise place.at(index).wrong("must be a pattern")
        _check_fields(alternative, place.at(index))


def _check_values(values: list[Any], place: _PatternPlace) -> None:
    if not values:
        raise place.wrong("is an empty list, and so matches nothing", 'any value: `[{"exists": True}]`')
    for index, value in enumerate(values):
        if isinstance(value, dict):
            _check_filter(value, place.at(index))
        elif not isinstance(value, _SCALARS):
            raise place.at(index).wrong(f"must be a string, a number, true, false or null, got {described(value)}")


def _check_filter(comparison: dict[Any, Any], place: _PatternPlace) -> None:
    """One comparison: `{"prefix": "in/"}`."""
    if len(comparison) != 1:
        raise place.wrong(f"has {len(comparison)} operators of 1")
    ((operator, operand),) = comparison.items()
    if operator not in place.language.operators:
        known = ", ".join(sorted(place.language.operators))
        hint = did_you_mean(str(operator), place.language.operators) or f"it knows {known}"
        raise place.wrong(f"{operator!r} is no comparison operator of {place.language.name}", hint)
    _OPERANDS[operator](operand, place.at(operator))


def _check_text(operand: Any, place: _PatternPlace) -> None:
    """A string, or `{"equals-ignore-case": string}`, as prefix and suffix take it."""
    if isinstance(operand, dict) and list(operand) == ["equals-ignore-case"]:
        operand = operand["equals-ignore-case"]
    _check_string(operand, place)


def _check_string(operand: Any, place: _PatternPlace) -> None:
    if not isinstance(operand, str):
        raise place.wrong(f"takes a string, got {described(operand)}")


def _check_wildcard(operand: Any, place: _PatternPlace) -> None:
    _check_string(operand, place)
    if "**" in operand:
        raise place.wrong("has two `*` in a row, which is refused")


def _check_exists(operand: Any, place: _PatternPlace) -> None:
    if not isinstance(operand, bool):
        raise place.wrong(f"takes True or False, got {described(operand)}")


def _check_cidr(operand: Any, place: _PatternPlace) -> None:
    _check_string(operand, place)
    try:
        ipaddress.ip_network(operand, strict=False)
    except ValueError:
        raise place.wrong(f"takes a block of addresses, got {operand!r}", 'such as "10.0.0.0/24"') from None


def _check_anything_but(operand: Any, place: _PatternPlace) -> None:
    """Values, or one of the comparisons of texts with a value or several."""
    if isinstance(operand, dict):
        if len(operand) != 1:
            raise place.wrong(f"has {len(operand)} operators of 1")
        ((operator, excluded),) = operand.items()
        if operator not in _EXCLUDING:
            raise place.wrong(f"does not take {operator!r}", f"it takes {', '.join(sorted(_EXCLUDING))}")
        for value in excluded if isinstance(excluded, list) else [excluded]:
            _check_string(value, place.at(operator))
        operand = excluded
    if operand == []:
        raise place.wrong("is an empty list")
    for value in operand if isinstance(operand, list) else [operand]:
        if not isinstance(value, _SCALARS):
            raise place.wrong(f"takes strings and numbers, got {described(value)}")


def _check_numeric(operand: Any, place: _PatternPlace) -> None:
    """Bounds: `[">", 0, "<=", 5]`."""
    if not isinstance(operand, list) or len(operand) not in (2, 4):
        raise place.wrong(f"takes one comparison or two, got {described(operand)}", _NUMERIC_FORM)
    pairs = list(zip(operand[::2], operand[1::2], strict=True))
    for operator, bound in pairs:
        if operator not in _NUMERIC:
            raise place.wrong(f"does not know {operator!r}", _NUMERIC_FORM)
        if isinstance(bound, bool) or not isinstance(bound, int | float):
            raise place.wrong(f"compares with a number, got {described(bound)}", _NUMERIC_FORM)
    if len(pairs) == 1:
        return
    (first, low), (second, high) = pairs
    if not first.startswith(">") or not second.startswith("<"):
        raise place.wrong("takes the lower bound first, then the upper one", _NUMERIC_FORM)
    is_open = "=" not in first or "=" not in second
    if low > high or (low == high and is_open):
        raise place.wrong(f"has no number between {first} {low} and {second} {high}, and so matches nothing")


_EXCLUDING: Final = frozenset({"prefix", "suffix", "wildcard", "equals-ignore-case"})
_OPERANDS: Final[dict[str, Callable[[Any, _PatternPlace], None]]] = {
    "prefix": _check_text,
    "suffix": _check_text,
    "anything-but": _check_anything_but,
    "numeric": _check_numeric,
    "exists": _check_exists,
    "cidr": _check_cidr,
    "wildcard": _check_wildcard,
    "equals-ignore-case": _check_string,
}
