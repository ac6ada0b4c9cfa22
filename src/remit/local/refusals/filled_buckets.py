"""A stack cannot delete a bucket that holds objects or versions of them; the emulator deletes it with all it holds."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

from remit.local.refusals.refusal import Refusal
from remit.local.stack_operations import HandlerError, before_each

if TYPE_CHECKING:
    from remit.local.stack_operations import ResourceOperation

_NOT_EMPTY: Final = "The bucket you tried to delete is not empty. You must delete all versions in the bucket."


def _refuse_filled(operation: ResourceOperation) -> None:
    if operation.verb != "delete" or operation.type != "AWS::S3::Bucket":
        return
    s3: Any = importlib.import_module("ministack.services.s3")
    bucket = s3._buckets.get(operation.physical_id)  # noqa: SLF001 - the emulator has no other way to ask
    if bucket is None:
        return
    if bucket["objects"] or s3._bucket_has_versions(operation.physical_id):  # noqa: SLF001 - as above
        raise HandlerError(f"{_NOT_EMPTY} (Service: S3, Status Code: 409)", "GeneralServiceException")


REFUSAL: Final = Refusal(
    what="A stack deletes a bucket that is not empty.",
    source="BucketNotEmpty; `How do I delete an S3 bucket in CloudFormation` (AWS re:Post Knowledge Center)",
    install=lambda: before_each(_refuse_filled),
)
