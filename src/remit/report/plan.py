"""A plan for people and for programs: resources, and what roles gain (+) and lose (-)."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from remit.errors import RemitError
from remit.iam.policy import parse_statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from remit.deploy.plan import AccessItem, Plan, ResourceChange, RoleChange
    from remit.iam.policy import Globs

_SIGNS: Final = {"Add": "+", "Remove": "-", "Import": "+"}
_LISTED: Final = 40  # resources; of more, those that are added are counted by type


def plan_lines(plan: Plan) -> Iterator[str]:
    """Every change on a line that begins with its sign: + added, ~ changed, - removed."""
    doing = "is new" if plan.kind == "CREATE" else "is there"
    yield f"{plan.namespace} {doing}; this deploy would change"
    yield from _resource_lines([change for change in plan.changes if not change.tags_only])
    retagged = sum(change.tags_only for change in plan.changes)
    if retagged:
        yield f"  ~ the tags of {retagged} more"
    if plan.roles:
        yield "and what roles may do"
        for role in plan.roles:
            yield from _role_lines(role)
    yield _summary(plan)


def plan_document(plan: Plan) -> dict[str, Any]:
    """The plan for programs."""
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
        "roles": [
            {
                "logical_id": role.logical_id,
                "action": role.action,
                "added": [_item_document(item) for item in role.added],
                "removed": [_item_document(item) for item in role.removed],
            }
            for role in plan.roles
        ],
    }


def _item_document(item: AccessItem) -> dict[str, Any]:
    return {item.kind: json.loads(item.text)}


def _resource_lines(changes: list[ResourceChange]) -> Iterator[str]:
    many = len(changes) > _LISTED
    listed = [change for change in changes if not (many and change.action == "Add")]
    width = max((len(change.type) for change in listed), default=0)
    for change in sorted(listed, key=lambda change: (change.type, change.logical_id)):
        replaced = {"True": "  (replaced)", "Conditional": "  (perhaps replaced)"}.get(change.replacement, "")
        yield f"  {_SIGNS.get(change.action, '~')} {change.type:<{width}}  {change.logical_id}{replaced}"
    if many:
        for type_, count in sorted(Counter(change.type for change in changes if change.action == "Add").items()):
            yield f"  + {count} of {type_}"


def _role_lines(role: RoleChange) -> Iterator[str]:
    yield f"  {_SIGNS.get(role.action, '~')} {role.logical_id}"
    for sign, items in (("+", role.added), ("-", role.removed)):
        for item in items:
            yield f"      {sign} {access_text(item)}"


def access_text(item: AccessItem) -> str:
    """One thing that a role's access is made of, on one line, in words."""
    value = json.loads(item.text)
    if item.kind in ("managed", "boundary"):
        words = {"managed": "the managed policy", "boundary": "the permissions boundary"}
        return f"{words[item.kind]} {value if isinstance(value, str) else item.text}"
    try:
        statement = parse_statement(value)
    except RemitError:  # an intrinsic function where a statement stands: shown as it is written
        return item.text
    if item.kind == "trust" and statement.principals is not None:
        return f"trusts {', '.join(name for _, name in statement.principals.patterns)}"
    on = "" if statement.resources is None else f" on {_globs(statement.resources)}"
    conditions = "".join(
        f" if {condition.spelled} {condition.key} = {', '.join(condition.values)}" for condition in statement.conditions
    )
    return f"{statement.effect} {_globs(statement.actions)}{on}{conditions}"


def _globs(globs: Globs) -> str:
    joined = ", ".join(globs.patterns)
    return f"everything but {joined}" if globs.negated else joined


def _summary(plan: Plan) -> str:
    real = [change for change in plan.changes if not change.tags_only]
    counts = Counter(_SIGNS.get(change.action, "~") for change in real)
    replaced = sum(change.replacement == "True" for change in real)
    parts = [f"{counts['+']} to add", f"{counts['~']} to change", f"{counts['-']} to remove"]
    if replaced:
        parts.append(f"{replaced} of them replaced")
    added, removed = _statements(role.added for role in plan.roles), _statements(role.removed for role in plan.roles)
    return f"{', '.join(parts)}; statements of roles: {added} added, {removed} removed"


def _statements(groups: Iterable[tuple[AccessItem, ...]]) -> int:
    return sum(item.kind == "statement" for group in groups for item in group)
