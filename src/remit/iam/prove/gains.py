"""Everything that the new side of a comparison allows and the old side does not: one direction of `compare`."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from itertools import chain, islice, product
from math import prod
from typing import TYPE_CHECKING, Final, NamedTuple

from remit.iam.comparison import Piece, SideDifference, Tier, Undecided
from remit.iam.pattern import covers, overlaps
from remit.iam.policy import OLD_VERSION, VERSION, Globs
from remit.iam.prove.action_search import ActionSearch, ActionsOf, Case, Opening
from remit.iam.prove.budget import Budget, Exhausted
from remit.iam.prove.encoded_text import has_marks, has_shape, widened
from remit.iam.prove.example_requests import Words, request_for
from remit.iam.prove.glob_sets import UndecidedQuestion
from remit.iam.prove.key_values import Premises
from remit.iam.prove.resource_search import ResourceSearch
from remit.iam.prove.simple_gains import simple_gain
from remit.iam.prove.statement_space import Box, CompiledPolicy, Index, spelling
from remit.iam.special_cases import ALWAYS_ALLOWED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from remit.iam.prove.compared_side import Side
    from remit.iam.prove.condition_atoms import Atom
    from remit.iam.request import Request

MOST_CASES: Final = 20_000
_SHAPELESS: Final = "which resource a reference means is known at the deploy only"
_TOO_MANY: Final = "the layers can be combined in too many ways"
_STEPS_PER_EXAMPLE: Final = 200  # a request and its check
_MOST_EXAMPLES: Final = 100  # that are tried where the first is none that can be made today
_TEXTS_PER_STEP: Final = 8  # of a list that is compared
MOST_PIECES: Final = 200  # of one statement; beyond them, of each action only the first resource is reported
MOST_LOOKS: Final = 20  # undecided statements for which plain requests are tried
MOST_IN_ALL: Final = 3_000  # beyond them, or when half of the budget is spent, one piece of each statement is reported


class _Limit(NamedTuple):
    """A layer of the old side that does not allow everything, with its Allow statements and the reason to report."""

    policies: tuple[CompiledPolicy, ...]
    allows: tuple[Index, ...]
    difference: SideDifference


class _Question(NamedTuple):
    """A case, what it would show, and the action patterns to ask about: each folded, and as spelled."""

    case: Case
    difference: SideDifference
    actions: tuple[tuple[str, str], ...]


class GainSearch:
    """Search everything that `new` allows and `old` does not; reasons call the old side `old_name`.

    `undecided` is complete once the gains have been taken.
    """

    def __init__(
        self, old: Side, new: Side, actions_of: ActionsOf, old_name: str = "old", budget: Budget | None = None
    ) -> None:
        self.old_name = old_name
        self.old = old
        self.new = new
        self.actions_of = actions_of
        self.budget = budget or Budget()
        self._cases = 0
        self._pieces = 0
        self.undecided: dict[Undecided, None] = {
            Undecided(source, reason): None for side in (old, new) for source, reason in side.undecided()
        }
        self.policies = (*old.compiled, *new.compiled)
        self.words = Words(*self.policies)
        self._limits: list[_Limit] = []
        for name, policies in old.layers:
            if not any(policy.everything for policy in policies):
                allows = tuple(policy.allows for policy in policies if policy.allows.boxes)
                self._limits.append(_Limit(policies, allows, SideDifference(old_name, _TITLES.get(name, name))))
        self._removed_denials = _removed(old, new) if old.denies else ()

    @cached_property
    def resource_search(self) -> ResourceSearch:
        """The search for resources and contexts, which shares this budget.

        It is made at the first question: most statements of most changes are spelled on both sides.
        """
        statements = (box.statement for policy in self.policies for box in policy.boxes)
        return ResourceSearch(Premises.of(statements), self.budget)

    @cached_property
    def spellings(self) -> dict[str, str]:
        """The action patterns of either side by their folded form, as a statement spells them."""
        spellings: dict[str, str] = {}
        for policy in self.policies:
            for box in policy.boxes:
                spellings |= zip(box.actions, box.statement.actions.patterns, strict=True)
        return spellings

    def gains(self, *, only_first: bool = False) -> Iterator[Piece]:
        """Every gain, in the order of the new side's statements.

        Beyond limits that only generated policies reach, not every resource of every action is reported. What cannot be
        decided is noted in `undecided`, not raised.
        """
        reported: set[tuple[Box, str, str]] = set()
        # Every request that the new side allows is allowed by one of these: no gain is elsewhere.
        candidates = [box for policy in self.new.layers[0][1] for box in policy.allows.boxes]
        looks = 0
        for box in candidates:
            undecided = len(self.undecided)
            is_gain = False
            try:
                for question in self._questions(box):
                    for piece in self._answers(box, question, reported, only_first=only_first):
                        is_gain = True
                        yield piece
                        if only_first:
                            return
            except UndecidedQuestion as reason:
                self._leave_undecided(box, str(reason))
            if len(self.undecided) > undecided and not (is_gain or only_first) and looks < MOST_LOOKS:
                looks += 1
                piece_at_a_look = simple_gain(box, self.old, self.new, self.old_name, self.actions_of)
                if piece_at_a_look is not None:
                    yield piece_at_a_look

    def _questions(self, box: Box) -> Iterator[_Question]:
        """How a statement may be new: a layer of the old side does not allow it, or a Deny there forbids it."""
        limits: list[tuple[_Limit, tuple[tuple[str, str], ...]]] = []
        for limit in self._limits:
            actions = self._unrepeated_actions(box, limit.policies)
            if actions:
                limits.append((limit, actions))
        if not limits and not self._removed_denials:
            return
        # The old side refuses what a layer of it does not allow, or a Deny of it denies: a case for each of them.
        denies = self.new.denies
        for required in self._with_further_layers(box):
            for limit, actions in limits:
                self._count_case()
                yield _Question(Case(required, (*limit.allows, *denies)), limit.difference, actions)
            for denial, of_rcp in self._removed_denials:
                self.budget.spend(1)
                if not _apart(box, denial):
                    self._count_case()
                    difference = SideDifference(self.old_name, denial=self.old.source(denial))
                    actions = self._unrepeated_actions(box, ())
                    yield _Question(Case((*required, denial), denies, of_rcp), difference, actions)

    def _count_case(self) -> None:
        """Count one more case. UndecidedQuestion: there are too many."""
        self._cases += 1
        if self._cases > MOST_CASES:
            raise UndecidedQuestion(_TOO_MANY)

    def _with_further_layers(self, box: Box) -> Iterator[tuple[Box, ...]]:
        """The statement with one Allow of each further layer of the new side, in every combination.

        Allows that cannot meet it are left out. UndecidedQuestion: there are too many combinations.
        """
        choices: list[list[Box]] = []
        for _, layer in self.new.layers[1:]:
            # A layer that allows everything, as FullAWSAccess does, asks nothing of a request.
            if not any(policy.everything for policy in layer):
                allows = [allow for policy in layer for allow in policy.allows.boxes]
                self.budget.spend(len(allows))
                choices.append([allow for allow in allows if not _apart(box, allow)])
        if prod(map(len, choices)) > MOST_CASES:
            raise UndecidedQuestion(_TOO_MANY)
        return ((box, *chosen) for chosen in product(*choices))

    def _answers(
        self, box: Box, question: _Question, reported: set[tuple[Box, str, str]], *, only_first: bool
    ) -> Iterator[Piece]:
        """The gains of a statement that answer a question, but those `reported`, which grows by them.

        Beyond the limits a piece stands for the rest as well (`whole`).
        """
        action_search = ActionSearch(question.case, self.resource_search, self.actions_of, of_today=not only_first)
        pieces = 0
        for action, spelled in question.actions:
            for opening in action_search.openings(action):
                if isinstance(opening, UndecidedQuestion):
                    resources = ("*",) if box.not_resources else box.resources
                    if isinstance(opening, Exhausted) or not all((box, action, text) in reported for text in resources):
                        self._leave_undecided(box, str(opening))
                    continue
                access = (box, opening.pattern, opening.resource)
                if access in reported:
                    continue
                name = spelled if opening.pattern == action else self.spellings.get(opening.pattern, opening.pattern)
                piece = self._piece(box, question, opening, name, action_search)
                if piece is None:
                    continue
                reported.add(access)
                pieces += 1
                self._pieces += 1
                spent = self._pieces > MOST_IN_ALL or self.budget.left < self.budget.steps // 2
                yield replace(piece, whole=True) if spent or pieces > MOST_PIECES else piece
                if only_first or spent:
                    return
                if pieces > MOST_PIECES:
                    break

    def _unrepeated_actions(self, box: Box, compared: tuple[CompiledPolicy, ...]) -> tuple[tuple[str, str], ...]:
        """The action patterns of `box`, folded and as spelled, that no statement of `compared` plainly repeats.

        Such a one has its Resource and Condition, or holds everywhere. Of NotAction it is `*`, whatever repeats it.
        """
        if box.not_actions:
            return (("*", "*"),)
        patterns = box.statement.actions.patterns
        alike: list[Box] = []
        for policy in compared:
            alike += policy.by_spelling.get(box.spelled, ())
        for allow in alike:
            # The statement stands on the other side as well: most statements of real changes end here.
            if allow.statement.actions.patterns == patterns:
                return ()
        pattern_count = len(patterns) + sum(len(allow.statement.actions.patterns) for allow in alike)
        self.budget.spend(pattern_count // _TEXTS_PER_STEP)
        alike += _everywhere_beside(box, compared)
        unrepeated = set(box.actions).difference(*[allow.actions for allow in alike])
        if not unrepeated:
            return ()
        first_spellings: dict[str, str] = {}
        for folded, spelled in zip(box.actions, patterns, strict=True):
            if folded in unrepeated:
                first_spellings.setdefault(folded, spelled)
        return tuple(first_spellings.items())

    def _piece(
        self, box: Box, question: _Question, opening: Opening, spelled: str, action_search: ActionSearch
    ) -> Piece | None:
        """An opening with a request that the evaluator confirms; None: it is no gain, or it is left undecided."""
        if _perhaps_covered(action_search, box, opening):
            self._leave_undecided(box, _SHAPELESS)
            return None
        if opening.action in ALWAYS_ALLOWED:  # no policy grants or takes it
            return None
        resource = box.spelling_of(opening.resource)
        self.budget.spend(_STEPS_PER_EXAMPLE + sum(policy.effort for policy in self.policies))
        example = self._example(opening, spelled, action_search)
        is_of_today = example is not None and example[1] == "now"
        may_be_of_today = opening.usable and not is_of_today and self.words.late_beyond_partition  # reads every text
        if example is None or may_be_of_today:
            reason = "it depends on what its late-bound parts stand for"
            unconfirmed = f"the evaluator does not confirm what was found about {spelled} on {resource}"
            self._leave_undecided(box, reason if self.words.late else unconfirmed)
            return None
        request, tier = example
        return Piece(self.new.source(box), spelled, resource, request, tier, question.difference)

    def _example(self, opening: Opening, spelled: str, action_search: ActionSearch) -> tuple[Request, Tier] | None:
        """As `request_for`; in place of one that cannot be made today, one near by that can, if a few tries find it."""
        of_today = action_search.of_today
        example = request_for(opening, self.words, self.old, self.new, spelled=spelled, lifelike=of_today)
        if opening.usable and example is not None and example[1] != "now":
            narrower = chain(action_search.narrowed(opening), action_search.on_other_actions(opening))
            for narrow in islice(narrower, _MOST_EXAMPLES):
                of_part = request_for(narrow, self.words, self.old, self.new, spelled=spelled, lifelike=True)
                if of_part is not None and of_part[1] == "now":
                    return of_part
        return example

    def _leave_undecided(self, box: Box, reason: str) -> None:
        """Note that a statement of the new side is undecided."""
        self.undecided[Undecided(self.new.source(box), reason)] = None


def _perhaps_covered(action_search: ActionSearch, box: Box, opening: Opening) -> bool:
    """Return whether it hangs on a reference that may be any ARN: some cover applies to some of what it may be."""
    if not (box.marked_resources or box.marked_atoms):
        return False
    covering = action_search.active_covers(opening.action)
    if _resource_perhaps_covered(opening.resource, covering):
        return True
    return any(_condition_perhaps_covered(atom, covering) for atom in box.marked_atoms)


def _resource_perhaps_covered(resource: str, covering: Iterable[Box]) -> bool:
    """Return whether the resource is a reference of any shape, and a cover's Resource names some of what it may be."""
    if has_shape(resource):
        return False
    return any(_covers_some(cover.resources, resource) for cover in covering if not cover.not_resources)


def _condition_perhaps_covered(atom: Atom, covering: Iterable[Box]) -> bool:
    """As `_resource_perhaps_covered`, of the references in a condition that compares ARNs."""
    if atom.kind != "ARN" or atom.negated:
        return False
    shapeless = [text for text in atom.values if not has_shape(text)]
    conditions = [condition for cover in covering for condition in cover.atoms]
    of_the_key = [condition for condition in conditions if condition.kind == "ARN" and condition.key == atom.key]
    return any(_covers_some(condition.values, text) for condition in of_the_key for text in shapeless)


def _covers_some(patterns: Iterable[str], text: str) -> bool:
    """Tell whether some pattern without references matches some of what a text may be, and not the reference itself."""
    anything = widened(text)
    return any(
        not has_marks(pattern) and overlaps(pattern, anything) and not covers(pattern, text) for pattern in patterns
    )


_EVERYWHERE: Final = tuple(spelling(Globs(("*",)), (), version) for version in (VERSION, OLD_VERSION))


def _everywhere_beside(box: Box, compared: tuple[CompiledPolicy, ...]) -> list[Box]:
    """The statements on every resource in every context, without those of the spelling of a box."""
    spellings = [number for number in _EVERYWHERE if number != box.spelled]
    boxes: list[Box] = []
    for policy in compared:
        for number in spellings:
            boxes += policy.by_spelling.get(number, ())
    return boxes


def _as_spelled(box: Box) -> tuple[object, ...]:
    """What two statements have in common that are spelled alike."""
    return box.spelled, box.actions, box.not_actions, box.statement.principals


def _removed(old: Side, new: Side) -> tuple[tuple[Box, bool], ...]:
    """The Deny statements of the old side that no statement of the new one plainly repeats, as `Side.denials`."""
    new_denials = tuple(new.denials)
    spelled = {(_as_spelled(box), of_rcp) for box, of_rcp in new_denials}
    removed = [(box, of_rcp) for box, of_rcp in old.denials if (_as_spelled(box), of_rcp) not in spelled]
    # By spelling first, which is a number: what statements mean is worked out for the few that differ.
    meanings = {(box.meaning, of_rcp) for box, of_rcp in new_denials} if removed else set()
    return tuple((box, of_rcp) for box, of_rcp in removed if (box.meaning, of_rcp) not in meanings)


_TITLES: Final = {"identity": "side", "session": "session policy", "endpoint": "VPC endpoint's policy"}
"""How sentences call a layer, where that is not its name."""


def _apart(box: Box, further: Box) -> bool:
    """Return whether two statements plainly speak of different services, or of different resources."""
    if not (box.not_resources or further.not_resources or box.globs or further.globs):
        literal = not (box.marked_resources or further.marked_resources)
        if literal and box.exact.isdisjoint(further.exact):
            return True
    if box.not_actions or further.not_actions:
        return False
    return box.plain_services and further.plain_services and box.services.isdisjoint(further.services)
