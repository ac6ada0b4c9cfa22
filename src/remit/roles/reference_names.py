"""Values of late-bound references once the stack is there: ARNs and names, as far as they can be foretold.

A resource that is not named in the template gets a name of CloudFormation's making, `STACK-LogicalId-RANDOM`; here a
`*` stands for the random part. Source: "Name type" (CloudFormation User Guide).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from remit.app import App, Resource
from remit.catalogue.arns import parse
from remit.catalogue.types import REF, ResourceType, late_bound, lowered, resource_type
from remit.errors import RemitError
from remit.iam import tokens
from remit.iam.policy import Globs, Policy, Statement
from remit.roles.defaults import JOB_MARKS, JOB_SCHEDULES, dead_letter_id, job_scheduler_id, queue_id

_STACK: Final = "arn:${AWS::Partition}:cloudformation:${AWS::Region}:${AWS::AccountId}:stack/%s/*"


def names_of(app: App) -> dict[str, str]:
    """What each reference of an app's roles will be, by its text; those that cannot be foretold are left out."""
    return names_in(app.namespace, resources_of(app))


def resources_of(app: App) -> tuple[Resource, ...]:
    """The resources that an app's roles refer to: its own, its functions, their log groups, the queues of its jobs."""
    resources = [*app.resources]
    for function in app.functions:
        name = function.physical_name
        if not function.log_group:
            log_group = {"LogGroupName": function.log_group_name}
            resources.append(Resource(function.log_group_id, "AWS::Logs::LogGroup", log_group))
        resources.append(Resource(function.resource_id, "AWS::Lambda::Function", {"FunctionName": name}))
        if function.publication is not None:
            alias = {"FunctionName": name, "Name": function.publication.alias}
            resources.append(Resource(f"{function.logical_id}Alias", "AWS::Lambda::Alias", alias))
    for queue in app.queues:
        resources.append(Resource(queue_id(queue.name), "AWS::SQS::Queue", {}))
        resources.append(Resource(dead_letter_id(queue.name), "AWS::SQS::Queue", {}))
        resources.append(Resource(job_scheduler_id(queue.name), "AWS::IAM::Role", {}))
    if app.queues:
        resources.append(Resource(JOB_MARKS, "AWS::DynamoDB::Table", {}))
        resources.append(Resource(JOB_SCHEDULES, "AWS::Scheduler::ScheduleGroup", {}))
    return tuple(resources)


def names_in(stack: str, resources: Iterable[Resource]) -> dict[str, str]:
    """What each reference to the resources of a stack will be, by its text; those that cannot be foretold are left out.

    The `stack` is a name, or `*` where nobody knows it.
    """
    names = {"${AWS::StackName}": stack, "${AWS::StackId}": _STACK % stack}
    for resource in resources:
        kind = resource_type(resource.type)
        if kind is None or kind.naming is None:
            continue
        # What a given name takes from a parameter or another resource stays in it as a reference.
        name: str | None = _written_text(resource, kind.naming.property, stack)
        if not name:
            name = next(reversed(kind.naming.generated_names(stack, resource.logical_id)), None)
        elif kind.naming.is_lower:
            name = lowered(name)
        if name is None:
            continue
        path = _text(resource, kind.naming.path, stack) or ""
        value_at = partial(_text, resource, stack=stack)
        arn = kind.arn_named(kind.naming.in_arn(name, path), tokens.PLACE, value_at)
        if arn is not None:
            names.update(arn_references(resource, kind, arn))
        if kind.has_name_as_ref:
            names[late_bound(resource.logical_id, REF)] = name
        for attribute in kind.name_attributes:
            names[late_bound(resource.logical_id, attribute)] = name
    return names


def arn_references(
    resource: Resource, kind: ResourceType, arn: str, stream_label: str = "*"
) -> Iterator[tuple[str, str]]:
    """Yield the references that give a resource's ARN, or that of its stream, each with what it gives."""
    for way in kind.arn_from:
        yield late_bound(resource.logical_id, way), f"{arn}{kind.arn_end(way)}"
    if kind.stream and kind.stream not in kind.arn_from:
        yield late_bound(resource.logical_id, kind.stream), f"{arn}/stream/{stream_label}"


def _text(resource: Resource, path: str, stack: str) -> str | None:
    """The text of a property, but for where the stack is; None: there is none, or it refers to other resources."""
    text = _written_text(resource, path, stack)
    is_open = any(part.target is None or "::" not in part.target for part in references(text))
    return None if not text or is_open else text


def _written_text(resource: Resource, path: str, stack: str) -> str:
    """The text of a property, with the stack's name put in, and `*` for what is made of its id; empty without one."""
    value: object = resource.properties
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    text = tokens.textual(value)
    if not isinstance(text, str):
        return ""
    of_the_stack = {part.text: "*" for part in references(text) if "AWS::StackId" in part.text}
    return fill_references(text, {**of_the_stack, "${AWS::StackName}": stack})


def arn_of(kind: str, name: str) -> str | None:
    """The ARN that `Fn::GetAtt` gives for a resource of a type, by its name in the account; None: not foretold.

    Partition, region and account stand in it as references.
    """
    if name.startswith("arn:"):
        return name
    row = resource_type(kind)
    if row is None or row.arn is None:
        return None
    bare = name.rpartition("/")[2] if row.ref == "url" else name  # which a queue's URL ends with
    arn = None if row.naming is None else row.arn_named(row.naming.in_arn(bare), tokens.PLACE, lambda _: None)
    paths = dict(row.arn.properties)
    if arn is None and row.ref == "name" and tuple(map(paths.get, row.arn.variables)) == row.ref_of[:1]:
        arn = row.arn.filled({**tokens.PLACE, row.arn.variables[0]: name})  # an id, such as a key's or a user pool's
    return None if arn is None else f"{arn}{row.arn_end(row.arn_from[0]) if row.arn_from else ''}"


def fill_references(text: str, names: Mapping[str, str]) -> str:
    """A text with the values of its references, by their texts (`${AWS::Region}`); unknown ones stay."""
    if not names or not references(text):
        return text
    return "".join(part if isinstance(part, str) else names.get(part.text, part.text) for part in tokens.split(text))


def references(text: str) -> tuple[tokens.Reference, ...]:
    """The references in a text that somebody typed or pasted; none in a text that is not well formed."""
    try:
        return tokens.references(text)
    except RemitError:
        return ()


def place_of(text: str) -> dict[str, str]:
    """The partition, region and account of an ARN as a place has them; empty of any other text."""
    arn = parse(text)
    if arn is None:
        return {}
    return {tokens.PARTITION: arn.partition, tokens.REGION: arn.region, tokens.ACCOUNT: arn.account}


def put_texts(statement: Statement, put: Callable[[str], str]) -> Statement:
    """The statement with each text of its resources, principals and conditions replaced; equal resources stand once."""
    resources, principals = statement.resources, statement.principals
    if resources is not None:
        resources = Globs(tuple(dict.fromkeys(map(put, resources.patterns))), resources.negated)
    if principals is not None:
        principals = replace(principals, patterns=tuple((kind, put(text)) for kind, text in principals.patterns))
    conditions = tuple(
        replace(condition, values=tuple(map(put, condition.values))) for condition in statement.conditions
    )
    return replace(statement, principals=principals, resources=resources, conditions=conditions)


def fill_statement(statement: Statement, names: Mapping[str, str]) -> Statement:
    """A statement with the values of its references in actions, resources and conditions; unknown ones stay."""
    return replace(fill_statement_with_principals(statement, names), principals=statement.principals)


def fill_policy(policy: Policy, names: Mapping[str, str]) -> Policy:
    """The policy with its statements filled by `fill_statement`."""
    return replace(policy, statements=tuple(fill_statement(statement, names) for statement in policy.statements))


def fill_statement_with_principals(statement: Statement, names: Mapping[str, str]) -> Statement:
    """A statement with the values of its references, also of those in principals; unknown ones stay."""
    filled = put_texts(statement, lambda text: fill_references(text, names))
    if any("${" in text for text in filled.actions.patterns):
        patterns = tuple(fill_references(text, names) for text in filled.actions.patterns)
        filled = replace(filled, actions=Globs(patterns, filled.actions.negated))
    return filled


def fill_policy_with_principals(policy: Policy, names: Mapping[str, str]) -> Policy:
    """A policy whose statements are filled, principals as well."""
    statements = tuple(fill_statement_with_principals(statement, names) for statement in policy.statements)
    return replace(policy, statements=statements)
