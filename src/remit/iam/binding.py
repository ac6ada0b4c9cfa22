"""The values that IAM's variables may have to be given, so that nothing is missed.

A variable's key is absent, or has a value of its own, or one that something else in the question spells.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Final

from remit.iam.atom import Atom, equal_to, equal_to_text
from remit.iam.glob import FRESH, Unclear, points
from remit.iam.marks import around, own_letter, variables_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from remit.iam.box import Box
    from remit.iam.domain import Premises

MOST: Final = 512


def bindings(
    names: frozenset[str], wanted: tuple[Box, ...], covers: tuple[Box, ...], premises: Premises
) -> Iterator[dict[str, str | None]]:
    """Every combination of values to try; one empty one when there are no variables."""
    choices = [_values(name, own_letter(place), wanted, covers, premises) for place, name in enumerate(sorted(names))]
    size = 1
    for values in choices:
        size *= len(values)
    if size > MOST:
        raise Unclear("its variables can have too many values")
    for chosen in product(*choices):
        yield dict(zip(sorted(names), chosen, strict=True))


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
    return [None, *(value for value in literal if not variables_in(value))]


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
