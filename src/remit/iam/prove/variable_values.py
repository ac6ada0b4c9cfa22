"""The values that IAM's variables may have to be given, so that nothing is missed.

A variable's key is absent, or has a value of its own, or one that something else in the question spells.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations, islice, product
from math import prod
from typing import TYPE_CHECKING, Final, TypeAlias

from remit.iam.pattern import covers as covers_pattern
from remit.iam.pattern import overlaps
from remit.iam.prove.alphabet import LATE, around, filled, has_marks, own_letter, variables_in, widened
from remit.iam.prove.budget import Exhausted
from remit.iam.prove.condition_atoms import Atom, equal_to, equal_to_text, without_variables
from remit.iam.prove.glob_sets import FRESH, Unclear, points

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from remit.iam.prove.budget import Budget
    from remit.iam.prove.key_values import Premises
    from remit.iam.prove.statement_space import Box

MOST: Final = 512
_MOST_PAIRS: Final = 64

Binding: TypeAlias = "dict[str, str | None]"


def bindings(
    names: frozenset[str], wanted: tuple[Box, ...], covers: tuple[Box, ...], premises: Premises, budget: Budget
) -> tuple[list[Binding], bool]:
    """The values to try, the most general first, and whether they are all; one empty binding without variables."""
    ordered = sorted(names)
    letters = {name: own_letter(place) for place, name in enumerate(ordered)}
    choices = [_values(name, letters, wanted, covers, premises, budget) for name in ordered]
    found = list(islice(_by_deviation(choices), MOST))
    return [dict(zip(ordered, chosen, strict=True)) for chosen in found], len(found) == prod(map(len, choices))


def _by_deviation(choices: list[list[str | None]]) -> Iterator[tuple[str | None, ...]]:
    """The product of the choices: first all first ones, then those that differ in one place, then in two."""
    first = [values[0] for values in choices]
    for count in range(len(choices) + 1):
        for places in combinations(range(len(choices)), count):
            for others in product(*(choices[place][1:] for place in places)):
                chosen = list(first)
                for place, value in zip(places, others, strict=True):
                    chosen[place] = value
                yield tuple(chosen)


def pins(values: dict[str, str | None]) -> tuple[Atom, ...]:
    """The atoms that hold the variables' keys to their values."""
    return tuple(equal_to(key, None) if value is None else equal_to_text(key, value) for key, value in values.items())


def _values(
    name: str,
    letters: dict[str, str],
    wanted: tuple[Box, ...],
    covers: tuple[Box, ...],
    premises: Premises,
    budget: Budget,
) -> list[str | None]:
    """Absent, every value that the key's own conditions tell apart, and what a text would need to equal another."""
    positive = {atom for box in wanted for atom in box.atoms}
    atoms = positive | {atom for box in covers for atom in box.atoms}
    demanded = [text for atom in atoms if atom.key == name for text in atom.values if variables_in(text)]
    others = frozenset().union(*map(variables_in, demanded))
    related = {atom.key for atom in atoms for text in atom.values if name in variables_in(text)} | others | {name}
    texts = [text for box in (*wanted, *covers) for text in box.resources]
    singles = max((text.count("?") for text in texts), default=0)
    own = _domain_values({atom for atom in atoms if atom.key in related}, positive, premises, budget, singles)
    templates = [text for atom in atoms for text in atom.values if name in variables_in(text)]
    found = [FRESH, *own, *_aligned(templates, [*own, *(text for atom in atoms for text in atom.values)], name)]
    templates = [text for text in texts if name in variables_in(text)]
    found += _aligned(templates, [*texts, *_met(contested(wanted, covers), budget)], name)
    found += _demanded(demanded, letters, singles)
    own_and_others = [letters[one] for one in (name, *sorted(others - {name})) if one in letters]
    literal = dict.fromkeys(value.replace(FRESH, letter) for letter in own_and_others for value in found)
    literal.pop(letters[name])
    return [letters[name], None, *(value for value in literal if not variables_in(value))]


def _demanded(templates: list[str], letters: dict[str, str], singles: int) -> Iterator[str]:
    """What the key must be where its own conditions spell it with variables: with their letters, or their defaults."""
    spellings: tuple[Binding, ...] = ({**letters}, dict.fromkeys(letters))
    for values in spellings:
        for text in filter(None, (filled(template, values) for template in templates)):
            yield from points(text, singles)


def _domain_values(
    atoms: set[Atom], positive: set[Atom], premises: Premises, budget: Budget, singles: int
) -> list[str]:
    found = list(points("*", singles))
    for key in sorted({atom.key for atom in atoms}):
        plain = {atom: without_variables(atom) for atom in atoms if atom.key == key}
        group = frozenset(atom for atom in plain.values() if atom.values)
        wanted = frozenset(plain[atom] for atom in plain if (atom in positive) is not atom.negated) & group
        if group:
            found += premises.domain(group, wanted, budget, singles).pool
    return found


def contested(wanted: tuple[Box, ...], covers: tuple[Box, ...]) -> Iterator[tuple[str, str]]:
    """Pairs of resource patterns, of statements that must both be met, that meet for some values of a mark alone.

    Where one holds the other whatever the marks stand for, or never touches it, no value of a mark makes a difference.
    """
    needed = [box for box in wanted if not box.not_resources] + [box for box in covers if box.not_resources]
    for one, other in combinations(needed, 2):
        if not (one.marked_resources or other.marked_resources):
            continue
        for first, second in product(one.resources, other.resources):
            if (has_marks(first) or has_marks(second)) and not _settled(first, second):
                yield first, second


def measured(wanted: tuple[Box, ...], covers: tuple[Box, ...]) -> bool:
    """Whether a `?` that must not match meets a reference that must, whose length nobody knows.

    A mark stands for the reference with a length of its own. What is asked for is one of the texts that it may become,
    so that the `?` takes some of them alone. What must match are Resource of what is wanted and NotResource of covers,
    conditions of what is wanted and negated ones of covers; the others must not.
    """
    boxes = (*wanted, *covers)
    if not any("?" in text for box in boxes for text in _all_texts(box)):
        return False
    named = any(LATE in text for box in boxes for text in _all_texts(box))

    def late(text: str) -> bool:
        return LATE in text or (named and has_marks(text))  # a variable may have the reference as its value

    turned = [(box, box in covers) for box in boxes]
    met = [text for box, cover in turned if box.not_resources is cover for text in box.resources if late(text)]
    single = [text for box, cover in turned if box.not_resources is not cover for text in box.globs if "?" in text]
    if any(overlaps(text, widened(one)) and not covers_pattern(text, widened(one)) for one in met for text in single):
        return True
    atoms = [(atom, atom.negated is cover) for box, cover in turned for atom in box.atoms]
    keys = {atom.key for atom, must in atoms if must and any(map(late, atom.values))}
    return any("?" in text for atom, must in atoms if atom.key in keys and not must for text in atom.values)


def _all_texts(box: Box) -> Iterator[str]:
    yield from box.resources
    for atom in box.atoms:
        yield from atom.values


@lru_cache(maxsize=16_384)
def _settled(one: str, other: str) -> bool:
    if not overlaps(widened(one), widened(other)):
        return True
    pairs = ((one, other), (other, one))
    return any("?" not in wide and covers_pattern(wide, narrow) for wide, narrow in pairs)


def _met(pairs: Iterable[tuple[str, str]], budget: Budget) -> Iterator[str]:
    """Texts that both patterns of a pair describe, for some value of their marks."""
    for one, other in islice(pairs, _MOST_PAIRS):
        try:
            for both in budget.meet(widened(one), widened(other)):
                yield from points(both)
        except Exhausted:
            raise
        except Unclear:
            continue


def _aligned(templates: Iterable[str], texts: Iterable[str], name: str) -> Iterator[str]:
    """What would have to stand for the variable so that a template spells the beginning of another text."""
    listed = list(texts)
    for template in templates:
        before, after = around(template) or ("", "")
        if variables_in(before) or any(sign in before for sign in "*?"):
            continue
        for text in listed:
            rest = text[len(before) :]
            if text == template or not text.startswith(before) or name in variables_in(text):
                continue
            yield from _ends(rest, after)


def _ends(rest: str, after: str) -> Iterator[str]:
    whole = rest.removesuffix(after) if after and rest.endswith(after) else rest
    head = rest
    for sign in ("*", "?", "/", ":"):
        whole = whole.split(sign, 1)[0] if sign in "*?" else whole
        head = head.split(sign, 1)[0]
    yield from dict.fromkeys(part for part in (head, whole) if part)
