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

from remit.deployer.shapes import BESIDE, REPLICAS, SHAPES, Shape
from remit.errors import RemitError
from remit.iam import tokens
from remit.templates import branches

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

OPEN: Final = "\x00"
"""A stretch of a name that nobody knows before the deploy."""
ROLE_TYPE: Final = "AWS::IAM::Role"
CUSTOM: Final = ("Custom::", "AWS::CloudFormation::CustomResource")
"""How the types of custom resources begin."""
_BALANCERS: Final = {
    "elasticloadbalancing:loadbalancer/app/": "application",
    "elasticloadbalancing:loadbalancer/gwy/": "gateway",
    "elasticloadbalancing:loadbalancer/net/": "network",
}
_IN_STORE: Final = re.compile(r"AWS::SSM::Parameter::Value<")
_UNKNOWN: Final = {"Fn::Unknown": ""}
_SUFFIX: Final = 14  # a hyphen and up to 13 characters
_MOST: Final = 16  # alternatives of one text; more are one open text
_PART: Final = re.compile(r"\$\{[^{}]*\}|[^$]+|\$")
_SUB: Final = re.compile(r"\$\{(!?)([^${}]+)\}")


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


_REF_IS_ARN: Final = frozenset({
    "AWS::SNS::Topic", "AWS::IAM::ManagedPolicy", "AWS::StepFunctions::StateMachine", "AWS::SecretsManager::Secret",
    "AWS::CloudFormation::Stack", "AWS::Lambda::LayerVersion",
})  # fmt: skip


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
    """What stands at a path such as `TableInput.Name`, of a list in the first item that has it; None: nothing does."""
    value: Any = properties
    for step in path.split("."):
        found = (one.get(step) for one in items(value) if isinstance(one, Mapping))
        value = next((one for one in found if one is not None), None)
    return value


def names(stack: Stack, declared: Declared) -> tuple[str, ...]:
    """The names of a resource of a type whose names are known; several where a condition decides."""
    return _names(stack, declared, frozenset())


def items(value: Any) -> tuple[Any, ...]:
    """The items of a list, those of both where a condition decides between two; one that is no list is an item."""
    return tuple(item.value for item in branches.items(value))


def _names(stack: Stack, declared: Declared, within: frozenset[str]) -> tuple[str, ...]:
    shape = SHAPES.get(declared.type)
    if shape is None:
        return ()
    given = _texts(stack, at(declared.properties, shape.property), within)
    paths = _paths(stack, declared, within)
    if given:
        bare = [text.removeprefix(shape.prefix) for text in given]
        names = [lowered(text) if shape.lower else text for text in bare]
        return tuple(
            f"{path}{text.removeprefix('/') if path else text}{shape.suffix}" for path, text in product(paths, names)
        )
    start = _texts(stack, declared.properties.get(f"{shape.property}Prefix"), within) if shape.property else ()
    generated = [f"{text}*" for text in start] or [_generated(stack.name, declared, shape, s) for s in shape.styles]
    return tuple(path + (text.lower() if shape.lower else text) for path, text in product(paths, generated))


def _paths(stack: Stack, declared: Declared, within: frozenset[str]) -> tuple[str, ...]:
    """The paths that IAM may put before a name: of one that nobody knows, none at all and any."""
    if not declared.type.startswith("AWS::IAM::"):
        return ("",)
    found = _texts(stack, declared.properties.get("Path"), within) or ("/",)
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


def _generated(stack: str, declared: Declared, shape: Shape, style: str) -> str:
    logical_id = declared.logical_id.rstrip("'")
    stack = re.sub("-{2,}", "-*", stack)  # some services take no two hyphens in a row, and get one
    whole = style.format(stack=stack, id=logical_id)
    if len(whole) - 1 + _SUFFIX - 1 <= shape.limit:
        return whole
    short = {"stack": stack, "id": logical_id}
    return style.format(**{key: _cut(text, shape.shortest) for key, text in short.items()})


def _cut(text: str, shortest: int) -> str:
    return text if len(text) <= shortest else f"{text[:shortest]}*"


def _arns(
    stack: Stack, declared: Declared, kind: str, formats: Sequence[str], within: frozenset[str]
) -> tuple[str, ...]:
    shape = SHAPES.get(declared.type)
    if shape is None or kind not in shape.kinds:
        return ()
    found: dict[str, None] = {}
    beside = {
        variable: next(iter(_texts(stack, declared.properties.get(given), within)), otherwise).rpartition("/")[2]
        for variable, given, otherwise in BESIDE.get(declared.type, ())
    }
    for format_, name in product(formats, _names(stack, declared, within)):
        bare = name.lstrip("/") if kind == "ssm:parameter" else name
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
        arn = filled(format_, {**beside, shape.variable: bare})
        for region in ("${AWS::Region}", *_regions(stack, declared, within)):
            found[arn.replace("${AWS::Region}", region)] = None
    return tuple(found)


def _regions(stack: Stack, declared: Declared, within: frozenset[str]) -> Iterator[str]:
    """The other regions that a resource is kept in, too."""
    for replica in items(declared.properties.get(REPLICAS.get(declared.type, ""))):
        yield from _texts(stack, replica.get("Region") if isinstance(replica, Mapping) else OPEN, within)


def lowered(text: str) -> str:
    """A name in small letters, as its service keeps it; late-bound parts stay as they are."""
    return _PART.sub(lambda found: found[0] if found[0].startswith("${") else found[0].lower(), text)


def filled(format_: str, values: Mapping[str, str], otherwise: str = "*") -> str:
    """An ARN from the catalogue's format, with the pseudo parameters in place of partition, region and account."""
    known = {**tokens.PLACE, **values}
    return re.sub(r"\$\{([^{}]+)\}", lambda found: known.get(found[1], otherwise), format_)


def _texts(stack: Stack, value: Any, within: frozenset[str]) -> tuple[str, ...]:  # noqa: PLR0911 - a case each
    if value is None or value == "":
        return ()
    if isinstance(value, str | int | float):
        return (str(value),)
    if not tokens.is_intrinsic(value):
        return (OPEN,)
    ((function, argument),) = value.items()
    if branches.choice(value) is not None:
        texts_of_branches = (_texts(stack, branch.value, within) for branch in branches.branches(value))
        return tuple(dict.fromkeys(text for texts in texts_of_branches for text in texts))
    if function == "Fn::FindInMap" and isinstance(argument, list):
        return _mapped(stack, argument, within)
    if function in ("Ref", "Fn::GetAtt"):
        return _reference(stack, tokens.from_intrinsic(value)[2:-1], within)
    if function in ("Fn::Sub", "Fn::Join"):
        return _joined(stack, list(_parts(argument, function)), within)
    return (OPEN,)


def _mapped(stack: Stack, path: Sequence[Any], within: frozenset[str]) -> tuple[str, ...]:
    """The texts that stand in a mapping under keys that may be asked for: all of a level whose key is not known."""
    levels: list[Any] = [stack.mappings]
    for key in path[:3]:
        known = _texts(stack, key, within)
        wanted = None if any(OPEN in text or text.startswith("${") for text in known) else known
        levels = [
            value
            for level in levels
            if isinstance(level, Mapping)
            for name, value in level.items()
            if wanted is None or str(name) in wanted
        ]
    found = dict.fromkeys(text for value in levels for text in _texts(stack, value, within))
    return tuple(found) if 0 < len(found) <= _MOST and len(path) == 3 else (OPEN,)  # noqa: PLR2004 - map and two keys


def _parts(argument: Any, function: str) -> Iterator[Any]:
    """What a Fn::Sub or Fn::Join puts together: texts and intrinsics."""
    if function == "Fn::Join":
        delimiter, items = argument if isinstance(argument, list) and len(argument) == 2 else ("", None)  # noqa: PLR2004 - [delimiter, parts]
        for place, item in enumerate(items if isinstance(items, list) else [_UNKNOWN]):
            yield from ([delimiter] if place else [])
            yield item
        return
    template, own = argument if isinstance(argument, list) and len(argument) == 2 else (argument, {})  # noqa: PLR2004 - [text, variables]
    own = own if isinstance(own, Mapping) else {}
    last, text = 0, str(template)
    for found in _SUB.finditer(text):
        yield text[last : found.start()]
        yield f"${{{found[2]}}}" if found[1] else own.get(found[2], {"Ref": found[2]})
        last = found.end()
    yield text[last:]


def _joined(stack: Stack, parts: Sequence[Any], within: frozenset[str]) -> tuple[str, ...]:
    options = [_texts(stack, part, within) or ("",) for part in parts if part != ""]
    total = 1
    for option in options:
        total *= len(option)
    return tuple(dict.fromkeys("".join(choice) for choice in product(*options))) if total <= _MOST else (OPEN,)


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
    if attribute == "Arn" or (not attribute and found.type in _REF_IS_ARN):
        return _whole_arns(stack, found, inside) or (OPEN,)
    return (_names(stack, found, inside) or (OPEN,)) if not attribute else (OPEN,)


def _whole_arns(stack: Stack, declared: Declared, within: frozenset[str]) -> tuple[str, ...]:
    from remit.catalogue.actions import resource_types  # noqa: PLC0415 - only an ARN needs the formats

    shape = SHAPES.get(declared.type)
    if shape is None:
        return ()
    main = shape.kinds[0].partition(":")
    kinds = {kind.name: kind for kind in resource_types(main[0])}
    kind = kinds.get(main[2])
    return _arns(stack, declared, shape.kinds[0], kind.arns, within) if kind is not None else ()
