"""The one HTTP API of an app: its routes, who may call them, its stage, its log, its domain.

Routes stand on the app's functions (`on.api`), settings in `config.api`. Source: "AWS::ApiGatewayV2::Api" and the types
beside it (CloudFormation reference), "Working with HTTP APIs" (Amazon API Gateway Developer Guide).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from remit.app import ApiSettings, App, Function, Output, Resource
from remit.resources.names import HTTP_API as API
from remit.resources.names import digest, logical
from remit.triggers import app_routes
from remit.triggers.api import DEFAULT_ROUTE, Api
from remit.triggers.authorizer import Authorizer
from remit.triggers.route_authorizer import TokenAuthorizer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.triggers.app_routes import Routed

_STAGE: Final = "$default"
"""A stage whose name is no part of the address."""
_PATIENCE: Final = 30
"""Seconds ("Quotas for configuring and running an HTTP API in API Gateway": integration timeout)."""
CHECKS: Final = app_routes.route_checks(Api)


def resources(app: App) -> Iterator[Resource]:
    """Yield the API and all that belongs to it, of an app that has routes.

    RemitError at a route: it asks a function which the app does not have.
    """
    own_routes = app_routes.routes(app.functions, Api)
    first_user = own_routes[0].function
    if app.api.routes_in_body:
        from remit.triggers.http_api_body import api_with_body  # noqa: PLC0415 - few apps are so large

        yield api_with_body(app)
    else:
        properties: dict[str, Any] = {"Name": "${AWS::StackName}", "ProtocolType": "HTTP"}
        if app.api.cors_configuration is not None:
            properties["CorsConfiguration"] = dict(app.api.cors_configuration)
        if app.api.disable_execute_api_endpoint:
            properties["DisableExecuteApiEndpoint"] = True
        yield Resource(API, "AWS::ApiGatewayV2::Api", properties, origin=first_user.origin)
        for authorizer, guarded in app_routes.authorizers(app, own_routes):
            name = authorizer.logical_id
            logical_id = f"{API}{name}"
            of_authorizer = {"ApiId": f"${{{API}}}", **authorizer.properties(app.functions), "Name": name}
            yield Resource(logical_id, "AWS::ApiGatewayV2::Authorizer", of_authorizer, origin=guarded.origin)
            if isinstance(authorizer, Authorizer):
                asked = authorizer.asked_function(app.functions)
                yield from app_routes.permissions(app, asked, API, (f"authorizers/${{{logical_id}}}",))
        for function, triggers in app_routes.route_functions(own_routes):
            yield from _integration_and_routes(app, function, triggers)
    stage: dict[str, Any] = {"ApiId": f"${{{API}}}", "StageName": _STAGE, "AutoDeploy": True}
    if app.api.route_settings:
        stage["DefaultRouteSettings"] = dict(app.api.route_settings)
    if app.api.access_log:
        group, stage["AccessLogSettings"] = app_routes.access_log(API, "apis", "routeKey", app.api, first_user)
        yield group
    yield Resource(f"{API}Stage", "AWS::ApiGatewayV2::Stage", stage, origin=first_user.origin)
    yield from app_routes.domain(API, app.api)


def outputs(app: App) -> Iterator[Output]:
    """Yield the address of the API, and where its domain must point."""
    yield from app_routes.addresses(API, "Api", f"${{{API}.ApiEndpoint}}", app.api)


def notes(app: App) -> Iterator[str]:
    """Yield a sentence for each route that answers everyone, and for each issuer that AWS cannot ask.

    Then those on preflights that are not answered, and on functions that run longer than the API waits.
    """
    own_routes = app_routes.routes(app.functions, Api)
    yield from app_routes.notes_on_open_routes(own_routes)
    guards = [routed.trigger.authorizer for routed in own_routes]
    for issuer in dict.fromkeys(guard.accepted_issuer for guard in guards if isinstance(guard, TokenAuthorizer)):
        if issuer.startswith("http://"):
            yield f"the issuer {issuer} is on this machine, and works on the local AWS alone"
    yield from _notes_on_preflights(app.api, own_routes)
    yield from app_routes.notes_on_timeouts(own_routes, _PATIENCE)


def _notes_on_preflights(settings: ApiSettings, own_routes: tuple[Routed[Api], ...]) -> Iterator[str]:
    """Yield a sentence where browsers' preflights, which nobody signs, would be refused.

    Source: "Configure CORS for HTTP APIs in API Gateway" ($default route and an authorizer).
    """
    answers_preflights = any(routed.trigger.method == "OPTIONS" for routed in own_routes)
    if settings.cors_configuration is None or answers_preflights:
        return
    for routed in own_routes:
        if routed.trigger.route == DEFAULT_ROUTE and routed.trigger.auth != "NONE":
            yield (
                f"route `{DEFAULT_ROUTE}` ({routed.function.origin}) asks browsers' preflights for authorization, too, "
                'and refuses them: add `on.api("OPTIONS /{path+}", auth="NONE")` to a function that answers 204'
            )


def _integration_and_routes(app: App, function: Function, triggers: list[Api]) -> Iterator[Resource]:
    """Yield an integration of a function for each format of events, its routes, and the permissions to call it."""
    formats = [trigger.payload_format(function, app) for trigger in triggers]
    for version in sorted(set(formats), reverse=True):
        integration = Resource(
            f"{function.logical_id}{API}Integration{'' if version == '2.0' else 'V1'}",
            "AWS::ApiGatewayV2::Integration",
            {
                "ApiId": f"${{{API}}}",
                "IntegrationType": "AWS_PROXY",
                "IntegrationUri": function.arn,
                "PayloadFormatVersion": version,
            },
            origin=function.origin,
        )
        yield integration
        for trigger, own_format in zip(triggers, formats, strict=True):
            if own_format == version:
                properties = {
                    "ApiId": f"${{{API}}}",
                    "RouteKey": trigger.route,
                    "Target": f"integrations/{integration.ref}",
                    **app_routes.authorization(API, trigger),
                }
                logical_id = f"{API}{logical(trigger.route.lower())}Route{digest(trigger.route)}"
                yield Resource(logical_id, "AWS::ApiGatewayV2::Route", properties, origin=function.origin)
    yield from app_routes.permissions(app, function, API, tuple(_source_of_route(trigger) for trigger in triggers))


def _source_of_route(trigger: Api) -> str:
    """The end of the ARN by which API Gateway names a route when it calls a function: stage, method, path.

    Source: "Create AWS Lambda proxy integrations for HTTP APIs in API Gateway", and "ARN format reference".
    """
    if trigger.route == DEFAULT_ROUTE:
        return f"*/{DEFAULT_ROUTE}"
    method = "*" if trigger.method == "ANY" else trigger.method
    return f"*/{method}{trigger.path}"
