"""A function URL answers whoever the function's policy lets in: everybody, or whoever IAM allows.

The emulator answers everybody, and whoever signs. Since October 2025 both lambda:InvokeFunctionUrl and
lambda:InvokeFunction are needed.

Source: "Control access to Lambda function URLs" (AWS Lambda Developer Guide).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from remit.local.authorization.caller import CALLER, CALLING_KEY, Caller
from remit.local.authorization.resource_policies import resource_policy
from remit.local.authorization.stored_policies import decide
from remit.local.emulator import as_request_of, emulated, instead_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.iam.request import ContextValue

_DENIED: Final = frozenset({"ExplicitlyDenied", "ImplicitlyDenied"})
_EVERYBODY: Final = "*"
_HELP: Final = "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
_MESSAGE: Final = f"Forbidden. For troubleshooting Function URL authorization issues, see: {_HELP}"
_HEADERS: Final = {"Content-Type": "application/json", "x-amzn-ErrorType": "AccessDeniedException"}
_FORBIDDEN: Final = 403, _HEADERS, json.dumps({"Message": _MESSAGE}).encode()


def ask_before_function_urls() -> None:
    """Ask the function's policy before each request to its URL, in the process that serves."""
    service = emulated("services.lambda_svc")

    @instead_of(service, "handle_function_url_request")
    async def answer(handle: Any, url_id: str, method: str, *request: Any, **options: Any) -> Any:
        found = options.get("resolved") or service.resolve_function_url(url_id)
        if found is not None and not _may_pass(method, *found):
            return _FORBIDDEN
        return await handle(url_id, method, *request, **options)

    @instead_of(service, "_build_function_url_event")
    def event_of(build_event: Any, url_id: str, account: str, *request: Any, **options: Any) -> Any:
        event = build_event(url_id, account, *request, **options)
        if CALLING_KEY.get() and event["requestContext"]["accountId"] != "anonymous":
            event["requestContext"]["authorizer"] = {"iam": _caller_in_event(account)}
        return event


def _caller_in_event(account: str) -> dict[str, str | None]:
    """The signer of a request, as a function behind a URL sees it ("Invoking Lambda function URLs", payload format)."""
    caller = CALLER.get() or Caller(f"arn:aws:iam::{account}:root", account)
    user_id = str(caller.keys.get("aws:userid") or caller.account)
    return {
        "accessKey": CALLING_KEY.get(),
        "accountId": caller.account,
        "callerId": user_id,
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": caller.arn,
        "userId": user_id,
    }


def _may_pass(
    method: str, account: str, region: str, name: str, qualifier: str | None, configuration: Mapping[str, Any]
) -> bool:
    if method == "OPTIONS" and configuration.get("Cors"):  # a browser's question about the request to come
        return True
    arn = f"arn:aws:lambda:{region}:{account}:function:{name}"
    if qualifier:
        arn = f"{arn}:{qualifier}"
    authorization = str(configuration.get("AuthType", "NONE"))
    caller = Caller(_EVERYBODY, account)
    if authorization == "AWS_IAM":
        signer = CALLER.get()
        if signer is None:  # it is not signed, which the emulator refuses, or by the server's own key
            return True
        caller = signer
    needs: tuple[tuple[str, Mapping[str, ContextValue]], ...] = (
        ("lambda:InvokeFunctionUrl", {"lambda:FunctionUrlAuthType": authorization}),
        ("lambda:InvokeFunction", {"lambda:InvokedViaFunctionUrl": "true"}),
    )
    with as_request_of(account, region):
        for action, context in needs:
            policies = resource_policy(action, arn)
            stored = decide(caller.arn, action, arn, context, session=caller.session, resource_policy=policies)
            if stored.verdict in _DENIED:
                return False
    return True
