"""The source of a request's condition keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from remit.iam.request import Open

if TYPE_CHECKING:
    from remit.local.authorization.caller import Caller
    from remit.local.authorization.needs import NeededAccess
    from remit.local.authorization.requested_operation import RequestedOperation
    from remit.local.authorization.setting import RequestSetting
    from remit.local.request import ReceivedRequest

Value = str | tuple[str, ...] | Open | None
"""One value, several, any, or absent."""


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


def as_texts(value: Any) -> str | tuple[str, ...] | None:
    """A parameter as the value of a key."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    if isinstance(value, list):
        return tuple(str(item) for item in value if isinstance(item, str | int | float)) or None
    return None
