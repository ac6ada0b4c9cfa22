"""Check what a template's resources refer to: dangling references, attributes that do not exist, circles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.catalogue.types import resource_type
from remit.errors import RemitError, did_you_mean
from remit.iam import tokens
from remit.template.references import functions, references

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.app import Output, Resource
    from remit.iam.tokens import Reference


def check_references(resource: Resource, known: Mapping[str, Resource]) -> tuple[str, ...]:
    """The resources that one depends on; everything that it names must be in the template."""
    what = f"`{resource.logical_id}`"
    depends = resource.attributes.get("DependsOn", ())
    names = [depends] if isinstance(depends, str) else list(depends)
    found = check_value(dict(resource.properties), known, resource, what)
    _check_sections(resource, what)
    check_value(dict(resource.attributes), known, resource, what)
    for name in names:
        if name not in known:
            raise RemitError(
                f"{what} depends on {name!r}, which is not a resource of the template",
                hint=did_you_mean(name, known),
                origin=resource.origin,
            )
    return tuple(dict.fromkeys((*names, *found)))


def _check_sections(resource: Resource, what: str) -> None:
    """Refuse what looks into sections that the template has not: conditions and mappings."""
    needed = (tokens.SECTIONS.get(name) for name, _, _ in functions(dict(resource.properties), late=True))
    missing = next((section for section in needed if section is not None), None)
    if "Condition" in resource.attributes:
        missing = "Conditions"
    if missing is not None:
        raise RemitError(
            f"{what} needs a section of {missing}, which the template does not have",
            hint="decide it in Python, where `project.stage` is known",
            origin=resource.origin,
        )


def check_value(value: Any, known: Mapping[str, Resource], at: Resource | Output, what: str) -> list[str]:
    """The resources that a value refers to, which must exist; `what` is how errors call the place."""
    try:
        named = [reference for reference, _ in references(value, late=True)]
    except RemitError as error:
        raise RemitError(f"{what}: {error.message}", origin=at.origin) from None
    names = [_checked(reference, known, at, what) for reference in named]
    return [name for name in names if name is not None]


def _checked(reference: Reference, known: Mapping[str, Resource], at: Resource | Output, what: str) -> str | None:
    """The resource that a reference names; None for a pseudo parameter."""
    name, attribute = reference.target, reference.attribute
    if name is None:
        return None
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
        return None
    if name not in known:
        raise RemitError(
            f"{what}: {reference.text} names no resource of the template",
            hint=did_you_mean(name, known),
            origin=at.origin,
        )
    if attribute is not None:
        _check_attribute(attribute, known[name].type, at, what)
    return name


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
                    f"resources form a circular dependency: {circle}",
                    hint="break one of these references, for example by giving a fixed name",
                    origin=known[following].origin,
                )
            else:
                stack.append((following, iter(targets[following])))
