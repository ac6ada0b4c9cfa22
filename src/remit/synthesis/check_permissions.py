"""Check that services may call the functions that resources name: each needs an AWS::Lambda::Permission that fits.

Triggers bring theirs. A rule, a notification or a subscription that somebody writes deploys without one, and then never
runs the function. Who calls for a type, and under which ARN, is in the catalogue (`ResourceType.invokes`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.arns import fill, parse
from remit.catalogue.types import Invoker, ResourceType, arn_of, resource_type
from remit.errors import RemitError
from remit.iam import tokens
from remit.iam.pattern import overlaps
from remit.roles.reference_names import fill_references, names_in
from remit.roles.reference_shapes import Shapes, shapes_of
from remit.template.branches import values_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from remit.app import Resource

_FUNCTION: Final = "AWS::Lambda::Function"
_ALIAS: Final = "AWS::Lambda::Alias"
_VERSION: Final = "AWS::Lambda::Version"
_PERMISSION: Final = "AWS::Lambda::Permission"
_INVOKE: Final = "lambda:InvokeFunction"
_ACTIONS: Final = (_INVOKE, "lambda:*", "*")
_IN_ARN: Final = re.compile(r"(?:^|:)function:([A-Za-z0-9_*-]+)(?::([A-Za-z0-9_$-]+))?")
_NAME: Final = re.compile(r"([A-Za-z0-9_*-]+)(?::([A-Za-z0-9_$-]+))?")
"""How a function is called: by its ARN, which may stand in the URI of an integration, or by its name."""
_PATH: Final = re.compile(r"[A-Za-z.\[\]]+")
_PLACE: Final = dict.fromkeys(tokens.PLACE.values(), "*")


@dataclass(frozen=True, slots=True)
class _Callee:
    """A function of the template, and the alias or version by which it is called ("": by none)."""

    function: str
    qualifier: str = ""


def check_permissions(resources: Sequence[Resource], namespace: str) -> Iterator[RemitError]:
    """The resources that name a function which their service has no permission to invoke, each at its line."""
    template = _Template(resources, namespace)
    for resource in resources:
        kind = resource_type(resource.type)
        if kind is None or kind.invokes is None or not _calls_as_itself(resource, kind.invokes):
            continue
        for callee in template.callees(resource, kind):
            if not template.may_call(resource, kind.invokes, callee):
                yield _no_permission(resource, kind, callee, template.permissions.get(callee, []))


def _calls_as_itself(resource: Resource, invoker: Invoker) -> bool:
    """Whether the service needs a permission for a resource: it has no role to call with."""
    if invoker.has_always_a_role or invoker.action != _INVOKE:
        return False
    return not (invoker.role and any(values_at(resource.properties, invoker.role)))


def _no_permission(
    resource: Resource, kind: ResourceType, callee: _Callee, permissions: Sequence[Resource]
) -> RemitError:
    principal = "" if kind.invokes is None else kind.invokes.principal
    name = f"{callee.function}` by its `{callee.qualifier}" if callee.qualifier else callee.function
    hint = "use a trigger (`on.event(…)`, `on.s3(…)`), or add an AWS::Lambda::Permission"
    others = [item.logical_id for item in permissions if item.properties.get("Principal") == principal]
    if others:
        hint = f"`{others[0]}` lets it for another source: {hint}"
    return RemitError(
        f"the {kind.called} `{resource.logical_id}` runs `{name}`, which {principal} has no permission to invoke",
        hint=hint,
        origin=resource.origin,
    )


class _Template:
    """The functions of a template, who may call them, and what its references will be once it is deployed."""

    def __init__(self, resources: Sequence[Resource], namespace: str) -> None:
        shapes = shapes_of(resources).beside(Shapes())
        self._texts = {**shapes, **names_in(namespace, resources)}
        self._functions: dict[str, str] = {}
        for resource in resources:
            if resource.type == _FUNCTION:
                self._functions[self._filled(resource.ref)] = resource.logical_id
        for resource in resources:
            if resource.type in (_ALIAS, _VERSION):
                self._texts[resource.ref] = self._qualified(resource)
        self.permissions: dict[_Callee, list[Resource]] = {}
        for resource in resources:
            callee = self._callee(resource.properties.get("FunctionName")) if resource.type == _PERMISSION else None
            if callee is not None:
                self.permissions.setdefault(callee, []).append(resource)

    def callees(self, resource: Resource, kind: ResourceType) -> Iterator[_Callee]:
        """The functions of the template that a resource names."""
        callees = [
            self._callee(value)
            for path in dict.fromkeys((*kind.holding("function"), *kind.holding("target")))
            for value in values_at(resource.properties, path)
        ]
        yield from dict.fromkeys(callee for callee in callees if callee is not None)

    def may_call(self, resource: Resource, invoker: Invoker, callee: _Callee) -> bool:
        """Whether a permission lets the service call a function for a resource; what is not known may be so."""
        for permission in self.permissions.get(callee, ()):
            properties = permission.properties
            is_for_service = properties.get("Principal") in (invoker.principal, "*")
            if not is_for_service or properties.get("Action") not in _ACTIONS:
                continue
            source = tokens.textual(properties.get("SourceArn"))
            if not isinstance(source, str) or _names(source, resource):
                return True
            if _meet(self._filled(source), self._source(resource, invoker)):
                return True
        return False

    def _source(self, resource: Resource, invoker: Invoker) -> str:
        """The ARN for which the service calls, as far as it is known: a pattern."""
        if invoker.source_arn == "own":
            return self._filled(self._own_arn(resource))
        if _PATH.fullmatch(invoker.source_arn):
            return self._named_source(next(values_at(resource.properties, invoker.source_arn), None))
        kind = resource_type(resource.type)
        values = {} if kind is None else dict.fromkeys(kind.ref_of, resource.ref)
        values |= {name: self._filled(value) for name, value in resource.properties.items()}
        return fill(invoker.source_arn, values)

    def _own_arn(self, resource: Resource) -> str:
        """The ARN of a resource by the name that it is given, or by what gives its ARN."""
        kind = resource_type(resource.type)
        naming = None if kind is None else kind.naming
        name = None if naming is None else _text_at(resource, naming.property)
        named_arn = None
        if kind is not None and naming is not None and name is not None:
            named_arn = kind.arn_named(naming.in_arn(name), tokens.PLACE, lambda path: _text_at(resource, path))
        return named_arn or arn_of(resource) or "*"

    def _named_source(self, value: Any) -> str:
        """The ARN of what a property names by reference, by ARN or by name."""
        text = tokens.textual(value)
        if not isinstance(text, str):
            return "*"
        filled = self._filled(text)
        return f"{filled}*" if filled.startswith("arn:") else f"*{filled}*"

    def _callee(self, value: Any) -> _Callee | None:
        text = self._filled(value)
        match = _IN_ARN.search(text) or _NAME.fullmatch(text)
        function = None if match is None else self._functions.get(match[1])
        return None if match is None or function is None else _Callee(function, match[2] or "")

    def _qualified(self, resource: Resource) -> str:
        """The ARN of an alias by its name, or of a version by its logical id, which no other has."""
        qualifier = resource.properties.get("Name") if resource.type == _ALIAS else resource.logical_id
        callee = self._callee(resource.properties.get("FunctionName"))
        names = {logical_id: name for name, logical_id in self._functions.items()}
        return "*" if callee is None else f"arn:*:lambda:*:*:function:{names[callee.function]}:{qualifier}"

    def _filled(self, value: Any) -> str:
        """A text with what is known of its references; each place is any, and what is unknown equals itself alone."""
        text = tokens.textual(value)
        return fill_references(fill_references(text, self._texts), _PLACE) if isinstance(text, str) else ""


def _meet(arn: str, other_arn: str) -> bool:
    """Whether some ARN is described by both patterns: part by part, since no wildcard reaches beyond its part."""
    parsed, other_parsed = parse(arn), parse(other_arn)
    if parsed is None or other_parsed is None:
        return overlaps(arn, other_arn)
    return all(overlaps(part, other) for part, other in zip(parsed.parts, other_parsed.parts, strict=True))


def _names(text: str, resource: Resource) -> bool:
    return any(reference.target == resource.logical_id for reference in tokens.references(text))


def _text_at(resource: Resource, path: str) -> str | None:
    value = next(values_at(resource.properties, path), None) if path else None
    text = tokens.textual(value)
    return text if isinstance(text, str) and text else None
