"""The HTTP API of an app with all its routes in one resource: an OpenAPI document as its Body.

API Gateway calls the functions with one role, so that none of them has an AWS::Lambda::Permission. The document is
written as AWS's own translator writes it for AWS::Serverless::HttpApi. Sources: "AWS::ApiGatewayV2::Api"
(CloudFormation reference), "Working with OpenAPI definitions for HTTP APIs" and "OpenAPI extensions for API Gateway"
(Amazon API Gateway Developer Guide).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from remit.app import App, Grant, Resource
from remit.errors import RemitError
from remit.holders import Holder, inline
from remit.iam.policy import allow
from remit.resources.names import HTTP_API as API
from remit.triggers.api import DEFAULT_ROUTE, Api
from remit.triggers.api_route import VARIABLE
from remit.triggers.app_routes import Routed, authorizers, routes
from remit.triggers.authorizer import Authorizer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.triggers.route_authorizer import RouteAuthorizer

_ROLE: Final = f"{API}Role"
_CREDENTIALS: Final = f"${{{_ROLE}.Arn}}"
_SIGNED: Final = {"type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "awsSigv4"}
"""The scheme of requests whose signature IAM checks."""


def invoking_role(app: App) -> Holder:
    """The role with which API Gateway calls the functions of routes, and those that authorize.

    RemitError at a route: it asks a function which the app does not have.
    """
    app_routes = routes(app.functions, Api)
    called = {routed.function.name: routed.function for routed in app_routes}
    for authorizer, _ in authorizers(app, app_routes):
        if isinstance(authorizer, Authorizer):
            asked = authorizer.asked_function(app.functions)
            called.setdefault(asked.name, asked)
    grants = [
        Grant(allow(function.start, on=function.arn), function.computed("is called by the HTTP API"), function.origin)
        for function in called.values()
    ]
    origin = app_routes[0].function.origin
    return Holder(_ROLE, (inline(tuple(grants)),), trusts=("apigateway.amazonaws.com",), origin=origin)


def api_with_body(app: App) -> Resource:
    """The API, whose document says everything: API Gateway takes no further property beside it.

    RemitError: two routes have one path with variables of different names, which no OpenAPI document says.
    """
    app_routes = routes(app.functions, Api)
    paths: dict[str, dict[str, Any]] = {}
    spellings: dict[str, str] = {}
    for routed in app_routes:
        path = routed.trigger.path or DEFAULT_ROUTE
        spelling = spellings.setdefault(routed.trigger.requests.partition(" ")[2], path)
        if spelling != path:
            raise RemitError(
                f"route `{routed.trigger.route}` has other names of variables than another route of the same path",
                hint=f"write {spelling} in both: with `config.api.routes_in_body` they are one path of a document",
                origin=routed.trigger.written,
            )
        method = routed.trigger.method.lower()
        name = method if method not in ("", "any") else "x-amazon-apigateway-any-method"
        paths.setdefault(path, {})[name] = _operation(app, routed)
    schemes = {authorizer.logical_id: _scheme(app, authorizer) for authorizer, _ in authorizers(app, app_routes)}
    if any(routed.trigger.auth == "AWS_IAM" for routed in app_routes):
        schemes["AWS_IAM"] = _SIGNED
    body: dict[str, Any] = {
        "openapi": "3.0.1",
        "info": {"title": "${AWS::StackName}", "version": "1.0"},
        "paths": paths,
        "components": {"securitySchemes": schemes},
        "tags": [{"name": key, "x-amazon-apigateway-tag-value": value} for key, value in app.tags.items()],
    }
    if app.api.cors_configuration is not None:
        body["x-amazon-apigateway-cors"] = _in_camel_case(app.api.cors_configuration)
    if app.api.disable_execute_api_endpoint:
        body["servers"] = [{"x-amazon-apigateway-endpoint-configuration": {"disableExecuteApiEndpoint": True}}]
    return Resource(API, "AWS::ApiGatewayV2::Api", {"Body": body}, origin=app_routes[0].function.origin)


def _operation(app: App, routed: Routed[Api]) -> dict[str, Any]:
    """The OpenAPI operation of a route: its integration with the function, its security, the variables of its path."""
    trigger, function = routed.trigger, routed.function
    operation: dict[str, Any] = {
        "responses": {},
        "x-amazon-apigateway-integration": {
            "type": "aws_proxy",
            "httpMethod": "POST",
            "uri": function.invocation_uri,
            "credentials": _CREDENTIALS,
            "payloadFormatVersion": trigger.payload_format(function, app),
        },
    }
    if trigger.authorizer is not None:
        operation["security"] = [{trigger.authorizer.logical_id: list(trigger.authorizer.accepted_scopes)}]
    elif trigger.auth == "AWS_IAM":
        operation["security"] = [{"AWS_IAM": []}]
    variables = [variable[0].strip("{}") for variable in VARIABLE.finditer(trigger.path)]
    if variables:
        operation["parameters"] = [{"name": name, "in": "path", "required": True} for name in variables]
    if trigger.route == DEFAULT_ROUTE:
        operation["isDefaultRoute"] = True
    return operation


def _scheme(app: App, authorizer: RouteAuthorizer) -> dict[str, Any]:
    """An authorizer as a security scheme of the document. RemitError: it asks a function that the app does not have."""
    properties = _in_camel_case(authorizer.properties(app.functions))
    kind = properties.pop("authorizerType").lower()
    if kind == "jwt":
        properties["jwtConfiguration"] = _in_camel_case(properties["jwtConfiguration"])
        [properties["identitySource"]] = properties["identitySource"]
        return {"type": "oauth2", "x-amazon-apigateway-authorizer": {"type": kind, **properties}}
    called = {"type": kind, **properties, "authorizerCredentials": _CREDENTIALS}
    return {"type": "apiKey", "name": "Unused", "in": "header", "x-amazon-apigateway-authorizer": called}


def _in_camel_case(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Properties of CloudFormation's in an API's spelling, whose names begin small; values stay."""
    return {name[0].lower() + name[1:]: value for name, value in properties.items()}
