"""The one HTTP API of an app: its routes, who may call them, its stage, its log, its domain.

Routes stand on the app's functions (`on.api`), settings in `config.api`. Source: "AWS::ApiGatewayV2::Api" and the types
beside it (CloudFormation reference), "Working with HTTP APIs" (Amazon API Gateway Developer Guide).
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from remit.app import Output, Resource
from remit.errors import Mistakes, RemitError
from remit.resources.names import HTTP_API as API
from remit.resources.names import digest, logical
from remit.triggers.api import DEFAULT_ROUTE, Api
from remit.triggers.api_permissions import permissions
from remit.triggers.authorizer import Authorizer
from remit.triggers.route_authorizer import TokenAuthorizer
from remit.triggers.trigger import triggers_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from remit.app import ApiSettings, App, Function
    from remit.triggers.route_authorizer import RouteAuthorizer

URL: Final = "ApiUrl"
"""The output with its address."""
_STAGE: Final = "$default"
"""A stage whose name is no part of the address."""
_PATIENCE: Final = 30
"""Seconds ("Quotas for configuring and running an HTTP API in API Gateway": integration timeout)."""
_LOG_FORMAT: Final = json.dumps(
    {
        "requestId": "$context.requestId",
        "ip": "$context.identity.sourceIp",
        "requestTime": "$context.requestTime",
        "httpMethod": "$context.httpMethod",
        "routeKey": "$context.routeKey",
        "status": "$context.status",
        "protocol": "$context.protocol",
        "responseLength": "$context.responseLength",
        "integrationError": "$context.integrationErrorMessage",
    }
)
"""The fields of AWS's example ("Configure logging for HTTP APIs in API Gateway"), and what went wrong in a function."""


@dataclass(frozen=True, slots=True)
class Routed:
    """A route, and the function that it runs."""

    function: Function
    trigger: Api


def routes(functions: Iterable[Function]) -> tuple[Routed, ...]:
    """Every route of an app, in the order of its functions; of two that take the same requests the first."""
    by_requests: dict[str, Routed] = {}
    for routed in _declared(functions):
        by_requests.setdefault(routed.trigger.requests, routed)
    return tuple(by_requests.values())


def _declared(functions: Iterable[Function]) -> Iterator[Routed]:
    for function, trigger in triggers_of(functions, Api):
        yield Routed(function, trigger)


def check_routes(functions: Iterable[Function]) -> Iterator[RemitError]:
    """Each route that takes the same requests as an earlier one."""
    by_requests: dict[str, Routed] = {}
    for routed in _declared(functions):
        namesake = by_requests.setdefault(routed.trigger.requests, routed)
        if namesake is not routed:
            yield _twice(namesake, routed)


def check_authorizers(functions: Iterable[Function]) -> Iterator[RemitError]:
    """Each route that asks a function which the app does not have."""
    functions = tuple(functions)
    mistakes = Mistakes()
    for routed in _declared(functions):
        if isinstance(routed.trigger.authorizer, Authorizer):
            with mistakes.noted(), _mistakes_at(routed.trigger):
                routed.trigger.authorizer.asked(functions)
    yield from mistakes.errors


CHECKS: Final = (check_routes, check_authorizers)


@contextmanager
def _mistakes_at(trigger: Api) -> Iterator[None]:
    """Places the mistakes of an authorizer at the route that it guards."""
    try:
        yield
    except RemitError as error:
        error.origin = error.origin or trigger.written
        raise


def _twice(original: Routed, repeated: Routed) -> RemitError:
    other_names = "" if original.trigger.route == repeated.trigger.route else f" as `{original.trigger.route}`"
    return RemitError(
        f"route `{repeated.trigger.route}` of `{repeated.function.name}` is declared twice{other_names}; "
        f"`{original.function.name}` at {original.function.origin} has it, too",
        hint="API Gateway sends a request to one function: remove one, or give it another path",
        origin=repeated.trigger.written,
    )


def resources(app: App) -> Iterator[Resource]:
    """The API and all that belongs to it, of an app that has routes."""
    app_routes = routes(app.functions)
    yield from _api(app.api, app_routes[0].function)
    yield from _authorizers(app, app_routes)
    for function in {routed.function.name: routed.function for routed in app_routes}.values():
        yield from _of_function(app, function, [routed.trigger for routed in app_routes if routed.function is function])
    yield from _domain(app.api)


def outputs(app: App) -> Iterator[Output]:
    """The address of the API, and where its domain must point."""
    domain = app.api.domain_name
    address = f"${{{API}.ApiEndpoint}}" if domain is None else f"https://{domain}"
    yield Output(URL, address, "The address of the API")
    if domain is not None:
        target = f"${{{API}Domain.RegionalDomainName}}"
        description = "What the DNS record of the API's domain must point to (CNAME or alias)"
        yield Output("ApiDomainTarget", target, description)


def notes(app: App) -> tuple[str, ...]:
    """A sentence for each route that answers everyone, and for each issuer that AWS cannot ask."""
    app_routes = routes(app.functions)
    open_to_all = [
        f"everyone may call `{routed.trigger.route}`, which runs {routed.function.name} ({routed.function.origin})"
        for routed in app_routes
        if routed.trigger.auth == "NONE"
    ]
    authorizers = [routed.trigger.authorizer for routed in app_routes]
    issuers = [authorizer.accepted_issuer for authorizer in authorizers if isinstance(authorizer, TokenAuthorizer)]
    on_loopback = [
        f"the issuer {issuer} is on this machine, and works on the local AWS alone"
        for issuer in dict.fromkeys(issuers)
        if issuer.startswith("http://")
    ]
    return (*open_to_all, *on_loopback, *_notes_on_preflights(app.api, app_routes), *_notes_on_timeouts(app_routes))


def _notes_on_timeouts(app_routes: tuple[Routed, ...]) -> Iterator[str]:
    """A sentence for each function that may run longer than an API waits."""
    for function in {routed.function.name: routed.function for routed in app_routes}.values():
        timeout = function.properties.get("Timeout")
        if isinstance(timeout, int) and timeout > _PATIENCE:
            yield (
                f"{function.name} may run {timeout} s, and an API waits {_PATIENCE} s for an answer "
                f"({function.written.get('Timeout', function.origin)})"
            )


def _notes_on_preflights(settings: ApiSettings, app_routes: tuple[Routed, ...]) -> Iterator[str]:
    """A sentence where browsers' preflights, which nobody signs, would be refused.

    Source: "Configure CORS for HTTP APIs in API Gateway" ($default route and an authorizer).
    """
    answers_preflights = any(routed.trigger.method == "OPTIONS" for routed in app_routes)
    if settings.cors_configuration is None or answers_preflights:
        return
    for routed in app_routes:
        if routed.trigger.route == DEFAULT_ROUTE and routed.trigger.auth != "NONE":
            yield (
                f"route `{DEFAULT_ROUTE}` ({routed.function.origin}) asks browsers' preflights for authorization, too, "
                'and refuses them: add `on.api("OPTIONS /{path+}", auth="NONE")` to a function that answers 204'
            )


def _api(settings: ApiSettings, first_user: Function) -> Iterator[Resource]:
    """The API, its stage, and the log group of its access log."""
    properties: dict[str, Any] = {"Name": "${AWS::StackName}", "ProtocolType": "HTTP"}
    if settings.cors_configuration is not None:
        properties["CorsConfiguration"] = dict(settings.cors_configuration)
    if settings.disable_execute_api_endpoint:
        properties["DisableExecuteApiEndpoint"] = True
    yield Resource(API, "AWS::ApiGatewayV2::Api", properties, origin=first_user.origin)
    stage: dict[str, Any] = {"ApiId": f"${{{API}}}", "StageName": _STAGE, "AutoDeploy": True}
    if settings.route_settings:
        stage["DefaultRouteSettings"] = dict(settings.route_settings)
    if settings.access_log:
        group = Resource(f"{API}LogGroup", "AWS::Logs::LogGroup", _log_group(settings), origin=first_user.origin)
        yield group
        log_format = settings.access_log_format or _LOG_FORMAT
        stage["AccessLogSettings"] = {"DestinationArn": group.attribute("Arn"), "Format": log_format}
    yield Resource(f"{API}Stage", "AWS::ApiGatewayV2::Stage", stage, origin=first_user.origin)


def _log_group(settings: ApiSettings) -> dict[str, Any]:
    """Its name begins as AWS advises, so that the account's resource policy of log delivery does not overflow.

    Source: "Logging from AWS services that require additional permissions" (CloudWatch Logs User Guide).
    """
    properties: dict[str, Any] = {"LogGroupName": "/aws/vendedlogs/apis/${AWS::StackName}"}
    if settings.access_log_retention is not None:
        properties["RetentionInDays"] = settings.access_log_retention
    return properties


def _authorizers(app: App, app_routes: tuple[Routed, ...]) -> Iterator[Resource]:
    """Yield the authorizers of routes, each once, with the permission to ask a function."""
    first_users: dict[str, tuple[RouteAuthorizer, Routed]] = {}
    for routed in app_routes:
        authorizer = routed.trigger.authorizer
        if authorizer is not None:
            first_users.setdefault(authorizer.logical_id, (authorizer, routed))
    for name, (authorizer, first_user) in first_users.items():
        logical_id = f"{API}{name}"
        with _mistakes_at(first_user.trigger):
            own_properties = authorizer.properties(app.functions)
        properties = {"ApiId": f"${{{API}}}", **own_properties, "Name": name}
        yield Resource(logical_id, "AWS::ApiGatewayV2::Authorizer", properties, origin=first_user.function.origin)
        if isinstance(authorizer, Authorizer):
            asked = authorizer.asked(app.functions)
            yield from permissions(app, asked, API, (f"authorizers/${{{logical_id}}}",))


def _of_function(app: App, function: Function, triggers: list[Api]) -> Iterator[Resource]:
    """The integration of a function, its routes, and the permissions by which the API calls it."""
    integration = Resource(
        f"{function.logical_id}{API}Integration",
        "AWS::ApiGatewayV2::Integration",
        {
            "ApiId": f"${{{API}}}",
            "IntegrationType": "AWS_PROXY",
            "IntegrationUri": function.arn,
            "PayloadFormatVersion": "2.0",
        },
        origin=function.origin,
    )
    yield integration
    for trigger in triggers:
        yield _route(trigger, integration, function)
    yield from permissions(app, function, API, tuple(_source(trigger) for trigger in triggers))


def _route(trigger: Api, integration: Resource, function: Function) -> Resource:
    properties: dict[str, Any] = {
        "ApiId": f"${{{API}}}",
        "RouteKey": trigger.route,
        "Target": f"integrations/{integration.ref}",
        "AuthorizationType": trigger.auth,
    }
    authorizer = trigger.authorizer
    if authorizer is not None:
        properties |= {
            "AuthorizationType": authorizer.authorization,
            "AuthorizerId": f"${{{API}{authorizer.logical_id}}}",
        }
        if authorizer.accepted_scopes:
            properties["AuthorizationScopes"] = list(authorizer.accepted_scopes)
    words = "Default" if trigger.route == DEFAULT_ROUTE else logical(trigger.route.lower())
    logical_id = f"{API}{words}Route{digest(trigger.route)}"
    return Resource(logical_id, "AWS::ApiGatewayV2::Route", properties, origin=function.origin)


def _source(trigger: Api) -> str:
    """The end of the ARN by which API Gateway names a route when it calls a function: stage, method, path.

    Source: "Create AWS Lambda proxy integrations for HTTP APIs in API Gateway", and "ARN format reference".
    """
    if trigger.route == DEFAULT_ROUTE:
        return f"*/{DEFAULT_ROUTE}"
    method = "*" if trigger.method == "ANY" else trigger.method
    return f"*/{method}{trigger.path}"


def _domain(settings: ApiSettings) -> Iterator[Resource]:
    """The custom domain, and that it leads to the stage."""
    if settings.domain_name is None:
        return
    origin = settings.written.get("domain_name")
    configuration = {
        "CertificateArn": settings.certificate_arn,
        "EndpointType": "REGIONAL",
        "SecurityPolicy": "TLS_1_2",
    }
    domain = Resource(
        f"{API}Domain",
        "AWS::ApiGatewayV2::DomainName",
        {"DomainName": settings.domain_name, "DomainNameConfigurations": [configuration]},
        origin=origin,
    )
    yield domain
    mapping = {"ApiId": f"${{{API}}}", "DomainName": domain.ref, "Stage": f"${{{API}Stage}}"}
    yield Resource(f"{API}DomainMapping", "AWS::ApiGatewayV2::ApiMapping", mapping, origin=origin)
