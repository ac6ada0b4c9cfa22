"""Make a version's roles ready to be compared: statements, managed policies, boundary, and who may take them on."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from remit.roles.reference_names import fill_policy_with_principals, fill_references
from remit.roles.role_policies import aws_policy, ready_holder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.holders import Holder
    from remit.iam.policy import Policy
    from remit.review.access_change import Version

_PARTITION: Final = re.compile(r"arn:(?:\$\{[^}]*\}|[^:]*):")


def plain(arn: str) -> str:
    """A policy's ARN without its partition (`arn::iam::…`), which is late-bound in one version and written in another.

    Any other text as it is.
    """
    return _PARTITION.sub("arn::", arn, count=1)


def document_of(arn: str, documents: Mapping[str, Policy]) -> Policy | None:
    """The document of a managed policy or boundary: of `documents` (by `plain` ARN), else AWS's own as it is now.

    None: it is neither.
    """
    return documents.get(plain(arn)) or aws_policy(arn)


def comparable(role: Holder, version: Version, documents: Mapping[str, Policy]) -> Holder:
    """A copy of a role ready to be compared: references that are known exactly in place, and each policy's document.

    The other references stay as they are. `documents` are by `plain` ARN.
    """
    names = version.names
    with_arns = replace(
        role,
        policies=tuple(replace(policy, name=fill_references(policy.name, names)) for policy in role.policies),
        limits=tuple(replace(limit, name=fill_references(limit.name, names)) for limit in role.limits),
        trust=fill_policy_with_principals(role.trust_policy, names),
    )
    return ready_holder(with_arns, names, partial(document_of, documents=documents))
