"""A bucket that notifies a function is named by what it waits for: references both ways would be a circular dependency.

The bucket refers to the function in its notifications. The function's role may be about the bucket, its environment may
hold its name, and its permission is for it: these write the bucket's name and the ARN that follows from it, so that the
role stays on that one bucket.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from remit.iam import tokens
from remit.synthesis.later_policies import Waits

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from remit.app import Resource

_REFERENCE: Final = r"\$\{([A-Za-z0-9]+)(\.Arn)?\}"


def buckets_by_name(resources: Sequence[Resource]) -> list[Resource]:
    """The resources, where whatever a notifying bucket waits for names the bucket in the place of referring to it."""
    names = {resource.logical_id: _name(resource) for resource in resources if _notifies(resource)}
    if not names:
        return list(resources)
    waits = Waits({resource.logical_id: resource for resource in resources})
    named: list[Resource] = []
    for resource in resources:
        # In the circular dependency that this takes away, the bucket waits for itself, too.
        own_names = {
            bucket: name
            for bucket, name in names.items()
            if bucket != resource.logical_id and resource.logical_id in waits.all_before(bucket)
        }
        named.append(replace(resource, properties=_named(resource.properties, own_names)) if own_names else resource)
    return named


def arns_by_name(resources: Iterable[Resource]) -> dict[str, str]:
    """Map ARNs that `buckets_by_name` wrote to their references, `${DataFiles.Arn}`."""
    return {
        f"arn:{tokens.PARTITION}:s3:::{_name(resource)}": f"${{{resource.logical_id}.Arn}}"
        for resource in resources
        if _notifies(resource)
    }


def _notifies(resource: Resource) -> bool:
    """Return whether a resource is a bucket that has functions to notify, and a name by which they can know it."""
    if resource.type != "AWS::S3::Bucket" or not _name(resource):
        return False
    configuration = resource.properties.get("NotificationConfiguration")
    return isinstance(configuration, dict) and bool(configuration.get("LambdaConfigurations"))


def _name(bucket: Resource) -> str:
    return str(tokens.textual(bucket.properties.get("BucketName", "")))


def _named(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return re.sub(_REFERENCE, lambda match: _text(match, names), value)
    if isinstance(value, tokens.Verbatim):
        return value
    if tokens.is_intrinsic(value):
        text = tokens.from_intrinsic(value)
        named_text = re.sub(_REFERENCE, lambda match: _text(match, names), text)
        return value if named_text == text else named_text
    if isinstance(value, dict):
        return {name: _named(item, names) for name, item in value.items()}
    return [_named(item, names) for item in value] if isinstance(value, list | tuple) else value


def _text(reference: re.Match[str], names: Mapping[str, str]) -> str:
    name = names.get(reference[1])
    if name is None:
        return reference[0]
    return f"arn:{tokens.PARTITION}:s3:::{name}" if reference[2] else name
