"""The access that a request to the app needs: to the URL of a function, or to one of its APIs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from remit.access.needed_access import NeededAccess, RequestedOperation
from remit.local.emulator import emulated

if TYPE_CHECKING:
    from remit.access.setting import RequestSetting

_FUNCTION_URL: Final = re.compile(r"/_aws/lambda-url/(?P<id>[^/]+)/.*", re.DOTALL)
_API: Final = re.compile(r"/_aws/execute-api/(?P<id>[^/]+)(?P<path>/.*)", re.DOTALL)
_AWS_IAM: Final = "AWS_IAM"
FUNCTION_URL: Final = RequestedOperation("lambda", "InvokeFunctionUrl", "rest")
API: Final = RequestedOperation("execute-api", "Invoke", "rest")


def app_needs(
    method: str, path: str, setting: RequestSetting
) -> tuple[RequestedOperation, tuple[NeededAccess, ...]] | None:
    """The access that a request to the app needs; None where IAM does not authorize it."""
    match = _FUNCTION_URL.fullmatch(path)
    if match is not None:
        return _of_function_url(match["id"], setting)
    match = _API.fullmatch(path)
    return None if match is None else _of_api(match["id"], method, match["path"], setting)


def _of_function_url(
    url_id: str, setting: RequestSetting
) -> tuple[RequestedOperation, tuple[NeededAccess, ...]] | None:
    functions = emulated("services.lambda_svc")
    resolved = functions.resolve_function_url(url_id)
    if resolved is None or resolved[4].get("AuthType") != _AWS_IAM:
        return None
    _, _, name, qualifier, _ = resolved
    arn = setting.arn("lambda", f"function:{name}:{qualifier}" if qualifier else f"function:{name}")
    parameters = {"FunctionUrlAuthType": _AWS_IAM, "InvokedViaFunctionUrl": True}
    actions = ("lambda:InvokeFunctionUrl", "lambda:InvokeFunction")
    return FUNCTION_URL, tuple(NeededAccess(action, arn, parameters) for action in actions)


def _of_api(
    api: str, method: str, path: str, setting: RequestSetting
) -> tuple[RequestedOperation, tuple[NeededAccess, ...]] | None:
    apis = emulated("services.apigateway")
    rest_apis = emulated("services.apigateway_v1")
    stage, _, rest = path.removeprefix("/").partition("/")
    if rest_apis.find_api_scope(api) is not None:
        authorization = rest_apis.method_authorization_type(api, stage, method, f"/{rest}")
        invoked = f"{api}/{stage}/{method}/{rest}"
    elif (apis._apis.get(api) or {}).get("protocolType") == "WEBSOCKET":
        route = apis._match_ws_route(api, "$connect")
        authorization = None if route is None else route.get("authorizationType")
        invoked = f"{api}/{stage}/$connect"
    else:
        if stage not in apis.stages_for_api(api):
            stage, rest = "$default", path.removeprefix("/")
        route = apis._match_route(api, method, f"/{rest}")
        authorization = None if route is None else route.get("authorizationType")
        invoked = f"{api}/{stage}/{method}/{rest}"
    if authorization != _AWS_IAM:
        return None
    return API, (NeededAccess("execute-api:Invoke", setting.arn("execute-api", invoked), {}),)
