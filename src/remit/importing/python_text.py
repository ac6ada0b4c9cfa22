"""Python source as a formatter writes it: calls, lists and dicts, on one line where they fit into 88 columns."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeAlias

WIDTH: Final = 88
_INDENT: Final = "    "


@dataclass(frozen=True, slots=True)
class Item:
    """A part of a group: `prefix` is its keyword or key (`name=`, `"Key": `, `**`).

    `what` is the construct that it stands for, as messages call it.
    """

    value: Source
    prefix: str = ""
    what: str = field(default="", compare=False)


class Line(NamedTuple):
    """A line of a module, and the construct that it stands for."""

    text: str
    what: str = ""


@dataclass(frozen=True, slots=True)
class Bracketed:
    """A call, a list or a dict: what opens it, its parts, what closes it. Without a separator it is one expression."""

    begin: str
    items: tuple[Item, ...]
    end: str
    separator: str = ","


Source: TypeAlias = "str | Bracketed"
"""An expression: plain source, which is never broken, or one of several parts."""


def conditional(value: Source, condition: str, otherwise: Source) -> Bracketed:
    """`value if condition else otherwise`."""
    return Bracketed("(", (Item(value), Item(condition, "if "), Item(otherwise, "else ")), ")", "")


def call(name: str, *items: Item | None) -> Bracketed:
    """A call of a function; None is no argument."""
    return Bracketed(f"{name}(", tuple(item for item in items if item is not None), ")")


def quoted(text: str) -> str:
    """A text as a literal, in the quotes that need fewer escapes."""
    written = json.dumps(text, ensure_ascii=False)
    if '"' in text and "'" not in text:
        written = "'" + written[1:-1].replace('\\"', '"') + "'"
    # JSON leaves these as they are; in Python's source they would be hard to see.
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in written)


def literal(text: str) -> Source:
    """A text as a literal; one of several lines as one literal a line."""
    lines = text.splitlines(keepends=True)
    if len(lines) > 1 and len(quoted(text)) > WIDTH:
        return Bracketed("(", tuple(Item(quoted(line)) for line in lines), ")", "")
    return quoted(text)


def joined(pieces: Iterable[tuple[bool, str]]) -> Source:
    """Expressions (True) and texts (False) as one expression for a text: an f-string where both are there.

    Or a `join`, where an f-string cannot have the expressions before Python 3.12. An expression that is a plain literal
    in double quotes counts as text.
    """
    merged: list[tuple[bool, str]] = []
    for is_code, code in pieces:
        plain = re.fullmatch(r'"([^"\\]*)"', code) if is_code else None
        is_expression, text = (is_code, code) if plain is None else (False, plain[1])
        if merged and not is_expression and not merged[-1][0]:
            merged[-1] = (False, merged[-1][1] + text)
        elif text:
            merged.append((is_expression, text))
    if not merged:
        return '""'
    if len(merged) == 1:
        is_expression, text = merged[0]
        return text if is_expression else literal(text)
    # Before Python 3.12 an f-string has neither its own quotes nor backslashes in its expressions.
    is_hard = any(re.search(r"['\\]|^\{", text) if is_expression else "\n" in text for is_expression, text in merged)
    if is_hard:
        parts = (Item(text if is_expression else literal(text)) for is_expression, text in merged)
        return Bracketed('"".join([', tuple(parts), "])")
    body = ""
    for is_expression, text in merged:
        if is_expression:
            body += "{" + text.replace('"', "'") + "}"
        else:
            body += json.dumps(text, ensure_ascii=False)[1:-1].replace("{", "{{").replace("}", "}}")
    return f'f"{body}"'


def flat(source: Source, *, bare: bool = False) -> str:
    """An expression on one line; a `bare` one without parentheses of its own."""
    if isinstance(source, str):
        return source
    parts = (item.prefix + flat(item.value, bare=_is_bare(source, item)) for item in source.items)
    text = f"{source.separator} ".join(parts)
    return text if bare and not source.separator else f"{source.begin}{text}{source.end}"


def _is_bare(source: Bracketed, item: Item) -> bool:
    """Return whether a part needs no parentheses: of a list or a call, where no star stands before it."""
    return bool(source.separator) and not item.prefix.startswith("*")


def written(
    source: Source, level: int = 0, before: str = "", after: str = "", what: str = "", *, bare: bool = True
) -> list[Line]:
    """The lines of an expression at a level of indentation, with what stands before and after it.

    One line where it fits or is plain source, else a line for each part, and so on within these. Each line has the
    construct `what`, or that of its item.
    """
    indent = _INDENT * level
    line = Line(f"{indent}{before}{flat(source, bare=bare)}{after}", what)
    if isinstance(source, str) or len(line.text) <= WIDTH:
        return [line]
    lines = [Line(f"{indent}{before}{source.begin}", what)]
    for item in source.items:
        bare = _is_bare(source, item)
        lines += written(item.value, level + 1, item.prefix, source.separator, item.what or what, bare=bare)
    return [*lines, Line(f"{indent}{source.end}{after}", what)]
