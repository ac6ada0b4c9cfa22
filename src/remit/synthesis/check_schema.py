"""Check a resource against CloudFormation's schema of its type: names, needed properties, kinds of values."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.types import resource_type, resource_types
from remit.did_you_mean import did_you_mean
from remit.errors import RemitError, spelled
from remit.iam import tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from remit.app import Resource
    from remit.catalogue.properties import Shape
    from remit.errors import Origin, Path

_JSON: Final = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}
_SCALARS: Final = frozenset({"boolean", "integer", "number", "string"})


def check_type(resource: Resource, written: Mapping[str, Origin]) -> Iterator[RemitError]:
    """Yield violations of CloudFormation's schema of the resource's type.

    `written`: the lines that set properties, where these are not the resource's own.
    """
    kind = resource_type(resource.type)
    if kind is None:
        yield RemitError(
            f"`{resource.logical_id}`: CloudFormation has no type {resource.type!r}",
            hint=did_you_mean(resource.type, resource_types()),
            origin=resource.origin,
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
    for name, value in properties.items():
        part = replace(resource, origin=written[name]) if name in written else resource
        if name not in kind.read_only:
            yield from _check_member(name, value, shape, (resource.logical_id,), part)
    yield from _check_required(properties, shape, (resource.logical_id,), resource)


def _check_shape(value: Any, shape: Shape, path: Path, resource: Resource) -> Iterator[RemitError]:
    """Unknown names, missing ones and wrong kinds of values, as deep as the type's schema goes."""
    if tokens.is_intrinsic(value):
        return  # CloudFormation computes it: only references are checked
    yield from _check_kind(value, shape, path, resource)
    if isinstance(value, dict) and (shape.properties or shape.required):
        for name, item in value.items():
            yield from _check_member(name, item, shape, path, resource)
        yield from _check_required(value, shape, path, resource)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _check_shape(item, shape.items, (*path, index), resource)


def _check_member(name: str, value: Any, shape: Shape, path: Path, resource: Resource) -> Iterator[RemitError]:
    child = shape.child(name)
    if child is not None:
        yield from _check_shape(value, child, (*path, name), resource)
    elif not shape.open:
        yield RemitError(
            f"`{spelled(path)}` ({resource.type}) has no property {name!r}",
            hint=did_you_mean(name, shape.properties),
            origin=resource.origin,
            path=(*path[1:], name),
        )


def _check_required(value: Mapping[str, Any], shape: Shape, path: Path, resource: Resource) -> Iterator[RemitError]:
    for name in shape.required:
        if name not in value:
            yield RemitError(
                f"`{spelled(path)}` ({resource.type}) has no {name}, which it needs",
                origin=resource.origin,
                path=path[1:],
            )


def _kind_of_subclass(value: Any) -> str:
    return next(name for json_type, name in _JSON.items() if isinstance(value, json_type))


def _check_kind(value: Any, shape: Shape, path: Path, resource: Resource) -> Iterator[RemitError]:
    allowed = shape.types
    kind = _JSON.get(type(value)) or _kind_of_subclass(value)
    late = isinstance(value, str) and "${" in value
    if allowed and not late and kind not in allowed and not (kind in _SCALARS and not _SCALARS.isdisjoint(allowed)):
        expected = " or ".join(shape.types)
        yield RemitError(
            f"`{spelled(path)}` ({resource.type}) must be {expected}, got {kind} {str(value)[:40]!r}",
            origin=resource.origin,
            path=path[1:],
        )
    if shape.enum and not late and kind in _SCALARS and str(value) not in {str(item) for item in shape.enum}:
        options = [str(item) for item in shape.enum]
        hint = did_you_mean(str(value), options) or f"it can be {', '.join(options[:12])}"
        yield RemitError(
            f"`{spelled(path)}` ({resource.type}) cannot be {value!r}", hint=hint, origin=resource.origin, path=path[1:]
        )
    if not late:
        yield from _check_range(value, shape, path, resource)


def _check_range(value: Any, shape: Shape, path: Path, resource: Resource) -> Iterator[RemitError]:
    """Numbers, and how many characters or items there are."""
    size: float
    if isinstance(value, str):
        size, (least, most), unit = len(value), shape.length, " characters"
    elif isinstance(value, list):
        size, (least, most), unit = len(value), shape.count, " items"
    elif isinstance(value, int | float) and not isinstance(value, bool):
        size, (least, most), unit = value, shape.number, ""
    else:
        return
    if (least is not None and size < least) or (most is not None and size > most):
        bounds = [f"{word} {bound:,g}" for word, bound in (("at least", least), ("at most", most)) if bound is not None]
        verb = "has" if unit else "is"
        yield RemitError(
            f"`{spelled(path)}` ({resource.type}) {verb} {size:,}{unit}; it can be {' and '.join(bounds)}",
            origin=resource.origin,
            path=path[1:],
        )
