"""Make roles fit IAM's quotas: nothing is touched that fits; else the same access in fewer characters, else in parts.

A role whose inline policy is too long is first minimised (`iam.minimise`, with its proof). If that is not enough, its
statements stay in their order and are laid into documents: the inline policy until it is full, then managed policies
that the template makes and the role attaches. A statement that is longer than a managed policy is taken apart by its
resources or actions, with proof that the pieces say the same.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from remit.build.reasons import explained
from remit.build.size import of_statements
from remit.catalogue.quotas import quota
from remit.errors import Origin, RemitError
from remit.grants.assign import named
from remit.iam.compare import equivalent
from remit.iam.minimise import minimise
from remit.iam.policy import Globs, Policy, Statement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from remit.app import Grant, Role
    from remit.build.size import Sizes

_SHOWN: Final = 3
_SHORT: Final = 70
_BLOCK: Final = 400


def fit(role: Role, sizes: Sizes) -> Role:
    """The role as it is deployed: its `parts` say what stands in which document, if anything had to be done.

    RemitError with the numbers and the longest statements: it does not fit.
    """
    inline = quota("iam.role.inline").most
    if role.parts or sizes.policy(role) <= inline:
        return role
    smaller = _minimised(tuple(grant.statement for grant in role.grants))
    if sizes.document(smaller) <= inline:
        return _made(role, (smaller,))
    spare = quota("iam.role.managed").most - len(role.managed)
    documents = _packed(smaller, max(spare, 0), sizes)
    if documents is None:
        raise _refusal(role, smaller, sizes)
    return _made(role, documents)


def _minimised(statements: tuple[Statement, ...]) -> tuple[Statement, ...]:
    """As `minimise`; of very many statements some at a time first, since a proof of all of them has a budget.

    Where each block keeps its allow set and its deny set, so does the whole.
    """
    if len(statements) > _BLOCK:
        blocks = (statements[start : start + _BLOCK] for start in range(0, len(statements), _BLOCK))
        statements = tuple(one for block in blocks for one in minimise(Policy(block)).statements)
    return minimise(Policy(statements)).statements


def policy_ids(role: Role) -> tuple[str, ...]:
    """The logical ids of the managed policies that the template makes for a role."""
    return tuple(f"{role.logical_id}Policy{number}" for number in range(1, len(role.parts)))


def _made(role: Role, documents: Iterable[tuple[Statement, ...]]) -> Role:
    made = tuple(documents)
    grants = explained((statement for document in made for statement in document), role.grants)
    return replace(role, grants=grants, parts=tuple(map(len, made)))


@dataclass(slots=True)
class _Document:
    """A document that is being filled; it holds no more than `most` characters."""

    most: int
    statements: list[Statement] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)

    @property
    def room(self) -> int:
        """Characters that one more statement may have."""
        return self.most - of_statements([*self.sizes, 0])

    def add(self, statement: Statement, size: int) -> None:
        self.statements.append(statement)
        self.sizes.append(size)


def _packed(statements: tuple[Statement, ...], spare: int, sizes: Sizes) -> tuple[tuple[Statement, ...], ...] | None:
    """The documents, the inline one first; None: it takes more than `spare` managed ones whatever is done.

    Whole statements in their order; if that takes too many, the longest first; if that does as well, each document full
    to the brim, in their order or the longest first.
    """
    for way in (_in_order, _longest_first, _to_the_brim, _longest_to_the_brim):
        documents = way(statements, sizes)
        if documents is not None and len(documents) - 1 <= spare:
            return tuple(tuple(document.statements) for document in documents)
    return None


def _new(documents: list[_Document]) -> _Document:
    documents.append(_Document(quota("iam.managed" if documents else "iam.role.inline").most))
    return documents[-1]


def _in_order(statements: Iterable[Statement], sizes: Sizes, *, brim: bool = False) -> list[_Document] | None:
    """Fill one document after the other; with `brim`, take statements apart rather than leave room."""
    documents: list[_Document] = []
    document, empty = _new(documents), _Document(quota("iam.managed").most)
    todo = deque((statement, sizes.statement(statement)) for statement in statements)
    while todo:
        statement, size = todo.popleft()
        if size <= document.room:
            document.add(statement, size)
            continue
        pieces = _cut(statement, document.room, sizes) if brim or size > empty.room else None
        if pieces is not None:
            document.add(pieces[0], sizes.statement(pieces[0]))
            todo.appendleft((pieces[1], sizes.statement(pieces[1])))
        elif document.statements:
            document = _new(documents)
            todo.appendleft((statement, size))
        else:
            halves = _halved(statement)
            if halves is None:
                return None
            todo.extendleft((half, sizes.statement(half)) for half in reversed(halves))
    return documents


def _to_the_brim(statements: Iterable[Statement], sizes: Sizes) -> list[_Document] | None:
    return _in_order(statements, sizes, brim=True)


def _longest_to_the_brim(statements: Iterable[Statement], sizes: Sizes) -> list[_Document] | None:
    return _in_order(sorted(statements, key=lambda one: -sizes.statement(one)), sizes, brim=True)


def _longest_first(statements: tuple[Statement, ...], sizes: Sizes) -> list[_Document] | None:
    """Each statement in the first document that has room for it, the longest one first; in each, their own order."""
    measured = sorted(enumerate(statements), key=lambda item: (-sizes.statement(item[1]), item[0]))
    documents: list[_Document] = []
    places: dict[int, list[tuple[int, Statement]]] = {}
    _new(documents)
    for order, statement in measured:
        size = sizes.statement(statement)
        place = next((place for place, one in enumerate(documents) if size <= one.room), None)
        if place is None:
            if size > _new(documents).room:
                return None
            place = len(documents) - 1
        documents[place].add(statement, size)
        places.setdefault(place, []).append((order, statement))
    for place, held in places.items():
        documents[place].statements = [statement for _, statement in sorted(held, key=lambda item: item[0])]
    return documents


def _cut(statement: Statement, room: int, sizes: Sizes) -> tuple[Statement, Statement] | None:
    """As much of a statement as `room` has, and the rest: of its resources, or else of its actions; or None."""
    for parted in (_by_resources(statement), _by_actions(statement)):
        if parted is None:
            continue
        count, take = parted
        most = bisect_right(range(1, count), room, key=lambda some: sizes.statement(take(0, some)))
        if most:
            pieces = take(0, most), replace(take(most, count), sid="")  # a Sid may stand but once
            if _say_the_same(statement, pieces):
                return pieces
    return None


def _halved(statement: Statement) -> tuple[Statement, Statement] | None:
    """A statement of which not even one resource, or one action, fits into a document: half of its actions each."""
    parted = _by_actions(statement)
    if parted is None:
        return None
    count, take = parted
    halves = take(0, count // 2), replace(take(count // 2, count), sid="")
    return halves if _say_the_same(statement, halves) else None


_Parted = tuple[int, "Callable[[int, int], Statement]"]


def _by_resources(statement: Statement) -> _Parted | None:
    resources = statement.resources
    if resources is None or resources.negated or len(resources.patterns) < 2:  # noqa: PLR2004 - two parts
        return None
    patterns = resources.patterns
    return len(patterns), lambda start, end: replace(statement, resources=Globs(patterns[start:end]))


def _by_actions(statement: Statement) -> _Parted | None:
    if statement.actions.negated or len(statement.actions.patterns) < 2:  # noqa: PLR2004 - as above
        return None
    patterns = statement.actions.patterns
    return len(patterns), lambda start, end: replace(statement, actions=Globs(patterns[start:end]))


def _say_the_same(statement: Statement, pieces: tuple[Statement, ...]) -> bool:
    return equivalent(Policy((statement,)), Policy(pieces))


def _refusal(role: Role, statements: tuple[Statement, ...], sizes: Sizes) -> RemitError:
    """What a role needs that fits nowhere, and what there is room for."""
    inline, managed, attached = (quota(f"iam.{name}").most for name in ("role.inline", "managed", "role.managed"))
    whole = sizes.policy(role)
    room = inline + managed * max(0, attached - len(role.managed))
    ranked = sorted(explained(statements, role.grants), key=lambda one: -sizes.statement(one.statement))
    least = _to_the_brim(statements, sizes)
    takes = (
        f"it would take {len(least) - 1} managed policies beside a full inline policy"
        if least is not None
        else "a statement is longer than a document may be and cannot be taken apart"
    )
    needs = (
        f"the policy of {named(role.functions)} has {whole:,} characters in {len(role.grants):,} statements, "
        f"{sizes.document(statements):,} when it is minimised, and does not fit"
    )
    allowed = (
        f"IAM allows {inline:,} for the inline policies of a role, and {managed:,} in each of {attached} managed "
        f"policies ({len(role.managed)} {'is' if len(role.managed) == 1 else 'are'} taken): {room:,} in all; {takes}"
    )
    longest = (_described(grant, sizes) for grant in ranked[:_SHOWN])
    return RemitError(
        "\n  ".join((needs, allowed, "the longest statements:", *longest)),
        hint="name resources by a pattern, let one statement's condition hold several values, "
        "or share the work out among functions, each with its own role",
        origin=_heaviest(role, sizes),
    )


def _heaviest(role: Role, sizes: Sizes) -> Origin | None:
    """The line that brings most characters: often a loop that writes many short statements."""
    by_line: Counter[Origin] = Counter()
    for grant in role.grants:
        if grant.origin is not None:
            by_line[Origin(grant.origin.file, grant.origin.line)] += sizes.statement(grant.statement)
    return max(by_line.items(), key=lambda item: item[1], default=(None, 0))[0]


def _described(grant: Grant, sizes: Sizes) -> str:
    statement = grant.statement
    shown = ", ".join(statement.actions.patterns)
    shown = shown if len(shown) <= _SHORT else f"{shown[: _SHORT - 2]} …"
    because = grant.because if len(grant.because) <= _SHORT else f"{grant.because[: _SHORT - 2]} …"
    where = f"  ({grant.origin})" if grant.origin is not None else ""
    word = "everything but " if statement.actions.negated else ""
    size = sizes.statement(statement)
    return f"  {size:>6,} characters: {statement.effect} {word}{shown}, because {because}{where}"
