"""Refuse what AWS refuses of single resources: filled or foreign buckets, functions whose role Lambda cannot assume.

The emulator deletes a bucket with all it holds, does not look at the header that names its owner, and makes a function
with any role.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from remit.local.authorization.stored_policies import trusts
from remit.local.emulator import emulated, instead_of, place_of_request
from remit.local.refusals.refusal import Refusal
from remit.local.stack_operations import HandlerError, before_each

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.local.stack_operations import ResourceOperation

_NOT_EMPTY: Final = "The bucket you tried to delete is not empty. You must delete all versions in the bucket."


def _refuse_filled(operation: ResourceOperation) -> None:
    if operation.verb != "delete" or operation.type != "AWS::S3::Bucket":
        return
    s3 = emulated("services.s3")
    bucket = s3._buckets.get(operation.physical_id)
    if bucket is None:
        return
    if bucket["objects"] or s3._bucket_has_versions(operation.physical_id):
        raise HandlerError(f"{_NOT_EMPTY} (Service: S3, Status Code: 409)", "GeneralServiceException")


FILLED_BUCKETS: Final = Refusal(
    what="A stack deletes a bucket that is not empty.",
    source="BucketNotEmpty; `How do I delete an S3 bucket in CloudFormation` (AWS re:Post Knowledge Center)",
    install=lambda: before_each(_refuse_filled),
)


_HEADERS: Final = ("x-amz-expected-bucket-owner", "x-amz-source-expected-bucket-owner")


def _install_owners() -> None:
    s3 = emulated("services.s3")

    @instead_of(s3, "handle_request")
    async def answer(
        handle: Any, method: str, path: str, headers: Mapping[str, str], *arguments: Any, **options: Any
    ) -> Any:
        owner = place_of_request()["Account"]
        if any(headers.get(name, owner) != owner for name in _HEADERS):
            return s3._error("AccessDenied", "Access Denied", 403, path)  # as it writes all errors
        return await handle(method, path, headers, *arguments, **options)


BUCKET_OWNERS: Final = Refusal(
    what="A request expects another owner of a bucket than it has.",
    source="`Verifying bucket ownership with bucket owner condition` (Amazon S3 User Guide)",
    install=_install_owners,
)


NOT_ASSUMED: Final = "The role defined for the function cannot be assumed by Lambda."
_LAMBDA: Final = "lambda.amazonaws.com"


def _refuse_role(operation: ResourceOperation) -> None:
    if operation.type != "AWS::Lambda::Function" or operation.verb not in ("create", "update"):
        return
    role = operation.properties.get("Role")
    if isinstance(role, str) and role != operation.previous.get("Role") and not trusts(role, _LAMBDA):
        raise HandlerError(f"{NOT_ASSUMED} (Service: Lambda, Status Code: 400)", "InvalidRequest")


FUNCTION_ROLES: Final = Refusal(
    what="A stack makes a function whose role does not exist or does not trust Lambda.",
    source="InvalidParameterValueException: `The role defined for the function cannot be assumed by Lambda`, "
    "CreateFunction (AWS Lambda API Reference)",
    install=lambda: before_each(_refuse_role),
)
