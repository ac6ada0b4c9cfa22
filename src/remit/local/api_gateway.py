"""What API Gateway does and the emulator behind the AWS on this machine does not.

Each change has a test that fails once the emulator needs it no longer: `tests/local/test_local_apis.py`. Sources:
"Configure CORS for HTTP APIs in API Gateway", "Control access to HTTP APIs with IAM authorization in API Gateway"
(Amazon API Gateway Developer Guide).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    Answer = tuple[int, dict[str, Any], bytes]

_API: Final = "AWS::ApiGatewayV2::Api"
_ADDRESS: Final = "/_aws/execute-api/"
_SIGNATURE: Final = "AWS4-HMAC-SHA256 "
_FORBIDDEN: Final = 403, {"Content-Type": "application/json"}, json.dumps({"message": "Forbidden"}).encode()


def complete(emulator: Any, apis: Any, provisioners: Any) -> None:
    """Change the emulator: its door, its HTTP APIs, and CloudFormation's resource handlers."""
    emulator._parse_execute_api_url = _keeping_whole_paths(emulator._parse_execute_api_url, apis)  # noqa: SLF001 - it has no other place to take hold of
    handlers = provisioners._RESOURCE_HANDLERS[_API]  # noqa: SLF001 - as above
    handlers["create"] = _with_cors_keys(handlers["create"])
    handlers["update"] = _with_cors_keys(handlers["update"])
    apis._match_route = _matching_plain_methods(apis._match_route)  # noqa: SLF001 - as above
    apis._handle_execute_in_scope = _answering(apis)  # noqa: SLF001 - as above


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


def _with_cors_keys(handler: Callable[..., Any]) -> Callable[..., Any]:
    """A handler that gets the keys of CorsConfiguration as the API has them, which a template writes in PascalCase."""

    def handle(*arguments: Any, **options: Any) -> Any:
        return handler(*map(_camel_cased, arguments), **options)

    return handle


def _camel_cased(properties: Any) -> Any:
    cors = properties.get("CorsConfiguration") if isinstance(properties, dict) else None
    if not isinstance(cors, dict):
        return properties
    return {**properties, "CorsConfiguration": {key[:1].lower() + key[1:]: value for key, value in cors.items()}}


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
    """Answer a request as the emulator does, but for two kinds.

    A route with IAM's authorization refuses whatever is not signed: the emulator takes any Authorization header. And
    an API without CORS leaves OPTIONS to its routes, where the emulator refuses it.
    """
    handle = apis._handle_execute_in_scope  # noqa: SLF001 - it has no other place to take hold of

    async def answer(
        api_id: str, stage: str, path: str, method: str, headers: Mapping[str, str], *arguments: Any, **options: Any
    ) -> Answer:
        route = apis._match_route(api_id, method, "/" + path.lstrip("/"))  # noqa: SLF001 - as above
        has_cors = bool((apis._apis.get(api_id) or {}).get("corsConfiguration"))  # noqa: SLF001 - as above
        is_preflight = method == "OPTIONS" and has_cors
        by_iam = route is not None and route.get("authorizationType") == "AWS_IAM"
        if by_iam and not is_preflight and not _is_signed(headers):
            return _FORBIDDEN
        routed_method = _Options(method) if method == "OPTIONS" and not has_cors else method
        result: Answer = await handle(api_id, stage, path, routed_method, headers, *arguments, **options)
        return result

    return answer


def _is_signed(headers: Mapping[str, str]) -> bool:
    return any(name.lower() == "authorization" and value.startswith(_SIGNATURE) for name, value in headers.items())
