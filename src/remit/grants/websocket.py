"""Access to the connections of the app's WebSocket API: `websocket.send()`.

Each is on the connections of this API's stage alone, by the method that the action is called with. Functions that have
one, or run for connections, find the endpoint of boto3's `apigatewaymanagementapi` in REMIT_WEBSOCKET_ENDPOINT.

Sources: "Actions, resources, and condition keys for Amazon API Gateway" (Service Authorization Reference), "Use IAM
authorization in API Gateway" for WebSocket APIs, "Use @connections commands in your backend service" (Amazon API
Gateway Developer Guide).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remit.grants import typed
from remit.triggers.websocket_api import CONNECTIONS

if TYPE_CHECKING:
    from remit.grants.typed import Grants

_MANAGE: Final = ("execute-api:ManageConnections",)


def send() -> Grants:
    """Send a message to any connection, by PostToConnection: execute-api:ManageConnections. It gives neither other."""
    return typed.grant(_MANAGE, (CONNECTIONS % "POST",), "sends to the app's WebSocket connections")


def read() -> Grants:
    """See since when a connection stands, and from where, by GetConnection: execute-api:ManageConnections."""
    return typed.grant(_MANAGE, (CONNECTIONS % "GET",), "reads the app's WebSocket connections")


def disconnect() -> Grants:
    """End a connection, by DeleteConnection: execute-api:ManageConnections."""
    return typed.grant(_MANAGE, (CONNECTIONS % "DELETE",), "ends the app's WebSocket connections")
