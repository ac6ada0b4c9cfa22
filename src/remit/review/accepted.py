"""Gains that a person accepted with a reason, in `config/accepted.json`: set aside only as far as that is proven."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal, TypeVar

from remit.errors import RemitError, did_you_mean
from remit.iam.comparison import Piece, Undecided
from remit.iam.policy import VERSION, Globs, Policy, Statement
from remit.iam.prove.compare import includes
from remit.review.accepted_file import ACCESS, POLICY, TRUST, UNDECIDED, Entry, read_accepted, written
from remit.review.access_change import Accepted, Change, Review, Unseen
from remit.review.comparable_roles import filled, plain
from remit.review.trust import narrowed_trust, trusts_no_more
from remit.review.working_tree import put_texts, whole
from remit.roles.reference_names import put
from remit.roles.reference_shapes import in_shape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from remit.iam.comparison import StatementLocation
    from remit.review.access_change import Standing

F = TypeVar("F", Piece, Undecided, Unseen)
_STACK: Final = "${AWS::StackName}"


def accept(review: Review, entries: Sequence[Entry]) -> tuple[Review, tuple[Entry, ...]]:
    """The review with what is accepted set aside, and the entries that nothing needed.

    A gain is accepted when it is proven to be within the accepted statements, and in no other way. Losses need no
    agreement. RemitError at its line: an entry for a function that neither version has.
    """
    known = (*review.functions, *review.roles)
    for entry in entries:
        _check_functions(entry, known)
    used: set[int] = set()
    changes = [
        part
        for change in review.changes
        for part in _accepted(change, [_placed(entry, review.names) for entry in entries], review, used)
    ]
    stale = tuple(entry for number, entry in enumerate(entries) if number not in used)
    return replace(review, changes=tuple(changes)), stale


def _check_functions(entry: Entry, known: Sequence[str]) -> None:
    for name in entry.functions or ():
        if name not in known:
            hint = did_you_mean(name, known) or "take it out of the entry when the function is gone for good"
            raise RemitError(f"there is no function `{name}` to accept anything for", hint=hint, origin=entry.origin)


def _placed(entry: Entry, names: Mapping[str, str]) -> Entry:
    """The entry with references in place as the versions have them."""
    return replace(
        entry,
        statement=None if entry.statement is None else filled(entry.statement, names),
        text=put(entry.text, names),
    )


def _accepted(change: Change, entries: Sequence[Entry], review: Review, used: set[int]) -> Iterator[Change]:
    """The change for all of its functions, or in parts where entries speak of some of them."""
    who = change.functions or (change.role,)
    apart: dict[tuple[int, ...], list[str]] = {}
    for name in who:
        apart.setdefault(tuple(number for number, entry in enumerate(entries) if entry.speaks_of(name)), []).append(
            name
        )
    for numbers, functions in apart.items():
        given = {number: entries[number] for number in numbers}
        part = replace(change, functions=tuple(functions)) if change.functions else change
        yield _settled(part, _Judge(given, review, used, change.after)) if given else part


def _settled(change: Change, judge: _Judge) -> Change:
    aside: list[Accepted] = []

    def left(found: Iterable[F], kind: str, reason: Callable[[F], str | None]) -> tuple[F, ...]:
        rest: list[F] = []
        for one in found:
            because = reason(one)
            if because is None:
                rest.append(one)
            else:
                aside.append(Accepted(one, because, kind))
        return tuple(rest)

    access = replace(
        change.access,
        gained=left(change.access.gained, "access", judge.access),
        undecided=left(change.access.undecided, "access", judge.undecided),
    )
    trust = replace(
        change.trust,
        gained=left(change.trust.gained, "trust", judge.trust),
        undecided=left(change.trust.undecided, "trust", judge.undecided),
    )
    unseen = left(change.unseen, "access", judge.unseen)
    return replace(change, access=access, trust=trust, unseen=unseen, accepted=(*change.accepted, *aside))


@dataclass(frozen=True, slots=True)
class _Judge:
    """The entries that speak of some functions, by their number; the numbers of those that were needed go to `used`."""

    entries: Mapping[int, Entry]
    review: Review
    used: set[int]
    after: Standing | None

    def access(self, piece: Piece) -> str | None:
        """The reason why a gain is accepted; None when it is not proven to be."""
        asked = Policy((filled(narrowed(piece), self.review.names),), self._version(piece.source))
        asked = in_shape(asked, self.review.shapes)
        return self._within(
            ACCESS, lambda statements: includes(in_shape(Policy(statements), self.review.shapes), asked)
        )

    def trust(self, piece: Piece) -> str | None:
        """As `access`, for who may take on the role."""
        asked = Policy((narrowed_trust(piece),))
        return self._within(TRUST, lambda statements: trusts_no_more(Policy(statements), asked))

    def _version(self, source: StatementLocation) -> str:
        """The version of the language that a statement is written in."""
        if self.after is None or source.layer != "identity":
            return VERSION
        return self.after.layers.identity[source.policy].version

    def _within(self, kind: str, proven: Callable[[tuple[Statement, ...]], bool]) -> str | None:
        """By one entry alone, else by all of the kind together."""
        given = [(n, one, one.statement) for n, one in self.entries.items() if one.kind == kind and one.statement]
        for number, entry, statement in given:
            if proven((statement,)):
                self.used.add(number)
                return entry.because
        if len(given) > 1 and proven(tuple(statement for _, _, statement in given)):
            self.used.update(number for number, _, _ in given)
            return "; ".join(dict.fromkeys(entry.because for _, entry, _ in given))
        return None

    def undecided(self, found: Undecided) -> str | None:
        """The reason of an entry that has exactly this statement."""
        wanted = replace(filled(found.source.statement, self.review.names), sid="")
        return self._equal(
            lambda entry: (
                entry.kind == UNDECIDED and entry.statement is not None and replace(entry.statement, sid="") == wanted
            )
        )

    def unseen(self, found: Unseen) -> str | None:
        """The reason of an entry that names this policy, or is about the very thing."""
        wanted = {
            POLICY: plain(put(found.arn, self.review.names)) or None,
            UNDECIDED: plain(put(found.reason, self.review.names)),
        }
        return self._equal(lambda entry: wanted.get(entry.kind) == plain(entry.text))

    def _equal(self, meant: Callable[[Entry], bool]) -> str | None:
        number = next((number for number, entry in self.entries.items() if meant(entry)), None)
        if number is None:
            return None
        self.used.add(number)
        return self.entries[number].because


def narrowed(piece: Piece) -> Statement:
    """The statement of a piece with the one action and the one resource that the piece is about, conditions kept.

    All pieces of a statement together have all that it gains, so that nobody accepts more than is told, nor less.
    """
    statement = piece.source.statement
    if piece.whole:
        return statement
    if not statement.actions.negated:
        statement = replace(statement, actions=Globs((piece.action,)))
    if statement.resources is not None and not statement.resources.negated:
        statement = replace(statement, resources=Globs((piece.resource,)))
    return statement


def acceptance(review: Review, because: str) -> tuple[Entry, ...]:
    """The entries that would accept everything that a review still leaves open, in its order, as narrow as may be.

    What several functions gain alike is one entry.
    """
    found: dict[Entry, dict[str, None]] = {}
    for change in review.changes:
        functions = dict.fromkeys(change.functions or (change.role,))
        for kind, statement in _statements(change):
            found.setdefault(Entry((), kind, because, _general(statement, review.names)), {}).update(functions)
        for one in change.unseen:
            kind, text = (POLICY, one.arn) if one.arn.startswith("arn:") else (UNDECIDED, one.reason)
            text = _stages(review.names)(text)
            found.setdefault(Entry((), kind, because, text=text), {}).update(functions)
    return tuple(replace(entry, functions=tuple(functions)) for entry, functions in found.items())


def _statements(change: Change) -> Iterator[tuple[str, Statement]]:
    yield from ((ACCESS, one) for one in _merged(map(narrowed, change.access.gained)))
    yield from ((TRUST, one) for one in _merged(map(narrowed_trust, change.trust.gained)))
    for item in (*change.access.undecided, *change.trust.undecided):
        yield UNDECIDED, replace(item.source.statement, sid="")


def _merged(statements: Iterable[Statement]) -> Iterator[Statement]:
    """Statements that differ in their action alone as one, then those that differ in their resource; without Sids."""
    found = [replace(statement, sid="") for statement in statements]
    yield from _joined(_joined(found, "actions"), "resources")


def _joined(statements: Iterable[Statement], element: Literal["actions", "resources"]) -> list[Statement]:
    """Statements that are the same but for the patterns of one element, as one that has them all."""
    found: dict[Statement, list[str]] = {}
    for statement in statements:
        globs = getattr(statement, element)
        alone = globs is None or globs.negated
        rest = statement if alone else _with(statement, element, Globs(()))
        found.setdefault(rest, []).extend(() if alone else globs.patterns)
    return [
        _with(rest, element, Globs(tuple(dict.fromkeys(texts)))) if texts else rest for rest, texts in found.items()
    ]


def _with(statement: Statement, element: Literal["actions", "resources"], globs: Globs) -> Statement:
    return replace(statement, actions=globs) if element == "actions" else replace(statement, resources=globs)


def _general(statement: Statement, names: Mapping[str, str]) -> Statement:
    """The statement for every stage."""
    return put_texts(statement, _stages(names))


def _stages(names: Mapping[str, str]) -> Callable[[str], str]:
    """Makes a text hold for every stage: its own namespace is written as the stack's name."""
    stack = names.get(_STACK, "")
    return (lambda text: whole(stack).sub(_STACK, text)) if stack else (lambda text: text)


__all__ = ["Entry", "accept", "acceptance", "read_accepted", "written"]
