"""Make a version's roles ready to be compared: statements, managed policies, boundary, and who may take them on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from remit.iam.decide.evaluate import Layers
from remit.iam.policy import Policy
from remit.review.access_change import Standing
from remit.roles.reference_names import fill_policy_with_principals, fill_references, fill_statement
from remit.roles.role_policies import aws_policy, by_version
from remit.template.policy_documents import trusting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.holders import Holder
    from remit.review.access_change import Version

_PARTITION: Final = re.compile(r"arn:(?:\$\{[^}]*\}|[^:]*):")


def plain(arn: str) -> str:
    """A policy's ARN without its partition, which is late-bound in one version and written in another."""
    return _PARTITION.sub("arn::", arn, count=1)


def document_of(arn: str, documents: Mapping[str, Policy]) -> Policy | None:
    """What a managed policy or boundary says: as `documents` (by `plain` ARN) has it, else as AWS's own does now."""
    return documents.get(plain(arn)) or aws_policy(arn)


def stand(role: Holder, version: Version, documents: Mapping[str, Policy]) -> Standing:
    """A role of a version with its references in place as far as they are known exactly; the others stay symbols."""
    names = version.names
    inline = by_version(role)
    inline_policies = []
    for language_version, grants in inline.items():
        statements = tuple(fill_statement(grant.statement, names) for grant in grants)
        inline_policies.append(Policy(statements, language_version))
    read_policies: dict[str, Policy] = {}
    unread = []
    for arn in dict.fromkeys(fill_references(arn, names) for arn in role.managed):
        document = document_of(arn, documents)
        if document is None:
            unread.append(arn)
        else:
            read_policies[arn] = document
    boundary = None if role.boundary is None else fill_references(role.boundary, names)
    limit = None if boundary is None else document_of(boundary, documents)
    return Standing(
        role=role,
        layers=Layers((*inline_policies, *read_policies.values()), () if limit is None else (limit,)),
        inline=tuple(inline.values()),
        policies=tuple(read_policies),
        unread=tuple(unread),
        boundary=boundary,
        boundary_known=boundary is None or limit is not None,
        trust=_trust(role, version),
    )


def _trust(role: Holder, version: Version) -> Policy:
    """Who may take the role on, with known references in place."""
    trust = version.trusts.get(role.logical_id) or role.trust or trusting(role.trusts)
    return fill_policy_with_principals(trust, version.names)
