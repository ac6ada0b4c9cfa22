"""The caller of the request that the AWS on this machine is answering, and the question about one access of it."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.access.needed_access import NeededAccess, RequestedOperation
    from remit.access.setting import RequestSetting
    from remit.iam.policy import Policy
    from remit.local.request import ReceivedRequest

_NO_LIMIT: Final[tuple[Policy, ...]] = ()


@dataclass(frozen=True, slots=True)
class Caller:
    """The signer of a request: its ARN, the policies of its session, and the values of its condition keys.

    `keys` are condition keys in lower case: its id, its tags, when it was made. `function` is the deployed name of the
    function that calls, else empty. `session` is the same object for the same policies. `is_root` says that the
    server's own key signed, or a session of it: no name and no ARN makes a caller root.
    """

    arn: str
    account: str
    session: tuple[Policy, ...] = _NO_LIMIT
    keys: Mapping[str, str | tuple[str, ...] | None] = field(default_factory=dict)
    function: str = ""
    is_root: bool = False

    @property
    def is_federated(self) -> bool:
        """True if a token of an identity provider says who it is: `arn` is the provider's."""
        return not self.account


CALLER: Final[ContextVar[Caller | None]] = ContextVar("caller", default=None)
"""The caller; None: this server's own key, which may do anything.

What a request starts and does not wait for (a stack's changes, its rollback) still sees its caller.
"""
CALLING_KEY: Final[ContextVar[str]] = ContextVar("calling key", default="")
"""The access key with which a request to the app was signed; empty where it was not."""


@dataclass(frozen=True, slots=True)
class Question:
    """One access that a request needs, from which its condition keys are read."""

    need: NeededAccess
    operation: RequestedOperation
    request: ReceivedRequest
    setting: RequestSetting
    caller: Caller
