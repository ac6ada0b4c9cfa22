"""Synthesise the template: functions, their roles and log groups, triggers, job queues, shared resources."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from remit.app import FUNCTION_KEY, App, ExistingValue, Function, Grant, Output, Resource, Template
from remit.errors import Mistakes, Origin, few
from remit.iam import policy as iam
from remit.iam import tokens
from remit.resources.own_resources import own_resources
from remit.roles.assign import bind_text
from remit.roles.fit_quotas import fit
from remit.roles.policy_size import Sizes, own_policies
from remit.synthesis.app_wide_settings import with_app_wide_settings
from remit.synthesis.job_resources import job_resources, job_variables, worker_source
from remit.synthesis.publications import publication_resources
from remit.template.references import references
from remit.triggers.app_wide import apis
from remit.triggers.trigger import BaseTrigger, triggers_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from types import ModuleType

    from remit.holders import Holder

ARTEFACTS: Final = "remit-artefacts-${AWS::AccountId}-${AWS::Region}"
"""remit's bucket of the zips: one per account and region, so that one template serves them all."""
UNPACKAGED: Final = "not-packaged.zip"
"""The key that a template has which was built without packages; it cannot be deployed."""
_LAYER_NAME: Final = 70
"""Characters of a layer's name beside the stack's: 140 are the most ("PublishLayerVersion")."""
# The properties that a reader of the template looks for; the others follow by name.
_FIRST: Final = ("FunctionName", "Handler", "Runtime", "Architectures", "Code", "Role")


def synth(
    app: App, roles: tuple[Holder, ...], keys: Mapping[str, str] | None = None, bucket: str = ARTEFACTS
) -> Template:
    """The template of an app with its roles.

    `keys` has the artefact's key in `bucket` for each function's name, and for each layer's reference; `UNPACKAGED`
    stands for one that is not there.

    RemitError has everything for which there can be no such template.
    """
    mistakes = Mistakes()
    template, _ = draft(app, roles, mistakes, keys, bucket)
    mistakes.refuse()
    return template


class Draft(NamedTuple):
    """A template, as far as it can be made, and its roles: those that do not fit IAM's quotas minimised, or parted."""

    template: Template
    roles: tuple[Holder, ...]


def draft(
    app: App,
    roles: tuple[Holder, ...],
    mistakes: Mistakes,
    keys: Mapping[str, str] | None = None,
    bucket: str = ARTEFACTS,
) -> Draft:
    """Synthesise without what is wrong, which `mistakes` gets: the rest of the template can still be checked.

    A role that exceeds IAM's quotas is a mistake, and stays as it is; so do roles that were fitted before. `keys` as
    for `synth`.
    """
    shared = [*app.resources]
    if app.queues:
        shared += job_resources(app)
    works = _functions(app, roles, keys or {}, mistakes, bucket)
    if app.layers:
        works = [*_layers(app, keys or {}, bucket), *works]
    # A reference in a policy counts with the length of what it becomes, which the resources tell.
    sizes = Sizes(app.namespace, {resource.logical_id: resource for resource in (*shared, *works)})
    origins = {function.name: function.origin for function in app.functions}
    resources = [*shared]
    fitted_roles: list[Holder] = []
    for role in roles:
        fitted = role
        with mistakes.noted():  # one that exceeds IAM's quotas stays as it is
            fitted = fit(role, sizes)
        fitted_roles.append(fitted)
        origin = origins.get(role.functions[0]) if role.functions else None
        resources += _role(fitted, origin or role.origin)
    made = [*resources, *works]
    if any(resource.type == "AWS::SQS::QueuePolicy" for resource in works):
        from remit.synthesis.service_policies import merged_queue_policies  # noqa: PLC0415 - few triggers make one

        with mistakes.noted():
            made = merged_queue_policies(resources, works)
    if app.alarm_topic is not None:
        from remit.synthesis.alarms import app_alarms  # noqa: PLC0415 - few apps ask for alarms

        made += [*app_alarms(app, made, app.alarm_topic)]
    if app.resources:
        from remit.synthesis.service_policies import with_key_policies  # noqa: PLC0415 - of apps with keys of their own

        with mistakes.noted():
            made = with_key_policies(app, made)
    # What follows looks resources up by their ids.
    made = _one_of_each_id(made, mistakes)
    if any(resource.type == "AWS::Lambda::Permission" for resource in made):
        from remit.triggers.invoke_permission import fitted_permissions  # noqa: PLC0415 - Lambda polls most sources itself

        made = fitted_permissions(made)
    # Only what people write may make a circular dependency: resources, triggers, and statements about other resources.
    own_triggers = [each for runs in app.triggered for each in runs.triggers if not isinstance(each, BaseTrigger)]
    declared = tuple(grant for role in roles for grant in role.grants if grant.reason.kind != "computed")
    named = {reference.target for reference, _ in references(_document(declared), late=True)}
    if app.resources or own_triggers or not named.isdisjoint(resource.logical_id for resource in made):
        from remit.synthesis import circular_dependencies  # noqa: PLC0415 - many apps have neither

        # Whoever names a bucket no longer waits for it: fewer statements have to come later.
        made = circular_dependencies.buckets_by_name(made)
        made = circular_dependencies.with_later_policies(made, {role.logical_id for role in roles})
    all_resources = with_app_wide_settings(app, made)
    outputs = _outputs(app, mistakes)
    parameters: tuple[ExistingValue, ...] = ()
    if app.existing:  # those of them that the template refers to
        values = [*(resource.properties for resource in all_resources), *(output.value for output in outputs)]
        named = {reference.target for value in values for reference, _ in references(value, late=True)}
        parameters = tuple(existing for existing in app.existing if existing.parameter in named)
    return Draft(Template("Deployed by remit", all_resources, tuple(outputs), parameters), tuple(fitted_roles))


def _layers(app: App, keys: Mapping[str, str], bucket: str) -> Iterator[Resource]:
    """The version of each layer. A change makes another version, and the update deletes the one before at its end.

    Until then CloudFormation can roll back to it, and versions of functions keep a copy for as long as they are there
    ("DeleteLayerVersion", AWS Lambda API Reference). Retained, it would count among the 75 GB of a region's code.
    """
    for layer in app.layers:
        properties: dict[str, Any] = {
            "LayerName": f"${{AWS::StackName}}-{layer.logical_id[:_LAYER_NAME]}",
            "Content": {"S3Bucket": bucket, "S3Key": keys.get(layer.ref, UNPACKAGED)},
        }
        if layer.runtime:
            properties["CompatibleRuntimes"] = [layer.runtime]
            properties["CompatibleArchitectures"] = [layer.architecture]
        yield Resource(layer.logical_id, "AWS::Lambda::LayerVersion", properties, origin=layer.origin)


def _functions(
    app: App, roles: tuple[Holder, ...], keys: Mapping[str, str], mistakes: Mistakes, bucket: str = ARTEFACTS
) -> list[Resource]:
    """Functions with log groups and publications, what triggers need, and the APIs and workers behind them.

    A trigger or API that is wrong is noted in `mistakes`, and its resources are left out.
    """
    late_bound_arns = own_resources(app).late_bound_arns
    role_of = {name: role for role in roles for name in role.functions}
    app_apis = apis(app.functions)
    resources: list[Resource] = []
    is_log_group_made = False
    for function in app.functions:
        role = role_of.get(function.name)
        if not function.log_group and not is_log_group_made:
            is_log_group_made = function.shares_log_group  # which all functions do, or none
            log_group: dict[str, Any] = {"LogGroupName": function.log_group_name}
            if function.log_retention is not None:
                log_group["RetentionInDays"] = function.log_retention
            resources.append(Resource(function.log_group_id, "AWS::Logs::LogGroup", log_group, origin=function.origin))
        code = {"S3Bucket": bucket, "S3Key": keys.get(function.name, UNPACKAGED)}
        resource = _function(app, function, role, code, app_apis.get("websocket"))
        resources.append(resource)
        if function.publication is not None or function.event_invoke:
            resources += publication_resources(function, resource.properties)
        for trigger in function.triggers:
            with mistakes.noted():
                resources += _trigger_resources(trigger, trigger.resources(function), late_bound_arns)
        if function.queue is not None:
            resources += worker_source(app, function)
    for workflow, starter in triggers_of(app.workflows, BaseTrigger):
        with mistakes.noted():
            resources += _trigger_resources(starter, starter.resources(workflow), late_bound_arns)
    for api in app_apis.values():
        with mistakes.noted():
            for made in tuple(api.resources(app)):  # all of them or none, where one is wrong
                resources.append(replace(made, properties=_with_arns(made.properties, late_bound_arns)))
    return resources


def _trigger_resources(trigger: Any, made: Iterable[Resource], late_bound_arns: Mapping[str, str]) -> list[Resource]:
    """The resources of a trigger in a list, with ARNs of the app's own resources by Fn::GetAtt, and the trigger's line.

    All of them or none, where `made` raises an error. A resource of a trigger that is not remit's keeps its own line.
    """
    resources = []
    for resource in made:
        written = trigger.written if isinstance(trigger, BaseTrigger) else resource.origin
        resources.append(replace(resource, properties=_with_arns(resource.properties, late_bound_arns), origin=written))
    return resources


def _outputs(app: App, mistakes: Mistakes) -> list[Output]:
    """The outputs of the app, its triggers and its APIs, one of each name, the first.

    Two that differ under one name are a mistake, and so is an API whose outputs cannot be made.
    """
    declared = {(output.name, output.value) for output in app.outputs}
    offered = [output for runs in app.triggered for trigger in runs.triggers for output in trigger.outputs(runs)]
    others = [output for output in dict.fromkeys(offered) if (output.name, output.value) not in declared]
    outputs = [*app.outputs, *others]
    for api in apis(app.functions).values():
        with mistakes.noted():
            outputs += api.outputs(app)
    by_name: dict[str, Output] = {}
    for output in outputs:
        namesake = by_name.setdefault(output.name, output)
        if namesake is not output:
            problem = f"two outputs are both `{output.name}` in the template"
            hint = "rename the function or the shared output"
            mistakes.add(problem, hint=hint, origin=namesake.origin or output.origin)
    return list(by_name.values())


def _role(role: Holder, origin: Origin | None) -> Iterator[Resource]:
    """Yield the managed policies that a role needs beside its inline one, if any, and then the role.

    The role names them, not they the role: when it is there, everything is attached to it.
    """
    inline, *made = own_policies(role)
    policies = [
        Resource(
            policy.name,
            "AWS::IAM::ManagedPolicy",
            {"Description": f"A part of what {role.logical_id} may do", "PolicyDocument": _document(policy.grants)},
            origin=origin,
        )
        for policy in made
    ]
    yield from policies
    attached = [*role.managed, *(resource.ref for resource in policies)]
    properties: dict[str, Any] = {
        "Description": f"What {few(role.serves)} may do"[:1000],  # the most that IAM takes ("CreateRole")
        "AssumeRolePolicyDocument": iam.render(role.trust_policy),
    }
    if role.boundary is not None:
        properties["PermissionsBoundary"] = role.boundary
    if attached:
        properties["ManagedPolicyArns"] = attached
    if inline.grants:
        properties["Policies"] = [{"PolicyName": inline.name, "PolicyDocument": _document(inline.grants)}]
    yield Resource(role.logical_id, "AWS::IAM::Role", properties, origin=origin)


def _document(grants: tuple[Grant, ...]) -> dict[str, Any]:
    """The policy document of some grants, as IAM spells it."""
    return iam.render(iam.Policy(tuple(grant.statement for grant in grants)))


def _function(
    app: App, function: Function, role: Holder | None, code: dict[str, str], websocket: ModuleType | None
) -> Resource:
    """A function's resource; without a `role`, its properties bring one. `websocket`: the WebSocket API's module."""
    settings: dict[str, Any] = dict(function.properties)
    role_property: dict[str, Any] = {"Role": f"${{{role.logical_id}.Arn}}"} if role is not None else {}
    variables = dict(settings.pop("Environment", {}).get("Variables", {}))
    variables |= {"REMIT_STACK": "${AWS::StackId}", "REMIT_STAGE": app.stage}
    if app.stack_name:
        variables["REMIT_PROJECT"] = app.name
    if function.code:
        variables["REMIT_CODE"] = function.code  # so that what is told of a call names the project's file
    if app.queues:
        variables |= job_variables(app, function)
    if function.web is not None:
        variables["REMIT_WEB_APP"] = function.web.target
        if function.web.interface is not None:
            variables["REMIT_WEB_INTERFACE"] = function.web.interface
    if websocket is not None:
        variables |= websocket.endpoint_variable(function, () if role is None else role.grants)
    properties: dict[str, Any] = {
        "FunctionName": function.physical_name,
        "Handler": function.handler,
        "Code": code,
        **role_property,
        **settings,
        "Environment": {"Variables": variables},
        "LoggingConfig": {
            **settings.get("LoggingConfig", {}),
            "LogGroup": f"${{{function.log_group_id}}}",
        },
    }
    remaining_names = sorted(name for name in properties if name not in _FIRST)
    ordered = {name: properties[name] for name in (*_FIRST, *remaining_names) if name in properties}
    # Whoever reads the template finds the app's name of a function whose name in the account does not tell it.
    attributes: dict[str, Any] = {"Metadata": {FUNCTION_KEY: function.name}} if function.function_name else {}
    # A function refers to an access point, and is refused before its file system can be mounted.
    mount_targets = [resource.logical_id for resource in app.resources if resource.type == "AWS::EFS::MountTarget"]
    if mount_targets and "FileSystemConfigs" in settings:
        attributes["DependsOn"] = mount_targets
    return Resource(function.resource_id, "AWS::Lambda::Function", ordered, attributes, function.origin)


def _with_arns(value: Any, late_bound_arns: Mapping[str, str]) -> Any:
    """A property of a trigger's resource, with each ARN of the app's own resources by Fn::GetAtt."""
    if not late_bound_arns:
        return value
    return tokens.with_leaves(value, lambda leaf: bind_text(leaf, late_bound_arns) if isinstance(leaf, str) else leaf)


def _one_of_each_id(resources: list[Resource], mistakes: Mistakes) -> list[Resource]:
    """The resources by their logical ids, the first of each in its place.

    Any other is a mistake, told in `mistakes`.
    """
    by_id: dict[str, Resource] = {}
    for resource in resources:
        namesake = by_id.setdefault(resource.logical_id, resource)
        if namesake is resource:
            continue
        functions = _functions_of(resource, by_id)
        if namesake.type == resource.type and functions and functions == _functions_of(namesake, by_id):
            problem = f"two triggers of one function would both make `{resource.logical_id}` ({resource.type})"
            hint = "they have the same source: remove one of them"
            mistakes.add(problem, hint=hint, origin=resource.origin)
            continue
        types = f"{namesake.type} and {resource.type}"
        hint = "rename the function or the shared resource"
        if namesake.origin and namesake.origin != resource.origin:
            hint += f" at {namesake.origin}"
        mistakes.add(
            f"two resources are both `{resource.logical_id}` in the template: {types}",
            hint=f"{hint}, or choose another `logical_id=`",
            origin=resource.origin or namesake.origin,
        )
    return list(by_id.values())


def _functions_of(resource: Resource, by_id: Mapping[str, Resource]) -> frozenset[str]:
    """The functions of the template that a resource names, by their logical ids.

    `by_id` has the template's resources.
    """
    named = {str(reference.target) for reference, _ in references(dict(resource.properties), late=True)}
    return frozenset(name for name in named if name in by_id and by_id[name].type == "AWS::Lambda::Function")


def document(template: Template) -> dict[str, Any]:
    """The template as CloudFormation reads it: late-bound text becomes Ref, Fn::GetAtt and Fn::Sub, here alone.

    Parameters and Outputs are there only if there are some.
    """
    rendered: dict[str, Any] = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": template.description,
    }
    if template.parameters:
        rendered["Parameters"] = {
            value.parameter: {"Type": "String", "Description": f"{value.called}, which `remit deploy` looks up"}
            for value in template.parameters
        }
    rendered["Resources"] = {
        resource.logical_id: {
            "Type": resource.type,
            **resource.attributes,
            "Properties": intrinsics(dict(resource.properties)),
        }
        for resource in template.resources
    }
    if template.outputs:
        rendered["Outputs"] = {
            output.name: {
                **({"Description": output.description} if output.description else {}),
                "Value": intrinsics(output.value),
                **({"Export": {"Name": intrinsics(output.export)}} if output.export else {}),
            }
            for output in template.outputs
        }
    return rendered


def intrinsics(value: Any) -> Any:
    """A value with its late-bound text as intrinsic functions; intrinsics that the user wrote stay as they are."""
    return tokens.with_leaves(value, lambda leaf: tokens.to_intrinsic(leaf) if isinstance(leaf, str) else leaf)
