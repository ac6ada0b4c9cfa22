"""Unroll the loops of a template: `Fn::ForEach` becomes the resources that it makes.

Source: "Fn::ForEach" (CloudFormation Template Reference, language extensions).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from remit.documents.json_text import Path

_LOOP: Final = "Fn::ForEach::"
_MOST: Final = 1_000  # resources that loops make; a stack holds 500
_NO_LETTERS: Final = re.compile(r"[^A-Za-z0-9]")


@dataclass(frozen=True, slots=True)
class Unrolled:
    """A template without its loops, and where the resources that they make are written."""

    template: Mapping[str, Any]
    moved: Mapping[Path, Path] = field(default_factory=dict)


def unrolled(template: Mapping[str, Any], values: Mapping[str, str]) -> Unrolled:
    """The template with its loops over resources as what they make; `values` are those of parameters, as far as known.

    A loop over what only the deploy knows, or of another form, stays as it is; so do all if they make too much.
    """
    resources = template.get("Resources")
    if not isinstance(resources, Mapping) or not any(str(name).startswith(_LOOP) for name in resources):
        return Unrolled(template)
    resources_made: dict[str, Any] = {}
    moved: dict[Path, Path] = {}
    for name, resource in resources.items():
        for logical_id, body, path in _unrolled(str(name), resource, values, ("Resources", name)):
            resources_made[logical_id] = body
            if path != ("Resources", logical_id):
                moved["Resources", logical_id] = path
            if len(resources_made) > len(resources) + _MOST:
                return Unrolled(template)
    return Unrolled({**template, "Resources": resources_made}, moved)


def variables(value: Any) -> Iterator[str]:
    """Yield the variables of every loop in a value, which Ref and Fn::Sub name inside of it."""
    if isinstance(value, Mapping):
        for key, child in value.items():
            if str(key).startswith(_LOOP) and isinstance(child, list) and child and isinstance(child[0], str):
                yield child[0]
            yield from variables(child)
    elif isinstance(value, list):
        for child in value:
            yield from variables(child)


def bodies(resources: Mapping[str, Any]) -> Iterator[tuple[str, Any, Path]]:
    """Yield the body of each loop over resources, once and by its name before it is unrolled, with its place.

    A text that holds the loop's variable is a Fn::Sub of it.
    """
    for key, loop in resources.items():
        if str(key).startswith(_LOOP) and _is_loop(loop):
            for name, body in loop[2].items():
                yield name, _late(body, f"${{{loop[0]}}}"), ("Resources", key, 2, name)


def _late(value: Any, variable: str) -> Any:
    """The body of a loop, with its variable in every text as Fn::Sub has it."""
    if isinstance(value, dict):
        filled = "Fn::Sub" in value
        return {key: child if filled else _late(child, variable) for key, child in value.items()}
    if isinstance(value, list):
        return [_late(child, variable) for child in value]
    return {"Fn::Sub": value} if isinstance(value, str) and variable in value else value


def _unrolled(name: str, body_or_loop: Any, values: Mapping[str, str], path: Path) -> Iterator[tuple[str, Any, Path]]:
    """Yield the resources that an entry of Resources is or makes, loops in loops too, each with where it is written."""
    items = _items(body_or_loop[1], values) if name.startswith(_LOOP) and _is_loop(body_or_loop) else None
    if items is None:
        yield name, body_or_loop, path
        return
    for item in items:
        for key, body in body_or_loop[2].items():
            logical_id = _put(str(key), body_or_loop[0], item)
            yield from _unrolled(logical_id, _put(body, body_or_loop[0], item), values, (*path, 2, key))


def _is_loop(value: Any) -> bool:
    """Return whether it is [variable, what it takes, what it makes]."""
    return isinstance(value, list) and len(value) == 3 and isinstance(value[0], str) and isinstance(value[2], Mapping)  # noqa: PLR2004 - three parts


def _items(collection: Any, values: Mapping[str, str]) -> list[str] | None:
    """The texts that a loop takes one after the other; None where only the deploy knows one of them.

    A parameter's value is a list with commas, and a number is its text.
    """
    texts: list[str] = []
    for entry in collection if isinstance(collection, list) else [collection]:
        name = entry.get("Ref") if isinstance(entry, Mapping) and len(entry) == 1 else None
        if isinstance(name, str) and name in values:
            texts += [text.strip() for text in values[name].split(",")]
        elif isinstance(entry, str | int | float):
            texts.append(str(entry))
        else:
            return None
    return texts


def _put(value: Any, variable: str, item: str) -> Any:
    """A value with the loop's variable replaced: `${Name}`, `&{Name}` (letters and digits alone), `Ref`."""
    if isinstance(value, str):
        return value.replace(f"${{{variable}}}", item).replace(f"&{{{variable}}}", _NO_LETTERS.sub("", item))
    if isinstance(value, Mapping):
        if value == {"Ref": variable}:
            return item
        return {_put(key, variable, item): _put(child, variable, item) for key, child in value.items()}
    return [_put(child, variable, item) for child in value] if isinstance(value, list) else value
