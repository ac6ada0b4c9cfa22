"""Nouns with something in every field, and each way to change one of them: what a report tells must change, too.

A noun is made of its type hints: texts are words of their own (`reason-7`), numbers differ, what may be None is there,
and a tuple has two items. Types whose values are not free (a statement, an ARN) have examples of their own.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import re
import sys
import types
import typing
from collections import abc
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from remit.app import Reason
from remit.errors import RemitError
from remit.iam.policy import Condition, Globs, Policy, Principals, Statement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from collections.abc import Set as AbstractSet

T = TypeVar("T")
ACTIONS = ("sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:PurgeQueue")


class Maker:
    """Makes nouns of one world, in which each text and each number is there once.

    `examples` make what is not free: by type, or by `Type.field`.
    """

    def __init__(self, examples: Mapping[Any, Callable[[int], Any]], width: int = 2) -> None:
        self.examples = {**EXAMPLES, **examples}
        self.width = width
        self.count = itertools.count(1)
        self.fields: dict[str | float, str] = {}
        """Where each text and number stands: `Explanation.asker`."""
        self.around: list[Any] = []
        """The types of which one is being made: inside of an explanation there is no further one."""

    def noun(self, kind: type[T]) -> T:
        """A noun of a type."""
        made: T = self._value(kind, kind.__name__)
        return made

    def _value(self, hint: Any, name: str, place: str = "") -> Any:  # noqa: C901, PLR0911 - one kind of hint after the other
        for key in (place, hint):
            if isinstance(key, abc.Hashable) and key in self.examples:
                return self.examples[key](next(self.count))
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        if origin in (types.UnionType, typing.Union):
            return self._value(next(one for one in arguments if one is not types.NoneType), name)
        if origin is Literal:
            return arguments[0]
        if origin in (tuple, abc.Sequence, abc.Collection, abc.Iterable, list):
            items = [arguments[0]] * self.width if arguments[1:] in ((), (...,)) else arguments
            if any(self.around.count(kind) > 1 and kind.__name__ in repr(arguments) for kind in self.around):
                items = []
            made = [self._value(item, name) for item in items]
            return made if origin is list else tuple(made)
        if origin in (dict, abc.Mapping):
            return {self._value(arguments[0], name): self._value(arguments[1], name) for _ in range(self.width)}
        if origin in (frozenset, set, abc.Set):
            return origin(self._value(arguments[0], name) for _ in range(2)) if origin is not abc.Set else frozenset()
        if isinstance(hint, type) and (is_dataclass(hint) or issubclass(hint, tuple)):
            self.around.append(hint)
            values = {}
            for name_of_field, kind in hints(hint).items():
                values[name_of_field] = self._value(kind, name_of_field, f"{hint.__name__}.{name_of_field}")
            self.around.pop()
            return hint(**values)
        if hint is bool:
            return True
        if hint in (int, float, str, Any):
            number = 1_000 + 7 * next(self.count)
            made = hint(number) if hint in (int, float) else f"{name}-{number}"
            self.fields[made] = place or name
            return made
        raise TypeError(f"no example of {hint} ({place or name})")

    def changes(self, value: Any, place: str = "", hint: Any = None, of: str = "") -> Iterator[tuple[str, Any]]:
        """Each way to change one part of a noun: the place (`near[][1]`), and the noun with the change."""
        example = self.examples.get(of) or self.examples.get(type(value))
        if example is not None:
            yield from (
                (place, other) for other in itertools.islice(map(example, (991, 997, 998)), 3) if other != value
            )
        elif (is_dataclass(value) and not isinstance(value, type)) or hasattr(value, "_fields"):
            yield from self._changed_fields(value, place)
        elif isinstance(value, tuple | list):
            yield from self._changed_items(value, place, hint)
        elif isinstance(value, dict):
            for key in value:
                yield f"{place} without one", {name: item for name, item in value.items() if name != key}
                for where, changed in self.changes(value[key], f"{place}[]"):
                    yield where, {**value, key: changed}
        elif isinstance(value, bool):
            yield place, not value
        elif isinstance(value, int | float):
            yield place, value + 5_000
        elif isinstance(value, str):
            choices = typing.get_args(hint) if typing.get_origin(hint) is Literal else (f"{value}x",)
            yield from ((place, choice) for choice in choices if choice != value)

    def _changed_fields(self, noun: Any, at: str) -> Iterator[tuple[str, Any]]:
        put = noun._replace if hasattr(noun, "_fields") else partial(replace, noun)
        for name, hint in hints(type(noun)).items():
            value, place = getattr(noun, name), f"{at}.{name}".lstrip(".")
            options = typing.get_args(hint) if typing.get_origin(hint) in (types.UnionType, typing.Union) else ()
            if types.NoneType in options and value is not None:
                yield f"{place} is None", put(**{name: None})
            plain = next((option for option in options if option is not types.NoneType), hint)
            for where, changed in self.changes(value, place, plain, f"{type(noun).__name__}.{name}"):
                yield where, put(**{name: changed})

    def _changed_items(self, items: tuple[Any, ...] | list[Any], place: str, hint: Any) -> Iterator[tuple[str, Any]]:
        kind = type(items)
        arguments = typing.get_args(hint)
        is_long = not (
            isinstance(items, tuple) and arguments and typing.get_origin(hint) is tuple and arguments[-1] is not ...
        )
        for position, item in enumerate(items):
            if is_long:
                yield f"{place} without one", kind([*items[:position], *items[position + 1 :]])
            of_item = next(iter(arguments[0 if is_long else position :]), None)
            for where, changed in self.changes(item, f"{place}[]" if is_long else f"{place}[{position}]", of_item):
                yield where, kind([*items[:position], changed, *items[position + 1 :]])
        if is_long and len(items) > 1:
            yield f"{place} reversed", kind(reversed(items))

    def untold(self, told: Callable[[Any], Any], noun: Any) -> set[str]:
        """The places of a noun of which a change changes nothing in what is told of it."""
        before = told(noun)
        return {place for place, changed in self.changes(noun) if told(changed) == before}


@cache
def hints(kind: type) -> dict[str, Any]:
    """The types of the fields that a noun is made with, also those that its module imports for type checkers alone."""
    names: dict[str, Any] = {}
    for one in reversed(kind.__mro__[:-1]):
        module = sys.modules[one.__module__]
        if not module.__name__.startswith(("remit.", "test")):
            continue
        names |= vars(module)
        for node in ast.parse(inspect.getsource(module)).body:
            if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
                exec(compile(ast.Module(node.body, []), "", "exec"), names)  # noqa: S102 - imports of our own modules
    resolved = typing.get_type_hints(kind, names)
    named = [one.name for one in fields(kind) if one.init] if is_dataclass(kind) else kind._fields
    return {name: resolved[name] for name in named}


def _statement(number: int) -> Statement:
    arns = (f"arn:aws:sqs:eu-west-1:111122223333:q{number}", f"arn:aws:sqs:eu-west-1:111122223333:r{number}")
    condition = Condition("StringEquals", "aws:RequestedRegion", (f"region-{number}",))
    actions = (ACTIONS[number % 5], ACTIONS[(number + 1) % 5])
    return Statement("Allow", Globs(actions), Globs(arns), conditions=(condition,))


EXAMPLES: dict[Any, Callable[[int], Any]] = {
    Statement: _statement,
    Policy: lambda number: Policy((_statement(number), _statement(number + 100))),
    Reason: lambda number: Reason("text", f"because-{number}"),
    Globs: lambda number: Globs((ACTIONS[number % 5], f"sns:Action{number}")),
    Condition: lambda number: Condition("StringEquals", "aws:RequestedRegion", (f"region-{number}",)),
    RemitError: lambda number: RemitError(f"mistake-{number}", hint=f"hint-{number}"),
    Principals: lambda number: Principals((("AWS", f"{number:012}"), ("Service", f"s{number}.amazonaws.com"))),
}  # fmt: skip


def is_at(place: str, part: str) -> bool:
    """Whether a place is a part of a noun or below it: `request.open`, wherever requests stand; `^open` at the top."""
    start = "^" if part.startswith("^") else r"(?:^|\.)"
    return re.search(rf"{start}{re.escape(part.removeprefix('^'))}(?:[.\[ ])", f"{place} ") is not None


@dataclass(frozen=True)
class Told:
    """A way to tell of a noun.

    `left_out` are the parts that are not told, `keys` the values that stand under another name than their field has.
    """

    kind: Any
    told: Callable[[Any], Any]
    left_out: tuple[str, ...] = ()
    keys: AbstractSet[tuple[str, str]] = frozenset()
    without: dict[str, Any] = field(default_factory=dict)
    """What some fields of the noun are, for what is told only then."""
    width: int = 2
    """How many items there are of each part: 1 where it takes long to tell of many."""


def check_told(row: Told, examples: Mapping[Any, Callable[[int], Any]]) -> None:
    """Hold what is told of a noun against each change of it; a part that is left out for nothing fails, too."""
    maker = Maker(examples, row.width)
    noun = maker.noun(row.kind)
    if row.without:
        noun = replace(noun, **row.without)
    silent = maker.untold(row.told, noun)
    covered = {part: {place for place, _ in maker.changes(noun) if is_at(place, part)} for part in row.left_out}
    assert silent == set().union(*covered.values())
    assert all(covered.values())
    document = row.told(noun)
    if isinstance(document, dict):
        assert set(keys_of(document, maker)) == row.keys


def keys_of(document: Any, maker: Maker, key: str = "") -> Iterator[tuple[str, str]]:
    """The fields whose values stand in a document under a key of another name, and this key."""
    if isinstance(document, dict):
        for name, value in document.items():
            yield from keys_of(value, maker, name)
    elif isinstance(document, list):
        for value in document:
            yield from keys_of(value, maker, key)
    elif isinstance(document, str | float) and document in maker.fields:
        place = maker.fields[document]
        if place.rpartition(".")[2] != key and key not in maker.fields:
            yield place, key
