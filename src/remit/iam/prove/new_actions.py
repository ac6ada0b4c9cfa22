"""Which actions of a statement are new: the action patterns whose covers leave a place, and a real action for each.

The same procedure as for resources, one level up: a pattern's points, the covers that speak of them, NotAction
narrowed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeAlias

from remit.iam.pattern import is_pattern, matcher
from remit.iam.prove.budget import Budget, Exhausted
from remit.iam.prove.glob_sets import Unclear, points
from remit.iam.prove.satisfiable import needed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from remit.iam.prove.satisfiable import Questions, Witness
    from remit.iam.prove.statement_space import Box, Index

Known: TypeAlias = "Callable[[str], Sequence[str]]"
"""The existing actions of a pattern, as people spell them."""
MOST_PATTERNS: Final = 2_000
_MEET: Final = 50  # steps
_ACTION: Final = "*:*"
ALWAYS_ALLOWED: Final = "sts:getcalleridentity"  # whatever policies say, so that it is never gained or lost


@dataclass(frozen=True, slots=True)
class Opening:
    """Something that is possible: an action (folded, `real` when it exists) on a resource pattern, at a place.

    `pattern` is the action pattern (folded) that it stands for: the one that was asked about, or the part of it that
    all of the wanted statements share and no cover spares.
    """

    action: str
    real: str | None
    pattern: str
    resource: str
    place: Witness


@dataclass(frozen=True, slots=True)
class Case:
    """All of `wanted` hold and none of `covers`: one way in which two sides may differ."""

    wanted: tuple[Box, ...]
    covers: tuple[Index, ...]

    def effort(self, action: str) -> int:
        """How many patterns `active` holds against an action."""
        return sum(index.effort(action) for index in self.covers)

    def active(self, action: str) -> tuple[Box, ...]:
        """The covers that speak of an action."""
        if len(self.covers) == 1:
            return tuple(self.covers[0].at(action))
        return tuple(dict.fromkeys(box for index in self.covers for box in index.at(action)))


class Openings:
    """What a case leaves open, for each action pattern of its first statement."""

    __slots__ = ("_active", "_resources", "_spared", "case", "known", "questions", "singles")

    def __init__(self, case: Case, questions: Questions, known: Known) -> None:
        self.case = case
        self.questions = questions
        self.known = known
        self._active: dict[str, tuple[Box, ...]] = {}
        self._resources: tuple[str, ...] | None = None
        self.singles = max((index.singles for index in case.covers), default=0)
        self._spared = tuple(box for box in case.wanted if box.not_actions)
        for box in self._spared:
            self.singles = max(self.singles, *(text.count("?") for text in box.actions))

    def of(self, pattern: str) -> Iterator[Opening | Unclear]:
        """What is open within one action pattern (folded; `*` for NotAction), for each resource; or what is unclear."""
        try:
            resources = self.resources
        except Unclear as reason:
            yield reason
            return
        for resource in resources:
            try:
                yield from self._on(pattern, resource)
            except Exhausted as reason:
                yield reason
                return
            except Unclear as reason:
                yield reason

    @property
    def resources(self) -> tuple[str, ...]:
        """The resource patterns of the first statement (`*` for NotResource), as far as all wanted ones share them.

        Only texts that are compared as they are spelled are cut, since what is left must be a text that people know.
        """
        if self._resources is None:
            first, *others = self.case.wanted
            shared = [box.resources for box in others if not box.not_resources and box.as_spelled]
            if first.not_resources:
                self._resources = ("*",)
            elif shared and first.as_spelled:
                self._resources = tuple(_starts(first.resources, shared, self.questions.budget))
            else:
                self._resources = first.resources
        return self._resources

    def _on(self, pattern: str, resource: str) -> Iterator[Opening]:
        """Like `Questions._search`: narrow the pattern where NotAction covers leave no other way."""
        whole = (pattern,) if ":" in pattern else self.questions.budget.meet(pattern, _ACTION)
        others = (box.actions for box in self.case.wanted[1:] if not box.not_actions)
        starts = _starts(whole, others, self.questions.budget)
        todo = [one for one in reversed(starts) if one in whole or one.count(":") == 1]  # as every action has
        seen = set(todo)
        while todo:
            narrow = todo.pop()
            opening, escapes = self._at(narrow, resource)
            if opening is not None:
                found = self._as_real(narrow, resource, opening)
                yield replace(found, pattern=pattern) if narrow in whole else found
                continue
            for box in escapes:
                self.questions.budget.spend(_MEET * len(box.actions))
                fresh = [
                    part
                    for text in box.actions
                    for part in self.questions.budget.meet(narrow, text)
                    if part not in seen and part.count(":") == 1
                ]
                seen.update(fresh)
                todo.extend(reversed(fresh))
            if len(seen) > MOST_PATTERNS:
                raise Unclear("its actions can be narrowed in too many ways")

    def _at(self, pattern: str, resource: str) -> tuple[Opening | None, tuple[Box, ...]]:
        escapes: dict[Box, None] = {}
        for point in points(pattern, self.singles):
            if point[0] == ":" or point[-1] == ":" or not self.meant(point):
                continue  # an action has a service and a name
            active = self._covers_of(point)
            place = self.place(resource, active)
            if place is not None:
                return Opening(point, None, pattern, resource, place), ()
            turned = [box for box in active if box.not_actions]
            steady = tuple(box for box in active if not box.not_actions)
            if turned and self.place(resource, steady) is not None:
                escapes.update(
                    dict.fromkeys(needed(turned, lambda boxes: self.place(resource, tuple(boxes)) is not None))
                )
        return None, tuple(escapes)

    def _covers_of(self, action: str) -> tuple[Box, ...]:
        found = self._active.get(action)
        if found is None:
            self.questions.budget.spend(self.case.effort(action))
            found = self._active[action] = self.case.active(action)
        return found

    def meant(self, action: str) -> bool:
        """Whether no NotAction of the wanted statements names it."""
        return not any(matcher(text)(action) for box in self._spared for text in box.actions)

    def place(self, resource: str, active: tuple[Box, ...]) -> Witness | None:
        """A place on a resource pattern that these covers leave."""
        first = self.case.wanted[0]
        self.questions.budget.spend(2 * len(active))
        if any(box.includes(resource, first) for box in active):
            return None
        return self.questions.place(resource, self.case.wanted, active)

    def _as_real(self, pattern: str, resource: str, opening: Opening) -> Opening:
        """The same with an action that exists, if any is open."""
        if not is_pattern(pattern):
            names = self.known(pattern)
            return replace(opening, real=names[0] if names else None)
        for name in self._uncovered(pattern):
            folded = name.lower()
            if folded == ALWAYS_ALLOWED or not self.meant(folded):
                continue
            try:
                place = self.place(resource, self._covers_of(folded))
            except Exhausted:
                raise
            except Unclear:
                continue
            if place is not None:
                return Opening(folded, name, pattern, resource, place)
        return opening

    def _uncovered(self, pattern: str) -> Iterator[str]:
        """The real actions of a pattern, without those that some cover plainly takes everywhere."""
        names = self.known(pattern)
        taken: set[str] = set()
        for index in self.case.covers:
            for box in index.boxes:
                if box.everywhere and not box.not_actions and len(names) > len(box.actions):
                    taken.update(name for text in box.actions for name in self.known(text))
        return (name for name in names if name not in taken)


def _starts(patterns: tuple[str, ...], others: Iterable[tuple[str, ...]], budget: Budget) -> list[str]:
    """What some patterns share with one of each further statement's."""
    found = list(patterns)
    for texts in others:
        found = list(dict.fromkeys(part for one in found for text in texts for part in budget.meet(one, text)))
    return found
