"""Check a template before anything is deployed: what AWS refuses, or accepts and means otherwise, stops here.

An emulator accepts most of these silently, and CloudFormation finds them minutes into a deploy.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from remit.catalogue.quotas import quota
from remit.catalogue.types import resource_type
from remit.errors import Mistakes, RemitError, few
from remit.iam import tokens
from remit.roles.assign import assign
from remit.synthesis.check_permissions import check_permissions
from remit.synthesis.check_references import check_cycles, check_references, check_value
from remit.synthesis.check_schema import check_type
from remit.synthesis.check_sources import check_source_name
from remit.synthesis.check_tables import TABLES, check_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from remit.app import App, Resource, Role, Template
    from remit.errors import Origin

_ACTION: Final = re.compile(r"\*|[A-Za-z0-9*?-]+:[A-Za-z0-9*?]+")


def check(template: Template, roles: tuple[Role, ...], app: App) -> None:
    """Raise RemitError for everything that a deploy would fail on, each at the line that wrote it.

    What depends on references that lead nowhere is not looked at.
    """
    _check_counts(template, roles, app)
    mistakes = Mistakes()
    _check_resources(template, app, mistakes)
    for role in roles:
        with mistakes.noted():
            _check_managed(role, app)
        with mistakes.noted():
            _check_actions(role)
    mistakes.refuse()


def check_properties(template: Template, app: App) -> None:
    """As `check`, of each resource by itself alone: for an app of which some declarations are missing."""
    mistakes = Mistakes()
    written = _written_properties(app)
    for resource in template.resources:
        with mistakes.noted():
            check_type(resource, written.get(resource.logical_id, {}))
        with mistakes.noted():
            check_source_name(resource)
    mistakes.refuse()


def _written_properties(app: App) -> dict[str, Mapping[str, Origin]]:
    """Which line wrote each property of the app's functions, by the functions' logical ids."""
    return {f"{function.logical_id}Function": function.written for function in app.functions}


def _check_resources(template: Template, app: App, mistakes: Mistakes) -> None:
    """Note what is wrong with each resource and output; cycles and permissions, once nothing is."""
    by_id = {resource.logical_id: resource for resource in template.resources}
    written = _written_properties(app)
    parameters = {value.parameter for value in template.parameters}
    targets: dict[str, tuple[str, ...]] = {}
    for resource in template.resources:
        with mistakes.noted():
            check_type(resource, written.get(resource.logical_id, {}))
        with mistakes.noted():
            targets[resource.logical_id] = check_references(resource, by_id, parameters)
        with mistakes.noted():
            check_source_name(resource)
        with mistakes.noted():
            _check_limits(resource, by_id)
    for output in template.outputs:
        with mistakes.noted():
            check_value(output.value, by_id, output, f"output {output.name}", parameters)
    _check_names(template.resources, mistakes)
    if mistakes.errors:
        return
    with mistakes.noted():
        check_cycles(targets, by_id)
    with mistakes.noted():
        check_permissions(template.resources, app.namespace)


def _check_names(resources: Iterable[Resource], mistakes: Mistakes) -> None:
    """Note each resource with the name of another of its type, where the name alone tells them apart."""
    by_name: dict[tuple[str, str], Resource] = {}
    for resource in resources:
        kind = resource_type(resource.type)
        if kind is None or kind.naming is None or not kind.is_unique_by_name:
            continue
        name = tokens.textual(resource.properties.get(kind.naming.property))
        if not isinstance(name, str):
            continue
        namesake = by_name.setdefault((resource.type, kind.naming.in_arn(name)), resource)
        if namesake is not resource:
            with mistakes.noted():
                raise RemitError(
                    f"`{resource.logical_id}` and `{namesake.logical_id}` are two {kind.called}s named {name!r}",
                    hint="rename one of them, or leave the name out: CloudFormation makes one",
                    origin=resource.origin or namesake.origin,
                )


def _check_limits(resource: Resource, by_id: Mapping[str, Resource]) -> None:
    """What Lambda refuses of a function's environment, or of what a queue runs; what DynamoDB does of keys."""
    if resource.type == "AWS::Lambda::Function":
        _check_environment(resource)
    elif resource.type == "AWS::Lambda::EventSourceMapping":
        _check_visibility(resource, by_id)
    elif resource.type in TABLES:
        check_table(resource)


def _check_counts(template: Template, roles: tuple[Role, ...], app: App) -> None:
    most = quota("cloudformation.template.resources").most
    count = len(template.resources)
    if count > most:
        counts = Counter(resource.type for resource in template.resources)
        by_type = ", ".join(f"{number} {kind}" for kind, number in counts.most_common())
        raise RemitError(
            f"the template has {count} resources; CloudFormation allows {most}: {by_type}",
            hint=_way_to_fewer(app, roles, count, most),
        )
    outputs = quota("cloudformation.template.outputs").most
    if len(template.outputs) > outputs:
        raise RemitError(f"the template has {len(template.outputs)} outputs; CloudFormation allows {outputs}")


def _way_to_fewer(app: App, roles: tuple[Role, ...], count: int, most: int) -> str:
    """What to do about a template of `count` resources, which may have `most`."""
    split = "split the app into two projects"
    shared_roles = assign(replace(app, share_roles=True))
    fewer = len(roles) - len(shared_roles)
    if fewer <= 0:
        return split
    setting = f"`config.lambda_.iam.share_roles = True` makes {len(shared_roles)} roles of these {len(roles)}"
    sharing = f"{setting}: functions whose access is identical share one"
    return sharing if count - fewer <= most else f"{split}; {sharing}, and {count - fewer} resources would be left"


def check_body(body: str) -> None:
    """Raise RemitError when the template's text (ASCII) is longer than CloudFormation takes."""
    size = len(body)
    limit = quota("cloudformation.template.s3").most
    if size > limit:
        raise RemitError(
            f"the template is {size:,} bytes; CloudFormation allows {limit:,}",
            hint="split the app into two projects",
        )


def _check_managed(role: Role, app: App) -> None:
    most = quota("iam.role.managed").most
    if len(role.managed) > most:
        raise RemitError(
            f"the role of {few(role.serves)} has {len(role.managed)} managed policies; IAM allows {most}",
            hint="grant what is used of them in a policy instead",
            origin=_owner(role, app),
        )


def _owner(role: Role, app: App) -> Origin | None:
    return next((function.origin for function in app.functions if function.name in role.functions), None)


def _check_actions(role: Role) -> None:
    for grant in role.grants:
        for action in grant.statement.actions.patterns:
            if not _ACTION.fullmatch(action):
                from remit.project.meant_items import hint_of_action  # noqa: PLC0415 - of mistakes alone

                raise RemitError(
                    f"{action!r} is not an action: IAM refuses the policy of {few(role.serves)}",
                    hint=hint_of_action(action),
                    origin=grant.origin,
                )


def _check_environment(resource: Resource) -> None:
    variables = resource.properties.get("Environment", {}).get("Variables", {})
    size = sum(len(str(name)) + len(str(value)) for name, value in variables.items())
    limit = quota("lambda.function.environment").most
    if size > limit:
        raise RemitError(
            f"the environment of `{resource.logical_id}` has {size:,} bytes; Lambda allows {limit:,}",
            hint="keep large values in a file of the package, or in Parameter Store",
            origin=resource.origin,
        )


def _check_visibility(mapping: Resource, by_id: Mapping[str, Resource]) -> None:
    """A queue must hide a message at least as long as its function may run, else Lambda refuses the mapping.

    Source: "Creating and configuring an Amazon SQS event source mapping" (AWS Lambda Developer Guide).
    """
    queue = by_id.get(str(mapping.properties.get("EventSourceArn")).removeprefix("${").removesuffix(".Arn}"))
    function = by_id.get(str(mapping.properties.get("FunctionName")).removeprefix("${").removesuffix("}"))
    if queue is None or queue.type != "AWS::SQS::Queue" or function is None:
        return
    hidden, runs = queue.properties.get("VisibilityTimeout", 30), function.properties.get("Timeout", 3)
    if isinstance(hidden, int) and isinstance(runs, int) and hidden < runs:
        raise RemitError(
            f"queue `{queue.logical_id}` hides a message for {hidden} s, but `{function.logical_id}` may run {runs} s",
            hint=f"Lambda refuses that: visibility_timeout={6 * runs} is what AWS advises",
            origin=queue.origin or mapping.origin,
        )
