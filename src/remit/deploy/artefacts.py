"""Upload what CloudFormation reads (zips, big templates), and remove it when its stack is gone.

A key is `<namespace>/<sha256>.zip` or `<namespace>/<sha256>.json`: a key never means other bytes, and the
prefix says whose an object is, so that deleting an app takes exactly its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from remit.deploy.bucket import bucket_name, exists
from remit.deploy.faults import status, told
from remit.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from remit.deploy.session import Account

MULTIPART: Final = 8 * 1024 * 1024  # bytes; above it a file goes up in parts
_ARTEFACT: Final = re.compile(r"\b[0-9a-f]{64}\.(?:zip|json)\b")
"""The last part of a key."""
_BATCH: Final = 1000  # the most keys that one DeleteObjects takes

Progress = Callable[[int], None]
"""Called with the number of bytes that went up since the last call."""


def upload(account: Account, bucket: str, path: Path, key: str, progress: Progress | None = None) -> bool:
    """Put a file there unless it is there; whether it went up.

    S3 checks its SHA-256; a cut upload leaves no object, and its parts are aborted (by the bucket's rule, if
    the process died).
    """
    from boto3.s3.transfer import TransferConfig  # noqa: PLC0415 - only a deploy needs it

    with told():
        if _has(account, bucket, key, path.stat().st_size):
            return False
        account.client("s3").upload_file(
            str(path),
            bucket,
            key,
            ExtraArgs={"ExpectedBucketOwner": account.account, "ChecksumAlgorithm": "SHA256"},
            Config=TransferConfig(multipart_threshold=MULTIPART, multipart_chunksize=MULTIPART),
            Callback=progress,
        )
    return True


def upload_template(account: Account, bucket: str, namespace: str, body: str) -> str:
    """Put a template there unless it is there; the URL (path style) that CloudFormation reads it at."""
    raw = body.encode()
    key = f"{namespace}/{sha256(raw).hexdigest()}.json"
    client = account.client("s3")
    with told():
        if not _has(account, bucket, key, len(raw)):
            client.put_object(
                Bucket=bucket,
                Key=key,
                Body=raw,
                ContentType="application/json",
                ExpectedBucketOwner=account.account,
                ChecksumAlgorithm="SHA256",
            )
    return f"{client.meta.endpoint_url.rstrip('/')}/{bucket}/{key}"


def remove_artefacts(account: Account, namespace: str) -> int:
    """Delete every version of every object under `<namespace>/`; how many.

    Nothing when there is no bucket.
    """
    bucket = bucket_name(account)
    removed = 0
    with told():
        if not exists(account, bucket):
            return 0
        for batch in _versions(account, bucket, f"{namespace}/"):
            _delete(account, bucket, batch)
            removed += len(batch)
    return removed


def _delete(account: Account, bucket: str, batch: list[dict[str, Any]]) -> None:
    answer = account.client("s3").delete_objects(
        Bucket=bucket, ExpectedBucketOwner=account.account, Delete={"Objects": batch, "Quiet": True}
    )
    if answer.get("Errors"):
        first = answer["Errors"][0]
        why = first.get("Message", first["Code"])
        raise RemitError(f"{first['Key']} in bucket {bucket} cannot be deleted: {why}")


def prune_artefacts(account: Account, namespace: str, *templates: Mapping[str, Any]) -> int:
    """Delete what none of these templates refers to (those that run now and ran before); how many objects.

    Their old versions stay for as long as the bucket's rule keeps them. Templates themselves are read but once, when a
    change set is made, so none of them is kept.
    """
    bucket, kept = bucket_name(account), set(_ARTEFACT.findall(json.dumps(templates)))
    removed = 0
    with told():
        if not exists(account, bucket):
            return 0
        for page in _pages(account, bucket, f"{namespace}/"):
            old = [
                {"Key": item["Key"]}
                for item in page.get("Versions", [])
                if item["IsLatest"] and _ARTEFACT.search(item["Key"]) and item["Key"].rpartition("/")[2] not in kept
            ]
            if old:
                _delete(account, bucket, old)
                removed += len(old)
    return removed


def remove_bucket(account: Account) -> bool:
    """Delete the artefact bucket if no app has anything in it; whether it is gone."""
    bucket = bucket_name(account)
    with told():
        if not exists(account, bucket):
            return True
        if next(_versions(account, bucket, ""), None) is not None:
            return False
        account.client("s3").delete_bucket(Bucket=bucket, ExpectedBucketOwner=account.account)
    return True


def _has(account: Account, bucket: str, key: str, size: int) -> bool:
    from botocore.exceptions import ClientError  # noqa: PLC0415

    try:
        found = account.client("s3").head_object(Bucket=bucket, Key=key, ExpectedBucketOwner=account.account)
    except ClientError as error:
        if status(error) == 404:  # noqa: PLR2004 - HTTP's Not Found
            return False
        raise
    return bool(found["ContentLength"] == size)


def _versions(account: Account, bucket: str, prefix: str) -> Iterator[list[dict[str, Any]]]:
    for page in _pages(account, bucket, prefix):
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        if found:
            yield [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in found]


def _pages(account: Account, bucket: str, prefix: str) -> Iterator[dict[str, Any]]:
    paginator = account.client("s3").get_paginator("list_object_versions")
    yield from paginator.paginate(
        Bucket=bucket,
        Prefix=prefix,
        ExpectedBucketOwner=account.account,
        PaginationConfig={"PageSize": _BATCH},
    )
