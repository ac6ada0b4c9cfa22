"""The values that a proof tries for IAM's variables (`${aws:username}`), so that it misses nothing.

The key of a variable is absent, or has a value that nothing else has, or one that another text of the question spells.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations, islice, product
from math import prod
from typing import TYPE_CHECKING, Final, TypeAlias

from remit.iam.pattern import covers as covers_pattern
from remit.iam.pattern import overlaps
from remit.iam.prove.budget import Budget, Exhausted
from remit.iam.prove.condition_atoms import Atom, equal_to, equal_to_text, without_variables
from remit.iam.prove.encoded_text import LATE, around, filled, has_marks, own_letter, variables_in, widened
from remit.iam.prove.glob_sets import FRESH, UndecidedQuestion, points

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from remit.iam.prove.key_values import Premises
    from remit.iam.prove.statement_space import Box

MOST: Final = 512
_MOST_PAIRS: Final = 64

Binding: TypeAlias = "dict[str, str | None]"


def bindings(
    names: frozenset[str], required: tuple[Box, ...], covers: tuple[Box, ...], premises: Premises, budget: Budget
) -> tuple[list[Binding], bool]:
    """The values to try, the most general first, and whether they are all; one empty binding without variables."""
    ordered = sorted(names)
    letters = {name: own_letter(position) for position, name in enumerate(ordered)}
    choices = [_values(name, letters, required, covers, premises, budget) for name in ordered]
    tried = [dict(zip(ordered, chosen, strict=True)) for chosen in islice(_by_deviation(choices), MOST)]
    return tried, len(tried) == prod(map(len, choices))


def _by_deviation(choices: list[list[str | None]]) -> Iterator[tuple[str | None, ...]]:
    """The product of the choices: first the most general values, then those that differ in one place, then in two."""
    most_general = [values[0] for values in choices]
    for count in range(len(choices) + 1):
        for places in combinations(range(len(choices)), count):
            for deviations in product(*(choices[place][1:] for place in places)):
                chosen = list(most_general)
                for place, value in zip(places, deviations, strict=True):
                    chosen[place] = value
                yield tuple(chosen)


def pins(values: dict[str, str | None]) -> tuple[Atom, ...]:
    """The atoms that hold the variables' keys to their values."""
    return tuple(equal_to(key, None) if value is None else equal_to_text(key, value) for key, value in values.items())


def _values(
    name: str,
    letters: dict[str, str],
    required: tuple[Box, ...],
    covers: tuple[Box, ...],
    premises: Premises,
    budget: Budget,
) -> list[str | None]:
    """The values to try for one variable; None: its key is absent.

    They are all that the conditions on its key tell apart, and all with which one text spells another.
    """
    boxes = (*required, *covers)
    resources = [text for box in boxes for text in box.resources]
    atoms = list(dict.fromkeys(atom for box in boxes for atom in box.atoms))
    must_hold = {atom for box in required for atom in box.atoms}
    condition_values = [text for atom in atoms for text in atom.values]
    most_single_wildcards = max((text.count("?") for text in resources), default=0)

    demanded = [text for atom in atoms if atom.key == name for text in atom.values if variables_in(text)]
    demanded_variables = _variables_of(demanded) - {name}
    related_atoms = _related_atoms(name, demanded_variables, atoms)
    own_values = _domain_values(related_atoms, must_hold, premises, budget, most_single_wildcards)

    candidates = [FRESH, *own_values]
    candidates += _aligned(condition_values, [*own_values, *condition_values], name)
    candidates += _aligned(resources, [*resources, *_met(contested(required, covers), budget)], name)
    candidates += _demanded(demanded, letters, most_single_wildcards)
    fresh_letters = [letters[variable] for variable in (name, *sorted(demanded_variables)) if variable in letters]
    distinct = dict.fromkeys(value.replace(FRESH, letter) for letter in fresh_letters for value in candidates)
    # Its own letter comes first of all: as nothing else spells it, it decides for every value that nothing tells apart.
    distinct.pop(letters[name])
    return [letters[name], None, *(value for value in distinct if not variables_in(value))]


def _related_atoms(name: str, demanded_variables: frozenset[str], atoms: list[Atom]) -> list[Atom]:
    """The conditions on the variable's key, on those of the variables that it must spell, and on keys that spell it."""
    keys = {name, *demanded_variables}
    keys.update(atom.key for atom in atoms if name in _variables_of(atom.values))
    return [atom for atom in atoms if atom.key in keys]


def _variables_of(texts: Iterable[str]) -> frozenset[str]:
    """The keys of the variables in some encoded texts."""
    return frozenset().union(*map(variables_in, texts))


def _demanded(templates: list[str], letters: dict[str, str], most_single_wildcards: int) -> Iterator[str]:
    """The values that conditions on the key demand with variables in them: filled with their letters, or defaults."""
    spellings: tuple[Binding, ...] = ({**letters}, dict.fromkeys(letters))
    for values in spellings:
        for text in filter(None, (filled(template, values) for template in templates)):
            yield from points(text, most_single_wildcards)


def _domain_values(
    atoms: list[Atom], must_hold: set[Atom], premises: Premises, budget: Budget, most_single_wildcards: int
) -> list[str]:
    """The values that conditions on any of their keys tell apart, variables left out of them."""
    values = list(points("*", most_single_wildcards))
    for key in sorted({atom.key for atom in atoms}):
        plain = {atom: without_variables(atom) for atom in atoms if atom.key == key}
        group = frozenset(atom for atom in plain.values() if atom.values)
        to_match = frozenset(plain[atom] for atom in plain if (atom in must_hold) is not atom.negated) & group
        if group:
            values += premises.domain(group, to_match, budget, most_single_wildcards).pool
    return values


def contested(required: tuple[Box, ...], covers: tuple[Box, ...]) -> Iterator[tuple[str, str]]:
    """Pairs of resource patterns that must both match, and whose intersection depends on what a mark stands for.

    A resource must match Resource of each required box, and NotResource of each cover, since it must escape the cover.
    Where one pattern always covers the other, or never overlaps it, no value of a mark makes a difference.
    """
    must_match = [box for box in required if not box.not_resources]
    must_match += [box for box in covers if box.not_resources]
    for box, further in combinations(must_match, 2):
        if not (box.marked_resources or further.marked_resources):
            continue
        for pattern, other_pattern in product(box.resources, further.resources):
            if (has_marks(pattern) or has_marks(other_pattern)) and not _settled(pattern, other_pattern):
                yield pattern, other_pattern


def measured(required: tuple[Box, ...], covers: tuple[Box, ...]) -> bool:
    """Return whether a `?` that must not match overlaps a reference that must match, whose length nobody knows.

    A mark stands for a reference of unknown length, so that a `?` matches only some of the texts that it may become.
    Resource of required boxes and NotResource of covers must match, and so must conditions of required boxes and
    negated ones of covers; all others must not match.
    """
    boxes = (*required, *covers)
    texts = [text for box in boxes for text in _all_texts(box)]
    if not any("?" in text for text in texts):
        return False
    any_late = any(LATE in text for text in texts)

    def late(text: str) -> bool:
        return LATE in text or (any_late and has_marks(text))  # a variable may have the reference as its value

    return _measured_in_resources(boxes, covers, late) or _measured_in_conditions(boxes, covers, late)


def _measured_in_resources(boxes: tuple[Box, ...], covers: tuple[Box, ...], late: Callable[[str], bool]) -> bool:
    """Return whether a resource pattern with a `?` must not match, and matches a part of a reference's values."""
    references: list[str] = []
    measuring: list[str] = []
    for box in boxes:
        must_match = box.not_resources is (box in covers)
        if must_match:
            references += filter(late, box.resources)
        else:
            measuring += [text for text in box.globs if "?" in text]
    stretches = [widened(reference) for reference in references]
    return any(overlaps(text, wide) and not covers_pattern(text, wide) for wide in stretches for text in measuring)


def _measured_in_conditions(boxes: tuple[Box, ...], covers: tuple[Box, ...], late: Callable[[str], bool]) -> bool:
    """Return whether a key must have a reference as its value, and must not match a value with a `?`."""
    keys_of_references: set[str] = set()
    measuring_keys: set[str] = set()
    for box in boxes:
        covering = box in covers
        for atom in box.atoms:
            must_match = atom.negated is covering
            if must_match and any(map(late, atom.values)):
                keys_of_references.add(atom.key)
            if not must_match and any("?" in text for text in atom.values):
                measuring_keys.add(atom.key)
    return not keys_of_references.isdisjoint(measuring_keys)


def _all_texts(box: Box) -> Iterator[str]:
    """Yield the resource patterns of a box, and the values of its conditions."""
    yield from box.resources
    for atom in box.atoms:
        yield from atom.values


@lru_cache(maxsize=16_384)
def _settled(pattern: str, other_pattern: str) -> bool:
    """Return whether two patterns meet in the same way, whatever their marks stand for."""
    if not overlaps(widened(pattern), widened(other_pattern)):
        return True
    pairs = ((pattern, other_pattern), (other_pattern, pattern))
    return any("?" not in wide and covers_pattern(wide, narrow) for wide, narrow in pairs)


def _met(pairs: Iterable[tuple[str, str]], budget: Budget) -> Iterator[str]:
    """Texts that both patterns of a pair match, for some value of their marks.

    A pair whose meets are too many is passed over, and pairs beyond the limit are not tried.
    """
    for pattern, other_pattern in islice(pairs, _MOST_PAIRS):
        try:
            for both in budget.meet(widened(pattern), widened(other_pattern)):
                yield from points(both)
        except Exhausted:
            raise
        except UndecidedQuestion:
            continue


def _aligned(templates: Iterable[str], texts: Iterable[str], name: str) -> Iterator[str]:
    """The values of the variable with which a template that holds it spells the beginning of another text."""
    listed = list(texts)
    for template in templates:
        if name not in variables_in(template):
            continue
        before, after = around(template) or ("", "")
        if variables_in(before) or any(sign in before for sign in "*?"):
            continue
        for text in listed:
            remainder = text[len(before) :]
            if text == template or not text.startswith(before) or name in variables_in(text):
                continue
            yield from _ends(remainder, after)


def _ends(remainder: str, after: str) -> Iterator[str]:
    """Yield what a variable may stand for at the beginning of a text: up to a separator, or to what follows it."""
    full = remainder.removesuffix(after) if after and remainder.endswith(after) else remainder
    head = remainder
    for sign in ("*", "?", "/", ":"):
        full = full.split(sign, 1)[0] if sign in "*?" else full
        head = head.split(sign, 1)[0]
    yield from dict.fromkeys(part for part in (head, full) if part)
