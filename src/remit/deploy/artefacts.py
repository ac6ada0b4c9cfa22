"""Upload what CloudFormation reads (zips, big templates), and remove it when its stack is gone.

A key is `<namespace>/<sha256>.zip` or `<namespace>/<sha256>.json`. What lies under it is used only if S3 says that its
SHA-256 is the key's: whoever else may write to the bucket could have put other bytes there. The prefix says whose an
object is, so that deleting an app takes exactly its own.

Source: "Checking object integrity for data uploads in Amazon S3" (Amazon S3 User Guide): of an upload in parts S3 keeps
only a checksum of checksums, so a file goes up in one request, which takes 5 GB.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from hashlib import sha256
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, Literal

from remit.deploy.aws_errors import if_there, remit_errors, status
from remit.deploy.bucket import artefact_bucket, exists
from remit.errors import RemitError
from remit.iam.tokens import text_of
from remit.roles.reference_names import fill_references

if TYPE_CHECKING:
    from pathlib import Path

    from remit.deploy.session import Account

_ARTEFACT: Final = re.compile(r"\b([0-9a-f]{64})\.(?:zip|json)\b")
"""The last part of a key: the SHA-256 of what lies under it."""
_BATCH: Final = 1000  # the most keys that one DeleteObjects takes
_LARGEST_PUT: Final = 5 * 1024**3  # bytes that one PutObject takes

Progress = Callable[[int], None]
"""Called with the number of bytes that went up since the last call."""
Upload = Literal["reused", "uploaded", "replaced"]
"""What became of an artefact: it was there; it was not; something else was there, of which this is the next version."""


def upload(account: Account, bucket: str, path: Path, key: str, progress: Progress | None = None) -> Upload:
    """Put a file into the bucket under `key`, unless S3 says that its very bytes are there; return what became of it.

    S3 takes only bytes with the SHA-256 of the key, and a cut upload leaves nothing. RemitError: the file is no longer
    what was built, or AWS refuses.
    """
    from boto3.s3.transfer import TransferConfig

    with remit_errors():
        stored = compare_stored(account, bucket, key)
        if stored == "these bytes":
            return "reused"
        account.client("s3").upload_file(
            str(path),
            bucket,
            key,
            ExtraArgs={"ExpectedBucketOwner": account.account, "ChecksumSHA256": checksum(key)},
            # In parts, S3 would keep a checksum of checksums, which is not the one in the key.
            Config=TransferConfig(multipart_threshold=_LARGEST_PUT),
            Callback=progress,
        )
    return "replaced" if stored == "other bytes" else "uploaded"


def upload_template(account: Account, bucket: str, folder: str, body: str) -> str:
    """Put a template into a folder of the bucket, unless it is there; return the URL (path style) to read it at.

    RemitError: AWS refuses.
    """
    raw = body.encode()
    key = f"{folder}/{sha256(raw).hexdigest()}.json"
    client = account.client("s3")
    with remit_errors():
        if compare_stored(account, bucket, key) != "these bytes":
            client.put_object(
                Bucket=bucket,
                Key=key,
                Body=raw,
                ContentType="application/json",
                ExpectedBucketOwner=account.account,
                ChecksumSHA256=checksum(key),
            )
    return f"{client.meta.endpoint_url.rstrip('/')}/{bucket}/{key}"


def names_artefact(text: str) -> bool:
    """Return whether a text holds the key of an artefact."""
    return _ARTEFACT.search(text) is not None


def checksum(key: str) -> str:
    """The SHA-256 in the key of an artefact, as S3 and Lambda write it: in base64."""
    (digest,) = _ARTEFACT.findall(key)
    return base64.b64encode(bytes.fromhex(digest)).decode()


def buckets_of(account: Account, template: Mapping[str, Any]) -> frozenset[str]:
    """The buckets that hold the zips which remit packaged for functions of a template."""
    buckets = []
    for resource in template.get("Resources", {}).values():
        code = resource["Properties"]["Code"] if resource.get("Type") == "AWS::Lambda::Function" else {}
        if names_artefact(text_of(code.get("S3Key", ""))):
            buckets.append(fill_references(text_of(code["S3Bucket"]), account.pseudo_parameters("")))
    return frozenset(buckets)


def remove_objects(account: Account, bucket: str, prefix: str = "") -> None:
    """Delete every version and delete marker of the objects whose keys begin with `prefix`: all without one.

    Nothing when there is no bucket. RemitError: AWS refuses, or keeps one.
    """
    with remit_errors():
        if exists(account, bucket):
            for batch in _versions(account, bucket, prefix):
                _delete(account, bucket, batch)


def _delete(account: Account, bucket: str, batch: list[dict[str, Any]]) -> None:
    """Delete one batch of objects, with the account as their expected owner.

    RemitError (2) that names the first that S3 keeps.
    """
    answer = account.client("s3").delete_objects(
        Bucket=bucket, ExpectedBucketOwner=account.account, Delete={"Objects": batch, "Quiet": True}
    )
    if answer.get("Errors"):
        first = answer["Errors"][0]
        why = first.get("Message", first["Code"])
        raise RemitError(f"{first['Key']} in bucket {bucket} cannot be deleted: {why}")


def prune_artefacts(account: Account, namespace: str, bucket: str, *kept: object) -> None:
    """Delete the namespace's artefacts that none of the `kept` values names: templates, keys of releases and of zips.

    Their old versions stay for as long as the bucket's rule keeps them. The uploads of templates go as well:
    CloudFormation reads one but once, when it makes a change set. RemitError: AWS refuses.
    """
    digests = set(_ARTEFACT.findall(json.dumps(kept)))
    with remit_errors():
        if not exists(account, bucket):
            return
        for page in object_pages(account, bucket, f"{namespace}/"):
            old = []
            for item in page.get("Versions", []):
                artefact = _ARTEFACT.search(item["Key"])
                if item["IsLatest"] and artefact is not None and artefact[1] not in digests:
                    old.append({"Key": item["Key"]})
            if old:
                _delete(account, bucket, old)


def remove_bucket(account: Account) -> bool:
    """Delete remit's artefact bucket if no app has anything in it; return whether there is none now.

    RemitError: AWS refuses.
    """
    bucket = artefact_bucket(account).name
    with remit_errors():
        if not exists(account, bucket):
            return True
        if next(_versions(account, bucket, ""), None) is not None:
            return False
        account.client("s3").delete_bucket(Bucket=bucket, ExpectedBucketOwner=account.account)
    return True


def compare_stored(account: Account, bucket: str, key: str) -> Literal["nothing", "these bytes", "other bytes"]:
    """Compare the SHA-256 of what S3 has under a key with the one that the key names.

    "other bytes" also where S3 has no SHA-256 of the whole object.
    """
    arguments = {"Bucket": bucket, "Key": key, "ExpectedBucketOwner": account.account}
    # S3 leaves the checksum out of its answer unless ChecksumMode asks for it.
    ask = partial(account.client("s3").head_object, **arguments, ChecksumMode="ENABLED")
    stored = if_there(ask, lambda error: status(error) == HTTPStatus.NOT_FOUND)
    if stored is None:
        return "nothing"
    return "these bytes" if stored.get("ChecksumSHA256") == checksum(key) else "other bytes"


def _versions(account: Account, bucket: str, prefix: str) -> Iterator[list[dict[str, Any]]]:
    """Yield the versions and delete markers of each page that has any, as DeleteObjects takes them."""
    for page in object_pages(account, bucket, prefix):
        items = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        if items:
            yield [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in items]


def object_pages(account: Account, bucket: str, prefix: str) -> Iterator[dict[str, Any]]:
    """List all versions of the objects whose keys begin with `prefix`, in pages as S3 answers them."""
    paginator = account.client("s3").get_paginator("list_object_versions")
    yield from paginator.paginate(
        Bucket=bucket,
        Prefix=prefix,
        ExpectedBucketOwner=account.account,
        PaginationConfig={"PageSize": _BATCH},
    )
