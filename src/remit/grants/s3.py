"""Access to S3 buckets: `s3.read("uploads", "incoming/*")`.

A bucket is given by name, by ARN, or as a resource of the app; keys are patterns, "*" when none is given.
Source of the actions: "Actions, resources, and condition keys for Amazon S3" (Service Authorization Reference).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from remit.grants import typed
from remit.iam.policy import Condition
from remit.triggers.source import name_of

if TYPE_CHECKING:
    from remit.app import Grant

_BUCKET: Final = "arn:${AWS::Partition}:s3:::{}"


def read(bucket: Any, *keys: str) -> Grant:
    """Get objects. A missing key answers 403 rather than 404 unless `list` is granted, too."""
    resources, phrase = _objects(bucket, keys, "s3.read")
    return typed.grant(("s3:GetObject",), resources, f"reads objects {phrase}")


def list(bucket: Any, *prefixes: str) -> Grant:  # noqa: A001 - the verb, spelled s3.list
    """List a bucket's keys, all or those under prefixes (patterns such as "incoming/*")."""
    arn = typed.arn(bucket, "s3.list", _BUCKET)
    patterns = tuple(typed.text_of(prefix, "s3.list") for prefix in prefixes)
    conditions = (Condition("StringLike", "s3:prefix", patterns),) if patterns else ()
    under = f" under {', '.join(patterns)}" if patterns else ""
    return typed.grant(("s3:ListBucket",), (arn,), f"lists bucket {name_of(arn)}{under}", *conditions)


def put(bucket: Any, *keys: str) -> Grant:
    """Put objects, in parts as well; those that exist are replaced."""
    resources, phrase = _objects(bucket, keys, "s3.put")
    return typed.grant(("s3:PutObject",), resources, f"puts objects {phrase}")


def delete(bucket: Any, *keys: str) -> Grant:
    """Delete objects, not their older versions."""
    resources, phrase = _objects(bucket, keys, "s3.delete")
    return typed.grant(("s3:DeleteObject",), resources, f"deletes objects {phrase}")


def _objects(bucket: Any, keys: tuple[str, ...], verb: str) -> tuple[tuple[str, ...], str]:
    arn = typed.arn(bucket, verb, _BUCKET)
    patterns = tuple(typed.text_of(key, verb).lstrip("/") for key in keys) or ("*",)
    phrase = f"{', '.join(patterns)} of bucket {name_of(arn)}"
    return tuple(f"{arn}/{pattern}" for pattern in patterns), phrase
