"""Services that invoke a function need its permission; Scheduler, pipes, and rules with a role act with that.

The emulator delivers whatever somebody subscribed. Here each place where it does asks first, and what is denied is not
delivered: as on AWS, where it ends in a log or metric of the service, if anywhere.
"""

from __future__ import annotations

import inspect
import json
import re
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from remit.local.authorization.caller import CALLER, CALLING_KEY
from remit.local.emulator import arn_here, during, emulated, instead_of, place_of_request
from remit.local.event_sources.asynchronous_invocations import event_sent_to

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from remit.local.event_sources.service_calls import ServiceCalls

    Call = Mapping[str, Any]

_SERVER_ERROR: Final = 500, {"Content-Type": "application/json"}, b'{"message":"Internal Server Error"}'
_SOCKET_ERROR: Final = {"statusCode": 500, "body": json.dumps({"message": "Internal server error"})}
_API: Final = "apigateway.amazonaws.com"
_AS_CALLER: Final = "arn:aws:iam::*:user/*"
"""The role that means the identity of whoever calls an API ("PutIntegration", API Gateway API Reference)."""
_COGNITO: Final = "cognito-idp.amazonaws.com"
_PIPES: Final = "pipes.amazonaws.com"
_TRIGGERS: Final = (
    "_apply_pretoken_trigger", "_apply_presignup_trigger", "_apply_inbound_federation_trigger",
    "_apply_custom_message_trigger", "_invoke_define_auth_challenge_trigger",
    "_invoke_create_auth_challenge_trigger", "_invoke_verify_auth_challenge_trigger",
)  # fmt: skip
"""The emulator's functions that run the triggers of a user pool; one argument is the pool, or its id."""
_ACTIONS: Final = {
    "events": "events:PutEvents",
    "lambda": "lambda:InvokeFunction",
    "sns": "sns:Publish",
    "sqs": "sqs:SendMessage",
    "states": "states:StartExecution",
}
"""What a role needs for a target, by the service of the target's ARN."""
_POOL: Final[ContextVar[str]] = ContextVar("pool", default="")
"""The ARN of the user pool whose trigger runs."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """An invocation that a service is about to make: of which function, and for what (ARNs)."""

    service: str
    function: str
    source: str
    role: str = ""
    """The role that the service takes on for it, or `_AS_CALLER`; empty where the function's policy decides."""


@dataclass(frozen=True, slots=True)
class Deliveries:
    """The places where the emulator's services invoke functions."""

    calls: ServiceCalls

    def take_hold(self) -> None:
        """Decide on each delivery before it is made; one that is denied is not made."""
        self._ask("sns", "_deliver_to_lambda", _of_topic, None, waits=False)
        self._ask("s3", "_deliver_event_to_lambda", _of_bucket, None, waits=False)
        self._ask("iot", "_dispatch_rule_action", _of_iot_rule, None, waits=False)
        self._ask("apigateway", "_invoke_lambda_proxy", _of_route, _SERVER_ERROR)
        self._ask("apigateway", "_invoke_ws_lambda", _of_socket_route, _SOCKET_ERROR)
        for integration in ("_invoke_lambda_proxy_v1", "_invoke_lambda_custom_v1"):
            self._ask("apigateway_v1", integration, _of_method, _SERVER_ERROR)
        self._ask("apigateway_v1", "_invoke_authorizer_lambda", _of_authorizer, None)
        self._ask("apigateway", "_invoke_request_authorizer_lambda", _of_authorizer, None)
        self._ask_for_targets()
        self._ask_for_pools()

        @instead_of(emulated("services.pipes"), "_deliver_batch")
        def delivered(deliver: Any, pipe: Mapping[str, Any], batch: Any) -> Any:
            # A pipe keeps its records while its role may not hand them on.
            target = str(pipe.get("Target", ""))
            return self._may_with(str(pipe.get("RoleArn", "")), _PIPES, target) and deliver(pipe, batch)

    def _ask(
        self,
        module: str,
        name: str,
        reads: Callable[[Call], Delivery | None],
        denied: Any,
        *,
        waits: bool = True,
    ) -> None:
        """Ask before a function of a service's module; `reads` finds the invocation in its arguments, None for none.

        `denied` is what the service gets where it may not be made. With `waits=False`, nobody waits for the function's
        answer: it runs as an event, with retries and destinations.
        """
        service = emulated(f"services.{module}")

        def read(deliver: Any, arguments: tuple[Any, ...], options: Mapping[str, Any]) -> tuple[str, bool]:
            """The function that is to be invoked, where the service does not wait for it; and whether it may be."""
            invocation = reads(_named(deliver, arguments, options))
            if invocation is None:
                return "", True
            return "" if waits else invocation.function, self._may(invocation)

        def delivered(deliver: Any, *arguments: Any, **options: Any) -> Any:
            function, may = read(deliver, arguments, options)
            with event_sent_to(function):
                return deliver(*arguments, **options) if may else denied

        async def delivered_later(deliver: Any, *arguments: Any, **options: Any) -> Any:
            function, may = read(deliver, arguments, options)
            with event_sent_to(function):
                return await deliver(*arguments, **options) if may else denied

        is_later = inspect.iscoroutinefunction(getattr(service, name))
        instead_of(service, name)(delivered_later if is_later else delivered)

    def _may(self, invocation: Delivery) -> bool:
        """Return whether an invocation may be made: by the role that the service takes on, else the function's policy.

        An API that acts as its caller may what the caller's policies allow: all for root, nothing for nobody.
        """
        if invocation.role == _AS_CALLER:
            caller = CALLER.get()
            if caller is None:
                return bool(CALLING_KEY.get())  # root signed, or nobody did
            return self._may_with(caller.arn, "", invocation.function)  # without the policies of a session
        if invocation.role:
            return self._may_with(invocation.role, invocation.service, invocation.function)
        account = place_of_request()["Account"]
        return self.calls.may_invoke(invocation.service, invocation.function, invocation.source, account)

    def _ask_for_targets(self) -> None:
        """Ask before a target of a rule or a schedule; one that is no function, and has no role, is not asked about."""

        @instead_of(emulated("services.eventbridge"), "_invoke_target")
        def invoked(
            invoke: Any, target: Mapping[str, Any], event: Any, rule: Mapping[str, Any], *rest: Any, **options: Any
        ) -> Any:
            """Invoke a target of a rule or schedule if it may be; None where it may not, and nothing happens."""
            arn, source, role = str(target.get("Arn", "")), str(rule.get("Arn", "")), str(target.get("RoleArn") or "")
            is_function = ":lambda:" in arn
            service = "scheduler" if ":scheduler:" in source else "events"
            delivery = Delivery(f"{service}.amazonaws.com", arn, source, role)
            may = self._may(delivery) if role or is_function else True
            with event_sent_to(arn if is_function else ""):
                return invoke(target, event, rule, *rest, **options) if may else None

    def _may_with(self, role: str, service: str, target: str) -> bool:
        """Return whether a service (`pipes.amazonaws.com`) may hand something to a target (ARN) with a role.

        With "" for the service, whether `role` itself may, which can be any caller's ARN. True for a target whose
        service is not in `_ACTIONS`.
        """
        action = _ACTIONS.get(target.split(":")[2] if target.startswith("arn:") else "")
        return action is None or self.calls.may_act(role, service, action, target)

    def _ask_for_pools(self) -> None:
        """Ask before a trigger of a user pool, which fails then as if its function did."""
        cognito = emulated("services.cognito")
        for name in _TRIGGERS:
            instead_of(cognito, name)(_triggered)

        @instead_of(emulated("services.lambda_svc"), "_execute_function")
        def executed(execute: Any, function: Mapping[str, Any], event: Any) -> Any:
            """Run a function; where its user pool may not invoke it, the result is an error."""
            pool = _POOL.get()
            if pool:
                arn = str((function.get("config") or function)["FunctionArn"])
                if not self._may(Delivery(_COGNITO, arn, pool)):
                    message = f"{_COGNITO} is not authorized to perform: lambda:InvokeFunction on resource: {arn}"
                    error = {"errorType": "AccessDeniedException", "errorMessage": message}
                    return {"body": error, "error": True, "log": ""}
            return execute(function, event)


def _named(function: Callable[..., Any], arguments: tuple[Any, ...], options: Mapping[str, Any]) -> Call:
    """The arguments of a call by the names that a function of the emulator's has for them, defaults among them."""
    bound = inspect.signature(function).bind(*arguments, **options)
    bound.apply_defaults()
    return bound.arguments


def _triggered(trigger: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """Run a trigger of a user pool, with the pool's ARN in `_POOL` for the question before its function is invoked."""
    call = _named(trigger, arguments, options)
    pool_id = call["pool"]["Id"] if "pool" in call else call["pool_id"]
    pool = arn_here("cognito-idp", f"userpool/{pool_id}")
    with during(_POOL, pool):
        return trigger(*arguments, **options)


def _of_topic(call: Call) -> Delivery:
    return Delivery("sns.amazonaws.com", call["endpoint"], call["topic_arn"])


def _of_bucket(call: Call) -> Delivery:
    return Delivery("s3.amazonaws.com", call["arn"], call["event_payload"]["Records"][0]["s3"]["bucket"]["arn"])


def _of_iot_rule(call: Call) -> Delivery | None:
    """The delivery of an action of a rule; None: it calls no function."""
    function = (call["action"].get("lambda") or {}).get("functionArn")
    source = f"arn:aws:iot:{call['region']}:{call['account_id']}:rule/{call['rule_name']}"
    return Delivery("iot.amazonaws.com", function, source) if function else None


def _of_route(call: Call) -> Delivery | None:
    """The delivery of a route of an HTTP API; None: its integration calls no function.

    The source is the stage, the method and the path of the route; of the route `$default`, itself.
    """
    integration, route = call["integration"], call["route_key"]
    path = route.partition(" ")[2]
    called = f"{call['method']}{path}" if path else route
    source = f"{call['api_id']}/{call['stage']}/{called}"
    return _of_function_at(integration.get("integrationUri", ""), source, integration.get("credentialsArn"))


def _of_method(call: Call) -> Delivery | None:
    """The delivery of a method; None: its integration calls no function.

    The source is the stage, the method and the path of the resource of a REST API, whose variables are `*`: "Control
    access for invoking an API" (API Gateway Developer Guide).
    """
    path = re.sub(r"\{[^}]*\}", "*", call["resource"]["path"])
    source = f"{call['api_id']}/{call['stage_name']}/{call['method']}{path}"
    integration = call["integration"]
    return _of_function_at(integration.get("uri", ""), source, integration.get("credentials"))


def _of_authorizer(call: Call) -> Delivery | None:
    """The delivery of an authorizer; None: it calls no function.

    The source is the authorizer itself, of the API whose method or route is asked about.
    """
    authorizer, event = call["authorizer"], call["event"]
    api = str(event.get("methodArn") or event.get("routeArn")).rpartition(":")[2].partition("/")[0]
    identifier = authorizer.get("id") or authorizer.get("authorizerId")
    role = authorizer.get("authorizerCredentials") or authorizer.get("authorizerCredentialsArn")  # REST, then HTTP
    return _of_function_at(authorizer.get("authorizerUri", ""), f"{api}/authorizers/{identifier}", role)


def _of_socket_route(call: Call) -> Delivery | None:
    """The delivery of a route of a WebSocket API; None: its integration calls no function."""
    api, route = call["api_id"], call["route"]
    integrations = emulated("services.apigateway")._integrations.get(api, {})
    target = str(route.get("target", "")).rpartition("/")[2]
    integration = integrations.get(target, {})
    source = f"{api}/{call['stage']}/{route.get('routeKey')}"
    return _of_function_at(integration.get("integrationUri", ""), source, integration.get("credentialsArn"))


def _of_function_at(uri: str, source: str, role: str | None) -> Delivery | None:
    """The invocation of the function in the address of an integration or authorizer; None: it has no function.

    `source` follows `execute-api:REGION:ACCOUNT:` in the source's ARN. The API takes on the role, if there is one: then
    the function's policy need not let the API invoke it.
    """
    apis = emulated("services.apigateway")
    function = apis._extract_lambda_ref_from_integration_uri(uri)
    if not function:
        return None
    arn = function if function.startswith("arn:") else arn_here("lambda", f"function:{function}")
    return Delivery(_API, arn, arn_here("execute-api", source), role or "")
