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
from remit.template.references import references

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from remit.app import Resource

_REFERENCE: Final = r"\$\{([A-Za-z0-9]+)(\.Arn)?\}"
_NO_NAMES: Final[Mapping[str, str]] = {}


def buckets_by_name(resources: Sequence[Resource]) -> list[Resource]:
    """The resources, where whatever a notifying bucket waits for names the bucket in the place of referring to it."""
    names = {resource.logical_id: _name(resource) for resource in resources if _notifies(resource)}
    if not names:
        return list(resources)
    by_id = {resource.logical_id: resource for resource in resources}
    names_in: dict[str, dict[str, str]] = {}
    for bucket, name in names.items():
        for awaited in _awaited(bucket, by_id):
            names_in.setdefault(awaited, {})[bucket] = name
    return [_naming(resource, names_in.get(resource.logical_id, _NO_NAMES)) for resource in resources]


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


def _awaited(bucket: str, by_id: Mapping[str, Resource]) -> set[str]:
    """Everything that CloudFormation makes before the bucket."""
    awaited: set[str] = set()
    waiting = [bucket]
    while waiting:
        for name in _targets(by_id[waiting.pop()]):
            if name in by_id and name != bucket and name not in awaited:
                awaited.add(name)
                waiting.append(name)
    return awaited


def _targets(resource: Resource) -> Iterator[str]:
    depends = resource.attributes.get("DependsOn", ())
    yield from [depends] if isinstance(depends, str) else depends
    for reference, _ in references(dict(resource.properties), late=True):
        if reference.target is not None:
            yield reference.target


def _naming(resource: Resource, names: Mapping[str, str]) -> Resource:
    return replace(resource, properties=_named(resource.properties, names)) if names else resource


def _named(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return re.sub(_REFERENCE, lambda match: _text(match, names), value)
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
