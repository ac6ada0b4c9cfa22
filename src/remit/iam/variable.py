"""Policy text with holes: IAM's variables, which the request fills, and CloudFormation's references.

A reference is an opaque symbol: it equals itself, a `*` takes it, and nothing else matches it. The pseudo
parameters for partition, region and account stand for the one value that the request names (`Request.bound`).
Where the request leaves a variable or a reference open, and some value of it would match, the answer is None.

Source: "IAM policy elements: Variables and tags" (IAM User Guide): a value that is missing, or not single,
equals nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from remit.errors import RemitError
from remit.iam import tokens
from remit.iam.pattern import (
    STAR,
    Piece,
    Wildcard,
    covers_pieces,
    overlaps_pieces,
    pieces,
    tidy,
)
from remit.iam.policy import VERSION
from remit.iam.request import OPEN, Request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_VARIABLE: Final = re.compile(r"\$\{(?:([*?$])|([^{}',:]+:[^{}',]*)(?:,\s*'([^']*)'\s*)?)\}")
_UNKNOWN: Final = "\U0010ffff"  # stands for a value nobody knows: no pattern spells it
_FIFTH: Final = 5


@dataclass(frozen=True, slots=True)
class Variable:
    """`${key}` or `${key, 'default'}`; the key is folded."""

    key: str
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Late:
    """A reference that CloudFormation resolves, by its text."""

    text: str


Part: TypeAlias = Piece | Variable | Late
Parts: TypeAlias = tuple[Part, ...]


def parts_of(text: str, version: str, *, globs: bool = True) -> Parts:
    """A text taken apart; variables under Version 2012-10-17 only, wildcards if `globs`."""
    out: list[Part] = []
    for stretch in _stretches(text):
        if isinstance(stretch, tokens.Reference):
            out.append(Late(stretch.text))
        else:
            out.extend(_with_variables(stretch, version, globs=globs))
    return tuple(out)


def resource_parts(text: str, version: str) -> Parts:
    """As `parts_of`, for Resource: a variable before the fifth colon of an ARN is text."""
    if version != VERSION or "${" not in text:
        return parts_of(text, version)
    end = _after_fifth_colon(text)
    return (*parts_of(text[:end], ""), *parts_of(text[end:], version))


def _after_fifth_colon(text: str) -> int:
    position = seen = 0
    last = text.rfind("}")
    while position < len(text):
        if position < last and text.startswith("${", position):
            position = text.find("}", position)
        elif text[position] == ":":
            seen += 1
            if seen == _FIFTH:
                return position + 1
        position += 1
    return len(text)


def _stretches(text: str) -> Iterator[str | tokens.Reference]:
    try:
        yield from list(tokens.split(text))
    except RemitError:  # a `${{` that is not closed: text like any other
        yield text


def _with_variables(text: str, version: str, *, globs: bool) -> Iterator[Part]:
    position = 0
    for found in _VARIABLE.finditer(text) if version == VERSION else ():
        yield from _literal(text[position : found.start()], globs=globs)
        sign, key, default = found.groups()
        yield sign or Variable(key.strip().lower(), default)
        position = found.end()
    yield from _literal(text[position:], globs=globs)


def _literal(text: str, *, globs: bool) -> tuple[Piece, ...]:
    return pieces(text) if globs else (text,)


def names_in(parts: Parts, request: Request) -> Iterator[str]:
    """The variables and references of a text whose value the request leaves open."""
    for part in parts:
        if isinstance(part, Variable) and request.value(part.key) is OPEN:
            yield part.key
        elif isinstance(part, Late) and request.bound(part.text) is None and request.leaves_open(part.text):
            yield part.text


@dataclass(frozen=True, slots=True)
class Resolved:
    """A text with its holes filled: as it is for sure, and as it may be (`*` for what nobody knows)."""

    sure: tuple[Piece, ...]
    maybe: tuple[Piece, ...] | None


def resolve(parts: Parts, request: Request) -> Resolved | None:
    """Fill the holes from the request; None when a variable has no single value: nothing equals that."""
    sure: list[Piece] = []
    maybe: list[Piece] = []
    unsure = False
    for part in parts:
        if isinstance(part, Variable):
            value = request.value(part.key)
            filled = part.default if value is None else value
            if filled is None or isinstance(filled, tuple):
                return None
            known = isinstance(filled, str)
            sure.append(filled if isinstance(filled, str) else _UNKNOWN)
        elif isinstance(part, Late):
            bound = request.bound(part.text)
            known = bound is not None or not request.leaves_open(part.text)
            sure.append(part.text if bound is None else bound)
        else:
            known = True
            sure.append(part)
        unsure = unsure or not known
        maybe.append(sure[-1] if known else STAR)
    return Resolved(tidy(sure), tidy(maybe) if unsure else None)


@dataclass(frozen=True, slots=True)
class Asked:
    """The text of a request that patterns are held against: a plain text, or a set of them (`*`, `?`)."""

    sure: tuple[Piece, ...]
    maybe: tuple[Piece, ...]
    is_set: bool


def asked(text: str, request: Request, *, globs: bool) -> Asked:
    """The request's own text; references in it that the request leaves open may turn out to be anything."""
    sure: list[Piece] = []
    maybe: list[Piece] = []
    for stretch in _stretches(text):
        if isinstance(stretch, tokens.Reference):
            bound = request.bound(stretch.text)
            sure.append(stretch.text if bound is None else bound)
            maybe.append(STAR if bound is None and request.leaves_open(stretch.text) else sure[-1])
        else:
            literal = _literal(stretch, globs=globs)
            sure.extend(literal)
            maybe.extend(literal)
    return Asked(tidy(sure), tidy(maybe), any(isinstance(piece, Wildcard) for piece in sure))


Relation: TypeAlias = "Callable[[tuple[Piece, ...], tuple[Piece, ...]], bool]"


def holds(parts: Parts, text: Asked, request: Request, *, wholly: bool = True) -> bool | None:
    """Whether a pattern describes what is asked; of a set, all of it (`wholly`) or some of it."""
    resolved = resolve(parts, request)
    return False if resolved is None else describes(resolved, text, wholly=wholly)


def describes(resolved: Resolved, text: Asked, *, wholly: bool = True) -> bool | None:
    """As `holds`, with the holes filled."""
    relation = covers_pieces if wholly or not text.is_set else overlaps_pieces
    symbols: dict[str, str] = {}
    if relation(sealed(resolved.sure, symbols), sealed(text.sure, symbols)):
        return True
    if resolved.maybe is None and text.maybe == text.sure:
        return False
    widened = resolved.sure if resolved.maybe is None else resolved.maybe
    compare = relation if text.maybe == text.sure else overlaps_pieces
    return None if compare(sealed(widened, symbols), sealed(text.maybe, symbols)) else False


def sealed(parts: tuple[Piece, ...], symbols: dict[str, str]) -> tuple[Piece, ...]:
    """References as single characters of a private plane, so that nothing matches the inside of one."""
    if not any(isinstance(piece, str) and "${" in piece for piece in parts):
        return parts
    out: list[Piece] = []
    for piece in parts:
        if not isinstance(piece, str):
            out.append(piece)
            continue
        for stretch in _stretches(piece):
            if isinstance(stretch, tokens.Reference):
                out.append(symbols.setdefault(stretch.text, chr(0xF0000 + len(symbols))))
            else:
                out.append(stretch)
    return tidy(out)
