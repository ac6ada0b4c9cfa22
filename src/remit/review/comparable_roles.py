"""Make a version's roles ready to be compared: statements, managed policies, boundary, and who may take them on."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from remit.iam.decide.evaluate import Layers
from remit.iam.policy import Policy, Statement
from remit.review.access_change import Standing
from remit.roles.reference_names import put, put_all
from remit.roles.role_policies import aws_policy, by_version
from remit.template.policy_documents import trusting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.app import Role
    from remit.review.access_change import Version

_PARTITION: Final = re.compile(r"arn:(?:\$\{[^}]*\}|[^:]*):")


def plain(arn: str) -> str:
    """A policy's ARN without its partition, which is late-bound in one version and written in another."""
    return _PARTITION.sub("arn::", arn, count=1)


def document_of(arn: str, documents: Mapping[str, Policy]) -> Policy | None:
    """What a managed policy or boundary says: as `documents` (by `plain` ARN) has it, else as AWS's own does now."""
    return documents.get(plain(arn)) or aws_policy(arn)


def stand(role: Role, version: Version, documents: Mapping[str, Policy]) -> Standing:
    """A role of a version with its references in place as far as they are known exactly; the others stay symbols."""
    names = version.names
    inline = by_version(role)
    own = (
        Policy(tuple(put_all(one.statement, names) for one in grants), version) for version, grants in inline.items()
    )
    attached = {arn: document_of(arn, documents) for arn in dict.fromkeys(put(arn, names) for arn in role.managed)}
    known = {arn: document for arn, document in attached.items() if document is not None}
    boundary = None if role.boundary is None else put(role.boundary, names)
    limit = None if boundary is None else document_of(boundary, documents)
    return Standing(
        role=role,
        layers=Layers((*own, *known.values()), () if limit is None else (limit,)),
        inline=tuple(inline.values()),
        policies=tuple(known),
        unread=tuple(arn for arn in attached if arn not in known),
        boundary=boundary,
        boundary_known=boundary is None or limit is not None,
        trust=_named(_trust(role, version), names),
    )


def _trust(role: Role, version: Version) -> Policy:
    own = version.trusts.get(role.logical_id) or role.trust
    return trusting(role.trusts) if own is None else own


def filled(statement: Statement, names: Mapping[str, str]) -> Statement:
    """A statement with its known references in place, principals as well."""
    who = statement.principals
    if who is not None:
        who = replace(who, patterns=tuple((kind, put(text, names)) for kind, text in who.patterns))
    return replace(put_all(statement, names), principals=who)


def _named(policy: Policy, names: Mapping[str, str]) -> Policy:
    """A trust policy with its known references in place."""
    return replace(policy, statements=tuple(filled(one, names) for one in policy.statements)) if names else policy
