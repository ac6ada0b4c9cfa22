"""A statement as a box, actions by resources by conditions, and the boxes of a policy found by action.

Everything is folded and encoded once per policy object, so that a policy compared again costs nothing.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from remit.iam.decide.prepared_statements import IdentityCache, action_names
from remit.iam.pattern import is_pattern, matcher
from remit.iam.policy_text import completed, perhaps_incomplete
from remit.iam.prove.alphabet import encode, filled, has_marks, variables_in, widened
from remit.iam.prove.condition_atoms import Atom, atom_of, present, with_variables
from remit.iam.prove.glob_sets import Unclear

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from remit.iam.pattern import Matcher
    from remit.iam.policy import Condition, Globs, Policy, Statement


class Box:
    """One statement: `actions` are folded patterns, `resources` and `atoms` encoded; `not_…` turn them around.

    Resource and Condition are read at the first use, for most statements are never asked about: a slot that has no
    value yet is filled then. Two boxes are equal only if they are one.
    """

    __slots__ = (
        "_version", "actions", "atoms", "clause", "deny", "exact", "globs", "index", "marked_atoms", "marked_resources",
        "not_actions", "not_resources", "plain_services", "resources", "services", "spelled",
        "statement", "variables",
    )  # fmt: skip

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    atoms: tuple[Atom, ...]
    exact: frozenset[str]
    globs: tuple[str, ...]
    variables: frozenset[str]
    marked_resources: bool
    marked_atoms: frozenset[Atom]
    services: frozenset[str]
    clause: frozenset[Atom]
    plain_services: bool
    spelled: int

    def __init__(self, statement: Statement, index: int, version: str) -> None:
        self.statement = statement
        self.index = index
        self.deny = statement.effect == "Deny"
        self.not_actions = statement.actions.negated
        self.not_resources = statement.resources is not None and statement.resources.negated
        self._version = version

    def __getattr__(self, name: str) -> Any:
        """What is read at the first use."""
        made = _READ[name](self) if name in _READ else object.__getattribute__(self, name)
        setattr(self, name, made)
        return made

    def _read_resources(self) -> tuple[str, ...]:
        found = self.statement.resources
        texts = tuple(map(completed, found.patterns)) if found else ()
        if all(text.isascii() and "${" not in text for text in texts):
            return texts
        if any(map(perhaps_incomplete, texts)):
            raise Unclear("how many parts of an ARN are left out depends on a reference")
        return tuple(encode(text, self._version, resource=True) for text in texts)

    def _read_atoms(self) -> tuple[Atom, ...]:
        return tuple(atom_of(condition, self._version) for condition in self.statement.conditions)

    def _read_variables(self) -> frozenset[str]:
        late = (text for text in self.resources if _marked(text)) if self.marked_resources else ()
        return frozenset().union(
            *map(variables_in, (*late, *(text for atom in self.marked_atoms for text in atom.values)))
        )

    def with_parts(self, *, resources: tuple[str, ...] | None = None, atoms: tuple[Atom, ...] | None = None) -> Box:
        """The box with other resources or conditions, encoded."""
        box = Box(self.statement, self.index, self._version)
        box.resources = self.resources if resources is None else resources
        box.atoms = self.atoms if atoms is None else atoms
        return box

    def _read_spelled(self) -> int:
        statement = self.statement
        return spelling(statement.resources, statement.conditions, self._version)

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
    def everywhere(self) -> bool:
        """Whether it holds on every resource and in every context."""
        return not self.not_resources and "*" in self.resources and not self.atoms

    @property
    def takes_every_action(self) -> bool:
        """Whether it plainly speaks of every action."""
        return not self.not_actions and "*" in self.statement.actions.patterns

    @property
    def as_spelled(self) -> bool:
        """Whether its resources are compared as the statement spells them."""
        given = self.statement.resources
        return given is None or self.resources == given.patterns

    def spelling_of(self, resource: str) -> str:
        """A resource pattern of it, or a part of one, as the statement spells it; `*` for NotResource."""
        given = self.statement.resources
        if given is None or given.negated:
            return "*"
        return given.patterns[self.resources.index(resource)] if resource in self.resources else resource

    def on(self, point: str) -> bool:
        """Whether its resources contain a point."""
        found = point in self.exact or any(matcher(text)(point) for text in self.globs)
        return found is not self.not_resources

    def includes(self, pattern: str, other: Box) -> bool:
        """Whether it plainly holds wherever another does on one of the other's resource patterns."""
        if self.not_resources or other.not_resources:
            same = self.not_resources and other.not_resources and set(self.resources) <= set(other.resources)
        else:
            same = pattern in self.resources or "*" in self.globs
        return same and all(atom in other.atoms for atom in self.atoms)


_READ: Final[dict[str, Callable[[Box], Any]]] = {
    "actions": lambda box: action_names(box.statement.actions).folded,
    "resources": Box._read_resources,  # noqa: SLF001 - the class's own
    "atoms": Box._read_atoms,  # noqa: SLF001 - as above
    "clause": lambda box: frozenset(box.atoms),
    "services": lambda box: frozenset(text.partition(":")[0] for text in box.actions),
    "plain_services": lambda box: not any(map(is_pattern, box.services)),
    "spelled": Box._read_spelled,  # noqa: SLF001 - as above
    "variables": Box._read_variables,  # noqa: SLF001 - as above
    "globs": lambda box: tuple(filter(is_pattern, box.resources)),
    "exact": lambda box: frozenset(box.resources).difference(box.globs),
    "marked_resources": lambda box: any(map(_marked, box.resources)),
    "marked_atoms": lambda box: frozenset(atom for atom in box.atoms if atom.marked),
}


_SPELLINGS: Final[dict[tuple[object, ...], int]] = {}
_NUMBERS: Final = count()
_MOST_SPELLINGS: Final = 65_536


def spelling(resources: Globs | None, conditions: tuple[Condition, ...], version: str) -> int:
    """A number for all of a statement but its actions, the same only for statements that spell it alike."""
    spelled = resources, conditions, version
    found = _SPELLINGS.get(spelled)
    if found is None:
        if len(_SPELLINGS) >= _MOST_SPELLINGS:
            _SPELLINGS.clear()
        found = _SPELLINGS[spelled] = next(_NUMBERS)
    return found


def box_of(statement: Statement, index: int, version: str, *, speaks_without_resource: bool = False) -> Box:
    """The box of a statement. Without a Resource it means every one in a Deny, and none in an Allow, as IAM has it.

    RemitError: a condition operator that does not exist; Unclear: a text that cannot be compared.
    """
    if "${" in "".join(statement.actions.patterns):
        raise Unclear("an action has a part that only CloudFormation knows")
    box = Box(statement, index, version)
    if statement.resources is None:
        box.resources = ("*",) if box.deny or speaks_without_resource else ()
    if not _is_plain(statement):
        box.variables  # noqa: B018 - reads all there is, so that what cannot be read is known now
    return box


def _is_plain(statement: Statement) -> bool:
    """Whether nothing in its resources and conditions may turn out, when it is read, not to be comparable."""
    resources = statement.resources.patterns if statement.resources is not None else ()
    if any(not text.isascii() or perhaps_incomplete(text) for text in resources):
        return False
    for condition in statement.conditions:
        texts = "".join(condition.values)
        if not texts.isascii() or ("${" in texts and condition.operator.lower().startswith("arn")):
            return False
    return True


def _texts(statement: Statement) -> Iterator[tuple[str, ...]]:
    yield statement.actions.patterns
    if statement.resources:
        yield statement.resources.patterns
    for condition in statement.conditions:
        yield condition.values


def _marked(text: str) -> bool:
    return not text.isascii() and has_marks(text)


def with_values(box: Box, values: dict[str, str | None]) -> Box:
    """The box with variables in place; what has no value matches nothing."""
    if not box.variables & values.keys():
        return box
    texts = (filled(text, values) for text in box.resources)
    return box.with_parts(
        resources=tuple(text for text in texts if text is not None),
        atoms=tuple(with_variables(atom, values) for atom in box.atoms),
    )


def loosened(box: Box) -> Box:
    """The most that the box may turn out to mean, whatever its marks stand for."""
    resources = tuple(
        widened(text) if _marked(text) else text for text in box.resources if not (box.not_resources and _marked(text))
    )
    atoms = tuple(
        present(atom.name) if atom.marked else atom for atom in box.atoms if not atom.marked or atom.needs_presence
    )
    return box.with_parts(resources=resources, atoms=atoms)


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
    return box.with_parts(resources=resources, atoms=tuple(atom for atom in box.atoms if atom not in held))


def narrowed(box: Box, atoms: tuple[Atom, ...]) -> Box:
    """The box with further conditions."""
    return box.with_parts(atoms=(*box.atoms, *atoms))


class Index:
    """Boxes by the actions that they speak of; sorted at the first question. `boxes` has them in their order."""

    __slots__ = ("_by_service", "_literal", "_loose", "_negated", "_singles", "_sorted", "_turned", "boxes")

    def __init__(self, boxes: Iterable[Box]) -> None:
        self.boxes: dict[Box, None] = dict.fromkeys(boxes)
        self._sorted = False
        self._singles = 0
        self._turned = 0
        self._literal: dict[str, tuple[Box, ...]] = {}
        self._by_service: dict[str, list[tuple[Matcher, Box]]] = {}
        self._loose: list[tuple[Matcher, Box]] = []
        self._negated: list[tuple[frozenset[str], tuple[Matcher, ...], Box]] = []

    @property
    def singles(self) -> int:
        """How many `?` an action pattern has at most."""
        self._sort()
        return self._singles

    def _sort(self) -> None:
        if not self._sorted:
            self._sorted = True
            for box in self.boxes:
                self._add(box)

    def _add(self, box: Box) -> None:
        _, literals, globs = action_names(box.statement.actions)
        self._singles = max(self._singles, *(text.count("?") for text in globs if "?" in text), 0)
        if box.not_actions:
            self._negated.append((frozenset(literals), tuple(map(matcher, globs)), box))
            self._turned += 1 + len(globs)
            return
        named: dict[str, tuple[Box, ...]] = dict.fromkeys(literals, (box,))
        for text in self._literal.keys() & named.keys():
            named[text] = (*self._literal[text], box)
        self._literal.update(named)
        for text in globs:
            service = text.partition(":")[0]
            group = self._loose if is_pattern(service) else self._by_service.setdefault(service, [])
            group.append((matcher(text), box))

    def put(self, box: Box) -> None:
        """Take one more box."""
        self._sort()
        self.boxes[box] = None
        self._add(box)

    def drop(self, box: Box) -> None:
        """Forget a box."""
        self._sort()
        del self.boxes[box]
        _, literals, globs = action_names(box.statement.actions)
        if box.not_actions:
            self._negated = [entry for entry in self._negated if entry[2] is not box]
            self._turned -= 1 + len(globs)
            return
        for text in literals:
            self._literal[text] = tuple(one for one in self._literal[text] if one is not box)
        for service in {text.partition(":")[0] for text in globs}:
            group = self._by_service.get(service, self._loose)
            group[:] = [entry for entry in group if entry[1] is not box]

    def effort(self, action: str) -> int:
        """How many patterns `at` holds against an action."""
        self._sort()
        return 1 + len(self._by_service.get(action.partition(":")[0], ())) + len(self._loose) + self._turned

    def at(self, action: str) -> list[Box]:
        """The boxes that speak of an action, each once."""
        self._sort()
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

    __slots__ = ("_effort", "_has_singles", "_letters", "allows", "denies", "everything", "policy", "said", "unclear")

    def __init__(self, policy: Policy, *, speaks_without_resource: bool = False) -> None:
        boxes: list[Box] = []
        self.policy = policy
        self._letters: frozenset[str] | None = None
        self._has_singles: bool | None = None
        self._effort: int | None = None
        self.unclear: list[tuple[int, Statement, str]] = []
        for index, statement in enumerate(policy.statements):
            try:
                boxes.append(box_of(statement, index, policy.version, speaks_without_resource=speaks_without_resource))
            except Unclear as reason:
                self.unclear.append((index, statement, str(reason)))
        self.allows = Index(box for box in boxes if not box.deny)
        self.denies = Index(box for box in boxes if box.deny)
        self.everything = next((box for box in self.allows.boxes if box.takes_every_action and box.everywhere), None)
        self.said: defaultdict[int, list[Box]] = defaultdict(list)
        for box in self.allows.boxes:
            if not box.not_actions:
                self.said[box.spelled].append(box)

    @property
    def boxes(self) -> tuple[Box, ...]:
        """All boxes."""
        return (*self.allows.boxes, *self.denies.boxes)

    def has(self, box: Box) -> bool:
        """Whether a box is of one of its statements."""
        statements = self.policy.statements
        return box.index < len(statements) and statements[box.index] is box.statement

    @property
    def effort(self) -> int:
        """How many patterns the evaluator may hold against a request."""
        if self._effort is None:
            self._effort = sum(len(texts) for box in self.boxes for texts in _texts(box.statement))
        return self._effort

    @property
    def has_singles(self) -> bool:
        """Whether some text of it has a `?`."""
        if self._has_singles is None:
            self._has_singles = any("?" in "".join(texts) for box in self.boxes for texts in _texts(box.statement))
        return self._has_singles

    @property
    def letters(self) -> frozenset[str]:
        """Every character that some text of it has."""
        if self._letters is None:
            self._letters = frozenset().union(
                *(text for box in self.boxes for text in (*box.actions, *box.resources)),
                *(text for box in self.boxes for atom in box.atoms for text in atom.values),
            )
        return self._letters


_COMPILED: Final = IdentityCache(4096)


def compiled(policy: Policy) -> Compiled:
    """The compiled form of a policy, made once per object."""
    found: Compiled | None = _COMPILED.get(policy)
    return found if found is not None else _COMPILED.put(policy, Compiled(policy))
