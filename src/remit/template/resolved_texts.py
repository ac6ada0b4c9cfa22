"""Resolve the values of a template to texts: what Ref, GetAtt, Sub, Join, Select, Split, If and FindInMap make of them.

A value has several texts where conditions or mappings choose, and `UNKNOWN` stands for a stretch of a text that nobody
knows before the deploy.

Source: "Intrinsic function reference" (CloudFormation User Guide).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any, Final

from remit.iam import tokens
from remit.template.branches import NO_VALUE, branches, choice

UNKNOWN: Final = "\x00"
"""A stretch of a text that only the deploy knows: what an import, a parameter or another function gives."""
_MOST: Final = 16
"""Alternatives of one text; of more, nothing is known."""
_KEYS: Final = 3  # a mapping, and two keys
_PAIR: Final = 2
_IN_SUB: Final = re.compile(r"\$\{(!?)([^${}]+)\}")
_WHOLE_PARTS: Final = frozenset(":/")
"""What stands in no partition, region or account, so that a text splits there whatever those are."""


def in_mapping(mappings: Any, keys: Sequence[Collection[str] | None]) -> list[tuple[tuple[str, ...], Any]]:
    """List the values of mappings below a name and two keys, each with its path; `keys` may be these, None for any."""
    matches: list[tuple[tuple[str, ...], Any]] = [((), mappings)]
    for allowed_keys in keys:
        matches = [
            ((*path, str(key)), value)
            for path, level in matches
            if isinstance(level, Mapping)
            for key, value in level.items()
            if allowed_keys is None or str(key) in allowed_keys
        ]
    return matches


@dataclass(frozen=True, slots=True)
class Values:
    """How the values of one template are resolved.

    `refer` gives the texts of what Ref and Fn::GetAtt name (`Queue`, `Queue.Arn`, `AWS::Region`), none for
    AWS::NoValue.
    """

    refer: Callable[[str], tuple[str, ...]]
    mappings: Mapping[str, Any]

    def texts(self, value: Any) -> tuple[str, ...]:
        """Return the possible texts of a value, each once; none for AWS::NoValue, and for one that is absent or empty.

        `UNKNOWN` stands for what nobody knows before the deploy, and for a value that is no text.
        """
        if value is None or value == "":
            return ()
        if isinstance(value, str | int | float):
            return (str(value),)
        if not tokens.is_intrinsic(value):
            return (UNKNOWN,)
        if choice(value) is not None:
            return tuple(dict.fromkeys(text for branch in branches(value) for text in self.texts(branch.value)))
        ((function, argument),) = value.items()
        if function in ("Ref", "Fn::GetAtt"):
            return self.refer(tokens.from_intrinsic(value)[2:-1])
        resolve = _RESOLVE.get(function)
        return (UNKNOWN,) if resolve is None else tuple(dict.fromkeys(resolve(self, argument))) or (UNKNOWN,)

    def lists(self, value: Any) -> tuple[tuple[str, ...], ...]:
        """Return the possible lists of texts; none where nobody knows one, or they are too many.

        A parameter's list is one text with commas.
        """
        if isinstance(value, list):
            return self._of_items(value)
        if choice(value) is not None:
            return tuple(texts for branch in branches(value) for texts in self.lists(branch.value))
        argument = value.get("Fn::Split") if isinstance(value, Mapping) and len(value) == 1 else None
        if isinstance(argument, list) and len(argument) == _PAIR and isinstance(argument[0], str):
            split = [_split(text, argument[0]) for text in self.texts(argument[1])]
        else:
            split = [_split(text, ",") for text in self.texts(value)]
        return tuple(parts for parts in split if parts is not None) if None not in split else ()

    def _of_items(self, items: list[Any]) -> tuple[tuple[str, ...], ...]:
        """The possible texts of all items together; none where there are too many."""
        options: list[list[tuple[str, ...]]] = []
        for item in items:
            texts = ("",) if item == "" else self.texts(item)
            absent: list[tuple[str, ...]] = [()] if not texts or _may_be_absent(item) else []
            options.append([*((text,) for text in texts), *absent])
        if prod(map(len, options)) > _MOST:
            return ()
        return tuple(tuple(text for part in parts for text in part) for parts in product(*options))


def _may_be_absent(value: Any) -> bool:
    """Return whether a condition may put AWS::NoValue in the place of a value."""
    chosen = choice(value)
    if chosen is None:
        return bool(value == NO_VALUE)
    return any(_may_be_absent(chosen.branch(holds=holds)[0]) for holds in (True, False))


def _joined(values: Values, argument: Any) -> Iterator[str]:
    """Yield the texts that an Fn::Join may give; none where its list is not known."""
    if isinstance(argument, list) and len(argument) == _PAIR and isinstance(argument[0], str):
        yield from (argument[0].join(texts) for texts in values.lists(argument[1]))


def _substituted(values: Values, argument: Any) -> Iterator[str]:
    """Yield the texts that an Fn::Sub may give, by every choice of its parts; none where they are too many."""
    parts = list(_parts(*tokens.substitution(argument)))
    options = [values.texts(part) or ("",) for part in parts]
    if prod(map(len, options)) <= _MOST:
        yield from map("".join, product(*options))


def _selected(values: Values, argument: Any) -> Iterator[str]:
    """Yield the texts that an Fn::Select may give; none of a malformed one, or beyond the end of a written list.

    UNKNOWN: a list that another function gives is too short, or the index is not known.
    """
    if not isinstance(argument, list) or len(argument) != _PAIR:
        return
    for index in values.texts(argument[0]):
        if isinstance(argument[1], list) and index.isdecimal() and int(index) < len(argument[1]):
            yield from values.texts(argument[1][int(index)])
        elif not isinstance(argument[1], list):
            for texts in values.lists(argument[1]):
                yield texts[int(index)] if index.isdecimal() and int(index) < len(texts) else UNKNOWN


def _mapped(values: Values, argument: Any) -> Iterator[str]:
    """Yield the texts that an Fn::FindInMap may give; a key that is not known stands for any.

    None where they are too many.
    """
    if not isinstance(argument, list) or len(argument) != _KEYS:
        return
    keys = []
    for key in argument:
        key_texts = values.texts(key)
        keys.append(None if any(UNKNOWN in text or text.startswith("${") for text in key_texts) else key_texts)
    texts = dict.fromkeys(text for _, value in in_mapping(values.mappings, keys) for text in values.texts(value))
    if len(texts) <= _MOST:
        yield from texts


_RESOLVE: Final[dict[str, Callable[[Values, Any], Iterator[str]]]] = {
    "Fn::FindInMap": _mapped,
    "Fn::Join": _joined,
    "Fn::Select": _selected,
    "Fn::Sub": _substituted,
}


def _parts(template: str, variables: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the parts of a Fn::Sub: texts, its own variables, and references."""
    end = 0
    for match in _IN_SUB.finditer(template):
        yield template[end : match.start()]
        yield f"${{{match[2]}}}" if match[1] else variables.get(match[2], {"Ref": match[2]})
        end = match.end()
    yield template[end:]


def _split(text: str, delimiter: str) -> tuple[str, ...] | None:
    """The parts of a text; None where a stretch that is not known may hold the delimiter, or that is empty."""
    is_open_ended = "*" in text or "${" in text
    if UNKNOWN in text or not delimiter or (is_open_ended and delimiter not in _WHOLE_PARTS):
        return None
    parts = [""]
    for part in tokens.split(text):
        if isinstance(part, tokens.Reference):
            parts[-1] += part.text
        else:
            head, *further = part.split(delimiter)
            parts[-1] += head
            parts += further
    return tuple(parts)
