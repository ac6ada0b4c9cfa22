"""Gains that a person accepted with a reason, in `config/accepted.json`: set aside only as far as that is proven."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal, TypeVar

from remit.did_you_mean import did_you_mean
from remit.errors import RemitError
from remit.iam.comparison import Piece, Undecided
from remit.iam.policy import VERSION, Globs, Policy, Statement
from remit.iam.prove.compare import includes
from remit.review.accepted_file import ACCESS, DOOR, POLICY, TRUST, UNDECIDED, AcceptedGain, read_accepted, written
from remit.review.access_change import Accepted, Change, Door, Review, UnreadPolicy
from remit.review.comparable_roles import plain
from remit.review.principal_policies import lets_in_no_more, narrowed_trust, trusts_no_more
from remit.review.working_tree import whole
from remit.roles.reference_names import fill_policy, fill_references, fill_statement_with_principals, put_texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from remit.holders import Holder

F = TypeVar("F", Piece, Undecided, UnreadPolicy, Door)
_STACK: Final = "${AWS::StackName}"
_MADE_WHEN_USED: Final = r"worker-.+|Job\w+SchedulerRole"
"""The workers and roles of job queues, which are there as long as something uses them: an entry may wait for one."""


def accept(review: Review, entries: Sequence[AcceptedGain]) -> tuple[Review, tuple[AcceptedGain, ...]]:
    """The review with what is accepted set aside (`Change.accepted`), and the entries that nothing needed, as given.

    A gain is accepted when it is proven to be within the accepted statements, and in no other way. Losses need no
    agreement. RemitError at its line: an entry for a name that is no function, role or resource of either version.
    """
    names = (*review.functions, *review.roles)
    placed = []
    for entry in entries:
        for name in entry.functions or ():
            if name not in names and re.fullmatch(_MADE_WHEN_USED, name) is None:
                hint = did_you_mean(name, names) or "take it out of the entry when the function is gone for good"
                raise RemitError(
                    f"there is no function `{name}` to accept anything for", hint=hint, origin=entry.origin
                )
        # References stand in place as the versions have them.
        statement = entry.statement and fill_statement_with_principals(entry.statement, review.names)
        placed.append(replace(entry, statement=statement, text=fill_references(entry.text, review.names)))
    used: set[int] = set()
    changes = [part for change in review.changes for part in _accepted(change, placed, review, used)]
    stale = tuple(entry for number, entry in enumerate(entries) if number not in used)
    return replace(review, changes=tuple(changes)), stale


def _accepted(change: Change, entries: Sequence[AcceptedGain], review: Review, used: set[int]) -> Iterator[Change]:
    """Yield the change with what is accepted set aside: one for each group of its functions that the same entries name.

    The numbers of the entries that were needed are added to `used`.
    """
    names_by_entries: dict[tuple[int, ...], list[str]] = {}
    for name in change.functions or (change.role,):
        numbers = tuple(number for number, entry in enumerate(entries) if entry.speaks_of(name))
        names_by_entries.setdefault(numbers, []).append(name)
    for numbers, names in names_by_entries.items():
        part = replace(change, functions=tuple(names)) if change.functions else change
        if numbers:
            judge = _Judge({number: entries[number] for number in numbers}, review, used, change.after)
            part = _settled(part, judge)
        yield part


def _settled(change: Change, judge: _Judge) -> Change:
    """The change with what the judge accepts set aside."""
    accepted: list[Accepted] = []

    def still_open(differences: Iterable[F], kind: str, reason: Callable[[F], str | None]) -> tuple[F, ...]:
        """The differences that no entry accepts; the others go to `accepted` with their reasons."""
        open_differences: list[F] = []
        for difference in differences:
            because = reason(difference)
            if because is None:
                open_differences.append(difference)
            else:
                accepted.append(Accepted(difference, because, kind))
        return tuple(open_differences)

    kind_of_gains = "resource" if change.of_resource else "access"
    access = replace(
        change.access,
        gained=still_open(change.access.gained, kind_of_gains, judge.access),
        undecided=still_open(change.access.undecided, "access", judge.undecided),
        freed=still_open(change.access.freed, "denial", judge.access),
    )
    trust = replace(
        change.trust,
        gained=still_open(change.trust.gained, "trust", judge.trust),
        undecided=still_open(change.trust.undecided, "trust", judge.undecided),
    )
    unread = still_open(change.unread, "access", judge.unread)
    doors = still_open(change.doors, "door", judge.door)
    return replace(
        change, access=access, trust=trust, unread=unread, doors=doors, accepted=(*change.accepted, *accepted)
    )


@dataclass(frozen=True, slots=True)
class _Judge:
    """The entries that speak of some functions, by their number; the numbers of those that were needed go to `used`."""

    entries: Mapping[int, AcceptedGain]
    review: Review
    used: set[int]
    after: Holder | None

    def access(self, piece: Piece) -> str | None:
        """The reason why a gain is accepted, of a role or by what a resource lets others do; None: it is not proven."""
        if piece.principal:
            allowed = Policy((fill_statement_with_principals(narrowed(piece), self.review.names),))
            return self._within(
                ACCESS, lambda statements: lets_in_no_more(Policy(statements), allowed, self.review.shapes)
            )
        gained_statement = fill_statement_with_principals(narrowed(piece), self.review.names)
        version = VERSION
        if self.after is not None and piece.source.layer == "identity":
            version = self.after.layers.identity[piece.source.policy].version
        gain = fill_policy(Policy((gained_statement,), version), self.review.shapes)
        return self._within(
            ACCESS, lambda statements: includes(fill_policy(Policy(statements), self.review.shapes), gain)
        )

    def trust(self, piece: Piece) -> str | None:
        """As `access`, for who may take on the role."""
        gain = Policy((narrowed_trust(piece),))
        return self._within(TRUST, lambda statements: trusts_no_more(Policy(statements), gain))

    def _within(self, kind: str, proven: Callable[[tuple[Statement, ...]], bool]) -> str | None:
        """The reason of the one entry that is proven to be enough, else of all of the kind together.

        The entries are noted as used. None: nothing is proven.
        """
        numbers: list[int] = []
        statements: list[Statement] = []
        for number, entry in self.entries.items():
            if entry.kind == kind and entry.statement is not None:
                if proven((entry.statement,)):
                    self.used.add(number)
                    return entry.because
                numbers.append(number)
                statements.append(entry.statement)
        if len(numbers) > 1 and proven(tuple(statements)):
            self.used.update(numbers)
            return "; ".join(dict.fromkeys(self.entries[number].because for number in numbers))
        return None

    def undecided(self, undecided: Undecided) -> str | None:
        """The reason of an entry that has exactly this statement, whatever its Sid; None where none has."""
        statement = replace(fill_statement_with_principals(undecided.source.statement, self.review.names), sid="")

        def has_it(entry: AcceptedGain) -> bool:
            if entry.kind != UNDECIDED or entry.statement is None:
                return False
            return replace(entry.statement, sid="") == statement

        return self._reason_of_first(has_it)

    def unread(self, unread: UnreadPolicy) -> str | None:
        """The reason of an entry with the ARN of this policy, in any partition, or with the reason why it is unread."""
        texts = {
            POLICY: plain(fill_references(unread.arn, self.review.names)) or None,
            UNDECIDED: plain(fill_references(unread.reason, self.review.names)),
        }
        return self._reason_of_first(lambda entry: texts.get(entry.kind) == plain(entry.text))

    def door(self, door: Door) -> str | None:
        """The reason of an entry that has the words of this door; None where none has, and for a door that closes."""
        return self._reason_of_first(lambda entry: entry.kind == DOOR and door.opens and entry.text == door.words)

    def _reason_of_first(self, matches: Callable[[AcceptedGain], bool]) -> str | None:
        """The reason of the first entry that matches, which is then among the needed ones; None where none does."""
        for number, entry in self.entries.items():
            if matches(entry):
                self.used.add(number)
                return entry.because
        return None


def narrowed(piece: Piece) -> Statement:
    """The statement of a piece as an Allow of the one action on the one resource that the piece is about.

    Conditions, NotAction and NotResource stay; a piece of its whole statement keeps all actions and resources. Of a
    statement with principals, the one that the piece is about stays.

    All pieces of a statement together have all that it gains, so that nobody accepts more than is told, nor less.
    """
    statement = replace(narrowed_trust(piece), effect="Allow")
    if piece.whole:
        return statement
    if not statement.actions.negated:
        statement = replace(statement, actions=Globs((piece.action,)))
    if statement.resources is not None and not statement.resources.negated:
        statement = replace(statement, resources=Globs((piece.resource,)))
    return statement


def acceptance(review: Review, because: str) -> tuple[AcceptedGain, ...]:
    """The entries that would accept everything that a review still leaves open, in its order, as narrow as may be.

    What several functions gain alike is one entry. The stack's name in them is `${AWS::StackName}`.
    """
    stack = review.names.get(_STACK, "")

    def for_every_stage(text: str) -> str:
        return whole(stack).sub(_STACK, text) if stack else text

    functions_by_entry: dict[AcceptedGain, dict[str, None]] = {}
    for change in review.changes:
        statements = [
            (ACCESS, statement) for statement in _merged(map(narrowed, (*change.access.gained, *change.access.freed)))
        ]
        statements += [(TRUST, statement) for statement in _merged(map(narrowed_trust, change.trust.gained))]
        for undecided in (*change.access.undecided, *change.trust.undecided):
            statements.append((UNDECIDED, replace(undecided.source.statement, sid="")))
        entries = []
        for kind, statement in statements:
            entries.append(AcceptedGain((), kind, because, put_texts(statement, for_every_stage)))
        for unread in change.unread:
            kind, text = (POLICY, unread.arn) if unread.arn.startswith("arn:") else (UNDECIDED, unread.reason)
            entries.append(AcceptedGain((), kind, because, text=for_every_stage(text)))
        opened_doors = (for_every_stage(door.words) for door in change.doors if door.opens)
        entries += (AcceptedGain((), DOOR, because, text=words) for words in opened_doors)
        functions = dict.fromkeys(change.functions or (change.role,))
        for entry in entries:
            functions_by_entry.setdefault(entry, {}).update(functions)
    return tuple(replace(entry, functions=tuple(functions)) for entry, functions in functions_by_entry.items())


def _merged(statements: Iterable[Statement]) -> Iterator[Statement]:
    """Statements that differ in their action alone as one, then those that differ in their resource; without Sids.

    Those with NotAction or NotResource are joined only where it is the same. Each stands where its first one stood.
    """
    anonymous = [replace(statement, sid="") for statement in statements]
    yield from _joined(_joined(anonymous, "actions"), "resources")


def _joined(statements: Iterable[Statement], element: Literal["actions", "resources"]) -> list[Statement]:
    """Statements that are the same but for the patterns of one element, as one that has them all."""
    patterns: dict[Statement, dict[str, None]] = {}
    for statement in statements:
        globs = statement.actions if element == "actions" else statement.resources
        if globs is None or globs.negated:
            patterns.setdefault(statement, {})
        else:
            without_patterns = _with_globs(statement, element, Globs(()))
            patterns.setdefault(without_patterns, {}).update(dict.fromkeys(globs.patterns))
    joined = []
    for statement, texts in patterns.items():
        joined.append(_with_globs(statement, element, Globs(tuple(texts))) if texts else statement)
    return joined


def _with_globs(statement: Statement, element: Literal["actions", "resources"], globs: Globs) -> Statement:
    return replace(statement, actions=globs) if element == "actions" else replace(statement, resources=globs)


__all__ = ["AcceptedGain", "accept", "acceptance", "read_accepted", "written"]
