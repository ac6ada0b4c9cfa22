"""The nouns of a request's authorization: the request itself, one access that it needs, and the question about that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from remit.iam.request import Open

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from remit.local.authorization.caller import Caller
    from remit.local.authorization.requested_operation import RequestedOperation
    from remit.local.authorization.setting import RequestSetting, StoredNames
    from remit.local.request import ReceivedRequest

    Parameters = Mapping[str, Any]

UNRESOLVED: Final = "${Unresolved}"
"""What stands in an ARN for a part that a request does not tell: remit's engine takes it for any text."""
Value = str | tuple[str, ...] | Open | None
"""A condition key's value: one text, several, any, or absent."""


@dataclass(frozen=True, slots=True)
class OperationRequest:
    """A request as far as its access is concerned: the operation, its parameters, and where it is made and by whom."""

    operation: RequestedOperation
    parameters: Parameters
    setting: RequestSetting

    @property
    def stored(self) -> StoredNames:
        """The resources of the account that names stand for."""
        return self.setting.stored

    def arn(self, service: str, resource: str, *, region: str | None = None, account: str | None = None) -> str:
        """An ARN in the region and the account of the request, as `RequestSetting.arn`."""
        return self.setting.arn(service, resource, region=region, account=account)

    def text(self, name: str) -> str | None:
        """A parameter that is a text; None where there is none."""
        value = self.parameters.get(name)
        return value if isinstance(value, str) else None

    def texts(self, name: str) -> Iterator[str]:
        """The texts of a parameter that is one text or a list of them."""
        return texts(self.parameters.get(name))


@dataclass(frozen=True, slots=True)
class ActionRequest(OperationRequest):
    """A request as far as one of the actions that it needs goes, by which the action's ARNs are found."""

    action: str


@dataclass(frozen=True, slots=True)
class NeededAccess:
    """One access that a request needs. `parameters` are those that it is about: of one item of a batch its own.

    `via` is the service (`s3`) that uses the access for its caller; empty where the caller itself does. `part` names
    what of the request it is for, where AWS goes on with the rest if it is denied: an object's key and version, a
    secret's ARN and what the request calls it.
    """

    action: str
    resource: str
    parameters: Parameters
    via: str = ""
    part: tuple[str, ...] = ()

    @property
    def is_resolved(self) -> bool:
        """True if all of the ARN is known."""
        return UNRESOLVED not in self.resource


@dataclass(frozen=True, slots=True)
class Question:
    """One access that a request needs, from which its condition keys are read."""

    need: NeededAccess
    operation: RequestedOperation
    request: ReceivedRequest
    setting: RequestSetting
    caller: Caller

    def text(self, parameter: str) -> Value:
        """A parameter as a text, absent where there is none."""
        return as_texts(self.need.parameters.get(parameter))


def texts(value: Any) -> Iterator[str]:
    """The texts of a parameter that is one text or a list of them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        yield from (item for item in value if isinstance(item, str))


def as_texts(value: Any) -> str | tuple[str, ...] | None:
    """A parameter as the value of a condition key."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    if isinstance(value, list):
        return tuple(str(item) for item in value if isinstance(item, str | int | float)) or None
    return None
