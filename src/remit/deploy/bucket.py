"""Find the bucket that deploys upload to: remit's one per account and region, or one of the person's own.

Every call says whose bucket it must be (ExpectedBucketOwner), so that a bucket which a stranger made under
this name is refused instead of filled.

Source: "Verifying bucket ownership with bucket owner condition", "General purpose bucket naming rules" (Amazon S3 User
Guide); "HeadBucket" (Amazon S3 API Reference).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from remit.deploy.aws_errors import answered_errors, status
from remit.errors import RemitError

if TYPE_CHECKING:
    from remit.deploy.session import Account


@dataclass(frozen=True, slots=True)
class Bucket:
    """The bucket that artefacts go to; one of the person's own is neither made, changed nor deleted by remit."""

    name: str
    own: bool = False


def artefact_bucket(account: Account, own: str | None = None) -> Bucket:
    """The person's own bucket of this name, or remit's."""
    return Bucket(bucket_name(account)) if own is None else Bucket(own, own=True)


def bucket_name(account: Account) -> str:
    """The name of remit's bucket; a template spells it `remit-artefacts-${AWS::AccountId}-${AWS::Region}`."""
    return f"remit-artefacts-{account.account}-{account.region}"


def exists(account: Account, name: str) -> bool:
    """Return whether the bucket is there. RemitError (2): it is somebody else's, or lies in another region.

    All else that AWS answers is raised as the SDK has it.
    """
    try:
        answer = account.client("s3").head_bucket(Bucket=name, ExpectedBucketOwner=account.account)
    except answered_errors() as error:
        answered = status(error)
        if answered == 404:  # noqa: PLR2004 - HTTP's Not Found
            return False
        if answered == 301:  # noqa: PLR2004 - HTTP's Moved Permanently
            headers = error.response["ResponseMetadata"].get("HTTPHeaders", {})
            raise _elsewhere(account, name, headers.get("x-amz-bucket-region", "another region")) from error
        if answered == 403:  # noqa: PLR2004 - HTTP's Forbidden
            raise not_ours(account, name) from error
        raise
    region = answer.get("BucketRegion", account.region)
    if region != account.region:  # the SDK follows the 301 of a bucket in another region by itself
        raise _elsewhere(account, name, region)
    return True


def _elsewhere(account: Account, name: str, region: str) -> RemitError:
    return RemitError(
        f"bucket {name} lies in {region}, not in {account.region}: Lambda reads zips only from its own region"
    )


def not_ours(account: Account, name: str) -> RemitError:
    """The error (2) for a bucket that belongs to somebody else, or that the caller may not see."""
    if name == bucket_name(account):
        hint = (
            "if `aws s3api list-buckets` does not show it, a stranger took the name (bucket sniping): deploy to "
            "another region, and tell AWS Support"
        )
    else:
        hint = "name a bucket of this account, which the caller may list"
    return RemitError(
        f"bucket {name} is not account {account.account}'s (or the caller may not s3:ListBucket it): "
        "nothing was uploaded",
        hint=hint,
    )
