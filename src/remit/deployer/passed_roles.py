"""Say which roles a deploy passes to which services: iam:PassRole on exactly these, to exactly those."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.catalogue.types import deployment_of
from remit.deployer.needed_actions import Need, Purpose
from remit.deployer.optional_actions import called_actions
from remit.deployer.planned_stack import ROLE_TYPE, PlannedStack
from remit.deployer.references import ROLES, referred
from remit.deployer.targets import targets
from remit.iam.policy import Condition
from remit.template.branches import values_at
from remit.template.resolved_texts import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.app import Resource


def passed(stack: PlannedStack, resource: Resource) -> Iterator[Need]:
    """Yield iam:PassRole for a resource that is given a role: for the role that its properties name, to its service."""
    if not passes(resource):
        return
    role_by_arn: dict[str, Resource] = {}
    for role in referred(stack, resource, ROLES):
        if role.type == ROLE_TYPE:
            role_by_arn |= dict.fromkeys(targets(stack, role, "iam:GetRole"), role)
    for arn in targets(stack, resource, "iam:PassRole"):
        passed_role = role_by_arn.get(arn)
        services = _services(stack, resource, passed_role)
        name = arn.rpartition("/")[2] if passed_role is None else passed_role.logical_id
        reason = Purpose("pass", f"{name} to {resource.logical_id}", resource.type)
        yield Need("iam:PassRole", arn, reason, (Condition("StringEquals", "iam:PassedToService", services),))


def passes(resource: Resource) -> bool:
    """Return whether deploying a resource may pass a role."""
    return "iam:PassRole" in called_actions(resource)


def _services(stack: PlannedStack, resource: Resource, role: Resource | None) -> tuple[str, ...]:
    """The services that take the role: those known of the type, else those that the role trusts, else a likely one.

    That is the type's usual one, or the one that is named as the type (`AWS::Glue::Job`: `glue.amazonaws.com`).
    """
    deployment = deployment_of(resource.type)
    if deployment.passes_to:
        return deployment.passes_to
    trusted: list[str] = []
    if role is not None:
        for service in values_at(role.properties, "AssumeRolePolicyDocument.Statement[].Principal.Service[]"):
            trusted += (text for text in stack.texts(service) if UNKNOWN not in text)
    # Most services take roles under their own name: that is the last guess.
    own_service = f"{resource.type.split('::')[1].lower()}.amazonaws.com"
    return tuple(trusted) or deployment.usually_passes_to or (own_service,)
