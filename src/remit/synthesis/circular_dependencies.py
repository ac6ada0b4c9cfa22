"""Keep circular dependencies out of a template: buckets by their names, and policies that come later.

A bucket that notifies a function refers to it. The function's role may be about the bucket, its environment may hold
its name, and its permission is for it: these write the bucket's name and the ARN that follows from it, so that the role
stays on that one bucket.

A user pool refers to the function that it runs, the function to its role. If the role's policy referred to the pool,
that would be a circular dependency; a policy of its own, attached to the role, makes none.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, Final

from remit.app import Resource
from remit.iam import tokens
from remit.template.references import references

_REFERENCE: Final = r"\$\{[A-Za-z0-9]+(?:\.Arn)?\}"
_LATER: Final = "remit-later"


def buckets_by_name(resources: Sequence[Resource]) -> list[Resource]:
    """All resources, with the bucket's name for a reference to it in whatever a notifying bucket waits for."""
    names = {resource.logical_id: _bucket_name(resource) for resource in resources if _notifies(resource)}
    if not names:
        return list(resources)
    waits = Waits({resource.logical_id: resource for resource in resources})
    named: list[Resource] = []
    for resource in resources:
        # In the circular dependency that this takes away, the bucket waits for itself, too.
        own_names: dict[str, str] = {}
        for bucket, name in names.items():
            if bucket != resource.logical_id and resource.logical_id in waits.all_before(bucket):
                own_names |= {f"${{{bucket}}}": name, f"${{{bucket}.Arn}}": f"arn:{tokens.PARTITION}:s3:::{name}"}
        named.append(replace(resource, properties=_by_name(resource.properties, own_names)) if own_names else resource)
    return named


def arns_by_name(resources: Iterable[Resource]) -> dict[str, str]:
    """Map the ARNs that `buckets_by_name` wrote for notifying buckets to their references, `${DataFiles.Arn}`."""
    return {
        f"arn:{tokens.PARTITION}:s3:::{_bucket_name(resource)}": f"${{{resource.logical_id}.Arn}}"
        for resource in resources
        if _notifies(resource)
    }


def _notifies(resource: Resource) -> bool:
    """Return whether a resource is a bucket that has functions to notify, and a name by which they can know it."""
    if resource.type != "AWS::S3::Bucket" or not _bucket_name(resource):
        return False
    configuration = resource.properties.get("NotificationConfiguration")
    return isinstance(configuration, dict) and bool(configuration.get("LambdaConfigurations"))


def _bucket_name(bucket: Resource) -> str:
    """The name that the template gives a bucket, as late-bound text; empty where it gives none."""
    return str(tokens.textual(bucket.properties.get("BucketName", "")))


def _by_name(value: Any, names: Mapping[str, str]) -> Any:
    """A value with the names of buckets in the place of the references to them."""

    def named(leaf: Any) -> Any:
        """A text with names in the place of the references that have one; any other value as it is."""
        text = tokens.textual(leaf)
        if not isinstance(text, str):
            return leaf
        named_text = re.sub(_REFERENCE, lambda match: names.get(match[0], match[0]), text)
        return leaf if named_text == text else named_text

    return tokens.with_leaves(value, named)


def with_later_policies(resources: Sequence[Resource], roles: Collection[str]) -> list[Resource]:
    """All resources, with the statements of roles that would make a circular dependency in policies of their own.

    Such a policy follows its role, with the role's logical id and `Later`; a role without other statements keeps none.
    `roles` has the logical ids of those that remit assigned, with one inline policy each at most; a role that is a
    shared resource is as it was written.
    """
    waits = Waits({resource.logical_id: resource for resource in resources})
    separated: list[Resource] = []
    for resource in resources:
        policies: Any = resource.properties.get("Policies") if resource.logical_id in roles else None
        earlier: list[Any] = []
        later: list[Any] = []
        for statement in policies[0]["PolicyDocument"]["Statement"] if policies else ():
            names = referred_ids(statement) if isinstance(statement, dict) else ()
            makes_cycle = any(resource.logical_id in waits.all_before(name) for name in names)
            (later if makes_cycle else earlier).append(statement)
        if not later:
            separated.append(resource)
            continue
        document = policies[0]["PolicyDocument"]
        kept = [{**policies[0], "PolicyDocument": {**document, "Statement": earlier}}] if earlier else []
        separated.append(replace(resource, properties={**resource.properties, "Policies": kept}))
        attached = {
            "PolicyName": _LATER,
            "PolicyDocument": {**document, "Statement": later},
            "Roles": [resource.ref],
        }
        separated.append(Resource(f"{resource.logical_id}Later", "AWS::IAM::Policy", attached, origin=resource.origin))
    return separated


class Waits:
    """The resources that CloudFormation makes before each resource, found when they are asked for."""

    def __init__(self, by_id: Mapping[str, Resource]) -> None:
        self._by_id = by_id
        # Many wait for the same role.
        self.all_before = cache(self._all_before)
        self._named_by = cache(self._names_in)

    def _all_before(self, logical_id: str) -> frozenset[str]:
        """The resources that one waits for, if only by others; itself, where it is in a circular dependency."""
        before: set[str] = set()
        waiting = [logical_id]
        while waiting:
            for name in self._named_by(waiting.pop()):
                if name not in before:
                    before.add(name)
                    waiting.append(name)
        return frozenset(before)

    def _names_in(self, logical_id: str) -> tuple[str, ...]:
        """The logical ids that a resource itself names or depends on; none for what is no resource of the template."""
        resource = self._by_id.get(logical_id)
        if resource is None:
            return ()
        depends = resource.attributes.get("DependsOn", ())
        return (*([depends] if isinstance(depends, str) else depends), *referred_ids(resource.properties))


def referred_ids(value: Any) -> Iterator[str]:
    """Yield the logical ids that a mapping's references name, some more than once.

    RemitError: its text cannot be read.
    """
    for reference, _ in references(dict(value), late=True):
        if reference.target is not None:
            yield reference.target
