"""The documents of principals, reduced to what bears on a question: equal parts are one object, with one number.

That is a few statements of few documents: those that speak of some actions.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from remit.audit.caller_pins import pinned_keys
from remit.errors import RemitError
from remit.iam.decide.evaluate import Layers
from remit.iam.pattern import matcher
from remit.iam.policy import Globs, Policy, Statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from remit.audit.documents import Documents

_NOTHING: Final = 0


@dataclass(frozen=True, slots=True)
class DocumentMask:
    """The actions that a document may allow, as bits; `statements` that speak of any, with their bits and indexes.

    `allows_everything`: some statement allows every action on every resource, without conditions. `pinned_keys` are the
    condition keys that a caller may decide.
    """

    may_allow: int
    statements: tuple[tuple[int, int, Statement], ...]
    version: str
    allows_everything: bool = False
    pinned_keys: frozenset[str] = frozenset()


class ActionTable:
    """The actions that are asked about, each with its bit, and each document's mask of them."""

    def __init__(self, actions: Sequence[str]) -> None:
        self.actions = tuple(dict.fromkeys(actions))
        self.bits = {action: 1 << place for place, action in enumerate(self.actions)}
        self._folded = tuple((bit, action.lower()) for action, bit in self.bits.items())
        self._all = (1 << len(self.actions)) - 1
        self._of_pattern = lru_cache(maxsize=65_536)(self._bits_of_pattern)
        self._parts: dict[Policy, Policy] = {}

    def mask_of(self, actions: Iterable[str]) -> int:
        """The bits of some actions together."""
        bits = _NOTHING
        for action in actions:
            bits |= self.bits[action]
        return bits

    def mask(self, policy: Policy) -> DocumentMask:
        """The mask of a document."""
        may_allow = _NOTHING
        statements = []
        for index, statement in enumerate(policy.statements):
            bits = self._bits(statement.actions)
            if bits:
                statements.append((bits, index, statement))
            if statement.effect == "Allow":
                may_allow |= bits
        everything = any(_allows_everything(statement) for statement in policy.statements)
        return DocumentMask(may_allow, tuple(statements), policy.version, everything, pinned_keys(policy))

    def _bits(self, globs: Globs) -> int:
        bits = _NOTHING
        for pattern in globs.patterns:
            bits |= self._of_pattern(pattern.lower())
        return self._all & ~bits if globs.negated else bits

    def _bits_of_pattern(self, pattern: str) -> int:
        bits = _NOTHING
        matches = matcher(pattern)
        for bit, action in self._folded:
            if matches(action):
                bits |= bit
        return bits

    def part(self, mask: DocumentMask, action: str) -> Policy:
        """Return the part of a document about an action, as if it spoke of that action alone.

        Equal parts are one object.
        """
        bit = self.bits[action]
        globs = Globs((action,))
        statements = tuple(
            replace(statement, actions=globs, sid="") for bits, _, statement in mask.statements if bits & bit
        )
        part = Policy(statements, mask.version)
        return self._parts.setdefault(part, part)

    def statement(self, mask: DocumentMask, action: str, index: int) -> tuple[int, Statement]:
        """The statement of a document, with its index there, that stands at an index of the document's part."""
        bit = self.bits[action]
        speaking = [(place, statement) for bits, place, statement in mask.statements if bits & bit]
        return speaking[index]


def _allows_everything(statement: Statement) -> bool:
    if statement.effect != "Allow" or statement.conditions or statement.actions.negated or statement.resources is None:
        return False
    has_actions = not {"*", "*:*"}.isdisjoint(statement.actions.patterns)
    return has_actions and "*" in statement.resources.patterns and not statement.resources.negated


_WIDE: Final = frozenset({"*", "arn:aws:iam::*:*"})


@dataclass(frozen=True, slots=True)
class Profile:
    """The documents that decide what a principal can do, by layer: keys of `Documents`."""

    identity: tuple[str, ...]
    boundary: str | None
    scps: tuple[tuple[str, ...], ...]


class LayerNumbers(NamedTuple):
    """The parts of documents that bear on a question, by layer, as numbers. A tuple, since it is hashed often."""

    identity: tuple[int, ...]
    boundary: tuple[int, ...]
    scps: tuple[tuple[int, ...], ...]


class DocumentParts:
    """The documents of some principals, taken apart by the actions of a table."""

    def __init__(self, documents: Documents, actions: Sequence[str]) -> None:
        self.documents = documents
        self.table = ActionTable(actions)
        self.problems: dict[str, str] = {}
        self._masks: dict[str, DocumentMask | None] = {}
        self._parts: dict[tuple[str, str], int] = {}
        self._numbers: dict[Policy, int] = {}
        self._policies: list[Policy] = []
        self._layers: dict[LayerNumbers, Layers] = {}

    def mask(self, key: str) -> DocumentMask | None:
        """Return the actions of a document; None where it is no policy that IAM takes, as `problems` says."""
        if key not in self._masks:
            try:
                self._masks[key] = self.table.mask(self.documents.policy(key))
            except RemitError as error:
                self.problems[key] = error.message
                self._masks[key] = None
        return self._masks[key]

    def layer_numbers(self, profile: Profile, action: str) -> LayerNumbers:
        """Number the parts of a principal's documents about an action: equal numbers are equal for every question."""
        boundary = () if profile.boundary is None else (self.number(profile.boundary, action),)
        levels = tuple(self._layer(level, action) for level in profile.scps)
        return LayerNumbers(self._layer(profile.identity, action), boundary, levels)

    def is_uniform(self, profile: Profile, action: str) -> bool:
        """Return whether the answers about an action are the same for every user and role of the principal's account.

        That is so where no statement that speaks of it names some of them, or asks for a tag of theirs.
        """
        return all(_is_uniform(self.policy_part(key, action)) for key in documents_of(profile))

    def layers(self, numbers: LayerNumbers) -> Layers:
        """The policies that some numbers stand for."""
        policies = self._policies
        layers = self._layers.get(numbers)
        if layers is None:
            layers = Layers(
                tuple(policies[number] for number in numbers.identity),
                tuple(policies[number] for number in numbers.boundary),
                scp=tuple(tuple(policies[number] for number in level) for level in numbers.scps),
            )
            self._layers[numbers] = layers
        return layers

    def policy_part(self, key: str, action: str) -> Policy:
        """Return the part of a document about an action."""
        return self._policies[self.number(key, action)]

    def _layer(self, keys: Iterable[str], action: str) -> tuple[int, ...]:
        """The parts of some documents that speak of an action, as numbers, each once."""
        numbers = {self.number(key, action) for key in keys}
        return tuple(sorted(number for number in numbers if self._policies[number].statements))

    def number(self, key: str, action: str) -> int:
        """The number of what a document says about an action."""
        name = (key, action)
        number = self._parts.get(name)
        if number is None:
            mask = self.mask(key)
            part = Policy(()) if mask is None else self.table.part(mask, action)
            number = self._numbers.setdefault(part, len(self._policies))
            if number == len(self._policies):
                self._policies.append(part)
            self._parts[name] = number
        return number


def documents_of(profile: Profile) -> tuple[str, ...]:
    """Every document of a profile."""
    boundary = () if profile.boundary is None else (profile.boundary,)
    return (*profile.identity, *boundary, *(key for level in profile.scps for key in level))


def _is_uniform(part: Policy) -> bool:
    """Return whether a part says the same about every user and role of the own account."""
    for statement in part.statements:
        resources = statement.resources
        if resources is not None and (resources.negated or _WIDE.isdisjoint(resources.patterns)):
            return False
        if any("resource" in condition.key.lower() for condition in statement.conditions):
            return False
    return True
