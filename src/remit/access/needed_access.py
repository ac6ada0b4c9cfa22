"""The nouns of the access that a call needs: the operation, the call with its parameters, one access that it needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, TypeGuard

from remit.catalogue.request_formats import ParameterFormat, Route, parameter_format
from remit.iam.request import Open

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from remit.access.setting import RequestSetting, StoredNames

    Parameters = Mapping[str, Any]

Protocol = Literal["json", "cbor", "query", "rest"]
UNRESOLVED: Final = "${Unresolved}"
"""What stands in an ARN for a part that a request does not tell: remit's engine takes it for any text."""
Value = str | tuple[str, ...] | Open | None
"""A condition key's value: one text, several, any, or absent."""


@dataclass(frozen=True, slots=True)
class RequestedOperation:
    """An operation that a request asks for, by boto3's name of the client, and how the request spells it.

    `path` has the parameters of the URI, and `route` its model. `address` is the API and the stage, where the URI
    begins with them. `target` is the service's name in X-Amz-Target and in the paths of RPC.
    """

    client: str
    name: str
    protocol: Protocol
    path: Mapping[str, str] = field(default_factory=dict)
    address: tuple[str, str] | None = None
    target: str = ""
    route: Route | None = None

    @property
    def format(self) -> ParameterFormat | None:
        """The place of the operation's parameters in the request; None where nobody knows them."""
        return parameter_format(self.client, self.name)


def is_federated(operation: RequestedOperation | None) -> TypeGuard[RequestedOperation]:
    """Return whether a token says who makes a request for an operation (`AssumeRoleWithSAML` and its like)."""
    return operation is not None and operation.client == "sts" and operation.name.startswith("AssumeRoleWith")


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
        """A parameter that is a text; None where there is none, or it is of another type."""
        value = self.parameters.get(name)
        return value if isinstance(value, str) else None

    def texts(self, name: str) -> Iterator[str]:
        """The texts of a parameter that is one text or a list of them; none of any other value."""
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


def texts(value: Any) -> Iterator[str]:
    """The texts of a parameter that is one text or a list of them; none of any other value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        yield from (item for item in value if isinstance(item, str))


def as_texts(value: Any) -> str | tuple[str, ...] | None:
    """A parameter as the value of a condition key, numbers and booleans as texts.

    None for what is neither a scalar nor a list of some.
    """
    if isinstance(value, list):
        return tuple(_as_text(item) for item in value if isinstance(item, str | int | float)) or None
    return _as_text(value) if isinstance(value, str | int | float) else None


def _as_text(value: str | float) -> str:
    """A scalar as IAM compares it: a boolean in small letters."""
    return str(value).lower() if isinstance(value, bool) else str(value)
