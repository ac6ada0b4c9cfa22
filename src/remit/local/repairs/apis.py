"""Repairs of API Gateway, and of the answers of function URLs.

Sources: "Configure CORS for HTTP APIs in API Gateway", "Control access to HTTP APIs with IAM authorization in API
Gateway" (Amazon API Gateway Developer Guide).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

from remit.local.emulator import during, emulated, instead_of
from remit.local.stack_operations import completed_by, content_of, resource_handlers
from remit.template.sections import section
from remit.triggers.payload_format import in_format_1

if TYPE_CHECKING:
    Answer = tuple[int, dict[str, Any], bytes]
    ProxyAnswer = tuple[dict[str, Any] | None, str | None]

# The emulator gives APIs ids of eight hexadecimal digits, where AWS has ten letters and digits.
_PUBLIC_ADDRESS: Final = re.compile(r"https://([0-9a-f]{8})\.execute-api\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?")
_HTTP_API: Final = "AWS::ApiGatewayV2::Api"
_ADDRESS: Final = "/_aws/execute-api/"
_SIGNATURE: Final = "AWS4-HMAC-SHA256 "
_SENDS_FORMAT_1: Final[ContextVar[bool]] = ContextVar("sends_format_1", default=False)
"""Whether the route that is answered is of format 1.0."""
_FORBIDDEN: Final = 403, {"Content-Type": "application/json"}, json.dumps({"message": "Forbidden"}).encode()
_BAD_GATEWAY: Final = 502
_SERVER_ERROR: Final = 500
_JSON: Final = {"Content-Type": "application/json"}
_REST_MESSAGE: Final = "Internal server error"
_REST_MEMBERS: Final = frozenset({"isBase64Encoded", "statusCode", "headers", "multiValueHeaders", "body"})


def repair_apis(address: str) -> None:
    """Make every repair of APIs, once, in the process that serves at `address`."""
    _keep_whole_paths()
    _take_cors_of_templates()
    _point_functions_here(address)
    _ask_routes_before_answering()
    _follow_route_responses()
    _follow_payload_formats()
    _import_bodies()


def _keep_whole_paths() -> None:
    """The path of an API whose stage is `$default` is kept as it is; the emulator loses the `/` at its end.

    Emulator: app.py. Test: test_local_apis.py::test_the_emulator_still_loses_the_end_of_a_path.
    """
    apis = emulated("services.apigateway")

    @instead_of(emulated("app"), "_parse_execute_api_url")
    def parsed(parse: Callable[[str, str], Any], host: str, path: str) -> Any:
        """The API's id, the stage and the path of a request; None for what is no request to an API."""
        parts = parse(host, path)
        if parts is None or not path.startswith(_ADDRESS):
            return parts
        stages = apis.stages_for_api(parts[0])
        if parts[1] in stages or "$default" not in stages:
            return parts
        return parts[0], "$default", path.removeprefix(f"{_ADDRESS}{parts[0]}")


def _take_cors_of_templates() -> None:
    """Take CorsConfiguration of a template, which is written in PascalCase; the emulator looks for the API's keys.

    Emulator: services/cloudformation/provisioners.py.
    Test: test_local_apis.py::test_pages_of_the_allowed_origin_may_ask,
    test_local_apis.py::test_the_emulator_still_loses_cors_of_templates.
    """

    def camel_cased(properties: dict[str, Any]) -> dict[str, Any]:
        cors = properties.get("CorsConfiguration")
        if not isinstance(cors, dict):
            return properties
        return {**properties, "CorsConfiguration": {key[:1].lower() + key[1:]: value for key, value in cors.items()}}

    prepare(_HTTP_API, camel_cased)


def _point_functions_here(address: str) -> None:
    """The addresses of APIs in a function's environment lead to this machine, and not to AWS.

    Emulator: services/cloudformation/provisioners.py.
    Test: test_local_websockets.py::test_a_bare_emulator_replies_without_a_response_and_sends_functions_to_aws.
    """
    here = f"{address}{_ADDRESS}\\1"

    def reaching(properties: dict[str, Any]) -> dict[str, Any]:
        """A function's properties with the addresses of APIs on this machine in its variables."""
        environment = properties.get("Environment")
        variables = environment.get("Variables") if isinstance(environment, dict) else None
        if not isinstance(environment, dict) or not isinstance(variables, dict):
            return properties
        reached = {
            name: _PUBLIC_ADDRESS.sub(here, value) if isinstance(value, str) else value
            for name, value in variables.items()
        }
        return {**properties, "Environment": {**environment, "Variables": reached}}

    prepare("AWS::Lambda::Function", reaching)


def prepare(type_name: str, prepared: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Let a type's create and update handlers get its properties, old and new, as `prepared` makes them."""
    handlers = resource_handlers()[type_name]

    def handle(handler: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        return handler(*(prepared(item) if isinstance(item, dict) else item for item in arguments), **options)

    for operation in ("create", "update"):
        if operation in handlers:
            instead_of(handlers, operation)(handle)


def _follow_route_responses() -> None:
    """A message is answered with what its function returns where its route has a response; the emulator always does.

    It makes route responses by its API alone, and not by a template.

    Source: "Set up route responses for WebSocket APIs in API Gateway" (Amazon API Gateway Developer Guide).
    Emulator: services/apigateway.py, services/cloudformation/provisioners.py.
    Test: test_local_websockets.py::test_messages_run_functions_that_answer_and_push,
    test_local_websockets.py::test_the_emulator_still_knows_no_route_responses_of_templates,
    test_local_websockets.py::test_a_bare_emulator_replies_without_a_response_and_sends_functions_to_aws.
    """
    apis = emulated("services.apigateway")

    def route_id(properties: Mapping[str, Any]) -> str:
        # Ref of a route is `API/ROUTE` in the emulator, and the route's id on AWS.
        return str(properties["RouteId"]).rpartition("/")[2]

    def create(_logical_id: str, properties: Mapping[str, Any], _stack: str) -> tuple[str, dict[str, str]]:
        """Make a route response; returns its id and attributes. ValueError: the API refuses it."""
        key = {"routeResponseKey": properties.get("RouteResponseKey", "$default")}
        made = apis._create_route_response(properties["ApiId"], route_id(properties), key)
        response_id = content_of(made)["routeResponseId"]
        return response_id, {"RouteResponseId": response_id}

    def delete(physical_id: str, properties: Mapping[str, Any]) -> None:
        apis._delete_route_response(properties["ApiId"], route_id(properties), physical_id)

    resource_handlers()["AWS::ApiGatewayV2::RouteResponse"] = {"create": create, "delete": delete}

    @instead_of(apis, "_invoke_ws_lambda")
    async def reply(
        invoke: Any, api_id: str, account: str, region: str, route: Mapping[str, Any], *rest: Any, **options: Any
    ) -> Any:
        """Answer a message of a WebSocket; without a body where its route has no response."""
        answer = await invoke(api_id, account, region, route, *rest, **options)
        responses = apis._route_responses.get(api_id, {}).get(route["routeId"])
        if isinstance(answer, dict) and not responses:
            return {name: value for name, value in answer.items() if name != "body"}
        return answer


class _Options(str):
    """The method OPTIONS of a request that is no preflight for the API: the emulator compares with `"OPTIONS"`."""

    __slots__ = ()

    def __eq__(self, _other: object) -> bool:
        return False

    __hash__ = str.__hash__


def _ask_routes_before_answering() -> None:
    """A request is answered as the emulator does, but for three kinds.

    A route with IAM's authorization refuses whatever is not signed: the emulator takes any Authorization header. An API
    without CORS leaves OPTIONS to its routes, where the emulator refuses it. And so does one with CORS whose route
    `$default` asks for authorization, where the emulator answers.

    Emulator: services/apigateway.py.
    Test: test_local_apis.py::test_without_cors_options_is_a_method_like_any_other,
    test_local_apis.py::test_a_default_route_with_authorization_asks_preflights_too,
    test_local_apis.py::test_the_emulator_still_refuses_every_options_of_an_api_without_cors.
    """
    apis = emulated("services.apigateway")

    @instead_of(apis, "_match_route")
    def match(match_route: Any, api_id: str, method: str, path: str) -> Any:
        return match_route(api_id, str(method), path)  # `_Options` is for what comes before routes alone

    @instead_of(apis, "_handle_execute_in_scope")
    async def answer(
        handle: Any, api_id: str, stage: str, path: str, method: str, headers: Any, *rest: Any, **options: Any
    ) -> Answer:
        """Answer a request to an API: 403 where IAM's authorization wants a signature, else as the emulator does."""
        route = apis._match_route(api_id, method, "/" + path.lstrip("/"))
        has_cors = bool((apis._apis.get(api_id) or {}).get("corsConfiguration"))
        authorization = "NONE" if route is None else route.get("authorizationType") or "NONE"
        is_asked = route is not None and route.get("routeKey") == "$default" and authorization != "NONE"
        is_preflight = method == "OPTIONS" and has_cors and not is_asked
        if authorization == "AWS_IAM" and not is_preflight and not is_signed(headers):
            return _FORBIDDEN
        routed_method = _Options(method) if method == "OPTIONS" and not is_preflight else method
        result: Answer = await handle(api_id, stage, path, routed_method, headers, *rest, **options)
        return result


def is_signed(headers: Mapping[str, str]) -> bool:
    """Return whether a request has a signature of AWS's in a header."""
    return any(name.lower() == "authorization" and value.startswith(_SIGNATURE) for name, value in headers.items())


def _follow_payload_formats() -> None:
    """A route of format 1.0 sends it, and takes answers in it alone; the emulator knows 2.0.

    A handler of format 2.0 gets the cookies of a request in a list of their own, and not among its headers.

    Source: "Create AWS Lambda proxy integrations for HTTP APIs in API Gateway".
    Emulator: services/apigateway.py.
    Test: test_payload_formats.py::test_an_event_has_the_members_of_format_1,
    test_local_apis.py::test_the_emulator_still_sends_format_2_whatever_a_route_says,
    test_local_apis.py::test_cookies_come_apart_from_headers,
    test_local_apis.py::test_the_emulator_still_leaves_cookies_among_the_headers.
    """
    apis = emulated("services.apigateway")

    @instead_of(apis, "_invoke_lambda_proxy")
    async def invoked(invoke: Any, integration: Mapping[str, Any], *arguments: Any, **options: Any) -> Any:
        is_format_1 = integration.get("payloadFormatVersion") == "1.0"
        with during(_SENDS_FORMAT_1, is_format_1):
            return await invoke(integration, *arguments, **options)

    def formatted(argument: Any) -> Any:
        """A request's event in format 1.0 if the route has that, else with cookies apart; other arguments unchanged."""
        is_request = isinstance(argument, dict) and argument.get("version") == "2.0" and "rawPath" in argument
        if is_request and _SENDS_FORMAT_1.get():
            return in_format_1(argument)
        if not is_request or "cookie" not in argument["headers"]:
            return argument
        headers = {name: value for name, value in argument["headers"].items() if name != "cookie"}
        cookies = [cookie.strip() for cookie in argument["headers"]["cookie"].split(";")]
        return {**argument, "headers": headers, "cookies": cookies}

    @instead_of(apis, "run_reentrant")
    async def run(run: Any, function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        return await run(function, *map(formatted, arguments), **options)


def say_nothing_of_failures() -> None:
    """A caller on the web gets `Internal Server Error` when a function fails or returns no answer.

    The emulator answers with the exception and its stack, which belong in the function's log alone.

    Sources: "Handling Lambda errors with an API Gateway API", "Invoking Lambda function URLs" (AWS Lambda Developer
    Guide), "Handle Lambda errors in API Gateway", "Output format of a Lambda function for proxy integration" (Amazon
    API Gateway Developer Guide).
    Emulator: services/lambda_svc.py, services/apigateway_v1.py.
    Test: test_web_answers.py::test_callers_get_an_answer_or_internal_server_error.
    """

    @instead_of(emulated("services.lambda_svc"), "lambda_execute_result_to_api_proxy_response")
    def answered(answer_of: Any, result: Mapping[str, Any]) -> ProxyAnswer:
        """An answer for the web; 502 where the function fails or answers what is none: its message stays in its log.

        Of a route of format 1.0, 500 where it does not answer in that form. A throttled one is answered as the emulator
        does.
        """
        answer: dict[str, Any] | None
        if result.get("error") and not result.get("throttle"):
            return _failed(_BAD_GATEWAY), None
        answer, problem = answer_of(result)
        if answer is not None and _SENDS_FORMAT_1.get():
            body = result.get("body")
            if not result.get("error") and not (isinstance(body, Mapping) and "statusCode" in body):
                return _failed(_SERVER_ERROR), None  # format 2.0 alone makes an answer of what is none
            headers = {**(answer.get("headers") or {}), **(answer.get("multiValueHeaders") or {})}
            answer = {**answer, "headers": headers, "cookies": None}
        if answer is not None and not _is_answer(answer):
            return _failed(_BAD_GATEWAY), None
        return answer, problem

    @instead_of(emulated("services.apigateway_v1"), "_lambda_proxy_response")
    def answered_by_rest_api(answer_of: Any, result: Mapping[str, Any]) -> ProxyAnswer:
        """An answer of a REST API; where it is none, or has other members, the message of a failure stands second."""
        payload: Any = result.get("body")
        if result.get("throttle"):
            return _failed(_SERVER_ERROR, _REST_MESSAGE), None
        # A REST API takes an object with these members, and no others.
        is_object = isinstance(payload, Mapping) and payload.keys() <= _REST_MEMBERS
        if result.get("error") or not is_object or not _is_answer({"statusCode": 200, **payload}):
            return None, _REST_MESSAGE
        rest_answer: ProxyAnswer = answer_of(result)
        return rest_answer


def _failed(status: int, message: str = "Internal Server Error") -> dict[str, Any]:
    return {"statusCode": status, "headers": _JSON, "body": json.dumps({"message": message}, separators=(",", ":"))}


def _is_answer(answer: Mapping[str, Any]) -> bool:
    """Return whether an answer can be sent: its status is a number, its body a text or None, its headers an object."""
    return (
        str(answer.get("statusCode")).isdecimal()
        and isinstance(answer.get("body") or "", str)
        and isinstance(answer.get("headers") or {}, Mapping)
    )


def _import_bodies() -> None:
    """An OpenAPI document as `Body` makes all of an API: routes, integrations, settings; the emulator drops it.

    Source: "Working with OpenAPI definitions for HTTP APIs" (Amazon API Gateway Developer Guide).

    Emulator: services/cloudformation/provisioners.py.
    Test: test_local_apis.py::test_the_emulator_still_drops_the_body_of_an_api.
    """
    prepare(_HTTP_API, _with_settings)

    def follow(api_id: str, properties: Mapping[str, Any], _old: Mapping[str, Any]) -> None:
        if isinstance(properties.get("Body"), dict):
            _import(api_id, properties["Body"])

    completed_by(_HTTP_API, follow)


def _with_settings(properties: dict[str, Any]) -> dict[str, Any]:
    """The properties of an API with the name, the CORS and the endpoint setting that its document says, None included.

    They are as they were where `Body` is no object.
    """
    document = properties.get("Body")
    if not isinstance(document, dict):
        return properties
    endpoints = [
        section(server, "x-amazon-apigateway-endpoint-configuration") for server in document.get("servers", ())
    ]
    return {
        **properties,
        "Name": section(document, "info").get("title"),
        "CorsConfiguration": document.get("x-amazon-apigateway-cors"),
        "DisableExecuteApiEndpoint": any(endpoint.get("disableExecuteApiEndpoint") for endpoint in endpoints),
    }


def _import(api_id: str, document: Mapping[str, Any]) -> None:
    """Put the routes, integrations and authorizers of a document in the place of all that the API has.

    The document is one that remit writes: a KeyError or ValueError for others fails the resource.
    """
    apis = emulated("services.apigateway")
    for records in (apis._routes, apis._integrations, apis._authorizers):
        records[api_id] = {}
    asked = {"": {"authorizationType": "NONE"}}
    for name, scheme in section(document, "components", "securitySchemes").items():
        authorizer = section(scheme, "x-amazon-apigateway-authorizer")
        if authorizer:
            credentials = authorizer.get("authorizerCredentials", "")
            record = {**authorizer, "name": name, "authorizerCredentialsArn": credentials}
            record["authorizerType"] = authorizer["type"].upper()
            authorizer_id = content_of(apis._create_authorizer(api_id, record))["authorizerId"]
            kind = "JWT" if authorizer["type"] == "jwt" else "CUSTOM"
            asked[name] = {"authorizationType": kind, "authorizerId": authorizer_id}
        else:
            asked[name] = {"authorizationType": "AWS_IAM"}
    for path, operations in section(document, "paths").items():
        for method, operation in operations.items():
            integration = operation["x-amazon-apigateway-integration"]
            record = {
                "integrationType": integration["type"].upper(),
                "integrationUri": integration["uri"],
                "payloadFormatVersion": integration["payloadFormatVersion"],
            }
            integration_id = content_of(apis._create_integration(api_id, record))["integrationId"]
            apis._integrations[api_id][integration_id]["credentialsArn"] = integration.get("credentials", "")
            verb = "ANY" if method.startswith("x-") else method.upper()
            key = "$default" if operation.get("isDefaultRoute") else f"{verb} {path}"
            [(scheme, scopes)] = operation.get("security", [{"": []}])[0].items()
            route = {"routeKey": key, "target": f"integrations/{integration_id}", "authorizationScopes": scopes}
            apis._create_route(api_id, {**route, **asked[scheme]})
