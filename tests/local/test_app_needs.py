"""The access that a request to the app needs, in the account and the region of its function or API."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final

import pytest

from remit.access.needed_access import NeededAccess
from remit.access.setting import RequestSetting, StoredNames
from remit.local.authorization.app_needs import API, FUNCTION_URL, AppRequest, app_request
from remit.local.emulator import as_request_of, emulated

if TYPE_CHECKING:
    from collections.abc import Iterator

OWNER, REGION = "444455556666", "us-west-2"
SETTING: Final = RequestSetting("eu-west-1", "111122223333", "arn:aws:iam::111122223333:user/ada", StoredNames())
IAM: Final = {"authorizationType": "AWS_IAM"}
OPEN: Final = {"authorizationType": "NONE"}
PARAMETERS: Final = {"FunctionUrlAuthType": "AWS_IAM", "InvokedViaFunctionUrl": True}


@pytest.fixture(autouse=True)
def app() -> Iterator[None]:
    """An HTTP API, a WebSocket API, a REST API and functions with URLs, all of another account."""
    http, rest, functions = (emulated(f"services.{name}") for name in ("apigateway", "apigateway_v1", "lambda_svc"))
    stores: list[tuple[Any, str, Any]] = [
        (http._apis, "0000000a", {"protocolType": "HTTP"}),
        (http._stages, "0000000a", {"$default": {}, "v1": {}}),
        (http._routes, "0000000a", {
            "1": {"routeKey": "GET /orders", **IAM}, "2": {"routeKey": "POST /orders", **OPEN},
            "3": {"routeKey": "GET /v1", **IAM},
        }),
        (http._apis, "0000000b", {"protocolType": "WEBSOCKET"}),
        (http._routes, "0000000b", {"1": {"routeKey": "$connect", **IAM}, "2": {"routeKey": "$default", **OPEN}}),
        (http._apis, "0000000c", {"protocolType": "WEBSOCKET"}),
        (rest._rest_apis, "0000000d", {}),
        (rest._stages_v1, "0000000d", {"prod": {}}),
        (rest._resources, "0000000d", {
            "r": {"id": "r", "path": "/", "resourceMethods": {}},
            "o": {"id": "o", "path": "/orders", "parentId": "r", "pathPart": "orders", "resourceMethods": {
                "GET": IAM, "PUT": OPEN}},
        }),
        *((functions._function_urls, name, {
            "FunctionUrl": f"https://{letter * 32}.lambda-url.{REGION}.on.aws/", "AuthType": kind,
        }) for name, letter, kind in (("web", "a", "AWS_IAM"), ("web:live", "b", "AWS_IAM"), ("open", "c", "NONE"))),
    ]  # fmt: skip
    with ExitStack() as stack:
        for store, name, value in stores:
            with as_request_of(OWNER, REGION):
                store[name] = value
            stack.callback(store.pop_scoped, OWNER, REGION, name)
        yield


def function(name: str) -> AppRequest:
    arn = f"arn:aws:lambda:{REGION}:{OWNER}:function:{name}"
    actions = ("lambda:InvokeFunctionUrl", "lambda:InvokeFunction")
    return AppRequest(FUNCTION_URL, REGION, tuple(NeededAccess(action, arn, PARAMETERS) for action in actions))


def api(invoked: str) -> AppRequest:
    arn = f"arn:aws:execute-api:{REGION}:{OWNER}:{invoked}"
    return AppRequest(API, REGION, (NeededAccess("execute-api:Invoke", arn, {}),))


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", f"/_aws/lambda-url/{'a' * 32}/x", function("web")),
        ("POST", f"/_aws/lambda-url/{'b' * 32}/", function("web:live")),
        ("GET", f"/_aws/lambda-url/{'c' * 32}/", None),
        ("GET", f"/_aws/lambda-url/{'d' * 32}/", None),
        ("GET", "/_aws/execute-api/0000000a/orders", api("0000000a/$default/GET/orders")),
        ("GET", "/_aws/execute-api/0000000a/v1/orders", api("0000000a/v1/GET/orders")),
        ("GET", "/_aws/execute-api/0000000a/$default/orders", api("0000000a/$default/GET/orders")),
        ("POST", "/_aws/execute-api/0000000a/orders", None),
        ("GET", "/_aws/execute-api/0000000a/v2/orders", None),
        ("GET", "/_aws/execute-api/0000000b/live", api("0000000b/live/$connect")),
        ("GET", "/_aws/execute-api/0000000c/live", None),
        ("GET", "/_aws/execute-api/0000000d/prod/orders", api("0000000d/prod/GET/orders")),
        ("PUT", "/_aws/execute-api/0000000d/prod/orders", None),
        ("GET", "/_aws/execute-api/0000000d/test/orders", None),
        ("GET", "/_aws/execute-api/0000000e/prod/orders", None),
        ("GET", "/_aws/other/0000000a/orders", None),
    ],
)
def test_a_request_to_the_app_needs_the_access_that_iam_authorizes_where_its_owner_is(
    method: str, path: str, expected: AppRequest | None
) -> None:
    assert expected == app_request(method, path, SETTING)
