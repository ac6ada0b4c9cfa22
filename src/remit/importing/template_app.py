"""A template of SAM's or CloudFormation's as an app: its functions with their triggers, and all other resources."""

from __future__ import annotations

import json
import keyword
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.types import resource_type
from remit.iam import tokens
from remit.importing.access import policies_of_roles
from remit.importing.api_routes import FORMS as API_FORMS
from remit.importing.api_routes import apis_of
from remit.importing.app_model import ImportedApp, ImportedResource, Left, referred_to, value_at_path
from remit.importing.events import NEEDS_OWN as LINKED
from remit.importing.functions import TemplateParts, by_hand, layers_of, read_function, why_not
from remit.importing.local_files import with_local_files
from remit.importing.parameters import constants_of
from remit.importing.plain_functions import with_functions_of_sam
from remit.importing.python_text import Bracketed, Item, call, flat, quoted
from remit.importing.template_values import TemplateNames, UnsayableError, said, words
from remit.judge.name_checks import logical_id as logical_id_of
from remit.template.branches import choice
from remit.template.loops import unrolled
from remit.template.references import references
from remit.template.sam.expand import expanded
from remit.template.sections import section
from remit.template.written_template import SAM

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from remit.importing.app_model import ImportedFunction, SourceTemplate
    from remit.importing.python_text import Source
    from remit.template.sam.expand import ExpandedTemplate
    from remit.template.sam.resources import SamResource

_LOG_GROUP: Final = "AWS::Logs::LogGroup"
_NOT_ATTRIBUTES: Final = frozenset((*keyword.kwlist, "resources", "outputs", "lookup"))
_READ_HERE: Final = (
    "Description",
    "Version",
    "Metadata",
    "Type",
    "Properties",
    "Condition",
    "DependsOn",
    "DeletionPolicy",
    "UpdateReplacePolicy",
)
_REFERABLE: Final = {
    "AWS::ApiGateway::Deployment": "Deployment",
    "AWS::ApiGateway::Stage": "Stage",
    "AWS::ApiGatewayV2::Stage": "Stage",
}
"""What SAM lets a template call the parts of an API: `Api.Stage`."""
_NO_FORM: Final = {
    "Application": "remit has no nested stacks",
    "Connector": "remit has no form for it",
    "GraphQLApi": "remit has no form for it",
    "CapacityProvider": "remit has no form for it",
}
"""SAM's types that no resource stands for."""


def app_of(source: SourceTemplate, refused: Mapping[tuple[str, str], str] | None = None) -> ImportedApp:
    """The app that a template declares. RemitError at the line: what SAM's own translator would refuse.

    `refused` are parts of it that a build refused, with its message: they are left.
    """
    refused = refused or {}
    written = section(source.template, "Resources")
    broken = [name for name, resource in written.items() if not isinstance(section(resource).get("Type"), str)]
    broken = [name for name in broken if not str(name).startswith("Fn::ForEach")]
    whole = {**source.template, "Resources": {name: written[name] for name in written if name not in broken}}
    parts = _taken_apart(source, with_functions_of_sam(unrolled(with_local_files(whole, source.folder), {}).template))
    constants = constants_of(parts.template, source.locate)
    names = _names(parts, constants.names)
    attributes = {attribute: name for name, attribute in names.resources.items()}
    refused_resources = {
        attributes[name]: why for (kind, name), why in refused.items() if kind == "resource" and name in attributes
    }
    refused_resources |= {name: why for (name, part), why in refused.items() if not part}
    names = replace(
        names,
        resources={name: attribute for name, attribute in names.resources.items() if name not in refused_resources},
        left={**names.left, **refused_resources},
    )
    names, resources = _settled(parts, names)
    read = [
        _without_refused(read_function(declared, parts, names), refused)
        for name, declared in parts.functions.items()
        if name not in names.left
    ]
    outputs = tuple(_outputs(parts, names, refused))
    shared, read = _shared_settings(read)
    further: list[Left] = []
    config: list[tuple[str, Source]] = []
    for name, value in (*shared, *_boundary(parts, names, further), *parts.apis.settings(names, further)):
        if ("setting", name) in refused:
            further.append(Left(f"config.{name}", refused["setting", name], source.locate(())))
        else:
            config.append((name, value))
    left = (
        *source.left,
        *(Left(str(name), "it has no Type", source.locate(("Resources", name))) for name in broken),
        *constants.left,
        *further,
        *_left_whole(parts, names),
        *(left for output in outputs for left in output.left),
    )
    return ImportedApp(
        source.name,
        source.file,
        constants.constants,
        tuple(config),
        tuple(read),
        (*resources, *(replace(output, left=()) for output in outputs if output.attribute)),
        left,
        _count(parts) + len(broken) + source.further + len(source.left),
        constants.to_fill_in,
        tuple(parts.layers.values()),
    )


def _taken_apart(source: SourceTemplate, template: Mapping[str, Any]) -> TemplateParts:
    """The parts of a template, whose log groups of functions have the names by which remit knows them."""
    expansion = expanded(template, source.locate)
    functions = {declared.logical_id: declared for declared in expansion.declared if declared.kind == "Function"}
    roles = _lifted_roles(template, functions, expansion)
    function_names = _function_names(functions, expansion, roles)
    layers = layers_of(expansion.declared, source)
    named = _with_log_groups(template, functions, function_names)
    return TemplateParts(source, named, expansion, functions, apis_of(expansion), roles, function_names, layers)


def _count(parts: TemplateParts) -> int:
    """How many constructs a template has: what each is read from, to the properties of functions and their events."""
    sections = ("Parameters", "Mappings", "Conditions", "Resources", "Outputs")
    written = sum(len(section(parts.template, name)) for name in sections)
    functions = parts.functions.values()
    return written + sum(len(declared.properties) + len(list(declared.events())) for declared in functions)


def _lifted_roles(
    template: Mapping[str, Any], functions: Mapping[str, SamResource], expansion: ExpandedTemplate
) -> dict[str, str]:
    """The roles, by function, whose access the functions take over: SAM's, and those that nothing else refers to."""
    written = section(template, "Resources")
    others = {
        name: {**resource, "Properties": {**section(resource, "Properties"), "Role": None}}
        if name in functions
        else resource
        for name, resource in written.items()
        if isinstance(resource, dict)
    }
    policies = policies_of_roles(written)
    for name in policies:
        others.pop(name, None)
    named = {reference.target for reference, _ in references({"all": [others, template.get("Outputs")]}, late=False)}
    lifted: dict[str, str] = {}
    for name, declared in functions.items():
        role = declared.properties.get("Role")
        role_id = referred_to(role)
        if role is None and f"{name}Role" in expansion.resources:
            lifted[name] = f"{name}Role"
        elif role_id in written and role_id not in named and written[role_id].get("Type") == "AWS::IAM::Role":
            lifted[name] = role_id
    return lifted


def _with_log_groups(
    template: Mapping[str, Any], functions: Mapping[str, SamResource], function_names: Mapping[str, str]
) -> dict[str, Any]:
    """The template, whose log groups of functions have the names by which remit knows them as the functions' own."""
    resources = dict(section(template, "Resources"))
    for name, declared in functions.items():
        chosen = value_at_path(declared.properties, "LoggingConfig.LogGroup")
        physical = declared.properties.get("FunctionName", {"Fn::Sub": f"${{AWS::StackName}}-{function_names[name]}"})
        own_name = {"Fn::Join": ["", ["/aws/lambda/", physical]]}
        for group, resource in resources.items():
            written = value_at_path(resource, "Properties.LogGroupName")
            by_function = written is not None and tokens.text_of(written) == f"/aws/lambda/${{{name}}}"
            if resource.get("Type") == _LOG_GROUP and (
                by_function or (written is None and referred_to(chosen) == group)
            ):
                resources[group] = {
                    **resource,
                    "Properties": {**section(resource, "Properties"), "LogGroupName": own_name},
                }
    return {**template, "Resources": resources}


def _names(parts: TemplateParts, names: TemplateNames) -> TemplateNames:
    """TemplateNames for all resources that become attributes of the class."""
    left = {name: why for name, declared in parts.functions.items() if (why := why_not(declared)) is not None}
    for declared in parts.expansion.declared:
        if declared.kind in _NO_FORM:
            left[declared.logical_id] = _NO_FORM[declared.kind]
    attributes: dict[str, str] = {}
    taken: set[str] = set(_NOT_ATTRIBUTES)
    policies = policies_of_roles(parts.expansion.resources)
    lifted = set(parts.roles.values())
    lifted |= {policy for policy, role in policies.items() if role in lifted}
    for logical_id in parts.expansion.resources:
        if logical_id in lifted or not _is_own(logical_id, parts, left):
            continue
        attributes[logical_id] = _unused(words(logical_id) or "resource", taken)
    types = {name: str(resource.get("Type")) for name, resource in parts.expansion.resources.items()}
    renamed = {role: f"{logical_id_of(parts.function_names[function])}Role" for function, role in parts.roles.items()}
    renamed |= parts.apis.renamed()
    for function, name in parts.function_names.items():
        if parts.functions[function].properties.get("AutoPublishAlias"):
            renamed[f"{function}.Alias"] = f"{logical_id_of(name)}Alias"
        if parts.functions[function].properties.get("FunctionUrlConfig"):
            renamed[f"{function}Url"] = f"{logical_id_of(name)}Url"
    for logical_id, resource in parts.expansion.resources.items():
        maker = parts.expansion.origins.get(("Resources", logical_id), ("", ""))[1]
        if maker in parts.apis.as_they_are and resource["Type"] in _REFERABLE:
            renamed[f"{maker}.{_REFERABLE[resource['Type']]}"] = logical_id
    layers = [declared.logical_id for declared in parts.expansion.declared if declared.kind == "LayerVersion"]
    renamed |= {layer: f"{logical_id_of(f'layers_{words(layer)}')}Layer" for layer in layers}
    texts = {*tokens.PSEUDO, *parts.functions, *renamed.values()}
    return replace(names, resources=attributes, types=types, renamed=renamed, left=left, texts=frozenset(texts))


def _function_names(
    functions: Mapping[str, SamResource], expansion: ExpandedTemplate, roles: Mapping[str, str]
) -> dict[str, str]:
    """A name for each function, of which remit makes logical ids that the template has not."""
    ids = {name for name in expansion.resources if name not in roles.values()}
    function_names: dict[str, str] = {}
    taken: set[str] = set()
    for function in functions:
        name = words(function.removesuffix("Function").removesuffix("Lambda")) or "main"
        own_group = referred_to(value_at_path(functions[function].properties, "LoggingConfig.LogGroup"))
        if {f"{logical_id_of(name)}Role", f"{logical_id_of(name)}LogGroup"} & (ids - {own_group}):
            name = f"{name}_function"
        function_names[function] = _unused(name[:40], taken)
    return function_names


def _unused(name: str, taken: set[str]) -> str:
    name = f"_{name}" if name[:1].isdigit() else name
    while name in taken:
        name += "_"
    taken.add(name)
    return name


def _is_own(logical_id: str, parts: TemplateParts, left: Mapping[str, str]) -> bool:
    """Whether a resource is declared by itself: not a function, nor what SAM makes of one or of an API."""
    if logical_id in parts.functions or logical_id in left:
        return False
    maker = parts.expansion.origins.get(("Resources", logical_id), ("Resources", logical_id))
    declared = {resource.logical_id: resource.kind for resource in parts.expansion.declared}
    kind = declared.get(str(maker[1]))
    return kind in (None, "SimpleTable", "StateMachine") or (kind in API_FORMS and maker[1] in parts.apis.as_they_are)


def _settled(parts: TemplateParts, names: TemplateNames) -> tuple[TemplateNames, tuple[ImportedResource, ...]]:
    """The resources, once what cannot be said has left, and what refers to it."""
    by_hand_paths = {
        event.path: None
        for declared in parts.functions.values()
        if declared.logical_id not in names.left
        for event in by_hand(declared, names, parts.apis)
    }
    attributes = dict(names.resources)
    taken = {*_NOT_ATTRIBUTES, *attributes.values()}
    for path, maker in parts.expansion.origins.items():
        if len(path) == 2 and maker in by_hand_paths:  # noqa: PLR2004 - Resources, a logical id
            attributes.setdefault(str(path[1]), _unused(words(str(path[1])), taken))
    names = replace(names, resources=attributes)
    linked = {
        str(next(iter(event.properties.get(LINKED[event.type], {}).values()), ""))
        for declared in parts.functions.values()
        for event in by_hand(declared, names, parts.apis)
        if event.type in LINKED and isinstance(event.properties.get(LINKED[event.type]), dict)
    }
    # SAM writes notifications into a bucket or a pool: a trigger does that itself.
    plain = {
        name: resource
        for name, resource in section(parts.template, "Resources").items()
        if name not in linked and not str(resource.get("Type")).startswith(SAM)
    }
    while True:
        read = {name: _resource(name, parts.expansion, names, plain) for name in names.resources}
        gone = {name: why for name, why in read.items() if isinstance(why, str)}
        if not gone:
            break
        names = replace(
            names,
            resources={name: attribute for name, attribute in names.resources.items() if name not in gone},
            left={**names.left, **gone},
        )
    sayable = {name: resource for name, resource in read.items() if not isinstance(resource, str)}
    ordered = _ordered(sayable, parts.expansion, names.renamed)
    return names, ordered


def _resource(
    logical_id: str, expansion: ExpandedTemplate, names: TemplateNames, plain: Mapping[str, Any]
) -> ImportedResource | str:
    """A resource, or why it cannot be said."""
    written = plain.get(logical_id, expansion.resources[logical_id])
    type_name = str(written.get("Type"))
    kind = resource_type(type_name)
    if kind is None and "[" in type_name:
        return f"CloudFormation has no type {type_name}"
    inside = replace(names, owner="")
    required = () if kind is None or kind.is_custom else kind.shape.required
    left: list[Left] = []
    properties = written.get("Properties") or {}
    if isinstance(properties, dict) and isinstance(properties.get("DefinitionString"), dict):
        properties = _with_definition(properties)
    if not isinstance(properties, dict) or tokens.is_intrinsic(properties):
        return "its properties are no mapping"
    known = {} if kind is None or kind.is_custom else {name.casefold(): name for name in kind.shape.properties}
    keywords: list[Item] = []
    others: list[Item] = []
    for name, value in properties.items():
        snake = words(str(name))
        is_keyword = known.get(snake.replace("_", "").casefold()) == name and snake not in keyword.kwlist
        origin = expansion.locate(("Resources", logical_id, "Properties", name))
        key = snake if is_keyword else str(name)
        make = partial(inside.entry, key, value, inside.source, keyword=is_keyword)
        item = said(make, f"{name} of {logical_id}", origin, left)
        if item is None and name in required:
            return left[-1].because
        if item is None:
            continue
        (keywords if is_keyword else others).append(item)
    options, further = _options(logical_id, written, expansion, inside)
    value = call(
        "resource",
        Item(quoted(type_name)),
        Item(Bracketed("{", tuple(others), "}")) if others else None,
        Item(quoted(logical_id), "logical_id="),
        *keywords,
        *options,
    )
    try:
        condition = inside.condition({"Condition": written["Condition"]}) if "Condition" in written else None
    except UnsayableError as error:
        return str(error)
    return ImportedResource(names.resources[logical_id], value, condition, (*left, *further))


def _with_definition(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The properties of a state machine whose definition SAM takes as an object: CloudFormation takes no null in it."""
    others = {name: value for name, value in properties.items() if name != "DefinitionString"}
    definition = properties["DefinitionString"]
    if tokens.is_intrinsic(definition):
        return dict(properties)
    text = json.dumps(definition, default=str)
    return {**others, **({"DefinitionString": text} if "null" in text else {"Definition": definition})}


def _options(
    logical_id: str, written: Mapping[str, Any], expansion: ExpandedTemplate, names: TemplateNames
) -> tuple[list[Item], list[Left]]:
    options: list[Item] = []
    left: list[Left] = []
    policy = written.get("DeletionPolicy")
    if policy is not None:
        options.append(Item(flat(names.source(policy)), "deletion_policy="))
    depends = written.get("DependsOn")
    targets = depends if isinstance(depends, list) else [depends] if depends else []
    attributes = [names.resources[name] for name in targets if name in names.resources]
    if attributes:
        source: Source = attributes[0] if len(attributes) == 1 else Bracketed("[", tuple(map(Item, attributes)), "]")
        options.append(Item(source, "depends_on="))
    for attribute in written:
        lost = attribute == "UpdateReplacePolicy" and written[attribute] != "Delete" and policy is None
        if attribute not in _READ_HERE or lost:
            origin = expansion.locate(("Resources", logical_id, attribute))
            left.append(Left(f"{attribute} of {logical_id}", "`resource` has no option for it", origin))
    return options, left


def _ordered(
    resources: Mapping[str, ImportedResource], expansion: ExpandedTemplate, renamed: Mapping[str, str]
) -> tuple[ImportedResource, ...]:
    """The resources, each after those that it refers to, else in the order of the template."""
    ordered: dict[str, ImportedResource] = {}
    entered: set[str] = set()

    def put(name: str) -> None:
        if name in entered:
            return
        entered.add(name)
        written = {key: value for key, value in expansion.resources[name].items() if key in ("Properties", "DependsOn")}
        depends = written.pop("DependsOn", ())
        targets = []
        for reference, _ in references(written, late=False):
            targets += [str(reference.target), renamed.get(f"{reference.target}.{reference.attribute}", "")]
            targets.append(renamed.get(str(reference.target), ""))
        for target in (*targets, *([depends] if isinstance(depends, str) else depends)):
            if target in resources:
                put(target)
        ordered[name] = resources[name]

    for name in resources:
        put(name)
    return tuple(ordered.values())


def _without_refused(function: ImportedFunction, refused: Mapping[tuple[str, str], str]) -> ImportedFunction:
    """A function without the arguments that a build refused."""
    kept: list[Item] = []
    left = list(function.left)
    for index, item in enumerate(function.arguments):
        part = item.prefix or str(index)
        why = refused.get((function.logical_id, part))
        if why is None:
            kept.append(_without_items(function, item, refused, left))
        else:
            left.append(Left(f"{item.prefix.rstrip('=') or 'a trigger'} of {function.logical_id}", why))
    return replace(function, arguments=tuple(kept), left=tuple(left))


def _without_items(
    function: ImportedFunction, item: Item, refused: Mapping[tuple[str, str], str], left: list[Left]
) -> Item:
    """A list of a function without the items that a build refused."""
    if not isinstance(item.value, Bracketed) or item.value.begin != "[":
        return item
    why = {index: refused.get((function.logical_id, f"{item.prefix}{index}")) for index in range(len(item.value.items))}
    name = item.prefix.rstrip("=")
    left += [Left(f"{name}[{index}] of {function.logical_id}", because) for index, because in why.items() if because]
    kept = tuple(entry for index, entry in enumerate(item.value.items) if not why[index])
    return replace(item, value=replace(item.value, items=kept))


def _outputs(
    parts: TemplateParts, names: TemplateNames, refused: Mapping[tuple[str, str], str]
) -> Iterator[ImportedResource]:
    """The outputs; one that is left has no attribute."""
    inside = replace(names, owner="")
    taken = {*_NOT_ATTRIBUTES, *names.resources.values()}
    for name in section(parts.template, "Outputs"):
        origin = parts.source.locate(("Outputs", name))
        left: list[Left] = []
        made = said(partial(_output, section(parts.template, "Outputs", name), inside), f"output {name}", origin, left)
        attribute = _unused(words(str(name)) or "output", taken)
        if ("resource", attribute) in refused:
            left.append(Left(f"output {name}", refused["resource", attribute], origin))
        if made is None or left:
            yield ImportedResource("", "", left=tuple(left))
        else:
            yield ImportedResource(attribute, *made)


def _output(written: Mapping[str, Any], names: TemplateNames) -> tuple[Source, str | None]:
    """An output, and the condition under which it is there."""
    value, only_if = _not_empty(written.get("Value"), names)
    export, description = section(written, "Export").get("Name"), written.get("Description")
    about = Item(quoted(description), "description=") if isinstance(description, str) and description else None
    exported = Item(names.text(export), "export=") if export is not None else None
    conditions = [names.condition({"Condition": written["Condition"]})] if "Condition" in written else []
    condition = " and ".join((*conditions, *([only_if] if only_if else []))) or None
    return call("output", Item(value), about, exported), condition


def _not_empty(value: Any, names: TemplateNames) -> tuple[Source, str | None]:
    """The value of an output, and the condition under which it is no empty text, which no output may be."""
    chosen = choice(value)
    if chosen is None or "" not in chosen.values:
        return names.text(value), None
    yes, no = chosen.values
    condition = names.condition({"Condition": chosen.condition})
    return names.text(no if yes == "" else yes), f"not {condition}" if yes == "" else condition


def _boundary(parts: TemplateParts, names: TemplateNames, left: list[Left]) -> Iterator[tuple[str, Source]]:
    """The permissions boundary, which an app has one of."""
    sources: list[Source] = []
    for name, declared in parts.functions.items():
        boundary = declared.properties.get("PermissionsBoundary")
        what, origin = f"PermissionsBoundary of {name}", declared.locate(declared.at("PermissionsBoundary"))
        source = said(partial(names.source, boundary), what, origin, left) if boundary is not None else None
        if source is not None and sources and source != sources[0]:
            left.append(Left(what, "all roles of an app have one boundary", origin))
        sources += [source] if source is not None else []
    if sources:
        yield "lambda_.iam.permissions_boundary", sources[0]


_HOISTED: Final = (
    "timeout", "memory_size", "runtime", "architectures", "ephemeral_storage", "vpc_config", "tracing", "layers",
    "log_retention", "environment",
)  # fmt: skip


def _shared_settings(functions: list[ImportedFunction]) -> tuple[list[tuple[str, Source]], list[ImportedFunction]]:
    """The settings that all functions have in common, and the functions without them."""
    if len(functions) < 2:  # noqa: PLR2004 - one function has nothing in common
        return [], functions
    shared: dict[str, Source] = {}
    for setting in _HOISTED:
        values = [[item for item in function.arguments if item.prefix == f"{setting}="] for function in functions]
        first = values[0]
        if first and all(value == first for value in values) and "Data." not in flat(first[0].value):
            shared[setting] = first[0].value
    prefixes = {f"{setting}=" for setting in shared}
    without = [
        replace(function, arguments=tuple(item for item in function.arguments if item.prefix not in prefixes))
        for function in functions
    ]
    return [(f"lambda_.function.{name}", value) for name, value in shared.items()], without


def _left_whole(parts: TemplateParts, names: TemplateNames) -> Iterator[Left]:
    """The resources that are left, each told once."""
    written = section(parts.template, "Resources")
    for name, why in names.left.items():
        type_name = written[name].get("Type") if name in written else names.types.get(name, f"{SAM}Api")
        yield Left(f"{name} ({type_name})", why, parts.expansion.locate(("Resources", name)))
