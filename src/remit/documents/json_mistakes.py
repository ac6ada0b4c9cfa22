"""Mistakes of a text that is not JSON, with their places.

The standard library's parser says only where it stopped, or which value it refused. What stood before is sound
until there, so a pass over its brackets tells the rest: the time is linear in the text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final, NoReturn

from remit.errors import Origin, RemitError

DEPTH: Final = 64  # arrays and objects inside one another; no document that IAM accepts nests so deep

_STRING: Final = r'"(?:[^"\\]++|\\.)*+"'
_SPACE: Final = re.compile(r"[ \t\n\r]*+")
_WHOLE: Final = re.compile(rf'(?:[^"]++|{_STRING})*+', re.DOTALL)
_BRACKET: Final = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)
"""A bracket or a brace; or a string, to pass over those in it, which may end with the text."""
_TOKEN: Final = re.compile(rf"{_STRING}|[\w+.-]++", re.DOTALL)

_FLAT: Final = re.compile(rf'{_STRING}|[^"\[\]{{}},: \t\n\r]++', re.DOTALL)
_KEY: Final = re.compile(rf"({_STRING})[ \t\n\r]*+:[ \t\n\r]*+", re.DOTALL)
_NEXT: Final = re.compile(r"[ \t\n\r]*+(?:,[ \t\n\r]*+)?+")

_WORD: Final = re.compile(r"-?[A-Za-z_]\w*")
_CLOSING: Final = {"[": "]", "{": "}"}
_CALLED: Final = {"[": "list", "{": "object"}
_LONGEST_WORD: Final = 400
_MEANT: Final = {
    "true": "write true",
    "false": "write false",
    "none": "write null",
    "null": "write null",
    "nan": "JSON has no NaN and no Infinity: write a number",
    "infinity": "JSON has no NaN and no Infinity: write a number",
}


class Repeated(ValueError):
    """The n-th object that closes (`closed`, from 1) has a `key` twice: as its members `first` and `second`, from 0."""

    def __init__(self, closed: int, pairs: list[tuple[str, object]]) -> None:
        super().__init__(closed)
        self.closed = closed
        places: dict[str, int] = {}
        for number, (key, _) in enumerate(pairs):
            if key in places:
                self.key, self.first, self.second = key, places[key], number
                return
            places[key] = number


class RefusedLiteral(ValueError):
    """A number that is too large, or a constant that JSON does not have, by its text."""


@dataclass(frozen=True, slots=True)
class JsonText:
    """A text of JSON, and how errors name it and its first line."""

    text: str
    file: str
    line: int

    def origin(self, position: int) -> Origin:
        """The line and column of the character at a position from 0."""
        before = self.text.count("\n", 0, position)
        return Origin(self.file, self.line + before, position - self.text.rfind("\n", 0, position))

    def fail(self, message: str, position: int, hint: str | None = None) -> NoReturn:
        """Raise RemitError (2) for what stands at a position, with its line and column."""
        raise RemitError(message, hint=hint, origin=self.origin(position))

    def skip(self, position: int) -> int:
        """Return the next position, this one or later, of what is no white space."""
        match = _SPACE.match(self.text, position)
        return match.end() if match else position

    def seen(self, position: int) -> str:
        """Quote at most 12 characters of the line from a position, for a message; `the end` where the text ends."""
        if position >= len(self.text):
            return "the end"
        return repr(self.text[position : position + 12].split("\n", 1)[0])

    def members(self, position: int) -> Iterator[tuple[str | int, int, int]]:
        """Yield the members of the object or list that begins here: key, position of the key, position of the value.

        In a list, the key is the index, and both positions are the value's. Nothing where neither begins. The text must
        be sound as far as it is read.
        """
        closing = _CLOSING.get(self.text[position : position + 1])
        at = self.skip(position + 1)
        number = 0
        while closing and not self.text.startswith(closing, at):
            key = _KEY.match(self.text, at) if closing == "}" else None
            value = key.end() if key else at
            step: str | int = number
            if key:
                step = str(json.loads(key[1])) if "\\" in key[1] else key[1][1:-1]
            yield step, at, value
            number += 1
            flat = _FLAT.match(self.text, value)
            after = _NEXT.match(self.text, flat.end() if flat else _DECODE(self.text, value)[1])
            at = after.end() if after else len(self.text)


_DECODE: Final = json.JSONDecoder().raw_decode


def explain(source: JsonText, error: Exception) -> NoReturn:
    """Raise the RemitError (2), at line and column, of what is wrong with a text, by the error that reading it gave.

    The error is JSONDecodeError, Repeated or RefusedLiteral. With any other, the text nests too deep; if it does not,
    all that is said is that it is not JSON.
    """
    if isinstance(error, json.JSONDecodeError):
        _refuse_where_it_stopped(source, error)
    if isinstance(error, Repeated):
        raise repeated_key(source, error)
    if isinstance(error, RefusedLiteral):
        # The first word that begins so: an earlier one would have been refused as well.
        literal = str(error)
        tokens = _TOKEN.finditer(source.text)
        position = next((token.start() for token in tokens if token[0].startswith(literal[:_LONGEST_WORD])), 0)
        _open_brackets(source, position)
        if literal.lstrip("-")[:1].isdigit():
            source.fail(f"the number {literal[:12]}… is too large", position)
        _no_value(source, position)
    _open_brackets(source, len(source.text))
    source.fail(f"{source.file} is not JSON", 0)


def _open_brackets(source: JsonText, end: int, closed: int = -1) -> list[int]:
    """The positions of the brackets that are open at `end`, the outermost first.

    With `closed` (n), those that are open just before the n-th `}`, if that comes first. RemitError: more than `DEPTH`
    are open at once.
    """
    open_brackets: list[int] = []
    for token in _BRACKET.finditer(source.text, 0, end):
        if token[0] in _CLOSING:
            open_brackets.append(token.start())
            if len(open_brackets) > DEPTH:
                source.fail(f"the JSON nests deeper than {DEPTH}", token.start(), "flatten it")
        elif token[0] in _CLOSING.values():
            closed -= token[0] == "}"
            if not closed:
                break
            del open_brackets[-1:]
    return open_brackets


def repeated_key(source: JsonText, error: Repeated) -> RemitError:
    """Return the error of a key that stands twice, at its second place. It raises one where the text nests too deep."""
    start = _open_brackets(source, len(source.text), error.closed)[-1]
    places = [at for _, at, _ in islice(source.members(start), error.second + 1)]
    return RemitError(
        f"the key {json.dumps(error.key)} stands twice in one object, first at {source.origin(places[error.first])}",
        hint="JSON readers keep only the last one: merge them",
        origin=source.origin(places[error.second]),
    )


def _refuse_where_it_stopped(source: JsonText, error: json.JSONDecodeError) -> NoReturn:
    """Say what is wrong where the parser stopped: a comment, a comma too many, a key or a value that is none.

    RemitError: in any case.
    """
    text = source.text
    open_brackets = _open_brackets(source, error.pos)
    sound = _WHOLE.match(text, 0, error.pos)
    at = source.skip(sound.end() if sound else error.pos)  # where the string begins, if it stopped in one
    before = text[:at].rstrip(" \t\n\r")
    kind = text[open_brackets[-1]] if open_brackets else ""
    last = before[-1:]
    whole_before = kind != "" and last not in ("[", "{", ",", ":")
    if whole_before and text.startswith(",", at) and text.startswith(_CLOSING[kind], source.skip(at + 1)):
        before = text[: at + 1]
        last = ","
        at = source.skip(at + 1)  # newer parsers stop at a trailing comma
    if text.startswith(("//", "/*", "#"), at):
        source.fail("JSON has no comments", at, "remove it")
    if kind and last == "," and text.startswith(_CLOSING[kind], at):
        message = f"there is a comma before the {_CLOSING[kind]}: JSON has no trailing commas"
        source.fail(message, len(before) - 1, "remove it")
    if kind == "{" and last in ("{", ","):
        _no_string(source, at, "a key")
    if last in ("[", ",", ":", ""):
        _no_value(source, at)
    # After a whole value or key something else was expected.
    word = re.search(r"[\w+.-]*\Z", text[max(0, at - _LONGEST_WORD) : at])
    if word is not None and word[0] and text[at : at + 1].isalnum():
        _no_value(source, at - len(word[0]))
    if not kind:
        source.fail(f"there is more after the end of the JSON value: {source.seen(at)}", at)
    if "':'" in error.msg:
        source.fail(f"a colon was expected after the key, not {source.seen(at)}", at)
    expected = f"a comma or {_CLOSING[kind]} was expected in this {_CALLED[kind]}"
    source.fail(f"{expected}, not {source.seen(at)}", at)


def _no_value(source: JsonText, at: int) -> NoReturn:
    """Refuse what stands where a value must. RemitError in any case."""
    if source.text.startswith('"', at):
        _no_string(source, at, "a value")
    word = _WORD.match(source.text, at)
    if word is not None:
        excerpt = word[0] if len(word[0]) <= _LONGEST_WORD else f"{word[0][:_LONGEST_WORD]}…"
        hint = _MEANT.get(word[0].lower().lstrip("-"), "put text in double quotes")
        source.fail(f"{excerpt} is not valid JSON", at, hint)
    source.fail(f"a JSON value was expected here, not {source.seen(at)}", at, _quotes(source, at))


def _no_string(source: JsonText, at: int, label: str) -> NoReturn:
    """Refuse what stands where a string must, by its label. RemitError in any case."""
    if source.text.startswith('"', at):
        hint = "close it, and escape \\ and newlines"
        source.fail(f"{label} starts here and is not a valid JSON string", at, hint)
    source.fail(f"{label} in double quotes was expected here, not {source.seen(at)}", at, _quotes(source, at))


def _quotes(source: JsonText, at: int) -> str | None:
    """A hint about single quotes, if one stands there; else None."""
    return "JSON strings have double quotes" if source.text.startswith("'", at) else None
