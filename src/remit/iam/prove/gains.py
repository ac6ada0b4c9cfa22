"""One direction of a comparison: everything that the new side allows and the old side does not."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, product
from math import prod
from typing import TYPE_CHECKING, Final, TypeAlias

from remit.iam.comparison import Piece, SideDifference, Tier, Undecided
from remit.iam.pattern import covers, overlaps
from remit.iam.policy import OLD_VERSION, VERSION, Globs
from remit.iam.prove.alphabet import has_marks, has_shape, widened
from remit.iam.prove.budget import Budget
from remit.iam.prove.glob_sets import Unclear
from remit.iam.prove.key_values import Premises
from remit.iam.prove.new_actions import ALWAYS_ALLOWED, Case, Known, Openings
from remit.iam.prove.satisfiable import Questions
from remit.iam.prove.statement_space import spelling
from remit.iam.prove.witness import Words, request_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from remit.iam.prove.compared_policies import Side
    from remit.iam.prove.new_actions import Opening
    from remit.iam.prove.statement_space import Box, Compiled

SETS: Final = frozenset(
    ("aws:tagkeys", "aws:calledvia", "aws:principalorgpaths", "aws:principalservicenameslist", "aws:resourceorgpaths")
)
"""Keys that have several values whoever reads them. Source: "AWS global condition context keys" (IAM User Guide)."""
_Actions: TypeAlias = "tuple[tuple[str, str], ...]"
MOST_CASES: Final = 20_000
_SHAPELESS: Final = "which resource a reference means is known at the deploy only"
_TOO_MANY: Final = "the layers can be combined in too many ways"
_WITNESS, _AT_ONCE = 200, 8  # steps of a request and its check; texts of a list that one step compares
MOST_PIECES: Final = 200  # of a statement; of each further action the first resource is told
MOST_IN_ALL: Final = 3_000  # of further statements the first piece is told; as well when half of the budget is spent


class Sweep:
    """The gains of `new` over `old`, which findings call by the name `other`.

    `undecided` is complete once the gains have been taken.
    """

    def __init__(self, old: Side, new: Side, known: Known, other: str = "old", budget: Budget | None = None) -> None:
        self.other = other
        self.count = 0
        self.old = old
        self.new = new
        self.known = known
        self.budget = budget or Budget()
        self._counted = 0
        self._questions: Questions | None = None
        self._spellings: dict[str, str] | None = None
        self.undecided: dict[Undecided, None] = {
            Undecided(source, reason): None for side in (old, new) for source, reason in side.unclear()
        }
        self.words = Words(*old.compiled, *new.compiled)
        self._limits = tuple(
            (
                policies,
                tuple(policy.allows for policy in policies if policy.allows.boxes),
                SideDifference(other, _TITLES.get(name, name)),
            )
            for name, policies in old.layers
            if not any(policy.everything for policy in policies)
        )
        self._gone = _removed(old, new) if old.denies else ()

    @property
    def questions(self) -> Questions:
        """Made when there is one: most statements of most changes are spelled on both sides."""
        if self._questions is None:
            statements = (box.statement for side in (self.old, self.new) for own in side.compiled for box in own.boxes)
            self._questions = Questions(Premises.of(statements, SETS), self.budget)
        return self._questions

    @property
    def spellings(self) -> dict[str, str]:
        """The action patterns of either side by how they are folded, as somebody spells them."""
        if self._spellings is None:
            boxes = (box for side in (self.old, self.new) for policy in side.compiled for box in policy.boxes)
            pairs = (zip(box.actions, box.statement.actions.patterns, strict=True) for box in boxes)
            self._spellings = dict(chain.from_iterable(pairs))
        return self._spellings

    def gains(self, *, first: bool = False) -> Iterator[Piece]:
        """Every gain, in the order of the new side's statements; with `first`, the first one alone.

        Beyond limits that only generated policies reach, not every resource of every action is told.
        """
        told: set[tuple[Box, str, str]] = set()
        for box in self._candidates():
            try:
                for case, difference, actions in self._cases(box):
                    for piece in self._pieces(box, case, difference, actions, told, first=first):
                        yield piece
                        if first:
                            return
            except Unclear as reason:
                self._leave(box, str(reason))

    def _candidates(self) -> Iterator[Box]:
        return (box for policy in self.new.layers[0][1] for box in policy.allows.boxes)

    def _cases(self, box: Box) -> Iterator[tuple[Case, SideDifference, _Actions]]:
        """How a statement may be new: a layer of the other side does not allow it, or a Deny there forbids it.

        With each case its reason, and the action patterns to ask about.
        """
        limits = [
            (allows, difference, left)
            for policies, allows, difference in self._limits
            if (left := tuple(self._left(box, policies)))
        ]
        if not limits and not self._gone:
            return
        denies = self.new.denies
        for wanted in self._together(box):
            for allows, difference, left in limits:
                self._count()
                yield Case(wanted, (*allows, *denies)), difference, left
            for denial in self._gone:
                self.budget.spend(1)
                if not _apart(box, denial):
                    self._count()
                    difference = SideDifference(self.other, denial=self.old.source(denial))
                    yield Case((*wanted, denial), denies), difference, tuple(self._left(box, ()))

    def _count(self) -> None:
        self._counted += 1
        if self._counted > MOST_CASES:
            raise Unclear(_TOO_MANY)

    def _together(self, box: Box) -> Iterator[tuple[Box, ...]]:
        """The statement with one Allow of each further layer."""
        others: list[list[Box]] = []
        for _, layer in self.new.layers[1:]:
            if not any(policy.everything for policy in layer):
                boxes = [other for policy in layer for other in policy.allows.boxes]
                self.budget.spend(len(boxes))
                others.append([other for other in boxes if not _apart(box, other)])
        if prod(map(len, others)) > MOST_CASES:
            raise Unclear(_TOO_MANY)
        return ((box, *chosen) for chosen in product(*others))

    def _pieces(
        self,
        box: Box,
        case: Case,
        difference: SideDifference,
        actions: _Actions,
        told: set[tuple[Box, str, str]],
        *,
        first: bool,
    ) -> Iterator[Piece]:
        openings = Openings(case, self.questions, self.known)
        count = 0
        for action, spelled in actions:
            for found in openings.of(action):
                if isinstance(found, Unclear):
                    self._leave(box, str(found))
                    continue
                if (box, found.pattern, found.resource) in told:
                    continue
                if _perhaps_covered(case, box, found):
                    self._leave(box, _SHAPELESS)
                    continue
                name = spelled if found.pattern == action else self.spellings.get(found.pattern, found.pattern)
                piece = self._checked(box, name, found, difference, lifelike=not first)
                if piece is not None:
                    told.add((box, found.pattern, found.resource))
                    count += 1
                    self.count += 1
                    spent = self.count > MOST_IN_ALL or self.budget.left < self.budget.steps // 2
                    yield replace(piece, whole=True) if spent or count > MOST_PIECES else piece
                    if first or spent:
                        return
                    if count > MOST_PIECES:
                        break

    def _left(self, box: Box, compared: tuple[Compiled, ...]) -> Iterator[tuple[str, str]]:
        """Action patterns that no statement of the same resources and conditions spells: folded, as spelled."""
        if box.not_actions:
            yield "*", "*"
            return
        alike = [other for policy in compared for other in policy.said.get(box.spelled, ())]
        patterns = box.statement.actions.patterns
        if any(other.statement.actions.patterns == patterns for other in alike):
            return
        self.budget.spend((len(patterns) + sum(len(other.statement.actions.patterns) for other in alike)) // _AT_ONCE)
        alike += [other for policy in compared for every in _EVERYWHERE for other in policy.said.get(every, ())]
        left = set(box.actions).difference(*(other.actions for other in alike))
        for folded, spelled in zip(box.actions, patterns, strict=True) if left else ():
            if folded in left:
                left.discard(folded)
                yield folded, spelled

    def _checked(
        self, box: Box, spelled: str, found: Opening, difference: SideDifference, *, lifelike: bool
    ) -> Piece | None:
        """The finding with a request that the evaluator agrees about; else it is left undecided."""
        if found.action == ALWAYS_ALLOWED:
            return None
        resource = box.spelling_of(found.resource)
        self.budget.spend(_WITNESS + sum(policy.effort for side in (self.old, self.new) for policy in side.compiled))
        request = request_for(found, self.words, self.old, self.new, spelled=spelled, lifelike=lifelike)
        if request is None:
            unsure = "it depends on what its late-bound parts stand for"
            unseen = f"the evaluator does not confirm what was found about {spelled} on {resource}"
            self._leave(box, unsure if self.words.late else unseen)
            return None
        tier: Tier = "now" if found.real is not None else "future"
        return Piece(self.new.source(box), spelled, resource, request, tier, difference)

    def _leave(self, box: Box, reason: str) -> None:
        self.undecided[Undecided(self.new.source(box), reason)] = None


def _perhaps_covered(case: Case, box: Box, found: Opening) -> bool:
    """Whether a reference of which nobody knows what ARN it is decides: some cover holds on some of what it may be."""
    resource = found.resource
    if not (box.marked_resources or box.marked_atoms):
        return False
    active = case.active(found.action)
    plain = [cover.resources for cover in active if not cover.not_resources]
    if not has_shape(resource) and any(_on_some(patterns, resource) for patterns in plain):
        return True
    given = [
        (atom.key, text)
        for atom in box.marked_atoms
        if atom.kind == "ARN" and not atom.negated
        for text in atom.values
        if not has_shape(text)
    ]
    limits = [(atom.key, atom.values) for cover in active for atom in cover.atoms if atom.kind == "ARN"]
    return any(key == its and _on_some(texts, text) for key, text in given for its, texts in limits)


def _on_some(patterns: Iterable[str], text: str) -> bool:
    """Whether some pattern without references takes some of what a text may be, and not the reference itself."""
    every = widened(text)
    return any(not has_marks(one) and overlaps(one, every) and not covers(one, text) for one in patterns)


_EVERYWHERE: Final = tuple(spelling(Globs(("*",)), (), version) for version in (VERSION, OLD_VERSION))


def _said(box: Box) -> tuple[object, ...]:
    return box.spelled, box.actions, box.not_actions, box.statement.principals


def _removed(old: Side, new: Side) -> tuple[Box, ...]:
    """The denials of the old side that no statement of the new one plainly repeats."""
    spelled = {_said(denial) for denial in new.denials}
    gone = [denial for denial in old.denials if _said(denial) not in spelled]
    meant = {denial.meaning for denial in new.denials} if gone else set()
    return tuple(denial for denial in gone if denial.meaning not in meant)


_TITLES: Final = {"identity": "side", "session": "session policy"}
"""What a layer is called, where it is not called by its name."""


def _apart(one: Box, other: Box) -> bool:
    """Whether two statements plainly speak of different services, or of different resources."""
    if not (one.not_resources or other.not_resources or one.globs or other.globs):
        literal = not (one.marked_resources or other.marked_resources)
        if literal and one.exact.isdisjoint(other.exact):
            return True
    if one.not_actions or other.not_actions:
        return False
    if not (one.plain_services and other.plain_services):
        return False
    return one.services.isdisjoint(other.services)
