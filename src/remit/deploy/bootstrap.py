"""Make the artefact bucket, or put it right: private, TLS only, encrypted, versioned.

That is done once per account and region, by somebody who may write to buckets: who deploys needs none of it. What a
person added (tags, statements, rules, a KMS key) stays: only what is missing is written. SSE-S3, not KMS, is what remit
asks for: a key of one's own would cost money and each deployer a permission, and would protect nothing more here.

Sources: "Security best practices for Amazon S3", "Verifying bucket ownership with bucket owner condition" (Amazon S3
User Guide).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from remit.deploy.account_roles import at_once
from remit.deploy.aws_errors import answered_errors, code, if_there, patiently, remit_errors
from remit.deploy.bucket import Bucket, artefact_bucket, exists, not_ours
from remit.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from remit.deploy.session import Account

# S3 aborts an operation while another one on the same bucket is under way.
_SETTLING: Final = frozenset({"OperationAborted", "NoSuchBucket"})
_PAUSES: Final = (0.5, 1, 2, 4)  # seconds; a bucket made a moment ago may not be seen everywhere yet
_TAG: Final = {"Key": "remit:purpose", "Value": "artefacts"}
_RULE: Final = {
    "ID": "remit",
    "Status": "Enabled",
    "Filter": {"Prefix": ""},
    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
    "NoncurrentVersionExpiration": {"NoncurrentDays": 90},
}
_PRIVATE: Final = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}
_OWNED: Final = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
_ENCRYPTED: Final = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}


@dataclass(frozen=True, slots=True)
class BucketSetting:
    """One property of the bucket: how it is read, and what is written if the answer does not hold it."""

    name: str
    method: str
    """The end of the names of the methods of boto3 that read it (`get_…`) and write it (`put_…`)."""
    holds: Callable[[dict[str, Any], str], bool]
    arguments: Callable[[dict[str, Any], str], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Bootstrapped:
    """The changes to the bucket: it was made, settings of it were put right, or none."""

    bucket: str
    made: bool
    repaired: tuple[str, ...]
    """The settings of a bucket that was there."""


def bootstrap(account: Account, name: str | None = None) -> Bootstrapped:
    """Make the artefact bucket of an account and region (or one of this name), or put it right.

    When nothing is missing it takes one HEAD and seven reads, these at once. RemitError: the bucket belongs
    to somebody else, or lies in another region, or AWS refuses a call.
    """
    name = name or artefact_bucket(account).name
    client = account.client("s3")
    written = []
    with remit_errors():
        made = not exists(account, name)
        if made:
            _create(account, name)
        answers = at_once(lambda setting: _read(account, name, setting), SETTINGS)
        arn = f"arn:{account.partition}:s3:::{name}"
        for setting, answer in zip(SETTINGS, answers, strict=True):
            if not setting.holds(answer, arn):
                arguments = {"Bucket": name, "ExpectedBucketOwner": account.account, **setting.arguments(answer, arn)}
                patiently(partial(getattr(client, f"put_{setting.method}"), **arguments), _PAUSES, _settles)
                written.append(setting.name)
    return Bootstrapped(name, made, () if made else tuple(written))


def require_bucket(account: Account, bucket: Bucket) -> None:
    """See to it that the artefact bucket is there, before anything else is written.

    On this machine it is made, whatever its name. RemitError: there is none, it belongs to somebody else, or lies in
    another region.
    """
    if account.local:
        bootstrap(account.preparing, bucket.name)
    elif not exists(account, bucket.name):
        profile = account.session.profile_name
        options = f" --profile {profile}" if profile != "default" else ""
        hint = (
            f"`remit bootstrap --region {account.region}{options}` makes it, once for each account and region; "
            "`remit policy deployer --for bootstrap` prints what that takes"
        )
        if bucket.own:
            hint = f"make it in {account.region}, or leave --artefact-bucket and REMIT_ARTEFACT_BUCKET out"
        message = f"there is no artefact bucket {bucket.name} in account {account.account}: nothing was deployed"
        raise RemitError(message, hint=hint)


def _create(account: Account, name: str) -> None:
    """Make the bucket in the account's region; one that the caller owns already will do.

    RemitError: it is another account's. All else that AWS refuses is raised as the SDK has it.
    """
    arguments: dict[str, Any] = {"Bucket": name, "ObjectOwnership": "BucketOwnerEnforced"}
    if account.region != "us-east-1":  # the one region that S3 refuses as a constraint
        arguments["CreateBucketConfiguration"] = {"LocationConstraint": account.region}
    try:
        account.client("s3").create_bucket(**arguments)
    except answered_errors() as error:
        if code(error) == "BucketAlreadyExists":
            raise not_ours(account, name) from error
        if code(error) != "BucketAlreadyOwnedByYou":  # else another deploy made it a moment ago
            raise


def _read(account: Account, name: str, setting: BucketSetting) -> dict[str, Any]:
    """A setting of a bucket as S3 answers; empty where the bucket has none."""
    read = partial(
        getattr(account.client("s3"), f"get_{setting.method}"), Bucket=name, ExpectedBucketOwner=account.account
    )
    return if_there(partial(patiently, read, _PAUSES, _settles)) or {}


def _settles(error: BaseException) -> bool:
    """Return whether an error passes by itself once the bucket is there everywhere."""
    return code(error) in _SETTLING


def _tls_statement(arn: str) -> dict[str, Any]:
    """The statement of remit's that denies every request without TLS."""
    return {
        "Sid": "RemitTlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def _statements(answer: dict[str, Any]) -> list[Any]:
    """The statements of the bucket policy in an answer; empty without one."""
    statements = json.loads(answer.get("Policy", "{}")).get("Statement", [])
    return [statements] if isinstance(statements, dict) else list(statements)


def _is_encrypted(answer: dict[str, Any], _arn: str) -> bool:
    rules = answer.get("ServerSideEncryptionConfiguration", {}).get("Rules", [])
    return any(rule.get("ApplyServerSideEncryptionByDefault", {}).get("SSEAlgorithm") for rule in rules)


def _has_rule(answer: dict[str, Any], _arn: str) -> bool:
    """Return whether the bucket has the lifecycle rule, and it is on."""
    enabled = [rule for rule in answer.get("Rules", []) if rule.get("Status") == "Enabled"]
    return any(rule.get("ID") == _RULE["ID"] for rule in enabled)


def _with(items: Iterable[Any], own: dict[str, Any], name: str) -> list[Any]:
    """A list with remit's own item at its end, in place of any whose member `name` is the same; all others stay."""
    return [*(item for item in items if item.get(name) != own[name]), own]


SETTINGS: Final = (
    BucketSetting(
        "public access block",
        "public_access_block",
        lambda answer, _: answer.get("PublicAccessBlockConfiguration") == _PRIVATE,
        lambda *_: {"PublicAccessBlockConfiguration": _PRIVATE},
    ),
    BucketSetting(
        "object ownership",
        "bucket_ownership_controls",
        lambda answer, _: answer.get("OwnershipControls") == _OWNED,
        lambda *_: {"OwnershipControls": _OWNED},
    ),
    BucketSetting(
        "encryption",
        "bucket_encryption",
        _is_encrypted,
        lambda *_: {"ServerSideEncryptionConfiguration": _ENCRYPTED},
    ),
    BucketSetting(
        "versioning",
        "bucket_versioning",
        lambda answer, _: answer.get("Status") == "Enabled",
        lambda *_: {"VersioningConfiguration": {"Status": "Enabled"}},
    ),
    BucketSetting(
        "bucket policy",
        "bucket_policy",
        lambda answer, arn: _tls_statement(arn) in _statements(answer),
        lambda answer, arn: {
            "Policy": json.dumps(
                {"Version": "2012-10-17", "Statement": _with(_statements(answer), _tls_statement(arn), "Sid")}
            )
        },
    ),
    BucketSetting(
        "lifecycle",
        "bucket_lifecycle_configuration",
        _has_rule,
        lambda answer, _: {"LifecycleConfiguration": {"Rules": _with(answer.get("Rules", []), _RULE, "ID")}},
    ),
    BucketSetting(
        "tags",
        "bucket_tagging",
        lambda answer, _: _TAG in answer.get("TagSet", []),
        lambda answer, _: {"Tagging": {"TagSet": _with(answer.get("TagSet", []), _TAG, "Key")}},
    ),
)
"""What the bucket must be; private first."""
