"""A stack cannot make a function whose role does not exist or does not trust Lambda; the emulator lets it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remit.local.authorization.stored_policies import trusts
from remit.local.refusals.refusal import Refusal
from remit.local.stack_operations import HandlerError, before_each

if TYPE_CHECKING:
    from remit.local.stack_operations import ResourceOperation

NOT_ASSUMED: Final = "The role defined for the function cannot be assumed by Lambda."
_LAMBDA: Final = "lambda.amazonaws.com"


def _refuse_role(operation: ResourceOperation) -> None:
    if operation.type != "AWS::Lambda::Function" or operation.verb not in ("create", "update"):
        return
    role = operation.properties.get("Role")
    if isinstance(role, str) and role != operation.previous.get("Role") and not trusts(role, _LAMBDA):
        raise HandlerError(f"{NOT_ASSUMED} (Service: Lambda, Status Code: 400)", "InvalidRequest")


REFUSAL: Final = Refusal(
    what="A stack makes a function whose role does not exist or does not trust Lambda.",
    source="InvalidParameterValueException: `The role defined for the function cannot be assumed by Lambda`, "
    "CreateFunction (AWS Lambda API Reference)",
    install=lambda: before_each(_refuse_role),
)
