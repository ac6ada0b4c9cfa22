"""The partition keys in a PartiQL statement: the values that it asks for, or inserts.

Only statements whose condition is comparisons joined by AND are read; of others nothing is known. Source: "PartiQL
select statements for DynamoDB" (Amazon DynamoDB Developer Guide): without `=` or IN on the key the whole table is read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from remit.iam.request import OPEN, Open

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_TOKEN: Final = re.compile(
    r"""(?P<text>'(?:[^']|'')*')|"(?P<quoted>[^"]+)"|(?P<number>-?\d+(?:\.\d+)?)|(?P<word>[A-Za-z_]\w*)|(?P<sign>\S)"""
)
_UNREAD: Final = frozenset({"OR", "NOT"})
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")


@dataclass(frozen=True, slots=True)
class _Token:
    """A piece of a statement: a name, keyword or sign, or a literal, whose `word` is empty.

    `value` is the text of a literal, or of the parameter that a question mark stands for; None for anything else.
    """

    word: str
    value: str | None
    depth: int
    """In how many brackets it stands; an opening one counts itself."""

    def names(self, key: str) -> bool:
        """Return whether it is a name, or the literal that names an attribute of an item."""
        return key in (self.word, self.value)


def partition_values(statement: str, parameters: Sequence[Any], key: str) -> tuple[str, ...] | Open | None:
    """The values of the partition key that a statement names; None where it names none, and so may mean all.

    `parameters` are the attribute values that stand for its question marks, in their order. Open: it is not certain.
    """
    tokens = list(_tokens(statement, parameters))
    if tokens and tokens[0].word.upper() == "INSERT":
        operands = _inserted(tokens, key)
    else:
        start = next((place for place, token in enumerate(tokens) if token.word.upper() == "WHERE"), len(tokens))
        if any(token.word.upper() in _UNREAD for token in tokens[start:]):
            return OPEN
        operands = _compared(tokens[start:], key)
    values = [value for value in operands if value is not None]
    if len(values) < len(operands):
        return OPEN
    return tuple(dict.fromkeys(values)) or None


def _tokens(statement: str, parameters: Sequence[Any]) -> Iterator[_Token]:
    remaining = iter(parameters)
    depth = 0
    for match in _TOKEN.finditer(statement):
        word = match["quoted"] or match["word"] or match["sign"] or ""
        value = match["number"]
        if match["text"]:
            value = match["text"][1:-1].replace("''", "'")
        elif match["sign"] == "?":
            value = _scalar(next(remaining, None))
        depth += word in _OPENING
        yield _Token(word, value, depth)
        depth -= word in _CLOSING


def _scalar(value: Any) -> str | None:
    """The text of an attribute value such as {"S": "ada"}."""
    kinds = value if isinstance(value, dict) else {}
    return next((str(kinds[kind]) for kind in ("S", "N", "B") if kind in kinds), None)


def _inserted(tokens: Sequence[_Token], key: str) -> list[str | None]:
    """The value of an attribute of the item itself, which is `{'name': value, …}`."""
    places = range(len(tokens) - 2)
    at_key = [place for place in places if tokens[place].names(key) and tokens[place].depth == 1]
    return [tokens[place + 2].value for place in at_key if tokens[place + 1].word == ":"]


def _compared(tokens: Sequence[_Token], key: str) -> list[str | None]:
    """List the values that an attribute of the item itself is compared with by `=` and IN."""
    operands: list[str | None] = []
    for place in range(1, len(tokens) - 2):
        if tokens[place].word != key or tokens[place - 1].word == ".":
            continue
        comparison = tokens[place + 1].word.upper()
        if comparison == "=":
            operands.append(tokens[place + 2].value)
        elif comparison == "IN":
            operands.extend(_listed(tokens[place + 2 :]))
    return operands


def _listed(tokens: Sequence[_Token]) -> Iterator[str | None]:
    """The values in the brackets with which tokens begin."""
    outside = tokens[0].depth - 1
    for token in tokens:
        if token.word in _CLOSING and token.depth == outside + 1:
            return
        if token.word not in _OPENING and token.word != ",":
            yield token.value
