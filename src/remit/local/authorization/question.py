"""The question about one access that a request needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from remit.access.needed_access import as_texts

if TYPE_CHECKING:
    from remit.access.needed_access import NeededAccess, RequestedOperation, Value
    from remit.access.setting import RequestSetting
    from remit.local.authorization.caller import Caller
    from remit.local.request import ReceivedRequest


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
