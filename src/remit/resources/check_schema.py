"""Check a resource against CloudFormation's schema of its type: names, needed properties, kinds of values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.types import resource_type, resource_types
from remit.did_you_mean import did_you_mean
from remit.errors import Origin, Path, RemitError, spelled
from remit.iam import tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from remit.app import Resource
    from remit.catalogue.properties import Shape

UNKNOWN_TYPE: Final = "R801"
UNKNOWN_PROPERTY: Final = "R802"
UNKNOWN_VALUE: Final = "R803"
"""The rules of lint for what may be newer than the catalogue: a reason at the line accepts it."""
_PYTHON: Final = r"python3\.(\d{1,3})"
_NEWER: Final = 5  # Pythons that may follow the newest known one: Lambda adds one a year
_JSON: Final = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
    type(None): "null",
}
_SCALARS: Final = frozenset({"boolean", "integer", "number", "string"})


def check_type(resource: Resource, written: Mapping[str, Origin]) -> Iterator[RemitError]:
    """Yield violations of CloudFormation's schema of the resource's type; of an unknown type, that alone.

    Each error has its path from the properties. `written`: the places that set properties, by name, where these are not
    the resource's own.
    """
    kind = resource_type(resource.type)
    if kind is None:
        yield RemitError(
            f"`{resource.logical_id}`: remit knows no type {resource.type!r} of CloudFormation's",
            hint=did_you_mean(resource.type, resource_types()),
            origin=resource.origin,
            rule=UNKNOWN_TYPE,
        )
        return
    for name in kind.read_only:
        if name in resource.properties:
            message = f"`{resource.logical_id}.{name}` cannot be set: AWS computes it"
            yield RemitError(message, origin=resource.origin, path=(name,))
    properties = dict(resource.properties)
    shape = kind.shape
    if tokens.is_intrinsic(properties) or not (shape.properties or shape.required):
        return
    settable = {name: value for name, value in properties.items() if name not in kind.read_only}
    for mistake in _check_members(settable, shape, (resource.logical_id,), resource):
        first_name = str(mistake.path[0]) if mistake.path else ""
        mistake.origin = written.get(first_name, mistake.origin)
        yield mistake


def _check_members(members: Mapping[str, Any], shape: Shape, path: Path, resource: Resource) -> Iterator[RemitError]:
    """Yield unknown names, missing ones, and what is wrong with each member, as deep as the type's schema goes."""
    for name, value in members.items():
        child = shape.child(name)
        if child is not None:
            yield from _check_value(value, child, (*path, name), resource)
        elif not shape.open:
            hint = did_you_mean(str(name), shape.properties)  # a trigger's option may have numbers as names
            yield _wrong(resource, path, f"has no property {name!r}", hint, inside=(name,), rule=UNKNOWN_PROPERTY)
    for name in shape.required:
        if name not in members:
            yield _wrong(resource, path, f"has no {name}, which it needs")


def _check_value(  # noqa: C901 - one check after the other
    value: Any, shape: Shape, path: Path, resource: Resource
) -> Iterator[RemitError]:
    """Yield what is wrong with the kind and the range of a value, and with what is in it.

    Late-bound text may be anything, and a scalar stands for one of another kind, as CloudFormation converts them.
    """
    if tokens.is_intrinsic(value):
        return  # CloudFormation computes it: only references are checked
    kind = _JSON.get(type(value)) or next(name for json_type, name in _JSON.items() if isinstance(value, json_type))
    is_late = isinstance(value, str) and "${" in value
    allowed = shape.types
    # CloudFormation takes a number for a string, and the other way round.
    is_converted = kind in _SCALARS and not _SCALARS.isdisjoint(allowed)
    if allowed and not is_late and kind not in allowed and not is_converted:
        yield _wrong(resource, path, f"must be {' or '.join(allowed)}, got {kind} {str(value)[:40]!r}")
    options = [str(item) for item in shape.enum]
    is_newer = path[-1] == "Runtime" and is_newer_python(str(value), options)  # which the build tells by itself
    if options and not is_late and not is_newer and kind in _SCALARS and str(value) not in options:
        hint = did_you_mean(str(value), options) or f"it can be {', '.join(options[:12])}"
        yield _wrong(resource, path, f"cannot be {value!r}", hint, rule=UNKNOWN_VALUE)
    size: float | None = None
    least = most = None
    if isinstance(value, str) and not is_late:
        size, (least, most), unit = len(value), shape.length, " characters"
    elif isinstance(value, list):
        size, (least, most), unit = len(value), shape.count, " items"
    elif isinstance(value, int | float) and not isinstance(value, bool):
        size, (least, most), unit = value, shape.number, ""
    is_too_small = size is not None and least is not None and size < least
    is_too_large = size is not None and most is not None and size > most
    if is_too_small or is_too_large:
        bounds = [] if least is None else [f"at least {least:,g}"]
        bounds += [] if most is None else [f"at most {most:,g}"]
        verb = "has" if unit else "is"
        yield _wrong(resource, path, f"{verb} {size:,}{unit}; it can be {' and '.join(bounds)}")
    if isinstance(value, dict) and (shape.properties or shape.required):
        yield from _check_members(value, shape, path, resource)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _check_value(item, shape.items, (*path, index), resource)


def is_newer_python(value: str, options: Iterable[str]) -> bool:
    """Return whether a value is a Python after those among the options, and near enough to be no slip."""
    version = re.fullmatch(_PYTHON, value)
    known = [int(option[1]) for option in map(re.compile(_PYTHON).fullmatch, options) if option is not None]
    if version is None or not known:
        return False
    newest = max(known)
    return newest < int(version[1]) <= newest + _NEWER


def _wrong(
    resource: Resource, path: Path, problem: str, hint: str | None = None, inside: Path = (), rule: str | None = None
) -> RemitError:
    """The error for the value at a path, which begins with the resource's logical id; `inside` it is what is wrong."""
    message = f"`{spelled(path)}` ({resource.type}) {problem}"
    return RemitError(message, hint=hint, origin=resource.origin, path=(*path[1:], *inside), rule=rule)
