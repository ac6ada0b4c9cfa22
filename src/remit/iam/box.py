"""A statement as a box, actions by resources by conditions, and the boxes of a policy found by action.

Everything is folded and encoded once per policy object, so that a policy compared again costs nothing.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from remit.iam.atom import Atom, atom_of, present, with_variables
from remit.iam.glob import Unclear
from remit.iam.marks import encode, filled, has_marks, variables_in, widened
from remit.iam.pattern import is_pattern, matcher
from remit.iam.rule import Kept

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remit.iam.pattern import Matcher
    from remit.iam.policy import Policy, Statement


@dataclass(frozen=True, slots=True, eq=False)
class Box:
    """One statement: `actions` are folded patterns, `resources` and `atoms` encoded; `not_…` turn them around."""

    statement: Statement
    index: int
    actions: tuple[str, ...]
    not_actions: bool
    resources: tuple[str, ...]
    not_resources: bool
    atoms: tuple[Atom, ...]
    exact: frozenset[str]
    globs: tuple[str, ...]
    variables: frozenset[str]
    marked_resources: bool
    marked_atoms: frozenset[Atom]

    @property
    def deny(self) -> bool:
        """Whether it forbids."""
        return self.statement.effect == "Deny"

    @property
    def meaning(self) -> tuple[object, ...]:
        """Equal for statements that plainly say the same."""
        return (
            self.statement.effect,
            self.statement.principals,
            frozenset(self.actions),
            self.not_actions,
            frozenset(self.resources),
            self.not_resources,
            frozenset(self.atoms),
        )

    @property
    def reach(self) -> tuple[object, ...]:
        """All but the actions; equal only for statements that spell it alike."""
        return self.resources, self.not_resources, self.atoms

    @property
    def everywhere(self) -> bool:
        """Whether it holds on every resource and in every context."""
        return not self.atoms and not self.not_resources and "*" in self.resources

    @property
    def takes_every_action(self) -> bool:
        """Whether it plainly speaks of every action."""
        return not self.not_actions and "*" in self.actions

    def on(self, point: str) -> bool:
        """Whether its resources contain a point."""
        found = point in self.exact or any(matcher(text)(point) for text in self.globs)
        return found is not self.not_resources


def box_of(statement: Statement, index: int, version: str, *, speaks_without_resource: bool = False) -> Box:
    """The box of a statement. Without a Resource it means every one in a Deny, and none in an Allow, as IAM has it."""
    resources = statement.resources
    everything = statement.effect == "Deny" or speaks_without_resource
    texts = resources.patterns if resources else ("*",) if everything else ()
    return _box(
        statement,
        index,
        tuple(dict.fromkeys(map(str.lower, statement.actions.patterns))),
        tuple(text if text.isascii() and "${" not in text else encode(text, version, resource=True) for text in texts),
        bool(resources and resources.negated),
        tuple(atom_of(condition, version) for condition in statement.conditions),
    )


def _box(
    statement: Statement,
    index: int,
    actions: tuple[str, ...],
    resources: tuple[str, ...],
    not_resources: bool,  # noqa: FBT001 - a field
    atoms: tuple[Atom, ...],
) -> Box:
    marked = frozenset(atom for atom in atoms if atom.marked)
    late = [text for text in resources if _marked(text)]
    globs = tuple(text for text in resources if is_pattern(text))
    return Box(
        statement,
        index,
        actions,
        statement.actions.negated,
        resources,
        not_resources,
        atoms,
        frozenset(resources).difference(globs),
        globs,
        frozenset().union(*map(variables_in, (*late, *(text for atom in marked for text in atom.values)))),
        bool(late),
        marked,
    )


def _marked(text: str) -> bool:
    return not text.isascii() and has_marks(text)


def with_values(box: Box, values: dict[str, str | None]) -> Box:
    """The box with variables in place; what has no value matches nothing."""
    if not box.variables & values.keys():
        return box
    texts = (filled(text, values) for text in box.resources)
    return _box(
        box.statement,
        box.index,
        box.actions,
        tuple(text for text in texts if text is not None),
        box.not_resources,
        tuple(with_variables(atom, values) for atom in box.atoms),
    )


def loosened(box: Box) -> Box:
    """The most that the box may turn out to mean, whatever its marks stand for."""
    resources = tuple(
        widened(text) if _marked(text) else text for text in box.resources if not (box.not_resources and _marked(text))
    )
    atoms = tuple(
        present(atom.name) if atom.marked else atom for atom in box.atoms if not atom.marked or atom.needs_presence
    )
    return _box(box.statement, box.index, box.actions, resources, box.not_resources, atoms)


def tightened(box: Box, held: frozenset[Atom], shown: tuple[str, ...]) -> Box:
    """The least that a cover surely means where `held` are true, on the pattern whose points are `shown`.

    A cover that contains these points contains all that the pattern may turn out to be.
    """
    if shown and not box.not_resources and all(map(box.on, shown)):
        resources: tuple[str, ...] = ("*",)
    else:
        resources = tuple(
            widened(text) if _marked(text) else text for text in box.resources if box.not_resources or not _marked(text)
        )
    atoms = tuple(atom for atom in box.atoms if atom not in held)
    return _box(box.statement, box.index, box.actions, resources, box.not_resources, atoms)


def narrowed(box: Box, atoms: tuple[Atom, ...]) -> Box:
    """The box with further conditions."""
    return replace(box, atoms=(*box.atoms, *atoms))


class Index:
    """Boxes by the actions that they speak of."""

    __slots__ = ("_by_service", "_literal", "_loose", "_negated", "boxes", "singles")

    def __init__(self, boxes: Iterable[Box]) -> None:
        self.boxes = tuple(boxes)
        self.singles = 0
        self._literal: defaultdict[str, list[Box]] = defaultdict(list)
        self._by_service: dict[str, list[tuple[Matcher, Box]]] = {}
        self._loose: list[tuple[Matcher, Box]] = []
        self._negated: list[tuple[frozenset[str], tuple[Matcher, ...], Box]] = []
        for box in self.boxes:
            self._add(box)

    def _add(self, box: Box) -> None:
        if box.not_actions:
            globs = tuple(text for text in box.actions if is_pattern(text))
            self._negated.append((frozenset(box.actions) - set(globs), tuple(map(matcher, globs)), box))
            self.singles = max(self.singles, *(text.count("?") for text in box.actions))
            return
        literal = self._literal
        for text in box.actions:
            if "*" not in text and "?" not in text:
                literal[text].append(box)
                continue
            self.singles = max(self.singles, text.count("?"))
            service = text.partition(":")[0]
            group = self._loose if is_pattern(service) else self._by_service.setdefault(service, [])
            group.append((matcher(text), box))

    def at(self, action: str) -> list[Box]:
        """The boxes that speak of an action, each once."""
        found = list(self._literal.get(action, ()))
        found += [box for match, box in self._by_service.get(action.partition(":")[0], ()) if match(action)]
        found += [box for match, box in self._loose if match(action)]
        found += [
            box
            for literals, globs, box in self._negated
            if action not in literals and not any(glob(action) for glob in globs)
        ]
        return list(dict.fromkeys(found)) if len(found) > 1 else found


class Compiled:
    """A policy's boxes, Allow and Deny apart; `unclear` are the statements that cannot be compared at all."""

    __slots__ = ("_letters", "allows", "denies", "everything", "said", "unclear")

    def __init__(self, policy: Policy, *, speaks_without_resource: bool = False) -> None:
        boxes: list[Box] = []
        self._letters: frozenset[str] | None = None
        self.unclear: list[tuple[int, Statement, str]] = []
        for index, statement in enumerate(policy.statements):
            try:
                boxes.append(box_of(statement, index, policy.version, speaks_without_resource=speaks_without_resource))
            except Unclear as reason:
                self.unclear.append((index, statement, str(reason)))
        self.allows = Index(box for box in boxes if not box.deny)
        self.denies = Index(box for box in boxes if box.deny)
        self.everything = next((box for box in self.allows.boxes if box.everywhere and box.takes_every_action), None)
        self.said: dict[tuple[object, ...], set[str]] = {}
        for box in self.allows.boxes:
            if not box.not_actions:
                self.said.setdefault(box.reach, set()).update(box.actions)

    @property
    def boxes(self) -> tuple[Box, ...]:
        """All boxes."""
        return (*self.allows.boxes, *self.denies.boxes)

    @property
    def letters(self) -> frozenset[str]:
        """Every character that some text of it has."""
        if self._letters is None:
            self._letters = frozenset().union(
                *(text for box in self.boxes for text in (*box.actions, *box.resources)),
                *(text for box in self.boxes for atom in box.atoms for text in atom.values),
            )
        return self._letters


_COMPILED: Final = Kept(4096)


def compiled(policy: Policy) -> Compiled:
    """The compiled form of a policy, made once per object."""
    found: Compiled | None = _COMPILED.get(policy)
    return found if found is not None else _COMPILED.put(policy, Compiled(policy))
