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
from remit.iam.prove.budget import Exhausted
from remit.iam.prove.condition_atoms import Atom, equal_to, equal_to_text, without_variables
from remit.iam.prove.encoded_text import LATE, around, filled, has_marks, own_letter, variables_in, widened
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
    names: frozenset[str], required: tuple[Box, ...], covers: tuple[Box, ...], premises: Premises, budget: Budget
) -> tuple[list[Binding], bool]:
    """The values to try, the most general first, and whether they are all; one empty binding without variables."""
    ordered = sorted(names)
    letters = {name: own_letter(place) for place, name in enumerate(ordered)}
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
    positive = {atom for box in required for atom in box.atoms}
    atoms = positive | {atom for box in covers for atom in box.atoms}
    values = [text for atom in atoms for text in atom.values]
    demanded = [text for atom in atoms if atom.key == name for text in atom.values if variables_in(text)]
    demanded_variables = frozenset().union(*map(variables_in, demanded))
    related = {atom.key for atom in atoms for text in atom.values if name in variables_in(text)}
    related |= demanded_variables | {name}
    texts = [text for box in (*required, *covers) for text in box.resources]
    singles = max((text.count("?") for text in texts), default=0)
    own_values = _domain_values({atom for atom in atoms if atom.key in related}, positive, premises, budget, singles)
    templates = [text for text in values if name in variables_in(text)]
    candidates = [FRESH, *own_values, *_aligned(templates, [*own_values, *values], name)]
    templates = [text for text in texts if name in variables_in(text)]
    candidates += _aligned(templates, [*texts, *_met(contested(required, covers), budget)], name)
    candidates += _demanded(demanded, letters, singles)
    variables = (name, *sorted(demanded_variables - {name}))
    fresh_letters = [letters[variable] for variable in variables if variable in letters]
    distinct = dict.fromkeys(value.replace(FRESH, letter) for letter in fresh_letters for value in candidates)
    distinct.pop(letters[name])
    return [letters[name], None, *(value for value in distinct if not variables_in(value))]


def _demanded(templates: list[str], letters: dict[str, str], singles: int) -> Iterator[str]:
    """The values that conditions on the key demand with variables in them: filled with their letters, or defaults."""
    spellings: tuple[Binding, ...] = ({**letters}, dict.fromkeys(letters))
    for values in spellings:
        for text in filter(None, (filled(template, values) for template in templates)):
            yield from points(text, singles)


def _domain_values(
    atoms: set[Atom], positive: set[Atom], premises: Premises, budget: Budget, singles: int
) -> list[str]:
    values = list(points("*", singles))
    for key in sorted({atom.key for atom in atoms}):
        plain = {atom: without_variables(atom) for atom in atoms if atom.key == key}
        group = frozenset(atom for atom in plain.values() if atom.values)
        to_match = frozenset(plain[atom] for atom in plain if (atom in positive) is not atom.negated) & group
        if group:
            values += premises.domain(group, to_match, budget, singles).pool
    return values


def contested(required: tuple[Box, ...], covers: tuple[Box, ...]) -> Iterator[tuple[str, str]]:
    """Pairs of resource patterns that must both match, and whose intersection depends on what a mark stands for.

    Where one always covers the other, or never overlaps it, no value of a mark makes a difference.
    """
    matched_boxes = [box for box in required if not box.not_resources] + [box for box in covers if box.not_resources]
    for box, further in combinations(matched_boxes, 2):
        if not (box.marked_resources or further.marked_resources):
            continue
        for pattern, other_pattern in product(box.resources, further.resources):
            if (has_marks(pattern) or has_marks(other_pattern)) and not _settled(pattern, other_pattern):
                yield pattern, other_pattern


def measured(required: tuple[Box, ...], covers: tuple[Box, ...]) -> bool:
    """Whether a `?` that must not match overlaps a reference that must match, whose length nobody knows.

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

    roles = [(box, box in covers) for box in boxes]
    matched = [text for box, covering in roles if box.not_resources is covering for text in box.resources if late(text)]
    excluded = [text for box, covering in roles if box.not_resources is not covering for text in box.globs]
    single = [text for text in excluded if "?" in text]
    if any(_partly_covers(text, widened(reference)) for reference in matched for text in single):
        return True
    atoms = [(atom, atom.negated is covering) for box, covering in roles for atom in box.atoms]
    keys = {atom.key for atom, is_matched in atoms if is_matched and any(map(late, atom.values))}
    return any("?" in text for atom, is_matched in atoms if atom.key in keys and not is_matched for text in atom.values)


def _partly_covers(pattern: str, narrow: str) -> bool:
    return overlaps(pattern, narrow) and not covers_pattern(pattern, narrow)


def _all_texts(box: Box) -> Iterator[str]:
    yield from box.resources
    for atom in box.atoms:
        yield from atom.values


@lru_cache(maxsize=16_384)
def _settled(pattern: str, other_pattern: str) -> bool:
    if not overlaps(widened(pattern), widened(other_pattern)):
        return True
    pairs = ((pattern, other_pattern), (other_pattern, pattern))
    return any("?" not in wide and covers_pattern(wide, narrow) for wide, narrow in pairs)


def _met(pairs: Iterable[tuple[str, str]], budget: Budget) -> Iterator[str]:
    """Texts that both patterns of a pair match, for some value of their marks."""
    for pattern, other_pattern in islice(pairs, _MOST_PAIRS):
        try:
            for both in budget.meet(widened(pattern), widened(other_pattern)):
                yield from points(both)
        except Exhausted:
            raise
        except Unclear:
            continue


def _aligned(templates: Iterable[str], texts: Iterable[str], name: str) -> Iterator[str]:
    """The values of the variable with which a template spells the beginning of another text."""
    listed = list(texts)
    for template in templates:
        before, after = around(template) or ("", "")
        if variables_in(before) or any(sign in before for sign in "*?"):
            continue
        for text in listed:
            remainder = text[len(before) :]
            if text == template or not text.startswith(before) or name in variables_in(text):
                continue
            yield from _ends(remainder, after)


def _ends(remainder: str, after: str) -> Iterator[str]:
    full = remainder.removesuffix(after) if after and remainder.endswith(after) else remainder
    head = remainder
    for sign in ("*", "?", "/", ":"):
        full = full.split(sign, 1)[0] if sign in "*?" else full
        head = head.split(sign, 1)[0]
    yield from dict.fromkeys(part for part in (head, full) if part)
