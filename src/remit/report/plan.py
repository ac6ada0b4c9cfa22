"""A plan for people and for programs: resources, and what functions may do more (+) or less (-) than before."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.types import holds_data, resource_type
from remit.report.comparison import some
from remit.report.review import ACCEPTED, GAINED, LOST, SIGNS, TAKES_ON, UNDECIDED, review_document, rows
from remit.report.terminal_text import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from remit.deploy.access import PlannedAccess
    from remit.deploy.plan import ResourceChange, StackPlan
    from remit.deploy.status import DeployedResource
    from remit.report.review import Row
    from remit.review.access_change import Change

_SIGNS: Final = {"Add": "+", "Remove": "-", "Import": "+"}
_LISTED: Final = 40  # resources, and changes of access; of more resources, those that are added are counted by type
_ARN_PARTS: Final = 6
_URGENT: Final = (UNDECIDED, GAINED, "policies", LOST, ACCEPTED)
_AGREES: Final = "`--yes`, or a yes at a terminal, deploys it anyway"
_WITHOUT: Final = "without --require-approval, `--yes` approves changes of access, too"
_MANY: Final = 2  # log groups that are counted in a question, and not named
_LOSES: Final = {"Remove": "removes", "True": "replaces", "Conditional": "may replace"}
_VERBS: Final = {GAINED: "gains", LOST: "loses", ACCEPTED: "gains"}


@dataclass(frozen=True, slots=True)
class Counts:
    """How much access a plan changes, in lines as they are told."""

    gained: int
    lost: int
    undecided: int
    accepted: int

    @property
    def words(self) -> str:
        """`2 gained, 0 lost, 1 undecided`; undecided and accepted only where there are any."""
        parts = [f"{self.gained} gained", f"{self.lost} lost"]
        parts += [f"{self.undecided} undecided"] if self.undecided else []
        parts += [f"{self.accepted} accepted"] if self.accepted else []
        return ", ".join(parts)

    @property
    def new(self) -> str:
        """What is gained, for a question: `2 gains, 1 undecided`."""
        parts = [f"{self.gained} gain{'' if self.gained == 1 else 's'}"] if self.gained else []
        return ", ".join((*parts, *([f"{self.undecided} undecided"] if self.undecided else [])))


def counts(access: PlannedAccess) -> Counts:
    """The numbers of a plan's access."""
    number = Counter(row.part for one in rows(access.review) for row in one.rows)
    return Counts(number[GAINED], number[LOST], number[UNDECIDED] + bool(access.unread), number[ACCEPTED])


def plan_lines(plan: StackPlan, access: PlannedAccess) -> Iterator[str]:
    """Every change on a line that begins with its sign: + added, ~ changed, - removed, ? undecided."""
    doing = "is new" if plan.kind == "CREATE" else "exists"
    yield f"{plan.namespace} {doing}; this deploy would change"
    yield from _resource_lines(plan.real)
    retagged = sum(change.tags_only for change in plan.changes)
    if retagged:
        yield f"  ~ the tags of {retagged} more"
    if plan.running:
        yield from access_lines(access, "and what functions may do", "`remit diff --deployed`")
    else:
        yield from _listed(list(_first(access)), "and functions may", "`remit diff --deployed`")
    yield _summary(plan, access)


def access_lines(access: PlannedAccess, heading: str, command: str, most: int = _LISTED) -> Iterator[str]:
    """What functions gain and lose, under a heading; nothing when they do not.

    Of more than `most`, the rest is counted, and `command` named that tells them.
    """
    yield from _listed(list(_each(access)), heading, command, most)


def _listed(told: list[_Told], heading: str, command: str, most: int = _LISTED) -> Iterator[str]:
    if told:
        yield heading
    if len(told) > most:
        told.sort(key=lambda one: _URGENT.index(one.part))  # what is left out shall not be what matters most
    for one in told[:most]:
        yield from map(shown, one.lines)
    if len(told) > most:
        yield f"  and {len(told) - most} more ({command} shows all)"


def plan_document(plan: StackPlan, access: PlannedAccess) -> dict[str, Any]:
    """The plan for programs; `roles` as `remit diff --json` tells each."""
    return {
        "resources": [
            {
                "action": change.action,
                "logical_id": change.logical_id,
                "type": change.type,
                "replacement": change.replacement or None,
                "scope": list(change.scope),
            }
            for change in plan.changes
        ],
        "roles": [_change_document(access, change) for change in access.review.changes],
    }


def _change_document(access: PlannedAccess, change: Change) -> dict[str, Any]:
    """One role's change, in the forms of `remit diff --json`."""
    told = review_document(replace(access.review, changes=(change,), notes=()))
    return {
        "logical_id": change.role,
        "action": "Add" if change.before is None else "Remove" if change.after is None else "Modify",
        "functions": list(change.functions),
        **{part: told[part] for part in (GAINED, LOST, UNDECIDED, ACCEPTED, "policies")},
    }


@dataclass(frozen=True, slots=True)
class _Told:
    """One thing that changes, in a line or two; `part` says how much it matters."""

    part: str
    lines: tuple[str, ...]


def _each(access: PlannedAccess) -> Iterator[_Told]:
    """What each function gains and loses, each with the line that wrote it and a request that shows it."""
    if access.unread:
        yield _Told(UNDECIDED, (f"  ? {access.unread}",))
    for one in rows(access.review):
        for words in one.attached:
            yield _Told("policies", (f"  ~ {one.who}: {words}",))
        for row in one.rows:
            where = f"{row.where}; " if row.where else ""
            example = (f"      {where}for example {row.example}",) if row.example else ()
            yield _Told(row.part, (f"  {SIGNS[row.part]} {_words(row)}", *example))
    for note in access.review.notes:
        yield _Told("policies", (f"  note: {note}",))


def _words(row: Row) -> str:
    """`report gains Write on dynamodb table/orders (dynamodb:PutItem)`."""
    if not row.actions:
        return f"{row.who}: {row.title}"
    if row.title == TAKES_ON:
        may = "may no longer" if row.part == LOST else "may"
        return f"{some(row.resources)} {may} take on the role of {row.who}"
    level, _, service = row.title.rpartition(" on ")
    things = tuple(dict.fromkeys(_thing(pattern, service) for pattern in row.resources))
    return f"{row.who} {_VERBS[row.part]} {level} on {some(things)} ({some(row.actions)})"


def _thing(pattern: str, service: str) -> str:
    """What an ARN is about, without where that is: `dynamodb table/orders`."""
    if pattern == "*":
        return f"all of {service}" if service != "*" else "everything"
    parts = pattern.split(":", _ARN_PARTS - 1)
    return f"{parts[2]} {parts[-1]}" if len(parts) == _ARN_PARTS and parts[0] == "arn" else pattern


def _first(access: PlannedAccess) -> Iterator[_Told]:
    """What each function may do, in a line: on a first deploy all of it is new."""
    if access.unread:
        yield _Told(UNDECIDED, (f"  ? {access.unread}",))
    for one in rows(access.review):
        levels: dict[str, dict[str, None]] = {}
        others = []
        for row in one.rows:
            if row.part == GAINED and row.title != TAKES_ON:
                level, _, service = row.title.rpartition(" on ")
                levels.setdefault(service, {})[level] = None
            elif row.part != ACCEPTED:
                others.append(_Told(row.part, (f"  {SIGNS[row.part]} {_words(row)}",)))
        told = [f"{', '.join(levels[service])} on {_service(service)}" for service in sorted(levels)]
        accepted = sum(row.part == ACCEPTED for row in one.rows)
        told += [f"{accepted} accepted"] if accepted else []
        part = GAINED if levels else ACCEPTED
        if told:
            yield _Told(part, (f"  {SIGNS[part]} {one.who}: {'; '.join(told)}",))
        yield from others


def _service(name: str) -> str:
    return "every service" if name == "*" else name


def _resource_lines(changes: tuple[ResourceChange, ...]) -> Iterator[str]:
    many = len(changes) > _LISTED
    listed = [change for change in changes if not (many and change.action == "Add")]
    width = max((len(change.type) for change in listed), default=0)
    for change in sorted(listed, key=lambda change: (change.type, change.logical_id)):
        yield f"  {_SIGNS.get(change.action, '~')} {change.type:<{width}}  {change.logical_id}{_replaced(change)}"
    if many:
        for type_, count in sorted(Counter(change.type for change in changes if change.action == "Add").items()):
            yield f"  + {count} of {type_}"


def _replaced(change: ResourceChange) -> str:
    if change.replacement == "True":
        return "  (replaced)"
    if change.replacement != "Conditional":
        return ""
    causes = dict.fromkeys(f"{one.property} changes with {one.cause}" for one in change.perhaps_replaced)
    return f"  (replaced if {', '.join(causes)})" if causes else "  (perhaps replaced)"


def _summary(plan: StackPlan, access: PlannedAccess) -> str:
    number = Counter(_SIGNS.get(change.action, "~") for change in plan.real)
    replaced = sum(change.replacement == "True" for change in plan.real)
    parts = [f"{number['+']} to add", f"{number['~']} to change", f"{number['-']} to remove"]
    if replaced:
        parts.append(f"{replaced} of them replaced")
    return f"{', '.join(parts)}; access: {counts(access).words}"


def gained_words(access: PlannedAccess) -> str:
    """What is to be agreed to, as the beginning of a question; empty when nothing is gained or undecided."""
    new = counts(access).new if access.broadens else ""
    return f"This adds access: {new}." if new else ""


def loss_words(plan: StackPlan) -> str:
    """The data that would go, as the beginning of a question; empty when none would."""
    at_risk: dict[str, list[ResourceChange]] = {}
    for change in plan.data_at_risk:
        verb = _LOSES["Remove" if change.action == "Remove" else change.replacement]
        at_risk.setdefault(verb, []).append(change)
    parts = [f"{verb} {_data(at_risk[verb])}" for verb in _LOSES.values() if verb in at_risk]
    return f"This {' and '.join(parts)}, with all that is in {_it(plan.data_at_risk)}." if parts else ""


def deletion_words(resources: Sequence[DeployedResource]) -> str:
    """The data that a delete of a stack takes away, as the beginning of a question; empty when it takes none."""
    return f"This deletes {_data(resources)}, with all that is in {_it(resources)}." if resources else ""


def _data(resources: Iterable[ResourceChange | DeployedResource]) -> str:
    """Each by its kind and name; log groups, of which every function has one, by their number."""
    named: list[str] = []
    log_groups: list[str] = []
    for resource in resources:
        kind = resource_type(resource.type)
        called = resource.type if kind is None else kind.called
        (log_groups if called == "log group" else named).append(f"{called} {resource.logical_id}")
    return ", ".join((*named, *(log_groups if len(log_groups) < _MANY else [f"{len(log_groups)} log groups"])))


def _it(resources: Sequence[object]) -> str:
    return "it" if len(resources) == 1 else "them"


def refusal(plan: StackPlan, access: PlannedAccess, *, yes: bool = False, place: str = "") -> tuple[str, str]:
    """Why a deploy does not go ahead by itself, and how it can; `yes`: it was agreed to but for the access.

    `place` are the options that a command to come needs to be about the same deploy, as in ` --stage prod`.
    """
    why, ways = [], []
    if access.broadens:
        why.append(f"it adds access ({counts(access).new})")
        # A deploy shows what changes against the template that runs, which only --deployed compares with.
        ways.append(f"`remit diff --deployed{place} --accept REASON` accepts what is gained")
    elif access.differs:
        why.append(f"access changes ({counts(access).words})")
    if plan.destroyed and not yes:
        named = tuple(
            f"{change.logical_id} {'removed' if change.action == 'Remove' else 'replaced'}"
            for change in sorted(
                plan.destroyed, key=lambda change: not holds_data(change.type)
            )  # those with data first
        )
        why.append(f"resources go ({some(named)})")
    return " and ".join(why), "; ".join((*ways, _WITHOUT if yes else _AGREES))
