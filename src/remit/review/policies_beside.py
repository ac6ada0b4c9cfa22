"""The policies of the resources of a template or an app, each with the ARN that it is of, for `remit explain`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remit.catalogue.types import arns_of
from remit.explain.resource_policies import ResourcePolicyBeside
from remit.iam.tokens import PARTITION
from remit.review.resource_access import giving

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from remit.app import Resource

_BUCKET_POLICIES: Final = ("AWS::S3::BucketPolicy", "aws_s3_bucket_policy")


def policies_beside(resources: Sequence[Resource]) -> tuple[ResourcePolicyBeside, ...]:
    """The policies of resources, their access control lists and permissions among them."""
    return tuple(_policies(resources))


def _policies(resources: Sequence[Resource]) -> Iterator[ResourcePolicyBeside]:
    by_id = {resource.logical_id: resource for resource in resources}
    for logical_id, access in giving(resources).items():
        if access.is_ceiling:
            continue
        for grants in access.documents:
            if any(grant.statement.principals is None for grant in grants):
                continue
            has_conditions = any(grant.reason.conditions for grant in grants)
            is_conditional = has_conditions or "Condition" in by_id[logical_id].attributes
            for text in access.on:
                yield ResourcePolicyBeside(_arn(text, access.type, by_id), grants, is_conditional)


def _arn(text: str, kind: str, resources: Mapping[str, Resource]) -> str:
    """The ARN of the resource that a policy is of, by the text that names it; empty where nobody can tell."""
    target = resources.get(text.strip("${}").partition(".")[0])
    if target is not None:
        return next(iter(arns_of(target)), "")
    if text.startswith("arn:"):
        return text
    return f"arn:{PARTITION}:s3:::{text}" if kind in _BUCKET_POLICIES else ""
