"""Strict JSON: text to value, with the line and column of what is wrong and of what is asked for later.

The fast parser of the standard library reads; only when something is wrong, or a place is asked for, the text is
looked at again. JSON as in RFC 8259: no comments, no trailing commas, no NaN, no repeated key.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from typing import Any, Final, NoReturn, TypeAlias

from remit.documents.json_mistakes import DEPTH, JsonText, RefusedLiteral, Repeated, explain, repeated_key
from remit.errors import Origin, Path, RemitError

LONGEST_NUMBER: Final = 300  # digits; IAM's numbers have 20
LARGEST: Final = 8_000_000
"""Bytes of a document, unless more are asked for: CloudFormation takes a megabyte, IAM far less."""
MOST_REPEATED: Final = 20
"""Keys that stand twice of which a place is looked for, each in time linear in the text."""
_BOM: Final = "\ufeff"
_MARK: Final = b"\xef\xbb\xbf"

Locate: TypeAlias = "Callable[[Path], Origin]"
"""The place of a value, by its path."""


def texts_in(value: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """The strings of a document in its order, each with its path; keys of objects are not among them."""
    if isinstance(value, str):
        yield path, value
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, part in parts:
        yield from texts_in(part, (*path, step))


def read_json(
    text: str | bytes, file: str, *, line: int = 1, most: int = LARGEST, mistakes: list[RemitError] | None = None
) -> tuple[Any, Locate]:
    """Read one JSON document: its value, and a function that gives the place of a path.

    `file` is how errors name it, `line` its first line's number. RemitError (2) at line and column: a syntax error, a
    key that stands twice in one object, NaN or Infinity, a number that is too large, nesting deeper than `DEPTH`, more
    than `most` bytes, bytes that are no UTF-8 (with their offset). If `mistakes` is given, the errors of keys that
    stand twice (the first `MOST_REPEATED`) are added to it instead, and the last value counts.
    """
    if len(text) > most:
        raise too_large(len(text), file, line)
    text = decode(text, file, line) if isinstance(text, bytes) else text.removeprefix(_BOM)
    source = JsonText(text, file, line)
    mistake: Exception | None = None
    objects = _Objects(tolerant=mistakes is not None)
    try:
        value = json.loads(
            text,
            object_pairs_hook=objects.unique,
            parse_constant=_no_constant,
            parse_int=_integer,
            parse_float=_finite,
        )
        # The parser itself stops only where Python runs out of its stack.
        _check_depth(value)
    except (ValueError, RecursionError) as error:
        mistake = error
    if mistake is not None:
        explain(source, mistake)
    if mistakes is not None:
        mistakes += [repeated_key(source, error) for error in objects.repeated[:MOST_REPEATED]]
    return value, _Places(source, last_counts=bool(objects.repeated)).locate


def decode(content: bytes, file: str, line: int = 1) -> str:
    """UTF-8 text of a file's bytes, without a byte order mark. RemitError: the first bad byte's offset and place."""
    try:
        return content.removeprefix(_MARK).decode("utf-8")
    except UnicodeDecodeError as error:
        offset = error.start + (len(_MARK) if content.startswith(_MARK) else 0)
        before = content[:offset].removeprefix(_MARK)
        column = len(before.rpartition(b"\n")[2].decode("utf-8")) + 1
        raise RemitError(
            f"{file} is not UTF-8: byte {offset} is 0x{content[offset]:02x}",
            hint="save it as UTF-8",
            origin=Origin(file, line + before.count(b"\n"), column),
        ) from None


def too_large(size: int, file: str, line: int = 1) -> RemitError:
    """Return the error that a document is longer than any can be, at its first line."""
    return RemitError(f"{file} has {size:,} bytes: no policy and no template is so large", origin=Origin(file, line, 1))


def _check_depth(value: object) -> None:
    """Raise ValueError where objects and lists are nested deeper than DEPTH."""
    level = [value]
    for _ in range(DEPTH):
        next_level: list[object] = []
        for parent in level:
            if isinstance(parent, dict):
                next_level += parent.values()
            elif isinstance(parent, list):
                next_level += parent
        level = [child for child in next_level if isinstance(child, dict | list)]
        if not level:
            return
    raise ValueError


class _Objects:
    """Makes dicts of objects as they close, counts them in `closed`, and notes keys that stand twice in `repeated`."""

    __slots__ = ("closed", "repeated", "tolerant")

    def __init__(self, *, tolerant: bool) -> None:
        self.closed = 0
        self.tolerant = tolerant
        self.repeated: list[Repeated] = []

    def unique(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        """The object of some members, where the last of a repeated name counts.

        A repetition is noted. Repeated: it is one, and the reader is not tolerant.
        """
        self.closed += 1
        value = dict(pairs)
        if len(value) != len(pairs):
            self.repeated.append(Repeated(self.closed, pairs))
            if not self.tolerant:
                raise self.repeated[-1]
        return value


def _no_constant(name: str) -> NoReturn:
    """Refuse NaN and Infinity, which JSON does not have. RefusedLiteral in any case."""
    raise RefusedLiteral(name)


def _integer(digits: str) -> int:
    """The whole number of some digits. RefusedLiteral: they are more than `LONGEST_NUMBER`."""
    if len(digits) > LONGEST_NUMBER:  # int() of them would take quadratic time
        raise RefusedLiteral(digits)
    return int(digits)


def _finite(digits: str) -> float:
    """The number of some digits. RefusedLiteral: it is too large for a float."""
    value = float(digits)
    if not math.isfinite(value):
        raise RefusedLiteral(digits)
    return value


class _Places:
    """The places of a sound document's values; each object and list is walked once, as far as is asked.

    `last_counts`: keys stand twice, so that each is walked to its end.
    """

    __slots__ = ("_known", "_last_counts", "_line", "_line_end_before", "_position", "_source")

    def __init__(self, source: JsonText, *, last_counts: bool) -> None:
        self._source = source
        self._position, self._line, self._line_end_before = 0, source.line, -1
        self._last_counts = last_counts
        self._known: dict[int, tuple[dict[str | int, tuple[int, int]], Iterator[tuple[str | int, int, int]]]] = {}

    def locate(self, path: Path) -> Origin:
        """Return where a path's value begins; of a condition operator (a key in `Condition`), where its name begins.

        Of a path that is not there, the place of its nearest part that is.
        """
        at = position = self._source.skip(0)
        above: str | int = ""
        for step in path:
            child = self._child(at, step)
            if child is None:
                break
            key, at = child
            position = key if above == "Condition" else at
            above = step
        # Counted from the place before, which is near: a long text is gone through once.
        text = self._source.text
        lines_between = text.count("\n", min(self._position, position), max(self._position, position))
        if lines_between:
            self._line += lines_between if position > self._position else -lines_between
            self._line_end_before = text.rfind("\n", 0, position)
        self._position = position
        return Origin(self._source.file, self._line, position - self._line_end_before)

    def _child(self, at: int, step: str | int) -> tuple[int, int] | None:
        """The positions of a member's name and of its value; None: there is no such member.

        Members are read only as far as that takes, unless the last of a repeated name counts.
        """
        if at not in self._known:
            self._known[at] = ({}, self._source.members(at))
        located, members = self._known[at]
        if self._last_counts:
            located |= {name: (key_at, value_at) for name, key_at, value_at in members}
        while step not in located:
            member = next(members, None)
            if member is None:
                return None
            located[member[0]] = member[1], member[2]
        return located[step]


__all__ = ["DEPTH", "Locate", "Path", "decode", "read_json"]
