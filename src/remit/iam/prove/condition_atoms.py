"""The conditions of statements in the form that proofs use: an atom per condition, and when it is true.

A condition key is absent, or has one value, or several if it is multivalued. A key that some condition reads as a
number, a date, a Boolean, an address or bytes has only values of that type.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias

from remit.catalogue.condition_keys import OPERATORS
from remit.iam.condition import check_of
from remit.iam.operators import check_operator
from remit.iam.pattern import is_pattern
from remit.iam.prove.encoded_text import encode, filled, has_marks, is_private, variables_in
from remit.iam.prove.glob_sets import UndecidedQuestion
from remit.iam.request import Request
from remit.iam.text_comparison import ARN_COLONS, Check

if TYPE_CHECKING:
    from remit.iam.policy import Condition

State: TypeAlias = str | tuple[str, ...] | None
"""What a key has: one value, several, or None (absent, which a set without values is as well)."""
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
        """True if it is true of the values that match none of its own."""
        return OPERATORS[self.operator].negated

    @property
    def late(self) -> bool:
        """True if it stands for keys that are known at the deploy only: it is true or false, and never absent."""
        return "${" in self.key

    @property
    def needs_presence(self) -> bool:
        """True if it is false of an absent key, whatever its values are."""
        met_without = self.negated and self.quantifier != "foranyvalue"
        return not (met_without or self.if_exists or self.quantifier == "forallvalues" or self.operator == "Null")

    def implies(self, implied: Atom) -> bool:
        """Return whether another atom is true wherever this is, at one look: the same with at least its values."""
        if (self.operator, self.key, self.quantifier) != (implied.operator, implied.key, implied.quantifier):
            return False
        narrower, wider = (implied, self) if self.negated else (self, implied)
        return set(narrower.values) <= set(wider.values) and (implied.if_exists or not self.if_exists)

    def fits(self, value: str) -> bool:
        """Return whether one value of the key fits."""
        return bool(self.check(value, _NOBODY)) is not self.negated

    def holds(self, state: State) -> bool:
        """Return whether it is true of a state of its key."""
        if self.operator == "Null":
            return ("true" if state is None else "false") in self.values
        if not self.quantifier:
            if state is None:
                return self.if_exists or self.negated
            return isinstance(state, str) and self.fits(state)
        values: tuple[str, ...] = ()
        if state:
            values = (state,) if isinstance(state, str) else state
        if self.quantifier == "forallvalues":
            return all(map(self.fits, values))
        return any(map(self.fits, values)) if values else self.if_exists


@lru_cache(maxsize=65_536)
def atom_of(condition: Condition, version: str) -> Atom:
    """The atom of a condition. RemitError: it has no such operator; UndecidedQuestion: its text cannot be compared."""
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
            raise UndecidedQuestion("how many parts of an ARN a pattern has depends on a reference or a variable")
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
    """The atom with this content, compiled once while it is kept. With as many as `_KEPT`, all are dropped."""
    identity = (operator, key, values, quantifier, if_exists)
    atom = _ATOMS.get(identity)
    if atom is None:
        if len(_ATOMS) >= _KEPT:
            _ATOMS.clear()
        check = check_of(operator, values, "")
        if OPERATORS[operator].family == "ARN":
            check = _or_equal(check, frozenset(filter(_is_opaque, values)))
        marked = any(map(has_marks, values))
        atom = _ATOMS[identity] = Atom(operator, key, values, quantifier, if_exists, name, check, marked)
    return atom


def _is_opaque(text: str) -> bool:
    """Return whether an encoded text stands for an ARN, or for several parts of one, by a mark or a variable."""
    return is_private(text) and text.count(":") < ARN_COLONS


def _or_equal(check: Check, texts: frozenset[str]) -> Check:
    """The check of ARNs, where in addition these texts are whole ARNs that equal themselves."""
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
    """The atom with the values of variables put in; a text whose variable has none is dropped: nothing equals it."""
    texts = {filled(text, values) for text in atom.values}
    return _with_texts(atom, tuple(sorted(text for text in texts if text is not None)))


def without_variables(atom: Atom) -> Atom:
    """The atom with only those of its values that hold no variable, which may be none."""
    return _with_texts(atom, tuple(text for text in atom.values if not variables_in(text)))


def _with_texts(atom: Atom, texts: tuple[str, ...]) -> Atom:
    """The atom with other values."""
    if texts == atom.values:
        return atom
    return _interned(atom.operator, atom.key, texts, atom.quantifier, atom.name, if_exists=atom.if_exists)
