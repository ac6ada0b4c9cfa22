"""The policies of the resources of a template or an app, each with the ARN that it is of, for `remit explain`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from remit.app import Grant, Reason
from remit.holders import HeldPolicy
from remit.iam.policy import Principals, allow
from remit.iam.tokens import ACCOUNT, PARTITION
from remit.review.resource_access import giving
from remit.template.policy_documents import policy_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from remit.app import Resource

_CONDITIONAL: Final = "the template's conditions decide whether it is there, or what it says"
_OF_THE_ACCOUNT: Final = Grant(
    replace(allow("kms:*"), principals=Principals((("AWS", f"arn:{PARTITION}:iam::{ACCOUNT}:root"),))),
    Reason("text", "the policy of a key that is given none"),
)
"""Source: "Default key policy" (AWS KMS Developer Guide)."""


def policies_beside(resources: Sequence[Resource]) -> Iterator[HeldPolicy]:
    """The policies of resources, permissions among them; each has the ARN that it is of as its name."""
    for access in giving(resources).values():
        if access.is_ceiling:
            continue
        documents = access.documents
        if access.type == "AWS::KMS::Key" and not (documents or access.unread):
            documents = ((_OF_THE_ACCOUNT,),)
        for grants in documents:
            if any(grant.statement.principals is None for grant in grants):
                continue
            is_conditional = access.is_conditional or any(grant.reason.conditions for grant in grants)
            for arn in access.arns:
                yield HeldPolicy(arn, "beside", policy_in(grants), grants, _CONDITIONAL if is_conditional else "")
