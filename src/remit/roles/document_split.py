"""Lay statements into documents of limited length, so that together they say the same.

Whole statements in their order, if that takes no more documents than there may be; else the longest first; else each
document full to the brim. A statement that is longer than a document is taken apart by its resources or actions, with
proof that the pieces say the same.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

from remit.iam.policy import Globs, Policy, Statement
from remit.roles.policy_size import Sizes, document_length


def packed(
    statements: tuple[Statement, ...], sizes: Sizes, *, first_length: int, further_length: int, spare: int | None = None
) -> tuple[tuple[Statement, ...], ...] | None:
    """Documents: the first of at most `first_length` characters, at most `spare` further ones of `further_length` each.

    With None for `spare` there may be any number. None: it takes more whatever is done, or a statement cannot be taken
    apart that is longer than a document.
    """
    packer = _Packer(sizes, first_length, further_length)
    by_length = tuple(sorted(statements, key=lambda statement: -sizes.statement(statement)))
    ways: tuple[Callable[[], list[_Document] | None], ...] = (
        lambda: packer.in_order(statements),
        lambda: packer.longest_first(statements),
        lambda: packer.in_order(statements, brim=True),
        lambda: packer.in_order(by_length, brim=True),
    )
    for way in ways:
        documents = way()
        if documents is not None and (spare is None or len(documents) - 1 <= spare):
            return tuple(tuple(document.statements) for document in documents)
    return None


def fewest(statements: tuple[Statement, ...], sizes: Sizes, most: int) -> tuple[tuple[Statement, ...], ...] | None:
    """Pack statements into documents of at most `most` characters: the fewest that their length takes, if that works.

    Else into as many as it takes. None: a statement that is longer than a document cannot be taken apart.
    """
    least = -(-sizes.document(statements) // most)
    return packed(statements, sizes, first_length=most, further_length=most, spare=least - 1) or packed(
        statements, sizes, first_length=most, further_length=most
    )


@dataclass(slots=True)
class _Document:
    """A document that is being filled; it holds no more than `most` characters."""

    most: int
    statements: list[Statement] = field(default_factory=list)
    length: int = 0
    """Characters of its statements, without what stands around them."""

    @property
    def room(self) -> int:
        """Characters that one more statement may have."""
        return self.most - document_length(self.length, len(self.statements) + 1)

    def add(self, statement: Statement, size: int) -> None:
        """Add a statement of a known size, in place."""
        self.statements.append(statement)
        self.length += size


@dataclass(frozen=True, slots=True)
class _Packer:
    """Fills documents in different ways; the first may be `first` characters long, each other `further`."""

    sizes: Sizes
    first: int
    further: int

    def new(self, documents: list[_Document]) -> _Document:
        """Add a document to the list, in place, and return it: the first may have another limit."""
        documents.append(_Document(self.further if documents else self.first))
        return documents[-1]

    def in_order(self, statements: Iterable[Statement], *, brim: bool = False) -> list[_Document] | None:
        """Fill one document after the other; with `brim`, take statements apart rather than leave room.

        None: a statement fits in no document, and cannot be halved.
        """
        documents: list[_Document] = []
        document, most = self.new(documents), _Document(self.further).room
        todo = deque((statement, self.sizes.statement(statement)) for statement in statements)
        while todo:
            statement, size = todo.popleft()
            if size <= document.room:
                document.add(statement, size)
                continue
            pieces = _cut(statement, document.room, self.sizes) if brim or size > most else None
            if pieces is not None:
                document.add(pieces[0], self.sizes.statement(pieces[0]))
                todo.appendleft((pieces[1], self.sizes.statement(pieces[1])))
            elif document.statements:
                document = self.new(documents)
                todo.appendleft((statement, size))
            else:
                halves = _halved(statement)
                if halves is None:
                    return None
                todo.extendleft((half, self.sizes.statement(half)) for half in reversed(halves))
        return documents

    def longest_first(self, statements: tuple[Statement, ...]) -> list[_Document] | None:
        """Each statement in the first document that has room for it, the longest one first; in each, their own order.

        None: one is longer than a document.
        """
        measured = [(self.sizes.statement(statement), order) for order, statement in enumerate(statements)]
        documents: list[_Document] = []
        held: list[list[int]] = [[]]
        self.new(documents)
        for size, order in sorted(measured, key=lambda item: (-item[0], item[1])):
            place = next((place for place, candidate in enumerate(documents) if size <= candidate.room), None)
            if place is None:
                if size > self.new(documents).room:
                    return None
                place = len(documents) - 1
                held.append([])
            documents[place].add(statements[order], size)
            held[place].append(order)
        for document, orders in zip(documents, held, strict=True):
            document.statements = [statements[order] for order in sorted(orders)]
        return documents


def _cut(statement: Statement, room: int, sizes: Sizes) -> tuple[Statement, Statement] | None:
    """As much of a statement as fits into `room` characters, and the rest: of its resources, or else of its actions.

    None: not one of them fits, or the two do not mean the same as the whole.
    """
    for parted in (_parted(statement, "resources"), _parted(statement, "actions")):
        if parted is None:
            continue
        count, take = parted
        most = bisect_right(range(1, count), room, key=lambda end: sizes.statement(take(0, end)))
        if most:
            pieces = take(0, most), replace(take(most, count), sid="")  # a Sid may stand but once
            if _mean_the_same(statement, pieces):
                return pieces
    return None


def _halved(statement: Statement) -> tuple[Statement, Statement] | None:
    """Two statements with half of the actions each; None: it has one action, or they do not mean the same.

    That is for a statement of which not even one resource, or one action, fits into a document.
    """
    parted = _parted(statement, "actions")
    if parted is None:
        return None
    count, take = parted
    halves = take(0, count // 2), replace(take(count // 2, count), sid="")
    return halves if _mean_the_same(statement, halves) else None


def _mean_the_same(statement: Statement, pieces: tuple[Statement, ...]) -> bool:
    """Return whether it is proven that pieces allow and deny together exactly what a statement does."""
    from remit.iam.prove.minimise import same  # noqa: PLC0415 - it brings the comparison, and most statements stay whole

    return same(Policy((statement,)), Policy(pieces))


_Parted = tuple[int, "Callable[[int, int], Statement]"]


def _parted(statement: Statement, name: Literal["resources", "actions"]) -> _Parted | None:
    """How many patterns a statement's resources or actions have, and a function that gives it with some of them.

    None: it has fewer than two, or they are negated.
    """
    globs = statement.resources if name == "resources" else statement.actions
    if globs is None or globs.negated or len(globs.patterns) < 2:  # noqa: PLR2004 - two parts
        return None
    patterns = globs.patterns
    if name == "resources":
        return len(patterns), lambda start, end: replace(statement, resources=Globs(patterns[start:end]))
    return len(patterns), lambda start, end: replace(statement, actions=Globs(patterns[start:end]))
