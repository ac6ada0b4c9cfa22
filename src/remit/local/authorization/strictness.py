"""The refusal of what cannot be decided: for everybody, for a client where it asks, or while a client runs.

A client that is killed leaves nothing behind: what it asked ends, and no process has its number.
"""

from __future__ import annotations

import os
from collections import Counter
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from remit.local.emulator import emulated, instead_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.local.request import ReceivedRequest

STRICT: Final = "x-remit-strict"
"""The header by which a client asks for it."""
_ASKED: Final[ContextVar[bool]] = ContextVar("strict", default=False)
"""Whether the request that is answered asks for it. What a request starts (a stack, a function) still sees it."""


@dataclass(slots=True)
class Strictness:
    """The strictness that holds for one server."""

    for_all: bool = False
    _clients: set[int] = field(default_factory=set)
    _running: Counter[str] = field(default_factory=Counter)

    def settle(self, parameters: Mapping[str, str]) -> dict[str, bool]:
        """Refuse what is unknown from now on, or let it pass: `on` is true or false. What was so before.

        With `client`, the number of a process, this holds for as long as that runs.
        """
        is_on, client = parameters.get("on") == "true", parameters.get("client", "")
        before = self.for_all
        if not client.isdecimal():
            self.for_all = is_on
        elif is_on:
            self._clients.add(int(client))
        else:
            self._clients.discard(int(client))
        return {"before": before}

    def begin(self, request: ReceivedRequest, function: str) -> None:
        """Note whether a request asks for it, or the function that makes it runs for one that does."""
        _ASKED.set(STRICT in request.headers or self._running[function] > 0)

    def applies(self) -> bool:
        """Return whether what cannot be decided of the request that is answered is refused."""
        if self._clients:
            self._clients = {client for client in self._clients if _runs(client)}
        return self.for_all or _ASKED.get() or bool(self._clients)

    def take_hold(self) -> None:
        """Know which functions run for a request that asks for it."""
        service = emulated("services.lambda_svc")

        @instead_of(service, "_execute_function_dispatch")
        def dispatched(dispatch: Any, function: Any, configuration: Mapping[str, Any], *rest: Any) -> Any:
            if not _ASKED.get():
                return dispatch(function, configuration, *rest)
            name = str(configuration["FunctionName"])
            self._running[name] += 1
            try:
                return dispatch(function, configuration, *rest)
            finally:
                self._running[name] -= 1


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except OSError:
        return False
    return True
