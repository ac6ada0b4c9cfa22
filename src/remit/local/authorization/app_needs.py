"""The access that a request to the app needs: to the URL of a function, or to one of its APIs."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from remit.access.needed_access import NeededAccess, RequestedOperation
from remit.local.emulator import as_request_of, emulated

if TYPE_CHECKING:
    from remit.access.setting import RequestSetting

_FUNCTION_URL: Final = re.compile(r"/_aws/lambda-url/(?P<id>[^/]+)/.*", re.DOTALL)
_API: Final = re.compile(r"/_aws/execute-api/(?P<id>[^/]+)(?P<path>/.*)", re.DOTALL)
_AWS_IAM: Final = "AWS_IAM"
FUNCTION_URL: Final = RequestedOperation("lambda", "InvokeFunctionUrl", "rest")
API: Final = RequestedOperation("execute-api", "Invoke", "rest")


@dataclass(frozen=True, slots=True)
class AppRequest:
    """A request to the app that IAM authorizes: the region of the function or API, and the access that it needs."""

    operation: RequestedOperation
    region: str
    needs: tuple[NeededAccess, ...]


def app_request(method: str, path: str, setting: RequestSetting) -> AppRequest | None:
    """The request to the app at a path; None where IAM does not authorize it, and where there is no such URL or API."""
    url = _FUNCTION_URL.fullmatch(path)
    if url is not None:
        return _to_function_url(url["id"], setting)
    api = _API.fullmatch(path)
    scope = None if api is None else _scope(api["id"])
    if api is None or scope is None:
        return None
    account, region = scope
    with as_request_of(account, region):
        return _to_api(api["id"], method, api["path"], replace(setting, account=account, region=region))


def _to_function_url(url_id: str, setting: RequestSetting) -> AppRequest | None:
    """What a call of a function URL needs, in its function's account and region; None: IAM does not authorize it."""
    resolved = emulated("services.lambda_svc").resolve_function_url(url_id)
    if resolved is None or resolved[4].get("AuthType") != _AWS_IAM:
        return None
    account, region, name, qualifier, _ = resolved
    function = f"function:{name}:{qualifier}" if qualifier else f"function:{name}"
    arn = replace(setting, account=account, region=region).arn("lambda", function)
    parameters = {"FunctionUrlAuthType": _AWS_IAM, "InvokedViaFunctionUrl": True}
    actions = ("lambda:InvokeFunctionUrl", "lambda:InvokeFunction")
    return AppRequest(FUNCTION_URL, region, tuple(NeededAccess(action, arn, parameters) for action in actions))


def _scope(api: str) -> tuple[str, str] | None:
    """The account and the region of an API, which are those of no signature; None: there is no such API."""
    for records in (emulated("services.apigateway")._apis, emulated("services.apigateway_v1")._rest_apis):
        for (account, region, api_id), _ in records.all_items():
            if api_id == api:
                return account, region
    return None


def _to_api(api: str, method: str, path: str, setting: RequestSetting) -> AppRequest | None:
    """What a call of an API needs (of a WebSocket, the connection); None: IAM does not authorize its route."""
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
    needs = (NeededAccess("execute-api:Invoke", setting.arn("execute-api", invoked), {}),)
    return AppRequest(API, setting.region, needs)
