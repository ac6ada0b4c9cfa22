"""Find a resource and a request context for which some statements all apply, and none of some others does.

Of each resource pattern its points are tried (see `glob_sets`): a point that a statement does not cover decides for the
whole pattern. A statement with NotResource is the exception: the pattern is narrowed to what NotResource spares.
Variables are given every value that could matter. Where these are not known to be all, the question is asked again with
everything loosened; if that has an answer, the question itself is undecided.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias, TypeVar

from remit.iam.prove.budget import Budget, Exhausted
from remit.iam.prove.condition_atoms import Atom, equal_to
from remit.iam.prove.context_search import Context, find_context
from remit.iam.prove.encoded_text import has_marks, widened
from remit.iam.prove.glob_sets import UndecidedQuestion, points, some_points
from remit.iam.prove.statement_space import Box, loosened, tightened, with_values, within
from remit.iam.prove.variable_values import bindings, contested, measured, pins

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from remit.iam.prove.key_values import Premises

MOST_STEPS: Final = 3_000
_STEPS_PER_MEET, _STEPS_PER_COVER, _STEPS_PER_BINDING = 100, 8, 30
"""To meet two patterns, to see whether one covers another, to put values into a box."""

_ContextQuestion: TypeAlias = "tuple[tuple[Atom, ...], frozenset[frozenset[Atom]]]"
_WitnessQuestion: TypeAlias = tuple[str, tuple[Box, ...], tuple[Box, ...]]
_Question = TypeVar("_Question", bound=tuple[Any, ...])
_Answer = TypeVar("_Answer")


class Witness(NamedTuple):
    """A resource (encoded) and a context that answer a question with yes."""

    resource: str
    context: Context


class ResourceSearch:
    """Searches that share their answers and their budget. `premises` is what is taken for granted about keys."""

    __slots__ = ("_contexts", "_parts", "_witnesses", "budget", "premises")

    def __init__(self, premises: Premises, budget: Budget | None = None) -> None:
        self.premises = premises
        self.budget = budget or Budget()
        self._contexts: dict[_ContextQuestion, Context | UndecidedQuestion | None] = {}
        self._witnesses: dict[_WitnessQuestion, Witness | UndecidedQuestion | None] = {}
        self._parts: dict[_WitnessQuestion, tuple[str, ...] | UndecidedQuestion] = {}

    def witness(self, pattern: str, required: tuple[Box, ...], covers: tuple[Box, ...]) -> Witness | None:
        """A resource within `pattern` and a context where all of `required` apply, and none of `covers`.

        The pattern is one of the first required box's own (`*` for its NotResource). None: it is proven that there is
        none. UndecidedQuestion: it is not decided.
        """
        self.budget.spend(len(covers))
        return _answered_once(self._witnesses, (pattern, required, covers), self._find_witness)

    def parts(self, pattern: str, required: tuple[Box, ...], covers: tuple[Box, ...]) -> tuple[str, ...]:
        """The parts of a pattern where a witness may be.

        They are what further required statements name, and what the NotResource of each cover names that surely
        applies elsewhere.
        """
        return _answered_once(self._parts, (pattern, required, covers), self._find_parts)

    def _find_parts(self, pattern: str, required: tuple[Box, ...], covers: tuple[Box, ...]) -> tuple[str, ...]:
        """As `parts`, which keeps the answers. Where the meets are too many, the pattern alone, as it is."""
        if has_marks(pattern):
            return (pattern,)
        conditions = {atom for box in required for atom in box.atoms}
        narrowing = [box for box in required[1:] if not box.not_resources]
        narrowing += [box for box in covers if box.not_resources and conditions.issuperset(box.atoms)]
        texts = [tuple(map(widened, box.resources)) for box in narrowing]
        try:
            return tuple(self.budget.meet_lists((pattern,), texts))
        except Exhausted:
            raise
        except UndecidedQuestion:
            return (pattern,)

    def _find_witness(self, pattern: str, required: tuple[Box, ...], covers: tuple[Box, ...]) -> Witness | None:
        """As `witness`, which keeps the answers; None: there is none.

        Texts with variables or references take the slower way.
        """
        marked = _marked(required, covers)
        if marked:
            self.budget.spend(_STEPS_PER_COVER * _effort(covers))
            covers = within(covers, pattern)
            marked = _marked(required, covers)
        if not marked:
            return self._search(pattern, required, covers, ())
        variables: frozenset[str] = frozenset().union(*(box.variables for box in marked))
        on_pattern = with_pattern(required[0], pattern)
        return self._with_marks((on_pattern, *required[1:]), covers, variables)

    def _with_marks(
        self, required: tuple[Box, ...], covers: tuple[Box, ...], variables: frozenset[str]
    ) -> Witness | None:
        """The witness where texts hold variables or references; None: whatever they stand for, there is none.

        UndecidedQuestion: it hangs on values that were not tried.
        """
        effort = sum(_bind_steps(box) for box in (*required, *covers) if box.variables)
        self.budget.spend(effort * len(variables))
        tried, all_are_tried = bindings(variables, required, covers, self.premises, self.budget)
        witness = self._bound(required, covers, tried[0])
        # Loosened, the question allows more than any values do: without an answer there, no values have one.
        if witness is not None or not self._imaginable(required, covers):
            return witness
        for values in tried[1:]:
            witness = self._bound(required, covers, values)
            if witness is not None:
                return witness
        if not all_are_tried or doubtful(required, covers, variables, self.premises.multivalued):
            raise UndecidedQuestion("it depends on what its variables or late-bound parts stand for")
        return None

    def _bound(
        self, required: tuple[Box, ...], covers: tuple[Box, ...], values: dict[str, str | None]
    ) -> Witness | None:
        """The witness where the variables have these values; None: there is none, or no resource is left to ask for."""
        self.budget.spend(sum(_bind_steps(box) for box in (*required, *covers)))
        bound = tuple(with_values(box, values) for box in required)
        candidate = bound[0]
        if not candidate.not_resources and not candidate.resources:
            return None
        bound_covers = tuple(with_values(box, values) for box in covers)
        return self._search(_only_pattern(candidate), bound, bound_covers, pins(values))

    def _imaginable(self, required: tuple[Box, ...], covers: tuple[Box, ...]) -> bool:
        """Return whether there is a witness with the most that marks may mean.

        If not, there is none whatever they mean. True as well where that is undecided.
        """
        marked: frozenset[Atom] = frozenset().union(*(box.marked_atoms for box in required))
        implied = frozenset(
            atom for box in covers for atom in box.marked_atoms if any(true.implies(atom) for true in marked)
        )
        candidate = required[0]
        candidate_points: tuple[str, ...] = ()
        if not candidate.not_resources and not measured(required, covers):
            candidate_points = points(candidate.resources[0], _most_single_wildcards(covers))
        loose = tuple(loosened(box) for box in required)
        tight = tuple(tightened(box, implied, candidate_points) for box in covers if box.marked_atoms <= implied)
        try:
            return self._search(_only_pattern(loose[0]), loose, tight, absences(marked)) is not None
        except UndecidedQuestion:
            return True

    def _search(
        self, pattern: str, required: tuple[Box, ...], covers: tuple[Box, ...], pinned: tuple[Atom, ...]
    ) -> Witness | None:
        """The witness where every text stands for itself and the pinned conditions hold as well; None: there is none.

        Patterns are tried at their points. Where only covers with NotResource are in the way, the pattern is narrowed
        to what those name, which they do not apply to. UndecidedQuestion: there are too many ways to narrow it.
        """
        atoms = [atom for box in required for atom in box.atoms]
        conditions = tuple(dict.fromkeys((*atoms, *pinned)))
        sparing = tuple([box for box in required if box.not_resources])
        effort = _effort((*covers, *sparing))
        self.budget.spend(effort)
        further = [box.resources for box in required[1:] if not box.not_resources]
        todo = self.budget.meet_lists((pattern,), further)
        todo.reverse()
        visited = set(todo)
        steps = 0
        most_single_wildcards = _most_single_wildcards((*covers, *sparing))
        while todo:
            steps += 1
            narrow = todo.pop()
            near, near_sparing, most = covers, sparing, 0
            if most_single_wildcards:
                self.budget.spend(_STEPS_PER_COVER * effort)
                near, near_sparing = within(covers, narrow), within(sparing, narrow)
                most = _most_single_wildcards((*near, *near_sparing))
            witness, escapes = self._at_points(narrow, most, near_sparing, near, conditions)
            if witness is not None:
                return witness
            # A statement with NotResource applies everywhere but there: what escapes it lies within what it names.
            for box in escapes:
                self.budget.spend(_STEPS_PER_MEET * len(box.resources))
                fresh = [
                    part for text in box.resources for part in self.budget.meet(narrow, text) if part not in visited
                ]
                visited.update(fresh)
                todo.extend(fresh)
            if steps > MOST_STEPS or len(todo) > MOST_STEPS:
                raise UndecidedQuestion("its resources can be narrowed in too many ways")
        return None

    def _at_points(
        self,
        pattern: str,
        most_single_wildcards: int,
        sparing: tuple[Box, ...],
        covers: tuple[Box, ...],
        conditions: tuple[Atom, ...],
    ) -> tuple[Witness | None, tuple[Box, ...]]:
        """A witness at a point of a pattern; else None, and the covers with NotResource to narrow the pattern for.

        (None, ()): nothing that the pattern matches is open. UndecidedQuestion: a point cannot be decided; the budget
        is spent; or not every point could be tried, and none that was shows a witness.
        """
        # With `?` a pattern may have a thousand points: one cover that plainly takes all of it saves them.
        if most_single_wildcards:
            true = frozenset(conditions)
            if any(box.clause <= true and box.covers(pattern) for box in covers):
                return None, ()
        escapes: dict[Box, None] = {}
        tried, doubt = some_points(pattern, most_single_wildcards)
        effort = _effort(covers)
        for point in tried:
            if not point or not all(box.contains(point) for box in sparing):
                continue  # a request names some resource
            self.budget.spend(effort)
            active = [box for box in covers if box.contains(point)]
            context = self._context(conditions, active)
            if context is not None:
                return Witness(point, context), ()
            with_resource = [box for box in active if not box.not_resources]
            with_not_resource = [box for box in active if box.not_resources]
            if not with_not_resource or self._context(conditions, with_resource) is None:
                continue
            for box in with_not_resource:
                if self._context(conditions, [box]) is None:
                    return None, (box,)  # whatever point is tried, it leaves only what it names
            escapes.update(dict.fromkeys(with_not_resource))
        # Not every point was tried, so that having found none proves nothing.
        if doubt is not None:
            raise doubt
        return None, tuple(escapes)

    def _context(self, conditions: tuple[Atom, ...], active: Iterable[Box]) -> Context | None:
        """A context in which the conditions hold, and those of no active cover all do."""
        clauses = frozenset([box.clause for box in active])
        return _answered_once(
            self._contexts,
            (conditions, clauses),
            lambda known, open_clauses: find_context(known, open_clauses, self.premises, self.budget),
        )


def _answered_once(
    answers: dict[_Question, _Answer | UndecidedQuestion], question: _Question, answer_of: Callable[..., _Answer]
) -> _Answer:
    """The answer to a question, worked out once and kept in `answers`.

    An UndecidedQuestion is kept too, and raised each time.
    """
    if question not in answers:
        try:
            answers[question] = answer_of(*question)
        except UndecidedQuestion as reason:
            answers[question] = reason
    answer = answers[question]
    if isinstance(answer, UndecidedQuestion):
        raise answer
    return answer


def _marked(required: tuple[Box, ...], covers: tuple[Box, ...]) -> list[Box]:
    """The boxes with variables or references."""
    return [box for box in (*required, *covers) if box.marked_resources or box.marked_atoms]


def _effort(boxes: tuple[Box, ...]) -> int:
    """The steps to hold a resource against the patterns of boxes."""
    return sum([1 + len(box.globs) for box in boxes])


def _bind_steps(box: Box) -> int:
    """The steps to put the values of variables into a box."""
    return _STEPS_PER_BINDING * (len(box.resources) + len(box.atoms))


def _only_pattern(box: Box) -> str:
    """The resource pattern of a box with one; `*` for NotResource."""
    return "*" if box.not_resources else box.resources[0]


def with_pattern(box: Box, pattern: str) -> Box:
    """The box on one of its resource patterns (a NotResource stays as it is)."""
    if box.not_resources or box.resources == (pattern,):
        return box
    return box.with_parts(resources=(pattern,))


def _most_single_wildcards(boxes: tuple[Box, ...]) -> int:
    """The most `?` that a resource pattern of the boxes has."""
    return max((text.count("?") for box in boxes if box.globs for text in box.resources), default=0)


def absences(atoms: frozenset[Atom]) -> tuple[Atom, ...]:
    """The keys that must be absent whatever variables mean: those that must and must not equal the same value."""
    plain = [atom for atom in atoms if not atom.quantifier]
    equal = {(atom.operator, atom.key, atom.values) for atom in plain if not atom.negated}
    return tuple(
        equal_to(atom.name, None)
        for atom in plain
        if atom.negated and (atom.operator.replace("Not", ""), atom.key, atom.values) in equal
    )


def doubtful(
    required: tuple[Box, ...], covers: tuple[Box, ...], variables: frozenset[str], multivalued: frozenset[str]
) -> bool:
    """Return whether "no witness" under the values tried may be wrong, because a mark may have to equal something else.

    Where marks need only differ from things, they are the most general values, and nothing is in doubt. A variable's
    own key has a value already, and a condition with marks on that key demands a second one.
    """
    if not variables.isdisjoint(multivalued):
        return True
    if next(contested(required, covers), None) is not None or measured(required, covers):
        return True
    demands = [atom.key for box in required for atom in box.atoms if not atom.negated]
    demands += [atom.key for box in covers for atom in box.atoms if atom.negated]
    marked_keys = {atom.key for box in (*required, *covers) for atom in box.marked_atoms}
    return any(demands.count(key) + (key in variables) > 1 for key in marked_keys)
