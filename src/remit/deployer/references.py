"""Find what the properties of a template's resource speak of: other resources, and texts such as ARNs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from remit.deployer.declared import OPEN, Declared, Stack, named_type, tells, texts
from remit.iam import tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

ROLES: Final = re.compile(r"role|credentials(?:arn)?$|instanceprofile|snscallerarn|permissionarn$", re.IGNORECASE)
"""Names of properties that take a role."""
_PROFILES: Final = re.compile(r"instanceprofile", re.IGNORECASE)


def referred(stack: Stack, declared: Declared, only: re.Pattern[str] | None = None) -> tuple[Declared, ...]:
    """The resources of the template that a resource refers to, through those that have no name of their own.

    With `only`, those under a property whose name it matches.
    """
    found: dict[str, Declared] = {}
    waiting = list(direct(stack, declared, only))
    while waiting:
        other = waiting.pop(0)
        if other.logical_id in found or other.logical_id == declared.logical_id:
            continue
        found[other.logical_id] = other
        if named_type(other.type) is None:
            waiting += direct(stack, other, only)
    return tuple(found.values())


def direct(stack: Stack, declared: Declared, only: re.Pattern[str] | None = None) -> Iterator[Declared]:
    """The resources of the template that a resource's own properties refer to, once for each reference."""
    for _, value in _values(declared.properties, only):
        if tokens.is_intrinsic(value):
            for reference in tokens.REFERENCE.finditer(tokens.from_intrinsic(value)):
                found = stack.resources.get(reference[1].partition(".")[0])
                if found is not None:
                    yield found


def literals(stack: Stack, declared: Declared, only: re.Pattern[str] | None = None) -> Iterator[str]:
    """The texts of a resource's properties."""
    return (text for _, text in named_literals(stack, declared, only))


def named_literals(stack: Stack, declared: Declared, only: re.Pattern[str] | None = None) -> Iterator[tuple[str, str]]:
    """The texts of a resource's properties, each with the name of the property that it stands in."""
    for name, value in _values(declared.properties, only):
        if isinstance(value, str) or tokens.is_intrinsic(value):
            yield from ((name, text) for text in texts(stack, value))


def unknown_roles(stack: Stack, declared: Declared) -> bool:
    """Whether a property takes a role that nobody knows before the deploy."""
    return any(not tells(text) for _, value in _values(declared.properties, ROLES) for text in texts(stack, value))


def foreign_profiles(stack: Stack, declared: Declared) -> tuple[str, ...]:
    """The instance profiles that a property takes and the template does not make: nobody knows the roles in them."""
    return tuple(
        text
        for _, value in _values(declared.properties, _PROFILES)
        if not any(token[1].partition(".")[0] in stack.resources for token in _tokens(value))
        for text in texts(stack, value)
        if OPEN not in text
    )


def _tokens(value: Any) -> Iterator[re.Match[str]]:
    return tokens.REFERENCE.finditer(tokens.from_intrinsic(value)) if tokens.is_intrinsic(value) else iter(())


def _values(value: Any, only: re.Pattern[str] | None, key: str = "") -> Iterator[tuple[str, Any]]:
    """Every text and intrinsic function in a value, with the name of the property that it stands in."""
    if tokens.is_intrinsic(value):
        if only is None or only.search(key):
            yield key, value
            ((function, argument),) = value.items()
            if function not in ("Ref", "Fn::GetAtt", "Fn::Sub", "Fn::Join"):
                yield from _values(argument, only, key)
        return
    if isinstance(value, Mapping):
        # Names that a user makes up count as what they stand in: `Roles: {authenticated: …}`.
        within = key if only is not None and only.search(key) and "Policy" not in key else ""
        for name, item in value.items():
            yield from _values(item, only, str(name) if not within or (only and only.search(str(name))) else within)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _values(item, only, key)
    elif isinstance(value, str) and (only is None or only.search(key)):
        yield key, value


def mentions(value: Any, pattern: re.Pattern[str]) -> bool:
    """Whether any property in a value, however deep, has a name that the pattern finds."""
    if isinstance(value, Mapping):
        return any(pattern.search(str(key)) or mentions(item, pattern) for key, item in value.items())
    return isinstance(value, list | tuple) and any(mentions(item, pattern) for item in value)
