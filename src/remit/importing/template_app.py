"""A template of SAM's or CloudFormation's as an app: its functions with their triggers, and all other resources."""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final

from remit.catalogue.types import resource_type
from remit.errors import RemitError
from remit.iam import tokens
from remit.importing.access import denies, policies_of_roles
from remit.importing.api_routes import FORMS as API_FORMS
from remit.importing.api_routes import KEEPS_OUT, apis_of
from remit.importing.app_model import (
    ImportedApp,
    Leftovers,
    PythonStatement,
    SourceTemplate,
    referred_to,
    value_at_path,
)
from remit.importing.events import NEEDS_OWN
from remit.importing.functions import (
    FunctionReader,
    TemplateParts,
    code_of,
    depends_on,
    layers_of,
    own_log_group,
    why_not,
)
from remit.importing.parameters import constants_of
from remit.importing.python_text import Bracketed, Item, call, flat, quoted
from remit.importing.template_values import TemplateNames, unused, words
from remit.project.settings import FunctionSection
from remit.resources.names import logical as logical_id_of
from remit.template.loops import unrolled
from remit.template.references import references
from remit.template.sam.expand import ExpandedTemplate, expanded
from remit.template.sam.resources import SamResource
from remit.template.sections import section
from remit.template.written_template import SAM

_FUNCTION: Final = "AWS::Lambda::Function"
_LOG_GROUP: Final = "AWS::Logs::LogGroup"
_NOT_ATTRIBUTES: Final = frozenset((*keyword.kwlist, "resources", "outputs", "lookup"))
_ATTRIBUTES: Final = frozenset({
    "Condition", "DeletionPolicy", "DependsOn", "Description", "Metadata", "Properties", "Type", "UpdateReplacePolicy",
    "Version",
})  # fmt: skip
"""What may stand beside the properties of a resource, and is read here."""
_REFERABLE: Final = {
    "AWS::ApiGateway::Deployment": "Deployment",
    "AWS::ApiGateway::Stage": "Stage",
    "AWS::ApiGatewayV2::Stage": "Stage",
}
"""What SAM lets a template call the parts of an API: `Api.Stage`."""
_NO_FORM: Final = ("Application", "CapacityProvider", "Connector", "GraphQLApi")
"""SAM's types that no resource stands for."""
_OF_CDK: Final = {"Parameters": "BootstrapVersion", "Conditions": "CDKMetadataAvailable", "Resources": "CDKMetadata"}
"""What CDK adds to each template for itself alone."""


def app_of(source: SourceTemplate, refused: Mapping[str, str] | None = None) -> ImportedApp:
    """The app that a template declares. RemitError at the line: a declaration that cannot be read.

    `refused` are constructs of it that a build refused, with its message: they are left.
    """
    leftovers = Leftovers(refused)
    for left in source.left:
        leftovers.add(left.what, left.because, left.origin)
    parts = _taken_apart(source, _readable(source, leftovers))
    constants, names, to_fill_in = constants_of(parts.template, source.locate, leftovers)
    names = _with_names(parts, names)
    names = names.without({name: why for name in names.types if (why := leftovers.refused.get(parts.part(name)))})
    names, resources = _settled_resources(parts, names)
    present = [declared for name, declared in parts.functions.items() if name not in names.left]
    parts, boundary = _with_boundary(parts, names)
    shared, functions = _shared_settings([FunctionReader(declared, parts, names).statement() for declared in present])
    settings = [*(leftovers.convert(partial(replace, setting), setting.name, None) for setting in shared), *boundary]
    for name, value, origin in parts.apis.settings(leftovers):
        converted = leftovers.convert(partial(names.source, value), f"config.{name}", origin)
        if converted is not None:
            settings.append(PythonStatement(converted, f"config.{name}", f"config.{name}"))
    outputs = tuple(_outputs(parts, names))
    for name, why in names.left.items():
        leftovers.add(parts.part(name), why, parts.expansion.locate(("Resources", name)))
    gone = {parts.part(name) for name in names.left}
    seen = [what for what, part in leftovers.seen.items() if part not in gone]
    return ImportedApp(
        source.name,
        source.file,
        constants,
        tuple(setting for setting in settings if setting is not None),
        tuple(functions),
        (*resources, *outputs),
        (*parts.layers.values(), *(code_of(declared, source) for declared in present)),
        tuple(left for left in leftovers.found if left.part not in gone),
        source.further + len(constants) + len(resources) + len(functions) + len(seen),
        to_fill_in,
    )


def _readable(source: SourceTemplate, leftovers: Leftovers) -> dict[str, Any]:
    """The template with its loops unrolled, and without CDK's own parts; a resource without a Type is left."""
    resources = dict(section(source.template, "Resources"))
    for name in list(resources):
        is_loop = str(name).startswith("Fn::ForEach")
        if not is_loop and not isinstance(section(resources[name]).get("Type"), str):
            leftovers.add(str(name), "it has no Type", source.locate(("Resources", name)))
            del resources[name]
    template = {**source.template, "Resources": resources}
    for part, name in _OF_CDK.items():
        if part in template:
            template[part] = {key: item for key, item in section(template, part).items() if key != name}
    return dict(unrolled(template, {}).template)


def _taken_apart(source: SourceTemplate, template: Mapping[str, Any]) -> TemplateParts:
    """The parts of a template, whose log groups of functions have the names by which remit knows them.

    RemitError at the line: a declaration cannot be read.
    """
    expansion = expanded(template, source.locate)
    declared = {resource.logical_id: resource for resource in expansion.declared}
    functions: dict[str, SamResource] = {}
    for name in section(template, "Resources"):
        resource = section(expansion.resources.get(name))
        if resource.get("Type") == _FUNCTION:
            function = declared.get(name) or SamResource(name, _FUNCTION, {}, resource, source.locate)
            properties = {**function.properties, **section(resource, "Properties")}
            functions[name] = replace(function, properties=properties)
    roles = _lifted_roles(template, functions, expansion)
    function_names = _function_names(functions, expansion, roles)
    layers = layers_of(expansion.declared, source)
    named = _with_log_groups(template, functions, function_names)
    return TemplateParts(source, named, expansion, functions, apis_of(expansion), roles, function_names, layers)


def _lifted_roles(
    template: Mapping[str, Any], functions: Mapping[str, SamResource], expansion: ExpandedTemplate
) -> dict[str, str]:
    """The logical id of the role, by function, for functions that take over its access.

    Those are roles that SAM makes, and roles of the template without a boundary that nothing else refers to.
    """
    resources = section(template, "Resources")
    policies = policies_of_roles(resources)
    elsewhere = {
        reference.target
        for reference, path in references({**resources, "": template.get("Outputs")}, late=False)
        if path[0] not in policies and (path[0] not in functions or path[1:3] != ("Properties", "Role"))
    }
    lifted: dict[str, str] = {}
    for name, function in functions.items():
        role = referred_to(function.properties.get("Role"))
        is_role = section(resources.get(role)).get("Type") == "AWS::IAM::Role"
        is_bounded = "PermissionsBoundary" in section(resources.get(role), "Properties")
        if role in expansion.made or (is_role and role not in elsewhere and not is_bounded):
            lifted[name] = role
    return lifted


def _with_log_groups(
    template: Mapping[str, Any], functions: Mapping[str, SamResource], function_names: Mapping[str, str]
) -> dict[str, Any]:
    """The template, in which each function's own log group is named by the function: `/aws/lambda/` and its name.

    It is a function's own if its LogGroupName refers to the function, or has none and the function logs into it.
    """
    resources = dict(section(template, "Resources"))
    groups = [name for name, resource in resources.items() if section(resource).get("Type") == _LOG_GROUP]
    for name, function in functions.items():
        chosen = referred_to(value_at_path(function.properties, "LoggingConfig.LogGroup"))
        own_name = own_log_group(function, function_names[name])
        for group in groups:
            properties = section(resources[group], "Properties")
            written = tokens.text_of(properties.get("LogGroupName"))
            if written == f"/aws/lambda/${{{name}}}" or (group == chosen and "LogGroupName" not in properties):
                resources[group] = {**resources[group], "Properties": {**properties, "LogGroupName": own_name}}
    return {**template, "Resources": resources}


def _with_names(parts: TemplateParts, names: TemplateNames) -> TemplateNames:
    """The names, with those of all resources that become attributes of the class, and of what remit names itself.

    Functions and APIs that remit cannot have, and SAM's types without a form, are in its `left`, with the reason.
    """
    expansion, functions = parts.expansion, parts.functions
    left = {name: why for name, function in functions.items() if (why := why_not(function)) is not None}
    for name, api in parts.apis.as_they_are.items():
        if any(api.properties.get(key) for key in KEEPS_OUT):
            left[name] = "whom it lets in, SAM would write into its document"
    kinds = {resource.logical_id: resource.kind for resource in expansion.declared}
    for name, kind in kinds.items():
        if kind in API_FORMS and name not in parts.apis.declared and name not in parts.apis.as_they_are:
            left[name] = "an app has one API of a kind"
        if kind in _NO_FORM:
            left[name] = "remit has no nested stacks" if kind == "Application" else "remit has no form for it"
    lifted = set(parts.roles.values())
    lifted |= {policy for policy, role in policies_of_roles(expansion.resources).items() if role in lifted}
    attributes: dict[str, str] = {}
    renamed = {role: f"{logical_id_of(parts.function_names[function])}Role" for function, role in parts.roles.items()}
    renamed |= parts.apis.renamed()
    taken: set[str] = set(_NOT_ATTRIBUTES)
    for name, resource in expansion.resources.items():
        maker = str(expansion.origins.get(("Resources", name), ("", name))[1])
        if maker in parts.apis.as_they_are and resource["Type"] in _REFERABLE:
            renamed[f"{maker}.{_REFERABLE[resource['Type']]}"] = name
        # What SAM makes of a function or of an API is none of the app's own.
        is_own = kinds.get(maker) in (None, "SimpleTable", "StateMachine") or maker in parts.apis.as_they_are
        if is_own and not left.keys() & {name, maker} and name not in lifted and name not in functions:
            attributes[name] = unused(words(name) or "resource", taken)
    for function, name in parts.function_names.items():
        alias = functions[function].properties.get("AutoPublishAlias")
        renamed |= dict.fromkeys((f"{function}.Alias", f"{function}Alias{alias}"), f"{logical_id_of(name)}Alias")
        renamed[f"{function}Url"] = f"{logical_id_of(name)}Url"
    layers = [name for name, kind in kinds.items() if kind == "LayerVersion"]
    renamed |= {layer: f"{logical_id_of(f'layers_{words(layer)}')}Layer" for layer in layers}
    return replace(
        names,
        resources=attributes,
        types={name: str(resource.get("Type")) for name, resource in expansion.resources.items()},
        renamed=renamed,
        left=left,
        texts=frozenset({*tokens.PSEUDO, *functions, *renamed.values()}),
    )


def _function_names(
    functions: Mapping[str, SamResource], expansion: ExpandedTemplate, roles: Mapping[str, str]
) -> dict[str, str]:
    """A name for each function, by logical id, of which remit makes logical ids that the template has not.

    It is the id in snake_case without `Function`, cut at 40 signs; no two are equal.
    """
    ids = {name for name in expansion.resources if name not in roles.values()}
    function_names: dict[str, str] = {}
    taken: set[str] = set()
    for logical_id, function in functions.items():
        kept = logical_id.removesuffix("Function")
        if kept.endswith("Lambda"):  # Serverless spells a sign in the name of a function: `GetDashorderLambdaFunction`
            kept = re.sub(r"(?<=[a-z0-9])(Dash|Underscore)(?=[a-z0-9])", "_", kept.removesuffix("Lambda"))
        name = words(kept) or "main"
        own_group = referred_to(value_at_path(function.properties, "LoggingConfig.LogGroup"))
        own_name = value_at_path(expansion.resources, f"{own_group}.Properties.LogGroupName")
        if own_name is not None and "FunctionName" not in function.properties:
            own_group = ""  # it is named after something else
        while {f"{logical_id_of(name)}Role", f"{logical_id_of(name)}LogGroup"} & (ids - {own_group}):
            name = f"{name}_function"
        function_names[logical_id] = unused(name[:40], taken)
    return function_names


def _settled_resources(parts: TemplateParts, names: TemplateNames) -> tuple[TemplateNames, list[PythonStatement]]:
    """The names and the resources that remain when those without a form, and all that refer to these, are left.

    Nothing is raised: `names.left` has the reasons.
    """
    present = [function for name, function in parts.functions.items() if name not in names.left]
    by_hand = {event.path: event for function in present for event in parts.by_hand(function, names)}
    attributes = dict(names.resources)
    taken = {*_NOT_ATTRIBUTES, *attributes.values()}
    for path, maker in parts.expansion.origins.items():
        if maker in by_hand and path[:1] == ("Resources",) and path[1:] and not path[2:]:
            attributes.setdefault(str(path[1]), unused(words(str(path[1])), taken))
    names = replace(names, resources=attributes)
    # SAM writes notifications into a bucket or a pool: a trigger does that itself.
    linked = {referred_to(event.properties.get(NEEDS_OWN.get(event.type, ""))) for event in by_hand.values()}
    written = {
        name: resource
        for name, resource in section(parts.template, "Resources").items()
        if name not in linked and not str(resource.get("Type")).startswith(SAM)
    }
    written = {**parts.expansion.resources, **written}
    while True:
        statements: dict[str, PythonStatement] = {}
        gone = _unprotected(written, names)
        for name in names.resources:
            try:
                statements[name] = _resource(name, written[name], parts, names.inside)
            except RemitError as error:
                gone[name] = error.message
        if not gone:
            return names, _ordered(statements, written, names.renamed)
        names = names.without(gone)


def _unprotected(written: Mapping[str, Any], names: TemplateNames) -> dict[str, str]:
    """The resources to which a policy denies access that is left."""
    return {
        str(reference.target): f"{name} is left, which denies access to it"
        for name in names.left
        if str(section(written.get(name)).get("Type")).endswith("Policy") and "Deny" in str(written[name])
        for reference, path in references(written[name].get("Properties"), late=False)
        if "Policy" not in str(path) and reference.target in names.resources
    }


def _resource(
    logical_id: str, written: Mapping[str, Any], parts: TemplateParts, names: TemplateNames
) -> PythonStatement:
    """A resource as a call of `resource`.

    A property that has no form is left, but RemitError where the type requires it or where it denies or limits access.
    """
    type_name = str(written.get("Type"))
    kind = resource_type(type_name)
    if kind is None and "[" in type_name:
        raise RemitError(f"CloudFormation has no type {type_name}")
    properties = written.get("Properties") or {}
    if not isinstance(properties, dict) or tokens.is_intrinsic(properties):
        raise RemitError("its properties are no mapping")
    shape = None if kind is None or kind.is_custom else kind.shape
    known = {} if shape is None else {name.casefold(): name for name in shape.properties}
    part = parts.part(logical_id)
    keywords: list[Item] = []
    others: list[Item] = []
    for name, value in _with_definition(properties).items():
        snake = words(str(name))
        is_keyword = known.get(snake.replace("_", "").casefold()) == name and snake not in keyword.kwlist
        make = partial(names.entry, snake if is_keyword else str(name), value, names.source, keyword=is_keyword)
        is_required = name in _LIMITS or (shape is not None and name in shape.required)
        if is_required or denies(value, parts.expansion.resources):
            item: Item | None = make()
        else:
            origin = parts.expansion.locate(("Resources", logical_id, "Properties", name))
            item = names.leftovers.convert(make, f"{name} of {logical_id}", origin, part)
        if item is not None:
            (keywords if is_keyword else others).append(item)
    policy = written.get("DeletionPolicy")
    for attribute in written:
        is_lost = attribute == "UpdateReplacePolicy" and written[attribute] != "Delete" and policy is None
        if attribute not in _ATTRIBUTES or is_lost:
            origin = parts.expansion.locate(("Resources", logical_id, attribute))
            names.leftovers.add(f"{attribute} of {logical_id}", "`resource` has no option for it", origin, part)
    depends = [Item(names.resources[name]) for name in depends_on(written) if name in names.resources]
    awaited = depends[0].value if len(depends) == 1 else Bracketed("[", tuple(depends), "]")
    value = call(
        "resource",
        Item(quoted(type_name)),
        Item(Bracketed("{", tuple(others), "}")) if others else None,
        Item(quoted(logical_id), "logical_id="),
        *keywords,
        Item(flat(names.source(policy)), "deletion_policy=") if policy is not None else None,
        Item(awaited, "depends_on=") if depends else None,
    )
    condition = names.condition({"Condition": written["Condition"]}) if "Condition" in written else None
    return PythonStatement(value, names.resources[logical_id], part, condition)


def _with_definition(properties: dict[str, Any]) -> dict[str, Any]:
    """The properties of a state machine whose definition SAM takes as an object: CloudFormation takes no null in it."""
    definition = properties.get("DefinitionString")
    if not isinstance(definition, dict) or tokens.is_intrinsic(definition):
        return properties
    others = {name: value for name, value in properties.items() if name != "DefinitionString"}
    text = json.dumps(definition, default=str)
    return {**others, **({"DefinitionString": text} if "null" in text else {"Definition": definition})}


def _ordered(
    statements: Mapping[str, PythonStatement], written: Mapping[str, Any], renamed: Mapping[str, str]
) -> list[PythonStatement]:
    """The resources, each after those that it refers to or waits for, else in the order of the template."""
    ordered: dict[str, PythonStatement] = {}
    entered: set[str] = set()

    def put(name: str) -> None:
        """Add a resource after those that it refers to; once, so that a circle ends."""
        if name not in statements or name in entered:
            return
        entered.add(name)
        for reference, _ in references(written[name].get("Properties"), late=False):
            target = str(reference.target)
            for named in (target, renamed.get(f"{target}.{reference.attribute}", ""), renamed.get(target, "")):
                put(named)
        for target in depends_on(written[name]):
            put(target)
        ordered[name] = statements[name]

    for name in statements:
        put(name)
    return list(ordered.values())


def _outputs(parts: TemplateParts, names: TemplateNames) -> Iterator[PythonStatement]:
    """Yield the outputs, each under a name that no resource has; one without a form is left."""
    taken = {*_NOT_ATTRIBUTES, *names.resources.values()}
    for name, written in section(parts.template, "Outputs").items():
        attribute = unused(words(str(name)) or "output", taken)
        make = partial(_output, attribute, f"output {name}", section(written), names.inside)
        output = names.leftovers.convert(make, f"output {name}", parts.source.locate(("Outputs", name)))
        if output is not None:
            yield output


def _output(attribute: str, what: str, written: Mapping[str, Any], names: TemplateNames) -> PythonStatement:
    """An output. RemitError: it has no form here."""
    export, description = section(written, "Export").get("Name"), written.get("Description")
    value = call(
        "output",
        Item(names.text(written.get("Value"))),
        Item(quoted(description), "description=") if isinstance(description, str) and description else None,
        Item(names.text(export), "export=") if export is not None else None,
    )
    condition = names.condition({"Condition": written["Condition"]}) if "Condition" in written else None
    return PythonStatement(value, attribute, what, condition)


def _with_boundary(parts: TemplateParts, names: TemplateNames) -> tuple[TemplateParts, list[PythonStatement]]:
    """The parts as the app's one permissions boundary changes them, and its setting; [] if no function has one.

    Functions with another boundary than the first keep no policies; none with any does if it cannot be said. What is
    left is noted in `names`.
    """
    key, setting = "PermissionsBoundary", "config.lambda_.iam.permissions_boundary"
    bounded = [function for function in parts.functions.values() if function.properties.get(key) is not None]
    roles, settings = dict(parts.roles), list[PythonStatement]()
    for function in bounded:
        own, name = function.properties[key], function.logical_id
        origin = parts.expansion.locate(function.at(key))
        if function is bounded[0]:
            converted = names.leftovers.convert(partial(names.source, own), setting, origin)
            settings = [] if converted is None else [PythonStatement(converted, setting, setting)]
        if not settings or own != bounded[0].properties[key]:
            because = "all roles of an app have one boundary, and without it they would allow more"
            names.leftovers.add(f"policies of {name}", because, origin, parts.part(name))
            roles[name] = ""
    return replace(parts, roles=roles), settings


_LIMITS: Final = frozenset({
    "AccessPolicies", "AdminCreateUserConfig", "ApiKeyRequired", "AuthorizationScopes", "AuthorizationType",
    "AuthorizerId", "Condition", "DisableExecuteApiEndpoint", "EndpointConfiguration", "EventSourceToken",
    "FileSystemPolicy", "FunctionUrlAuthType", "IdentityValidationExpression", "InvokedViaFunctionUrl", "KeyPolicy",
    "MutualTlsAuthentication", "OrganizationId", "PermissionsBoundary", "Policy", "PolicyDocument", "PrincipalOrgID",
    "PublicAccessBlockConfiguration", "PubliclyAccessible", "ResourcePolicy", "Scheme", "SecurityGroupEgress",
    "SourceAccount", "SourceArn", "VpcConfiguration",
})  # fmt: skip
"""Properties without which a resource would be more open: it is left rather than one of them."""
_HOISTED: Final = frozenset(f"{name}=" for name in FunctionSection.names())


def _shared_settings(functions: list[PythonStatement]) -> tuple[list[PythonStatement], list[PythonStatement]]:
    """The settings that all functions have in common, in the order of the first, and the functions without them."""
    calls = [function.value for function in functions if isinstance(function.value, Bracketed)]
    common = [
        item
        for item in (calls[0].items if len(calls) > 1 else ())  # one function has nothing in common
        if item.prefix in _HOISTED and all(item in call.items for call in calls) and "Data." not in flat(item.value)
    ]
    names = [f"config.lambda_.function.{item.prefix.removesuffix('=')}" for item in common]
    settings = [PythonStatement(item.value, name, name) for name, item in zip(names, common, strict=True)]
    without = [replace(call, items=tuple(item for item in call.items if item not in common)) for call in calls]
    return settings, [replace(function, value=call) for function, call in zip(functions, without, strict=True)]
