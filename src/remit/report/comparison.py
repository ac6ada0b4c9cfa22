"""A comparison for people and for programs; `comment` has the one for a pull request.

Pieces are told as people think of them: who wrote it (the statement), of which service, of which level.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.actions import LEVELS, action, arn_services
from remit.catalogue.expand import expand

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from remit.errors import Origin
    from remit.iam.comparison import Piece, SideDifference, StatementLocation
    from remit.iam.prove.compare import Comparison

    Locator = Callable[[StatementLocation], Origin | None]

FUTURE: Final = "future actions"
UNUSED: Final = "no use today"
_LISTED: Final = 6  # actions or resources on one line; of more, the number is told
PARTS: Final = (
    ("gained", "+", "gained"),
    ("freed", "+", "no longer denied"),
    ("lost", "-", "lost"),
    ("forbidden", "-", "newly denied"),
)


@dataclass(frozen=True, slots=True)
class Group:
    """Pieces of one statement, service and level on the same resources."""

    source: StatementLocation
    difference: SideDifference | None
    service: str
    level: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    example: Piece

    @property
    def because(self) -> str:
        """What has changed, in words."""
        return self.example.because


@dataclass(frozen=True, slots=True)
class Places:
    """Where the statements of either side stand."""

    old: Locator
    new: Locator

    def of(self, part: str) -> Locator:
        """For the pieces of a part of the comparison: gains stand in the new side, losses in the old."""
        return self.new if part in ("gained", "forbidden") else self.old


def groups(pieces: Iterable[Piece]) -> tuple[Group, ...]:
    """Pieces put together, in their order; last those that no request of today can use.

    A statement of several services gains each of its actions on each of its resources, s3:GetObject on a table too:
    that is true, and counts, but must not hide what matters.
    """
    by_action: dict[tuple[StatementLocation, SideDifference | None, str, bool], list[Piece]] = {}
    for piece in pieces:
        by_action.setdefault((piece.source, piece.difference, piece.action, _unused(piece)), []).append(piece)
    alike: dict[tuple[StatementLocation, SideDifference | None, str, str, tuple[str, ...]], list[Piece]] = {}
    for (source, difference, name, unused), some in sorted(by_action.items(), key=lambda item: item[0][-1]):
        resources = tuple(piece.resource for piece in some)
        level = UNUSED if unused else level_of(name, some[0])
        service = name.partition(":")[0].lower()
        alike.setdefault((source, difference, service, level, resources), []).append(some[0])
    made = []
    for (source, difference, service, level, resources), some in alike.items():
        actions = tuple(dict.fromkeys(piece.action for piece in some))
        made.append(Group(source, difference, service, level, actions, resources, some[0]))
    return tuple(made)


def _unused(piece: Piece) -> bool:
    """Whether none of its existing actions takes a resource of the service that its ARN names."""
    match piece.resource.split(":", 5):
        case ["arn", _, service, _, _, _] if service and not any(sign in service for sign in "*?$"):
            pass
        case _:
            return False
    if piece.tier == "future" or piece.action == "*":
        return False
    taken = map(arn_services, expand(piece.action) or (piece.request.action,))
    return all(services is not None and service not in services for services in taken)


def level_of(pattern: str, piece: Piece) -> str:
    """The access level of an action, or the levels of a pattern's actions; what only future actions gain has none."""
    if piece.tier == "future":
        return FUTURE
    if pattern == "*" and piece.action == "*":
        return "every level"
    names = {found.level for found in map(action, expand(pattern) or (piece.request.action,)) if found is not None}
    return ", ".join(level for level in LEVELS if level in names) or "unknown level"


def comparison_document(comparison: Comparison, places: Places) -> dict[str, Any]:
    """For programs: {gained, lost, undecided, freed, forbidden}."""
    parts = {
        name: [_piece_document(piece, places.of(name)(piece.source)) for piece in getattr(comparison, name)]
        for name in ("gained", "lost", "freed", "forbidden")
    }
    undecided = [{"statement": one.source.name, "reason": one.reason} for one in comparison.undecided]
    return {
        "gained": parts["gained"],
        "lost": parts["lost"],
        "undecided": undecided,
        "freed": parts["freed"],
        "forbidden": parts["forbidden"],
    }


def _piece_document(piece: Piece, origin: Origin | None) -> dict[str, Any]:
    return {
        "action": piece.request.action,
        "resource": piece.request.resource,
        "context": piece.context,
        "statement": piece.source.name,
        "origin": None if origin is None else {"file": origin.file, "line": origin.line, "column": origin.column},
        "tier": piece.tier,
        "allows": {"action": piece.action, "resource": piece.resource},
        "because": piece.because,
    }


def comparison_lines(comparison: Comparison, places: Places) -> Iterator[str]:
    """For people: a line that begins with + for each gain, with - for each loss, with ? for what is undecided."""
    if comparison.same:
        yield "The same access: proven for every request."
        return
    for part, sign, title in PARTS:
        found = groups(getattr(comparison, part))
        if found:
            yield f"Access {title}" if part in ("gained", "lost") else title.capitalize()
        for group in found:
            yield from _group_lines(group, sign, places.of(part))
    if comparison.undecided:
        yield "Undecided, which is no proof of anything"
        for one in comparison.undecided:
            yield f"  ? {one.source.name}: {one.reason}"
    yield summary(comparison)


def _group_lines(group: Group, sign: str, locate: Locator) -> Iterator[str]:
    origin = locate(group.source)
    yield f"  {sign} {group.level} on {group.service}: {some(group.actions)}"
    yield f"      on {some(group.resources)}"
    yield f"      {group.source.name}{f', {origin}' if origin else ''}: {group.because}"
    yield f"      for example {example(group.example)}"


def some(texts: tuple[str, ...], written: Callable[[str], str] = str) -> str:
    """The first of them on one line, and how many there are beyond."""
    rest = len(texts) - _LISTED
    return ", ".join(map(written, texts[:_LISTED])) + (f" and {rest} more" if rest > 0 else "")


def example(piece: Piece) -> str:
    """The request that shows a piece."""
    context = ", ".join(
        f"{key} = {' and '.join(map(str, value)) if isinstance(value, list) else value}"
        for key, value in piece.context.items()
    )
    return f"{piece.request.action} on {piece.request.resource}{f' with {context}' if context else ''}"


def summary(comparison: Comparison) -> str:
    """One line of numbers."""
    counts = [
        f"{len(found)} {title}"
        for part, _, title in PARTS
        if (found := groups(getattr(comparison, part))) or part in ("gained", "lost")
    ]
    return ", ".join((*counts, f"{len(comparison.undecided)} undecided"))
