"""Put single needs together into statements that people can read, none wider than what went into it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from remit.app import Grant
from remit.grants.declared import OPEN
from remit.iam.pattern import covers
from remit.iam.policy import Condition, allow

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_VERBS: Final = ("create", "read", "update", "delete")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something is needed: a text; or what is done to which resource of which type."""

    doing: str
    subject: str = ""
    type: str = ""


@dataclass(frozen=True, slots=True)
class Need:
    """One action on one resource, and why; `conditions` narrow it."""

    action: str
    resource: str
    reason: Reason
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """One API operation (`s3.PutObject`) that a program makes, the actions that it needs, on what, and what for.

    `on` is late-bound text in which {stack} is the stack's name; `nested`: on the stacks inside it as well.
    """

    operation: str
    actions: tuple[str, ...]
    on: str
    because: str
    nested: bool = False


_Right = tuple[str, tuple[Condition, ...]]
"""An action and its conditions."""


def merged(needs: Iterable[Need]) -> tuple[Grant, ...]:
    """The needs as grants: one statement for actions of one service that are needed on the same resources.

    What another need covers is left out. Actions without resource-level permissions share one statement on `*`.
    """
    reasons: dict[_Right, dict[str, dict[Reason, None]]] = {}
    for need in needs:
        resource = need.resource.replace(OPEN, "*")
        conditions = tuple(_closed(condition) for condition in need.conditions)
        places = reasons.setdefault((need.action, conditions), {})
        places.setdefault(resource, {})[need.reason] = None
    groups: dict[_Group, list[_Right]] = {}
    for right, places in reasons.items():
        for narrow, wide in _covered(tuple(places)):
            places[wide] |= places.pop(narrow)
        service = right[0].partition(":")[0] if "*" not in places else ""
        special = right[0] if right[0] == "iam:PassRole" else ""
        groups.setdefault((service, special, right[1], frozenset(places)), []).append(right)
    return tuple(_grant(rights, group[3], reasons) for group, rights in _spread(groups).items())


_Group = tuple[str, str, tuple[Condition, ...], frozenset[str]]
"""What the rights of one statement have in common: service, conditions, resources."""


def _spread(groups: dict[_Group, list[_Right]]) -> dict[_Group, list[_Right]]:
    """The groups without those whose resources are the sum of other groups': their few actions join those.

    An action's name is shorter than the ARNs that a statement of its own would repeat.
    """
    for group in sorted(groups, key=lambda group: len(group[3])):
        parts = _summing(group, groups)
        for part in parts:
            groups[part] += groups[group]
        if parts:
            del groups[group]
    return groups


def _summing(group: _Group, groups: Iterable[_Group]) -> list[_Group]:
    """Groups that together have exactly the resources of this one, large ones first; none if there are none."""
    candidates = [other for other in groups if other[:3] == group[:3] and other[3] < group[3]]
    left, parts = group[3], []
    for part in sorted(candidates, key=lambda part: -len(part[3])):
        if part[3] & left:
            parts.append(part)
            left -= part[3]
    return [] if left else parts


def _closed(condition: Condition) -> Condition:
    values = tuple(value.replace(OPEN, "*") for value in condition.values)
    return Condition(condition.operator, condition.key, values, condition.quantifier, condition.if_exists)


@lru_cache(maxsize=256)
def _covered(places: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Resources that another one of them covers, which nothing else does; with that one."""
    starts = [(wide.partition("*")[0], wide) for wide in places if "*" in wide]
    over: dict[str, str] = {}
    for narrow in places:
        for start, wide in starts:
            if narrow.startswith(start) and wide != narrow and covers(wide, narrow) and not covers(narrow, wide):
                over[narrow] = wide
                break
    return tuple((narrow, _topmost(over, narrow)) for narrow in over)


def _topmost(over: Mapping[str, str], place: str) -> str:
    while place in over:
        place = over[place]
    return place


def _grant(
    rights: list[_Right],
    resources: frozenset[str],
    reasons: Mapping[_Right, Mapping[str, Mapping[Reason, None]]],
) -> Grant:
    found = [why for right in rights for place, why in reasons[right].items() if place in resources]
    ordered = [place for place in reasons[rights[0]] if place in resources]
    actions = sorted((action for action, _ in rights), key=str.lower)
    why = dict.fromkeys(reason for some in found for reason in some)
    return Grant(allow(*actions, on=tuple(ordered), when=rights[0][1]), "; ".join(_sentences(why)))


def _sentences(why: Iterable[Reason]) -> Iterator[str]:
    """`to create and delete WebFunction, ReportFunction (AWS::Lambda::Function)`, one for each type."""
    by_type: dict[str, tuple[dict[str, None], dict[str, None]]] = {}
    for reason in why:
        if not reason.type:
            by_type.setdefault(reason.doing, ({}, {}))
            continue
        doing, subjects = by_type.setdefault(reason.type, ({}, {}))
        doing[reason.doing] = None
        subjects[reason.subject] = None
    for name, (doing, subjects) in by_type.items():
        if not subjects:
            yield name
            continue
        verbs = sorted(doing, key=lambda verb: _VERBS.index(verb) if verb in _VERBS else len(_VERBS))
        joined = verbs[0] if len(verbs) == 1 else f"{', '.join(verbs[:-1])} and {verbs[-1]}"
        yield f"to {joined} {', '.join(subjects)} ({name})"
