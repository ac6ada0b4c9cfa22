"""Access to the connections of the app's WebSocket API: `websocket.send()`.

Each is on the connections of this API's stage alone, by the method with which they are managed. Functions that have
one, or run for connections, find the endpoint of boto3's `apigatewaymanagementapi` in REMIT_WEBSOCKET_ENDPOINT. Source
of the actions: "Actions, resources, and condition keys for Amazon API Gateway Management" (Service Authorization
Reference); of the ARNs: "Control access to WebSocket APIs with IAM authorization" (Amazon API Gateway Developer Guide).
"""

from __future__ import annotations

from typing import Final

from remit.declare.asked import verb
from remit.grants import typed
from remit.grants.typed import Grants
from remit.triggers.websocket_api import CONNECTIONS

_MANAGE: Final = ("execute-api:ManageConnections",)


@verb
def send() -> Grants:
    """Send a message to any connection: execute-api:ManageConnections by POST, which neither looks at nor ends any."""
    return typed.grant(_MANAGE, (CONNECTIONS % "POST",), "sends to the app's WebSocket connections")


@verb
def read() -> Grants:
    """Look at a connection, since when it stands and from where: execute-api:ManageConnections by GET."""
    return typed.grant(_MANAGE, (CONNECTIONS % "GET",), "reads the app's WebSocket connections")


@verb
def disconnect() -> Grants:
    """End a connection: execute-api:ManageConnections by DELETE."""
    return typed.grant(_MANAGE, (CONNECTIONS % "DELETE",), "ends the app's WebSocket connections")
