"""Give the roles of a stack their permissions boundaries in the AWS on this machine, whose CloudFormation drops them.

Without it, every role there would look as if somebody had taken its boundary off by hand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.deploy.aws_errors import remit_errors
from remit.deploy.deployed_references import names
from remit.deploy.status import status
from remit.roles.reference_names import fill_references
from remit.synthesis.declared_roles import declared

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from remit.deploy.session import Account

_PROPERTY = "PermissionsBoundary"


def put_boundaries(account: Account, namespace: str, template: Mapping[str, Any], before: Mapping[str, Any]) -> None:
    """Give each role the boundary of the template that runs, and take off what only the one `before` gave.

    It does nothing in a real account. RemitError: the AWS on this machine does not answer.
    """
    if not account.local or not (_mentioned(template) or _mentioned(before)):
        return
    stack = status(account, namespace)
    if stack is None:
        return
    values = names(account, stack, (), {}).known
    boundaries = _boundaries(template, values)
    boundaries_before = _boundaries(before, values)
    client = account.client("iam")
    with remit_errors():
        for role in stack.roles:
            boundary = boundaries.get(role.logical_id)
            if boundary is not None:
                client.put_role_permissions_boundary(RoleName=role.physical_id, PermissionsBoundary=boundary)
            elif role.logical_id in boundaries_before:
                _take_off(client, role.physical_id)


def _mentioned(template: Mapping[str, Any]) -> bool:
    resources = template.get("Resources", {}).values()
    return any(_PROPERTY in resource.get("Properties", {}) for resource in resources)


def _boundaries(template: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, str]:
    """The boundary of each role that has one, by the role's logical id."""
    if not _mentioned(template):
        return {}
    return {
        declared_role.role.logical_id: fill_references(declared_role.role.boundary, values)
        for declared_role in declared(template).roles
        if declared_role.role.boundary is not None
    }


def _take_off(client: Any, role: str) -> None:
    try:
        client.delete_role_permissions_boundary(RoleName=role)
    except client.exceptions.NoSuchEntityException:
        return  # it has none
