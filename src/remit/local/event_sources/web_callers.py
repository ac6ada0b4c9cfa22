"""Whoever calls an app on the web: function URLs and REST APIs answer whom their policies let in.

The emulator answers everybody at a function URL, and asks the policy of a REST API for signed calls alone. With IAM
authorization the gate has asked it by then.

Sources: "Control access to Lambda function URLs" (AWS Lambda Developer Guide; since October 2025 both
lambda:InvokeFunctionUrl and lambda:InvokeFunction are needed), "How API Gateway resource policies affect authorization
workflow" (Amazon API Gateway Developer Guide).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from remit.local.authorization.caller import CALLER, CALLING_KEY, Caller
from remit.local.authorization.resource_policies import resource_policy
from remit.local.authorization.stored_policies import decide
from remit.local.emulator import as_request_of, emulated, instead_of
from remit.local.repairs.apis import is_signed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.iam.request import ContextValue

_HELP: Final = "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
_MESSAGE: Final = f"Forbidden. For troubleshooting Function URL authorization issues, see: {_HELP}"
_HEADERS: Final = {"Content-Type": "application/json", "x-amzn-ErrorType": "AccessDeniedException"}
_FORBIDDEN: Final = 403, _HEADERS, json.dumps({"Message": _MESSAGE}).encode()


def ask_before_function_urls() -> None:
    """Ask the function's policy before each request to its URL, in the process that serves.

    The event of a signed request says who signed it.
    """
    service = emulated("services.lambda_svc")

    @instead_of(service, "handle_function_url_request")
    async def answer(handle: Any, url_id: str, method: str, *request: Any, **options: Any) -> Any:
        found = options.get("resolved") or service.resolve_function_url(url_id)
        if found is not None and not _may_call_url(method, *found):
            return _FORBIDDEN
        return await handle(url_id, method, *request, **options)

    @instead_of(service, "_build_function_url_event")
    def event_of(build_event: Any, url_id: str, account: str, *request: Any, **options: Any) -> Any:
        """The event of a request to a function URL, with who signed it, if somebody did."""
        event = build_event(url_id, account, *request, **options)
        if CALLING_KEY.get() and event["requestContext"]["accountId"] != "anonymous":
            # As a function behind a URL sees who signed ("Invoking Lambda function URLs", payload format).
            caller = CALLER.get() or Caller(f"arn:aws:iam::{account}:root", account)
            user_id = str(caller.keys.get("aws:userid") or caller.account)
            signer = {
                "accessKey": CALLING_KEY.get(),
                "accountId": caller.account,
                "callerId": user_id,
                "cognitoIdentity": None,
                "principalOrgId": None,
                "userArn": caller.arn,
                "userId": user_id,
            }
            event["requestContext"]["authorizer"] = {"iam": signer}
        return event


def _may_call_url(
    method: str, account: str, region: str, name: str, qualifier: str | None, configuration: Mapping[str, Any]
) -> bool:
    """Return whether everybody may call the URL of a function, which has that configuration.

    With IAM's authorization the gate has decided who may, and the emulator refuses whoever does not sign: True. So it
    is for a browser's preflight where the URL has CORS.
    """
    is_preflight = method == "OPTIONS" and configuration.get("Cors")  # a browser's question about the request to come
    if is_preflight or configuration.get("AuthType") == "AWS_IAM":
        return True
    arn = f"arn:aws:lambda:{region}:{account}:function:{name}{f':{qualifier}' if qualifier else ''}"
    needs: tuple[tuple[str, Mapping[str, ContextValue]], ...] = (
        ("lambda:InvokeFunctionUrl", {"lambda:FunctionUrlAuthType": "NONE"}),
        ("lambda:InvokeFunction", {"lambda:InvokedViaFunctionUrl": "true"}),
    )
    with as_request_of(account, region):
        for action, context in needs:
            if decide("*", action, arn, context, resource_policy=resource_policy(action, arn)).is_denied:
                return False
    return True


_ACTION: Final = "execute-api:Invoke"
_OPEN: Final = frozenset({"aws:sourceip", "aws:viaawsservice"})
"""Keys of a place that is not here: what depends on them is not refused."""
_WITHOUT_ALLOW: Final = frozenset({"CUSTOM"})
"""Authorizations of methods that need no Allow of the policy beside their own: a Deny counts."""


def ask_policies_of_rest_apis() -> None:
    """Ask the API's policy before a method is authorized otherwise, in the process that serves.

    A method that IAM authorizes refuses whatever is not signed; the emulator takes any Authorization header.

    Emulator: services/apigateway_v1.py.
    Test: test_rest_apis.py::test_a_method_that_iam_authorizes_takes_no_other_header_for_a_signature.
    """
    apis = emulated("services.apigateway_v1")

    @instead_of(apis, "_authorize_request_v1")
    async def authorized(
        authorize: Any, api: str, stage: str, method: Any, verb: str, path: str, resource: Any, headers: Any, *rest: Any
    ) -> Any:
        """The emulator's authorization of a request, or an error where it is unsigned or the policy denies it."""
        kind = (method.get("authorizationType") or "NONE").upper()
        if kind == "AWS_IAM" and not is_signed(headers):
            return apis._gw_error("MISSING_AUTHENTICATION_TOKEN", "Missing Authentication Token"), None
        *_, account, region = rest
        with as_request_of(account, region):
            arn = apis.execute_api_arn(region, account, api, stage, verb, path)
            verdict = "Allowed" if kind == "AWS_IAM" else _verdict(apis, api, arn, headers)
        if verdict == "ExplicitlyDenied" or (verdict == "ImplicitlyDenied" and kind not in _WITHOUT_ALLOW):
            how = "with an explicit deny in a resource-based policy"
            if verdict == "ImplicitlyDenied":
                how = f"because no resource-based policy allows the {_ACTION} action"
            # API Gateway shows the last four digits of an account to whoever is denied.
            shown = arn.replace(f":{account}:", f":********{account[-4:]}:", 1)
            message = f"User: anonymous is not authorized to perform: {_ACTION} on resource: {shown} {how}"
            return apis._gw_error("ACCESS_DENIED", message), None
        return await authorize(api, stage, method, verb, path, resource, headers, *rest)


def _verdict(apis: Any, api: str, arn: str, headers: Mapping[str, str]) -> str:
    """Return the policy's verdict (`Allowed`, `ImplicitlyDenied`, …) on a caller without credentials.

    Without a policy, a private API lets in nobody, and any other everybody.
    """
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
