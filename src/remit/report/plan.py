"""A plan for people and for programs: resources, and what functions may do more (+) or less (-) than before."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.types import holds_data, resource_type
from remit.iam import tokens
from remit.report.access_documents import review_document
from remit.report.access_lines import LONGEST, brief, cause_lines
from remit.report.access_report import ACCEPTED, GAINED, LOST, UNDECIDED, CauseChange, Report, review_report
from remit.report.actions import some
from remit.report.documents import members
from remit.report.terminal_text import shown
from remit.triggers.existing_sources import document as source_document

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from remit.deploy.operators import PlanQuestion
    from remit.deploy.plan import ResourceChange, StackPlan
    from remit.deploy.planned_access import PlannedAccess
    from remit.deploy.status import DeployedResource

_SIGNS: Final = {"Add": "+", "Remove": "-", "Import": ">"}
_LISTED: Final = 40  # resources, and functions of a first deploy; of more resources, new ones are counted by type
_MANY: Final = 2  # of what comes with something else; so many are counted, and not named
_FOLLOWING: Final = frozenset({
    "AWS::ApiGateway::Method", "AWS::ApiGateway::Resource", "AWS::ApiGatewayV2::Integration",
    "AWS::ApiGatewayV2::Route", "AWS::IAM::Role", "AWS::Lambda::Permission", "AWS::Lambda::Version",
    "AWS::Lambda::Function (their code)", "AWS::Logs::LogGroup",
})  # fmt: skip
"""What comes with something else, and what it does is told as access."""
_LOSES: Final = {"Remove": "removes", "True": "replaces", "Conditional": "may replace", "Dynamic": "may replace"}
_UNUSUAL: Final = {UNDECIDED: "undecided", ACCEPTED: "accepted"}


def planned_report(access: PlannedAccess) -> Report:
    """The report on a plan's access; what could not be read is undecided."""
    report = review_report(access.review)
    if not access.unread:
        return report
    return replace(report, changes=(CauseChange(UNDECIDED, access.unread), *report.changes))


def _all_counts(access: PlannedAccess) -> str:
    """`2 gained, 0 lost, 1 undecided`; undecided and accepted only where there are any."""
    counts = planned_report(access).counts
    parts = [f"{counts[GAINED]} gained", f"{counts[LOST]} lost"]
    parts += [f"{counts[sign]} {word}" for sign, word in _UNUSUAL.items() if counts[sign]]
    return ", ".join(parts)


def _new_counts(access: PlannedAccess) -> str:
    """The number of gains, for a question: `2 gains, 1 undecided`."""
    counts = planned_report(access).counts
    gains = f"{counts[GAINED]} gain{'' if counts[GAINED] == 1 else 's'}"
    parts = [gains] if counts[GAINED] else []
    if counts[UNDECIDED]:
        parts.append(f"{counts[UNDECIDED]} undecided")
    return ", ".join(parts)


def plan_lines(
    plan: StackPlan, access: PlannedAccess, must_exist: Sequence[str] = (), pinned: Sequence[str] = ()
) -> Iterator[str]:
    """Every change on a line that begins with its sign: + added, ~ changed, - removed, ? undecided.

    `must_exist` names what the app uses and does not make: secrets, say. `pinned` has what was looked up for the plan.
    Roles, what must exist already, access and the numbers follow the changes.
    """
    doing = "is new" if plan.kind == "CREATE" else "exists"
    yield f"{plan.namespace} {doing}; this deploy would change"
    yield from resource_lines(plan)
    if must_exist:
        yield "what it uses and does not make must exist"
    yield from (f"    {name}" for name in must_exist)
    if pinned:
        yield "looked up for this deploy"
    yield from (f"    {shown(line)}" for line in pinned)
    yield from role_lines(plan)
    if plan.must_exist:
        yield "these must exist already"
        yield from (f"  {shown(source.words)}" for source in plan.must_exist)
    if plan.running:
        yield from access_lines(access, "and what functions may do", "`remit diff --deployed`")
    else:
        yield from _first_lines(plan, access)
    yield summary(plan, access)


def role_lines(plan: StackPlan) -> Iterator[str]:
    """The functions that get another role, such as those that shared one until now."""
    replacements = plan.role_replacements
    if replacements:
        yield "and the roles of functions"
    for replacement in replacements[:_LISTED]:
        yield f"  ~ {replacement.function} runs under {replacement.after}, no longer under {replacement.before}"
    if len(replacements) > _LISTED:
        yield f"  ~ {len(replacements) - _LISTED} more functions get another role"


def access_lines(access: PlannedAccess, heading: str, command: str, most: int = LONGEST) -> Iterator[str]:
    """Yield what functions gain and lose, under a heading; nothing when they do not.

    Of more than `most` lines, the rest is counted, and `command` named that tells them.
    """
    changes = planned_report(access).changes
    if changes or access.review.notes:
        yield heading
    yield from map(shown, cause_lines(changes, most, f"{command} shows all"))
    yield from (f"  note: {shown(note)}" for note in access.review.notes)


def _first_lines(plan: StackPlan, access: PlannedAccess) -> Iterator[str]:
    """Yield what functions may do, each in a line: on a first deploy all of it is new."""
    joined: dict[tuple[str, str, tuple[str, ...]], CauseChange] = {}
    for change in planned_report(access).changes:
        key = change.sign, change.words, change.holders
        together = joined.get(key, replace(change, kinds=()))
        joined[key] = replace(together, kinds=together.kinds + change.kinds)
    lines = []
    for change in joined.values():
        # A door that is open to everybody is named by itself, with its line: a door has words, a statement none.
        is_open_door = change.public and change.words and change.holders
        origin = plan.origins.get(change.holders[0]) if is_open_door else None
        words = f"{change.words} ({origin})" if origin else brief(change)
        lines.append(shown(f"  {change.sign} {words}"))
    if lines:
        yield "and functions may"
    yield from lines[:_LISTED]
    if len(lines) > _LISTED:
        yield f"  and {len(lines) - _LISTED} more (`remit diff --deployed` shows all)"


def plan_document(plan: StackPlan, access: PlannedAccess) -> dict[str, Any]:
    """The plan for programs; `roles` as `remit diff --json` tells each."""
    roles = []
    for change in access.review.changes:
        document = review_document(replace(access.review, changes=(change,), notes=()))
        differences = {part: document[part] for part in ("gained", "lost", "undecided", "accepted", "policies")}
        action = "Modify"
        if change.before is None:
            action = "Add"
        elif change.after is None:
            action = "Remove"
        roles.append({"logical_id": change.role, "action": action, "functions": list(change.functions), **differences})
    return {
        "resources": [
            {
                **members(change, "action", "logical_id", "type"),
                "replacement": change.replacement or None,
                "replacing_properties": [detail.property for detail in change.details if detail.recreates],
                "holds_data": holds_data(change.type),
                "held": plan.held.get(change.logical_id),
                "scope": list(change.scope),
            }
            for change in plan.changes
        ],
        "renames": [{"removed": before, "added": after} for before, after in plan.renames],
        "role_replacements": [members(change, "function", "before", "after") for change in plan.role_replacements],
        "must_exist": [source_document(source) for source in plan.must_exist],
        "parameters": dict(plan.parameters),
        "roles": roles,
    }


def resource_lines(plan: StackPlan) -> Iterator[str]:
    """Each change of a resource on a line, under its sign; what comes with others, and very many new ones, by type."""
    changes, data = sorted(plan.real, key=lambda change: (change.type, change.logical_id)), plan.data_to_name
    kinds: dict[tuple[str, str], list[ResourceChange]] = {}
    for change in changes:
        kinds.setdefault(_kind(change), []).append(change)
    counted: dict[str, list[str]] = {}
    for (sign, kind), alike in kinds.items():
        follows = kind in _FOLLOWING and len(alike) >= _MANY and not any(change in data for change in alike)
        if follows or (len(plan.real) > _LISTED and sign == "+"):
            counted.setdefault(sign, []).append(f"{len(alike)} of {kind}")
            changes = [change for change in changes if change not in alike]
    width = max((len(change.type) for change in changes), default=0)
    for change in changes:
        fate = _fate(plan, change, with_data=change in data)
        yield f"  {_kind(change)[0]} {change.type:<{width}}  {change.logical_id}{fate}"
    yield from (f"  {sign} {', '.join(texts)}" for sign, texts in counted.items())
    for before, after in plan.renames:
        yield f"  ? {after} has the type and the properties of {before}: if that is a rename, the new one is empty"
        yield f"      `logical_id={before!r}` where it is declared keeps what is in {before}"
    retagged = sum(change.tags_only for change in plan.changes)
    if retagged:
        yield f"  ~ the tags of {retagged} more"


def _kind(change: ResourceChange) -> tuple[str, str]:
    """Its sign and type; or that it is a function of which the code changes, and what follows from other resources."""
    changed = {detail.property for detail in change.details if not detail.cause}
    return _SIGNS.get(change.action, "~"), f"{change.type} (their code)" if changed == {"Code"} else change.type


def _fate(plan: StackPlan, change: ResourceChange, *, with_data: bool) -> str:
    """` (replaced, since KeySchema changes; it holds data)`: how a resource goes, because of what, with its data.

    Empty where there is nothing to tell, as of most.
    """
    parts = ["imported, since it exists"] if change.action == "Import" else []
    direct = ", ".join(dict.fromkeys(detail.property for detail in change.details if detail.recreates))
    dynamic = dict.fromkeys(f"{cause.property} changes with {cause.cause}" for cause in change.perhaps_replaced)
    if change.replacement == "Conditional" and dynamic:
        parts.append(f"replaced if {', '.join(dynamic)}")
    elif change.replacement in ("True", "Conditional"):
        since = f", since {direct} changes" if direct else ""
        parts.append(f"{'replaced' if change.replacement == 'True' else 'perhaps replaced'}{since}")
    if with_data:
        held = f": {plan.held[change.logical_id]}" if change.logical_id in plan.held else ""
        parts.append(f"it holds data{held}{', which stays in the account' if plan.stays(change) else ''}")
    if change.logical_id in plan.origins and change.replacement in _LOSES:
        parts.append(str(plan.origins[change.logical_id]))
    properties = plan.template.get("Resources", {}).get(change.logical_id, {}).get("Properties", {})
    notifications = properties.get("NotificationConfiguration", {}).get("LambdaConfigurations", ())
    functions = (tokens.text_of(entry["Function"])[2:].removesuffix(".Arn}") for entry in notifications)
    parts += (f"runs {function}, {plan.origins.get(function)}" for function in dict.fromkeys(functions))
    return f"  ({'; '.join(parts)})" if parts else ""


def summary(plan: StackPlan, access: PlannedAccess) -> str:
    """The numbers: `1 to add, 2 to change, 0 to remove; access: 1 gained, 0 lost`."""
    number = Counter(_SIGNS.get(change.action, "~") for change in plan.real)
    replaced = sum(change.replacement == "True" for change in plan.real)
    parts = [f"{number['+']} to add", f"{number['~']} to change", f"{number['-']} to remove"]
    if replaced:
        parts.append(f"{replaced} of them replaced")
    if number[">"]:
        parts.append(f"{number['>']} to import")
    return f"{', '.join(parts)}; access: {_all_counts(access)}"


def gained_words(access: PlannedAccess) -> str:
    """The gains that are to be agreed to, as the beginning of a question; empty when nothing is gained or undecided."""
    new = _new_counts(access) if access.broadens else ""
    return f"This adds access: {new}." if new else ""


def loss_words(plan: StackPlan) -> str:
    """The data that would go, as the beginning of a question; empty when none would."""
    left = [change for change in plan.data_at_risk if plan.stays(change)]
    lost = [change for change in plan.data_at_risk if change not in left]
    losses: dict[str, list[ResourceChange]] = {verb: [] for verb in _LOSES.values()}
    for change in lost:
        losses[_LOSES[change.replacement if change.action == "Modify" else change.action]].append(change)
    parts = [f"{verb} {data_words(changes)}" for verb, changes in losses.items() if changes]
    sentences = [f"This {' and '.join(parts)}, with all that is in {_pronoun(lost)}."] if parts else []
    if left:
        sentences.append(f"This leaves {data_words(left)} in the account, and the app no longer uses {_pronoun(left)}.")
    return " ".join(sentences)


def deletion_words(resources: Sequence[DeployedResource]) -> str:
    """The data that a delete of a stack takes away, as the beginning of a question; empty when it takes none."""
    return f"This deletes {data_words(resources)}, with all that is in {_pronoun(resources)}." if resources else ""


def data_words(resources: Iterable[ResourceChange | DeployedResource]) -> str:
    """Each by its kind and name; log groups, of which every function has one, by their number."""
    resource_phrases: list[str] = []
    log_groups: list[str] = []
    for resource in resources:
        kind = resource_type(resource.type)
        called = resource.type if kind is None else kind.called
        phrases = log_groups if called == "log group" else resource_phrases
        phrases.append(f"{called} {resource.logical_id}")
    if len(log_groups) >= _MANY:
        log_groups = [f"{len(log_groups)} log groups"]
    return ", ".join((*resource_phrases, *log_groups))


def _pronoun(resources: Sequence[object]) -> str:
    return "it" if len(resources) == 1 else "them"


def refusal(question: PlanQuestion, place: str = "") -> tuple[list[str], str]:
    """Why a deploy does not go ahead by itself, each reason in a clause, and how it can; for `deploy.approval`.

    `place` are the options that a command to come needs to be about the same deploy, as in ` --stage prod`.
    """
    plan, access, yes, lacks_access = question.plan, question.access, question.yes, question.lacks_access
    reasons, ways = [], []
    unnamed = [change for change in plan.data_to_name if change.logical_id not in question.yes_delete]
    if lacks_access and access.broadens:
        reasons.append(f"it adds access ({_new_counts(access)})")
        if plan.kind == "CREATE":
            ways.append("`--first` deploys a stage for the first time")
        elif not plan.goes_back:
            # A deploy shows what changes against the template that runs, which only --deployed compares with.
            ways.append(f"`remit diff --deployed{place} --accept REASON` accepts what is gained")
    elif lacks_access and access.differs:
        reasons.append(f"access changes ({_all_counts(access)})")
    if unnamed:
        reasons.append(f"data goes ({data_words(unnamed)})")
    losses = [
        f"{change.logical_id} {'removed' if change.action == 'Remove' else 'replaced'}"
        for change in plan.destroyed
        if change not in unnamed and change.logical_id not in question.yes_delete
    ]
    if losses and not yes:
        reasons.append(f"resources go ({some(tuple(losses))})")
    word = "".join(f" --yes-delete {change.logical_id}" for change in unnamed)
    if yes and lacks_access:
        ways.append("without --require-approval, `--yes` approves changes of access, too")
    if word and yes:
        ways.append(f"`remit deploy{place} --yes{word}` agrees to that")
    elif not yes:
        ways.append(f"`--yes{word}`, or a yes at a terminal, deploys it anyway")
    return reasons, "; ".join(ways)
