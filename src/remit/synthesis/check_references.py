"""Check what a template's resources refer to: what does not exist, unknown attributes, circular dependencies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from remit.catalogue.types import resource_type
from remit.did_you_mean import did_you_mean
from remit.errors import Origin, RemitError
from remit.iam import tokens
from remit.template.references import functions, named_by, references

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from remit.app import Output, Resource
    from remit.iam.tokens import Reference


class KnownIds(NamedTuple):
    """The names that references may use: the template's resources and parameters, and the ones it may lack."""

    resources: Mapping[str, Resource]
    parameters: Collection[str] = ()
    lost: Collection[str] = ()
    """How the logical ids begin of what is missing, since it failed; "" for any."""

    def may_be_missing(self, name: str) -> bool:
        """Return whether what no resource is called may be a part that is missing."""
        return any(name.startswith(beginning) for beginning in self.lost)


def check_references(
    resource: Resource, known: KnownIds, written: Mapping[str, Origin]
) -> tuple[tuple[str, ...], list[RemitError]]:
    """The logical ids in the template that a resource names and depends on, and what is wrong with its references.

    Each id comes once, and must be in the template, or one of its parameters. Where late-bound text cannot be read,
    there are no ids, and that is the mistake. `written`: the lines that set properties, where these are not the
    resource's own.
    """
    label = f"`{resource.logical_id}`"
    mistakes: list[RemitError] = []
    depends = resource.attributes.get("DependsOn", ())
    targets = [depends] if isinstance(depends, str) else list(depends)
    for name in targets:
        if name not in known.resources and not known.may_be_missing(name):
            message = f"{label} depends on {name!r}, which is not a resource of the template"
            mistakes.append(RemitError(message, hint=did_you_mean(name, known.resources), origin=resource.origin))
    try:
        calls = [*functions(dict(resource.properties), late=True)]
        named_references = [(reference, path) for *call, path in calls for reference in named_by(*call)]
        if resource.attributes:
            named_references += [(reference, ()) for reference in _references_in(resource.attributes)]
    except RemitError as error:
        return (), [*mistakes, RemitError(f"{label}: {error.message}", origin=resource.origin)]
    for reference, path in named_references:
        for mistake in _check_reference(reference, known, resource, label):
            property_name = str(path[0]) if path else ""
            if property_name in written:
                mistake.origin = written[property_name]
            else:
                mistake.path = path
            mistakes.append(mistake)
        targets.append(str(reference.target))
    needed = [tokens.SECTIONS[name] for name, _, _ in calls if tokens.SECTIONS.get(name) is not None]
    if "Condition" in resource.attributes:
        needed = ["Conditions"]
    if needed:
        mistakes.append(
            RemitError(
                f"{label} needs a section of {needed[0]}, which the template does not have",
                hint="decide it in Python, where `project.stage` is known",
                origin=resource.origin,
            )
        )
    # Once each: a function's many references to one table are one edge of the graph.
    return tuple(name for name in dict.fromkeys(targets) if name in known.resources), mistakes


def check_output(output: Output, known: KnownIds) -> Iterator[RemitError]:
    """Yield what is wrong with an output's references, or that its late-bound text cannot be read."""
    label = f"output {output.name}"
    try:
        named_references = _references_in({"Value": output.value})
    except RemitError as error:
        yield RemitError(f"{label}: {error.message}", origin=output.origin)
        return
    for reference in named_references:
        yield from _check_reference(reference, known, output, label)


def _references_in(value: Mapping[str, Any]) -> list[Reference]:
    """A value's references, in their order and with duplicates. RemitError: late-bound text in it cannot be read."""
    return [reference for reference, _ in references(dict(value), late=True)]


def _check_reference(reference: Reference, known: KnownIds, at: Resource | Output, label: str) -> Iterator[RemitError]:
    """Yield the error for a reference to nothing, or to an attribute that its resource has not; `label` begins it.

    Nothing for a parameter, and for what may be a part that failed.
    """
    name, attribute = reference.target, reference.attribute
    if name is None or name in known.parameters:
        return
    if name.startswith("AWS::"):
        if name not in tokens.PSEUDO:
            hint = did_you_mean(name, tokens.PSEUDO)
            yield RemitError(f"{label}: there is no {reference.text}", hint=hint, origin=at.origin)
    elif name in known.resources:
        type_name = known.resources[name].type
        kind = resource_type(type_name)
        if attribute is not None and kind is not None and not kind.has_attribute(attribute):
            yield RemitError(
                f"{label}: {type_name} has no attribute {attribute!r}",
                hint=did_you_mean(attribute, kind.attributes) or f"it has {', '.join(kind.attributes) or 'none'}",
                origin=at.origin,
            )
    elif known.may_be_missing(name):
        return
    elif name.startswith("Pending0"):  # the id that `project/shared.py` gives until a class takes the resource
        yield RemitError(
            f"{label} uses a resource that no class of `shared/resources/` holds",
            hint="resources are attributes of classes: `class Data(Shared): queue = resource(…)`",
            origin=at.origin,
        )
    else:
        yield RemitError(
            f"{label}: {reference.text} names no resource of the template",
            hint=did_you_mean(name, known.resources) or _late_value(name, attribute),
            origin=at.origin,
        )


def _late_value(name: str, attribute: str | None) -> str | None:
    """The hint for a reference to a value of Python, `${aws.region}`, or to a misspelt `${AWS::Region}`; else None."""
    if name in ("aws", "project"):
        return f'write it without the `$`, in an f-string: f"…{{{name}.{attribute}}}…"'
    parameter = tokens.pseudo_parameter(name)
    return None if parameter is None else f"did you mean `${{{parameter}}}`?"
