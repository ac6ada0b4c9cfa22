"""What a Fn::If may put in a value's place: every branch, with the conditions that choose it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from remit.iam.document import Path

NO_VALUE: Final = {"Ref": "AWS::NoValue"}
_PARTS: Final = 3  # condition, value, other value
_MOST: Final = 4  # conditions of one value of which all combinations are taken


@dataclass(frozen=True, slots=True)
class Branch:
    """A value that may stand somewhere, where it is written, and when it is there: `if IsProd`, `unless IsProd`."""

    value: Any
    path: Path
    when: tuple[str, ...] = ()


def branches(value: Any, path: Path, when: tuple[str, ...] = ()) -> Iterator[Branch]:
    """A value, or those that a Fn::If chooses from; nothing for AWS::NoValue and for None."""
    if value is None or value == NO_VALUE:
        return
    chosen = choice(value)
    if chosen is None:
        yield Branch(value, path, when)
        return
    name, *values = chosen
    for index, (word, one) in enumerate(zip(("if", "unless"), values, strict=True), 1):
        if _opposite(f"{word} {name}") not in when:
            yield from branches(one, (*path, "Fn::If", index), _with(when, f"{word} {name}"))


def items(value: Any, path: Path, when: tuple[str, ...] = ()) -> Iterator[Branch]:
    """The items of a list, whose own and whose items' Fn::If are put in; a value that is no list is one item."""
    for found in branches(value, path, when):
        if isinstance(found.value, list):
            for index, item in enumerate(found.value):
                yield from items(item, (*found.path, index), found.when)
        else:
            yield found


def variants(value: Any, path: Path, when: tuple[str, ...] = ()) -> Iterator[Branch]:
    """A value without any Fn::If in it: one for each way in which the conditions in it may fall out.

    Of more than four conditions, all of one kind, and each of them alone the other way.
    """
    names = tuple(dict.fromkeys(_conditions(value)))
    seen: list[Any] = []
    for choices in _choices(len(names)):
        told = dict(zip(names, choices, strict=True))
        words = tuple(f"{'if' if told[name] else 'unless'} {name}" for name in names)
        if any(_opposite(word) in when for word in words):
            continue
        put = _put(value, told)
        if put is not None and put not in seen:
            seen.append(put)
            yield Branch(put, path, tuple(dict.fromkeys((*when, *words))))


def choice(value: Any) -> tuple[str, Any, Any] | None:
    """The condition and the two values of a Fn::If."""
    parts = value.get("Fn::If") if isinstance(value, dict) and len(value) == 1 else None
    if isinstance(parts, list) and len(parts) == _PARTS and isinstance(parts[0], str):
        return parts[0], parts[1], parts[2]
    return None


def _with(when: tuple[str, ...], word: str) -> tuple[str, ...]:
    return when if word in when else (*when, word)


def _opposite(word: str) -> str:
    kind, _, name = word.partition(" ")
    return f"{'unless' if kind == 'if' else 'if'} {name}"


def _choices(count: int) -> Iterator[tuple[bool, ...]]:
    if count <= _MOST:
        yield from product((True, False), repeat=count)
        return
    for kind in (True, False):
        yield (kind,) * count
        for place in range(count):
            yield tuple(kind is not (place == index) for index in range(count))


def _conditions(value: Any) -> Iterator[str]:
    chosen = choice(value)
    if chosen is not None:
        yield chosen[0]
    if isinstance(value, dict):
        for item in value.values():
            yield from _conditions(item)
    elif isinstance(value, list):
        for item in value:
            yield from _conditions(item)


def _put(value: Any, told: Mapping[str, bool]) -> Any:
    """The value with each Fn::If's branch in its place; what becomes AWS::NoValue is left out."""
    if value == NO_VALUE:
        return None
    chosen = choice(value)
    if chosen is not None:
        return _put(chosen[1] if told[chosen[0]] else chosen[2], told)
    if isinstance(value, dict):
        pairs = ((key, item, _put(item, told)) for key, item in value.items())
        return {key: put for key, item, put in pairs if put is not None or item is None}
    if isinstance(value, list):
        flat: list[Any] = []
        for item in value:
            put = _put(item, told)
            if isinstance(put, list) and choice(item) is not None:
                flat += put
            elif put is not None or item is None:
                flat.append(put)
        return flat
    return value
