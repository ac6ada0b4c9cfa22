"""Say what a template's resources will be called once their stack exists: names, ARNs, and what is not known of them.

Texts keep `${AWS::Partition}`, `${AWS::Region}` and `${AWS::AccountId}`; `*` stands for what CloudFormation makes up,
`OPEN` for what only a parameter, an import or a mapping knows.

Source: "Name type" (CloudFormation User Guide): a name that is not given is STACK-LOGICALID-RANDOM, cut to the longest
that the service takes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.types import REF, lowered, resource_type
from remit.errors import RemitError
from remit.iam import tokens
from remit.template.branches import items as items_of
from remit.template.values import UNKNOWN, Values

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from remit.catalogue.types import Naming, ResourceType

OPEN: Final = UNKNOWN
"""A stretch of a name that nobody knows before the deploy."""
ROLE_TYPE: Final = "AWS::IAM::Role"
CUSTOM: Final = ("Custom::", "AWS::CloudFormation::CustomResource")
"""How the types of custom resources begin."""
QUALIFIED: Final = frozenset({"AWS::Lambda::Alias", "AWS::Lambda::Version"})
"""Types whose ARN is that of a function, with something behind it."""
_BALANCERS: Final = {
    "elasticloadbalancing:loadbalancer/app/": "application",
    "elasticloadbalancing:loadbalancer/gwy/": "gateway",
    "elasticloadbalancing:loadbalancer/net/": "network",
}
_IN_STORE: Final = re.compile(r"AWS::SSM::Parameter::Value<")


@dataclass(frozen=True, slots=True)
class Declared:
    """A resource of a template, as the template has it; an UpdatePolicy counts as one more property.

    `kept`: neither a delete nor a replacement of it removes it.
    """

    logical_id: str
    type: str
    properties: Mapping[str, Any]
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack to be: its name, its resources by logical id, the values of its parameters.

    `transforms`: names, each with the location of what it includes, if it does. `lookups`: parameters whose value is in
    SSM's parameter store, each with the name that it has there.
    """

    name: str
    resources: Mapping[str, Declared]
    parameters: Mapping[str, str]
    transforms: tuple[tuple[str, str], ...] = ()
    lookups: tuple[tuple[str, str], ...] = ()
    mappings: Mapping[str, Any] = field(default_factory=dict)


def stack_of(name: str, templates: Sequence[Mapping[str, Any]], parameters: Mapping[str, str] | None = None) -> Stack:
    """The stack of a template; of several (the deployed and the new one), all of their resources.

    Resources that two templates declare differently are both there, the later one under its logical id and a mark.
    RemitError: a template without Resources, or with one that has no type.
    """
    resources: dict[str, Declared] = {}
    values: dict[str, str] = {}
    lookups: dict[str, str] = {}
    transforms: dict[tuple[str, str], None] = {}
    mappings: dict[str, Any] = {}
    for template in templates:
        if not isinstance(template, Mapping) or not isinstance(template.get("Resources"), Mapping):
            raise RemitError("this is no CloudFormation template: it has no `Resources`")
        for key, parameter in _mapping(template, "Parameters").items():
            told = (parameters or {}).get(key, parameter.get("Default") if isinstance(parameter, Mapping) else None)
            if told is not None:
                kept = lookups if _IN_STORE.match(str(parameter.get("Type"))) else values
                kept[key] = str(told)
        for declared in _declared(template):
            same = resources.setdefault(declared.logical_id, declared)
            if same != declared:
                resources[f"{declared.logical_id}'"] = declared
        transforms |= dict.fromkeys(_transforms(template))
        mappings |= _mapping(template, "Mappings")
    unknown = {key: value for key, value in (parameters or {}).items() if key not in lookups}
    return Stack(name, resources, values | unknown, tuple(transforms), tuple(lookups.items()), mappings)


def _transforms(template: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The transforms of a template, wherever they stand: its own `Transform`, and `Fn::Transform` in any place."""
    found = template.get("Transform", ())
    for item in found if isinstance(found, list) else [found]:
        if item:
            yield _transform(item)
    waiting: list[Any] = [template.get("Resources"), template.get("Mappings"), template.get("Outputs")]
    while waiting:
        value = waiting.pop()
        if isinstance(value, Mapping):
            inside = value.get("Fn::Transform")
            yield from (_transform(item) for item in items(inside) if isinstance(item, Mapping))
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


def _transform(item: Any) -> tuple[str, str]:
    if not isinstance(item, Mapping):
        return str(item), ""
    given = item.get("Parameters")
    location = given.get("Location", "") if isinstance(given, Mapping) else ""
    return str(item.get("Name")), location if isinstance(location, str) else OPEN


def _declared(template: Mapping[str, Any]) -> Iterator[Declared]:
    for logical_id, resource in template["Resources"].items():
        if str(logical_id).startswith(("Fn::Transform", "Fn::ForEach::")):
            continue
        if not isinstance(resource, Mapping) or not isinstance(resource.get("Type"), str):
            raise RemitError(f"resource `{logical_id}` of the template has no `Type`")
        update = {"UpdatePolicy": resource["UpdatePolicy"]} if "UpdatePolicy" in resource else {}
        kept = resource.get("DeletionPolicy") == resource.get("UpdateReplacePolicy") == "Retain"
        yield Declared(logical_id, resource["Type"], {**_mapping(resource, "Properties"), **update}, kept)


def _mapping(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = value.get(key, {})
    if not isinstance(found, Mapping):
        raise RemitError(f"`{key}` in the template must be an object, got {type(found).__name__}")
    return found


def arns(stack: Stack, declared: Declared, kind: str, formats: Sequence[str]) -> tuple[str, ...]:
    """The ARNs that a resource has as a kind of IAM's, whose formats these are; empty: it is none, or not known."""
    return _arns(stack, declared, kind, formats, frozenset())


def texts(stack: Stack, value: Any) -> tuple[str, ...]:
    """What a value of a template may become: several texts where a condition decides, none for AWS::NoValue."""
    return _texts(stack, value, frozenset())


def at(properties: Mapping[str, Any], path: str) -> Any:
    """The value at a path such as `TableInput.Name`, in a list the first one; None where there is none."""
    return next(values_at(properties, path), None)


def values_at(properties: Mapping[str, Any], path: str) -> Iterator[Any]:
    """The values at a path such as `Targets[].Arn`, those of every branch that a condition may choose."""
    values: list[Any] = [properties]
    for step in path.split("."):
        name = step.removesuffix("[]")
        inner = [item.get(name) for value in values for item in items(value) if isinstance(item, Mapping)]
        values = [value for value in inner if value is not None]
    for value in values:
        yield from items(value) if path.endswith("[]") else (value,)


def names(stack: Stack, declared: Declared) -> tuple[str, ...]:
    """The names of a resource as they stand in its ARN; several where a condition decides, none where nobody knows."""
    kind = named_type(declared.type)
    return () if kind is None else _names_in_arn(stack, declared, kind, frozenset())


def named_type(name: str) -> ResourceType | None:
    """The row of a type whose ARNs a name tells before the deploy; None: they have ids, or nobody knows.

    Versions and aliases are none: they are granted as parts of their function.
    """
    kind = None if name in QUALIFIED else resource_type(name)
    return kind if kind is not None and kind.is_told_by_name and kind.iam else None


def is_generated(name: str) -> bool:
    """Whether it is known how CloudFormation names a resource of a type that the template does not name."""
    kind = named_type(name)
    return kind is not None and kind.naming is not None and bool(kind.naming.generated)


def items(value: Any) -> tuple[Any, ...]:
    """The items of a list, those of both where a condition decides between two; one that is no list is an item."""
    return tuple(item.value for item in items_of(value))


def _names(stack: Stack, declared: Declared, naming: Naming, within: frozenset[str]) -> tuple[str, ...]:
    """The names that a resource is given, or that CloudFormation may make for it."""
    given = _texts(stack, at(declared.properties, naming.property), within)
    if given:
        return tuple(lowered(text) if naming.is_lower else text for text in given)
    start = _texts(stack, declared.properties.get(f"{naming.property}Prefix"), within) if naming.property else ()
    if start:
        return tuple(lowered(f"{text}*") if naming.is_lower else f"{text}*" for text in start)
    return naming.generated_names(stack.name, declared.logical_id.rstrip("'"))


def _names_in_arn(stack: Stack, declared: Declared, kind: ResourceType, within: frozenset[str]) -> tuple[str, ...]:
    naming = kind.naming
    if naming is None:
        return ()
    paths, names = _paths(stack, declared, naming, within), _names(stack, declared, naming, within)
    return tuple(naming.in_arn(name, path) for path, name in product(paths, names))


def _paths(stack: Stack, declared: Declared, naming: Naming, within: frozenset[str]) -> tuple[str, ...]:
    """The paths that IAM may put before a name: of one that nobody knows, none at all and any."""
    if not naming.path:
        return ("",)
    found = _texts(stack, declared.properties.get(naming.path), within) or ("/",)
    paths: dict[str, None] = {}
    for text in found:
        path = text.lstrip("/")
        if path == OPEN:
            paths[""] = None
        paths[f"{path}/" if OPEN in path and not path.endswith("/") else path] = None  # as every path ends
    return tuple(paths)


def tells(text: str) -> bool:
    """Whether an ARN or name says what it means: no stretch is open, or its name or a part of its path begins known.

    `role/shop-*` and `role/*/shop-web` do; `role/*-web` may be a role of anybody's.
    """
    if OPEN not in text:
        return True
    *place, name = text.split(":", 5) if text.startswith("arn:") else (text,)
    if any(OPEN in part for part in place):
        return False
    own = name.partition("/")[2] if place else name
    return any(part[:1].isalnum() for part in own.split("/"))


def _arns(
    stack: Stack, declared: Declared, kind: str, formats: Sequence[str], within: frozenset[str]
) -> tuple[str, ...]:
    row = named_type(declared.type)
    if row is None or row.arn is None or row.naming is None or kind not in row.iam:
        return ()
    found: dict[str, None] = {}
    name_variable = str(row.arn.variable(row.naming.property))
    beside = _beside(stack, declared, row, within)
    # IAM's format of a secret has one variable for the name and for what AWS puts behind it.
    forms = [format_ if f"${{{name_variable}}}" in format_ else row.arn.text for format_ in formats]
    for format_, name in product(forms, _names_in_arn(stack, declared, row, within)):
        if kind == "events:rule-on-custom-event-bus" and beside["EventBusName"] == "default":
            continue
        if kind in _BALANCERS and not set(
            _texts(stack, declared.properties.get("Type"), within) or ("application",)
        ) & {
            _BALANCERS[kind],
            OPEN,
        }:
            continue
        if kind == "events:rule-on-default-event-bus" and beside["EventBusName"] != "default":
            continue
        arn = filled(format_, {**beside, name_variable: name})
        if format_ is row.arn.text:
            arn = arn.replace("*-*", "*")  # a wildcard stands for what is behind a name as well
        for region in ("${AWS::Region}", *_regions(stack, declared, row, within)):
            found[arn.replace("${AWS::Region}", region)] = None
    return tuple(found)


def _beside(stack: Stack, declared: Declared, row: ResourceType, within: frozenset[str]) -> dict[str, str]:
    """The variables of a type's ARN that other properties give: the names of a cluster, a bus, a database."""
    if row.arn is None or row.naming is None:
        return {}
    defaults = dict(row.arn.defaults)
    values: dict[str, str] = {}
    for variable, path in (*row.arn.properties, *((name, name) for name, _ in row.arn.otherwise)):
        if path and path != row.naming.property:
            texts = _texts(stack, at(declared.properties, path), within)
            values[variable] = next(iter(texts), defaults.get(variable, "*")).rpartition("/")[2]
    return values


def _regions(stack: Stack, declared: Declared, row: ResourceType, within: frozenset[str]) -> Iterator[str]:
    """The other regions that a resource is kept in, too."""
    for replica in items(declared.properties.get(row.replicas)) if row.replicas else ():
        yield from _texts(stack, replica.get("Region") if isinstance(replica, Mapping) else OPEN, within)


def filled(format_: str, values: Mapping[str, str], otherwise: str = "*") -> str:
    """An ARN from the catalogue's format, with the pseudo parameters in place of partition, region and account."""
    known = {**tokens.PLACE, **values}
    return re.sub(r"\$\{([^{}]+)\}", lambda found: known.get(found[1], otherwise), format_)


def _texts(stack: Stack, value: Any, within: frozenset[str]) -> tuple[str, ...]:
    return Values(lambda name: _reference(stack, name, within), stack.mappings).texts(value)


def _reference(stack: Stack, name: str, within: frozenset[str]) -> tuple[str, ...]:
    """What a Ref or Fn::GetAtt becomes."""
    pseudo = {"AWS::StackName": stack.name, "AWS::URLSuffix": OPEN}
    if f"${{{name}}}" in tokens.PLACE.values():
        return (f"${{{name}}}",)
    if name == "AWS::NoValue":
        return ()
    if name == "AWS::StackId":
        return (f"arn:${{AWS::Partition}}:cloudformation:${{AWS::Region}}:${{AWS::AccountId}}:stack/{stack.name}/*",)
    logical_id, _, attribute = name.partition(".")
    found = stack.resources.get(logical_id)
    if found is None or logical_id in within:
        return (pseudo.get(name) or stack.parameters.get(name) or OPEN,)
    inside = within | {logical_id}
    return _given(stack, found, attribute or REF, inside) or (OPEN,)


def _given(stack: Stack, declared: Declared, way: str, within: frozenset[str]) -> tuple[str, ...]:
    """What Ref or an attribute of a resource becomes: its ARN, or its name; empty: nobody knows."""
    kind = named_type(declared.type)
    if kind is None or kind.naming is None:
        return ()
    if way in kind.arn_from:
        return _whole_arns(stack, declared, kind, within)
    is_name = way == kind.naming.property or (way == REF and kind.has_name_as_ref)
    return _names(stack, declared, kind.naming, within) if is_name else ()


def _whole_arns(stack: Stack, declared: Declared, kind: ResourceType, within: frozenset[str]) -> tuple[str, ...]:
    from remit.catalogue.actions import resource_types  # noqa: PLC0415 - only an ARN needs the formats

    service, _, name = kind.iam[0].partition(":")
    main = next((one for one in resource_types(service) if one.name == name), None)
    return () if main is None else _arns(stack, declared, kind.iam[0], main.arns, within)
