"""Strict JSON: text to value, with the line and column of what is wrong and of what is asked for later.

The fast parser of the standard library reads first; only when something is wrong, or a place is asked for, a
slow pass walks the text again. JSON as in RFC 8259: no comments, no trailing commas, no NaN, no repeated key.
"""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeAlias

from remit.errors import Origin, RemitError

if TYPE_CHECKING:
    from collections.abc import Callable

DEPTH: Final = 64  # arrays and objects inside one another; no document that IAM accepts nests so deep
LONGEST_NUMBER: Final = 300  # digits; IAM's numbers have 20
_BOM: Final = "\ufeff"
_MARK: Final = b"\xef\xbb\xbf"

Path: TypeAlias = tuple[str | int, ...]
Locate: TypeAlias = "Callable[[str | Path], Origin]"
"""The place of a value: by a path as errors spell it (`Statement[0].Action[1]`) or by its steps."""


def read_json(text: str | bytes, file: str, *, line: int = 1) -> tuple[Any, Locate]:
    """Read one JSON document; `file` is how errors name it, `line` its first line's number.

    RemitError at line and column: a syntax error, a key that stands twice in one object, NaN or Infinity,
    nesting deeper than `DEPTH`, bytes that are no UTF-8 (with their offset).
    """
    text = decode(text, file) if isinstance(text, bytes) else text.removeprefix(_BOM)
    try:
        value = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_constant=_no_constant,
            parse_int=_integer,
            parse_float=_finite,
        )
        _check_depth(value)
    except (ValueError, RecursionError):
        _Walk(text, file, line).document()
        raise RemitError(f"{file} is no JSON", origin=Origin(file, line)) from None
    walked: list[_Walk] = []

    def locate(path: str | Path) -> Origin:
        if not walked:
            walk = _Walk(text, file, line, places={})
            walk.document()
            walked.append(walk)
        return walked[0].place(steps(path) if isinstance(path, str) else path)

    return value, locate


def decode(data: bytes, file: str) -> str:
    """UTF-8 text of a file's bytes, without a byte order mark. RemitError: the first bad byte's offset."""
    try:
        return data.removeprefix(_MARK).decode("utf-8")
    except UnicodeDecodeError as error:
        offset = error.start + (len(_MARK) if data.startswith(_MARK) else 0)
        raise RemitError(
            f"{file} is not UTF-8: byte {offset} is 0x{data[offset]:02x}",
            hint="save it as UTF-8",
            origin=Origin(file),
        ) from None


def steps(path: str) -> Path:
    """The steps of a path as errors spell it: `Statement[0].Action[1]`."""
    return tuple(
        int(index) if index else name for name, index in re.findall(r"([^.\[\]]+)(?![^\[]*\])|\[(\d+)\]", path)
    )


def _check_depth(value: object) -> None:
    level = [value]
    for _ in range(DEPTH):
        level = [
            child
            for parent in level
            for child in (parent.values() if isinstance(parent, dict) else parent if isinstance(parent, list) else ())
            if isinstance(child, dict | list)
        ]
        if not level:
            return
    raise ValueError


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _integer(digits: str) -> int:
    if len(digits) > LONGEST_NUMBER:  # int() of them would take quadratic time
        raise ValueError
    return int(digits)


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError
    return value


_SPACE: Final = re.compile(r"[ \t\n\r]*")
_STRING: Final = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"')
_SCALAR: Final = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null")
_WORD: Final = re.compile(r"-?[A-Za-z_]\w*")


_MEANT: Final = {
    "true": "write true",
    "false": "write false",
    "none": "write null",
    "null": "write null",
    "nan": "JSON has no NaN and no Infinity: write a number",
    "infinity": "JSON has no NaN and no Infinity: write a number",
}


class _Walk:
    """One careful pass over a text: the place of every value, or the first mistake as a RemitError."""

    def __init__(self, text: str, file: str, line: int, places: dict[Path, int] | None = None) -> None:
        self.text = text
        self.file = file
        self.line = line
        self.at = 0
        self.places = places

    def origin(self, position: int) -> Origin:
        before = self.text.count("\n", 0, position)
        return Origin(self.file, self.line + before, position - self.text.rfind("\n", 0, position))

    def place(self, path: Path) -> Origin:
        """Where the value of a path begins; of a path that is not there, its nearest part that is."""
        places = self.places or {}
        while path and path not in places:
            path = path[:-1]
        return self.origin(places.get(path, 0))

    def fail(self, message: str, position: int, hint: str | None = None) -> NoReturn:
        raise RemitError(message, hint=hint, origin=self.origin(position))

    def document(self) -> None:
        self.skip()
        self.value((), 1)
        self.skip()
        if self.at < len(self.text):
            self.fail(f"there is more after the end of the JSON value: {self.seen()}", self.at)

    def skip(self) -> None:
        found = _SPACE.match(self.text, self.at)
        self.at = found.end() if found else self.at
        if self.text.startswith(("//", "/*", "#"), self.at):
            self.fail("JSON has no comments", self.at, "remove it")

    def seen(self) -> str:
        if self.at >= len(self.text):
            return "the end"
        return repr(self.text[self.at : self.at + 12].split("\n", 1)[0])

    def value(self, path: Path, depth: int) -> None:
        if self.places is not None:
            self.places[path] = self.at
        start = self.text[self.at : self.at + 1]
        if start in ("{", "["):
            if depth > DEPTH:
                self.fail(f"the JSON nests deeper than {DEPTH}", self.at, "flatten it")
            self.members(path, depth) if start == "{" else self.items(path, depth)
        elif start == '"':
            self.string("a value")
        else:
            self.scalar()

    def scalar(self) -> None:
        found = _SCALAR.match(self.text, self.at)
        if found is not None and not (self.text[found.end() : found.end() + 1].isalnum()):
            digits = found[0] if found[0][-1].isdigit() else "0"
            if len(digits) > LONGEST_NUMBER or not math.isfinite(float(digits)):
                self.fail(f"the number {digits[:12]}… is too large", self.at)
            self.at = found.end()
            return
        word = _WORD.match(self.text, self.at)
        if word is not None:
            hint = _MEANT.get(word[0].lower().lstrip("-"), "put text in double quotes")
            self.fail(f"{word[0]} is not valid JSON", self.at, hint)
        self.fail(f"a JSON value was expected here, not {self.seen()}", self.at, self.quotes())

    def quotes(self) -> str | None:
        return "JSON strings have double quotes" if self.text.startswith("'", self.at) else None

    def string(self, what: str) -> str:
        found = _STRING.match(self.text, self.at)
        if found is None:
            if not self.text.startswith('"', self.at):
                self.fail(f"{what} in double quotes was expected here, not {self.seen()}", self.at, self.quotes())
            self.fail(
                f"{what} starts here and is not a valid JSON string",
                self.at,
                "close it, and escape \\ and newlines",
            )
        self.at = found.end()
        return str(json.loads(found[0]))

    def members(self, path: Path, depth: int) -> None:
        first: dict[str, int] = {}
        self.at += 1
        self.skip()
        if self.end("}"):
            return
        while True:
            key_at = self.at
            key = self.string("a key")
            if key in first:
                before = self.origin(first[key])
                self.fail(
                    f"the key {json.dumps(key)} stands twice in one object, first at {before}",
                    key_at,
                    "JSON readers keep only the last one: merge them",
                )
            first[key] = key_at
            self.skip()
            if not self.end(":"):
                self.fail(f"a colon was expected after the key, not {self.seen()}", self.at)
            self.skip()
            self.value((*path, key), depth + 1)
            if self.close("}", "object"):
                return

    def items(self, path: Path, depth: int) -> None:
        self.at += 1
        self.skip()
        if self.end("]"):
            return
        index = 0
        while True:
            self.value((*path, index), depth + 1)
            index += 1
            if self.close("]", "list"):
                return

    def end(self, sign: str) -> bool:
        found = self.text.startswith(sign, self.at)
        self.at += found
        return found

    def close(self, sign: str, what: str) -> bool:
        """After a member or item: True at the closing sign, False after a comma that something follows."""
        self.skip()
        if self.end(sign):
            return True
        comma = self.at
        if not self.end(","):
            self.fail(f"a comma or {sign} was expected in this {what}, not {self.seen()}", self.at)
        self.skip()
        if self.text.startswith(sign, self.at):
            self.fail(f"there is a comma before the {sign}: JSON has no trailing commas", comma, "remove it")
        return False
