"""Conditions made ready to be compared: one atom per condition, and which of a key's possible values make it true.

A key is absent, or has one value, or (where a condition treats it as a set) several. A key that some condition reads
as a number, a date, a Boolean, an address or bytes has only values that can be read so.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias

from remit.catalogue.condition_keys import OPERATORS
from remit.iam.condition import check_of
from remit.iam.operators import check_operator
from remit.iam.pattern import is_pattern
from remit.iam.prove.alphabet import encode, filled, has_marks, is_private, variables_in
from remit.iam.prove.glob_sets import Unclear
from remit.iam.request import Request
from remit.iam.text_comparison import ARN_COLONS

if TYPE_CHECKING:
    from remit.iam.policy import Condition
    from remit.iam.text_comparison import Check

State: TypeAlias = str | tuple[str, ...] | None
"""What a key has: one value, several, or None for absent. A lone empty string in a tuple is a set without values."""

EMPTY: Final = ("",)
_NOBODY: Final = Request("none:None", context={})


@dataclass(frozen=True, slots=True, eq=False)
class Atom:
    """One condition. `values` are encoded; `name` is the key as first written, `key` folded. One object per meaning.

    `marked` is whether a value holds a variable or a late-bound reference.
    """

    operator: str
    key: str
    values: tuple[str, ...]
    quantifier: str
    if_exists: bool
    name: str
    check: Check
    marked: bool

    @property
    def kind(self) -> str:
        """The type that its operator reads: String, ARN, Numeric, Date, Bool, Binary, IPAddress or Null."""
        return OPERATORS[self.operator].family

    @property
    def negated(self) -> bool:
        """Whether it is true of the values that match none of its own."""
        return OPERATORS[self.operator].negated

    @property
    def late(self) -> bool:
        """Whether it stands for keys that are known at the deploy only: it is true or false, and never absent."""
        return "${" in self.key

    @property
    def needs_presence(self) -> bool:
        """Whether it is false of an absent key, whatever its values are."""
        return not (self.negated or self.if_exists or self.quantifier == "forallvalues" or self.operator == "Null")

    def implies(self, other: Atom) -> bool:
        """Whether the other is plainly true wherever this is: the same condition, with no fewer ways to be met."""
        if (self.operator, self.key, self.quantifier) != (other.operator, other.key, other.quantifier):
            return False
        fewer, more = (other, self) if self.negated else (self, other)
        return set(fewer.values) <= set(more.values) and (other.if_exists or not self.if_exists)

    def fits(self, value: str) -> bool:
        """Whether one value of the key fits."""
        return bool(self.check(value, _NOBODY)) is not self.negated

    def holds(self, state: State) -> bool:
        """Whether it is true of what the key has."""
        if self.operator == "Null":
            return ("true" if state is None else "false") in self.values
        if not self.quantifier:
            if state is None:
                return self.if_exists or self.negated
            return isinstance(state, str) and self.fits(state)
        several = () if state in (None, "", EMPTY) else (state,) if isinstance(state, str) else state or ()
        if self.quantifier == "forallvalues":
            return all(map(self.fits, several))
        return any(map(self.fits, several)) if several else self.if_exists


@lru_cache(maxsize=65_536)
def atom_of(condition: Condition, version: str) -> Atom:
    """The atom of a condition. RemitError: its operator does not exist; Unclear: its text cannot be compared."""
    operator, if_exists = check_operator(condition.operator, condition.quantifier, if_exists=condition.if_exists)
    if condition.late:  # it holds or it does not, whatever the request's keys are
        return _interned(
            "Bool", condition.decided_by.lower(), (encode("true", "", globs=False),), "", condition.decided_by
        )
    if operator == "Null":
        values = tuple(sorted({text.lower() for text in condition.values}))
    else:
        of_arns = OPERATORS[operator].family == "ARN"
        globs = of_arns or "Like" in operator
        values = tuple(sorted({encode(text, version, globs=globs) for text in condition.values}))
        if of_arns and any(is_pattern(text) and _is_opaque(text) for text in values):
            raise Unclear("how many parts of an ARN a pattern has depends on a reference or a variable")
    return _interned(
        operator, condition.key.lower(), values, condition.quantifier.lower(), condition.key, if_exists=if_exists
    )


_ATOMS: Final[dict[tuple[object, ...], Atom]] = {}
_KEPT: Final = 65_536


def _interned(
    operator: str,
    key: str,
    values: tuple[str, ...],
    quantifier: str,
    name: str,
    *,
    if_exists: bool = False,
) -> Atom:
    identity = (operator, key, values, quantifier, if_exists)
    found = _ATOMS.get(identity)
    if found is None:
        if len(_ATOMS) >= _KEPT:
            _ATOMS.clear()
        check = check_of(operator, values, "")
        if OPERATORS[operator].family == "ARN":
            check = _or_equal(check, frozenset(filter(_is_opaque, values)))
        marked = any(map(has_marks, values))
        found = _ATOMS[identity] = Atom(operator, key, values, quantifier, if_exists, name, check, marked)
    return found


def _is_opaque(text: str) -> bool:
    """Whether an encoded text stands for an ARN, or for several parts of one, by a mark or the letter of a variable."""
    return is_private(text) and text.count(":") < ARN_COLONS


def _or_equal(check: Check, texts: frozenset[str]) -> Check:
    """As a check of ARNs, where these texts are whole ARNs that equal themselves."""
    if not texts:
        return check
    return lambda value, request: value in texts or check(value, request)


def equal_to(key: str, value: str | None) -> Atom:
    """The atom that pins a key to one value, or to absence."""
    if value is None:
        return _interned("Null", key.lower(), ("true",), "", key)
    return _interned("StringEquals", key.lower(), (encode(value, "", globs=False),), "", key)


def present(key: str) -> Atom:
    """The atom that a key is there."""
    return _interned("Null", key.lower(), ("false",), "", key)


def equal_to_text(key: str, value: str) -> Atom:
    """As `equal_to`, for a value that is encoded already."""
    return _interned("StringEquals", key, (value,), "", key)


def with_variables(atom: Atom, values: dict[str, str | None]) -> Atom:
    """The atom with its variables in place; a value without one is dropped, for nothing equals it."""
    texts = tuple(sorted({text for text in (filled(text, values) for text in atom.values) if text is not None}))
    if texts == atom.values:
        return atom
    return _interned(atom.operator, atom.key, texts, atom.quantifier, atom.name, if_exists=atom.if_exists)


def without_variables(atom: Atom) -> Atom:
    """The atom with those of its values alone that hold no variable; it may be left with none."""
    texts = tuple(text for text in atom.values if not variables_in(text))
    if texts == atom.values:
        return atom
    return _interned(atom.operator, atom.key, texts, atom.quantifier, atom.name, if_exists=atom.if_exists)
