"""Check that services may call the functions that resources name: each needs an AWS::Lambda::Permission that fits.

Triggers bring theirs. A rule, a notification or a subscription that somebody writes deploys without one, and then never
runs the function. Who calls for a type, and under which ARN, is in the catalogue (`ResourceType.invokes`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.arns import fill, parse, variables
from remit.catalogue.types import Invoker, ResourceType, arn_of, resource_type
from remit.errors import RemitError
from remit.iam import tokens
from remit.iam.pattern import overlaps
from remit.roles.reference_names import fill_references, names_in
from remit.roles.reference_shapes import Shapes, shapes_of
from remit.template.branches import values_at

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from remit.app import Resource

_FUNCTION: Final = "AWS::Lambda::Function"
_ALIAS: Final = "AWS::Lambda::Alias"
_VERSION: Final = "AWS::Lambda::Version"
_PERMISSION: Final = "AWS::Lambda::Permission"
_INVOKE: Final = "lambda:InvokeFunction"
_ACTIONS: Final = (_INVOKE, "lambda:*", "*")
_IN_ARN: Final = r"(?:^|:)function:([A-Za-z0-9_*-]+)(?::([A-Za-z0-9_$-]+))?"
_NAME: Final = r"([A-Za-z0-9_*-]+)(?::([A-Za-z0-9_$-]+))?"
"""How a function is called: by its ARN, which may stand in the URI of an integration, or by its name."""
_SERVICE: Final = (
    r"([a-z0-9-]+|lambda\.alarms\.cloudwatch)(?:\.[a-z0-9*-]+)?\.(?:amazonaws\.com(?:\.cn)?|\$\{AWS::URLSuffix\})"
)
"""A service as a principal: `logs.amazonaws.com`, and in older policies `logs.eu-west-1.amazonaws.com`."""
_PATH: Final = r"[A-Za-z.\[\]]+"
_OPENAPI: Final = {
    "x-amazon-apigateway-integration": ("uri", "credentials"),
    "x-amazon-apigateway-authorizer": ("authorizerUri", "authorizerCredentials"),
}
"""What names a function in the OpenAPI document of an API, and the role with which it is called, if any.

Source: "OpenAPI extensions for API Gateway" (Amazon API Gateway Developer Guide).
"""
_PLACE: Final = dict.fromkeys(tokens.PLACE.values(), "*")


@dataclass(frozen=True, slots=True)
class _Callee:
    """A function of the template, and the alias or version by which it is called ("": by none)."""

    function: str
    qualifier: str = ""


def check_permissions(
    resources: Sequence[Resource],
    namespace: str,
    misled: Container[str] = (),
    without_triggers: Container[str] = (),
) -> Iterator[RemitError]:
    """Yield an error for each resource that names a function which its service may not invoke, at the resource's line.

    By their logical ids, `misled` are resources with references that lead nowhere, and `without_triggers` functions
    some of whose triggers could not be read: of these nothing is said, since it would follow from that.
    """
    template = _Template(resources, namespace)
    for resource in resources:
        kind = resource_type(resource.type)
        invoker = None if kind is None else kind.invokes
        if kind is None or invoker is None or invoker.has_always_a_role or invoker.action != _INVOKE:
            continue
        if invoker.role and any(values_at(resource.properties, invoker.role)):  # with which it calls
            continue
        for callee in template.callees(resource, kind):
            permissions = template.permissions.get(callee, [])
            is_misled = any(item.logical_id in misled for item in (resource, *permissions))
            if is_misled or callee.function in without_triggers:
                continue
            if not template.may_call(resource, invoker, callee):
                yield _no_permission(resource, invoker, kind.called, callee, permissions)


def _no_permission(
    resource: Resource, invoker: Invoker, called: str, callee: _Callee, permissions: Sequence[Resource]
) -> RemitError:
    """The error for a permission that is missing; its hint has the permission as a shared resource to copy.

    A permission of the same service for another source is named there, too.
    """
    name = f"{callee.function}` by its `{callee.qualifier}" if callee.qualifier else callee.function
    qualifier = f":{callee.qualifier}" if callee.qualifier else ""
    lines = [f'function_name="${{{callee.function}}}{qualifier}"', f'principal="{invoker.principal}"']
    source = _late_bound_source(resource, invoker)
    if invoker.source_account or source is None:
        lines.append('source_account="${AWS::AccountId}"')
    # A bucket is made once it may call: its permission cannot wait for the bucket's own ARN.
    if source is not None and not (invoker.source_account and resource.logical_id in _referred_ids(source)):
        lines.append(f'source_arn="{source}"')
    properties = "".join(f"    {line},\n" for line in ('action="lambda:InvokeFunction"', *lines))
    permission = f'permission = resource(\n    "{_PERMISSION}",\n{properties})'
    hint = f"use a trigger (`on.event(…)`, `on.s3(…)`), or add\n{permission}"
    others = [item.logical_id for item in permissions if item.properties.get("Principal") == invoker.principal]
    if others:
        hint = f"`{others[0]}` lets it for another source: {hint}"
    return RemitError(
        f"the {called} `{resource.logical_id}` runs `{name}`, which {invoker.principal} has no permission to invoke",
        hint=hint,
        origin=resource.origin,
    )


def _late_bound_source(resource: Resource, invoker: Invoker) -> str | None:
    """The ARN for which a service calls, references in it as they stand; None where no single text gives it.

    `*` stands for a part of it that the resource's properties do not say.
    """
    if invoker.source_arn == "own":
        arn = _own_arn(resource)
        return None if arn == "*" else arn
    if re.fullmatch(_PATH, invoker.source_arn):
        text = _text_at(resource, invoker.source_arn)
        return text if text is not None and re.match(r"arn:|\$\{[A-Za-z0-9]+\.[A-Za-z.]*Arn\}$", text) else None
    values = {name: _text_at(resource, name) or "*" for name in variables(invoker.source_arn)}
    return fill(invoker.source_arn, values | tokens.PLACE)


class _Template:
    """The functions of a template, and who may call them.

    What references will be once it is deployed is worked out where a text names something by more than one reference:
    triggers never do.
    """

    def __init__(self, resources: Sequence[Resource], namespace: str) -> None:
        self._resources = resources
        self._namespace = namespace
        self._pseudo = {"${AWS::StackName}": namespace, **_PLACE}
        self._by_reference: dict[str, _Callee] = {}
        for resource in resources:
            if resource.type == _FUNCTION:
                callee = _Callee(resource.logical_id)
                self._by_reference |= {resource.ref: callee, resource.attribute("Arn"): callee}
        for resource in resources:
            is_published = resource.type in (_ALIAS, _VERSION)
            function = self._callee(resource.properties.get("FunctionName")) if is_published else None
            if function is not None:
                # It is called by the name of the alias, or by the version's logical id.
                qualifier = resource.properties.get("Name") if resource.type == _ALIAS else resource.logical_id
                self._by_reference[resource.ref] = _Callee(function.function, str(qualifier))
        self.permissions: dict[_Callee, list[Resource]] = {}
        for resource in resources:
            called = self._callee(resource.properties.get("FunctionName")) if resource.type == _PERMISSION else None
            if called is not None:
                self.permissions.setdefault(called, []).append(resource)

    def callees(self, resource: Resource, kind: ResourceType) -> Iterator[_Callee]:
        """The functions of the template that a resource names."""
        values = [*_in_openapi(resource.properties.get("Body"))]
        for path in dict.fromkeys((*kind.holding("function"), *kind.holding("target"))):
            values += values_at(resource.properties, path)
        callees = [self._callee(value) for value in values]
        yield from dict.fromkeys(callee for callee in callees if callee is not None)

    def may_call(self, resource: Resource, invoker: Invoker, callee: _Callee) -> bool:
        """Return whether a permission lets the service call a function for a resource; what is not known may be so."""
        for permission in self.permissions.get(callee, ()):
            properties = permission.properties
            principal = self._filled(properties.get("Principal"))
            # It is the service by its name for one region or for China, too; or it is everyone.
            service = re.fullmatch(_SERVICE, principal)
            is_service = service is not None and f"{service[1]}.amazonaws.com" == invoker.principal
            if not (is_service or principal == "*") or properties.get("Action") not in _ACTIONS:
                continue
            source = tokens.textual(properties.get("SourceArn"))
            if not isinstance(source, str) or not _referred_ids(source).isdisjoint(_sources(resource, invoker)):
                return True
            if _overlap(self._filled(source), self._source(resource, invoker)):
                return True
        return False

    def _source(self, resource: Resource, invoker: Invoker) -> str:
        """The ARN for which the service calls, as far as it is known: a pattern, in which `*` is what is not."""
        if invoker.source_arn == "own":
            return self._filled(_own_arn(resource))
        if re.fullmatch(_PATH, invoker.source_arn):
            text = self._filled(next(values_at(resource.properties, invoker.source_arn), None))
            return f"{text}*" if text.startswith("arn:") else f"*{text}*"
        kind = resource_type(resource.type)
        values = {} if kind is None else dict.fromkeys(kind.ref_of, resource.ref)
        for name in variables(invoker.source_arn):
            if name in resource.properties:
                values[name] = self._filled(resource.properties[name])
        return fill(invoker.source_arn, values)

    def _callee(self, value: Any) -> _Callee | None:
        """The function that a text names, by a reference, by its ARN or by its name; None: none of the template."""
        text = tokens.text_of(value)
        if text in self._by_reference:
            return self._by_reference[text]
        filled = self._filled(text)
        match = re.search(_IN_ARN, filled) or re.fullmatch(_NAME, filled)
        function = None if match is None else self._by_name.get(match[1])
        return None if match is None or function is None else _Callee(function, match[2] or "")

    @cached_property
    def _by_name(self) -> dict[str, str]:
        """The functions' logical ids, by their names in the account; of a name that is generated, by a pattern."""
        functions = [resource for resource in self._resources if resource.type == _FUNCTION]
        return {
            self._filled(_text_at(resource, "FunctionName") or resource.ref): resource.logical_id
            for resource in functions
        }

    @cached_property
    def _texts(self) -> dict[str, str]:
        """The ARNs and names that references to resources will give, by the references, as far as can be foretold.

        A function's version or alias has `*` for partition, region and account, and for a name that is not foretold.
        """
        shapes = shapes_of(self._resources).beside(Shapes())
        texts = {**shapes, **names_in(self._namespace, self._resources)}
        for reference, callee in self._by_reference.items():
            if callee.qualifier:
                name = texts.get(f"${{{callee.function}}}", "*")
                texts[reference] = f"arn:*:lambda:*:*:function:{name}:{callee.qualifier}"
        return texts

    def _filled(self, value: Any) -> str:
        """A text with values for its references, where known; partition, region and account are `*`; "" for no text."""
        text = tokens.textual(value)
        if not isinstance(text, str):
            return ""
        if _referred_ids(text):
            text = fill_references(text, self._texts)
        return fill_references(text, self._pseudo)


def _in_openapi(document: Any) -> Iterator[Any]:
    """Yield the URIs of integrations and authorizers that an OpenAPI document calls without a role.

    None for one without.
    """
    if isinstance(document, dict):
        for name, content in document.items():
            if name in _OPENAPI and isinstance(content, dict):
                uri, role = _OPENAPI[name]
                if not content.get(role):
                    yield content.get(uri)
            else:
                yield from _in_openapi(content)


def _sources(resource: Resource, invoker: Invoker) -> frozenset[str]:
    """The logical ids of what the service may call for: the resource, and those that its source's ARN is made of."""
    if invoker.source_arn == "own":
        return frozenset((resource.logical_id,))
    names = variables(invoker.source_arn) or (invoker.source_arn,)
    named = [_referred_ids(_text_at(resource, name) or "") for name in names]
    return frozenset((resource.logical_id,)).union(*named)


def _referred_ids(text: str) -> frozenset[str]:
    """The logical ids that a text refers to."""
    targets = (reference.target for reference in tokens.references(text))
    return frozenset(target for target in targets if target is not None and "::" not in target)


def _own_arn(resource: Resource) -> str:
    """The ARN of a resource by the name that it is given, else the reference that gives its ARN, else `*`."""
    kind = resource_type(resource.type)
    naming = None if kind is None else kind.naming
    name = None if naming is None else _text_at(resource, naming.property)
    named_arn = None
    if kind is not None and naming is not None and name is not None:
        named_arn = kind.arn_named(naming.in_arn(name), tokens.PLACE, lambda path: _text_at(resource, path))
    return named_arn or arn_of(resource) or "*"


def _overlap(arn: str, other_arn: str) -> bool:
    """Return whether some ARN matches both patterns. ARNs are held part by part, any other text as a whole."""
    parsed, other_parsed = parse(arn), parse(other_arn)
    if parsed is None or other_parsed is None:
        return overlaps(arn, other_arn)
    return all(overlaps(part, other) for part, other in zip(parsed.parts, other_parsed.parts, strict=True))


def _text_at(resource: Resource, path: str) -> str | None:
    """The late-bound text at a path of a resource's properties; None where there is none, or another value."""
    value = next(values_at(resource.properties, path), None) if path else None
    text = tokens.textual(value)
    return text if isinstance(text, str) and text else None
