"""The one WebSocket API of an app: its routes, who may connect, its stage.

Routes stand on the app's functions (`on.websocket`), settings in `config.websocket`. Source: "AWS::ApiGatewayV2::Api"
and the types beside it (CloudFormation reference), "API Gateway WebSocket APIs" (Amazon API Gateway Developer Guide).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from remit.app import Output, Resource
from remit.errors import RemitError
from remit.resources.names import WEBSOCKET_API as API
from remit.resources.names import digest, logical
from remit.triggers.api_permissions import permissions
from remit.triggers.trigger import triggers_of
from remit.triggers.websocket import CONNECT, Websocket

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from remit.app import App, Function, Grant

CONNECTIONS: Final = (
    f"arn:${{AWS::Partition}}:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:${{{API}}}/${{{API}Stage}}"
    "/%s/@connections/*"
)
"""The ARN of the API's connections, with the method of the @connections API in its place."""
ENDPOINT: Final = "REMIT_WEBSOCKET_ENDPOINT"
"""The variable that functions have which send: the endpoint of a client of `apigatewaymanagementapi`."""
_ADDRESS: Final = f"${{{API}}}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}/${{{API}Stage}}"


def routes(functions: Iterable[Function]) -> tuple[tuple[Function, Websocket], ...]:
    """Every route of an app with its function; of two that are the same the first."""
    by_route: dict[str, tuple[Function, Websocket]] = {}
    for function, trigger in triggers_of(functions, Websocket):
        by_route.setdefault(trigger.route, (function, trigger))
    return tuple(by_route.values())


def check_routes(functions: Iterable[Function]) -> Iterator[RemitError]:
    """Each route that is declared twice, and an API of which nothing says who may connect."""
    by_route: dict[str, tuple[Function, Websocket]] = {}
    for function, trigger in triggers_of(functions, Websocket):
        first_function, first_trigger = by_route.setdefault(trigger.route, (function, trigger))
        if first_trigger is not trigger:
            yield RemitError(
                f"route `{trigger.route}` of `{function.name}` is declared twice; "
                f"`{first_function.name}` at {first_function.origin} has it, too",
                hint="API Gateway sends a message to one function: remove one, or give it another route",
                origin=trigger.written,
            )
    if by_route and CONNECT not in by_route:
        _, trigger = next(iter(by_route.values()))
        yield RemitError(
            f"the WebSocket API of route `{trigger.route}` has no `{CONNECT}`, so that everyone could connect",
            hint=f'add `on.websocket("{CONNECT}")` to a function; with auth="NONE", if everyone may',
            origin=trigger.written,
        )


CHECKS: Final = (check_routes,)


def resources(app: App) -> Iterator[Resource]:
    """The API and all that belongs to it, of an app that has routes."""
    app_routes = routes(app.functions)
    settings, origin = app.websocket, app_routes[0][0].origin
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
    for function in {function.name: function for function, _ in app_routes}.values():
        own = [trigger for owner, trigger in app_routes if owner is function]
        yield from _of_function(app, function, own)


def outputs(_app: App) -> Iterator[Output]:
    """The address to connect to."""
    yield Output("WebSocketUrl", f"wss://{_ADDRESS}", "The address that clients connect to")


def notes(app: App) -> tuple[str, ...]:
    """A sentence where everyone may connect."""
    return tuple(
        f"everyone may connect to the WebSocket API: `{CONNECT}` runs {function.name} ({function.origin})"
        for function, trigger in routes(app.functions)
        if trigger.route == CONNECT and trigger.authorization == "NONE"
    )


def sending(function: Function, grants: tuple[Grant, ...]) -> dict[str, str]:
    """The variable that a function has which runs for connections, or may send to them."""
    runs = any(isinstance(trigger, Websocket) for trigger in function.triggers)
    return {ENDPOINT: f"https://{_ADDRESS}"} if runs or any(map(_is_about_connections, grants)) else {}


def _is_about_connections(grant: Grant) -> bool:
    """Return whether a grant names the app's WebSocket API."""
    resources = grant.statement.resources
    return resources is not None and any(f"${{{API}}}" in pattern for pattern in resources.patterns)


def _of_function(app: App, function: Function, triggers: list[Websocket]) -> Iterator[Resource]:
    """The integration of a function, its routes, and the permissions by which the API calls it."""
    integration = Resource(
        f"{function.logical_id}{API}Integration",
        "AWS::ApiGatewayV2::Integration",
        {"ApiId": f"${{{API}}}", "IntegrationType": "AWS_PROXY", "IntegrationUri": function.invocation_uri},
        origin=function.origin,
    )
    yield integration
    for trigger in triggers:
        yield from _route(trigger, integration, function)
    yield from permissions(app, function, API, tuple(f"*/{trigger.route}" for trigger in triggers))


def _route(trigger: Websocket, integration: Resource, function: Function) -> Iterator[Resource]:
    properties: dict[str, Any] = {
        "ApiId": f"${{{API}}}",
        "RouteKey": trigger.route,
        "Target": f"integrations/{integration.ref}",
        "AuthorizationType": trigger.authorization,
    }
    if trigger.reply:
        properties["RouteResponseSelectionExpression"] = "$default"
    logical_id = f"{API}{logical(trigger.route)}Route{digest(trigger.route)}"
    route = Resource(logical_id, "AWS::ApiGatewayV2::Route", properties, origin=function.origin)
    yield route
    if trigger.reply:
        response = {"ApiId": f"${{{API}}}", "RouteId": route.ref, "RouteResponseKey": "$default"}
        yield Resource(f"{logical_id}Response", "AWS::ApiGatewayV2::RouteResponse", response, origin=function.origin)
