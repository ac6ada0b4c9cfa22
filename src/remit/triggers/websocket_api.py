"""The one WebSocket API of an app: its routes, who may connect, its stage.

Routes stand on the app's functions (`on.websocket`), settings in `config.websocket`. Source: "AWS::ApiGatewayV2::Api"
and the types beside it (CloudFormation reference), "API Gateway WebSocket APIs" (Amazon API Gateway Developer Guide).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from remit.app import App, Function, Grant, Output, Resource
from remit.errors import RemitError
from remit.resources.names import WEBSOCKET_API as API
from remit.resources.names import digest, logical
from remit.triggers.app_routes import permissions, route_checks, route_functions, routes
from remit.triggers.app_wide import is_about_connections
from remit.triggers.websocket import CONNECT, Websocket

CONNECTIONS: Final = (
    f"arn:${{AWS::Partition}}:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:${{{API}}}/${{{API}Stage}}"
    "/%s/@connections/*"
)
"""The ARN of the API's connections, with the method of the @connections API in its place."""
ENDPOINT: Final = "REMIT_WEBSOCKET_ENDPOINT"
"""The variable that functions have which send: the endpoint of a client of `apigatewaymanagementapi`."""
_ADDRESS: Final = f"${{{API}}}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}/${{{API}Stage}}"


def check_connect(functions: Iterable[Function]) -> Iterator[RemitError]:
    """Yield an error for an API with routes of which no `$connect` says who may connect."""
    app_routes = routes(functions, Websocket)
    if app_routes and all(routed.trigger.route != CONNECT for routed in app_routes):
        trigger = app_routes[0].trigger
        yield RemitError(
            f"the WebSocket API of route `{trigger.route}` has no `{CONNECT}`, so that everyone could connect",
            hint=f'add `on.websocket("{CONNECT}")` to a function; with auth="NONE", if everyone may',
            origin=trigger.written,
        )


CHECKS: Final = (*route_checks(Websocket), check_connect)


def resources(app: App) -> Iterator[Resource]:
    """Yield the API and all that belongs to it, of an app that has routes."""
    app_routes = routes(app.functions, Websocket)
    settings, origin = app.websocket, app_routes[0].function.origin
    properties = {
        "Name": "${AWS::StackName}-websocket",  # the HTTP API has the stack's own name
        "ProtocolType": "WEBSOCKET",
        "RouteSelectionExpression": settings.route_selection_expression,
    }
    yield Resource(API, "AWS::ApiGatewayV2::Api", properties, origin=origin)
    stage: dict[str, Any] = {"ApiId": f"${{{API}}}", "StageName": app.stage, "AutoDeploy": True}
    if settings.route_settings:
        stage["DefaultRouteSettings"] = dict(settings.route_settings)
    yield Resource(f"{API}Stage", "AWS::ApiGatewayV2::Stage", stage, origin=origin)
    for function, triggers in route_functions(app_routes):
        integration = Resource(
            f"{function.logical_id}{API}Integration",
            "AWS::ApiGatewayV2::Integration",
            {"ApiId": f"${{{API}}}", "IntegrationType": "AWS_PROXY", "IntegrationUri": function.invocation_uri},
            origin=function.origin,
        )
        yield integration
        for trigger in triggers:
            of_route: dict[str, Any] = {
                "ApiId": f"${{{API}}}",
                "RouteKey": trigger.route,
                "Target": f"integrations/{integration.ref}",
                "AuthorizationType": trigger.authorization,
            }
            if trigger.reply:
                of_route["RouteResponseSelectionExpression"] = "$default"
            route_id = f"{API}{logical(trigger.route)}Route{digest(trigger.route)}"
            route = Resource(route_id, "AWS::ApiGatewayV2::Route", of_route, origin=function.origin)
            yield route
            if trigger.reply:
                reply = {"ApiId": f"${{{API}}}", "RouteId": route.ref, "RouteResponseKey": "$default"}
                yield Resource(f"{route_id}Response", "AWS::ApiGatewayV2::RouteResponse", reply, origin=function.origin)
        yield from permissions(app, function, API, tuple(f"*/{trigger.route}" for trigger in triggers))


def outputs(_app: App) -> Iterator[Output]:
    """Yield the address to connect to."""
    yield Output("WebSocketUrl", f"wss://{_ADDRESS}", "The address that clients connect to")


def notes(app: App) -> tuple[str, ...]:
    """A sentence where everyone may connect."""
    return tuple(
        f"everyone may connect to the WebSocket API: `{CONNECT}` runs {routed.function.name} ({routed.function.origin})"
        for routed in routes(app.functions, Websocket)
        if routed.trigger.route == CONNECT and routed.trigger.authorization == "NONE"
    )


def endpoint_variable(function: Function, grants: tuple[Grant, ...]) -> dict[str, str]:
    """The variable with the API's endpoint, for a function that runs for connections or may send to them; else none."""
    runs = any(isinstance(trigger, Websocket) for trigger in function.triggers)
    return {ENDPOINT: f"https://{_ADDRESS}"} if runs or any(map(is_about_connections, grants)) else {}
