"""Check what a template's resources refer to: dangling references, attributes that do not exist, circles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.catalogue.types import resource_type
from remit.errors import RemitError, did_you_mean
from remit.iam import tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from remit.app import Output, Resource


def check_references(resource: Resource, known: Mapping[str, Resource]) -> tuple[str, ...]:
    """The resources that one depends on; everything that it names must be in the template."""
    what = f"`{resource.logical_id}`"
    depends = resource.attributes.get("DependsOn", ())
    names = [depends] if isinstance(depends, str) else list(depends)
    found = [name for text in _texts(dict(resource.properties)) for name in check_text(text, known, resource, what)]
    _check_sections(resource, what)
    for text in _texts(dict(resource.attributes)):
        check_text(text, known, resource, what)
    for name in names:
        if name not in known:
            raise RemitError(
                f"{what} depends on {name!r}, which is no resource of the template",
                hint=did_you_mean(name, known),
                origin=resource.origin,
            )
    return tuple(dict.fromkeys((*names, *found)))


def _check_sections(resource: Resource, what: str) -> None:
    """Refuse what looks into sections that the template has not: conditions and mappings."""
    needed = (tokens.SECTIONS.get(name) for name in _functions(dict(resource.properties)))
    missing = next((section for section in needed if section is not None), None)
    if "Condition" in resource.attributes:
        missing = "Conditions"
    if missing is not None:
        raise RemitError(
            f"{what} needs a section of {missing}, which the template does not have",
            hint="decide it in Python, where `project.stage` is known",
            origin=resource.origin,
        )


def _functions(value: Any) -> Iterator[str]:
    """The names of all intrinsic functions in a value."""
    if isinstance(value, dict):
        if tokens.is_intrinsic(value):
            yield next(iter(value))
        value = list(value.values())
    if isinstance(value, list | tuple):
        for item in value:
            yield from _functions(item)
    elif isinstance(value, str) and "${{" in value:
        for reference in tokens.references(value):
            yield from _functions(reference.intrinsic)


def _texts(value: Any) -> Iterator[str]:
    """Every text of a value; an intrinsic function counts as its text."""
    if isinstance(value, str):
        yield value
    elif tokens.is_intrinsic(value):
        yield tokens.from_intrinsic(value)
        yield from _texts(next(iter(value.values())))
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)


def check_text(text: str, known: Mapping[str, Resource], at: Resource | Output, what: str) -> list[str]:
    """The resources that one text refers to, which must exist; `what` is how errors call the place."""
    found = []
    try:
        references = tokens.references(text)
    except RemitError as error:
        raise RemitError(f"{what}: {error.message}", origin=at.origin) from None
    for reference in references:
        name, attribute = reference.target, reference.attribute
        if name is None:
            continue
        if name.startswith("Pending0"):
            raise RemitError(
                f"{what} uses a resource that no class of `shared/resources/` holds",
                hint="resources are attributes of classes: `class Data(Shared): queue = resource(…)`",
                origin=at.origin,
            )
        if name.startswith("AWS::"):
            if name not in tokens.PSEUDO:
                near = did_you_mean(name, tokens.PSEUDO)
                raise RemitError(f"{what}: there is no {reference.text}", hint=near, origin=at.origin)
            continue
        if name not in known:
            raise RemitError(
                f"{what}: {reference.text} names no resource of the template",
                hint=did_you_mean(name, known),
                origin=at.origin,
            )
        if attribute is not None:
            _check_attribute(attribute, known[name].type, at, what)
        found.append(name)
    return found


def _check_attribute(attribute: str, type_name: str, at: Resource | Output, what: str) -> None:
    kind = resource_type(type_name)
    if kind is not None and not kind.has_attribute(attribute):
        raise RemitError(
            f"{what}: {type_name} has no attribute {attribute!r}",
            hint=did_you_mean(attribute, kind.attributes) or f"it has {', '.join(kind.attributes) or 'none'}",
            origin=at.origin,
        )


def check_cycles(targets: Mapping[str, tuple[str, ...]], known: Mapping[str, Resource]) -> None:
    """Find a circle in what each resource depends on, and name its edges."""
    done: set[str] = set()
    for start, first in targets.items():
        path: list[str] = []
        stack = [(start, iter(first))]
        while stack:
            name, rest = stack[-1]
            if name not in path:
                path.append(name)
            following = next((one for one in rest if one not in done), None)
            if following is None:
                done.add(name)
                path.pop()
                stack.pop()
            elif following in path:
                circle = " -> ".join((*path[path.index(following) :], following))
                raise RemitError(
                    f"resources depend on each other in a circle: {circle}",
                    hint="break one of these references, for example by giving a fixed name",
                    origin=known[following].origin,
                )
            else:
                stack.append((following, iter(targets[following])))
