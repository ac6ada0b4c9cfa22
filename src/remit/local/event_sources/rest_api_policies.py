"""The resource policy of a REST API binds whoever calls it, with a signature or without one.

The emulator asks it for signed calls alone. With IAM authorization the gate has asked it by then.

Source: "How API Gateway resource policies affect authorization workflow" (Amazon API Gateway Developer Guide).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from remit.local.authorization.resource_policies import resource_policy
from remit.local.authorization.stored_policies import decide
from remit.local.emulator import as_request_of, emulated, instead_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_ACTION: Final = "execute-api:Invoke"
_OPEN: Final = frozenset({"aws:sourceip", "aws:viaawsservice"})
"""Keys of a place that is not here: what depends on them is not refused."""
_WITHOUT_ALLOW: Final = frozenset({"CUSTOM"})
"""Authorizations of methods that need no Allow of the policy beside their own: a Deny counts."""


def ask_policies_of_rest_apis() -> None:
    """Ask the API's policy before a method is authorized otherwise, in the process that serves."""
    apis = emulated("services.apigateway_v1")

    @instead_of(apis, "_authorize_request_v1")
    async def authorized(
        authorize: Any, api: str, stage: str, method: Any, verb: str, path: str, resource: Any, headers: Any, *rest: Any
    ) -> Any:
        kind = (method.get("authorizationType") or "NONE").upper()
        *_, account, region = rest
        with as_request_of(account, region):
            arn = apis.execute_api_arn(region, account, api, stage, verb, path)
            verdict = "Allowed" if kind == "AWS_IAM" else _verdict(apis, api, arn, headers)
        if verdict == "ExplicitlyDenied" or (verdict == "ImplicitlyDenied" and kind not in _WITHOUT_ALLOW):
            how = "with an explicit deny in a resource-based policy"
            if verdict == "ImplicitlyDenied":
                how = f"because no resource-based policy allows the {_ACTION} action"
            shown = arn.replace(f":{account}:", f":********{account[-4:]}:", 1)
            message = f"User: anonymous is not authorized to perform: {_ACTION} on resource: {shown} {how}"
            return apis._gw_error("ACCESS_DENIED", message), None
        return await authorize(api, stage, method, verb, path, resource, headers, *rest)


def _verdict(apis: Any, api: str, arn: str, headers: Mapping[str, str]) -> str:
    """Return the policy's verdict on a caller without credentials. Without a policy, a private API lets nobody in."""
    policies = resource_policy(_ACTION, arn)
    if policies == ():
        endpoint = (apis._rest_apis.get(api) or {}).get("endpointConfiguration") or {}
        return "ImplicitlyDenied" if "PRIVATE" in (endpoint.get("types") or ()) else "Allowed"
    named = {name.lower(): value for name, value in headers.items()}
    context = {
        "aws:securetransport": "true",
        "aws:useragent": named.get("user-agent"),
        "aws:referer": named.get("referer"),
    }
    return decide("*", _ACTION, arn, context, resource_policy=policies, open_keys=_OPEN).verdict
