"""The role that an API takes on for a function is read wherever each kind of API has it."""

from __future__ import annotations

from typing import Any, Final

import pytest

from remit.local.emulator import emulated
from remit.local.event_sources import deliveries

FUNCTION: Final = "arn:aws:lambda:us-east-1:000000000000:function:report"
ROLE: Final = "arn:aws:iam::000000000000:role/invokes"
API: Final = "arn:aws:execute-api:us-east-1:000000000000:api"
PLACE: Final = {"api_id": "api", "stage": "live", "stage_name": "live", "method": "GET"}
OF_HTTP: Final = {"integrationUri": FUNCTION, "credentialsArn": ROLE}
OF_REST: Final = {"uri": FUNCTION, "credentials": ROLE}
CALLED: Final[dict[str, tuple[str, dict[str, Any], str]]] = {
    "HTTP route": ("_of_route", {"integration": OF_HTTP, "route_key": "GET /orders"}, "live/GET/orders"),
    "default route": ("_of_route", {"integration": OF_HTTP, "route_key": "$default"}, "live/$default"),
    "REST method": ("_of_method", {"integration": OF_REST, "resource": {"path": "/orders/{id}"}}, "live/GET/orders/*"),
    "WebSocket route": ("_of_socket_route", {"route": {"routeKey": "echo", "target": "integrations/i"}}, "live/echo"),
    "HTTP authorizer": (
        "_of_authorizer",
        {"authorizer": {"authorizerId": "a", "authorizerUri": FUNCTION, "authorizerCredentialsArn": ROLE},
         "event": {"routeArn": f"{API}/live/GET/orders"}},
        "authorizers/a",
    ),
    "REST authorizer": (
        "_of_authorizer",
        {"authorizer": {"id": "a", "authorizerUri": FUNCTION, "authorizerCredentials": ROLE},
         "event": {"methodArn": f"{API}/live/GET/orders"}},
        "authorizers/a",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", CALLED)
def test_a_function_of_an_api_is_called_for_its_place_with_the_role_that_it_has(
    monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(emulated("services.apigateway"), "_integrations", {"api": {"i": OF_HTTP}})
    reader, call, source = CALLED[kind]
    delivery = getattr(deliveries, reader)({**PLACE, **call})
    assert (FUNCTION, ROLE) == (delivery.function, delivery.role)
    assert delivery.source.endswith(f":api/{source}")
