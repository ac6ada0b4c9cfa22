"""The policies of the resources of a template or an app, each with the ARN that it is of, for `remit explain`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.explain.resource_policies import ResourcePolicyBeside
from remit.review.resource_access import giving

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from remit.app import Resource


def policies_beside(resources: Sequence[Resource]) -> Iterator[ResourcePolicyBeside]:
    """The policies of resources, their access control lists and permissions among them."""
    for access in giving(resources).values():
        if access.is_ceiling:
            continue
        for grants in access.documents:
            if any(grant.statement.principals is None for grant in grants):
                continue
            is_conditional = access.is_conditional or any(grant.reason.conditions for grant in grants)
            for arn in access.arns:
                yield ResourcePolicyBeside(arn, grants, is_conditional)
