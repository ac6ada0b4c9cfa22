"""Say which roles a deploy passes to which services: iam:PassRole on exactly these, to exactly those."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.catalogue.types import deployment_of
from remit.deployer.declared import OPEN, ROLE_TYPE, Declared, Stack, texts
from remit.deployer.needs import Need, Purpose
from remit.deployer.optional import called
from remit.deployer.references import ROLES, referred
from remit.deployer.targets import targets
from remit.iam.policy import Condition

if TYPE_CHECKING:
    from collections.abc import Iterator


def passed(stack: Stack, declared: Declared) -> Iterator[Need]:
    """iam:PassRole for a resource that is given a role: only the role that its properties name, to its service."""
    if not passes(declared):
        return
    by_arn = {
        arn: role
        for role in referred(stack, declared, ROLES)
        if role.type == ROLE_TYPE
        for arn in targets(stack, role, "iam:GetRole")
    }
    for arn in targets(stack, declared, "iam:PassRole"):
        role = by_arn.get(arn)
        services = _services(stack, declared, role)
        name = arn.rpartition("/")[2] if role is None else role.logical_id
        reason = Purpose("pass", f"{name} to {declared.logical_id}", declared.type)
        yield Need("iam:PassRole", arn, reason, (Condition("StringEquals", "iam:PassedToService", services),))


def passes(declared: Declared) -> bool:
    """Whether deploying a resource may pass a role."""
    return "iam:PassRole" in called(declared)


def _services(stack: Stack, declared: Declared, role: Declared | None) -> tuple[str, ...]:
    """The services that take the role: what the type is known for, else who the role trusts."""
    deployment = deployment_of(declared.type)
    if deployment.passes_to:
        return deployment.passes_to
    trusted = () if role is None else tuple(trusts(stack, role))
    own_service = f"{declared.type.split('::')[1].lower()}.amazonaws.com"
    return trusted or deployment.usually_passes_to or (own_service,)


def trusts(stack: Stack, role: Declared) -> Iterator[str]:
    """The services that may assume a role, by its trust policy."""
    document: Any = role.properties.get("AssumeRolePolicyDocument")
    statements = document.get("Statement", []) if isinstance(document, dict) else []
    for statement in statements if isinstance(statements, list) else [statements]:
        principal = statement.get("Principal", {}) if isinstance(statement, dict) else {}
        services = principal.get("Service", []) if isinstance(principal, dict) else []
        for service in services if isinstance(services, list) else [services]:
            yield from (text for text in texts(stack, service) if OPEN not in text)
