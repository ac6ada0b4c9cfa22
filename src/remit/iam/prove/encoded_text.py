"""Encode the texts of policies so that each is an ordinary pattern: variables and references become private characters.

Each reference of CloudFormation and each variable of IAM becomes a mark, which equals itself and which only `*`
matches. A literal `*`, `?` or `$` becomes a private character of its own. `decode` turns a text back for people.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from remit.iam.pattern import Late, Wildcard
from remit.iam.policy_text import Variable, parts_of, resource_parts
from remit.iam.prove.glob_sets import FRESH, UndecidedQuestion
from remit.iam.tokens import PLACE

LATE, _LATE_END, _VARIABLE, _VARIABLE_END = "\ue001", "\ue002", "\ue003", "\ue004"
_DEFAULT: Final = "\ue009"
_SIGNS: Final = {"*": "\ue005", "?": "\ue006", "$": "\ue007"}
_SHIFT: Final = 0xE100
_OWN: Final = 0xE800
_OWN_LETTERS: Final = 256
_HIDE: Final = str.maketrans(_SIGNS)
_SHOW: Final = {ord(mark): sign for sign, mark in _SIGNS.items()}
_PRIVATE: Final = re.compile("[\ue000-\uf8ff]")
_MARK: Final = re.compile(f"{_VARIABLE}([^{_VARIABLE_END}]*){_VARIABLE_END}")
_OWNED: Final = re.compile(f"[{chr(_OWN)}-{chr(_OWN + _OWN_LETTERS - 1)}]")
_REFERENCE: Final = re.compile(f"{LATE}([^{_LATE_END}]*){_LATE_END}")


@lru_cache(maxsize=65_536)
def encode(text: str, version: str, *, globs: bool = True, resource: bool = False) -> str:
    """A policy's text in the private alphabet. With `globs` its `*` and `?` stay wildcards.

    UndecidedQuestion: it has characters that the private alphabet uses, or a reference beyond ASCII.
    """
    if not text.isascii() and _PRIVATE.search(text):
        raise UndecidedQuestion("a text has characters of Unicode's private use area")
    if "${" not in text:
        return text if globs else text.translate(_HIDE)
    parts = resource_parts(text, version) if resource else parts_of(text, version, globs=globs)
    out: list[str] = []
    for part in parts:
        if isinstance(part, Variable):
            out.append(variable_mark(part.key, part.default))
        elif isinstance(part, Late):
            out.append(LATE + _shifted(part.text) + _LATE_END)
        else:
            out.append(part.text if isinstance(part, Wildcard) else part.translate(_HIDE))
    return "".join(out)


def _shifted(text: str) -> str:
    """A text in private characters. UndecidedQuestion: it is beyond ASCII."""
    if not text.isascii():
        raise UndecidedQuestion("a reference has characters beyond ASCII")
    return "".join(chr(_SHIFT + ord(character)) for character in text)


_FIFTH: Final = 5
_PLACES: Final = tuple(encode(reference, "") for reference in PLACE.values())


def _unshifted(text: str) -> str:
    """The text that `_shifted` has put into private characters."""
    return "".join(chr(ord(character) - _SHIFT) for character in text)


def variable_mark(key: str, default: str | None = None) -> str:
    """The mark of `${key}`, which also stands for a value of the key that nothing else spells."""
    fallback = "" if default is None else _DEFAULT + _shifted(default)
    return _VARIABLE + _shifted(key) + fallback + _VARIABLE_END


def own_letter(position: int) -> str:
    """A letter for the value of the n-th variable of a question, which nothing else spells."""
    return chr(_OWN + position % _OWN_LETTERS)


def own_place(text: str) -> int | None:
    """Return the position of the variable whose own letter a text is; None when it is none's."""
    return ord(text) - _OWN if _OWNED.fullmatch(text) else None


@lru_cache(maxsize=16_384)
def _variables_in(text: str) -> frozenset[str]:
    """As `variables_in`, of a text that has some."""
    return frozenset(_unshifted(mark.split(_DEFAULT)[0]) for mark in _MARK.findall(text))


def variables_in(text: str) -> frozenset[str]:
    """The keys of the variables in an encoded text."""
    if _VARIABLE not in text:
        return frozenset()
    return _variables_in(text)


def has_marks(text: str) -> bool:
    """Return whether an encoded text holds a variable of IAM or a reference of CloudFormation."""
    return LATE in text or _VARIABLE in text


def has_shape(text: str) -> bool:
    """Return whether an encoded text is an ARN with no references but the place's before the fifth colon."""
    for mark in _PLACES:
        text = text.replace(mark, "")
    *parts, _ = text.split(":", _FIFTH)
    return LATE not in text or (len(parts) == _FIFTH and LATE not in ":".join(parts))


def placed(text: str, stack: Mapping[str, str]) -> str:
    """The text with what the references for the place stand for, by their text: `${AWS::Region}`."""
    for mark, reference in zip(_PLACES, PLACE.values(), strict=True):
        text = text.replace(mark, stack[reference])
    return text


def widened(text: str) -> str:
    """The text with `*` for every mark: all that it may turn out to be."""
    return _REFERENCE.sub("*", _MARK.sub("*", text))


def filled(text: str, values: dict[str, str | None]) -> str | None:
    """The text with variables in place; None when one has no value and no default, so that nothing equals it.

    A variable that has no entry in `values` stays; one with None is absent.
    """
    if _VARIABLE not in text:
        return text
    missing = False

    def fill(match: re.Match[str]) -> str:
        """The value of a marked variable, or its default. A name without an entry in `values` keeps its mark."""
        nonlocal missing
        key, marked, default = match[1].partition(_DEFAULT)
        name = _unshifted(key)
        if name not in values:
            return match[0]
        value = values[name]
        if value is None and marked:
            value = _unshifted(default).translate(_HIDE)
        missing = missing or value is None
        return value or ""

    out = _MARK.sub(fill, text)
    return None if missing else out


def around(text: str) -> tuple[str, str] | None:
    """Return the texts before and after a text's first variable; None: it has none.

    The text has no other wildcards before it.
    """
    match = _MARK.search(text)
    if match is None:
        return None
    return text[: match.start()], text[match.end() :]


def _spelled(match: re.Match[str]) -> str:
    """The variable of a mark as a policy spells it."""
    key, marked, default = match[1].partition(_DEFAULT)
    fallback = f", '{_unshifted(default)}'" if marked else ""
    return f"${{{_unshifted(key)}{fallback}}}"


def is_private(text: str) -> bool:
    """Return whether a text holds any mark."""
    return not text.isascii() and _PRIVATE.search(text) is not None


def decode(text: str, words: Sequence[str]) -> str:
    """An encoded text as people write it, with a word for the symbol, and one for each variable's own letter."""
    text = text.replace(FRESH, words[0])
    if not is_private(text):
        return text
    text = _MARK.sub(_spelled, text)
    text = _OWNED.sub(lambda match: words[1 + (ord(match[0]) - _OWN) % (len(words) - 1)], text)
    text = _REFERENCE.sub(lambda match: _unshifted(match[1]), text)
    return text.translate(_SHOW)
