"""Put single needs together into few, short statements, which allow exactly what went into them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import permutations
from typing import Final

from remit.app import Grant, Reason
from remit.deployer.needed_actions import Need, Purpose, sentences
from remit.iam.length import length
from remit.iam.pattern import covers
from remit.iam.pattern_list import PatternList
from remit.iam.policy import Condition, allow
from remit.template.resolved_texts import UNKNOWN

_FRAME: Final = 45  # characters of a statement beside its actions, resources and conditions

_Conditions = tuple[Condition, ...]
_Targets = dict[str, dict["Purpose", None]]
"""Resources, each with the reasons why something is needed on it."""


@dataclass(slots=True)
class _Group:
    """Actions that are needed on the same resources under the same conditions."""

    actions: tuple[str, ...]
    resources: frozenset[str]
    service_and_conditions: tuple[str, _Conditions]
    """What two groups must share to be put together. Those on `*` have no service: they share one statement."""


def merged(needs: Iterable[Need]) -> tuple[Grant, ...]:
    """The needs as grants, in the order of their first need; where conditions are joined, of the last joined one.

    What nobody knows before the deploy becomes `*`. What another need covers is left out. Actions without
    resource-level permissions share one statement on `*`, others one of their service when they are needed on the same
    resources, or when that makes the policy shorter.
    """
    rights: dict[tuple[str, _Conditions], _Targets] = {}
    order: dict[str, int] = {}
    for need in needs:
        conditions = tuple(
            replace(condition, values=tuple(value.replace(UNKNOWN, "*") for value in condition.values))
            for condition in need.conditions
        )
        target = need.resource.replace(UNKNOWN, "*")
        rights.setdefault((need.action, conditions), {}).setdefault(target, {})[need.purpose] = None
        order.setdefault(target, len(order))
    # What a wider resource covers would only make the policy longer.
    for targets in rights.values():
        for narrow, wide in _covered(tuple(targets)):
            targets[wide] |= targets.pop(narrow)
    _absorb(rights)
    joined = _joined(rights)
    groups: dict[object, _Group] = {}
    for (action, conditions), targets in joined.items():
        resources = frozenset(targets)
        service_and_conditions = ("" if "*" in targets else action.partition(":")[0], conditions)
        empty_group = _Group((), resources, service_and_conditions)
        group = groups.setdefault((service_and_conditions, resources), empty_group)
        group.actions += (action,)
    grants: list[Grant] = []
    for group in _shortened(list(groups.values())):
        _, conditions = group.service_and_conditions
        resources_in_order = tuple(sorted(group.resources, key=order.__getitem__))
        purposes: dict[Purpose, None] = {}
        for action in group.actions:
            for target in resources_in_order:
                purposes |= joined[action, conditions][target]
        statement = allow(*sorted(group.actions, key=str.lower), on=resources_in_order, when=conditions)
        grants.append(Grant(statement, Reason("text", "; ".join(sentences(purposes)))))
    return tuple(grants)


def _absorb(rights: dict[tuple[str, _Conditions], _Targets]) -> None:
    """Take out of `rights` what a pattern without conditions (`ec2:Describe*`) allows, too, on the same or more.

    Their purposes go to the pattern. `rights` is changed in place.
    """
    patterns = [(pattern, wide) for (pattern, conditions), wide in rights.items() if "*" in pattern and not conditions]
    for (action, conditions), narrow in list(rights.items()):
        for pattern, wide in patterns:
            if pattern == action or not covers(pattern, action):
                continue
            for target in list(narrow):
                cover = next((wide_target for wide_target in wide if covers(wide_target, target)), None)
                if cover is not None:
                    wide[cover] |= narrow.pop(target)
        if not narrow:
            del rights[action, conditions]


def _joined(rights: Mapping[tuple[str, _Conditions], _Targets]) -> dict[tuple[str, _Conditions], _Targets]:
    """The rights with those joined that differ in the values of one condition: these are alternatives.

    Joined ones stand at the place of the last of them.
    """
    joined: dict[tuple[str, _Conditions], _Targets] = {}
    for (action, conditions), targets in rights.items():
        for (earlier_action, earlier), earlier_targets in joined.items():
            is_alike = earlier_action == action and earlier_targets.keys() == targets.keys()
            both = _either(earlier, conditions) if is_alike else None
            if both is not None:
                del joined[action, earlier]
                joined[action, both] = {target: earlier_targets[target] | targets[target] for target in earlier_targets}
                break
        else:
            joined[action, conditions] = targets
    return joined


def _either(conditions: _Conditions, alternatives: _Conditions) -> _Conditions | None:
    """The conditions that hold where the first or the second do; None when these would be wider."""
    if len(conditions) != len(alternatives):
        return None
    pairs = zip(conditions, alternatives, strict=True)
    differing = [position for position, pair in enumerate(pairs) if pair[0] != pair[1]]
    if len(differing) != 1:
        return None
    (position,) = differing
    condition, alternative = conditions[position], alternatives[position]
    if (condition.operator, condition.key) != (alternative.operator, alternative.key):
        return None
    values = tuple(dict.fromkeys((*condition.values, *alternative.values)))
    return (*conditions[:position], replace(condition, values=values), *conditions[position + 1 :])


@lru_cache(maxsize=256)
def _covered(targets: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Pairs, for each resource that another of them covers: that resource, and the widest that covers it."""
    listed = PatternList(targets)
    over: dict[str, str] = {}
    for narrow in targets:
        wide = listed.cover_of(narrow)
        if wide is not None:
            over[narrow] = wide
    for narrow, wide in over.items():
        while wide in over:
            wide = over[wide]  # noqa: PLW2901 - up to the widest
        over[narrow] = wide
    return tuple(over.items())


def _shortened(groups: list[_Group]) -> list[_Group]:
    """The same rights in fewer characters: where groups overlap, actions are repeated if that is shorter.

    The groups are changed in place.
    """
    while True:
        # Of pairs that save the same, `max` takes the first.
        pairs = [(_saving(wide, narrow), wide, narrow) for wide, narrow in permutations(groups, 2)]
        saving, wide, narrow = max(pairs, key=lambda pair: pair[0], default=(0, None, None))
        if saving <= 0 or wide is None or narrow is None:
            return groups
        narrow.actions = tuple(dict.fromkeys((*narrow.actions, *wide.actions)))
        wide.resources -= narrow.resources
        groups = [group for group in groups if group.resources]


def _saving(wide: _Group, narrow: _Group) -> int:
    """The characters saved when the wide group's actions are repeated for the narrow one's resources.

    0 where that cannot be done or is not needed; less than 0 where it takes more.
    """
    if wide.service_and_conditions != narrow.service_and_conditions or not narrow.resources <= wide.resources:
        return 0
    added_actions = [action for action in wide.actions if action not in narrow.actions]
    if not added_actions:
        return 0
    saved = _length_of(narrow.resources)
    if narrow.resources == wide.resources:  # the wide group's statement goes
        saved += _FRAME + _length_of(wide.actions)
    return saved - _length_of(added_actions)


def _length_of(texts: Iterable[str]) -> int:
    """Characters of texts in a list, each with a comma."""
    return sum(length(text) + 1 for text in texts)
