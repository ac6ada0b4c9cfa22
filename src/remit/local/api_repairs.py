"""Repairs of API Gateway: the behaviour that the emulator lacks is added before it serves.

Each repair has a test that fails once the emulator needs it no longer: in `tests/local/test_local_apis.py` and
`test_local_websockets.py`. Sources: "Configure CORS for HTTP APIs in API Gateway", "Control access to HTTP APIs with
IAM authorization in API Gateway", "Control access to a REST API with IAM permissions" (Amazon API Gateway Developer
Guide).
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from remit.local.emulator import emulated

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    Answer = tuple[int, dict[str, Any], bytes]

_API: Final = "AWS::ApiGatewayV2::Api"
_FUNCTION: Final = "AWS::Lambda::Function"
_ROUTE_RESPONSE: Final = "AWS::ApiGatewayV2::RouteResponse"
_PUBLIC_ADDRESS: Final = re.compile(r"https://([0-9a-f]{8})\.execute-api\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?")
_ADDRESS: Final = "/_aws/execute-api/"
_SIGNATURE: Final = "AWS4-HMAC-SHA256 "
_FORBIDDEN: Final = 403, {"Content-Type": "application/json"}, json.dumps({"message": "Forbidden"}).encode()


def repair_apis(address: str) -> None:
    """Make every repair of APIs, once, in the process that serves at `address`."""
    emulator = emulated("app")
    apis = emulated("services.apigateway")
    provisioners = emulated("services.cloudformation.provisioners")
    emulator._parse_execute_api_url = _keeping_whole_paths(emulator._parse_execute_api_url, apis)
    handlers = provisioners._RESOURCE_HANDLERS
    _prepare(handlers[_API], _camel_cased)
    _prepare(handlers[_FUNCTION], lambda properties: _reaching(properties, address))
    handlers[_ROUTE_RESPONSE] = _route_responses(apis)
    apis._match_route = _matching_plain_methods(apis._match_route)
    apis._handle_execute_in_scope = _answering(apis)
    apis._invoke_ws_lambda = _replying(apis)
    _ask_for_signatures(emulated("services.apigateway_v1"))
    apis.run_reentrant = _with_cookies(apis.run_reentrant)


def _keeping_whole_paths(parse: Callable[[str, str], Any], apis: Any) -> Callable[[str, str], Any]:
    """Read the path of an API whose stage is `$default` as it is: the emulator loses the `/` at its end."""

    def parsed(host: str, path: str) -> Any:
        parts = parse(host, path)
        if parts is None or not path.startswith(_ADDRESS):
            return parts
        stages = apis.stages_for_api(parts[0])
        if parts[1] in stages or "$default" not in stages:
            return parts
        return parts[0], "$default", path.removeprefix(f"{_ADDRESS}{parts[0]}")

    return parsed


def _prepare(handlers: dict[str, Any], prepared: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Let a type's handlers get its properties as `prepared` makes them."""

    def preparing(handler: Callable[..., Any]) -> Callable[..., Any]:
        def handle(*arguments: Any, **options: Any) -> Any:
            return handler(*(prepared(item) if isinstance(item, dict) else item for item in arguments), **options)

        return handle

    for operation in ("create", "update"):
        if operation in handlers:
            handlers[operation] = preparing(handlers[operation])


def _camel_cased(properties: dict[str, Any]) -> dict[str, Any]:
    """The keys of CorsConfiguration as the API has them, which a template writes in PascalCase."""
    cors = properties.get("CorsConfiguration")
    if not isinstance(cors, dict):
        return properties
    return {**properties, "CorsConfiguration": {key[:1].lower() + key[1:]: value for key, value in cors.items()}}


def _reaching(properties: dict[str, Any], address: str) -> dict[str, Any]:
    """A function's properties with the addresses of APIs in its environment as they are on this machine.

    They are written with AWS's domain, and would lead the function to AWS.
    """
    environment = properties.get("Environment")
    variables = environment.get("Variables") if isinstance(environment, dict) else None
    if not isinstance(environment, dict) or not isinstance(variables, dict):
        return properties
    here = f"{address}{_ADDRESS}\\1"
    reached = {
        name: _PUBLIC_ADDRESS.sub(here, value) if isinstance(value, str) else value for name, value in variables.items()
    }
    return {**properties, "Environment": {**environment, "Variables": reached}}


def _route_responses(apis: Any) -> dict[str, Any]:
    """The handlers of a type that the emulator does not know, though it has what it makes."""

    def create(_logical_id: str, properties: Mapping[str, Any], _stack: str) -> tuple[str, dict[str, str]]:
        key = {"routeResponseKey": properties.get("RouteResponseKey", "$default")}
        _, _, body = apis._create_route_response(properties["ApiId"], _route_id(properties), key)
        response_id = json.loads(body)["routeResponseId"]
        return response_id, {"RouteResponseId": response_id}

    def delete(physical_id: str, properties: Mapping[str, Any]) -> None:
        apis._delete_route_response(properties["ApiId"], _route_id(properties), physical_id)

    return {"create": create, "delete": delete}


def _route_id(properties: Mapping[str, Any]) -> str:
    """The id of a route; its Ref is `API/ROUTE` in the emulator."""
    return str(properties["RouteId"]).rpartition("/")[2]


def _replying(apis: Any) -> Callable[..., Awaitable[Any]]:
    """Answer a message with what its function returns where its route has a response: the emulator always does.

    Source: "Set up route responses for WebSocket APIs in API Gateway" (Amazon API Gateway Developer Guide).
    """
    invoke = apis._invoke_ws_lambda

    async def reply(
        api_id: str, account: str, region: str, route: Mapping[str, Any], *rest: Any, **options: Any
    ) -> Any:
        answer = await invoke(api_id, account, region, route, *rest, **options)
        responses = apis._route_responses.get(api_id, {}).get(route["routeId"])
        if isinstance(answer, dict) and not responses:
            return {name: value for name, value in answer.items() if name != "body"}
        return answer

    return reply


class _Options(str):
    """The method OPTIONS of a request that is no preflight for the API: the emulator compares with `"OPTIONS"`."""

    __slots__ = ()

    def __eq__(self, _other: object) -> bool:
        return False

    __hash__ = str.__hash__


def _matching_plain_methods(match_route: Callable[..., Any]) -> Callable[..., Any]:
    def match(api_id: str, method: str, path: str) -> Any:
        return match_route(api_id, str(method), path)

    return match


def _answering(apis: Any) -> Callable[..., Awaitable[Answer]]:
    """Answer a request as the emulator does, but for three kinds.

    A route with IAM's authorization refuses whatever is not signed: the emulator takes any Authorization header. An API
    without CORS leaves OPTIONS to its routes, where the emulator refuses it. And so does one with CORS whose route
    `$default` asks for authorization, where the emulator answers.
    """
    handle = apis._handle_execute_in_scope

    async def answer(
        api_id: str, stage: str, path: str, method: str, headers: Mapping[str, str], *arguments: Any, **options: Any
    ) -> Answer:
        route = apis._match_route(api_id, method, "/" + path.lstrip("/"))
        has_cors = bool((apis._apis.get(api_id) or {}).get("corsConfiguration"))
        authorization = "NONE" if route is None else route.get("authorizationType") or "NONE"
        is_asked = route is not None and route.get("routeKey") == "$default" and authorization != "NONE"
        is_preflight = method == "OPTIONS" and has_cors and not is_asked
        if authorization == "AWS_IAM" and not is_preflight and not _is_signed(headers):
            return _FORBIDDEN
        routed_method = _Options(method) if method == "OPTIONS" and not is_preflight else method
        result: Answer = await handle(api_id, stage, path, routed_method, headers, *arguments, **options)
        return result

    return answer


def _ask_for_signatures(rest_apis: Any) -> None:
    """Refuse whatever is not signed where IAM authorizes a method: the emulator takes any Authorization header."""
    authorize = rest_apis._authorize_request_v1

    async def authorized(
        api_id: str,
        stage: str,
        method: Mapping[str, Any],
        verb: str,
        path: str,
        resource: Any,
        headers: Mapping[str, str],
        *rest: Any,
        **options: Any,
    ) -> Any:
        if method.get("authorizationType") == "AWS_IAM" and not _is_signed(headers):
            return rest_apis._gw_error("MISSING_AUTHENTICATION_TOKEN", "Missing Authentication Token"), None
        return await authorize(api_id, stage, method, verb, path, resource, headers, *rest, **options)

    rest_apis._authorize_request_v1 = authorized


def _with_cookies(run: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """Give a handler the cookies of a request in a list of their own, and not among its headers.

    Source: "Create AWS Lambda proxy integrations for HTTP APIs in API Gateway" (payload format 2.0).
    """

    async def run_with_cookies(function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        return await run(function, *map(_with_cookies_apart, arguments), **options)

    return run_with_cookies


def _with_cookies_apart(argument: Any) -> Any:
    is_request = isinstance(argument, dict) and argument.get("version") == "2.0" and "rawPath" in argument
    if not is_request or "cookie" not in argument["headers"]:
        return argument
    headers = {name: value for name, value in argument["headers"].items() if name != "cookie"}
    cookies = [cookie.strip() for cookie in argument["headers"]["cookie"].split(";")]
    return {**argument, "headers": headers, "cookies": cookies}


def _is_signed(headers: Mapping[str, str]) -> bool:
    return any(name.lower() == "authorization" and value.startswith(_SIGNATURE) for name, value in headers.items())
