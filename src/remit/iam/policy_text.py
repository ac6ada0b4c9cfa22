"""Policy text with holes: IAM's variables, which the request fills, and CloudFormation's references.

A reference is a symbol: it equals itself, a `*` takes it, and nothing else matches it, not even a `?`, for
its length is not known. The pseudo parameters for partition, region and account stand for the one value that the
request names (`Request.bound`). Where the request leaves a variable or a reference open, and some value of it would
match, the answer is None; an open variable never gives True, for its key may be absent.

Source: "IAM policy elements: Variables and tags" (IAM User Guide): a value that is missing, or not single,
equals nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from remit.errors import RemitError
from remit.iam import tokens
from remit.iam.pattern import STAR, Late, Piece, Wildcard, covers_pieces, overlaps_pieces, pieces, tidy
from remit.iam.policy import VERSION
from remit.iam.request import OPEN, Request
from remit.iam.tokens import PLACE

_VARIABLE: Final = re.compile(r"\$\{(?:([*?$])|([^{}',:]+:[^{}',]*)(?:,\s*'([^']*)'\s*)?)\}")
_FIFTH: Final = 5


@dataclass(frozen=True, slots=True)
class Variable:
    """`${key}` or `${key, 'default'}`; the key is folded, its name as it was written."""

    key: str
    default: str | None = None
    name: str = field(default="", compare=False)


Part: TypeAlias = Piece | Variable
Parts: TypeAlias = tuple[Part, ...]


def parts_of(text: str, version: str, *, globs: bool = True) -> Parts:
    """A text taken apart; variables under Version 2012-10-17 only, wildcards if `globs`."""
    out: list[Part] = []
    for stretch in _stretches(text):
        if isinstance(stretch, Late):
            out.append(stretch)
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
    """Return the start of an ARN's last part: the end of a text that has fewer colons, and so no such part.

    The colons of variables and references are not the ARN's.
    """
    plain = _masked(text)
    position = -1
    for _ in range(_FIFTH):
        position = plain.find(":", position + 1)
        if position < 0:
            return len(text)
    return position + 1


def _masked(text: str) -> str:
    """The text with hyphens for its variables and references."""
    stretches = (part if isinstance(part, str) else "-" * len(part.text) for part in _stretches(text))
    return "".join(_VARIABLE.sub(lambda match: "-" * len(match[0]), stretch) for stretch in stretches)


def completed(text: str) -> str:
    """A pattern of Resource with `*` for the parts of an ARN that it leaves out: `arn:aws:sqs` is `arn:aws:sqs:*:*:*`.

    It stays as it is where that is not known (`perhaps_incomplete`). Source: "IAM identifiers" (IAM User Guide),
    incomplete ARNs.
    """
    if not text.startswith("arn:") or ("${" not in text and text.count(":") >= _FIFTH) or perhaps_incomplete(text):
        return text
    return text + ":*" * (_FIFTH - _masked(text).count(":"))


def perhaps_incomplete(text: str) -> bool:
    """Return whether a reference, which may hold several parts, decides how many an ARN leaves out."""
    late = "${" in text and text.startswith("arn:") and _masked(text).count(":") < _FIFTH
    return late and any(isinstance(part, Late) and part.text not in PLACE.values() for part in _stretches(text))


def is_late(text: str) -> bool:
    """Return whether CloudFormation puts a part into a text; IAM's own variables are none."""
    return any(isinstance(stretch, Late) for stretch in _stretches(text))


def _stretches(text: str) -> tuple[str | Late, ...]:
    """The literal stretches of a text, and the references in it that CloudFormation fills.

    A text with an unclosed `${{` is one literal.
    """
    if "${" not in text:
        return (text,)
    try:
        return tuple(part if isinstance(part, str) else Late(part.text) for part in tokens.split(text))
    except RemitError:  # a `${{` that is not closed: text like any other
        return (text,)


def _with_variables(text: str, version: str, *, globs: bool) -> Iterator[Part]:
    """Yield the parts of a text without references: its variables, and what stands between them."""
    position = 0
    for match in _VARIABLE.finditer(text) if version == VERSION else ():
        yield from _literal(text[position : match.start()], globs=globs)
        sign, key, default = match.groups()
        yield sign or Variable(key.strip().lower(), default, key.strip())
        position = match.end()
    yield from _literal(text[position:], globs=globs)


def _literal(text: str, *, globs: bool) -> tuple[Piece, ...]:
    """The pieces of a text without variables and references."""
    return pieces(text) if globs else (text,)


def names_in(parts: Parts, request: Request) -> Iterator[str]:
    """The variables and references of a text whose value the request leaves open."""
    for part in parts:
        if isinstance(part, Variable) and request.value(part.key) is OPEN:
            yield part.name
        elif isinstance(part, Late) and request.bound(part.text) is None and request.leaves_open(part.text):
            yield part.text


@dataclass(frozen=True, slots=True)
class Resolved:
    """A text with its holes filled: as it is for sure, and as it may be (`*` for what nobody knows).

    `sure` is None when a variable is open, for its key may be absent; `maybe` is None when nothing is open.
    """

    sure: tuple[Piece, ...] | None
    maybe: tuple[Piece, ...] | None


def resolve(parts: Parts, request: Request) -> Resolved | None:
    """Fill the holes from the request; None when a variable has no single value: nothing equals that."""
    sure: list[Piece] = []
    maybe: list[Piece] = []
    absent_perhaps = False
    for part in parts:
        if isinstance(part, Variable):
            value = request.value(part.key)
            filled = part.default if value is None else value
            if filled is None or isinstance(filled, tuple):
                return None
            if isinstance(filled, str):
                _put(_stretches(filled), request, sure, maybe)
            else:
                absent_perhaps = True
                maybe.append(STAR)
        elif isinstance(part, Late):
            _put((part,), request, sure, maybe)
        else:
            sure.append(part)
            maybe.append(part)
    surely = _sealed(sure)
    perhaps = surely if maybe == sure else _sealed(maybe)
    if absent_perhaps:
        return Resolved(None, perhaps)
    return Resolved(surely, None if perhaps == surely else perhaps)


def _sealed(parts: list[Piece]) -> tuple[Piece, ...]:
    """The tidy pattern; a reference may come of its parts: `${$}{x}` is the text `${x}`."""
    tidied = tidy(parts)
    if "${" not in "".join([piece for piece in tidied if isinstance(piece, str)]):
        return tidied
    return tidy(part for piece in tidied for part in (_stretches(piece) if isinstance(piece, str) else (piece,)))


def _put(stretches: Iterable[str | Late], request: Request, sure: list[Piece], maybe: list[Piece]) -> None:
    """Add literal text and references: the value that one is bound to, or itself, which may be anything if open."""
    for stretch in stretches:
        bound = request.bound(stretch.text) if isinstance(stretch, Late) else stretch
        sure.append(stretch if bound is None else bound)
        unknown = bound is None and isinstance(stretch, Late) and request.leaves_open(stretch.text)
        maybe.append(STAR if unknown else sure[-1])


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
        if isinstance(stretch, str) and globs:
            of_stretch = pieces(stretch)
            sure.extend(of_stretch)
            maybe.extend(of_stretch)
        else:
            _put((stretch,), request, sure, maybe)
    surely = _sealed(sure)
    perhaps = surely if maybe == sure else _sealed(maybe)
    return Asked(surely, perhaps, any(isinstance(piece, Wildcard) for piece in sure))


def holds(parts: Parts, text: Asked, request: Request, *, wholly: bool = True) -> bool | None:
    """Return whether a pattern describes what is asked; of a set, all of it (`wholly`) or some of it.

    None: what the request leaves open decides.
    """
    resolved = resolve(parts, request)
    return False if resolved is None else describes(resolved, text, wholly=wholly)


def describes(resolved: Resolved, text: Asked, *, wholly: bool = True) -> bool | None:
    """As `holds`, with the holes filled; None: only what a reference turns out to be decides."""
    relation = covers_pieces if wholly or not text.is_set else overlaps_pieces
    if resolved.sure is not None and relation(resolved.sure, text.sure):
        return True
    widened = resolved.sure if resolved.maybe is None else resolved.maybe
    if widened is None or (resolved.maybe is None and text.maybe == text.sure):
        return False
    compare = relation if text.maybe == text.sure else overlaps_pieces
    return None if compare(widened, text.maybe) else False
