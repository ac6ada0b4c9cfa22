"""Check what an option was given against its annotation, so that no trigger and no grant has to say its types twice."""

from __future__ import annotations

import functools
import types
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal, Union, get_args, get_origin

from remit.catalogue.types import resource_type
from remit.declare.resource_references import ResourceOf
from remit.did_you_mean import did_you_mean
from remit.errors import RemitError, described, writer
from remit.iam import tokens

_LISTS: Final = (Sequence, list, tuple)
_WORDS: Final[Mapping[object, str]] = {
    str: "a string",
    bool: "True or False",
    int: "a whole number",
    float: "a number",
    datetime: "a datetime with a time zone",
    Mapping: "a dict",
    ResourceOf: "a name, an ARN or a resource",
}
_ITEMS: Final[Mapping[object, str]] = {
    str: "a list of strings",
    Literal: "a list of strings",
    Mapping: "a list of dicts",
}
_MOST_CHOICES: Final = 8  # that a hint lists


def type_mistakes(option: str, value: Any, kinds: tuple[Any, ...]) -> Iterator[RemitError]:
    """Yield what is wrong with the type of a value, at the line that is judged; nothing where `kinds` leave it open."""
    if not kinds or any(_fits(value, kind) for kind in kinds):
        return
    items = next((get_args(kind)[0] for kind in kinds if get_origin(kind) in _LISTS), None)
    if items is not None and isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from type_mistakes(f"{option}[{index}]", item, kinds_of(items))
        return
    resources = [get_args(kind)[0] for kind in kinds if get_origin(kind) is ResourceOf]
    if resources and hasattr(value, "type"):
        taken = " or ".join(name for types_taken in resources for name in get_args(types_taken))
        spelled = getattr(value, "spelled", value)
        yield RemitError(f"{option} takes {taken}, and `{spelled}` is {value.type}", origin=writer())
        return
    choices = [choice for kind in kinds if get_origin(kind) is Literal for choice in get_args(kind)]
    if choices and (items is None or isinstance(value, str)):
        listed = f"it can be {' or '.join(choices)}" if len(choices) <= _MOST_CHOICES else f"such as {choices[0]}"
        hint = did_you_mean(str(tokens.plain(value)), choices) or listed
        yield RemitError(f"{option} cannot be {value!r:.60}", hint=hint, origin=writer())
        return
    left_out = (types.NoneType, str) if resources else (types.NoneType,)
    words = " or ".join(dict.fromkeys(_words(kind) for kind in kinds if kind not in left_out))
    is_item = items is not None and bool(kinds_of(items)) and not any(type_mistakes(option, value, kinds_of(items)))
    advice = f"write [{tokens.plain(value)!r:.60}]" if is_item else None
    if value is None and str in kinds:
        advice = "usually os.environ.get() of a variable that is not set"
    yield RemitError(f"{option} must be {words}, got {described(value)}", hint=advice, origin=writer())


@functools.cache
def kinds_of(annotation: Any) -> tuple[Any, ...]:
    """The kinds of values that an annotation names; none where it leaves open what a value may be.

    That is anything but text, numbers, flags, times, words of a Literal, resources, and dicts and lists of them.
    """
    is_union = isinstance(annotation, types.UnionType) or get_origin(annotation) is Union
    kinds = get_args(annotation) if is_union else (annotation,)
    named = (types.NoneType, Literal, *_WORDS, *_LISTS)
    return kinds if all((get_origin(kind) or kind) in named for kind in kinds) else ()


def _fits(value: Any, kind: Any) -> bool:
    """Return whether a value is of a kind; the items of a list are looked at one by one, elsewhere."""
    origin = get_origin(kind) or kind
    if origin is types.NoneType:
        return value is None
    if origin is Literal:
        return tokens.plain(value) in get_args(kind)
    if origin is ResourceOf:
        if not hasattr(value, "type"):
            return isinstance(getattr(value, "arn", None), str)
        taken = get_args(get_args(kind)[0])
        return not taken or value.type in taken or resource_type(value.type) is None  # which the template's check tells
    if origin in (int, float):
        return isinstance(value, int if origin is int else int | float) and not isinstance(value, bool)
    return origin not in _LISTS and isinstance(value, origin)


def _words(kind: Any) -> str:
    """A kind of values as messages name it: `a string` where no other word is known."""
    origin = get_origin(kind) or kind
    if origin in _LISTS:
        item = get_args(kind)[0]
        return _ITEMS.get(get_origin(item) or item, "a list")
    return _WORDS.get(origin, "a string")
