"""A review of access for people and for programs; `comment` has the one for a pull request."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from remit.iam.comparison import Piece
from remit.report.comparison import example, groups, some
from remit.review.access_change import Unseen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from remit.deploy.drift import Drift
    from remit.errors import Origin
    from remit.iam.comparison import SideDifference, StatementLocation, Undecided
    from remit.review.access_change import Accepted, Change, Review, Standing

GAINED, LOST, UNDECIDED, ACCEPTED = "gained", "lost", "undecided", "accepted"
SIGNS: Final = {GAINED: "+", LOST: "-", UNDECIDED: "?", ACCEPTED: "~"}
TAKES_ON: Final = "may take on the role"
"""The title of a row about trust; its resources are principals."""
_FUNCTIONS: Final = 5  # named on one line; of more, the number is told


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that is told of a change: some pieces of one statement, service and level, or what is undecided."""

    part: str
    who: str
    title: str
    actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    where: str = ""
    example: str = ""
    line: str = ""
    """Where it was written, without the reason, which may name the function."""

    @property
    def anonymous(self) -> Row:
        """What it tells, whosever it is."""
        return replace(self, who="", where=self.line or self.where)


@dataclass(frozen=True, slots=True)
class Told:
    """What is told at once: of one change, or of several that are alike in all but the functions."""

    changes: tuple[Change, ...]
    who: str
    attached: tuple[str, ...]
    rows: tuple[Row, ...]

    @property
    def kind(self) -> str:
        """What became of the functions' role, to stand behind their names."""
        change = self.changes[0]
        if change.before is None:
            return " (new)"
        return " (gone)" if change.after is None and not (change.unseen or change.accepted) else ""


def rows(review: Review) -> tuple[Told, ...]:
    """What is told of each change, gains first."""
    return tuple(
        Told((change,), who_of(change), tuple(one.words for one in change.attached), tuple(_rows(change)))
        for change in review.changes
    )


def together(review: Review) -> tuple[Told, ...]:
    """As `rows`, functions at once of which the same is to be told.

    What one line gives to 200 functions is one thing to look at, not 200.
    """
    alike: dict[object, list[Told]] = {}
    for one in rows(review):
        (change,) = one.changes
        key = (one.kind, change.when, bool(change.functions), one.attached, tuple(row.anonymous for row in one.rows))
        alike.setdefault(key, []).append(one)
    return tuple(some[0] if len(some) == 1 else _joined(some) for some in alike.values())


def _joined(some: Sequence[Told]) -> Told:
    changes = tuple(change for one in some for change in one.changes)
    who = who_of(*changes)
    alike = zip(*(one.rows for one in some), strict=True)
    return Told(changes, who, some[0].attached, tuple(_for_all(who, same) for same in alike))


def _for_all(who: str, same: tuple[Row, ...]) -> Row:
    """The first of some rows for all; their reasons may differ in the name of the function."""
    more = len({row.where for row in same}) - 1
    return replace(same[0], who=who, where=f"{same[0].where}{f'; and {more} more alike' if more else ''}")


def _rows(change: Change) -> Iterator[Row]:
    who = who_of(change)
    for part, standing in ((GAINED, change.after), (LOST, change.before)):
        yield from _trust_rows(part, who, getattr(change.trust, part), standing)
        yield from _access_rows(part, who, getattr(change.access, part), standing)
    for item in (*change.trust.undecided, *change.access.undecided):
        yield Row(UNDECIDED, who, f"{item.source.name}: {item.reason}", where=_line(change, item.source))
    for one in change.unseen:
        yield Row(UNDECIDED, who, one.reason)
    yield from _accepted_rows(change, who)


def _accepted_rows(change: Change, who: str) -> Iterator[Row]:
    reasons: dict[tuple[str, str], list[Piece]] = {}
    for one in change.accepted:
        if isinstance(one.what, Piece):
            reasons.setdefault((one.because, one.kind), []).append(one.what)
        else:
            name = one.what.reason if isinstance(one.what, Unseen) else f"{one.what.source.name}: {one.what.reason}"
            yield Row(ACCEPTED, who, name, where=f"accepted: {one.because}")
    for (because, kind), pieces in reasons.items():
        made = _trust_rows if kind == "trust" else _access_rows
        for row in made(ACCEPTED, who, pieces, change.after):
            yield Row(ACCEPTED, who, row.title, row.actions, row.resources, f"accepted: {because}", row.example)


def _access_rows(part: str, who: str, pieces: Iterable[Piece], standing: Standing | None) -> Iterator[Row]:
    for group in groups(pieces):
        where = _where(standing, group.source)
        because = "" if _is_plain(group.difference) else group.because
        yield Row(
            part,
            who,
            f"{group.level} on {group.service}",
            group.actions,
            group.resources,
            "; ".join(filter(None, (where, because))),
            example(group.example),
            _origin_line(standing, group.source),
        )


def _trust_rows(part: str, who: str, pieces: Iterable[Piece], standing: Standing | None) -> Iterator[Row]:
    role = "" if standing is None else standing.role.logical_id
    for piece in pieces:
        origin = None if standing is None else standing.role.trust_origin
        where = f"{origin}: trust policy of {role}" if origin else f"trust policy of {role}"
        shown = example(piece).replace(piece.request.resource, f"the role by {piece.request.principal}", 1)
        yield Row(part, who, TAKES_ON, (piece.action,), (piece.resource,), where, shown, str(origin or "trust policy"))


def _is_plain(difference: SideDifference | None) -> bool:
    """Whether no statement of the other side allows it: that goes without saying."""
    return difference is not None and difference.denial is None and difference.part == "side"


def _where(standing: Standing | None, source: StatementLocation) -> str:
    """Who wrote a statement: the line and reason of its grant, or the policy that it is of."""
    grant = None if standing is None else standing.grant(source)
    if standing is None or grant is None:
        policy = None if standing is None else standing.policy(source)
        return source.name if policy is None else f"statement {source.index} of {policy}"
    reason = grant.because or source.name
    return f"{grant.origin}: {reason}" if grant.origin else reason


def _origin_line(standing: Standing | None, source: StatementLocation) -> str:
    grant = None if standing is None else standing.grant(source)
    return "" if grant is None or grant.origin is None else str(grant.origin)


def _line(change: Change, source: StatementLocation) -> str:
    """Where the statement stands that could not be decided, which may be of either side."""
    for standing in (change.after, change.before):
        grant = None if standing is None else standing.grant(source)
        if grant is not None and grant.origin is not None and grant.statement == source.statement:
            return str(grant.origin)
    return ""


def who_of(*changes: Change) -> str:
    """The functions that changes are about, or the roles; and when it is so, of a template with conditions."""
    names = [name for change in changes for name in change.functions or (change.role,)]
    rest, conditions = len(names) - _FUNCTIONS, changes[0].when
    when = f" if {' and '.join(conditions)}" if conditions else ""
    return ", ".join(names[:_FUNCTIONS]) + (f" and {rest} more" if rest > 0 else "") + when


def review_lines(review: Review) -> Iterator[str]:
    """For people: a line that begins with + for each gain, - for each loss, ? undecided, ~ accepted."""
    told = together(review)
    if told:
        yield f"{review.old} -> {review.new}"
    for one in told:
        yield ""
        yield f"{one.who}{one.kind}"
        yield from (f"  ! {words}" for words in one.attached)
        for row in one.rows:
            yield from _row_lines(row)
    if told:
        yield ""
    yield from _stat(told)
    yield from (f"note: {note}" for note in notes_of(review))
    yield counted(review, [row for one in told for row in one.rows])


def _row_lines(row: Row) -> Iterator[str]:
    sign = SIGNS[row.part]
    if not row.actions:
        yield f"  {sign} {row.title}"
    elif row.title == TAKES_ON:
        yield f"  {sign} {some(row.resources)} {row.title}: {some(row.actions)}"
    else:
        yield f"  {sign} {row.title}: {some(row.actions)}"
        yield f"      on {some(row.resources)}"
    if row.where:
        yield f"      {row.where}"
    if row.example:
        yield f"      for example {row.example}"


def _stat(told: Sequence[Told]) -> Iterator[str]:
    """A line of numbers for each of several."""
    if len(told) < 2:  # noqa: PLR2004 - of one, the summary tells them
        return
    width = max(len(one.who) for one in told)
    for one in told:
        counts = [(sign, sum(row.part == part for row in one.rows)) for part, sign in SIGNS.items()]
        numbers = " ".join(f"{sign}{count}" for sign, count in counts if count)
        yield f" {one.who:<{width}} | {numbers or 'the same access'}"


def notes_of(review: Review) -> Iterator[str]:
    """What to know beside the changes: of other resources, those whose policies let in nobody new."""
    yield from review.notes
    told = {change.role for change in review.changes}
    narrower = [one.words for one in review.elsewhere or () if one.name not in told]
    if told and narrower:
        yield f"changed as well, and lets in nobody new: {', '.join(narrower)}"


def counted(review: Review, told: Sequence[Row]) -> str:
    """One line: whether it is proven that nothing differs, or the numbers of the rows that are told."""
    if not review.changes:
        count = len(review.functions)
        of = f" for {count} function{'' if count == 1 else 's'}" if count else ""
        if review.elsewhere is None:
            return f"Roles: the same access{of}, proven for every request; policies of resources are not known."
        if review.elsewhere:
            differing = ", ".join(one.words for one in review.elsewhere)
            return f"Roles: the same access{of}, proven for every request; changed: {differing}."
        return f"The same access{of}: proven for every request."
    counts = {part: sum(row.part == part for row in told) for part in SIGNS}
    changed = {name for change in review.changes for name in change.functions}
    of = f"{len(changed)} of {len(review.functions)} functions: " if review.functions and changed else ""
    tail = f", {counts[ACCEPTED]} accepted" if counts[ACCEPTED] else ""
    return f"{of}{counts[GAINED]} gained, {counts[LOST]} lost, {counts[UNDECIDED]} undecided{tail}"


def drift_lines(drift: Sequence[Drift]) -> Iterator[str]:
    """What was changed by hand in the account, a line each, under a heading."""
    if drift:
        yield "Changed by hand since the last deploy"
    yield from (f"  ! {one.role}: {one.sentence}" for one in drift)


def drift_document(drift: Sequence[Drift]) -> list[dict[str, Any]]:
    """The same for programs."""
    return [{"role": one.role, "what": one.what, "undo": one.undo or None} for one in drift]


def review_document(review: Review) -> dict[str, Any]:
    """For programs: {gained, lost, undecided, accepted, policies, resources, notes, old, new}, each a flat list.

    `resources` are those whose own policies differ: {resource, type, change: added | removed | changed}; null where
    nobody knows. Where such a change may let somebody in, it is among `undecided` as well.
    """
    changes = review.changes
    return {
        "gained": [one for change in changes for one in _pieces(change, GAINED)],
        "lost": [one for change in changes for one in _pieces(change, LOST)],
        "undecided": [one for change in changes for one in _undecided(change)],
        "accepted": [_accepted(change, one) for change in changes for one in change.accepted],
        "policies": [
            {"kind": one.kind, "change": one.how, "arn": one.arn, **_whom(change)}
            for change in changes
            for one in change.attached
        ],
        "resources": _resources(review),
        "notes": list(review.notes),
        "old": review.old,
        "new": review.new,
    }


def _resources(review: Review) -> list[dict[str, str]] | None:
    if review.elsewhere is None:
        return None
    return [{"resource": one.name, "type": one.type, "change": one.how} for one in review.elsewhere]


def _whom(change: Change) -> dict[str, Any]:
    when = {"when": list(change.when)} if change.when else {}
    return {"role": change.role, "functions": list(change.functions), **when}


def _pieces(change: Change, part: str) -> Iterator[dict[str, Any]]:
    standing = change.after if part == GAINED else change.before
    for kind, comparison in (("access", change.access), ("trust", change.trust)):
        for piece in getattr(comparison, part):
            yield _piece(change, piece, kind, standing)


def _piece(change: Change, piece: Piece, kind: str, standing: Standing | None) -> dict[str, Any]:
    grant = None if standing is None else standing.grant(piece.source)
    origin = grant.origin if grant else standing.role.trust_origin if standing and kind == "trust" else None
    policy = None if standing is None else standing.policy(piece.source)
    return {
        "action": piece.request.action,
        "resource": piece.request.resource,
        "context": piece.context,
        "statement": piece.source.name,
        "origin": _origin(origin),
        "tier": piece.tier,
        "kind": kind,
        **({"principal": piece.request.principal} if kind == "trust" else {}),
        "allows": {"action": piece.action, "resource": piece.resource},
        "policy": policy,
        "because": (grant.because if grant else "") or piece.because,
        "difference": piece.because,
        **_whom(change),
    }


def _origin(origin: Origin | None) -> dict[str, Any] | None:
    return None if origin is None else {"file": origin.file, "line": origin.line, "column": origin.column}


def _undecided(change: Change) -> Iterator[dict[str, Any]]:
    for item in (*change.access.undecided, *change.trust.undecided):
        yield {"statement": item.source.name, "reason": item.reason, **_whom(change)}
    for one in change.unseen:
        yield {"statement": None, "reason": one.reason, "policy": one.arn or None, **_whom(change)}


def _accepted(change: Change, one: Accepted) -> dict[str, Any]:
    what: Piece | Undecided | Unseen = one.what
    if isinstance(what, Piece):
        return {**_piece(change, what, one.kind, change.after), "accepted": one.because}
    statement = None if isinstance(what, Unseen) else what.source.name
    return {"statement": statement, "reason": what.reason, **_whom(change), "accepted": one.because}
