"""A comparison for people and for programs; `comment` has the one for a pull request.

Pieces are told as people think of them: who wrote it (the statement), of which service, of which level.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from remit.catalogue.actions import LEVELS, action, full_name
from remit.catalogue.expand import expand
from remit.iam.tokens import ACCOUNT, REGION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from remit.errors import Origin
    from remit.iam.comparison import Piece, SideDifference, StatementLocation
    from remit.iam.prove.compare import Comparison

    Locator = Callable[[StatementLocation], Origin | None]

FUTURE: Final = "future actions"
UNUSED: Final = "no effect today"
NO_EXAMPLE: Final = "no request of today can use it"
EVERYONE: Final = "*"
PUBLIC: Final = "PUBLIC:"
"""Before an access that anybody on the internet gains."""
_LISTED: Final = 6  # actions or resources on one line; of more, the number is told
PARTS: Final = (
    ("gained", "+", "gained"),
    ("freed", "+", "no longer denied"),
    ("lost", "-", "lost"),
    ("forbidden", "-", "newly denied"),
)


@dataclass(frozen=True, slots=True)
class PieceGroup:
    """Pieces of one statement, service and level on the same resources."""

    source: StatementLocation
    difference: SideDifference | None
    service: str
    level: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    example: Piece
    principals: tuple[str, ...] = ()
    """Who has the access, where policies with principals are compared."""
    public: bool = False
    """Whether anybody on the internet has."""

    @property
    def title(self) -> str:
        """Its level and service, and who has it: `Read on s3 by everyone`."""
        access = f"{self.level} on {self.service}"
        if not self.principals:
            return access
        names = tuple("everyone" if principal == EVERYONE else principal for principal in self.principals)
        return f"{access} by {some(names)}"

    @property
    def request(self) -> str:
        """The request that shows it, with its caller where that matters; empty where no request of today does."""
        if has_no_effect(self.example):
            return ""
        request = self.example.request
        return example(self.example, f"{request.resource} by {request.principal}" if self.principals else "")

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


def groups(pieces: Iterable[Piece]) -> tuple[PieceGroup, ...]:
    """Pieces put together, in their order: public ones first, last those that no request of today can use.

    A statement of several services gains each of its actions on each of its resources, s3:GetObject on a table too:
    that counts, since other policies and other days may give it an effect, but must not hide what matters.
    """
    by_action: dict[tuple[StatementLocation, SideDifference | None, str, _Whom, bool], list[Piece]] = {}
    for whom, piece in _by_whom(pieces):
        by_action.setdefault((piece.source, piece.difference, piece.action, whom, has_no_effect(piece)), []).append(
            piece
        )
    by_group: dict[tuple[StatementLocation, SideDifference | None, str, str, _Whom, tuple[str, ...]], PieceGroup] = {}
    in_order = sorted(by_action.items(), key=lambda item: (not item[0][-2].public, item[0][-1]))
    for (source, difference, action_pattern, whom, unused), action_pieces in in_order:
        resources = tuple(piece.resource for piece in action_pieces)
        level = UNUSED if unused else level_of(action_pattern, action_pieces[0])
        service = action_pattern.partition(":")[0].lower()
        key = source, difference, service, level, whom, resources
        first = PieceGroup(
            source, difference, service, level, (), resources, action_pieces[0], whom.principals, whom.public
        )
        group = by_group.get(key, first)
        by_group[key] = replace(group, actions=(*group.actions, action_pattern))
    return tuple(by_group.values())


def has_no_effect(piece: Piece) -> bool:
    """Whether no request of today can use it, though its action exists: the action takes no such resource, say."""
    return piece.tier == "future" and full_name(piece.request.action) is not None


class _Whom(NamedTuple):
    """Everyone who has an access by one statement, as it spells them, and whether that is anybody on the internet."""

    principals: tuple[str, ...]
    public: bool


def _by_whom(pieces: Iterable[Piece]) -> Iterator[tuple[_Whom, Piece]]:
    """Each access once, with everyone whom it is about; nobody is named where identity policies are compared."""
    principals: dict[object, dict[str, None]] = {}
    first: dict[object, Piece] = {}
    for piece in pieces:
        access = (piece.source, piece.difference, piece.action, piece.resource, piece.public)
        first.setdefault(access, piece)
        principals.setdefault(access, {})[piece.principal] = None
    for key, piece in first.items():
        yield _Whom(tuple(filter(None, principals[key])), piece.public), piece


def level_of(pattern: str, piece: Piece) -> str:
    """The access level of an action, or the levels of a pattern's actions; what only future actions gain has none."""
    if piece.tier == "future":
        return FUTURE
    if pattern == "*" and piece.action == "*":
        return "every level"
    entries = map(action, expand(pattern) or (piece.request.action,))
    names = {entry.level for entry in entries if entry is not None}
    return ", ".join(level for level in LEVELS if level in names) or "unknown level"


def comparison_document(comparison: Comparison, places: Places) -> dict[str, Any]:
    """For programs: {gained, lost, undecided, freed, forbidden}."""
    parts = {
        name: [_piece_document(piece, places.of(name)(piece.source)) for piece in getattr(comparison, name)]
        for name in ("gained", "lost", "freed", "forbidden")
    }
    undecided = [{"statement": item.source.name, "reason": item.reason} for item in comparison.undecided]
    return {
        "gained": parts["gained"],
        "lost": parts["lost"],
        "undecided": undecided,
        "freed": parts["freed"],
        "forbidden": parts["forbidden"],
    }


def _piece_document(piece: Piece, origin: Origin | None) -> dict[str, Any]:
    has_caller = bool(piece.principal)
    return {
        "action": piece.request.action,
        "resource": piece.request.resource,
        "context": piece.context,
        **stack_document(piece),
        **({"principal": piece.request.principal, "public": piece.public} if has_caller else {}),
        "statement": piece.source.name,
        "origin": None if origin is None else {"file": origin.file, "line": origin.line, "column": origin.column},
        **tier_document(piece),
        "allows": {
            "action": piece.action,
            "resource": piece.resource,
            **({"principal": piece.principal} if has_caller else {}),
        },
        "because": piece.because,
    }


def tier_document(piece: Piece) -> dict[str, str]:
    """The tier for programs. Where it has no effect today, the action and resource are no example of a request."""
    return {"tier": piece.tier, **({"note": UNUSED} if has_no_effect(piece) else {})}


def stack_document(piece: Piece) -> dict[str, dict[str, str]]:
    """For programs: where the stack is, in a request that shows a gain outside of it."""
    stack = piece.request.stack
    return {} if stack is None else {"stack": {"region": stack[REGION], "account": stack[ACCOUNT]}}


def comparison_lines(comparison: Comparison, places: Places) -> Iterator[str]:
    """For people: a line that begins with + for each gain, with - for each loss, with ? for what is undecided."""
    if comparison.same:
        yield "The same access: proven for every request."
        return
    for part, sign, title in PARTS:
        part_groups = groups(getattr(comparison, part))
        if part_groups:
            yield f"Access {title}" if part in ("gained", "lost") else title.capitalize()
        for group in part_groups:
            yield from _group_lines(
                group, f"{sign} {PUBLIC}" if group.public and part == "gained" else sign, places.of(part)
            )
    if comparison.undecided:
        yield "Undecided, which is no proof of anything"
        for item in comparison.undecided:
            yield f"  ? {item.source.name}: {item.reason}"
    yield summary(comparison)


def _group_lines(group: PieceGroup, sign: str, locate: Locator) -> Iterator[str]:
    origin = locate(group.source)
    yield f"  {sign} {group.title}: {some(group.actions)}"
    yield f"      on {some(group.resources)}"
    if EVERYONE in group.principals:  # whom it lets in, its conditions say
        yield from (f"      if {condition.words}" for condition in group.source.statement.conditions)
    yield f"      {group.source.name}{f', {origin}' if origin else ''}: {group.because}"
    yield f"      for example {group.request}" if group.request else f"      {NO_EXAMPLE}"


def some(texts: tuple[str, ...], written: Callable[[str], str] = str) -> str:
    """The first of them on one line, and how many there are beyond."""
    listed = ", ".join(map(written, texts[:_LISTED]))
    return listed if len(texts) <= _LISTED else f"{listed} and {len(texts) - _LISTED} more"


def example(piece: Piece, resource: str = "") -> str:
    """The request that shows a piece, on `resource` in place of its own where one is passed."""
    request = f"{piece.request.action} on {resource or piece.request.resource}"
    conditions = []
    for key, value in piece.context.items():
        text = " and ".join(map(str, value)) if isinstance(value, list) else value
        conditions.append(f"{key} = {text}")
    if conditions:
        request = f"{request} with {', '.join(conditions)}"
    stack = piece.request.stack
    return request if stack is None else f"{request}, where the stack is in {stack[REGION]} of account {stack[ACCOUNT]}"


def summary(comparison: Comparison) -> str:
    """One line of numbers."""
    counts = []
    for part, _, title in PARTS:
        number = len(groups(getattr(comparison, part)))
        if number or part in ("gained", "lost"):
            counts.append(f"{number} {title}")
    return ", ".join((*counts, f"{len(comparison.undecided)} undecided"))
