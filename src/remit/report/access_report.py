"""Group changes of access by what causes them: a statement, an attached policy, a limit, a door, or a role's new use.

A reader sees once what one line of a file gives, whoever has it. Programs get every piece (`access_documents`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

from remit.catalogue.actions import LEVELS, action, full_name
from remit.catalogue.expand import expand
from remit.errors import Origin
from remit.iam.comparison import Comparison, Piece, SideDifference, StatementLocation, Undecided
from remit.iam.tokens import ACCOUNT, REGION
from remit.report.actions import FUTURE, LISTED, levels_of, some
from remit.review.access_change import Change, Door, Review, UnreadPolicy, resource_words
from remit.review.statement_change import (
    CONDITION,
    StatementChange,
    changed_statement,
    statements_of,
    trust_statements_of,
)
from remit.roles.defaults import SOURCE_FUNCTION

if TYPE_CHECKING:
    from remit.holders import Holder
    from remit.review.resource_losses import ResourceLoss

    Sides: TypeAlias = tuple[Holder | None, Holder | None]
    """The side whose statements some pieces are of, and the other."""

K = TypeVar("K")
Locator: TypeAlias = Callable[[StatementLocation], Origin | None]
GAINED, UNDECIDED, LOST, ACCEPTED, BESIDE = "+", "?", "-", "~", "!"
SIGNS: Final = (GAINED, UNDECIDED, LOST, ACCEPTED, BESIDE)
"""The signs of changes, those first that matter most. BESIDE: a policy comes or goes, and no access with it."""
PUBLIC: Final = "PUBLIC:"
"""Before an access that anybody on the internet gains."""
UNUSED, EVERY_LEVEL = "no effect today", "every level"
TAKES_ON: Final = "may take on the role"
NO_EXAMPLE: Final = "no request of today can use it"
EVERYONE: Final = "*"
_FREED, _FORBIDDEN = "no longer denied", "newly denied"
MOST_KINDS: Final = 2  # kinds of access that are told with their actions; of more, the level and the services
_PERMISSIONS: Final = "Permissions management"
_OPEN_TO_ALL, _LETS_IN, _PERMITS, _WRITES, _REST = range(5)
"""How much a change matters, the most first."""


@dataclass(frozen=True, slots=True)
class AccessKind:
    """Access of one level and service, on the same resources and by the same callers."""

    level: str
    service: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    principals: tuple[str, ...] = ()
    """Who has the access, where policies with principals are compared."""
    public: bool = False
    """Whether anybody on the internet gains it."""
    example: str = field(default="", compare=False)
    """The request that shows it; empty where no request of today does."""

    @property
    def weight(self) -> int:
        """How much it matters, from 0, which is the most."""
        if self.public:
            return _OPEN_TO_ALL
        if self.level == TAKES_ON:
            return _LETS_IN
        if self.level in (FUTURE, UNUSED):
            return _REST
        if _PERMISSIONS in self.level or self.level == EVERY_LEVEL or passes_a_role(self.actions[0]):
            return _PERMITS
        return _WRITES if "Write" in self.level or "Tagging" in self.level else _REST

    def words(self, *, whole: bool) -> str:
        """`Write on s3 by everyone: s3:PutObject`; all actions and callers if `whole`."""
        most = None if whole else LISTED
        callers = some(["everyone" if name == EVERYONE else name for name in self.principals], most)
        access = f"{self.level} on {self.service}{f' by {callers}' if callers else ''}"
        if self.level == TAKES_ON:
            access = f"{callers} {TAKES_ON}"
        return f"{f'{PUBLIC} ' if self.public else ''}{access}: {some(self.actions, most)}"


@dataclass(frozen=True, slots=True)
class CauseChange:
    """The change by one cause, for everybody whom it concerns."""

    sign: str
    words: str
    """The cause or what it does, in words; empty for a statement, of which `kinds` tell all."""
    kinds: tuple[AccessKind, ...] = ()
    conditions: tuple[str, ...] = ()
    """The conditions of a statement for everyone: they say whom it lets in."""
    changed: str = ""
    """The conditions that are new, and those that are gone, where the other version has a statement like it."""
    holders: tuple[str, ...] = ()
    """The functions that it concerns, or the roles and resources."""
    state: str = ""
    """` (new)` or ` (gone)`, where all of these are."""
    places: tuple[str, ...] = ()
    """Who wrote it, and where."""
    weight: int = _REST

    @property
    def public(self) -> bool:
        """True if it lets in anybody on the internet."""
        return self.weight == _OPEN_TO_ALL

    @property
    def is_urgent(self) -> bool:
        """True if it is always named: it lets somebody in, or permits to give access."""
        return self.sign == GAINED and self.weight <= _PERMITS

    def accesses(self, most: int | None = MOST_KINDS) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Its access in words, each with its resources.

        Of more than `most` kinds of access, only what lets somebody in or permits to give access is told with its
        actions; of the others, and of what has no effect today, the number. With None, all are told.
        """
        whole = most is None
        kinds = [kind for kind in self.kinds if whole or kind.level != UNUSED] or list(self.kinds)
        unused = [kind for kind in self.kinds if kind not in kinds]
        if most is None or len(kinds) <= most:
            accesses = [(kind.words(whole=whole), kind.resources) for kind in kinds]
        else:
            urgent = [kind for kind in kinds if kind.weight <= _PERMITS]
            texts = [kind.words(whole=False) for kind in urgent]
            texts += levels_of(pattern for kind in kinds if kind not in urgent for pattern in kind.actions)
            resources = dict.fromkeys(resource for kind in kinds for resource in kind.resources)
            accesses = [("; ".join(texts), tuple(resources))]
        if unused:
            patterns = tuple(dict.fromkeys(pattern for kind in unused for pattern in kind.actions))
            accesses.append((f"on other resources, with {UNUSED}: {some(patterns)}", ()))
        if self.words:
            text, first_resources = accesses[0] if accesses else ("", ())
            accesses[:1] = [(": ".join(filter(None, (self.words, text))), first_resources)]
        return tuple(accesses)

    def joined(self, cause: CauseChange) -> CauseChange:
        """The same change of somebody else (of the same `meaning`) as one with this."""
        holders = dict.fromkeys((*self.holders, *cause.holders))
        places = dict.fromkeys((*self.places, *cause.places))
        kinds = []
        for own_kind, kind in zip(self.kinds, cause.kinds, strict=True):
            resources = tuple(dict.fromkeys((*own_kind.resources, *kind.resources)))
            kinds.append(replace(own_kind, resources=resources))
        return replace(self, kinds=tuple(kinds), holders=tuple(holders), places=tuple(places))

    @property
    def meaning(self) -> CauseChange:
        """The cause without whom it concerns and where it stands: causes that are equal then are shown as one.

        Permissions to the same callers are one, whatever each is about, unless they are public.
        """
        kinds = [replace(kind, resources=()) if kind.principals and not kind.public else kind for kind in self.kinds]
        return replace(self, kinds=tuple(kinds), holders=(), places=())

    @property
    def requests(self) -> tuple[str, ...]:
        """Requests that show it, one for each kind of access; NO_EXAMPLE where none of today does."""
        if not self.kinds:
            return ()
        return tuple(kind.example for kind in self.kinds if kind.example) or (NO_EXAMPLE,)

    @property
    def place(self) -> str:
        """Its place: the first one, and the number of others."""
        return "".join(self.places[:1]) + (f"; and {len(self.places) - 1} more" if self.places[1:] else "")


@dataclass(frozen=True, slots=True)
class Report:
    """The changes between two versions, by cause, the gravest first; and the remarks beside them."""

    changes: tuple[CauseChange, ...]
    proven: str = ""
    """What is proven to be the same, where nothing differs."""
    versions: tuple[str, ...] = ()
    """The names of the two versions."""
    concerned: str = ""
    """How many are concerned, in words."""
    losses: tuple[ResourceLoss, ...] = ()
    notes: tuple[str, ...] = ()
    not_compared: str = ""

    @property
    def counts(self) -> Counter[str]:
        """How many causes there are of each sign."""
        return Counter(change.sign for change in self.changes)

    @property
    def verdict(self) -> str:
        """One line: what is proven to be the same, or the numbers of causes."""
        return self.proven or f"{cause_counts(self.changes)}{self.concerned}"


def cause_counts(changes: Sequence[CauseChange]) -> str:
    """`12 causes gain access (1 public), 0 lose, 3 undecided`."""
    counts = Counter(change.sign for change in changes)
    public = sum(change.public for change in changes if change.sign == GAINED)
    causes = "1 cause gains" if counts[GAINED] == 1 else f"{counts[GAINED]} causes gain"
    parts = [f"{causes} access{f' ({public} public)' if public else ''}"]
    parts += [f"{counts[LOST]} {'loses' if counts[LOST] == 1 else 'lose'}", f"{counts[UNDECIDED]} undecided"]
    if counts[ACCEPTED]:
        parts.append(f"{counts[ACCEPTED]} accepted")
    return ", ".join(parts)


def comparison_report(comparison: Comparison, old: Locator, new: Locator) -> Report:
    """The report on two policies; `old` and `new` tell where a statement of either side stands."""
    causes = []
    for sign, words, pieces, locate in (
        (GAINED, "", comparison.gained, new),
        (GAINED, _FREED, comparison.freed, old),
        (LOST, "", comparison.lost, old),
        (LOST, _FORBIDDEN, comparison.forbidden, new),
    ):
        for group in _grouped(pieces, _statement_or_limit).values():
            places = []
            for piece in group:
                origin = locate(piece.source)
                places.append(f"{piece.source.name}{f', {origin}' if origin else ''}: {piece.because}")
            causes.append(_cause(sign, words, group, places))
    causes += [CauseChange(UNDECIDED, _undecided_words(item)) for item in comparison.undecided]
    return Report(_in_order(causes), "The same access: proven for every request." if comparison.same else "")


def review_report(review: Review) -> Report:
    """The report on two versions of roles and resources."""
    causes: dict[object, CauseChange] = {}
    for change in review.changes:
        for cause in map(partial(_concerning, change), _causes(change)):
            known = causes.get(cause.meaning)
            causes[cause.meaning] = cause if known is None else known.joined(cause)
    changes = _in_order(causes.values())
    proven = ""
    if not review.changes and review.elsewhere is None:
        proven = "The same access by roles: proven for every request; policies and doors of resources are not known."
    elif not review.changes:
        others = ", ".join(resource.words for resource in review.elsewhere or ())
        proven = "The same access by roles, policies and doors: proven for every request"
        proven += f"; changed: {others}." if others else "."
    return Report(
        changes,
        proven,
        (review.old, review.new),
        _concerned(review),
        review.losses or (),
        tuple(_notes(review)),
        _not_compared(review),
    )


def _in_order(causes: Iterable[CauseChange]) -> tuple[CauseChange, ...]:
    return tuple(sorted(causes, key=lambda cause: (SIGNS.index(cause.sign), cause.weight)))


def _grouped(pieces: Iterable[Piece], key: Callable[[Piece], K]) -> dict[K, list[Piece]]:
    """The pieces by a key, in the order of each key's first piece."""
    groups: dict[K, list[Piece]] = {}
    for piece in pieces:
        groups.setdefault(key(piece), []).append(piece)
    return groups


def _statement_or_limit(piece: Piece) -> StatementLocation | SideDifference | None:
    """Return the source of a piece: its statement, or the other side's denial or limit."""
    return piece.source if _is_plain(piece.difference) else piece.difference


def _causes(change: Change) -> Iterator[CauseChange]:
    """Yield the change of each cause for one role or resource."""
    gained, lost = (change.after, change.before), (change.before, change.after)
    access, trust = change.access, change.trust
    causes = [*_trust_causes(GAINED, trust.gained, gained), *_trust_causes(LOST, trust.lost, lost)]
    for sign, verb, pieces, sides in (
        (GAINED, "", access.gained, gained),
        (GAINED, _FREED, access.freed, lost),
        (LOST, "", access.lost, lost),
        (LOST, _FORBIDDEN, access.forbidden, gained),
    ):
        causes += _access_causes(sign, change, pieces, sides, verb)
    yield from causes
    for door in change.doors:
        sign, weight = (GAINED, _LETS_IN) if door.opens else (LOST, _REST)
        words = f"{PUBLIC} {door.words}" if door.public else door.words
        where = (str(door.origin),) if door.origin else ()
        yield CauseChange(sign, words, places=where, weight=_OPEN_TO_ALL if door.public else weight)
    undecided: tuple[Undecided | UnreadPolicy, ...] = (*trust.undecided, *access.undecided, *change.unread)
    for item in undecided:
        places = tuple(_undecided_places(change, item))
        yield CauseChange(UNDECIDED, _undecided_words(item), places=places)
    accepted = tuple(_accepted_causes(change))
    yield from accepted
    told_words = {cause.words for cause in (*causes, *accepted)}
    unread_arns = {unread.arn for unread in change.unread}
    for attached in change.attached:
        if attached.words not in told_words and attached.arn not in unread_arns:
            yield CauseChange(BESIDE, attached.words)


def _accepted_causes(change: Change) -> Iterator[CauseChange]:
    """Yield what was accepted, each with its reason.

    Doors and undecided parts come first, then accesses by reason and kind.
    """
    pieces_by_reason: dict[tuple[str, str], list[Piece]] = {}
    for accepted in change.accepted:
        difference = accepted.what
        if isinstance(difference, Piece):
            pieces_by_reason.setdefault((accepted.because, accepted.kind), []).append(difference)
            continue
        words = difference.words if isinstance(difference, Door) else _undecided_words(difference)
        yield CauseChange(ACCEPTED, words, places=(f"accepted: {accepted.because}",))
    for (because, kind), pieces in pieces_by_reason.items():
        if kind == "trust":
            causes = _trust_causes(ACCEPTED, pieces, (change.after, None))
        elif kind == "denial":
            causes = _access_causes(ACCEPTED, change, pieces, (change.before, None), _FREED)
        else:
            causes = _access_causes(ACCEPTED, change, pieces, (change.after, None))
        for cause in causes:
            yield replace(cause, places=(f"accepted: {because}",))


def _undecided_words(item: Undecided | UnreadPolicy) -> str:
    return item.reason if isinstance(item, UnreadPolicy) else f"{item.source.name}: {item.reason}"


def _undecided_places(change: Change, item: Undecided | UnreadPolicy) -> Iterator[str]:
    """Yield the place of the statement that could not be decided, of either side; nothing where no line wrote it."""
    if isinstance(item, UnreadPolicy):
        return
    for standing in (change.after, change.before):
        grant = None if standing is None else standing.grant(item.source)
        if grant is not None and grant.origin is not None and grant.statement == item.source.statement:
            yield str(grant.origin)
            return


def _concerning(change: Change, cause: CauseChange) -> CauseChange:
    """A cause with the functions that a change is about, or the role: whether it is new or gone, and when it is so."""
    state = ""
    if change.before is None:
        state = " (new)"
    elif change.after is None and not change.unread and not change.accepted:
        state = " (gone)"
    conditions = f" if {' and '.join(change.when)}" if change.when else ""
    holders = tuple(f"{name}{conditions}" for name in change.functions or (change.title,))
    return replace(cause, holders=holders, state=state)


def _access_causes(
    sign: str, change: Change, pieces: Iterable[Piece], sides: Sides, verb: str = ""
) -> Iterator[CauseChange]:
    """Yield the causes of some pieces of access: an attached policy, a limit or a use of a role, else their statement.

    `verb` says what becomes of denials, for pieces of these.
    """
    own, counterpart = sides
    # Access that is lost, and denials that are gone, stand in statements of the old version.
    is_new = verb == _FORBIDDEN or (sign != LOST and verb != _FREED)

    def cause_of(piece: Piece) -> tuple[str, object]:
        """The words of a piece's cause, and by which key pieces of the same cause come together."""
        words = _attached_words(change, piece, own)
        return words or verb, words or _statement_or_limit(piece)

    own_statements, others = statements_of(own), statements_of(counterpart)
    for (words, _), group in _grouped(pieces, cause_of).items():
        places = []
        for piece in group:
            because = "" if words or _is_plain(piece.difference) else piece.because
            less = _less_by_default(piece, counterpart) if sign == LOST and counterpart is not None else ""
            where = _where(own, piece.source)
            places.append("; ".join(filter(None, ("" if where in words else where, because, less))))
        statement = group[0].source.statement
        changed = changed_statement(statement, own_statements, others, is_new=is_new)
        yield _cause(sign, words, group, places, _changed_conditions(changed))


def _attached_words(change: Change, piece: Piece, own: Holder | None) -> str:
    """The policy, boundary or use of a role by which a piece comes or goes, in words; empty for a statement."""
    if change.use:
        return change.use
    difference = piece.difference
    limit = ""
    if difference is not None:
        limit = difference.part if difference.denial is None else difference.denial.layer
    arn = None if own is None else own.policy(piece.source)
    for attached in change.attached:
        if attached.kind == limit or (arn is not None and arn in (attached.arn, attached.before)):
            return attached.words
    return "" if arn is None else f"managed policy {arn}"


def _trust_causes(sign: str, pieces: Iterable[Piece], sides: Sides) -> Iterator[CauseChange]:
    """Yield the causes of some pieces of a trust policy: its statements."""
    own, counterpart = sides
    origin = None if own is None else own.trust_origin
    place = f"trust policy of {'' if own is None else own.logical_id}"
    for group in _grouped(pieces, lambda piece: (piece.source, piece.action)).values():
        statement, others = group[0].source.statement, trust_statements_of(counterpart)
        changed = changed_statement(statement, trust_statements_of(own), others, is_new=sign != LOST)
        kind = AccessKind(
            TAKES_ON,
            "sts",
            (group[0].action,),
            (),
            tuple(piece.resource for piece in group),
            sign == GAINED and any(piece.public for piece in group),
            example(group[0], f"the role by {group[0].request.principal}"),
        )
        yield CauseChange(
            sign,
            "",
            (kind,),
            changed=_changed_conditions(changed),
            places=(f"{origin}: {place}" if origin else place,),
            weight=kind.weight,
        )


def _cause(
    sign: str,
    words: str,
    pieces: Sequence[Piece],
    places: Iterable[str],
    changed: str = "",
) -> CauseChange:
    """A cause of its pieces, as weighty as the weightiest.

    It has the conditions of the first piece where everyone is let in.
    """
    kinds = kinds_of(pieces, can_be_public=sign == GAINED)
    conditions: tuple[str, ...] = ()
    if any(EVERYONE in kind.principals for kind in kinds):
        conditions = tuple(condition.words for condition in pieces[0].source.statement.conditions)
    return CauseChange(
        sign,
        words,
        kinds,
        conditions,
        changed,
        places=tuple(dict.fromkeys(places)),
        weight=min(kind.weight for kind in kinds),
    )


def kinds_of(pieces: Iterable[Piece], *, can_be_public: bool = True) -> tuple[AccessKind, ...]:
    """Pieces of the same level, service, resources and callers put together: public ones first, unused ones last.

    A statement of several services gains each of its actions on each of its resources, s3:GetObject on a table too:
    that counts, since other policies and other days may give it an effect, but must not hide what matters.
    """
    callers: dict[tuple[str, str, bool, bool], dict[str, Piece]] = {}
    for piece in pieces:
        access = (piece.action, piece.resource, piece.public and can_be_public, has_no_effect(piece))
        callers.setdefault(access, {}).setdefault(piece.principal, piece)
    by_action: dict[tuple[str, tuple[str, ...], bool, bool], dict[str, Piece]] = {}
    for (pattern, resource, is_public, is_unused), by_principal in callers.items():
        principals = tuple(filter(None, by_principal))
        of_action = by_action.setdefault((pattern, principals, is_public, is_unused), {})
        of_action.setdefault(resource, next(iter(by_principal.values())))
    kinds: dict[AccessKind, AccessKind] = {}
    in_order = sorted(by_action.items(), key=lambda item: (not item[0][2], item[0][3]))
    for (pattern, principals, is_public, is_unused), by_resource in in_order:
        first = next(iter(by_resource.values()))
        level = UNUSED if is_unused else level_of(pattern, first)
        service = pattern.partition(":")[0].lower()
        caller = f"{first.request.resource} by {first.request.principal}" if principals else ""
        request = "" if is_unused else example(first, caller)
        key = AccessKind(level, service, (), tuple(by_resource), principals, is_public)
        kind = kinds.get(key, replace(key, example=request))
        # What gives a role away comes first: by its first action the kind is weighed.
        actions = (pattern, *kind.actions) if passes_a_role(pattern) else (*kind.actions, pattern)
        kinds[key] = replace(kind, actions=actions)
    return tuple(kinds.values())


def passes_a_role(pattern: str) -> bool:
    """Return whether an action pattern means iam:PassRole, by which a service may get a role's access."""
    return pattern.lower().startswith("iam:") and "iam:PassRole" in (expand(pattern) or (pattern,))


def has_no_effect(piece: Piece) -> bool:
    """Tell whether no request of today can use it, though its action exists: the action takes no such resource, say."""
    return piece.tier == "future" and full_name(piece.request.action) is not None


def level_of(pattern: str, piece: Piece) -> str:
    """The access level of an action, or the levels of a pattern's actions; `unknown level` where nothing tells it.

    `*` of a piece on every action, and what only future actions gain, have words of their own.
    """
    if piece.tier == "future":
        return FUTURE
    if pattern == "*" and piece.action == "*":
        return EVERY_LEVEL
    entries = map(action, expand(pattern) or (piece.request.action,))
    names = {entry.level for entry in entries if entry is not None}
    return ", ".join(level for level in LEVELS if level in names) or "unknown level"


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


def _is_plain(difference: SideDifference | None) -> bool:
    """Return whether it is told that nothing of the other side allows it, no more: that goes without saying."""
    return difference is not None and difference.denial is None and difference.part in ("side", "policy")


def _where(standing: Holder | None, source: StatementLocation) -> str:
    """Return the writer of a statement: the line and reason of its grant, or the policy that it is of."""
    grant = None if standing is None else standing.grant(source)
    if grant is not None:
        reason = grant.because or source.name
        return f"{grant.origin}: {reason}" if grant.origin else reason
    return (None if standing is None else standing.policy(source)) or source.name


def _less_by_default(piece: Piece, counterpart: Holder) -> str:
    """Why the computed default gives less than it did, where a loss is of that; else empty."""
    denial = None if piece.difference is None else piece.difference.denial
    if denial is not None and any(condition.key == SOURCE_FUNCTION for condition in denial.statement.conditions):
        return "less by default: Lambda manages network interfaces, the function's code does not"
    resources = piece.source.statement.resources
    patterns = () if resources is None or not counterpart.functions else resources.patterns
    if piece.action in _NOT_USED:
        of_default, reason = _NOT_USED[piece.action]
        if patterns and all(re.fullmatch(of_default, pattern) for pattern in patterns):
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


def _changed_conditions(change: StatementChange) -> str:
    """The conditions that a statement has more, and less, in words; empty without any: a row tells all else of it."""
    added = [f"now if {text}" for element, text in change.added if element == CONDITION]
    removed = [f"no longer if {text}" for element, text in change.removed if element == CONDITION]
    return "; ".join((*added, *removed))


def _concerned(review: Review) -> str:
    """The end of a verdict, with how many change: `; 2 of 5 functions concerned`.

    Where one of them is no function, that is a number of roles and resources.
    """
    names = {name for change in review.changes for name in change.functions or (change.title,)}
    if names <= set(review.functions):
        return f"; {len(names)} of {len(review.functions)} functions concerned"
    return f"; {len(names)} roles and resources concerned" if len(names) > 1 else "; 1 role or resource concerned"


def _notes(review: Review) -> Iterator[str]:
    """Yield remarks beside the changes: of other resources, those whose policies let in nobody new."""
    yield from review.notes
    reported = {change.role for change in review.changes}
    narrower = [resource.words for resource in review.elsewhere or () if resource.name not in reported]
    if reported and narrower:
        yield f"changed as well, and lets in nobody new: {', '.join(narrower)}"


def _not_compared(review: Review) -> str:
    """Word the differences that were not compared, in a line; network access comes last. Empty without any."""
    details: dict[str, dict[str, None]] = {}
    for item in sorted(review.not_compared, key=lambda item: item.why == "network"):
        subject, detail = f"{item.type} {item.id}", item.property or item.why
        if item.why == "network":
            subject, detail = f"network: {resource_words(item.type)} {item.id}", item.property
        elif item.why == "other template":
            subject, detail = f"nested template {item.id}", item.property
        elif item.why == "code":
            detail = "code decides"
        details.setdefault(subject, {}).update({detail: None} if detail else {})
    texts = [f"{subject} ({some(tuple(words))})" if words else subject for subject, words in details.items()]
    return f"not compared: {' · '.join(texts)}" if texts else ""
