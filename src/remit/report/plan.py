"""A plan for people and for programs: resources, and what functions may do more (+) or less (-) than before."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from remit.report.comparison import Places, comparison_document, example, groups

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.deploy.access import Access
    from remit.deploy.plan import Plan, ResourceChange
    from remit.errors import Origin
    from remit.iam.compare import Comparison
    from remit.iam.finding import Source
    from remit.report.comparison import Group
    from remit.review.change import Change, Standing

_SIGNS: Final = {"Add": "+", "Remove": "-", "Import": "+"}
_LISTED: Final = 40  # resources, or lines on access; of more, those that are added are counted by type
_NAMED: Final = 4  # functions or actions on one line
_ARN_PARTS: Final = 6
_PARTS: Final = (("gained", "+", "gains"), ("freed", "+", "is no longer denied"), ("lost", "-", "loses"))


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


def counts(access: Access) -> Counts:
    """The numbers of a plan's access."""
    changes = access.review.changes
    each = [part for change in changes for part in (change.access, change.trust)]
    return Counts(
        sum(len(groups(part.gained)) + len(groups(part.freed)) for part in each),
        sum(len(groups(part.lost)) for part in each),
        sum(len(part.undecided) for part in each) + sum(len(change.unseen) for change in changes) + bool(access.unread),
        sum(len(change.accepted) for change in changes),
    )


def plan_lines(plan: Plan, access: Access) -> Iterator[str]:
    """Every change on a line that begins with its sign: + added, ~ changed, - removed, ? undecided."""
    doing = "is new" if plan.kind == "CREATE" else "is there"
    yield f"{plan.namespace} {doing}; this deploy would change"
    yield from _resource_lines(plan.real)
    retagged = sum(change.tags_only for change in plan.changes)
    if retagged:
        yield f"  ~ the tags of {retagged} more"
    lines = list(_first_lines(access) if not plan.running else access_lines(access))
    if lines:
        yield "and what functions may do" if plan.running else "and functions may"
        yield from lines[:_LISTED]
    if len(lines) > _LISTED:
        yield f"  and {len(lines) - _LISTED} lines more, which `remit diff --deployed` tells"
    yield _summary(plan, access)


def plan_document(plan: Plan, access: Access) -> dict[str, Any]:
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
        "roles": [_change_document(change) for change in access.review.changes],
    }


def _change_document(change: Change) -> dict[str, Any]:
    action = "Add" if change.before is None else "Remove" if change.after is None else "Modify"
    return {
        "logical_id": change.role,
        "action": action,
        "functions": list(change.functions),
        **comparison_document(change.access, _places(change)),
        "trust": comparison_document(change.trust, _places(change)),
        "attached": [one.words for one in change.attached],
        "unseen": [{"policy": one.arn, "reason": one.reason} for one in change.unseen],
        "accepted": len(change.accepted),
    }


def _places(change: Change) -> Places:
    return Places(lambda source: _origin(change.before, source), lambda source: _origin(change.after, source))


def _origin(standing: Standing | None, source: Source) -> Origin | None:
    grant = None if standing is None or source.layer != "identity" else standing.grant(source)
    return None if grant is None else grant.origin


def access_lines(access: Access) -> Iterator[str]:
    """What each function gains and loses, each with its line, its reason and a request that shows it."""
    if access.unread:
        yield f"  ? {access.unread}"
    for change in access.review.changes:
        yield from _change_lines(change)


def _change_lines(change: Change) -> Iterator[str]:
    who, places = _who(change), _places(change)
    for one in change.attached:
        yield f"  ~ {who}: {one.words}"
    yield from _comparison_lines(who, change.access, places)
    for group in groups(change.trust.gained):
        yield f"  + {change.role} may be taken on by {_some(group.resources)}"
    for group in groups(change.trust.lost):
        yield f"  - {change.role} may no longer be taken on by {_some(group.resources)}"
    for unknown in change.trust.undecided:
        yield f"  ? who may take on {change.role}: {unknown.reason}"
    for unseen in change.unseen:
        yield f"  ? {who}: {unseen.arn}: {unseen.reason}"
    for accepted in change.accepted:
        yield f"  ~ {who} gains what is accepted: {accepted.because}"


def _comparison_lines(who: str, comparison: Comparison, places: Places) -> Iterator[str]:
    for part, sign, verb in _PARTS:
        for group in groups(getattr(comparison, part)):
            yield f"  {sign} {who} {verb} {_words(group)}"
            origin = places.of(part)(group.source)
            yield f"      {f'{origin}, ' if origin else ''}for example {example(group.example)}"
    for unknown in comparison.undecided:
        yield f"  ? {who}: {unknown.source.name}: {unknown.reason}"


def _words(group: Group) -> str:
    """`write on table/orders (dynamodb:PutItem)`."""
    return f"{group.level} on {_some(tuple(map(_thing, group.resources)))} ({_some(group.actions)})"


def _thing(pattern: str) -> str:
    """What an ARN is about, without where that is: `dynamodb table/orders`."""
    if pattern == "*":
        return "everything"
    parts = pattern.split(":", _ARN_PARTS - 1)
    return f"{parts[2]} {parts[-1]}" if len(parts) == _ARN_PARTS and parts[0] == "arn" else pattern


def _first_lines(access: Access) -> Iterator[str]:
    """What each function may do, in a line: on a first deploy all of it is new."""
    if access.unread:
        yield f"  ? {access.unread}"
    for change in access.review.changes:
        levels: dict[str, dict[str, None]] = {}
        for group in groups(change.access.gained):
            levels.setdefault(group.service, {})[group.level] = None
        if levels:
            told = "; ".join(f"{', '.join(levels[service])} on {_service(service)}" for service in sorted(levels))
            yield f"  + {_who(change)}: {told}"
        for unknown in (*change.access.undecided, *change.trust.undecided):
            yield f"  ? {_who(change)}: {unknown.source.name}: {unknown.reason}"
        for unseen in change.unseen:
            yield f"  ? {_who(change)}: {unseen.arn}: {unseen.reason}"
        for group in groups(change.trust.gained):
            yield f"  + {change.role} may be taken on by {_some(group.resources)}"
        for accepted in change.accepted:
            yield f"  ~ {_who(change)} gains what is accepted: {accepted.because}"


def _service(name: str) -> str:
    return "every service" if name == "*" else name


def _who(change: Change) -> str:
    return _some(change.functions) if change.functions else change.role


def _some(texts: tuple[str, ...]) -> str:
    rest = len(texts) - _NAMED
    return ", ".join(texts[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")


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


def _summary(plan: Plan, access: Access) -> str:
    number = Counter(_SIGNS.get(change.action, "~") for change in plan.real)
    replaced = sum(change.replacement == "True" for change in plan.real)
    parts = [f"{number['+']} to add", f"{number['~']} to change", f"{number['-']} to remove"]
    if replaced:
        parts.append(f"{replaced} of them replaced")
    return f"{', '.join(parts)}; access: {counts(access).words}"


def gained_words(access: Access) -> str:
    """What is to be agreed to, as the beginning of a question; empty when nothing is gained or undecided."""
    new = counts(access).new if access.broadens else ""
    return f"This gives access that was not there: {new}." if new else ""


def refusal(plan: Plan, access: Access) -> tuple[str, str]:
    """Why a deploy does not go ahead by itself, and how it can."""
    why, ways = [], []
    if access.broadens:
        why.append(f"it gives access that was not there ({counts(access).new})")
        ways.append("`remit diff --accept REASON` accepts what is gained")
    elif access.differs:
        why.append(f"access changes ({counts(access).words})")
    if plan.destroyed:
        named = tuple(
            f"{change.logical_id} {'removed' if change.action == 'Remove' else 'replaced'}" for change in plan.destroyed
        )
        why.append(f"resources go ({_some(named)})")
    return " and ".join(why), "; ".join((*ways, "`--yes`, or an answer at a terminal, agrees to all of it"))
