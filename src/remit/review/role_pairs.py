"""Which role of the old version belongs to which of the new: by the functions that they serve."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from remit.iam.policy import Globs
from remit.roles.reference_names import fill_references

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.holders import Holder
    from remit.iam.policy import Statement
    from remit.review.access_change import Version

_LOG_GROUP: Final = re.compile(r"\$\{[A-Za-z0-9]+LogGroup\.Arn\}|arn:\S+LogGroup\}:log-stream:\*/\S+\[\*")


@dataclass(frozen=True, slots=True)
class Pair:
    """What some functions run under, before and after. `moved` is a role after that nobody can read here, by ARN."""

    functions: tuple[str, ...]
    old: Holder | None
    new: Holder | None
    moved: str = ""


def pairs(old: Version, new: Version) -> Iterator[Pair]:
    """Functions with their role before and after, in the order of the new version; what is gone comes last."""
    before, after = _by_function(old), _by_function(new)
    by_roles: dict[tuple[int, int, str], Pair] = {}
    for name in dict.fromkeys((*after, *new.others, *before)):
        old_role, new_role, moved = before.get(name), after.get(name), _moved(name, old, new)
        if old_role is None and new_role is None and not moved:
            continue
        # The two roles are the key: functions that share both are told together, new ones (no old role) among them.
        key = (id(old_role), id(new_role), moved)
        pair = by_roles.get(key, Pair((), old_role, new_role, moved))
        by_roles[key] = replace(pair, functions=(*pair.functions, name))
    old_by_id = {role.logical_id: role for role in old.roles}
    new_by_id = {role.logical_id: role for role in new.roles}
    for role in (*new.roles, *old.roles):
        if not role.functions:
            old_role, new_role = old_by_id.get(role.logical_id), new_by_id.get(role.logical_id)
            by_roles.setdefault((id(old_role), id(new_role), ""), Pair((), old_role, new_role))
    yield from by_roles.values()


def _moved(name: str, old: Version, new: Version) -> str:
    """The role of somebody else that a function comes to run under."""
    if name not in new.others:
        return ""
    role = fill_references(new.others[name], new.names)
    return "" if name in old.others and fill_references(old.others[name], old.names) == role else role


def _by_function(version: Version) -> dict[str, Holder]:
    return {name: role for role in version.roles for name in role.functions}


def renamed(old: Version, new: Version) -> Iterator[str]:
    """A note on each function that is new and has exactly the access of one that is gone: likely its new name."""
    before, after = _by_function(old), _by_function(new)
    # Each function that is gone explains one new function at most: several may have had the same access.
    new_ones = [name for name in after if name not in before]
    gone: dict[object, list[str]] = {}
    if new_ones:
        for name, role in before.items():
            if name not in after:
                gone.setdefault(_meaning(role), []).append(name)
    for name in new_ones if gone else ():
        was = gone.get(_meaning(after[name]))
        if was:
            yield f"{name} is new with the access that {was.pop(0)}, which is gone, had: was it renamed?"


def _meaning(role: Holder) -> object:
    """What a role allows, whichever function's log group it writes to."""
    return (
        frozenset(_anonymous(grant.statement) for grant in role.grants),
        frozenset(role.managed),
        role.boundary,
        frozenset(role.trusts),
    )


def _anonymous(statement: Statement) -> Statement:
    resources = statement.resources
    if resources is None:
        return statement
    patterns = dict.fromkeys(_LOG_GROUP.sub("${OwnLogGroup.Arn}", text) for text in resources.patterns)
    return replace(statement, resources=Globs(tuple(patterns), resources.negated))
