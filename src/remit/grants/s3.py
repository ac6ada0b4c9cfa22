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
    return _on_objects("s3.read", ("s3:GetObject",), "reads", bucket, keys, key, typed.DECRYPT)


@verb
def list(bucket: BucketRef, *prefixes: str) -> typed.Grants:  # noqa: A001 - the verb, spelled s3.list
    """List a bucket's keys, all or those under prefixes (patterns such as "incoming/*"): s3:ListBucket."""
    return _listed(bucket, prefixes, "s3.list", "s3:ListBucket", "lists bucket")


@verb
def put(bucket: BucketRef, *keys: str, key: KeyRef | None = None) -> typed.Grants:
    """Put objects, in parts as well; those that exist are replaced: s3:PutObject.

    With `key`, kms:GenerateDataKey and kms:Decrypt through S3. Taking uploads in parts back is `multipart`.
    """
    return _on_objects("s3.put", ("s3:PutObject",), "puts", bucket, keys, key, typed.ENCRYPT)


@verb
def delete(bucket: BucketRef, *keys: str) -> typed.Grants:
    """Delete objects, not their older versions: s3:DeleteObject."""
    return _on_objects("s3.delete", ("s3:DeleteObject",), "deletes", bucket, keys)


@verb
def read_versions(bucket: BucketRef, *keys: str, key: KeyRef | None = None) -> typed.Grants:
    """Get older versions of objects: s3:GetObjectVersion. The newest one is `read`.

    With `key`, kms:Decrypt through S3.
    """
    return _on_objects(
        "s3.read_versions", ("s3:GetObjectVersion",), "reads versions of", bucket, keys, key, typed.DECRYPT
    )


@verb
def list_versions(bucket: BucketRef, *prefixes: str) -> typed.Grants:
    """List the versions of a bucket's objects, all or those under prefixes: s3:ListBucketVersions."""
    return _listed(bucket, prefixes, "s3.list_versions", "s3:ListBucketVersions", "lists versions of bucket")


@verb
def delete_versions(bucket: BucketRef, *keys: str) -> typed.Grants:
    """Delete versions of objects, which nothing brings back: s3:DeleteObjectVersion."""
    return _on_objects("s3.delete_versions", ("s3:DeleteObjectVersion",), "deletes versions of", bucket, keys)


@verb
def read_tags(bucket: BucketRef, *keys: str) -> typed.Grants:
    """Read the tags of objects: s3:GetObjectTagging."""
    return _on_objects("s3.read_tags", ("s3:GetObjectTagging",), "reads tags of", bucket, keys)


@verb
def put_tags(bucket: BucketRef, *keys: str) -> typed.Grants:
    """Set the tags of objects, all of one at once: s3:PutObjectTagging. Uploads with tags need it, too."""
    return _on_objects("s3.put_tags", ("s3:PutObjectTagging",), "sets tags of", bucket, keys)


@verb
def multipart(bucket: BucketRef, *keys: str) -> typed.Grants:
    """Look after uploads in parts; uploading itself is `put`.

    s3:AbortMultipartUpload and s3:ListMultipartUploadParts on the objects, s3:ListBucketMultipartUploads on the bucket.
    """
    actions = ("s3:AbortMultipartUpload", "s3:ListMultipartUploadParts")
    arn, name = BUCKET.named(bucket, "s3.multipart")
    return (
        *_on_objects("s3.multipart", actions, "aborts and lists uploads of", bucket, keys),
        *typed.grant(("s3:ListBucketMultipartUploads",), (arn,), f"lists uploads to bucket {name}"),
    )


def _listed(bucket: BucketRef, prefixes: tuple[str, ...], verb: str, action: str, phrase: str) -> typed.Grants:
    """The grant to list a bucket; with prefixes, only for requests that name one of them."""
    arn, name = BUCKET.named(bucket, verb)
    patterns = tuple(typed.text_of(prefix, verb) for prefix in prefixes)
    conditions = (Condition("StringLike", "s3:prefix", patterns),) if patterns else ()
    under = f" under {', '.join(patterns)}" if patterns else ""
    return typed.grant((action,), (arn,), f"{phrase} {name}{under}", *conditions)


def _on_objects(
    verb: str,
    actions: tuple[str, ...],
    phrase: str,
    bucket: BucketRef,
    keys: tuple[str, ...],
    key: KeyRef | None = None,
    with_key: tuple[str, ...] = (),
) -> typed.Grants:
    """The grants of a verb on objects: its actions, and `with_key` the use of the KMS key that encrypts them."""
    arn, name = BUCKET.named(bucket, verb)
    patterns = tuple(typed.text_of(pattern, verb).lstrip("/") for pattern in keys) or ("*",)
    because = f"{phrase} objects {', '.join(patterns)} of bucket {name}"
    grants = typed.grant(actions, tuple(f"{arn}/{pattern}" for pattern in patterns), because)
    if with_key:
        grants += typed.through("s3", typed.key_of(bucket, key), with_key, verb, because)
    return grants
