"""A stack cannot attach a managed policy that does not exist, nor take one for a boundary; the emulator lets it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remit.local.authorization.stored_policies import managed_policy_exists
from remit.local.refusals.refusal import Refusal
from remit.local.stack_operations import HandlerError, before_each

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.local.stack_operations import ResourceOperation

_IDENTITIES: Final = frozenset({"AWS::IAM::Group", "AWS::IAM::Role", "AWS::IAM::User"})


def _refuse_missing(operation: ResourceOperation) -> None:
    if operation.type not in _IDENTITIES or operation.verb not in ("create", "update"):
        return
    for kind, arn in _named(operation):
        if not managed_policy_exists(arn):
            raise HandlerError(f"{kind} {arn} does not exist or is not attachable. (Status Code: 404)", "NotFound")


def _named(operation: ResourceOperation) -> Iterator[tuple[str, str]]:
    """The ARNs that are new, each as IAM's message calls it."""
    before = operation.previous.get("ManagedPolicyArns") or []
    for arn in operation.properties.get("ManagedPolicyArns") or []:
        if isinstance(arn, str) and arn not in before:
            yield "Policy", arn
    boundary = operation.properties.get("PermissionsBoundary")
    if isinstance(boundary, str) and boundary != operation.previous.get("PermissionsBoundary"):
        yield "Scope ARN:", boundary


REFUSAL: Final = Refusal(
    what="A stack gives a role a managed policy or a boundary that does not exist.",
    source="NoSuchEntity: `Policy … does not exist or is not attachable`, AttachRolePolicy (IAM API Reference)",
    install=lambda: before_each(_refuse_missing),
)
