"""A review of access for people and for programs; `comment` has the one for a pull request."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from remit.iam.comparison import Piece
from remit.report.comparison import PUBLIC, example, groups, some, stack_document, tier_document
from remit.report.resource_losses import loss_document, loss_lines
from remit.review.access_change import Door, Unseen, resource_words
from remit.review.statement_change import CONDITION, NO_CHANGE, changed_statement, statements_of, trust_statements_of
from remit.roles.defaults import SOURCE_FUNCTION

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from remit.deploy.drift import Drift
    from remit.errors import Origin
    from remit.iam.comparison import SideDifference, StatementLocation, Undecided
    from remit.iam.policy import Statement
    from remit.report.comparison import PieceGroup
    from remit.review.access_change import Accepted, Change, Review, Standing
    from remit.review.statement_change import StatementChange

GAINED, LOST, UNDECIDED, ACCEPTED = "gained", "lost", "undecided", "accepted"
SIGNS: Final = {GAINED: "+", LOST: "-", UNDECIDED: "?", ACCEPTED: "~"}
TAKES_ON: Final = "may take on the role"
"""The title of a row about trust; its resources are principals."""
_FUNCTIONS: Final = 5  # named on one line; of more, the number is told


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the report on a change: some pieces of one statement, service and level, or what is undecided."""

    part: str
    subject: str
    title: str
    actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    where: str = ""
    example: str = ""
    line: str = ""
    """Where it was written, without the reason, which may name the function."""
    level: str = ""
    """The access level of the actions, for access alone."""
    service: str = ""
    """The service of the actions, `*` for all; for access alone."""
    public: bool = False
    """Whether anybody on the internet is let in."""
    of_resource: bool = False
    """Whether it is about what a resource lets others do, whom its title names."""
    changed: str = ""
    """What of the statement is new, and what is gone, where the other version has one like it."""

    @property
    def alarm(self) -> str:
        """What stands before the words on a role that everyone may take on: other titles say so themselves."""
        return f"{PUBLIC} " if self.public and self.title == TAKES_ON else ""

    @property
    def anonymous(self) -> Row:
        """What it tells, whosever it is."""
        return replace(self, subject="", where=self.line or self.where)


@dataclass(frozen=True, slots=True)
class ChangeRows:
    """The rows of one change, or of several that are alike in all but the functions."""

    changes: tuple[Change, ...]
    subject: str
    attached: tuple[str, ...]
    rows: tuple[Row, ...]

    @property
    def kind(self) -> str:
        """What became of the functions' role, to stand behind their names."""
        change = self.changes[0]
        if change.before is None:
            return " (new)"
        is_known = not change.unseen and not change.accepted
        return " (gone)" if change.after is None and is_known else ""


def rows(review: Review) -> tuple[ChangeRows, ...]:
    """The rows of each change, gains first."""
    change_rows = []
    for change in review.changes:
        attached = tuple(policy.words for policy in change.attached)
        change_rows.append(ChangeRows((change,), subject_of(change), attached, tuple(_rows(change))))
    return tuple(change_rows)


def together(review: Review) -> tuple[ChangeRows, ...]:
    """Group functions whose rows are equal, so that each row is printed once.

    What one line gives to 200 functions is one thing to look at, not 200.
    """
    alike: dict[object, list[ChangeRows]] = {}
    for change_rows in rows(review):
        (change,) = change_rows.changes
        anonymous_rows = tuple(row.anonymous for row in change_rows.rows)
        key = (change_rows.kind, change.when, bool(change.functions), change_rows.attached, anonymous_rows)
        alike.setdefault(key, []).append(change_rows)
    return tuple(_joined(group) for group in alike.values())


def _joined(group: Sequence[ChangeRows]) -> ChangeRows:
    """Changes whose rows are equal, as one; the reasons of their rows may differ in the name of the function."""
    first = group[0]
    if len(group) == 1:
        return first
    changes = tuple(change for change_rows in group for change in change_rows.changes)
    subject = subject_of(*changes)
    joined_rows = []
    for number, row in enumerate(first.rows):
        places = {change_rows.rows[number].where for change_rows in group}
        where = row.where
        if len(places) > 1:
            where = f"{where}; and {len(places) - 1} more alike"
        joined_rows.append(replace(row, subject=subject, where=where))
    return ChangeRows(changes, subject, first.attached, tuple(joined_rows))


def _rows(change: Change) -> Iterator[Row]:
    subject = subject_of(change)
    access = change.access
    gained, lost = (change.after, change.before), (change.before, change.after)
    gained_rows = [
        *_trust_rows(GAINED, subject, change.trust.gained, gained),
        *_access_rows(GAINED, subject, access.gained, gained),
        *_access_rows(GAINED, subject, access.freed, lost, _FREED),
    ]
    gained_rows += _door_rows(change, subject, GAINED)
    yield from gained_rows
    told_conditions = {row.changed for row in gained_rows}
    lost_rows = [
        *_trust_rows(LOST, subject, change.trust.lost, lost),
        *_access_rows(LOST, subject, access.lost, lost),
        *_access_rows(LOST, subject, access.forbidden, gained, _FORBIDDEN),
    ]
    lost_rows += _door_rows(change, subject, LOST)
    for row in lost_rows:
        yield replace(row, changed="") if row.changed in told_conditions else row
    for item in (*change.trust.undecided, *change.access.undecided):
        yield Row(UNDECIDED, subject, f"{item.source.name}: {item.reason}", where=_line(change, item.source))
    for unseen in change.unseen:
        yield Row(UNDECIDED, subject, unseen.reason)
    yield from _accepted_rows(change, subject)


def _door_rows(change: Change, subject: str, part: str) -> Iterator[Row]:
    for door in change.doors:
        if door.opens == (part == GAINED):
            title = f"{PUBLIC} {door.words}" if door.public else door.words
            line = str(door.origin or "")
            yield Row(part, subject, title, where=line, line=line, public=door.public, of_resource=True)


def _accepted_rows(change: Change, subject: str) -> Iterator[Row]:
    pieces_by_reason: dict[tuple[str, str], list[Piece]] = {}
    for accepted in change.accepted:
        difference = accepted.what
        if isinstance(difference, Piece):
            pieces_by_reason.setdefault((accepted.because, accepted.kind), []).append(difference)
        else:
            yield Row(ACCEPTED, subject, _title_of(difference), where=f"accepted: {accepted.because}")
    for (because, kind), pieces in pieces_by_reason.items():
        if kind == "trust":
            accepted_rows = _trust_rows(ACCEPTED, subject, pieces, (change.after, None))
        else:
            accepted_rows = _access_rows(ACCEPTED, subject, pieces, (change.after, None))
        for row in accepted_rows:
            yield replace(row, where=f"accepted: {because}", line="")


def _title_of(difference: Undecided | Unseen | Door) -> str:
    if isinstance(difference, Door):
        return difference.words
    return difference.reason if isinstance(difference, Unseen) else f"{difference.source.name}: {difference.reason}"


def _access_rows(
    part: str, subject: str, pieces: Iterable[Piece], sides: tuple[Standing | None, Standing | None], verb: str = ""
) -> Iterator[Row]:
    """The rows of some pieces; `sides` are the side whose statements they are of, and the other. Public ones first."""
    standing, counterpart = sides
    is_new = (part == LOST) is (verb == _FORBIDDEN)
    conditions: dict[Statement, str] = {}
    for group in groups(pieces):
        statement = group.source.statement
        if statement not in conditions:
            change = _change_of(statement, standing, counterpart, is_new=is_new)
            conditions[statement] = _changed_conditions(change)
        is_public = group.public and part == GAINED
        before_title = PUBLIC if is_public else verb
        where = _where(standing, group.source)
        goes_without_saying = _is_plain(group.difference) or verb
        if not goes_without_saying:
            where = "; ".join(filter(None, (where, group.because)))
        if part == LOST and counterpart is not None:
            where = "; ".join(filter(None, (where, _less_by_default(group, counterpart))))
        yield Row(
            part,
            subject,
            f"{before_title} {group.title}" if before_title else group.title,
            group.actions,
            group.resources,
            where,
            example=group.request,
            line=_origin_line(standing, group.source),
            level=group.level,
            service=group.service,
            public=is_public,
            of_resource=bool(group.principals),
            changed=conditions[statement],
        )


def _less_by_default(group: PieceGroup, counterpart: Standing) -> str:
    """Why the computed default gives less than it did, where a loss is of that."""
    denial = None if group.difference is None else group.difference.denial
    if denial is not None and any(condition.key == SOURCE_FUNCTION for condition in denial.statement.conditions):
        return "less by default: Lambda manages network interfaces, the function's code does not"
    resources = group.source.statement.resources
    patterns = () if resources is None or not counterpart.role.functions else resources.patterns
    for action, (of_default, reason) in _NOT_USED.items():
        if group.actions == (action,) and patterns and all(re.fullmatch(of_default, pattern) for pattern in patterns):
            return f"less by default: {reason}"
    return ""


_NO_JOB: Final = "neither its code nor `sends=` names such a job"
_NOT_USED: Final = {
    "sqs:SendMessage": (r"\$\{Job\w+Queue\.Arn\}", _NO_JOB),
    "scheduler:CreateSchedule": (r"arn:.*:schedule/\$\{JobSchedules\}/\*", _NO_JOB),
    "iam:PassRole": (r"\$\{Job\w+SchedulerRole\.Arn\}", _NO_JOB),
    "cloudformation:DescribeStacks": (r"\$\{AWS::StackId\}", "neither its code nor `reads=` names an output"),
}
"""What the computed default once granted to all functions, and now to those that use it."""


def _change_of(
    statement: Statement, standing: Standing | None, counterpart: Standing | None, *, is_new: bool
) -> StatementChange:
    """How a statement differs from what it was, or from what it has become."""
    return changed_statement(statement, statements_of(standing), statements_of(counterpart), is_new=is_new)


def _changed_conditions(change: StatementChange) -> str:
    """The conditions that a statement has more, and less: a row tells all else of it."""
    added = [f"now if {text}" for element, text in change.added if element == CONDITION]
    removed = [f"no longer if {text}" for element, text in change.removed if element == CONDITION]
    return "; ".join((*added, *removed))


_FREED, _FORBIDDEN = "no longer denied:", "newly denied:"


def _change_of_trust(
    statement: Statement, standing: Standing | None, counterpart: Standing | None, *, is_new: bool
) -> StatementChange:
    """What changed of a statement of a trust policy."""
    own, others = trust_statements_of(standing), trust_statements_of(counterpart)
    return changed_statement(statement, own, others, is_new=is_new)


def _trust_rows(
    part: str, subject: str, pieces: Iterable[Piece], sides: tuple[Standing | None, Standing | None]
) -> Iterator[Row]:
    """The rows of some pieces of a trust policy; `sides` are the side whose statements they are of, and the other."""
    standing, counterpart = sides
    role = "" if standing is None else standing.role.logical_id
    origin = None if standing is None else standing.role.trust_origin
    where = f"{origin}: trust policy of {role}" if origin else f"trust policy of {role}"
    line = str(origin or "trust policy")
    by_action: dict[tuple[StatementLocation, str], list[Piece]] = {}
    for piece in pieces:
        by_action.setdefault((piece.source, piece.action), []).append(piece)
    for (source, action), action_pieces in by_action.items():
        principals = tuple(piece.resource for piece in action_pieces)
        shown_request = example(action_pieces[0], f"the role by {action_pieces[0].request.principal}")
        change = _change_of_trust(source.statement, standing, counterpart, is_new=part != LOST)
        yield Row(
            part,
            subject,
            TAKES_ON,
            (action,),
            principals,
            where,
            shown_request,
            line,
            public=part == GAINED and any(piece.public for piece in action_pieces),
            changed=_changed_conditions(change),
        )


def _is_plain(difference: SideDifference | None) -> bool:
    """Whether no statement of the other side allows it: that goes without saying."""
    return difference is not None and difference.denial is None and difference.part in ("side", "policy")


def _where(standing: Standing | None, source: StatementLocation) -> str:
    """Who wrote a statement: the line and reason of its grant, or the policy that it is of."""
    if standing is None:
        return source.name
    grant = standing.grant(source)
    if grant is not None:
        reason = grant.because or source.name
        return f"{grant.origin}: {reason}" if grant.origin else reason
    policy = standing.policy(source)
    return source.name if policy is None else f"statement {source.index} of {policy}"


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


def subject_of(*changes: Change) -> str:
    """The functions that changes are about, or the roles; and when it is so, of a template with conditions."""
    names: list[str] = []
    for change in changes:
        names += change.functions or (change.title,)
    text = ", ".join(names[:_FUNCTIONS])
    if len(names) > _FUNCTIONS:
        text = f"{text} and {len(names) - _FUNCTIONS} more"
    conditions = changes[0].when
    return f"{text} if {' and '.join(conditions)}" if conditions else text


def review_lines(review: Review) -> Iterator[str]:
    """For people: a line that begins with + for each gain, - for each loss, ? undecided, ~ accepted."""
    change_rows = together(review)
    if change_rows or review.losses:
        yield f"{review.old} -> {review.new}"
    for change in change_rows:
        yield ""
        yield f"{change.subject}{change.kind}"
        yield from (f"  ! {words}" for words in change.attached)
        for row in change.rows:
            yield from _row_lines(row)
    yield from loss_lines(review.losses or ())
    if change_rows or review.losses:
        yield ""
    yield from _stat(change_rows)
    yield from (f"note: {note}" for note in notes_of(review))
    yield counted(review, [row for change in change_rows for row in change.rows])
    yield from not_compared_lines(review)


def _row_lines(row: Row) -> Iterator[str]:
    sign = SIGNS[row.part]
    if not row.actions:
        yield f"  {sign} {row.title}"
    elif row.title == TAKES_ON:
        yield f"  {sign} {row.alarm}{some(row.resources)} {row.title}: {some(row.actions)}"
    else:
        yield f"  {sign} {row.title}: {some(row.actions)}"
        yield f"      on {some(row.resources)}"
    if row.where:
        yield f"      {row.where}"
    if row.changed:
        yield f"      {row.changed}"
    if row.example:
        yield f"      for example {row.example}"


def _stat(changes: Sequence[ChangeRows]) -> Iterator[str]:
    """A line of numbers for each change, where there are several."""
    if len(changes) < 2:  # noqa: PLR2004 - of one, the summary tells them
        return
    width = max(len(change.subject) for change in changes)
    for change in changes:
        counts = Counter(row.part for row in change.rows)
        numbers = " ".join(f"{sign}{counts[part]}" for part, sign in SIGNS.items() if counts[part])
        yield f" {change.subject:<{width}} | {numbers or 'the same access'}"


def notes_of(review: Review) -> Iterator[str]:
    """What to know beside the changes: of other resources, those whose policies let in nobody new."""
    yield from review.notes
    reported = {change.role for change in review.changes}
    narrower = [resource.words for resource in review.elsewhere or () if resource.name not in reported]
    if reported and narrower:
        yield f"changed as well, and lets in nobody new: {', '.join(narrower)}"


def counted(review: Review, rows: Sequence[Row]) -> str:
    """One line: whether it is proven that nothing differs, or the numbers of the rows."""
    if not review.changes:
        return _unchanged(review)
    counts = Counter(row.part for row in rows)
    gained = f"{counts[GAINED]} gained"
    public = sum(row.public for row in rows if row.part == GAINED)
    if public:
        gained = f"{gained} ({public} public)"
    parts = [gained, f"{counts[LOST]} lost", f"{counts[UNDECIDED]} undecided"]
    if counts[ACCEPTED]:
        parts.append(f"{counts[ACCEPTED]} accepted")
    numbers = ", ".join(parts)
    changed_functions = {name for change in review.changes for name in change.functions}
    if not review.functions or not changed_functions:
        return numbers
    return f"{len(changed_functions)} of {len(review.functions)} functions: {numbers}"


def _unchanged(review: Review) -> str:
    """What is proven to be the same, and what else differs."""
    if review.elsewhere is None:
        return "The same access by roles: proven for every request; policies and doors of resources are not known."
    if review.elsewhere:
        differing = ", ".join(resource.words for resource in review.elsewhere)
        return f"{_SAME}; changed: {differing}."
    return f"{_SAME}."


_SAME: Final = "The same access by roles, policies and doors: proven for every request"


def not_compared_lines(review: Review) -> Iterator[str]:
    """A line on what differs and was not compared, where there is any; who can connect comes last."""
    details: dict[str, list[str]] = {}
    for item in sorted(review.not_compared, key=lambda item: item.why == "network"):
        subject = f"{item.type} {item.id}"
        if item.why == "network":
            subject = f"network: {resource_words(item.type)} {item.id}"
        elif item.why == "other template":
            subject = f"nested template {item.id}"
        detail = "code decides" if item.why == "code" else item.property
        details.setdefault(subject, []).append(
            detail or ("" if item.why in ("network", "other template") else item.why)
        )
    texts = []
    for subject, words in details.items():
        listed = some(tuple(dict.fromkeys(filter(None, words))))
        texts.append(f"{subject} ({listed})" if listed else subject)
    if texts:
        yield f"not compared: {' · '.join(texts)}"


def drift_lines(drift: Sequence[Drift]) -> Iterator[str]:
    """What was changed by hand in the account, a line each, under a heading."""
    if drift:
        yield "Changed by hand since the last deploy"
    yield from (f"  ! {change.role}: {change.sentence}" for change in drift)


def drift_document(drift: Sequence[Drift]) -> list[dict[str, Any]]:
    """The same for programs."""
    return [{"role": change.role, "what": change.what, "undo": change.undo or None} for change in drift]


def review_document(review: Review) -> dict[str, Any]:
    """For programs: what is gained, lost, undecided, accepted, doors, not_compared, policies, resources, losses, notes.

    Each is a flat list; `old` and `new` are texts. `doors` are {id, was, is, opens, public, origin}; `not_compared` are
    {type, id, property, why}, `why` is code, other template, free text, unknown type, unknown property or network.
    `resources` are those whose own policies differ: {resource, type, change: added | removed | changed}; null where
    nobody knows. `losses` are the resources that are removed or replaced; null where the templates were not compared.
    """
    document: dict[str, Any] = {GAINED: [], LOST: [], UNDECIDED: [], "doors": []}
    document |= {"not_compared": [asdict(item) for item in review.not_compared], ACCEPTED: [], "policies": []}
    for change in review.changes:
        document[GAINED] += _pieces(change, GAINED)
        document[LOST] += _pieces(change, LOST)
        document[UNDECIDED] += _undecided(change)
        document["doors"] += [_door(change, door) for door in change.doors]
        document[ACCEPTED] += [_accepted(change, accepted) for accepted in change.accepted]
        for policy in change.attached:
            attached = {"kind": policy.kind, "change": policy.how, "arn": policy.arn, **_whom(change)}
            document["policies"].append(attached)
    return {
        **document,
        "resources": _resources(review),
        "losses": loss_document(review.losses),
        "notes": list(review.notes),
        "old": review.old,
        "new": review.new,
    }


def _resources(review: Review) -> list[dict[str, str]] | None:
    if review.elsewhere is None:
        return None
    return [{"resource": resource.name, "type": resource.type, "change": resource.how} for resource in review.elsewhere]


def _whom(change: Change) -> dict[str, Any]:
    document: dict[str, Any] = {"role": change.role, "functions": list(change.functions)}
    if change.when:
        document["when"] = list(change.when)
    return document


def _pieces(change: Change, part: str) -> Iterator[dict[str, Any]]:
    """What is gained or lost: by statements that allow on its own side, and by statements that deny on the other."""
    is_gain = part == GAINED
    own, other = (change.after, change.before) if is_gain else (change.before, change.after)
    access = "resource" if change.of_resource else "access"
    for kind, comparison in ((access, change.access), ("trust", change.trust)):
        yield from _pieces_of(change, kind, getattr(comparison, part), (own, other), is_new=is_gain)
    denials = change.access.freed if is_gain else change.access.forbidden
    yield from _pieces_of(change, "denial", denials, (other, own), is_new=not is_gain)


def _pieces_of(
    change: Change,
    kind: str,
    pieces: Iterable[Piece],
    sides: tuple[Standing | None, Standing | None],
    *,
    is_new: bool,
) -> Iterator[dict[str, Any]]:
    """Pieces of one kind; `sides` are the side whose statements they are of, and the other."""
    change_of = _change_of_trust if kind == "trust" else _change_of
    changed: dict[Statement, dict[str, Any] | None] = {}
    for piece in pieces:
        statement = piece.source.statement
        if statement not in changed:
            changed[statement] = _changed(change_of(statement, *sides, is_new=is_new))
        yield {**_piece(change, piece, kind, sides[0]), "changed": changed[statement]}


def _changed(change: StatementChange) -> dict[str, Any] | None:
    """What of a statement is new and what is gone, by element; null where the other version has none like it."""
    if change == NO_CHANGE:
        return None
    return {"added": change.by_element(change.added), "removed": change.by_element(change.removed)}


def _piece(change: Change, piece: Piece, kind: str, standing: Standing | None) -> dict[str, Any]:
    grant = None if standing is None else standing.grant(piece.source)
    origin = None
    if grant is not None:
        origin = grant.origin
    elif standing is not None and kind == "trust":
        origin = standing.role.trust_origin
    allowed = {"action": piece.action, "resource": piece.resource}
    caller: dict[str, Any] = {}
    if piece.principal:
        caller = {"principal": piece.request.principal, "public": piece.public}
        if kind != "trust":
            allowed["principal"] = piece.principal
    because = piece.because
    if grant is not None and grant.because:
        because = grant.because
    return {
        "action": piece.request.action,
        "resource": piece.request.resource,
        "context": piece.context,
        **stack_document(piece),
        "statement": piece.source.name,
        "origin": _origin(origin),
        **tier_document(piece),
        "kind": kind,
        **caller,
        "allows": allowed,
        "policy": None if standing is None else standing.policy(piece.source),
        "because": because,
        "difference": piece.because,
        **_whom(change),
    }


def _origin(origin: Origin | None) -> dict[str, Any] | None:
    return None if origin is None else {"file": origin.file, "line": origin.line, "column": origin.column}


def _undecided(change: Change) -> Iterator[dict[str, Any]]:
    for item in (*change.access.undecided, *change.trust.undecided):
        yield {"statement": item.source.name, "reason": item.reason, **_whom(change)}
    for unseen in change.unseen:
        yield {"statement": None, "reason": unseen.reason, "policy": unseen.arn or None, **_whom(change)}


def _accepted(change: Change, accepted: Accepted) -> dict[str, Any]:
    difference = accepted.what
    if isinstance(difference, Piece):
        return {**_piece(change, difference, accepted.kind, change.after), "accepted": accepted.because}
    if isinstance(difference, Door):
        return {**_door(change, difference), "accepted": accepted.because}
    statement = None if isinstance(difference, Unseen) else difference.source.name
    return {"statement": statement, "reason": difference.reason, **_whom(change), "accepted": accepted.because}


def _door(change: Change, door: Door) -> dict[str, Any]:
    told = {"id": door.id, "was": door.was, "is": door.now, "opens": door.opens, "public": door.public}
    return {**told, "origin": _origin(door.origin), **_whom(change)}
