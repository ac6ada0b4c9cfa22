"""The deployed app: the stack, its outputs, functions and roles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from remit.deploy.aws_errors import remit_errors
from remit.deploy.stack import DeployedStack, describe

if TYPE_CHECKING:
    from remit.deploy.session import Account

FUNCTION_TYPE: Final = "AWS::Lambda::Function"
ROLE_TYPE: Final = "AWS::IAM::Role"


@dataclass(frozen=True, slots=True)
class DeployedResource:
    """One resource of a stack as AWS has it."""

    logical_id: str
    type: str
    physical_id: str
    status: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class StackStatus:
    """A stack and what is in it, by logical id."""

    stack: DeployedStack
    resources: tuple[DeployedResource, ...]

    @property
    def physical_ids(self) -> dict[str, str]:
        """Physical ids by logical id, of what is made already."""
        return {resource.logical_id: resource.physical_id for resource in self.resources if resource.physical_id}

    @property
    def functions(self) -> tuple[DeployedResource, ...]:
        """The functions."""
        return tuple(resource for resource in self.resources if resource.type == FUNCTION_TYPE)

    @property
    def roles(self) -> tuple[DeployedResource, ...]:
        """The roles."""
        return tuple(resource for resource in self.resources if resource.type == ROLE_TYPE)

    @property
    def failed(self) -> tuple[DeployedResource, ...]:
        """Resources in a failed state."""
        return tuple(resource for resource in self.resources if resource.status.endswith("_FAILED"))


def status(account: Account, namespace: str) -> StackStatus | None:
    """The stack and its resources, sorted by logical id; None when it is not deployed.

    Two calls, one more per hundred resources. RemitError: AWS refuses.
    """
    with remit_errors():
        stack = describe(account, namespace)
    return None if stack is None else status_of(account, stack)


def status_of(account: Account, stack: DeployedStack) -> StackStatus:
    """`status` of a stack that was described already: one call less. RemitError: AWS refuses."""
    with remit_errors():
        paginator = account.client("cloudformation").get_paginator("list_stack_resources")
        resources = [
            DeployedResource(
                raw["LogicalResourceId"], raw["ResourceType"], raw.get("PhysicalResourceId", ""),
                raw["ResourceStatus"], raw.get("ResourceStatusReason", ""),
            )
            for page in paginator.paginate(StackName=stack.id)
            for raw in page["StackResourceSummaries"]
        ]  # fmt: skip
    return StackStatus(stack, tuple(sorted(resources, key=lambda resource: resource.logical_id)))
