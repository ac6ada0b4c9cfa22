"""Access to S3 buckets: `s3.read("uploads", "incoming/*")`.

Source of the actions: "Actions, resources, and condition keys for Amazon S3" (Service Authorization Reference). A
bucket is given by name, by ARN, or as a resource of the app; keys are patterns, "*" when none is given. `key=` is the
KMS key that encrypts the objects ("Reducing the cost of SSE-KMS" and "Protecting data with server-side encryption",
Amazon S3 User Guide: who reads needs Decrypt, who writes needs GenerateDataKey, and Decrypt for uploads in parts).
"""

from __future__ import annotations

from typing import Final

from remit.declare.asked import verb
from remit.declare.resource_references import BucketRef, KeyRef
from remit.grants import typed
from remit.iam.policy import Condition

BUCKET: Final = typed.ResourceKind("s3", "{}", "bucket", "AWS::S3::Bucket", "arn:${AWS::Partition}:%s:::%s")


@verb
def read(bucket: BucketRef, *keys: str, key: KeyRef | None = None) -> typed.Grants:
    """Get objects: s3:GetObject. A missing key answers 403 rather than 404 unless `list` is granted, too.

    With `key`, kms:Decrypt through S3.
    """
    resources, phrase = _objects(bucket, keys, "s3.read")
    because = f"reads objects {phrase}"
    through_key = typed.through("s3", typed.key_of(bucket, key), typed.DECRYPT, "s3.read", because)
    return typed.grant(("s3:GetObject",), resources, because) + through_key


@verb
def list(bucket: BucketRef, *prefixes: str) -> typed.Grants:  # noqa: A001 - the verb, spelled s3.list
    """List a bucket's keys, all or those under prefixes (patterns such as "incoming/*"): s3:ListBucket."""
    return _listed(bucket, prefixes, "s3.list", "s3:ListBucket", "lists bucket")


@verb
def put(bucket: BucketRef, *keys: str, key: KeyRef | None = None) -> typed.Grants:
    """Put objects, in parts as well; those that exist are replaced: s3:PutObject.

    With `key`, kms:GenerateDataKey and kms:Decrypt through S3. Taking uploads in parts back is `multipart`.
    """
    resources, phrase = _objects(bucket, keys, "s3.put")
    because = f"puts objects {phrase}"
    through_key = typed.through("s3", typed.key_of(bucket, key), typed.ENCRYPT, "s3.put", because)
    return typed.grant(("s3:PutObject",), resources, because) + through_key


@verb
def delete(bucket: BucketRef, *keys: str) -> typed.Grants:
    """Delete objects, not their older versions: s3:DeleteObject."""
    resources, phrase = _objects(bucket, keys, "s3.delete")
    return typed.grant(("s3:DeleteObject",), resources, f"deletes objects {phrase}")


@verb
def read_versions(bucket: BucketRef, *keys: str, key: KeyRef | None = None) -> typed.Grants:
    """Get older versions of objects: s3:GetObjectVersion. The newest one is `read`.

    With `key`, kms:Decrypt through S3.
    """
    resources, phrase = _objects(bucket, keys, "s3.read_versions")
    because = f"reads versions of objects {phrase}"
    through_key = typed.through("s3", typed.key_of(bucket, key), typed.DECRYPT, "s3.read_versions", because)
    return typed.grant(("s3:GetObjectVersion",), resources, because) + through_key


@verb
def list_versions(bucket: BucketRef, *prefixes: str) -> typed.Grants:
    """List the versions of a bucket's objects, all or those under prefixes: s3:ListBucketVersions."""
    return _listed(bucket, prefixes, "s3.list_versions", "s3:ListBucketVersions", "lists versions of bucket")


@verb
def delete_versions(bucket: BucketRef, *keys: str) -> typed.Grants:
    """Delete versions of objects, which nothing brings back: s3:DeleteObjectVersion."""
    resources, phrase = _objects(bucket, keys, "s3.delete_versions")
    return typed.grant(("s3:DeleteObjectVersion",), resources, f"deletes versions of objects {phrase}")


@verb
def read_tags(bucket: BucketRef, *keys: str) -> typed.Grants:
    """Read the tags of objects: s3:GetObjectTagging."""
    resources, phrase = _objects(bucket, keys, "s3.read_tags")
    return typed.grant(("s3:GetObjectTagging",), resources, f"reads tags of objects {phrase}")


@verb
def put_tags(bucket: BucketRef, *keys: str) -> typed.Grants:
    """Set the tags of objects, all of one at once: s3:PutObjectTagging. Uploads with tags need it, too."""
    resources, phrase = _objects(bucket, keys, "s3.put_tags")
    return typed.grant(("s3:PutObjectTagging",), resources, f"sets tags of objects {phrase}")


@verb
def multipart(bucket: BucketRef, *keys: str) -> typed.Grants:
    """Look after uploads in parts; uploading itself is `put`.

    s3:AbortMultipartUpload and s3:ListMultipartUploadParts on the objects, s3:ListBucketMultipartUploads on the bucket.
    """
    resources, phrase = _objects(bucket, keys, "s3.multipart")
    actions = ("s3:AbortMultipartUpload", "s3:ListMultipartUploadParts")
    arn, name = BUCKET.named(bucket, "s3.multipart")
    return (
        *typed.grant(actions, resources, f"aborts and lists uploads of objects {phrase}"),
        *typed.grant(("s3:ListBucketMultipartUploads",), (arn,), f"lists uploads to bucket {name}"),
    )


def _listed(bucket: BucketRef, prefixes: tuple[str, ...], verb: str, action: str, phrase: str) -> typed.Grants:
    arn, name = BUCKET.named(bucket, verb)
    patterns = tuple(typed.text_of(prefix, verb) for prefix in prefixes)
    conditions = (Condition("StringLike", "s3:prefix", patterns),) if patterns else ()
    under = f" under {', '.join(patterns)}" if patterns else ""
    return typed.grant((action,), (arn,), f"{phrase} {name}{under}", *conditions)


def _objects(bucket: BucketRef, keys: tuple[str, ...], verb: str) -> tuple[tuple[str, ...], str]:
    arn, name = BUCKET.named(bucket, verb)
    patterns = tuple(typed.text_of(key, verb).lstrip("/") for key in keys) or ("*",)
    phrase = f"{', '.join(patterns)} of bucket {name}"
    return tuple(f"{arn}/{pattern}" for pattern in patterns), phrase
