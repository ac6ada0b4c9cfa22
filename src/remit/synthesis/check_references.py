"""Check what a template's resources refer to: dangling references, attributes that do not exist, circles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.catalogue.types import resource_type
from remit.errors import RemitError, did_you_mean
from remit.iam import tokens
from remit.template.references import functions, references

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from remit.app import Output, Resource
    from remit.iam.tokens import Reference


def check_references(
    resource: Resource, by_id: Mapping[str, Resource], parameters: Collection[str] = ()
) -> tuple[str, ...]:
    """The resources that one depends on; everything that it names must be in the template, or one of its parameters."""
    label = f"`{resource.logical_id}`"
    depends = resource.attributes.get("DependsOn", ())
    names = [depends] if isinstance(depends, str) else list(depends)
    referred = check_value(dict(resource.properties), by_id, resource, label, parameters)
    _check_sections(resource, label)
    check_value(dict(resource.attributes), by_id, resource, label, parameters)
    for name in names:
        if name not in by_id:
            raise RemitError(
                f"{label} depends on {name!r}, which is not a resource of the template",
                hint=did_you_mean(name, by_id),
                origin=resource.origin,
            )
    return tuple(dict.fromkeys((*names, *referred)))


def _check_sections(resource: Resource, label: str) -> None:
    """Refuse what looks into sections that the template has not: conditions and mappings."""
    needed = (tokens.SECTIONS.get(name) for name, _, _ in functions(dict(resource.properties), late=True))
    missing = next((section for section in needed if section is not None), None)
    if "Condition" in resource.attributes:
        missing = "Conditions"
    if missing is not None:
        raise RemitError(
            f"{label} needs a section of {missing}, which the template does not have",
            hint="decide it in Python, where `project.stage` is known",
            origin=resource.origin,
        )


def check_value(
    value: Any, by_id: Mapping[str, Resource], at: Resource | Output, label: str, parameters: Collection[str] = ()
) -> list[str]:
    """The resources that a value refers to, which must exist; `label` is how errors call the place."""
    try:
        named_references = [reference for reference, _ in references(value, late=True)]
    except RemitError as error:
        raise RemitError(f"{label}: {error.message}", origin=at.origin) from None
    in_resources = (reference for reference in named_references if reference.target not in parameters)
    names = [_checked(reference, by_id, at, label) for reference in in_resources]
    return [name for name in names if name is not None]


def _checked(reference: Reference, by_id: Mapping[str, Resource], at: Resource | Output, label: str) -> str | None:
    """The resource that a reference names; None for a pseudo parameter."""
    name, attribute = reference.target, reference.attribute
    if name is None:
        return None
    if name.startswith("Pending0"):
        raise RemitError(
            f"{label} uses a resource that no class of `shared/resources/` holds",
            hint="resources are attributes of classes: `class Data(Shared): queue = resource(…)`",
            origin=at.origin,
        )
    if name.startswith("AWS::"):
        if name not in tokens.PSEUDO:
            hint = did_you_mean(name, tokens.PSEUDO)
            raise RemitError(f"{label}: there is no {reference.text}", hint=hint, origin=at.origin)
        return None
    if name not in by_id:
        raise RemitError(
            f"{label}: {reference.text} names no resource of the template",
            hint=did_you_mean(name, by_id) or _late_value(name, attribute),
            origin=at.origin,
        )
    if attribute is not None:
        _check_attribute(attribute, by_id[name].type, at, label)
    return name


def _late_value(name: str, attribute: str | None) -> str | None:
    """What was meant by a reference that spells a value of Python's, `${aws.region}`, or misspells `${AWS::Region}`."""
    if name in ("aws", "project"):
        return f'write it without the `$`, in an f-string: f"…{{{name}.{attribute}}}…"'
    parameter = tokens.pseudo_parameter(name)
    return None if parameter is None else f"did you mean `${{{parameter}}}`?"


def _check_attribute(attribute: str, type_name: str, at: Resource | Output, label: str) -> None:
    kind = resource_type(type_name)
    if kind is not None and not kind.has_attribute(attribute):
        raise RemitError(
            f"{label}: {type_name} has no attribute {attribute!r}",
            hint=did_you_mean(attribute, kind.attributes) or f"it has {', '.join(kind.attributes) or 'none'}",
            origin=at.origin,
        )


def check_cycles(targets: Mapping[str, tuple[str, ...]], by_id: Mapping[str, Resource]) -> None:
    """Find a circle in what each resource depends on, and name its edges."""
    done: set[str] = set()
    for start, first_targets in targets.items():
        path: list[str] = []
        stack = [(start, iter(first_targets))]
        while stack:
            name, pending = stack[-1]
            if name not in path:
                path.append(name)
            following = next((target for target in pending if target not in done), None)
            if following is None:
                done.add(name)
                path.pop()
                stack.pop()
            elif following in path:
                circle = " -> ".join((*path[path.index(following) :], following))
                raise RemitError(
                    f"resources form a circular dependency: {circle}",
                    hint="break one of these references, for example by giving a fixed name",
                    origin=by_id[following].origin,
                )
            else:
                stack.append((following, iter(targets[following])))
