"""List what the properties of a template's resource mention: other resources, and texts such as ARNs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from remit.deployer.planned_stack import PlannedStack, is_specific, named_type
from remit.iam import tokens
from remit.template.branches import choice
from remit.template.resolved_texts import UNKNOWN

if TYPE_CHECKING:
    from remit.app import Resource

ROLES: Final = re.compile(r"role|credentials(?:arn)?$|instanceprofile|snscallerarn|permissionarn$", re.IGNORECASE)
"""Names of properties that take a role."""
_PROFILE: Final = "AWS::IAM::InstanceProfile"
_PROFILES: Final = re.compile(r"instanceprofile", re.IGNORECASE)
_RESOLVED: Final = ("Ref", "Fn::GetAtt", "Fn::Sub", "Fn::Join")
"""Functions whose arguments are not looked into, since they become one text."""


def referred(stack: PlannedStack, resource: Resource, only: re.Pattern[str] | None = None) -> tuple[Resource, ...]:
    """The resources of the template that a resource refers to, through those that have no name of their own.

    With `only`, those under a property whose name it matches.
    """
    reached: dict[str, Resource] = {}
    waiting = list(direct(stack, resource, only))
    while waiting:
        candidate = waiting.pop(0)
        if candidate.logical_id in reached or candidate.logical_id == resource.logical_id:
            continue
        reached[candidate.logical_id] = candidate
        if named_type(candidate.type) is None:
            waiting += direct(stack, candidate, only)
    return tuple(reached.values())


def direct(stack: PlannedStack, resource: Resource, only: re.Pattern[str] | None = None) -> Iterator[Resource]:
    """The resources of the template that a resource's own properties refer to, once for each reference."""
    for _, value in _values(resource.properties, only):
        yield from _resources_in(stack, value)


def literals(stack: PlannedStack, resource: Resource, only: re.Pattern[str] | None = None) -> Iterator[str]:
    """The texts of a resource's properties, with `only` those under a property whose name it matches.

    There are several of one value where a condition decides; UNKNOWN stands for what only the deploy knows.
    """
    return (text for _, text in named_literals(stack, resource, only))


def named_literals(
    stack: PlannedStack, resource: Resource, only: re.Pattern[str] | None = None
) -> Iterator[tuple[str, str]]:
    """As `literals`, each text behind the name of the property that it stands in."""
    for name, value in _values(resource.properties, only):
        yield from ((name, text) for text in stack.texts(value))


def unknown_roles(stack: PlannedStack, resource: Resource) -> bool:
    """Return whether a property takes a role that nobody knows before the deploy."""
    return not all(map(is_specific, literals(stack, resource, ROLES)))


def foreign_profiles(stack: PlannedStack, resource: Resource) -> tuple[str, ...]:
    """The instance profiles that a property takes and the template does not make: nobody knows the roles in them."""
    own_profiles = [own for own in stack.resources.values() if own.type == _PROFILE]
    own_names = {name.rpartition("/")[2] for own in own_profiles for name in stack.names(own)}
    profiles = dict.fromkeys(text for text in literals(stack, resource, _PROFILES) if UNKNOWN not in text)
    return tuple(text for text in profiles if text.rpartition("/")[2] not in own_names)


def mentions(value: Any, pattern: re.Pattern[str]) -> bool:
    """Return whether any property in a value, however deep, has a name that the pattern finds."""
    if isinstance(value, Mapping):
        if any(pattern.search(str(name)) for name in value):
            return True
        value = list(value.values())
    return isinstance(value, list) and any(mentions(part, pattern) for part in value)


def _resources_in(stack: PlannedStack, value: Any) -> Iterator[Resource]:
    """The resources of the template that an intrinsic function names; a text names none."""
    text = tokens.from_intrinsic(value) if tokens.is_intrinsic(value) else ""
    for reference in tokens.REFERENCE.finditer(text):
        resource = stack.resources.get(reference[1].partition(".")[0])
        if resource is not None:
            yield resource


def _values(value: Any, only: re.Pattern[str] | None, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every text and intrinsic function in a value, after the name of the property that it stands in.

    With `only`, those under a property whose name it matches. The arguments of a function come after it, unless they
    become one text with it; of a condition's choice, both values and not the condition's name.
    """
    is_in_place = only is None or only.search(name) is not None
    if tokens.is_intrinsic(value):
        if is_in_place:
            yield name, value
            ((function, argument),) = value.items()
            chosen = choice(value)
            if chosen is not None:
                argument = list(chosen.values)  # a condition's name is no value
            if function not in _RESOLVED:
                yield from _values(argument, only, name)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            # Keys that a user makes up count as the property that they stand in: `Roles: {authenticated: …}`.
            is_own = only is None or only.search(str(key)) or "Policy" in name or not only.search(name)
            yield from _values(item, only, str(key) if is_own else name)
    elif isinstance(value, list):
        for item in value:
            yield from _values(item, only, name)
    elif isinstance(value, str) and is_in_place:
        yield name, value
