"""The values of one condition key that matter for a proof: one for each set of values that its conditions tell apart.

A literal stands for itself, a pattern for its points and those of its intersections, a number or date for itself and
the gaps beside it, an address block for its ends. A value that must be avoided needs no value of its own: the points
are the most general ones.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, Final

from remit.catalogue.actions import is_multivalued
from remit.catalogue.condition_keys import OPERATORS
from remit.iam.operators import check_operator
from remit.iam.prove.budget import Budget, Exhausted
from remit.iam.prove.glob_sets import UndecidedQuestion, points, some_points
from remit.iam.prove.typed_values import TYPED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from remit.iam.policy import Statement
    from remit.iam.prove.condition_atoms import Atom, State

MOST_VALUES: Final = 2_000
MOST_MEETS: Final = 10_000  # pairs of patterns that are held against each other
MOST_TYPED: Final = 10_000  # as MOST_VALUES, of numbers, dates and addresses: a policy has room for 600 addresses
MOST_STEPS: Final = 3_000_000  # to hold values against conditions
_STEPS_PER_VALUE, _STEPS_PER_PATTERN, _STEPS_PER_MEET = 5, 10, 200  # a meet is the intersection of two patterns
_VALUES_PER_STEP: Final = 4  # of numbers, dates and addresses
_COLONS: Final = 5  # that part an ARN
_MULTIVALUED_KEYS: Final = frozenset(
    ("aws:tagkeys", "aws:calledvia", "aws:principalorgpaths", "aws:principalservicenameslist", "aws:resourceorgpaths")
)
"""Keys that have several values in any policy. Source: "AWS global condition context keys" (IAM User Guide)."""
_SIGN: Final = re.compile(r"(\*+|\?)")
_THIRD: Final = {"k": "\u212a", "å": "\u212b", "θ": "\u03f4", "ω": "\u2126", "ß": "\u1e9e"}
"""Letters that have this one as well as their usual capital."""
_SPELLINGS: Final = 6  # letters of a text compared without case whose every spelling is tried


@dataclass(frozen=True, slots=True)
class Premises:
    """Assumptions about keys: those that may have several values, and the types of values (`kinds`)."""

    multivalued: frozenset[str] = frozenset()
    kinds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @staticmethod
    def of(statements: Iterable[Statement]) -> Premises:
        """The premises of a comparison: a key is a number if any condition in it reads it so.

        It is multivalued if it is so everywhere, or a condition uses a set operator on it, unless the catalogue knows
        that it has one value. RemitError: an operator does not exist.
        """
        kinds: dict[str, set[str]] = {}
        multivalued_keys = set(_MULTIVALUED_KEYS)
        for statement in statements:
            for condition in statement.conditions:
                if condition.late:
                    kinds.setdefault(condition.decided_by.lower(), set()).add("Bool")
                    continue
                if condition.quantifier and is_multivalued(condition.key) is not False:
                    multivalued_keys.add(condition.key.lower())
                kind = OPERATORS[check_operator(condition.operator)[0]].family
                if kind in TYPED:
                    kinds.setdefault(condition.key.lower(), set()).add(kind)
        sorted_kinds = {key: tuple(sorted(kinds_of_key)) for key, kinds_of_key in kinds.items()}
        return Premises(frozenset(multivalued_keys), sorted_kinds)

    def domain(
        self, atoms: frozenset[Atom], to_match: frozenset[Atom], budget: Budget, most_single_wildcards: int = 0
    ) -> Domain:
        """The domain of the one key that `atoms` are about; the values of those `to_match` may have to be met.

        `most_single_wildcards` is the most `?` of a pattern, besides the atoms' own, that the values are compared with.
        UndecidedQuestion, with the reason, where the values are too many to be tried.
        """
        key = next(iter(atoms)).key
        question = (atoms, to_match, self.kinds.get(key, ()), most_single_wildcards, key in self.multivalued)
        budget.spend(len(atoms))
        result = _domain(*question)
        budget.once(question, result.steps)
        if result.domain is None:
            raise UndecidedQuestion(result.reason)
        return result.domain


class Domain:
    """The values of a key, and for each atom the set of those that fit it, as a bit mask."""

    __slots__ = ("_states", "exact", "fits", "late", "multivalued", "pool")

    def __init__(self, pool: tuple[str, ...], atoms: Iterable[Atom], *, multivalued: bool, exact: bool) -> None:
        self.pool = pool
        self.multivalued = multivalued
        self.exact = exact
        self.late = any(atom.late for atom in atoms)
        self.fits = {
            atom: sum(1 << position for position, value in enumerate(pool) if atom.fits(value))
            for atom in atoms
            if atom.operator != "Null"
        }
        self._states: dict[tuple[frozenset[Atom], frozenset[Atom]], tuple[State] | None] = {}

    def state(self, true: frozenset[Atom], false: frozenset[Atom]) -> tuple[State] | None:
        """A state of the key that makes these atoms true and those false, the simplest one; None: there is none."""
        question = (true, false)
        if question not in self._states:
            self._states[question] = self._search(true, false)
        return self._states[question]

    def _search(self, true: frozenset[Atom], false: frozenset[Atom]) -> tuple[State] | None:
        """As `state`, which keeps the answers: the first value of the pool that meets the conditions, in a tuple.

        `(None,)` where they are met without the key, which is tried first; None where no value meets them.
        """

        def suits(state: State) -> bool:
            return all(atom.holds(state) for atom in true) and not any(atom.holds(state) for atom in false)

        if not self.late and suits(None):
            return (None,)
        if not self.multivalued and not any(atom.quantifier for atom in self.fits):
            mask = self._one_value(true, false)
            return None if not mask else (self.pool[_lowest_bit(mask)],)
        for value in self.pool:
            if suits(value):
                return (value,)
        if not self.multivalued:
            return None
        chosen = self._multiple_values(true, false)
        return (chosen,) if chosen and suits(chosen) else None

    def _one_value(self, true: frozenset[Atom], false: frozenset[Atom]) -> int:
        """The values of the pool, as a bit mask, for each of which those are true and these false."""
        mask = (1 << len(self.pool)) - 1
        for atom in true:
            mask &= self._mask(atom)
        for atom in false:
            mask &= ~self._mask(atom)
        return mask

    def _mask(self, atom: Atom) -> int:
        """The values of the pool that fit an atom, as a bit mask."""
        if atom.operator == "Null":
            return -1 if "false" in atom.values else 0
        return self.fits[atom]

    def _multiple_values(self, true: frozenset[Atom], false: frozenset[Atom]) -> tuple[str, ...]:
        """Values that satisfy each demand on all values, with one for each demand on any value."""
        usable = (1 << len(self.pool)) - 1
        masks: list[int] = []
        for atoms, expected in ((true, True), (false, False)):
            for atom in (atom for atom in atoms if atom.quantifier and atom.operator != "Null"):
                mask = self.fits[atom] if expected else ~self.fits[atom]
                if (atom.quantifier == "forallvalues") is expected:
                    usable &= mask
                else:
                    masks.append(mask)
        places = {_lowest_bit(usable & mask) for mask in masks or [-1] if usable & mask}
        chosen = tuple(self.pool[place] for place in sorted(places))
        # A value twice is still several: a condition without a quantifier is false of it.
        return chosen if len(chosen) != 1 else chosen * 2


def _lowest_bit(mask: int) -> int:
    """The position of the lowest bit that is set."""
    return (mask & -mask).bit_length() - 1


@dataclass(frozen=True, slots=True)
class _DomainResult:
    """A domain or the reason why there is none, and how many steps it took to find out."""

    domain: Domain | None
    steps: int
    reason: str = ""


@lru_cache(maxsize=65_536)
def _domain(
    atoms: frozenset[Atom],
    to_match: frozenset[Atom],
    kinds: tuple[str, ...],
    most_single_wildcards: int,
    multivalued: bool,  # noqa: FBT001 - a key of the cache
) -> _DomainResult:
    """The domain of the key that `atoms` are about, or the reason why there is none, as `Premises.domain` needs it.

    It is the same for every caller, and so are its steps: each budget pays for it once, whoever computed it first.
    `kinds` are the types of the values (number, date, …); without any they are texts. Nothing is raised: what is too
    much to try is told in the result's reason.
    """
    ordered = sorted(atoms, key=lambda atom: (atom.operator, atom.quantifier, atom.values))
    value_count = sum(len(atom.values) for atom in ordered)
    pairs = 0 if kinds else _pairs(ordered, to_match)
    budget = Budget(MOST_STEPS + 1)
    steps = _STEPS_PER_VALUE * value_count + _STEPS_PER_MEET * min(pairs, MOST_MEETS)
    too_many = f"the conditions on `{ordered[0].name}` tell too many values apart"
    try:
        if kinds:
            pool, exact = _typed_pool(ordered, kinds)
        else:
            pool, exact = _text_pool(ordered, to_match, most_single_wildcards, budget)
    except Exhausted:
        return _DomainResult(None, MOST_STEPS, too_many)
    except UndecidedQuestion as reason:
        return _DomainResult(None, steps + budget.spent, str(reason))
    steps += budget.spent + len(pool) * sum(_effort(atom) for atom in ordered)
    if len(pool) > (MOST_TYPED if kinds else MOST_VALUES) or steps > MOST_STEPS:
        return _DomainResult(None, len(pool), too_many)
    has_sets = multivalued or any(atom.quantifier for atom in atoms)
    texts = list(pool)
    if is_multivalued(ordered[0].key):
        texts = [text for text in pool if text]  # an empty set, which is as good as absent
    elif has_sets and not kinds:
        texts.append("")  # to set operators an empty set
    exact = exact or any(map(_lists_all, to_match))
    domain = Domain(tuple(dict.fromkeys(texts)), atoms, multivalued=multivalued, exact=exact)
    return _DomainResult(domain, steps)


def _lists_all(atom: Atom) -> bool:
    """Return whether a condition that must hold lists every state in which it does: its texts, or absence."""
    if atom.operator == "Null":
        return atom.values == ("true",)
    return atom.operator == "StringEquals" and not (atom.quantifier or atom.if_exists)


def _effort(atom: Atom) -> int:
    """Steps to hold a value against a condition."""
    if _is_glob(atom):
        return 1 + len(atom.values)
    return 2 + (len(atom.values) // _VALUES_PER_STEP if atom.kind in TYPED else 0)


def _typed_pool(atoms: list[Atom], kinds: tuple[str, ...]) -> tuple[list[str], bool]:
    """The values to try of a key with numbers, dates or addresses, and whether no other could decide differently."""
    texts = [atom for atom in atoms if atom.kind in ("String", "ARN")]
    spelled = [value for atom in texts for value in atom.values]
    pool: list[str] = []
    for kind in kinds:
        read, between = TYPED[kind]
        limits = [value for atom in atoms if atom.kind == kind for value in atom.values]
        literals = [value for value in spelled if read(value) is not None]
        pool += [*literals, *between([*limits, *literals])]
    # Texts beside numbers: another spelling of the same number may escape them, which the points do not try. Two types
    # at once: what one tells apart is not tried within the limits of the other.
    return pool, kinds == ("Bool",) or (len(kinds) == 1 and not texts)


def _text_pool(
    atoms: list[Atom], to_match: frozenset[Atom], most_single_wildcards: int, budget: Budget
) -> tuple[list[str], bool]:
    """The values to try of a key with texts, and whether no other could decide differently.

    They are the literals, the points of patterns to match and of their intersections, and a value that nothing spells.
    """
    texts = [atom for atom in atoms if atom.operator != "Null"]
    for atom in texts:
        if _is_glob(atom):
            most_single_wildcards = max(most_single_wildcards, *(text.count("?") for text in atom.values), 0)
    matched = [atom for atom in texts if atom in to_match]
    pool: list[str] = [spelling for atom in matched for spelling in _spellings(atom)]
    groups = [[_as_glob(atom, text) for text in atom.values] for atom in matched if _is_glob(atom)]
    mixed = len({atom.kind for atom in texts if _is_glob(atom)}) > 1
    doubts: list[UndecidedQuestion | None] = []
    for pattern in _meets(groups, budget):
        for part in _in_parts(pattern) if mixed else (pattern,):
            values, doubt = some_points(part, most_single_wildcards)
            budget.spend(_STEPS_PER_PATTERN)
            pool.extend(values)
            doubts.append(doubt)
    pool.extend(points("*", most_single_wildcards))
    return pool, _tries_every_spelling(texts) and not any(doubts)


def _tries_every_spelling(atoms: list[Atom]) -> bool:
    """Return whether the spellings tried for conditions that ignore case are all that the conditions can tell apart."""
    folding = [atom for atom in atoms if "IgnoreCase" in atom.operator]
    if not folding:
        return True
    if not all("Equals" in atom.operator and not _is_glob(atom) for atom in atoms):
        return False
    return len(atoms) == len(folding) or all(len(text) <= _SPELLINGS for atom in folding for text in atom.values)


def _pairs(atoms: list[Atom], to_match: frozenset[Atom]) -> int:
    """How many pairs of patterns are compared."""
    counts = [len(atom.values) for atom in atoms if atom in to_match and _is_glob(atom)]
    return (sum(counts) ** 2 - sum(count * count for count in counts)) // 2


def _is_glob(atom: Atom) -> bool:
    """Return whether the values of a condition are patterns."""
    return atom.kind == "ARN" or atom.operator in ("StringLike", "StringNotLike")


def _as_glob(atom: Atom, text: str) -> str:
    """A value of a condition as a pattern of texts: a lone `*` stands for any ARN."""
    return "*:*:*:*:*:*" if atom.kind == "ARN" and text == "*" else text


def _spellings(atom: Atom) -> Iterator[str]:
    """The literals of a condition; compared without case, in every spelling, or in a few where a text is long."""
    if _is_glob(atom):
        return
    for text in atom.values:
        yield text
        if "IgnoreCase" not in atom.operator:
            continue
        if len(text) <= _SPELLINGS:
            yield from ("".join(letters) for letters in product(*map(_cases, text)))
        else:
            yield from (text.lower(), text.upper(), text.swapcase(), text.title())


def _cases(letter: str) -> Iterable[str]:
    """Every letter that is the same without case."""
    low = letter.lower()
    return dict.fromkeys((low, letter.upper(), letter.title(), _THIRD.get(low, low)))


def _in_parts(pattern: str) -> list[str]:
    """The pattern in every way in which its wildcards may match the colons that separate an ARN.

    In each result, as in ArnLike, no wildcard matches a colon before the fifth. UndecidedQuestion: they are too many.
    """
    beginnings = [("", 0)]  # each with the number of colons in it
    for piece in _SIGN.split(pattern):
        most = {"*": _COLONS, "?": 1}.get(piece[:1], 0)
        longer = []
        for text, colons in beginnings:
            room = max(0, _COLONS - colons)
            for matched_colons in range(min(most, room) + 1):
                added = matched_colons if most else piece.count(":")
                longer.append((text + _parted(piece, matched_colons), colons + added))
        beginnings = longer
        if len(beginnings) > MOST_VALUES:
            raise UndecidedQuestion("a pattern can be parted into the components of an ARN in too many ways")
    return [text for text, _ in beginnings]


def _parted(piece: str, colons: int) -> str:
    """A piece of a pattern that matches so many of the colons of an ARN."""
    return ":" if piece == "?" and colons else piece + f":{piece}" * colons


def _meets(groups: list[list[str]], budget: Budget) -> list[str]:
    """The patterns of every group, and all meets of patterns of different groups. UndecidedQuestion: too many."""
    meets: dict[str, None] = {}
    for group in groups:
        if len(meets) * len(group) > MOST_MEETS:
            raise UndecidedQuestion("too many patterns on one condition key meet")
        both = [part for pattern in meets for text in group for part in budget.meet(pattern, text)]
        meets |= dict.fromkeys((*group, *both))
        if len(meets) > MOST_VALUES:
            raise UndecidedQuestion("too many patterns on one condition key meet")
    return list(meets)
