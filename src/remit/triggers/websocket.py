"""A route of the app's WebSocket API that runs a function."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from remit.did_you_mean import did_you_mean
from remit.errors import RemitError, writer
from remit.iam import tokens
from remit.triggers.trigger import BaseTrigger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CONNECT: Final = "$connect"
_PREDEFINED: Final = (CONNECT, "$default", "$disconnect")
_MODES: Final = ("AWS_IAM", "NONE")
_ROUTE: Final = r"[^\s${}]{1,128}"


@dataclass(frozen=True, slots=True)
class Websocket(BaseTrigger):
    """Run the function for messages of a route of the app's WebSocket API: `on.websocket("$connect", auth="NONE")`.

    `$connect` runs before a connection stands, and says by `auth` whose: callers whom IAM allows execute-api:Invoke
    (AWS_IAM, unless it says otherwise) or everyone's (NONE). `$disconnect` runs when it has ended, `$default` for
    messages that name no other route, and any other route for those that name it: in the field `action`, unless
    `config.websocket.route_selection_expression` names another. With `reply`, what the handler returns goes back over
    the connection. To send at any other time, a function needs `grants.websocket.send()`.

    Source: "Create routes for WebSocket APIs in API Gateway" (Amazon API Gateway Developer Guide).
    """

    route: str
    auth: Literal["AWS_IAM", "NONE"] | None = None
    reply: bool = False

    def checks(self) -> Iterator[Callable[[], object]]:
        """The route, who may connect, whether it answers."""
        yield self._check_route
        if self.auth is not None:
            yield self._check_auth

    def _check_route(self) -> None:
        route: str = tokens.plain(self.route)
        if route not in _PREDEFINED and re.fullmatch(_ROUTE, route) is None:
            hint = did_you_mean(route, _PREDEFINED) or f"{', '.join(_PREDEFINED)}, or a word that messages name"
            raise RemitError(f"route {route!r:.60} is none of a WebSocket API", hint=hint, origin=writer())

    def _check_auth(self) -> None:
        if tokens.plain(self.route) != CONNECT:
            raise RemitError(
                f"route `{self.route}` cannot have auth: a WebSocket API asks who somebody is when they connect",
                hint=f'write it at `on.websocket("{CONNECT}", auth=…)`',
                origin=writer(),
            )

    @property
    def authorization(self) -> str:
        """Its AuthorizationType: of a connection, IAM's unless it says otherwise."""
        if self.route != CONNECT:
            return "NONE"
        return self.auth or "AWS_IAM"
