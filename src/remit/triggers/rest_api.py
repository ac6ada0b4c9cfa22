"""The one REST API of an app: its resources and methods, who may call them, its stage, its deployment.

Routes stand on the app's functions (`on.rest`), settings in `config.rest`. It is written as resources and methods, not
as one OpenAPI document: each method then has a line of its own. Sources: "AWS::ApiGateway::RestApi" and the types
beside it (CloudFormation reference), "API Gateway REST APIs" (Amazon API Gateway Developer Guide).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from remit.app import App, Function, Output, Resource
from remit.errors import RemitError
from remit.resources.names import REST_API as API
from remit.resources.names import digest, logical
from remit.triggers import app_routes
from remit.triggers.api_route import METHODS, VARIABLE
from remit.triggers.authorizer import Authorizer
from remit.triggers.rest import Rest
from remit.triggers.rest_settings import RestSettings, rest_settings, stage_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from remit.triggers.app_routes import Routed

_PATIENCE: Final = 29
"""Seconds ("Quotas for configuring and running a REST API in API Gateway": integration timeout)."""
_API: Final = f"${{{API}}}"
_VALIDATOR: Final = f"{API}RequestValidator"
_ON_PREFLIGHTS: Final = {
    "AllowOrigins": "Allow-Origin",
    "AllowCredentials": "Allow-Credentials",
    "AllowHeaders": "Allow-Headers",
    "AllowMethods": "Allow-Methods",
    "MaxAge": "Max-Age",
}
_ON_ERRORS: Final = {
    "AllowOrigins": "Allow-Origin",
    "AllowCredentials": "Allow-Credentials",
    "ExposeHeaders": "Expose-Headers",
}
"""Properties of CORS, and the ends of their headers."""


def check_paths(functions: Iterable[Function]) -> Iterator[RemitError]:
    """Yield an error for each path whose variable stands where another path has one of another name."""
    variables: dict[tuple[str, ...], tuple[str, str]] = {}
    for routed in app_routes.routes(functions, Rest):
        parts = routed.trigger.parts
        for index, part in enumerate(parts):
            if part.startswith("{"):
                first, route = variables.setdefault(parts[:index], (part, routed.trigger.route))
                if first != part:
                    yield RemitError(
                        f"route `{routed.trigger.route}` has {part} where `{route}` has {first}: a REST API takes "
                        "one variable in a place",
                        hint=f"name it {first} in both",
                        origin=routed.trigger.written,
                    )


CHECKS: Final = (*app_routes.route_checks(Rest), check_paths)


def resources(app: App) -> Iterator[Resource]:
    """Yield the API and all that belongs to it, of an app that has routes.

    RemitError at a route: it asks a function which the app does not have.
    """
    own_routes, settings = app_routes.routes(app.functions, Rest), rest_settings(app)
    first_user = own_routes[0].function
    own_authorizers: list[Resource] = []
    asked: list[Resource] = []
    for authorizer, guarded in app_routes.authorizers(app, own_routes):
        name = authorizer.logical_id
        properties = {"RestApiId": _API, **authorizer.rest_properties(app.functions), "Name": name}
        made = Resource(f"{API}{name}", "AWS::ApiGateway::Authorizer", properties, origin=guarded.origin)
        own_authorizers.append(made)
        if isinstance(authorizer, Authorizer):
            function = authorizer.asked_function(app.functions)
            asked += app_routes.permissions(app, function, API, (f"authorizers/{made.ref}",))
    of_api = {
        "Name": "${AWS::StackName}",
        "EndpointConfiguration": {"Types": ["REGIONAL"]},
        "BinaryMediaTypes": [*settings.binary_media_types],
        "DisableExecuteApiEndpoint": settings.disable_execute_api_endpoint or None,
        **settings.properties,
    }
    origin = settings.written.get("properties", first_user.origin)
    deployed = [
        Resource(API, "AWS::ApiGateway::RestApi", _given(of_api), origin=origin),
        *_paths(own_routes),
        *own_authorizers,
        *_validation(own_routes),
        *_methods(own_routes),
        *_cors(settings, own_routes),
    ]
    yield from deployed
    deployment = _deployment(app, deployed)
    yield deployment
    yield from _stage(app, deployment, first_user)
    yield from asked
    for function, triggers in app_routes.route_functions(own_routes):
        yield from app_routes.permissions(app, function, API, tuple(_source_of(app, trigger) for trigger in triggers))
    yield from _usage_plans(settings)
    yield from app_routes.domain(API, settings)


def outputs(app: App) -> Iterator[Output]:
    """Yield the address of the API, and where its domain must point."""
    own_address = f"https://{_API}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}/${{{API}Stage}}"
    yield from app_routes.addresses(API, "RestApi", own_address, rest_settings(app))


def notes(app: App) -> Iterator[str]:
    """Yield a sentence for each route that answers everyone or nobody; a policy of the API says itself whom it lets in.

    Then those on functions that run longer than the API waits.
    """
    own_routes, settings = app_routes.routes(app.functions, Rest), rest_settings(app)
    if "Policy" not in settings.properties:
        yield from app_routes.notes_on_open_routes(own_routes)
    has_keys = any(plan.get("Keys") for plan in settings.usage_plans.values())
    for routed in own_routes:
        if routed.trigger.api_key and not has_keys:
            yield (
                f"`{routed.trigger.route}` ({routed.function.origin}) asks for a key, and no usage plan of this app "
                'has one: set `config.rest.usage_plans = {"basic": {"keys": ["partner"]}}`'
            )
    yield from app_routes.notes_on_timeouts(own_routes, _PATIENCE)


def _given(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The properties without those that are None or empty."""
    return {name: value for name, value in properties.items() if value not in (None, [], {})}


def _path_id(parts: tuple[str, ...]) -> str:
    """The logical id of a path's AWS::ApiGateway::Resource; the root comes with the API."""
    path = "/".join(parts)
    return f"{API}{logical(path)}Resource{digest(path)}" if parts else f"{API}.RootResourceId"


def _paths(own_routes: Iterable[Routed[Rest]]) -> Iterator[Resource]:
    """Yield a resource for each part of a path, the first before what is below it."""
    seen: set[tuple[str, ...]] = set()
    for routed in own_routes:
        parts = routed.trigger.parts
        for end in range(1, len(parts) + 1):
            if parts[:end] not in seen:
                seen.add(parts[:end])
                *parents, part = parts[:end]
                properties = {"RestApiId": _API, "ParentId": f"${{{_path_id(tuple(parents))}}}", "PathPart": part}
                logical_id = _path_id(parts[:end])
                yield Resource(logical_id, "AWS::ApiGateway::Resource", properties, origin=routed.function.origin)


def _validation(own_routes: Iterable[Routed[Rest]]) -> Iterator[Resource]:
    """Yield the models of bodies, and one validator, which checks of each method only what that method asks for."""
    validated = [routed for routed in own_routes if routed.trigger.body_schema or routed.trigger.required_parameters]
    models: dict[str, Resource] = {}
    for routed in validated:
        schema = routed.trigger.body_schema
        if schema is not None:
            properties = {"RestApiId": _API, "ContentType": "application/json", "Schema": schema}
            name = _model_id(schema)
            models.setdefault(name, Resource(name, "AWS::ApiGateway::Model", properties, origin=routed.function.origin))
    yield from models.values()
    if validated:
        all_of_it = {"RestApiId": _API, "ValidateRequestBody": True, "ValidateRequestParameters": True}
        yield Resource(_VALIDATOR, "AWS::ApiGateway::RequestValidator", all_of_it, origin=validated[0].function.origin)


def _model_id(schema: Mapping[str, Any]) -> str:
    return f"{API}Model{digest(json.dumps(schema, sort_keys=True))}"


def _methods(own_routes: Iterable[Routed[Rest]]) -> Iterator[Resource]:
    """Yield the method of each route, with its integration and what it validates.

    What a route does not have is left out.
    """
    for routed in own_routes:
        trigger, function, schema = routed.trigger, routed.function, routed.trigger.body_schema
        parameters = trigger.required_parameters
        integration = {"Type": "AWS_PROXY", "IntegrationHttpMethod": "POST", "Uri": function.invocation_uri}
        properties = {
            "RestApiId": _API,
            "ResourceId": f"${{{_path_id(trigger.parts)}}}",
            "HttpMethod": trigger.method,
            **app_routes.authorization(API, trigger),
            "ApiKeyRequired": trigger.api_key or None,
            "Integration": integration,
            "RequestValidatorId": f"${{{_VALIDATOR}}}" if schema is not None or parameters else None,
            # Of every content type: a body of one that has no model is not validated.
            "RequestModels": None if schema is None else {"$default": f"${{{_model_id(schema)}}}"},
            "RequestParameters": {f"method.request.querystring.{name}": True for name in parameters},
        }
        yield Resource(_method_id(trigger.route), "AWS::ApiGateway::Method", _given(properties), origin=function.origin)


def _method_id(route: str) -> str:
    return f"{API}{logical(route.lower())}Method{digest(route)}"


def _cors(settings: RestSettings, own_routes: tuple[Routed[Rest], ...]) -> Iterator[Resource]:
    """Yield the answers to preflights, of each path that has no OPTIONS of its own, and the headers of errors.

    Source: "CORS for REST APIs in API Gateway" (Amazon API Gateway Developer Guide).
    """
    cors = settings.cors_configuration
    if cors is None:
        return
    methods: dict[tuple[str, ...], list[str]] = {}
    first_users: dict[tuple[str, ...], Function] = {}
    for routed in own_routes:
        methods.setdefault(routed.trigger.parts, []).append(routed.trigger.method)
        first_users.setdefault(routed.trigger.parts, routed.function)
    for parts, own_methods in methods.items():
        if "OPTIONS" not in own_methods:
            allowed = {*METHODS} - {"ANY"} if "ANY" in own_methods else {*own_methods, "OPTIONS"}
            headers = _headers({"AllowMethods": sorted(allowed), **cors}, _ON_PREFLIGHTS)
            yield _preflight(parts, headers, first_users[parts])
    headers = _headers(cors, _ON_ERRORS)
    for kind in ("DEFAULT_4XX", "DEFAULT_5XX"):
        parameters = {f"gatewayresponse.header.{name}": value for name, value in headers.items()}
        properties = {"RestApiId": _API, "ResponseType": kind, "ResponseParameters": parameters}
        logical_id, origin = f"{API}{logical(kind.lower())}Response", settings.written.get("cors")
        yield Resource(logical_id, "AWS::ApiGateway::GatewayResponse", properties, origin=origin)


def _headers(cors: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, str]:
    """The headers of CORS whose properties have a value, by their whole names.

    Their values stand in single quotes: without, they are expressions of API Gateway's.
    """
    headers = {}
    for name, header in names.items():
        value = cors.get(name)
        if value:
            text = ",".join(value) if isinstance(value, list) else str(value).lower()
            headers[f"Access-Control-{header}"] = f"'{text}'"
    return headers


def _preflight(parts: tuple[str, ...], headers: Mapping[str, str], first_user: Function) -> Resource:
    """The method that answers a browser's question about a path, without a function."""
    parameters = {f"method.response.header.{name}": value for name, value in headers.items()}
    integration = {
        "Type": "MOCK",
        "ContentHandling": "CONVERT_TO_TEXT",  # or a mock fails in an API whose binary types are */*
        "RequestTemplates": {"application/json": '{"statusCode": 204}'},
        "IntegrationResponses": [{"StatusCode": "204", "ResponseParameters": parameters}],
    }
    properties = {
        "RestApiId": _API,
        "ResourceId": f"${{{_path_id(parts)}}}",
        "HttpMethod": "OPTIONS",
        "AuthorizationType": "NONE",
        "Integration": integration,
        "MethodResponses": [{"StatusCode": "204", "ResponseParameters": dict.fromkeys(parameters, True)}],
    }
    logical_id = _method_id(f"OPTIONS /{'/'.join(parts)}")
    return Resource(logical_id, "AWS::ApiGateway::Method", properties, origin=first_user.origin)


def _deployment(app: App, deployed: list[Resource]) -> Resource:
    """The snapshot that the stage serves: another one, with another logical id, for whatever is changed in it.

    The names of its functions count as well: methods name them by reference. Source: "AWS::ApiGateway::Deployment"
    (CloudFormation reference), and "Create a deployment for a REST API".
    """
    written = [[resource.logical_id, resource.type, resource.properties] for resource in deployed]
    content = json.dumps(written, sort_keys=True, default=dict)
    names = [function.physical_name for function in app.functions if function.arn in content]
    answers = ("AWS::ApiGateway::Method", "AWS::ApiGateway::GatewayResponse")
    waits_for = {"DependsOn": [resource.logical_id for resource in deployed if resource.type in answers]}
    logical_id = f"{API}Deployment{digest(content, *names)}"
    return Resource(logical_id, "AWS::ApiGateway::Deployment", {"RestApiId": _API}, waits_for, deployed[0].origin)


def _stage(app: App, deployment: Resource, first_user: Function) -> Iterator[Resource]:
    """Yield the log group of the stage's access log, if it has one, and the stage."""
    settings, log, limits = rest_settings(app), None, None
    if settings.access_log:
        group, log = app_routes.access_log(API, "rest-apis", "resourcePath", settings, first_user)
        yield group
    if settings.route_settings:
        limits = [{"HttpMethod": "*", "ResourcePath": "/*", **settings.route_settings}]
    properties = {
        "RestApiId": _API,
        "DeploymentId": deployment.ref,
        "StageName": stage_name(app),
        "Variables": dict(settings.variables),
        "TracingEnabled": settings.tracing or None,
        "MethodSettings": limits,
        "AccessLogSetting": log,
    }
    yield Resource(f"{API}Stage", "AWS::ApiGateway::Stage", _given(properties), origin=first_user.origin)


def _usage_plans(settings: RestSettings) -> Iterator[Resource]:
    """Yield each usage plan, then each of its keys and the link of both. API Gateway makes a key's value by itself.

    Source: "Usage plans and API keys for REST APIs" (Amazon API Gateway Developer Guide).
    """
    origin = settings.written.get("usage_plans")
    stage = {"ApiId": f"${{{API}}}", "Stage": f"${{{API}Stage}}"}
    for name, limits in settings.usage_plans.items():
        properties = {"UsagePlanName": f"${{AWS::StackName}}-{name}", "ApiStages": [stage], **limits}
        keys = properties.pop("Keys", [])
        plan = Resource(f"{API}{logical(name)}UsagePlan", "AWS::ApiGateway::UsagePlan", properties, origin=origin)
        yield plan
        for key in keys:
            # Another name would be another key, with another value: it follows the key's alone.
            named = {"Name": f"${{AWS::StackName}}-{key}", "Enabled": True}
            made = Resource(f"{API}{logical(key)}Key", "AWS::ApiGateway::ApiKey", named, origin=origin)
            yield made
            link = {"KeyId": made.ref, "KeyType": "API_KEY", "UsagePlanId": plan.ref}
            yield Resource(f"{API}{logical(key)}PlanKey", "AWS::ApiGateway::UsagePlanKey", link, origin=origin)


def _source_of(app: App, trigger: Rest) -> str:
    """The end of the ARN by which API Gateway names a method when it calls a function: stage, method, path.

    Source: "Control access for invoking an API" (API Gateway Developer Guide): a variable is `*`.
    """
    method = "*" if trigger.method == "ANY" else trigger.method
    return f"{stage_name(app)}/{method}{VARIABLE.sub('*', trigger.path)}"
