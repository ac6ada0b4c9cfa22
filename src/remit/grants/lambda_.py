"""Access to other Lambda functions: `lambda_.invoke("shop-prod-report")`.

Source of the actions: "Actions, resources, and condition keys for AWS Lambda" (Service Authorization Reference). A
function is given by its name in the account, by ARN, or as a resource of the app. `qualifier` is the alias or version
that callers name; without it they call the function by its name alone ("Using qualified and unqualified ARNs", AWS
Lambda Developer Guide).
"""

from __future__ import annotations

from typing import Final

from remit.declare.asked import verb
from remit.declare.resource_references import FunctionRef
from remit.grants import typed
from remit.iam.policy import Condition
from remit.resources.names import name_of

_FUNCTION: Final = typed.HERE % ("lambda", "function:{}")


@verb
def invoke(function: FunctionRef, *, qualifier: str | None = None) -> typed.Grants:
    """Invoke it, and wait or not: lambda:InvokeFunction."""
    arn, because = _function(function, qualifier, "lambda_.invoke", "invokes function")
    return typed.grant(("lambda:InvokeFunction",), (arn,), because)


@verb
def call_url(function: FunctionRef, *, qualifier: str | None = None) -> typed.Grants:
    """Call its function URL with IAM's signature: lambda:InvokeFunctionUrl, and lambda:InvokeFunction by the URL alone.

    Source: "Control access to Lambda function URLs" (AWS Lambda Developer Guide), since October 2025.
    """
    arn, because = _function(function, qualifier, "lambda_.call_url", "calls the URL of function")
    by_url = Condition("Bool", "lambda:InvokedViaFunctionUrl", ("true",))
    signed = Condition("StringEquals", "lambda:FunctionUrlAuthType", ("AWS_IAM",))
    return (
        *typed.grant(("lambda:InvokeFunctionUrl",), (arn,), because, signed),
        *typed.grant(("lambda:InvokeFunction",), (arn,), because, by_url),
    )


@verb
def answer(function: FunctionRef) -> typed.Grants:
    """Answer for callbacks that executions of a durable function wait for, of any of its versions.

    lambda:SendDurableExecutionCallbackSuccess, lambda:SendDurableExecutionCallbackFailure and
    lambda:SendDurableExecutionCallbackHeartbeat on the function's executions.
    """
    arn, because = _function(function, "*", "lambda_.answer", "answers for callbacks of function")
    actions = (
        "lambda:SendDurableExecutionCallbackSuccess",
        "lambda:SendDurableExecutionCallbackFailure",
        "lambda:SendDurableExecutionCallbackHeartbeat",
    )
    return typed.grant(actions, (f"{arn}/durable-execution/*/*",), because)


def _function(function: FunctionRef, qualifier: str | None, verb: str, phrase: str) -> tuple[str, str]:
    """The ARN of a function, with its qualifier, and the reason in words."""
    arn = typed.arn(function, verb, _FUNCTION)
    if qualifier is not None:
        arn = f"{arn}:{typed.text_of(qualifier, verb)}"
    return arn, f"{phrase} {name_of(arn).removeprefix('function:')}"
