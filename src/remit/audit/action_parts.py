"""The parts of documents that speak of some actions: what bears on a question is a few statements of few documents."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from remit.audit.caller_pins import pinned_keys
from remit.iam.pattern import matcher
from remit.iam.policy import Globs, Policy, Statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_NOTHING: Final = 0


@dataclass(frozen=True, slots=True)
class DocumentMask:
    """Which actions a document may allow, as bits; `statements` that speak of any, with their bits and indexes.

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
        """What of a document speaks of an action, as if it spoke of that action alone; equal parts are one object."""
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
