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

_WIDE: Final = frozenset({"*", "arn:aws:iam::*:*"})


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


@dataclass(frozen=True, slots=True)
class Profile:
    """The documents that decide what a principal can do, by layer: keys of `Documents`."""

    identity: tuple[str, ...]
    boundary: tuple[str, ...]
    scps: tuple[tuple[str, ...], ...]


class LayerNumbers(NamedTuple):
    """The parts of documents that bear on a question, by layer, as numbers. A tuple, since it is hashed often."""

    identity: tuple[int, ...]
    boundary: tuple[int, ...]
    scps: tuple[tuple[int, ...], ...]


class DocumentParts:
    """The documents of some principals, taken apart by the actions that are asked about, each of which has its bit."""

    def __init__(self, documents: Documents, actions: Sequence[str]) -> None:
        self.documents = documents
        self.bits = {action: 1 << position for position, action in enumerate(dict.fromkeys(actions))}
        self.problems: dict[str, str] = {}
        self._folded = tuple((bit, action.lower()) for action, bit in self.bits.items())
        self._of_pattern = lru_cache(maxsize=65_536)(self._bits_of_pattern)
        self._masks: dict[str, DocumentMask | None] = {}
        self._parts: dict[tuple[str, str], int] = {}
        self._numbers: dict[Policy, int] = {}
        self._policies: list[Policy] = []
        self._layers: dict[LayerNumbers, Layers] = {}

    def mask_of(self, actions: Iterable[str]) -> int:
        """The bits of some actions together."""
        bits = 0
        for action in actions:
            bits |= self.bits[action]
        return bits

    def mask(self, key: str) -> DocumentMask | None:
        """Return the actions of a document; None where it is no policy that IAM takes, as `problems` says."""
        if key not in self._masks:
            try:
                self._masks[key] = self._mask(self.documents.policy(key))
            except RemitError as error:
                self.problems[key] = error.message
                self._masks[key] = None
        return self._masks[key]

    def _mask(self, policy: Policy) -> DocumentMask:
        """The actions of a policy as bits: those that some Allow names, and those of each statement.

        Statements without any of them are left out.
        """
        may_allow = 0
        allows_everything = False
        statements = []
        for index, statement in enumerate(policy.statements):
            bits = 0
            for pattern in statement.actions.patterns:
                bits |= self._of_pattern(pattern.lower())
            if statement.actions.negated:
                bits ^= (1 << len(self.bits)) - 1
            if bits:
                statements.append((bits, index, statement))
            if statement.effect == "Allow":
                may_allow |= bits
                allows_everything = allows_everything or _is_on_everything(statement)
        return DocumentMask(may_allow, tuple(statements), policy.version, allows_everything, pinned_keys(policy))

    def _bits_of_pattern(self, pattern: str) -> int:
        """The actions, as bits, that a pattern in lower case matches."""
        bits = 0
        matches = matcher(pattern)
        for bit, action in self._folded:
            if matches(action):
                bits |= bit
        return bits

    def statement(self, mask: DocumentMask, action: str, index: int) -> tuple[int, Statement]:
        """The index in the document, and the statement, of the one at `index` among those that speak of an action."""
        bit = self.bits[action]
        speaking = [(place, statement) for bits, place, statement in mask.statements if bits & bit]
        return speaking[index]

    def layer_numbers(self, profile: Profile, action: str) -> LayerNumbers:
        """Number the parts of a principal's documents about an action: equal numbers are equal for every question.

        A document that says nothing of it has no number, but as a boundary, which limits all the same.
        """
        boundary = tuple(self.number(key, action) for key in profile.boundary)
        levels = tuple(self._layer(level, action) for level in profile.scps)
        return LayerNumbers(self._layer(profile.identity, action), boundary, levels)

    def layers_of(self, profile: Profile, action: str) -> Layers:
        """The parts of a principal's documents about an action, as policies."""
        return self.layers(self.layer_numbers(profile, action))

    def is_uniform(self, profile: Profile, action: str) -> bool:
        """Return whether the answers about an action are the same for every user and role of the principal's account.

        That is so where no statement that speaks of it names some of them, or asks for a tag of theirs.
        """
        for key in documents_of(profile):
            for statement in self.policy_part(key, action).statements:
                resources = statement.resources
                if resources is not None and _WIDE.isdisjoint(resources.patterns):
                    return False
                if any("resource" in condition.key.lower() for condition in statement.conditions):
                    return False
        return True

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
        """Return what a document says about an action: its statements about it, Deny too, with that action alone.

        Resources and conditions stay, Sids do not. There is no statement where the document has none about the action,
        or is no policy. KeyError: the action is none of those that this object was made with, as they were spelled.
        """
        return self._policies[self.number(key, action)]

    def _layer(self, keys: Iterable[str], action: str) -> tuple[int, ...]:
        """The parts of some documents that speak of an action, as numbers, each once."""
        # Sorted, so that the same policies in another order are the same question.
        numbers = {self.number(key, action) for key in keys}
        return tuple(sorted(number for number in numbers if self._policies[number].statements))

    def number(self, key: str, action: str) -> int:
        """The number of what a document says about an action, as if it spoke of that alone: equal parts have one.

        A document that is no policy says nothing. Sids do not count.
        """
        name = (key, action)
        number = self._parts.get(name)
        if number is None:
            mask = self.mask(key)
            part = Policy(())
            if mask is not None:
                bit, globs = self.bits[action], Globs((action,))
                speaking = (statement for bits, _, statement in mask.statements if bits & bit)
                statements = tuple(replace(statement, actions=globs, sid="") for statement in speaking)
                part = Policy(statements, mask.version)
            number = self._numbers.setdefault(part, len(self._policies))
            if number == len(self._policies):
                self._policies.append(part)
            self._parts[name] = number
        return number


def _is_on_everything(statement: Statement) -> bool:
    """Return whether a statement is about every action on every resource, without conditions."""
    if statement.conditions or statement.actions.negated or statement.resources is None:
        return False
    has_actions = not {"*", "*:*"}.isdisjoint(statement.actions.patterns)
    return has_actions and "*" in statement.resources.patterns and not statement.resources.negated


def documents_of(profile: Profile) -> tuple[str, ...]:
    """Every document of a profile."""
    return (*profile.identity, *profile.boundary, *(key for level in profile.scps for key in level))
