"""The values of one condition key that matter: for all that its conditions can tell apart, one value each.

Literals stand for themselves, globs for their points and those of their meets, numbers and dates for their
break-points, address blocks for their ends, Booleans for two values. Values that must be avoided need no value of
their own: the points are the most general ones.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, Final

from remit.catalogue.condition_keys import OPERATORS
from remit.iam.operators import check_operator
from remit.iam.prove.budget import Budget, Exhausted
from remit.iam.prove.condition_atoms import EMPTY, Atom, State
from remit.iam.prove.glob_sets import Unclear, points, some_points
from remit.iam.prove.value_limits import TYPED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from remit.iam.policy import Statement

MOST_VALUES: Final = 2_000
MOST_MEETS: Final = 10_000  # pairs of patterns that are held against each other
MOST_TYPED: Final = 10_000  # as MOST_VALUES, of numbers, dates and addresses: a policy has room for 600 addresses
MOST_STEPS: Final = 3_000_000  # to hold values against conditions
_VALUE, _PART, _MEET, _AT_ONCE = 5, 10, 200, 4  # steps to read a value, of a pattern, of a meet; values per step
_COLONS: Final = 5  # that part an ARN
_SIGN: Final = re.compile(r"(\*+|\?)")
_THIRD: Final = {"k": "\u212a", "å": "\u212b", "θ": "\u03f4", "ω": "\u2126", "ß": "\u1e9e"}
"""Letters that have this one as well as their usual capital."""
_SPELLINGS: Final = 6  # letters of a text compared without case whose every spelling is tried


@dataclass(frozen=True, slots=True)
class Premises:
    """What is taken for granted about keys: which may have several values, and which have values of a type."""

    several: frozenset[str] = frozenset()
    kinds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @staticmethod
    def of(statements: Iterable[Statement], several: frozenset[str]) -> Premises:
        """From all conditions of a comparison: a key is a set (a number, a date) if any of them reads it so."""
        kinds: dict[str, set[str]] = {}
        sets = set(several)
        for statement in statements:
            for condition in statement.conditions:
                if condition.late:
                    kinds.setdefault(condition.decided_by.lower(), set()).add("Bool")
                    continue
                if condition.quantifier:
                    sets.add(condition.key.lower())
                kind = OPERATORS[check_operator(condition.operator)[0]].family
                if kind in TYPED:
                    kinds.setdefault(condition.key.lower(), set()).add(kind)
        return Premises(frozenset(sets), {key: tuple(sorted(found)) for key, found in kinds.items()})

    def domain(self, atoms: frozenset[Atom], wanted: frozenset[Atom], budget: Budget, singles: int = 0) -> Domain:
        """The domain of the one key that `atoms` are about; `wanted` are those whose own values may have to be met.

        `singles` is how many `?` a pattern has that its values are put before, beside the atoms' own.
        """
        key = next(iter(atoms)).key
        asked = (atoms, wanted, self.kinds.get(key, ()), singles, key in self.several)
        budget.spend(len(atoms))
        found = _domain(*asked)
        budget.once(asked, found.steps)
        if found.domain is None:
            raise Unclear(found.reason)
        return found.domain


class Domain:
    """The values of a key, and for each atom the set of those that fit it, as a bit mask."""

    __slots__ = ("_found", "exact", "fits", "late", "pool", "several")

    def __init__(self, pool: tuple[str, ...], atoms: Iterable[Atom], *, several: bool, exact: bool) -> None:
        self.pool = pool
        self.several = several
        self.exact = exact
        self.late = any(atom.late for atom in atoms)
        self.fits = {
            atom: sum(1 << place for place, value in enumerate(pool) if atom.fits(value))
            for atom in atoms
            if atom.operator != "Null"
        }
        self._found: dict[tuple[frozenset[Atom], frozenset[Atom]], tuple[State] | None] = {}

    def state(self, true: frozenset[Atom], false: frozenset[Atom]) -> tuple[State] | None:
        """What the key may have so that these atoms are true and those false, the least first; None when nothing."""
        asked = (true, false)
        if asked not in self._found:
            self._found[asked] = self._search(true, false)
        return self._found[asked]

    def _search(self, true: frozenset[Atom], false: frozenset[Atom]) -> tuple[State] | None:
        def suits(state: State) -> bool:
            return all(atom.holds(state) for atom in true) and not any(atom.holds(state) for atom in false)

        if not self.late and suits(None):
            return (None,)
        if not self.several:
            mask = self._one_value(true, false)
            return None if not mask else (self.pool[_lowest(mask)],)
        for value in self.pool:
            if suits(value):
                return (value,)
        chosen = self._several_values(true, false)
        for state in (chosen, EMPTY):
            if state and suits(state):
                return (state,)
        return None

    def _one_value(self, true: frozenset[Atom], false: frozenset[Atom]) -> int:
        mask = (1 << len(self.pool)) - 1
        for atom in true:
            mask &= self._mask(atom)
        for atom in false:
            mask &= ~self._mask(atom)
        return mask

    def _mask(self, atom: Atom) -> int:
        if atom.operator == "Null":
            return -1 if "false" in atom.values else 0
        return self.fits[atom]

    def _several_values(self, true: frozenset[Atom], false: frozenset[Atom]) -> tuple[str, ...]:
        """Values that all suit every demand on all of them, and one for each demand on some of them."""
        usable = (1 << len(self.pool)) - 1
        some: list[int] = []
        for atoms, wanted in ((true, True), (false, False)):
            for atom in (atom for atom in atoms if atom.quantifier and atom.operator != "Null"):
                mask = self.fits[atom] if wanted else ~self.fits[atom]
                if (atom.quantifier == "forallvalues") is wanted:
                    usable &= mask
                else:
                    some.append(mask)
        places = {_lowest(usable & mask) for mask in some or [-1] if usable & mask}
        chosen = tuple(self.pool[place] for place in sorted(places))
        return chosen if len(chosen) != 1 else chosen * 2


def _lowest(mask: int) -> int:
    return (mask & -mask).bit_length() - 1


@dataclass(frozen=True, slots=True)
class _Made:
    """A domain or the reason why there is none, and how many steps it took to find out."""

    domain: Domain | None
    steps: int
    reason: str = ""


@lru_cache(maxsize=65_536)
def _domain(
    atoms: frozenset[Atom],
    wanted: frozenset[Atom],
    kinds: tuple[str, ...],
    singles: int,
    several: bool,  # noqa: FBT001 - a key of the cache
) -> _Made:
    listed = sorted(atoms, key=lambda atom: (atom.operator, atom.quantifier, atom.values))
    given = sum(len(atom.values) for atom in listed)
    pairs = 0 if kinds else _pairs(listed, wanted)
    budget = Budget(MOST_STEPS + 1)
    steps = _VALUE * given + _MEET * min(pairs, MOST_MEETS)
    too_many = f"the conditions on `{listed[0].name}` tell too many values apart"
    try:
        pool, exact = _typed_pool(listed, kinds) if kinds else _text_pool(listed, wanted, singles, budget)
    except Exhausted:
        return _Made(None, MOST_STEPS, too_many)
    except Unclear as reason:
        return _Made(None, steps + budget.spent, str(reason))
    steps += budget.spent + len(pool) * sum(_effort(atom) for atom in listed)
    if len(pool) > (MOST_TYPED if kinds else MOST_VALUES) or steps > MOST_STEPS:
        return _Made(None, len(pool), too_many)
    texts = (*pool, "") if several and not kinds else pool  # to set operators an empty text is an empty set
    exact = exact or any(_lists_all(atom, kinds) for atom in wanted)
    domain = Domain(tuple(dict.fromkeys(texts)), atoms, several=several, exact=exact)
    return _Made(domain, steps)


def _lists_all(atom: Atom, kinds: tuple[str, ...]) -> bool:
    """Whether a condition that must hold spells everything that the key may have then: a text, or nothing."""
    if atom.operator == "Null":
        return atom.values == ("true",)
    return atom.operator == "StringEquals" and not (kinds or atom.quantifier or atom.if_exists)


def _effort(atom: Atom) -> int:
    """Steps to hold a value against a condition."""
    if _is_glob(atom):
        return 1 + len(atom.values)
    return 2 + (len(atom.values) // _AT_ONCE if atom.kind in TYPED else 0)


def _typed_pool(atoms: list[Atom], kinds: tuple[str, ...]) -> tuple[list[str], bool]:
    texts = [atom for atom in atoms if atom.kind in ("String", "ARN")]
    spelled = [value for atom in texts for value in atom.values]
    pool: list[str] = []
    for kind in kinds:
        read, between = TYPED[kind]
        own = [value for atom in atoms if atom.kind == kind for value in atom.values]
        literals = [value for value in spelled if read(value) is not None]
        pool += [*literals, *between([*own, *literals])]
    # Texts beside numbers: another spelling of the same number may escape them, which the points do not try. Two types
    # at once: what one tells apart is not tried within the limits of the other.
    return pool, kinds == ("Bool",) or (len(kinds) == 1 and not texts)


def _text_pool(atoms: list[Atom], wanted: frozenset[Atom], singles: int, budget: Budget) -> tuple[list[str], bool]:
    """Literals and points of the globs that may have to be met, of their meets, and a value that nothing spells."""
    texts = [atom for atom in atoms if atom.operator != "Null"]
    singles = max(singles, *(text.count("?") for atom in texts if _is_glob(atom) for text in atom.values), 0)
    pool: list[str] = [spelling for atom in texts if atom in wanted for spelling in _spellings(atom)]
    groups = [[_as_glob(atom, text) for text in atom.values] for atom in texts if atom in wanted and _is_glob(atom)]
    mixed = len({atom.kind for atom in texts if _is_glob(atom)}) > 1
    doubts: list[Unclear | None] = []
    for pattern in _meets(groups, budget):
        for part in _in_parts(pattern) if mixed else (pattern,):
            found, doubt = some_points(part, singles)
            budget.spend(_PART)
            pool.extend(found)
            doubts.append(doubt)
    pool.extend(points("*", singles))
    folding = [atom for atom in texts if "IgnoreCase" in atom.operator]
    exact = not folding or (
        all("Equals" in atom.operator and not _is_glob(atom) for atom in texts)
        and all(len(text) <= _SPELLINGS or len(texts) == len(folding) for atom in folding for text in atom.values)
    )
    return pool, exact and not any(doubts)


def _pairs(atoms: list[Atom], wanted: frozenset[Atom]) -> int:
    """How many pairs of patterns are held against each other."""
    counts = [len(atom.values) for atom in atoms if atom in wanted and _is_glob(atom)]
    return (sum(counts) ** 2 - sum(count * count for count in counts)) // 2


def _is_glob(atom: Atom) -> bool:
    return atom.kind == "ARN" or atom.operator in ("StringLike", "StringNotLike")


def _as_glob(atom: Atom, text: str) -> str:
    return "*:*:*:*:*:*" if atom.kind == "ARN" and text == "*" else text


def _spellings(atom: Atom) -> Iterator[str]:
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
    """The pattern with its wildcards taken apart: which of them hold colons that part an ARN.

    The wildcards of what it gives hold none before the fifth colon, as those of ArnLike.
    """
    found = [("", 0)]  # the beginning, with as many colons
    for piece in _SIGN.split(pattern):
        most = {"*": _COLONS, "?": 1}.get(piece[:1], 0)
        found = [
            (text + _parted(piece, held), colons + (held if most else piece.count(":")))
            for text, colons in found
            for held in range(max(0, min(most, _COLONS - colons)) + 1)
        ]
        if len(found) > MOST_VALUES:
            raise Unclear("a pattern can be parted into the components of an ARN in too many ways")
    return [text for text, _ in found]


def _parted(piece: str, colons: int) -> str:
    return ":" if piece == "?" and colons else piece + f":{piece}" * colons


def _meets(groups: list[list[str]], budget: Budget) -> list[str]:
    """The patterns of every group, and all meets of patterns of different groups."""
    found: dict[str, None] = {}
    for group in groups:
        if len(found) * len(group) > MOST_MEETS:
            raise Unclear("too many patterns on one condition key meet")
        both = [shared for one in found for other in group for shared in budget.meet(one, other)]
        found |= dict.fromkeys((*group, *both))
        if len(found) > MOST_VALUES:
            raise Unclear("too many patterns on one condition key meet")
    return list(found)
