"""Is there a resource and a context in which all of some statements hold and none of some others?

For each resource pattern its points are tried (see `glob`): a point outside a cover stays outside for the whole
pattern, except for NotResource, where the pattern is narrowed to what such a cover spares. Variables are given every
value that could matter; where that is not known to be all, the question is asked again with everything loosened, and
if that is still possible, the answer is "unclear".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from remit.iam.pattern import covers
from remit.iam.prove.budget import Budget
from remit.iam.prove.condition_atoms import equal_to
from remit.iam.prove.contexts import Context, find_context
from remit.iam.prove.glob_sets import Unclear, points, some_points
from remit.iam.prove.statement_space import Box, loosened, tightened, with_values
from remit.iam.prove.variable_values import bindings, contested, measured, pins

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from remit.iam.prove.condition_atoms import Atom
    from remit.iam.prove.key_values import Premises

MOST_STEPS: Final = 3_000
_MEET, _COVER, _BIND = 100, 8, 30  # steps of a meet of patterns, of one covering another, of a box with values put in


@dataclass(frozen=True, slots=True)
class Witness:
    """A resource (encoded) and a context in which the question is answered with yes."""

    resource: str
    context: Context


class Questions:
    """Questions about the same two sides; `premises` is what is taken for granted about keys."""

    __slots__ = ("_contexts", "_places", "budget", "premises")

    def __init__(self, premises: Premises, budget: Budget | None = None) -> None:
        self.premises = premises
        self.budget = budget or Budget()
        self._contexts: dict[tuple[tuple[Atom, ...], frozenset[Box]], Context | Unclear | None] = {}
        self._places: dict[tuple[object, ...], Witness | Unclear | None] = {}

    def place(self, pattern: str, wanted: tuple[Box, ...], covers: tuple[Box, ...]) -> Witness | None:
        """A place within `pattern`, which is one of the first wanted box's own (`*` for its NotResource)."""
        asked = (pattern, wanted, covers)
        self.budget.spend(len(covers))
        if asked not in self._places:
            try:
                self._places[asked] = self._place(pattern, wanted, covers)
            except Unclear as reason:
                self._places[asked] = reason
        found = self._places[asked]
        if isinstance(found, Unclear):
            raise found
        return found

    def _place(self, pattern: str, wanted: tuple[Box, ...], covers: tuple[Box, ...]) -> Witness | None:
        names: frozenset[str] = frozenset().union(*(box.variables for box in (*wanted, *covers)))
        if not names and not any(box.marked_resources or box.marked_atoms for box in (*wanted, *covers)):
            return self._search(pattern, wanted, covers, ())
        first = with_pattern(wanted[0], pattern)
        boxes = (first, *wanted[1:])
        effort = sum(_BIND * (len(box.resources) + len(box.atoms)) for box in (*boxes, *covers) if box.variables)
        self.budget.spend(effort * len(names))
        tried, all_of_them = bindings(names, boxes, covers, self.premises, self.budget)
        found = self._bound(boxes, covers, tried[0])
        if found is not None or not self._imaginable(boxes, covers):
            return found
        for values in tried[1:]:
            found = self._bound(boxes, covers, values)
            if found is not None:
                return found
        if not all_of_them or doubtful(boxes, covers, names, self.premises.several):
            raise Unclear("it depends on what its variables or late-bound parts stand for")
        return None

    def _bound(self, wanted: tuple[Box, ...], covers: tuple[Box, ...], values: dict[str, str | None]) -> Witness | None:
        self.budget.spend(sum(_BIND * (len(box.resources) + len(box.atoms)) for box in (*wanted, *covers)))
        bound = tuple(with_values(box, values) for box in wanted)
        pattern = "*" if bound[0].not_resources else next(iter(bound[0].resources), None)
        if pattern is None:
            return None
        return self._search(pattern, bound, tuple(with_values(box, values) for box in covers), pins(values))

    def _imaginable(self, wanted: tuple[Box, ...], covers: tuple[Box, ...]) -> bool:
        """Whether there is a place with the most that marks may mean; if not, there is none whatever they stand for."""
        held: frozenset[Atom] = frozenset().union(*(box.marked_atoms for box in wanted))
        loose = tuple(loosened(box) for box in wanted)
        first = wanted[0]
        told = not first.not_resources and not measured(wanted, covers)
        shown = points(first.resources[0], _singles(covers)) if told else ()
        implied = frozenset(
            atom for box in covers for atom in box.marked_atoms if any(one.implies(atom) for one in held)
        )
        least = [tightened(box, implied, shown) for box in covers if box.marked_atoms <= implied]
        pattern = "*" if first.not_resources else loose[0].resources[0]
        try:
            return self._search(pattern, loose, tuple(least), absences(held)) is not None
        except Unclear:
            return True

    def _search(
        self, pattern: str, wanted: tuple[Box, ...], covers: tuple[Box, ...], pinned: tuple[Atom, ...]
    ) -> Witness | None:
        units = tuple(dict.fromkeys((*(atom for box in wanted for atom in box.atoms), *pinned)))
        spared = tuple(box for box in wanted if box.not_resources)
        effort = sum(1 + len(box.globs) for box in (*covers, *spared))
        self.budget.spend(effort)
        singles = _singles((*covers, *spared))
        todo = list(reversed(_starts(pattern, wanted[1:], self.budget)))
        seen = set(todo)
        steps = 0
        while todo:
            steps += 1
            narrow = todo.pop()
            if singles:
                self.budget.spend(_COVER * effort)
            found, escapes = self._at(narrow, singles, spared, covers, units)
            if found is not None:
                return found
            for box in escapes:
                self.budget.spend(_MEET * len(box.resources))
                fresh = [part for text in box.resources for part in self.budget.meet(narrow, text) if part not in seen]
                seen.update(fresh)
                todo.extend(fresh)
            if steps > MOST_STEPS or len(todo) > MOST_STEPS:
                raise Unclear("its resources can be narrowed in too many ways")
        return None

    def _at(
        self, pattern: str, singles: int, spared: tuple[Box, ...], covers: tuple[Box, ...], units: tuple[Atom, ...]
    ) -> tuple[Witness | None, tuple[Box, ...]]:
        """A place at the points of a pattern; else the NotResource covers whose patterns it should be narrowed to."""
        if singles and taken(pattern, covers, units):
            return None, ()
        escapes: dict[Box, None] = {}
        tried, doubt = some_points(pattern, singles)
        for point in tried:
            if not point or not all(box.on(point) for box in spared):
                continue  # a request names some resource
            self.budget.spend(sum(1 + len(box.globs) for box in covers))
            active = [box for box in covers if box.on(point)]
            context = self._context(units, active)
            if context is not None:
                return Witness(point, context), ()
            turned = [box for box in active if box.not_resources]
            if turned and self._context(units, [box for box in active if not box.not_resources]) is not None:
                escapes.update(dict.fromkeys(needed(turned, lambda boxes: self._context(units, boxes) is not None)))
        if doubt is not None:
            raise doubt
        return None, tuple(escapes)

    def _context(self, units: tuple[Atom, ...], active: Iterable[Box]) -> Context | None:
        asked = (units, frozenset(active))
        if asked not in self._contexts:
            try:
                self._contexts[asked] = find_context(
                    units, [box.clause for box in asked[1]], self.premises, self.budget
                )
            except Unclear as reason:
                self._contexts[asked] = reason
        found = self._contexts[asked]
        if isinstance(found, Unclear):
            raise found
        return found


def taken(pattern: str, boxes: Iterable[Box], units: tuple[Atom, ...]) -> bool:
    """Whether one cover by one of its patterns takes a pattern whole wherever the wanted conditions hold."""
    true = frozenset(units)
    plain = (box for box in boxes if not box.not_resources and true.issuperset(box.atoms))
    return any(covers(text, pattern) for box in plain for text in box.globs)


def needed(turned: list[Box], possible: Callable[[list[Box]], bool]) -> list[Box]:
    """Which covers to escape by narrowing: one that forbids everything by itself must be, else it may be any."""
    for box in turned:
        if not possible([box]):
            return [box]
    return turned


def with_pattern(box: Box, pattern: str) -> Box:
    """The box on one of its resource patterns (a NotResource stays as it is)."""
    if box.not_resources or box.resources == (pattern,):
        return box
    return box.with_parts(resources=(pattern,))


def _singles(boxes: tuple[Box, ...]) -> int:
    """How many `?` a resource pattern of the boxes has at most."""
    return max((text.count("?") for box in boxes if box.globs for text in box.resources), default=0)


def _starts(pattern: str, others: tuple[Box, ...], budget: Budget) -> list[str]:
    """What the pattern shares with every further box that has Resource."""
    found = [pattern]
    for box in others:
        if not box.not_resources:
            found = list(
                dict.fromkeys(part for one in found for text in box.resources for part in budget.meet(one, text))
            )
    return found


def absences(atoms: frozenset[Atom]) -> tuple[Atom, ...]:
    """The keys that must be absent, whatever variables stand for: those that must and must not equal the same."""
    plain = [atom for atom in atoms if not atom.quantifier]
    equal = {(atom.operator, atom.key, atom.values) for atom in plain if not atom.negated}
    return tuple(
        equal_to(atom.name, None)
        for atom in plain
        if atom.negated and (atom.operator.replace("Not", ""), atom.key, atom.values) in equal
    )


def doubtful(wanted: tuple[Box, ...], covers: tuple[Box, ...], names: frozenset[str], several: frozenset[str]) -> bool:
    """Whether "no place" under the values tried may be wrong, because a mark would have to equal something else.

    Where marks need only differ from things, they are the most general values, and nothing is in doubt. A variable's
    own key has a value already, which a demand with marks comes on top of.
    """
    if not names.isdisjoint(several):
        return True
    if next(contested(wanted, covers), None) is not None or measured(wanted, covers):
        return True
    met = [atom for box in wanted for atom in box.atoms if not atom.negated]
    met += [atom for box in covers for atom in box.atoms if atom.negated]
    odd = {atom.key for box in (*wanted, *covers) for atom in box.marked_atoms}
    return any(sum(atom.key == key for atom in met) + (key in names) > 1 for key in odd)
