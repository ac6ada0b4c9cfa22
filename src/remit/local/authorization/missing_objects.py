"""Whoever reads an object of S3 that does not exist must be allowed to list the bucket to learn that.

S3 answers 404 to those who may, and AccessDenied to all others. Source: "GetObject", "HeadObject", Permissions (Amazon
S3 API Reference).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from remit.local.authorization.setting import RequestSetting

LIST_BUCKET: Final = "s3:ListBucket"
_READS: Final = frozenset({"s3:GetObject", "s3:GetObjectAttributes"})


def listed_buckets(accesses: Iterable[tuple[str, str]], setting: RequestSetting) -> Iterator[str]:
    """The ARNs of the buckets of missing objects that accesses (action, ARN) read."""
    for action, resource in accesses:
        if action not in _READS:
            continue
        bucket, _, key = resource.partition(":::")[2].partition("/")
        if key and setting.stored.lacks_object(bucket, key):
            yield setting.arn("s3", bucket, region="", account="")
