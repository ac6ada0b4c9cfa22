"""The policies of the resources of a template or an app, each with the ARN that it is of, for `remit explain`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remit.catalogue.types import arns_of
from remit.explain.resource_policies import ResourcePolicyBeside
from remit.iam.tokens import PARTITION, REFERENCE
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
            holder = by_id[logical_id]
            is_conditional = has_conditions or "Condition" in holder.attributes
            for text in access.on:
                yield ResourcePolicyBeside(_arn(text, holder, by_id), grants, is_conditional)


def _arn(text: str, holder: Resource, resources: Mapping[str, Resource]) -> str:
    """The ARN of the resource that the policy in `holder` is of; empty where nobody can tell.

    `text` is the logical id of a holder whose policy is its own; else it refers to the resource, or is its ARN or name.
    """
    reference = REFERENCE.fullmatch(text)
    target = resources.get(reference[1].partition(".")[0]) if reference is not None else None
    if text == holder.logical_id:
        target = holder
    if target is not None:
        return next(iter(arns_of(target)), "")
    if text.startswith("arn:"):
        return text
    return f"arn:{PARTITION}:s3:::{text}" if holder.type in _BUCKET_POLICIES else ""
