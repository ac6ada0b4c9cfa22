"""Check the names of what functions are run by: queues and buckets with names that AWS refuses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from remit.errors import RemitError
from remit.iam import tokens

if TYPE_CHECKING:
    from remit.app import Resource

_FIFO: Final = ".fifo"
_BUCKET_NAME: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_QUEUE_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,80}")
_ADDRESS: Final = re.compile(r"\d+\.\d+\.\d+\.\d+")


def check_source_name(resource: Resource) -> None:
    """RemitError at the line of a queue or bucket with a name that AWS refuses."""
    if resource.type == "AWS::SQS::Queue":
        _check_queue_name(resource)
    elif resource.type == "AWS::S3::Bucket":
        _check_bucket_name(resource)


def _literal(resource: Resource, name: str) -> str | None:
    """A property that is known now; None where it is not given, or known at the deploy only."""
    value = tokens.textual(resource.properties.get(name))
    return value if isinstance(value, str) and not tokens.references(value) else None


def _check_queue_name(queue: Resource) -> None:
    """Source: "CreateQueue" (Amazon SQS API Reference)."""
    name = _literal(queue, "QueueName")
    is_fifo = str(queue.properties.get("FifoQueue", False)).lower() == "true"
    if name is None:
        return
    if is_fifo != name.endswith(_FIFO):
        problem = f"must end with {_FIFO}: it is a FIFO queue" if is_fifo else f"ends with {_FIFO}, as FIFO queues' do"
        hint = f'queue_name="{name}{_FIFO}"' if is_fifo else "add `fifo_queue=True`"
        raise RemitError(f"the name {name!r} of queue `{queue.logical_id}` {problem}", hint=hint, origin=queue.origin)
    if not _QUEUE_NAME.fullmatch(name.removesuffix(_FIFO)):
        raise RemitError(
            f"{name!r} is not a valid name for queue `{queue.logical_id}`",
            hint="1 to 80 letters, digits, - and _",
            origin=queue.origin,
        )


def _check_bucket_name(bucket: Resource) -> None:
    """Source: "General purpose bucket naming rules" (Amazon S3 User Guide)."""
    name = _literal(bucket, "BucketName")
    if name is None:
        return
    if not _BUCKET_NAME.fullmatch(name) or ".." in name or _ADDRESS.fullmatch(name):
        raise RemitError(
            f"{name!r} is not a valid name for bucket `{bucket.logical_id}`",
            hint="3 to 63 small letters, digits, - and ., of which the first and the last are no signs",
            origin=bucket.origin,
        )
