"""The values that IAM's variables may have to be given, so that nothing is missed.

A variable's key is absent, or has a value of its own, or one that something else in the question spells.
"""

from __future__ import annotations

from itertools import combinations, islice, product
from math import prod
from typing import TYPE_CHECKING, Final, TypeAlias

from remit.iam.atom import Atom, equal_to, equal_to_text
from remit.iam.glob import FRESH, points
from remit.iam.marks import around, own_letter, variables_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from remit.iam.box import Box
    from remit.iam.domain import Premises

MOST: Final = 512

Binding: TypeAlias = "dict[str, str | None]"


def bindings(
    names: frozenset[str], wanted: tuple[Box, ...], covers: tuple[Box, ...], premises: Premises
) -> tuple[list[Binding], bool]:
    """The values to try, the most general first, and whether they are all; one empty binding without variables."""
    ordered = sorted(names)
    choices = [_values(name, own_letter(place), wanted, covers, premises) for place, name in enumerate(ordered)]
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
    name: str, letter: str, wanted: tuple[Box, ...], covers: tuple[Box, ...], premises: Premises
) -> list[str | None]:
    """Absent, every value that the key's own conditions tell apart, and what a text would need to equal another."""
    positive = {atom for box in wanted for atom in box.atoms}
    atoms = positive | {atom for box in covers for atom in box.atoms}
    related = {atom.key for atom in atoms for text in atom.values if name in variables_in(text)} | {name}
    texts = [text for box in (*wanted, *covers) for text in box.resources]
    singles = max((text.count("?") for text in texts), default=0)
    own = _domain_values({atom for atom in atoms if atom.key in related}, positive, premises, singles)
    templates = [text for atom in atoms for text in atom.values if name in variables_in(text)]
    found = [FRESH, *own, *_aligned(templates, [*own, *(text for atom in atoms for text in atom.values)], name)]
    found += _aligned([text for text in texts if name in variables_in(text)], texts, name)
    literal = dict.fromkeys(value.replace(FRESH, letter) for value in found)
    literal.pop(letter)
    return [letter, None, *(value for value in literal if not variables_in(value))]


def _domain_values(atoms: set[Atom], positive: set[Atom], premises: Premises, singles: int) -> list[str]:
    found = list(points("*", singles))
    for key in sorted({atom.key for atom in atoms}):
        group = frozenset(atom for atom in atoms if atom.key == key and not any(map(variables_in, atom.values)))
        wanted = frozenset(atom for atom in group if (atom in positive) is not atom.negated)
        if group:
            found += premises.domain(group, wanted, singles).pool
    return found


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
