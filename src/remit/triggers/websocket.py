"""A route of the app's WebSocket API that runs a function."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar, Final, Literal

from remit.did_you_mean import did_you_mean
from remit.errors import RemitError
from remit.iam import tokens
from remit.triggers.api_route import RouteTrigger

CONNECT: Final = "$connect"
_PREDEFINED: Final = (CONNECT, "$default", "$disconnect")
_ROUTE: Final = r"[^\s${}]{1,128}"


@dataclass(frozen=True, slots=True)
class Websocket(RouteTrigger):
    """Run the function for messages of a route of the app's WebSocket API: `on.websocket("$connect", auth="NONE")`.

    `$connect` runs before a connection stands, and says by `auth` whose: callers whom IAM allows execute-api:Invoke
    (AWS_IAM, unless it says otherwise) or everyone's (NONE). `$disconnect` runs when it has ended, `$default` for
    messages that name no other route, and any other route for those that name it: in the field `action`, unless
    `config.websocket.route_selection_expression` names another. With `reply`, what the handler returns goes back over
    the connection. To send at any other time, a function needs `grants.websocket.send()`.

    Source: "Create routes for WebSocket APIs in API Gateway" (Amazon API Gateway Developer Guide).
    """

    sent: ClassVar[str] = "message"
    way: ClassVar[str] = "route"

    route: str
    auth: Literal["AWS_IAM", "NONE"] | None = None
    reply: bool = False

    def checks(self) -> Iterator[Callable[[], object]]:
        """Yield the checks of the route, and who may connect."""
        yield self._check_route
        if self.auth is not None:
            yield self._check_auth

    def problem(self, text: str) -> tuple[str, str | None]:
        """Return the problem of a route, in words that follow it, and a hint or None; "" and None: it is right."""
        if text in _PREDEFINED or re.fullmatch(_ROUTE, text) is not None:
            return "", None
        hint = did_you_mean(text, _PREDEFINED) or f"{', '.join(_PREDEFINED)}, or a word that messages name"
        return "is none of a WebSocket API", hint

    def _check_auth(self) -> None:
        """Refuse with RemitError (2) `auth` at any route but `$connect`."""
        if tokens.plain(self.route) != CONNECT:
            raise RemitError(
                f"route `{self.route}` cannot have auth: a WebSocket API asks who somebody is when they connect",
                hint=f'write it at `on.websocket("{CONNECT}", auth=…)`',
            )

    @property
    def authorization(self) -> str:
        """Its AuthorizationType: of `$connect` AWS_IAM unless `auth` says otherwise; of all others NONE."""
        if self.route != CONNECT:
            return "NONE"
        return self.auth or "AWS_IAM"
