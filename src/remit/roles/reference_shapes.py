"""Shapes of references before the deploy: `${Queue.Arn}` is an ARN of SQS with a name that nobody knows yet.

A name is a symbol, one for each resource and variable (`${Queue.QueueName}`), so that two references to one resource
agree, and the same reference is the same in two versions. A name that a template gives stands in its place, unless
another version gives another. A type whose ARNs are not known for certain has no shape: its references stay symbols.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.types import REF, ArnFormat, ResourceType, late_bound, resource_type
from remit.iam import tokens
from remit.iam.pattern import is_pattern
from remit.roles.reference_names import arn_references, fill_references

if TYPE_CHECKING:
    from remit.app import Resource

_UNKNOWN: Final = "${{"
"""How a text begins that only a function of CloudFormation's tells."""
_STREAM_LABEL: Final = "StreamLabel"
"""The symbol of a stream: when DynamoDB made it, which no template gives ("Arn of DynamoDB streams", IAM's formats)."""


@dataclass(frozen=True, slots=True)
class Shapes:
    """The references of one version: `texts` has their shapes, `names` the text of each symbol, "" where unknown."""

    texts: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)

    def beside(self, counterpart: Shapes) -> dict[str, str]:
        """Map each reference of this version, by its text, to its value in the comparison with another version.

        What is not declared here any more is as the other version has it.
        """
        names = {
            symbol: self.names.get(symbol, counterpart.names.get(symbol, ""))
            for symbol in {**counterpart.names, **self.names}
        }
        certain_names = {
            symbol: name for symbol, name in names.items() if name and counterpart.names.get(symbol, name) == name
        }
        texts = {**counterpart.texts, **self.texts}
        return {
            **certain_names,
            **{reference: fill_references(text, certain_names) for reference, text in texts.items()},
        }


def shapes_of(resources: Iterable[Resource]) -> Shapes:
    """The shapes of the references to some resources; those of types whose ARNs are not known for certain have none."""
    texts: dict[str, str] = {}
    names: dict[str, str] = {}
    for resource in resources:
        kind = resource_type(resource.type)
        if kind is not None and not kind.is_custom and kind.arn is not None and kind.arn.may_grant:
            texts.update(_texts(resource, kind))
            if kind.naming is not None and kind.naming.property and kind.naming.is_identity:
                # The symbol of the name, with the name as the service keeps it, if the template gives one.
                name = _given_text(resource, kind.naming.property)
                names[_symbol(resource, kind, kind.naming.property)] = kind.naming.in_arn(name) if name else ""
    return Shapes(texts, names)


def _texts(resource: Resource, kind: ResourceType) -> Iterator[tuple[str, str]]:
    """Yield the references that give a resource's ARN or its name, each with its shape."""
    arn = None if kind.arn is None else _arn(resource, kind, kind.arn)
    if arn is not None:
        yield from arn_references(resource, kind, arn, late_bound(resource.logical_id, _STREAM_LABEL))
    paths = {path: path for path in kind.ref_of if kind.ref == "name" and kind.has_attribute(path)}
    if kind.naming is not None:
        paths |= dict.fromkeys(kind.name_attributes, kind.naming.property)
    for attribute, path in paths.items():
        reference, symbol = late_bound(resource.logical_id, attribute), _symbol(resource, kind, path)
        if symbol != reference:
            yield reference, symbol


def _arn(resource: Resource, kind: ResourceType, form: ArnFormat) -> str | None:
    """The ARN with a symbol for each property in it; None where its form depends on what is not known."""
    if any(name in resource.properties for name, _ in form.otherwise):
        return None
    paths, defaults = dict(form.properties), dict(form.defaults)
    values = dict(tokens.PLACE)
    for variable in form.variables:
        path = paths.get(variable) or variable
        is_default = variable in defaults and path not in resource.properties
        values[variable] = defaults[variable] if is_default else _symbol(resource, kind, path)
    name_variable = form.variable("" if kind.naming is None else kind.naming.property)
    if name_variable is not None and kind.naming is not None and kind.naming.path:
        folder = _given_text(resource, kind.naming.path)
        if folder is None or "${" in folder:
            return None
        values[name_variable] = f"{folder.lstrip('/')}{values[name_variable]}"
    return form.filled(values)


def _symbol(resource: Resource, kind: ResourceType, path: str) -> str:
    """The symbol for a property's value: the resource's Ref where that is what the ARN has, else an attribute."""
    is_ref = kind.ref == "name" and kind.ref_of == (path,) and not (kind.naming is not None and kind.naming.starts)
    return late_bound(resource.logical_id, REF if is_ref else path)


def _given_text(resource: Resource, path: str) -> str | None:
    """The text of a property; "" where it is not given, None where only the deploy tells."""
    value: Any = resource.properties
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    if value is None:
        return ""
    text = tokens.textual(value)
    return text if isinstance(text, str) and _UNKNOWN not in text and not is_pattern(text) else None
