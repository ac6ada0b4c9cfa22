"""Sample events of an app's APIs: AWS's, with the route of a function and whoever it lets in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from remit.iam import tokens
from remit.triggers.api_route import VARIABLE, RouteTrigger
from remit.triggers.payload_format import in_format_1
from remit.triggers.rest_settings import rest_settings, stage_name
from remit.triggers.route_authorizer import TokenAuthorizer
from remit.triggers.websocket import CONNECT, Websocket

if TYPE_CHECKING:
    from remit.app import App
    from remit.triggers.rest import Rest

_EXAMPLE: Final = "example"
_WITHOUT_BODY: Final = frozenset({"DELETE", "GET", "HEAD", "OPTIONS"})
_CALLER: Final = {
    "accessKey": "AKIA...",
    "accountId": "111122223333",
    "callerId": "AIDA...",
    "cognitoIdentity": None,
    "principalOrgId": None,
    "userArn": "arn:aws:iam::111122223333:user/example-user",
    "userId": "AIDA...",
}
"""Who signed, as in the documentation's example of a function URL."""
_EVENT_TYPES: Final = {CONNECT: "CONNECT", "$disconnect": "DISCONNECT"}


def request(event: dict[str, Any], trigger: RouteTrigger, _: App) -> dict[str, Any]:
    """A request to a route, with `example` for each variable of its path; a GET where the route takes any method.

    It has its caller where the route asks for one, and a body where its method takes one.
    """
    method = trigger.method if trigger.method not in ("", "ANY") else "GET"
    variables = dict.fromkeys(VARIABLE.findall(trigger.path), _EXAMPLE)
    path = VARIABLE.sub(_EXAMPLE, trigger.path) or event["rawPath"]
    http = {**event["requestContext"]["http"], "method": method, "path": path}
    context = {**event["requestContext"], "http": http, "routeKey": trigger.route, "authorizer": _authorizer(trigger)}
    filled = {**event, "rawPath": path, "routeKey": trigger.route, "requestContext": context}
    del context["authentication"], filled["stageVariables"]
    if context["authorizer"] is None:
        del context["authorizer"]
    filled["pathParameters"] = variables
    if not variables:
        del filled["pathParameters"]
    if method in _WITHOUT_BODY:
        del filled["body"]
    return filled


def in_rest_format(event: dict[str, Any], trigger: Rest, app: App) -> dict[str, Any]:
    """The event of a REST API for the same request as one of an HTTP API: format 1.0, with a stage and no version."""
    rest_event = in_format_1(event)
    del rest_event["version"]
    stage, context = stage_name(app), rest_event["requestContext"]
    context |= {"stage": stage, "path": f"/{stage}{rest_event['path']}"}
    if trigger.authorizer is None:
        del context["authorizer"]
    elif "claims" in context["authorizer"]:
        del context["authorizer"]["scopes"]
    else:
        context["authorizer"] = {"principalId": _EXAMPLE, **context["authorizer"]}
    return {**rest_event, "stageVariables": dict(rest_settings(app).variables) or None}


def _authorizer(trigger: RouteTrigger) -> dict[str, Any] | None:
    """Return the part of an event about its caller, by `iam`, `lambda` or `jwt`; None where nobody is asked."""
    authorizer = trigger.authorizer
    if authorizer is None:
        return None if trigger.auth == "NONE" else {"iam": _CALLER}
    if not isinstance(authorizer, TokenAuthorizer):
        return {"lambda": {"key": "value"}}
    claims = {"iss": tokens.for_people(authorizer.accepted_issuer), "sub": _EXAMPLE}
    if authorizer.accepted_audience:
        claims["aud"] = tokens.for_people(authorizer.accepted_audience[0])
    scopes = list(authorizer.accepted_scopes[:1])
    if scopes:
        claims["scope"] = scopes[0]
    return {"jwt": {"claims": claims, "scopes": scopes or None}}


def message(event: dict[str, Any], trigger: Websocket, app: App) -> dict[str, Any]:
    """A message that names a route, or the connection's begin or end."""
    event_type = _EVENT_TYPES.get(trigger.route, "MESSAGE")
    context = {
        **event["requestContext"],
        "routeKey": trigger.route,
        "eventType": event_type,
        "stage": app.stage,
    }
    filled = {**event, "requestContext": context}
    if event_type != "MESSAGE":
        del filled["body"], context["messageId"]
    elif not trigger.route.startswith("$"):
        field = app.websocket.route_selection_expression.removeprefix("$request.body.")
        filled["body"] = f'{{"{field}": "{trigger.route}"}}'
    return filled
