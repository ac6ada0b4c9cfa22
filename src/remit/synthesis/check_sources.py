"""Check names that AWS refuses, and queues that are FIFO in one respect alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from remit.catalogue.types import resource_type
from remit.errors import RemitError
from remit.iam import tokens
from remit.resources.name_rules import broken_rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.app import Resource

_FIFO: Final = ".fifo"
_FIFO_PROPERTIES: Final = {"AWS::SQS::Queue": "FifoQueue", "AWS::SNS::Topic": "FifoTopic"}


def check_name(resource: Resource) -> Iterator[RemitError]:
    """Yield errors in a resource's name, which AWS refuses."""
    kind = resource_type(resource.type)
    if kind is None or kind.naming is None:
        return
    name = tokens.textual(resource.properties.get(kind.naming.property))
    if not isinstance(name, str):
        return
    if resource.type in _FIFO_PROPERTIES and not tokens.references(name):
        yield from _check_fifo(resource, kind.called, name)
    broken = broken_rule(resource.type, tokens.split(name))
    if broken is not None:
        yield RemitError(
            f"{name!r:.80} is not a valid name for {kind.called} `{resource.logical_id}`",
            hint=broken,
            origin=resource.origin,
            path=(kind.naming.property,),
        )


def with_any_name(resource: Resource) -> Resource:
    """The resource with a name of which nothing is known before the deploy."""
    kind = resource_type(resource.type)
    if kind is None or kind.naming is None:
        return resource
    return replace(resource, properties={**resource.properties, kind.naming.property: "${AWS::StackName}"})


def _check_fifo(resource: Resource, kind: str, name: str) -> Iterator[RemitError]:
    """The names of FIFO queues and topics, and theirs alone, end with .fifo."""
    is_fifo = _is_fifo(resource)
    if is_fifo == name.endswith(_FIFO):
        return
    fifo_option, name_option = f"fifo_{kind}", f"{kind}_name"
    if is_fifo:
        stem = name[: -len(_FIFO)] if name.lower().endswith(_FIFO) else name
        problem, hint = f"must end with {_FIFO}: it is a FIFO {kind}", f'{name_option}="{stem}{_FIFO}"'
    else:
        problem, hint = f"ends with {_FIFO}, as FIFO {kind}s' do", f"add `{fifo_option}=True`"
    message = f"the name {name!r} of {kind} `{resource.logical_id}` {problem}"
    yield RemitError(message, hint=hint, origin=resource.origin)


def check_queue(queue: Resource, dead_letters: Resource | None) -> Iterator[RemitError]:
    """Yield SQS's refusals of a queue, FIFO or not; `dead_letters` is the app's queue of failed messages.

    Source: "SetQueueAttributes" (Amazon SQS API Reference): the dead-letter queue of a FIFO queue must be one, too.
    """
    if not _is_fifo(queue) and "ContentBasedDeduplication" in queue.properties:
        yield RemitError(
            f"queue `{queue.logical_id}` sets ContentBasedDeduplication, which FIFO queues alone have",
            hint="add `fifo_queue=True`, or leave it out",
            origin=queue.origin,
            path=("ContentBasedDeduplication",),
        )
    if dead_letters is not None and _is_fifo(queue) != _is_fifo(dead_letters):
        kind, other_kind = ("a FIFO", "a standard") if _is_fifo(queue) else ("a standard", "a FIFO")
        yield RemitError(
            f"`{queue.logical_id}` is {kind} queue, and its dead-letter queue"
            f" `{dead_letters.logical_id}` {other_kind} one",
            hint="SQS wants both to be of one kind",
            origin=queue.origin,
            path=("RedrivePolicy",),
        )


def _is_fifo(resource: Resource) -> bool:
    return str(resource.properties.get(_FIFO_PROPERTIES[resource.type], False)).lower() == "true"
