"""The access of `remit deploy --revert-drift` beside a deploy: it undoes changes by hand to the stack's roles.

Most of it a deploy needs anyway, for CloudFormation writes the same roles: their inline policies, their trust policies,
and the managed policies that the template attaches. What is left is to detach a policy of any name, and the boundary.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.deployer.needed_actions import Need, Purpose
from remit.deployer.planned_stack import ROLE_TYPE
from remit.deployer.targets import targets
from remit.iam.policy import Condition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from remit.deployer.planned_stack import PlannedStack

_WHY = Purpose("to undo what was done by hand to the stack's roles")


def reverting(stack: PlannedStack, limit: Callable[[str], str | None]) -> Iterator[Need]:
    """The needs; `limit` has the boundary (ARN) that a role must have, by the role's ARN.

    A boundary that a role must have is put back, and never taken off.
    """
    for resource in stack.resources.values():
        if resource.type != ROLE_TYPE:
            continue
        for role in targets(stack, resource, "iam:GetRole"):
            boundary = limit(role)
            if boundary is None:
                yield Need("iam:DetachRolePolicy", role, _WHY)
                yield Need("iam:DeleteRolePermissionsBoundary", role, _WHY)
            else:
                only = (Condition("ArnEquals", "iam:PermissionsBoundary", (boundary,)),)
                yield Need("iam:DetachRolePolicy", role, _WHY, only)
                yield Need("iam:PutRolePermissionsBoundary", role, _WHY, only)
