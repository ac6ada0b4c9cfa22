"""Gather the access control lists of buckets, each as a policy that lets others do the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from remit.deploy.aws_errors import code, denied, message
from remit.errors import RemitError
from remit.iam.bucket_acl import ENFORCED, PUBLIC_GROUPS, acl_statements
from remit.iam.policy import Policy, render

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.iam.bucket_acl import AclGrant

ACTIONS: Final = ("s3:GetBucketAcl", "s3:GetBucketOwnershipControls", "s3:GetBucketPublicAccessBlock")
_OLD_OWNERSHIP: Final = "ObjectWriter"
"""The ownership of objects in a bucket that was made before there were ownerships."""
_NO_OWNERSHIP: Final = "OwnershipControlsNotFoundError"
_NO_BLOCKS: Final = "NoSuchPublicAccessBlockConfiguration"
_SID: Final = "AccessControlList"


def acl_policy(client: Any, bucket: str, arn: str) -> str | RemitError | None:
    """The text of a policy that allows what a bucket's list allows others than its owner; None: that is nothing.

    The blocks of the whole account are not asked for. An error where AWS does not show the list.
    """
    from botocore.exceptions import ClientError

    try:
        if _ownership(client, bucket) == ENFORCED:
            return None
        grants = _grants(client, bucket)
        if any(grantee in PUBLIC_GROUPS for grantee, _ in grants) and _ignores_public_lists(client, bucket):
            grants = tuple(grant for grant in grants if grant[0] not in PUBLIC_GROUPS)
    except ClientError as error:
        if code(error) == "NoSuchBucket":
            return None
        if denied(error):
            problem = f"the access control list of {arn} is not shown: {message(error) or code(error)}"
            return RemitError(problem, exit_code=1)
        raise
    statements = acl_statements(arn, grants, sid=_SID)
    return json.dumps(render(Policy(statements))) if statements else None


def _ownership(client: Any, bucket: str) -> str:
    answer = _answer(client.get_bucket_ownership_controls, bucket, _NO_OWNERSHIP)
    return _OLD_OWNERSHIP if answer is None else str(answer["OwnershipControls"]["Rules"][0]["ObjectOwnership"])


def _grants(client: Any, bucket: str) -> tuple[AclGrant, ...]:
    """Return the grants of the list, without the owner's own."""
    answer = client.get_bucket_acl(Bucket=bucket)
    owner = answer.get("Owner", {}).get("ID")
    grants: list[AclGrant] = []
    for grant in answer.get("Grants", ()):
        grantee = grant["Grantee"].get("URI") or grant["Grantee"].get("ID") or ""
        if grantee != owner:
            grants.append((grantee, grant["Permission"]))
    return tuple(grants)


def _ignores_public_lists(client: Any, bucket: str) -> bool:
    answer = _answer(client.get_public_access_block, bucket, _NO_BLOCKS)
    return answer is not None and bool(answer["PublicAccessBlockConfiguration"].get("IgnorePublicAcls"))


def _answer(ask: Callable[..., dict[str, Any]], bucket: str, missing: str) -> dict[str, Any] | None:
    """Ask S3 about a bucket; None where it answers with this error code that there is nothing."""
    from botocore.exceptions import ClientError

    try:
        return ask(Bucket=bucket)
    except ClientError as error:
        if code(error) == missing:
            return None
        raise
