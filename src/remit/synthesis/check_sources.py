"""Check names that AWS refuses, and services that call a function without a permission."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.resource_names import NAME_RULES, broken_rule
from remit.errors import RemitError
from remit.iam import tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from remit.app import Resource
    from remit.catalogue.resource_names import NameRule

_FIFO: Final = ".fifo"
_FIFO_PROPERTIES: Final = {"AWS::SQS::Queue": "FifoQueue", "AWS::SNS::Topic": "FifoTopic"}
_REFERENCE: Final = re.compile(r"\$\{([A-Za-z0-9]+)(?:\.[A-Za-z0-9.]+)?\}")
_BY_HAND: Final[Mapping[str, tuple[str, str]]] = {
    "AWS::Events::Rule": ("events.amazonaws.com", "a rule"),
    "AWS::S3::Bucket": ("s3.amazonaws.com", "a notification"),
}
"""Types whose properties have functions to call, by the service that calls them, and what people call that part."""


def check_name(resource: Resource) -> Iterator[RemitError]:
    """What is wrong with a resource's name: AWS refuses it."""
    rule = NAME_RULES.get(resource.type)
    name = None if rule is None else tokens.textual(resource.properties.get(rule.property))
    if rule is None or not isinstance(name, str):
        return
    if resource.type in _FIFO_PROPERTIES and not tokens.references(name):
        yield from _check_fifo(resource, rule, name)
    broken = broken_rule(resource.type, tokens.split(name))
    if broken is not None:
        yield RemitError(
            f"{name!r:.80} is not a valid name for {rule.called} `{resource.logical_id}`",
            hint=broken,
            origin=resource.origin,
        )


def with_any_name(resource: Resource) -> Resource:
    """The resource with a name of which nothing is known before the deploy."""
    return replace(
        resource, properties={**resource.properties, NAME_RULES[resource.type].property: "${AWS::StackName}"}
    )


def _check_fifo(resource: Resource, rule: NameRule, name: str) -> Iterator[RemitError]:
    """The names of FIFO queues and topics, and theirs alone, end with .fifo."""
    is_fifo = str(resource.properties.get(_FIFO_PROPERTIES[resource.type], False)).lower() == "true"
    if is_fifo == name.endswith(_FIFO):
        return
    kind, fifo_option, name_option = rule.called, f"fifo_{rule.called}", f"{rule.called}_name"
    if is_fifo:
        problem, hint = f"must end with {_FIFO}: it is a FIFO {kind}", f'{name_option}="{name}{_FIFO}"'
    else:
        problem, hint = f"ends with {_FIFO}, as FIFO {kind}s' do", f"add `{fifo_option}=True`"
    message = f"the name {name!r} of {kind} `{resource.logical_id}` {problem}"
    yield RemitError(message, hint=hint, origin=resource.origin)


def check_permissions(resources: Sequence[Resource]) -> Iterator[RemitError]:
    """Rules and notifications without the permission that a trigger brings with it."""
    functions = {resource.logical_id for resource in resources if resource.type == "AWS::Lambda::Function"}
    permitted = {
        (_target(resource.properties.get("FunctionName")), resource.properties.get("Principal"))
        for resource in resources
        if resource.type == "AWS::Lambda::Permission"
    }
    for resource in resources:
        if resource.type not in _BY_HAND:
            continue
        service, part = _BY_HAND[resource.type]
        for function in _called(resource):
            if function in functions and (function, service) not in permitted:
                yield RemitError(
                    f"`{resource.logical_id}` has {part} for `{function}`, which {service} has no permission to invoke",
                    hint="use a trigger (`on.event(…)`, `on.s3(…)`), or add an AWS::Lambda::Permission",
                    origin=resource.origin,
                )


def _called(resource: Resource) -> Iterator[str]:
    """The logical ids of what a rule or a bucket calls."""
    targets: Any = resource.properties.get("Targets", ())
    if resource.type == "AWS::S3::Bucket":
        configuration = resource.properties.get("NotificationConfiguration", {})
        targets = configuration.get("LambdaConfigurations", ()) if isinstance(configuration, dict) else ()
    for target in targets if isinstance(targets, list | tuple) else ():
        if isinstance(target, dict):
            yield _target(target.get("Arn") or target.get("Function"))


def _target(value: Any) -> str:
    """The logical id that a Ref or an attribute names; "" for anything else."""
    reference = _REFERENCE.fullmatch(str(tokens.textual(value)))
    return "" if reference is None else reference[1]
