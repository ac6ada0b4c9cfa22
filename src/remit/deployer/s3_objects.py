"""List what in S3 a resource is made from: its code, its template, its data."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from remit.template.resolved_texts import UNKNOWN

if TYPE_CHECKING:
    from remit.app import Resource
    from remit.catalogue.actions import Action
    from remit.deployer.planned_stack import PlannedStack

_URL: Final = re.compile(
    r"(?:s3://|https://(?:(?P<host>(?:[a-z0-9.-]|\$\{AWS::\w+\})+)\.)?s3[.-](?:(?:[a-z0-9-]+|\$\{AWS::Region\})\.)?"
    rf"(?:amazonaws\.com(?:\.cn)?|{UNKNOWN})/)(?(host)|(?P<bucket>[^/{UNKNOWN}]+)/?)(?P<key>[^{UNKNOWN}]*)"
)
"""Where something is in S3, as a URI or as a URL of either style."""
_BUCKET_AND_KEY: Final = (("S3Bucket", "S3Key"), ("S3Bucket", "S3KeyPrefix"), ("Bucket", "Key"))


def source_arns(stack: PlannedStack, resource: Resource, entry: Action) -> Iterator[str]:
    """Yield the ARNs of what a resource is made from in S3: all objects in the folder of a key, or the bucket.

    It is the objects for an action that takes them. A key differs at each deploy, so its folder is granted.
    """
    on_objects = any(target.type.name == "object" for target in entry.targets)
    urls = list(stack.texts(resource.properties.get("TemplateURL")))
    for bucket, key in (*_locations(resource.properties), *_locations(urls)):
        yield _stored(stack, bucket, key, on_objects=on_objects)


def stored_objects(stack: PlannedStack, url: str) -> tuple[str, ...]:
    """The ARN of all objects in the folder of the one that has this URL; () if it is no URL of S3, or not known."""
    return tuple(_stored(stack, bucket, key, on_objects=True) for bucket, key in _locations(url))


def _stored(stack: PlannedStack, bucket: Any, key: Any, *, on_objects: bool) -> str:
    """The ARN of a bucket, or of all objects in the folder of a key."""
    bucket_name, key_name = (next(iter(stack.texts(value)), "") for value in (bucket, key))
    arn = f"arn:${{AWS::Partition}}:s3:::{bucket_name}"
    if not on_objects:
        return arn
    # The key holds a hash of what it names, so the next deploy's is another one in the same folder.
    folder = key_name.rpartition("/")[0]
    return f"{arn}/{folder}/*" if folder else f"{arn}/*"


def _locations(value: Any) -> Iterator[tuple[Any, Any]]:
    """Pairs of bucket and key in a value: of URLs, and of properties that hold them, at any depth.

    The key is None for a bucket whose keys no property tells.
    """
    if isinstance(value, str):
        url = _URL.fullmatch(value)
        if url is not None:
            yield url["host"] or url["bucket"], url["key"]
    elif isinstance(value, list):
        for item in value:
            yield from _locations(item)
    elif isinstance(value, Mapping):
        for bucket, key in _BUCKET_AND_KEY:
            if bucket in value and key in value:
                yield value[bucket], value[key]
        if "S3Bucket" in value and not {"S3Key", "S3KeyPrefix"} & value.keys():
            yield value["S3Bucket"], None
        yield from _locations(list(value.values()))
