"""Check names that AWS refuses."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from remit.catalogue.resource_names import NAME_RULES, broken_rule
from remit.errors import RemitError
from remit.iam import tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.app import Resource
    from remit.catalogue.resource_names import NameRule

_FIFO: Final = ".fifo"
_FIFO_PROPERTIES: Final = {"AWS::SQS::Queue": "FifoQueue", "AWS::SNS::Topic": "FifoTopic"}


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
