"""Check what functions are run by: names that AWS refuses, and services that call a function without a permission."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from remit.errors import RemitError
from remit.iam import tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from remit.app import Resource

_FIFO: Final = ".fifo"
_BUCKET_NAME: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_QUEUE_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,80}")
_ADDRESS: Final = re.compile(r"\d+\.\d+\.\d+\.\d+")
_REFERENCE: Final = re.compile(r"\$\{([A-Za-z0-9]+)(?:\.[A-Za-z0-9.]+)?\}")
_BY_HAND: Final[Mapping[str, tuple[str, str]]] = {
    "AWS::Events::Rule": ("events.amazonaws.com", "a rule"),
    "AWS::S3::Bucket": ("s3.amazonaws.com", "a notification"),
}
"""Types whose properties have functions to call, by the service that calls them, and what people call that part."""


def check_source_name(resource: Resource) -> Iterator[RemitError]:
    """What is wrong with the name of a queue or a bucket: AWS refuses it."""
    if resource.type == "AWS::SQS::Queue":
        yield from _check_queue_name(resource)
    elif resource.type == "AWS::S3::Bucket":
        yield from _check_bucket_name(resource)


def _literal(resource: Resource, name: str) -> str | None:
    """A property that is known now; None where it is not given, or known at the deploy only."""
    value = tokens.textual(resource.properties.get(name))
    return value if isinstance(value, str) and not tokens.references(value) else None


def _check_queue_name(queue: Resource) -> Iterator[RemitError]:
    """Source: "CreateQueue" (Amazon SQS API Reference)."""
    name = _literal(queue, "QueueName")
    is_fifo = str(queue.properties.get("FifoQueue", False)).lower() == "true"
    if name is None:
        return
    if is_fifo != name.endswith(_FIFO):
        problem = f"must end with {_FIFO}: it is a FIFO queue" if is_fifo else f"ends with {_FIFO}, as FIFO queues' do"
        hint = f'queue_name="{name}{_FIFO}"' if is_fifo else "add `fifo_queue=True`"
        yield RemitError(f"the name {name!r} of queue `{queue.logical_id}` {problem}", hint=hint, origin=queue.origin)
    if not _QUEUE_NAME.fullmatch(name.removesuffix(_FIFO)):
        yield RemitError(
            f"{name!r} is not a valid name for queue `{queue.logical_id}`",
            hint="1 to 80 letters, digits, - and _",
            origin=queue.origin,
        )


def _check_bucket_name(bucket: Resource) -> Iterator[RemitError]:
    """Source: "General purpose bucket naming rules" (Amazon S3 User Guide)."""
    name = _literal(bucket, "BucketName")
    if name is None:
        return
    if not _BUCKET_NAME.fullmatch(name) or ".." in name or _ADDRESS.fullmatch(name):
        yield RemitError(
            f"{name!r} is not a valid name for bucket `{bucket.logical_id}`",
            hint="3 to 63 small letters, digits, - and ., of which the first and the last are no signs",
            origin=bucket.origin,
        )


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
