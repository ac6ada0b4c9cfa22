"""Foretell what a template's resources will be called once their stack exists: names, ARNs, and what stays unknown.

Texts keep `${AWS::Partition}`, `${AWS::Region}` and `${AWS::AccountId}`; `*` stands for what CloudFormation makes up,
`UNKNOWN` for what only a parameter, an import or a mapping knows.

Source: "Name type" (CloudFormation User Guide): a resource without a name is called STACK-LOGICALID-RANDOM, cut to the
longest that the service takes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import product
from typing import Any, Final

from remit.app import Resource
from remit.catalogue.types import REF, ArnFormat, Naming, ResourceType, lowered, resource_type
from remit.errors import RemitError
from remit.iam import tokens
from remit.template import branches
from remit.template.branches import value_at
from remit.template.resolved_texts import UNKNOWN, Values
from remit.template.written_template import Transform, written_template

ROLE_TYPE: Final = "AWS::IAM::Role"
_QUALIFIED: Final = (("lambda:function alias",), ("lambda:function version",))
"""IAM's main kinds whose ARN is that of a function, with something behind it."""
_BALANCERS: Final = {
    "elasticloadbalancing:loadbalancer/app/": "application",
    "elasticloadbalancing:loadbalancer/gwy/": "gateway",
    "elasticloadbalancing:loadbalancer/net/": "network",
}
_STACK_ID: Final = "arn:${AWS::Partition}:cloudformation:${AWS::Region}:${AWS::AccountId}:stack/%s/*"
_RETENTION: Final = ("DeletionPolicy", "UpdateReplacePolicy")


@dataclass(frozen=True, slots=True)
class NamedType:
    """The row of a type whose ARNs a name tells before the deploy, with what is certain to be in it."""

    row: ResourceType
    arn: ArnFormat
    naming: Naming

    @property
    def name_variable(self) -> str:
        """The variable of the ARN that the name fills."""
        return str(self.arn.variable(self.naming.property))


@dataclass(frozen=True, slots=True)
class PlannedStack:
    """A stack to be: its name, its resources by logical id, the values of its parameters.

    `lookups`: parameters whose value is in SSM's parameter store, each with the name that it has there.
    """

    name: str
    resources: Mapping[str, Resource]
    parameters: Mapping[str, str]
    transforms: tuple[Transform, ...] = ()
    lookups: tuple[tuple[str, str], ...] = ()
    mappings: Mapping[str, Any] = field(default_factory=dict)
    by_types: bool = False
    """Whether later versions of it may give its resources further properties."""
    _resolving: frozenset[str] = frozenset()
    """The resources whose names are being resolved: what refers to them again is unknown."""

    def texts(self, value: Any) -> tuple[str, ...]:
        """Return the possible texts of a template's value: several where a condition decides, none for AWS::NoValue.

        None for an absent or empty value, too. UNKNOWN stands in a text for each part that only the deploy knows.
        """
        return Values(self._reference, self.mappings).texts(value)

    def names(self, resource: Resource) -> tuple[str, ...]:
        """The names of a resource as they stand in its ARN, with IAM's path; several where a condition decides.

        Nothing for a type without a name that tells its ARN.
        """
        row = named_type(resource.type)
        if row is None:
            return ()
        paths, names = self._paths(resource, row.naming), self._names(resource, row.naming)
        return tuple(row.naming.in_arn(name, path) for path, name in product(paths, names))

    def arns(self, resource: Resource, kind: str, formats: Sequence[str]) -> tuple[str, ...]:
        """The ARNs that a resource has as a kind of IAM's (`s3:bucket`), whose formats these are.

        There is one for each possible name and each region with a replica. Empty: it is not of that kind, or a name
        does not tell its ARN.
        """
        type_row = named_type(resource.type)
        if type_row is None or kind not in type_row.row.iam:
            return ()
        values = self._values_beside_name(resource, type_row)
        if not self._is_of_kind(resource, kind, values):
            return ()
        replicas = items(resource.properties.get(type_row.row.replicas)) if type_row.row.replicas else ()
        regions = [tokens.REGION]
        for replica in replicas:
            regions += self.texts(replica.get("Region") if isinstance(replica, Mapping) else UNKNOWN)
        arns: dict[str, None] = {}
        for format_, name in product(formats, self.names(resource)):
            # IAM's format of a secret has one variable for the name and for what AWS puts behind it.
            is_iams = f"${{{type_row.name_variable}}}" in format_
            arn = filled(format_ if is_iams else type_row.arn.text, {**values, type_row.name_variable: name})
            if not is_iams:
                arn = arn.replace("*-*", "*")  # a wildcard stands for what is behind a name as well
            for region in regions:
                arns[arn.replace(tokens.REGION, region)] = None
        return tuple(arns)

    def _reference(self, name: str) -> tuple[str, ...]:
        """The possible texts of a Ref (`Queue`) or Fn::GetAtt (`Queue.Arn`); partition, region and account stay open.

        UNKNOWN for what nobody knows before the deploy, and for a resource that refers to itself; () for AWS::NoValue.
        """
        if f"${{{name}}}" in tokens.PLACE.values():
            return (f"${{{name}}}",)
        if name == "AWS::NoValue":
            return ()
        logical_id, _, attribute = name.partition(".")
        resource = self.resources.get(logical_id)
        if resource is not None and logical_id not in self._resolving:
            inside = replace(self, _resolving=self._resolving | {logical_id})
            return inside.attribute(resource, attribute or REF) or (UNKNOWN,)
        pseudo_parameters = {"AWS::StackName": self.name, "AWS::StackId": _STACK_ID % self.name}
        return (pseudo_parameters.get(name) or self.parameters.get(name) or UNKNOWN,)

    def attribute(self, resource: Resource, way: str) -> tuple[str, ...]:
        """Resolve Ref or an attribute of a resource: its ARN, or its name; empty: nobody knows."""
        type_row = named_type(resource.type)
        if type_row is None:
            return ()
        if way in type_row.row.arn_from:
            return self.arns(resource, type_row.row.iam[0], _formats(type_row.row.iam[0]))
        is_name = way == type_row.naming.property or (way == REF and type_row.row.has_name_as_ref)
        return self._names(resource, type_row.naming) if is_name else ()

    def _names(self, resource: Resource, naming: Naming) -> tuple[str, ...]:
        """The names that a resource is given, or that CloudFormation may make for it."""
        names = self.texts(value_at(resource.properties, naming.property))
        if not names and naming.property:
            prefixes = self.texts(resource.properties.get(f"{naming.property}Prefix"))
            names = tuple(f"{prefix}*" for prefix in prefixes)
        if not names:
            return naming.generated_names(self.name, resource.logical_id)
        return tuple(map(lowered, names)) if naming.is_lower else names

    def _paths(self, resource: Resource, naming: Naming) -> tuple[str, ...]:
        """The paths that IAM may put before a name, each with its last slash; of an unknown one both "" and UNKNOWN."""
        if not naming.path:
            return ("",)
        paths: dict[str, None] = {}
        for text in self.texts(resource.properties.get(naming.path)) or ("/",):
            path = text.lstrip("/")
            if path == UNKNOWN:
                paths[""] = None
            paths[path if path.endswith("/") else f"{path}/"] = None  # as every path ends
        return tuple(paths)

    def _values_beside_name(self, resource: Resource, type_row: NamedType) -> dict[str, str]:
        """The variables of a type's ARN that other properties give: the names of a cluster, a bus, a database.

        Of several possible values it is the first; of an ARN or path, what is behind its last slash. Where nothing
        gives one, the format's default or a wildcard.
        """
        defaults = dict(type_row.arn.defaults)
        values: dict[str, str] = {}
        for variable, path in (*type_row.arn.properties, *((name, name) for name, _ in type_row.arn.otherwise)):
            if path and path != type_row.naming.property:
                texts = self.texts(value_at(resource.properties, path)) or (defaults.get(variable, "*"),)
                values[variable] = texts[0].rpartition("/")[2]
        return values

    def _is_of_kind(self, resource: Resource, kind: str, values: Mapping[str, str]) -> bool:
        """Return whether a resource may be of a kind, where IAM has several for its type.

        Rules are told apart by their bus, load balancers by their type; True for any other kind.
        """
        is_on_default_bus = values.get("EventBusName") == "default"
        if kind == "events:rule-on-default-event-bus":
            return is_on_default_bus
        if kind == "events:rule-on-custom-event-bus":
            return not is_on_default_bus
        if kind in _BALANCERS:
            balancers = self.texts(resource.properties.get("Type")) or ("application",)
            return _BALANCERS[kind] in balancers or UNKNOWN in balancers
        return True


def stack_of(
    name: str, templates: Sequence[Mapping[str, Any]], values: Mapping[str, str] | None = None
) -> PlannedStack:
    """The stack of a template; of several (the deployed and the new one), all of their resources.

    `values` are those of parameters, before the templates' defaults. Resources that two templates declare differently
    are both there, the later one under its logical id and a mark (`Queue'`). RemitError (2): a template without
    Resources, or with one that has no type.
    """
    values = values or {}
    resources: dict[str, Resource] = {}
    parameters: dict[str, str] = {}
    lookups: dict[str, str] = {}
    transforms: dict[Transform, None] = {}
    mappings: dict[str, Any] = {}
    for raw in templates:
        if not isinstance(raw, Mapping) or not isinstance(raw.get("Resources"), Mapping):
            raise RemitError("this is not a CloudFormation template: it has no `Resources`")
        for key in ("Parameters", "Mappings"):
            _mapping(raw, key)
        template = written_template(raw)
        for key, parameter in template.parameters.items():
            value = values.get(key, parameter.default)
            if value is not None:
                (lookups if parameter.is_stored else parameters)[key] = str(value)
        for resource in _resources(raw):
            if resources.setdefault(resource.logical_id, resource) != resource:
                resources[f"{resource.logical_id}'"] = resource
        transforms |= dict.fromkeys(template.transforms)
        mappings |= template.mappings
    parameters |= {key: value for key, value in values.items() if key not in lookups}
    return PlannedStack(name, resources, parameters, tuple(transforms), tuple(lookups.items()), mappings)


def _mapping(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The object under a key; empty without one. RemitError (2): it is something else."""
    section = value.get(key, {})
    if not isinstance(section, Mapping):
        raise RemitError(f"`{key}` in the template must be an object, got {type(section).__name__}")
    return section


def _resources(template: Mapping[str, Any]) -> Iterator[Resource]:
    """The resources of a template; an UpdatePolicy counts as one more property.

    What a macro makes is left out. RemitError (2): one has no Type.
    """
    for logical_id, body in template["Resources"].items():
        if str(logical_id).startswith(("Fn::Transform", "Fn::ForEach::")):
            continue
        if isinstance(body, Mapping) and "Fn::Transform" in body and "Type" not in body:
            continue  # a macro makes all of it, as AWS::Include does of a file
        if not isinstance(body, Mapping) or not isinstance(body.get("Type"), str):
            raise RemitError(f"resource `{logical_id}` of the template has no `Type`")
        update = {"UpdatePolicy": body["UpdatePolicy"]} if "UpdatePolicy" in body else {}
        retention = {key: body[key] for key in _RETENTION if body.get(key) == "Retain"}
        yield Resource(logical_id, body["Type"], {**_mapping(body, "Properties"), **update}, retention)


def is_retained(resource: Resource) -> bool:
    """Return whether neither a delete nor a replacement of a resource removes it: both its policies are Retain."""
    return all(resource.attributes.get(key) == "Retain" for key in _RETENTION)


def items(value: Any) -> tuple[Any, ...]:
    """The items of a list, those of both where a condition decides between two; one that is not a list is an item."""
    return tuple(item.value for item in branches.items(value))


@cache
def named_type(name: str) -> NamedType | None:
    """The row of a type whose ARNs a name tells before the deploy; None: they have ids, or nobody knows.

    Versions and aliases are none: they are granted as parts of their function.
    """
    row = resource_type(name)
    if row is None or row.arn is None or row.naming is None or not row.is_told_by_name or not row.iam:
        return None
    if is_qualified(name):
        return None
    return NamedType(row, row.arn, row.naming)


@cache
def is_qualified(type_name: str) -> bool:
    """Return whether resources of a type are parts of a function: its versions and aliases."""
    row = resource_type(type_name)
    return row is not None and row.iam[:1] in _QUALIFIED


def is_custom(type_name: str) -> bool:
    """Return whether a function or a topic of the user's makes resources of a type (`Custom::…`)."""
    row = resource_type(type_name)
    return row is not None and row.is_custom


def is_generated(type_name: str) -> bool:
    """Return whether it is known how CloudFormation names a resource of a type that the template does not name."""
    row = named_type(type_name)
    return row is not None and bool(row.naming.generated)


def is_specific(text: str) -> bool:
    """Return whether an ARN or name tells whose resource it is: all of it is known, or how a part of its name begins.

    `role/shop-*` and `role/*/shop-web` do; `role/*-web` may be a role of anybody's.
    """
    if UNKNOWN not in text:
        return True
    *place, name = text.split(":", 5) if text.startswith("arn:") else (text,)
    if any(UNKNOWN in part for part in place):
        return False
    path = name.partition("/")[2] if place else name
    return any(part[:1].isalnum() for part in path.split("/"))


def filled(format_: str, values: Mapping[str, str]) -> str:
    """An ARN from the catalogue's format, with the pseudo parameters in place of partition, region and account."""
    all_values = {**tokens.PLACE, **values}
    return re.sub(r"\$\{([^{}]+)\}", lambda variable: all_values.get(variable[1], "*"), format_)


def _formats(kind: str) -> tuple[str, ...]:
    """The formats of a kind's ARNs (`s3:bucket`); none where the catalogue has no such kind."""
    from remit.catalogue.actions import resource_types  # noqa: PLC0415 - only an ARN needs the formats

    service, _, name = kind.partition(":")
    return next((listed.arns for listed in resource_types(service) if listed.name == name), ())
