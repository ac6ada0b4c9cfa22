"""Statements as sets of requests: a box of actions, resources and conditions each, and an index of boxes by action.

The requests that a statement applies to form a box in the space of all requests: some actions by some resources by some
contexts. A proof compares these boxes. A policy is compiled once per object, so that comparing it again costs nothing.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from remit.iam.decide.prepared_statements import action_names, kept_by_identity
from remit.iam.pattern import Matcher, covers, is_pattern, matcher, overlaps
from remit.iam.policy_text import completed, perhaps_incomplete
from remit.iam.prove.condition_atoms import Atom, atom_of, present, with_variables
from remit.iam.prove.encoded_text import encode, filled, has_marks, variables_in, widened
from remit.iam.prove.glob_sets import UndecidedQuestion
from remit.iam.rcp_reach import is_reached

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from remit.iam.policy import Condition, Globs, Policy, Statement
    from remit.iam.prove.budget import Budget


class Box:
    """The requests that one statement applies to.

    `actions` are folded patterns; `resources` and `atoms` (its conditions) are encoded. With `not_actions` and
    `not_resources` the patterns are excluded. Resource and Condition are read at the first use, since most statements
    are never looked at: a slot without a value is filled then. Two boxes are equal only if they are the same object.
    """

    __slots__ = (
        "actions", "atoms", "clause", "deny", "exact", "globs", "index", "marked_atoms", "marked_resources",
        "not_actions", "not_resources", "plain_services", "resources", "services", "spelled",
        "statement", "variables", "version",
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
        self.version = version

    def __getattr__(self, name: str) -> Any:
        """Read a slot at its first use."""
        content = _READ[name](self) if name in _READ else object.__getattribute__(self, name)
        setattr(self, name, content)
        return content

    def _read_resources(self) -> tuple[str, ...]:
        """The resource patterns, encoded. UndecidedQuestion: they cannot be compared."""
        resources = self.statement.resources
        texts = tuple(map(completed, resources.patterns)) if resources else ()
        if all(text.isascii() and "${" not in text for text in texts):
            return texts
        if any(map(perhaps_incomplete, texts)):
            raise UndecidedQuestion("how many parts of an ARN are left out depends on a reference")
        return tuple(encode(text, self.version, resource=True) for text in texts)

    def _read_variables(self) -> frozenset[str]:
        """The variables in the resource patterns and in the conditions."""
        marked = [text for text in self.resources if _marked(text)] if self.marked_resources else []
        marked += [text for atom in self.marked_atoms for text in atom.values]
        return frozenset().union(*map(variables_in, marked))

    def with_parts(self, *, resources: tuple[str, ...] | None = None, atoms: tuple[Atom, ...] | None = None) -> Box:
        """The box with these (encoded) in place of its resources or conditions."""
        box = Box(self.statement, self.index, self.version)
        box.resources = self.resources if resources is None else resources
        box.atoms = self.atoms if atoms is None else atoms
        return box

    @property
    def meaning(self) -> tuple[object, ...]:
        """Equal for statements that mean the same at one look."""
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
        """True if it applies to every resource in every context."""
        return not self.not_resources and "*" in self.resources and not self.atoms

    @property
    def takes_every_action(self) -> bool:
        """True if its actions include every action, at one look."""
        return not self.not_actions and "*" in self.statement.actions.patterns

    @property
    def as_spelled(self) -> bool:
        """True if its resources are compared as the statement spells them."""
        spelled = self.statement.resources
        return spelled is None or self.resources == spelled.patterns

    def spelling_of(self, resource: str) -> str:
        """A resource pattern of it (encoded) as the statement spells it; `*` for NotResource. Other texts stay."""
        spelled = self.statement.resources
        if spelled is None or spelled.negated:
            return "*"
        return spelled.patterns[self.resources.index(resource)] if resource in self.resources else resource

    def contains(self, point: str) -> bool:
        """Return whether its resources contain a point."""
        listed = point in self.exact or any(matcher(text)(point) for text in self.globs)
        return listed is not self.not_resources

    def covers(self, pattern: str) -> bool:
        """Return whether its resources contain all that a pattern describes, by one pattern of its own."""
        if self.not_resources:
            return not any(overlaps(text, pattern) for text in self.resources)
        return any(covers(text, pattern) for text in self.globs)

    def includes(self, pattern: str, narrow: Box) -> bool:
        """Return whether it applies, at one look, wherever another box does on one of that box's resource patterns."""
        if self.not_resources or narrow.not_resources:
            both_exclude = self.not_resources and narrow.not_resources
            resources_included = both_exclude and set(self.resources) <= set(narrow.resources)
        else:
            resources_included = pattern in self.resources or "*" in self.globs
        return resources_included and all(atom in narrow.atoms for atom in self.atoms)

    def includes_all(self, narrow: Box) -> bool:
        """Return whether it applies, at one look, wherever another box does."""
        return all(self.includes(pattern, narrow) for pattern in narrow.resources)


_READ: Final[dict[str, Callable[[Box], Any]]] = {
    "actions": lambda box: action_names(box.statement.actions).folded,
    "resources": Box._read_resources,  # noqa: SLF001 - the class's own
    "atoms": lambda box: tuple(atom_of(condition, box.version) for condition in box.statement.conditions),
    "clause": lambda box: frozenset(box.atoms),
    "services": lambda box: frozenset(text.partition(":")[0] for text in box.actions),
    "plain_services": lambda box: not any(map(is_pattern, box.services)),
    "spelled": lambda box: spelling(box.statement.resources, box.statement.conditions, box.version),
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
    """A number for Resource and Condition of a statement, equal only where they are spelled alike.

    Two that are alike may differ in it once the table was full and was emptied.
    """
    spelled = resources, conditions, version
    number = _SPELLINGS.get(spelled)
    if number is None:
        if len(_SPELLINGS) >= _MOST_SPELLINGS:
            _SPELLINGS.clear()
        number = _SPELLINGS[spelled] = next(_NUMBERS)
    return number


def box_of(statement: Statement, index: int, version: str, *, speaks_without_resource: bool = False) -> Box:
    """The box of a statement. As in IAM, a Deny without Resource applies to every resource, such an Allow to none.

    RemitError: a condition operator that does not exist; UndecidedQuestion: a text that cannot be compared.
    """
    if action_names(statement.actions).late:
        raise UndecidedQuestion("an action has a part that only CloudFormation knows")
    box = Box(statement, index, version)
    if statement.resources is None:
        box.resources = ("*",) if box.deny or speaks_without_resource else ()
    if _is_literal(statement):
        box.marked_resources = False
        box.marked_atoms = frozenset()
        box.variables = frozenset()
    elif not _is_plain(statement):
        box.variables  # noqa: B018 - reads all slots, so that a text that cannot be compared is known now
    return box


def _is_literal(statement: Statement) -> bool:
    """Return whether its resources and conditions are ASCII without variables and references: most statements are."""
    texts = "".join(statement.resources.patterns) if statement.resources is not None else ""
    for condition in statement.conditions:
        texts += "".join(condition.values)
    return "${" not in texts and texts.isascii()


def _is_plain(statement: Statement) -> bool:
    """Return whether its resources and conditions are surely comparable, so that they can be read later."""
    resources = statement.resources.patterns if statement.resources is not None else ()
    texts = "".join(resources)
    if not texts.isascii() or ("${" in texts and any(map(perhaps_incomplete, resources))):
        return False
    for condition in statement.conditions:
        texts = "".join(condition.values)
        if not texts.isascii() or ("${" in texts and condition.operator.lower().startswith("arn")):
            return False
    return True


def _marked(text: str) -> bool:
    """Return whether an encoded text holds a variable or a reference; quicker than `has_marks` of plain texts."""
    return not text.isascii() and has_marks(text)


def with_values(box: Box, values: dict[str, str | None]) -> Box:
    """The box with the values of variables put in; a text whose variable has no value is dropped."""
    if not box.variables & values.keys():
        return box
    texts = (filled(text, values) for text in box.resources)
    return box.with_parts(
        resources=tuple(text for text in texts if text is not None),
        atoms=tuple(with_variables(atom, values) for atom in box.atoms),
    )


def within(boxes: Iterable[Box], pattern: str) -> tuple[Box, ...]:
    """The boxes as far as they may bear on what a pattern describes, without those that apply to none of it."""
    widest = widened(pattern)
    narrow: list[Box] = []
    for box in boxes:
        texts = tuple([text for text in box.resources if overlaps(widened(text), widest)])
        if len(texts) == len(box.resources):
            narrow.append(box)
        elif texts or box.not_resources:
            narrow.append(box.with_parts(resources=texts))
    return tuple(narrow)


def loosened(box: Box) -> Box:
    """The largest set of requests that the box may be, whatever its variables and references stand for."""
    atoms = [
        present(atom.name) if atom.marked else atom for atom in box.atoms if not atom.marked or atom.needs_presence
    ]
    resources = _unmarked(box.resources) if box.not_resources else _widened(box.resources)
    return box.with_parts(resources=resources, atoms=tuple(atoms))


def tightened(box: Box, true: frozenset[Atom], points: tuple[str, ...]) -> Box:
    """The smallest set of requests that a cover may be where the atoms `true` hold, on the pattern with these points.

    A cover that contains all points of the pattern contains whatever the pattern may turn out to be.
    """
    if box.not_resources:
        resources = _widened(box.resources)
    elif points and all(map(box.contains, points)):
        resources = ("*",)
    else:
        resources = _unmarked(box.resources)
    return box.with_parts(resources=resources, atoms=tuple(atom for atom in box.atoms if atom not in true))


def _widened(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Texts with `*` for what nobody knows of them."""
    return tuple(widened(text) if _marked(text) else text for text in texts)


def _unmarked(texts: tuple[str, ...]) -> tuple[str, ...]:
    """The texts that hold no variables and no references."""
    return tuple(text for text in texts if not _marked(text))


_NO_PATTERNS: Final[list[tuple[Matcher, Box]]] = []


class Index:
    """Boxes by their actions, sorted in at the first question. `boxes` has them in their order.

    Those of an RCP (`of_rcp`) have an effect on the actions alone that RCPs reach.
    """

    def __init__(self, boxes: Iterable[Box], *, of_rcp: bool = False) -> None:
        self.of_rcp = of_rcp
        self.boxes: dict[Box, None] = dict.fromkeys(boxes)
        self._sorted = False

    @property
    def most_single_wildcards(self) -> int:
        """The most `?` that an action pattern has."""
        self._sort()
        return self._most_single_wildcards

    def _sort(self) -> None:
        """Sort all boxes in, at the first question."""
        if self._sorted:
            return
        self._sorted = True
        self._most_single_wildcards = 0
        self._turned = 0
        self._literal: dict[str, tuple[Box, ...]] = {}
        self._by_service: dict[str, list[tuple[Matcher, Box]]] = {}
        self._loose: list[tuple[Matcher, Box]] = []
        self._negated: list[tuple[frozenset[str], tuple[Matcher, ...], Box]] = []
        for box in self.boxes:
            self._add(box)

    def _add(self, box: Box) -> None:
        """Sort a box in by its action patterns: names, patterns of one service, of any service, or a NotAction."""
        _, literals, globs, _ = action_names(box.statement.actions)
        for text in globs:
            self._most_single_wildcards = max(self._most_single_wildcards, text.count("?"))
        if box.not_actions:
            self._negated.append((literals, tuple(map(matcher, globs)), box))
            self._turned += 1 + len(globs)
            return
        by_name: dict[str, tuple[Box, ...]] = dict.fromkeys(literals, (box,))
        for name in self._literal.keys() & by_name.keys():
            by_name[name] = (*self._literal[name], box)
        self._literal.update(by_name)
        for text in globs:
            service = text.partition(":")[0]
            group = self._loose if is_pattern(service) else self._by_service.setdefault(service, [])
            group.append((matcher(text), box))

    def put(self, box: Box) -> None:
        """Add a box."""
        self._sort()
        self.boxes[box] = None
        self._add(box)

    def drop(self, box: Box) -> None:
        """Remove a box. KeyError: it is not there."""
        self._sort()
        del self.boxes[box]
        _, literals, globs, _ = action_names(box.statement.actions)
        if box.not_actions:
            self._negated = [entry for entry in self._negated if entry[2] is not box]
            self._turned -= 1 + len(globs)
            return
        for text in literals:
            self._literal[text] = tuple(entry for entry in self._literal[text] if entry is not box)
        for service in {text.partition(":")[0] for text in globs}:
            group = self._by_service.get(service, self._loose)
            group[:] = [entry for entry in group if entry[1] is not box]

    def at(self, action: str, budget: Budget) -> list[Box]:
        """The boxes whose actions include an action, each once; a step for each pattern that it is compared with."""
        self._sort()
        of_service = self._by_service.get(action.partition(":")[0], _NO_PATTERNS)
        budget.spend(1 + len(of_service) + len(self._loose) + self._turned)
        if self.of_rcp and not is_reached(action):
            return []
        boxes = list(self._literal.get(action, ()))
        for match, box in (*of_service, *self._loose):
            if match(action):
                boxes.append(box)
        for literals, globs, box in self._negated:
            if action not in literals and not any(glob(action) for glob in globs):
                boxes.append(box)
        return list(dict.fromkeys(boxes)) if len(boxes) > 1 else boxes


class CompiledPolicy:
    """A policy's boxes, Allow and Deny apart; `undecided` are the statements that cannot be compared at all."""

    def __init__(self, policy: Policy, *, speaks_without_resource: bool = False) -> None:
        """Read each statement into a box.

        One that cannot be compared goes to `undecided` with its reason, and into no box.
        """
        boxes: list[Box] = []
        self.policy = policy
        self.undecided: list[tuple[int, Statement, str]] = []
        for index, statement in enumerate(policy.statements):
            try:
                boxes.append(box_of(statement, index, policy.version, speaks_without_resource=speaks_without_resource))
            except UndecidedQuestion as reason:
                self.undecided.append((index, statement, str(reason)))
        self.allows = Index([box for box in boxes if not box.deny])
        self.denies = Index([box for box in boxes if box.deny])
        self.boxes = (*self.allows.boxes, *self.denies.boxes)
        self.everything: Box | None = None
        self.by_spelling: defaultdict[int, list[Box]] = defaultdict(list)
        for box in self.allows.boxes:
            if not box.not_actions:
                self.by_spelling[box.spelled].append(box)
            if self.everything is None and box.takes_every_action and box.everywhere:
                self.everything = box

    def has(self, box: Box) -> bool:
        """Return whether a box was made of one of its statements."""
        statements = self.policy.statements
        return box.index < len(statements) and statements[box.index] is box.statement

    @cached_property
    def texts(self) -> list[str]:
        """The patterns and values of its statements."""
        texts: list[str] = []
        for box in self.boxes:
            statement = box.statement
            texts += statement.actions.patterns
            if statement.resources is not None:
                texts += statement.resources.patterns
            for condition in statement.conditions:
                texts += condition.values
        return texts

    @property
    def effort(self) -> int:
        """How many patterns the evaluator may compare with a request."""
        return len(self.texts)

    @cached_property
    def has_single_wildcards(self) -> bool:
        """True if some text of it has a `?`."""
        return "?" in "".join(self.texts)

    @cached_property
    def letters(self) -> frozenset[str]:
        """Every character of its texts."""
        return frozenset().union(
            *(text for box in self.boxes for text in (*box.actions, *box.resources)),
            *(text for box in self.boxes for atom in box.atoms for text in atom.values),
        )


@kept_by_identity(4096)
def compiled(policy: Policy) -> CompiledPolicy:
    """The compiled form of a policy, made once per object."""
    return CompiledPolicy(policy)
