"""Each place where a service invokes a function: what is asked before, what is denied then, and who waits for it."""

from __future__ import annotations

import asyncio
import importlib
import inspect
from typing import TYPE_CHECKING, Any, Final

import pytest

from emulator_copies import copied, stub
from remit.local.authorization.caller import CALLER, CALLING_KEY, Caller
from remit.local.emulator import as_request_of, during
from remit.local.event_sources.asynchronous_invocations import _SENT_TO
from remit.local.event_sources.deliveries import Deliveries

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE, REGION = "777766665555", "eu-west-1"
FUNCTION: Final = f"arn:aws:lambda:{REGION}:{HERE}:function:web"
TOPIC: Final = f"arn:aws:sns:{REGION}:{HERE}:t"
API: Final = f"arn:aws:execute-api:{REGION}:{HERE}:api"
ROLE: Final = f"arn:aws:iam::{HERE}:role/invokes"
BY_API: Final = "apigateway.amazonaws.com"
BUCKET: Final = {"Records": [{"s3": {"bucket": {"arn": "arn:aws:s3:::b"}}}]}
METHOD: Final = {
    "integration": {"uri": FUNCTION}, "api_id": "api", "stage_name": "live", "stage": {}, "method": "GET",
    "resource": {"path": "/{shop}/orders/{id}"},
}  # fmt: skip
AUTHORIZED: Final = {"authorizerUri": FUNCTION, "authorizerId": "a"}
SERVER_ERROR: Final = (500, {"Content-Type": "application/json"}, b'{"message":"Internal Server Error"}')
SOCKET_ERROR: Final = {"statusCode": 500, "body": '{"message": "Internal server error"}'}

PLACES: Final[dict[str, tuple[str, dict[str, Any], str, str, Any, bool]]] = {
    "_deliver_to_lambda": (
        "sns", {"endpoint": FUNCTION, "topic_arn": TOPIC}, "sns.amazonaws.com", TOPIC, None, False),
    "_deliver_event_to_lambda": (
        "s3", {"arn": FUNCTION, "event_payload": BUCKET}, "s3.amazonaws.com", "arn:aws:s3:::b", None, False),
    "_dispatch_rule_action": (
        "iot",
        {"account_id": HERE, "region": REGION, "rule_name": "r", "action": {"lambda": {"functionArn": FUNCTION}}},
        "iot.amazonaws.com", f"arn:aws:iot:{REGION}:{HERE}:rule/r", None, False),
    "_invoke_lambda_proxy": (
        "apigateway",
        {"integration": {"integrationUri": FUNCTION}, "api_id": "api", "stage": "live", "method": "GET",
         "route_key": "ANY /orders"},
        BY_API, f"{API}/live/GET/orders", SERVER_ERROR, True),
    "_invoke_ws_lambda": (
        "apigateway",
        {"api_id": "api", "stage": "live", "route": {"routeKey": "echo", "target": "integrations/i"}},
        BY_API, f"{API}/live/echo", SOCKET_ERROR, True),
    "_invoke_request_authorizer_lambda": (
        "apigateway", {"authorizer": AUTHORIZED, "event": {"routeArn": f"{API}/live/GET/orders"}},
        BY_API, f"{API}/authorizers/a", None, True),
    "_invoke_lambda_proxy_v1": ("apigateway_v1", METHOD, BY_API, f"{API}/live/GET/*/orders/*", SERVER_ERROR, True),
    "_invoke_lambda_custom_v1": ("apigateway_v1", METHOD, BY_API, f"{API}/live/GET/*/orders/*", SERVER_ERROR, True),
    "_invoke_authorizer_lambda": (
        "apigateway_v1", {"authorizer": {"id": "a", "authorizerUri": FUNCTION},
                          "event": {"methodArn": f"{API}/live/GET/orders"}},
        BY_API, f"{API}/authorizers/a", None, True),
}  # fmt: skip
"""By the emulator's function: its module, what it gets, the service and source that the function's policy is asked
for, what the service gets where it is denied, and whether it waits for the function."""
COGNITO: Final = importlib.import_module("ministack.services.cognito")
TRIGGERS: Final = [name for name in dir(COGNITO) if name.endswith("_trigger")]
MODULES: Final = ("sns", "s3", "iot", "apigateway", "apigateway_v1", "pipes", "eventbridge", "cognito", "lambda_svc")


class Calls:
    """Decisions that are all one, and what they were asked for."""

    def __init__(self, *, may: bool) -> None:
        self.may = may
        self.asked: list[tuple[str, ...]] = []

    def may_invoke(self, *call: str) -> bool:
        self.asked.append(call)
        return self.may

    def may_act(self, *access: str) -> bool:
        self.asked.append(access)
        return self.may


@pytest.fixture(autouse=True)
def _here() -> Iterator[None]:
    with as_request_of(HERE, REGION):
        yield


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Copies of the services, whose places that invoke functions say what they would send, and to whom as an event."""
    modules = {name: copied(monkeypatch, f"services.{name}") for name in MODULES}
    modules["apigateway"]._integrations = {"api": {"i": {"integrationUri": FUNCTION}}}
    places = {name: module for name, (module, *_) in PLACES.items()}
    places |= {"_deliver_batch": "pipes", "_invoke_target": "eventbridge", "_execute_function": "lambda_svc"}
    for name, module in places.items():
        original = getattr(modules[module], name)
        setattr(modules[module], name, stub(original, lambda *_, **__: ("invoked", _SENT_TO.get())))
    return modules


def call(function: Any, options: dict[str, Any]) -> Any:
    """What a function of the emulator gives, with something for each parameter that it needs besides."""
    needed = [
        name
        for name, part in inspect.signature(function).parameters.items()
        if part.default is part.empty and part.kind is not part.VAR_KEYWORD
    ]
    answer = function(**{**dict.fromkeys(needed), **options})
    return asyncio.run(answer) if inspect.isawaitable(answer) else answer


@pytest.mark.parametrize("may", [True, False])
@pytest.mark.parametrize("name", PLACES)
def test_a_function_is_invoked_where_its_policy_lets_the_service_and_else_the_service_gets_its_error(
    emulator: dict[str, Any], name: str, *, may: bool
) -> None:
    calls: Any = Calls(may=may)
    Deliveries(calls).take_hold()
    module, options, service, source, denied, waits = PLACES[name]
    answer = call(getattr(emulator[module], name), options)
    assert [(service, FUNCTION, source, HERE)] == calls.asked
    assert (("invoked", "" if waits else FUNCTION) if may else denied) == answer


OTHERS: Final[dict[str, dict[str, Any]]] = {
    "_dispatch_rule_action": {"action": {"sns": {"targetArn": TOPIC}}},
    "_invoke_lambda_proxy": {"integration": {}},
    "_invoke_ws_lambda": {"route": {"routeKey": "echo", "target": "integrations/other"}},
}


@pytest.mark.parametrize("name", OTHERS)
def test_nobody_is_asked_where_no_function_is_invoked(emulator: dict[str, Any], name: str) -> None:
    calls: Any = Calls(may=False)
    Deliveries(calls).take_hold()
    module, options, *_ = PLACES[name]
    assert ("invoked", "") == call(getattr(emulator[module], name), {**options, **OTHERS[name]})
    assert [] == calls.asked


BUS, SCHEDULE = f"arn:aws:events:{REGION}:{HERE}:rule/r", f"arn:aws:scheduler:{REGION}:{HERE}:schedule/default/s"
QUEUE: Final = f"arn:aws:sqs:{REGION}:{HERE}:q"


@pytest.mark.parametrize(
    ("target", "rule", "asked", "sent_to"),
    [
        ({"Arn": FUNCTION}, BUS, ("events.amazonaws.com", FUNCTION, BUS, HERE), FUNCTION),
        ({"Arn": FUNCTION}, SCHEDULE, ("scheduler.amazonaws.com", FUNCTION, SCHEDULE, HERE), FUNCTION),
        ({"Arn": FUNCTION, "RoleArn": ROLE}, SCHEDULE,
         (ROLE, "scheduler.amazonaws.com", "lambda:InvokeFunction", FUNCTION), FUNCTION),
        ({"Arn": QUEUE, "RoleArn": ROLE}, BUS, (ROLE, "events.amazonaws.com", "sqs:SendMessage", QUEUE), ""),
        ({"Arn": QUEUE}, BUS, None, ""),
    ],
)  # fmt: skip
def test_a_target_is_invoked_by_its_role_or_else_by_the_functions_policy(
    emulator: dict[str, Any], target: dict[str, str], rule: str, asked: tuple[str, ...] | None, sent_to: str
) -> None:
    calls: Any = Calls(may=True)
    Deliveries(calls).take_hold()
    invoke = emulator["eventbridge"]._invoke_target
    assert ("invoked", sent_to) == invoke(target, {}, {"Arn": rule})
    calls.may = False
    assert (("invoked", "") if asked is None else None) == invoke(target, {}, {"Arn": rule})
    assert ([] if asked is None else [asked] * 2) == calls.asked


@pytest.mark.parametrize(
    ("target", "action"),
    [
        (f"arn:aws:events:{REGION}:{HERE}:event-bus/b", "events:PutEvents"),
        (FUNCTION, "lambda:InvokeFunction"),
        (TOPIC, "sns:Publish"),
        (QUEUE, "sqs:SendMessage"),
        (f"arn:aws:states:{REGION}:{HERE}:stateMachine:m", "states:StartExecution"),
        (f"arn:aws:logs:{REGION}:{HERE}:log-group:g", None),
        ("https://shop.example", None),
    ],
)
def test_a_pipe_hands_its_records_on_with_what_its_role_may(
    emulator: dict[str, Any], target: str, action: str | None
) -> None:
    calls: Any = Calls(may=False)
    Deliveries(calls).take_hold()
    answer = emulator["pipes"]._deliver_batch({"Target": target, "RoleArn": ROLE}, [])
    assert (("invoked", "") if action is None else False) == answer
    assert ([] if action is None else [(ROLE, "pipes.amazonaws.com", action, target)]) == calls.asked


OF_CALLER: Final = {**METHOD, "integration": {"uri": FUNCTION, "credentials": "arn:aws:iam::*:user/*"}}


@pytest.mark.parametrize(
    ("caller", "key", "may", "asked"),
    [
        (Caller(ROLE, HERE), "AKIA", True, [(ROLE, "", "lambda:InvokeFunction", FUNCTION)]),
        (Caller(ROLE, HERE), "AKIA", False, [(ROLE, "", "lambda:InvokeFunction", FUNCTION)]),
        (None, "AKIA", True, []),
        (None, "", False, []),
    ],
    ids=["somebody who may", "somebody who may not", "root", "nobody"],
)
def test_an_api_that_acts_as_its_caller_may_what_the_caller_may(
    emulator: dict[str, Any], caller: Caller | None, key: str, asked: list[Any], *, may: bool
) -> None:
    calls: Any = Calls(may=may)
    Deliveries(calls).take_hold()
    with during(CALLER, caller), during(CALLING_KEY, key):
        answer = call(emulator["apigateway_v1"]._invoke_lambda_proxy_v1, OF_CALLER)
    assert (("invoked", "") if may else SERVER_ERROR, asked) == (answer, calls.asked)


@pytest.mark.parametrize(
    ("uri", "alias"),
    [(FUNCTION, ""), ("web", ""), ("web:live", ":live"),
     (f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/web/invocations", "")],
)  # fmt: skip
def test_a_method_with_a_role_is_asked_by_it(emulator: dict[str, Any], uri: str, alias: str) -> None:
    calls: Any = Calls(may=True)
    Deliveries(calls).take_hold()
    integration = {"uri": uri, "credentials": ROLE}
    assert ("invoked", "") == call(
        emulator["apigateway_v1"]._invoke_lambda_proxy_v1, {**METHOD, "integration": integration}
    )
    assert [(ROLE, BY_API, "lambda:InvokeFunction", f"{FUNCTION}{alias}")] == calls.asked


@pytest.mark.parametrize("name", TRIGGERS)
def test_a_trigger_of_a_user_pool_fails_where_the_functions_policy_does_not_let_the_pool(
    emulator: dict[str, Any], name: str
) -> None:
    run = importlib.import_module("ministack.services.lambda_svc")
    records = iter([{"config": {"FunctionArn": FUNCTION}}, {"FunctionArn": FUNCTION}])
    pools = emulator["cognito"]
    setattr(pools, name, stub(getattr(pools, name), lambda *_, **__: run._execute_function(next(records), {})))
    calls: Any = Calls(may=False)
    Deliveries(calls).take_hold()
    options = {"pool": {"Id": "p"}} if name == "_apply_custom_message_trigger" else {"pool_id": "p"}
    denied = call(getattr(pools, name), options)
    message = f"cognito-idp.amazonaws.com is not authorized to perform: lambda:InvokeFunction on resource: {FUNCTION}"
    error = {"errorType": "AccessDeniedException", "errorMessage": message}
    assert {"body": error, "error": True, "log": ""} == denied
    calls.may = True
    assert ("invoked", "") == call(getattr(pools, name), options)
    pool = f"arn:aws:cognito-idp:{REGION}:{HERE}:userpool/p"
    assert [("cognito-idp.amazonaws.com", FUNCTION, pool, HERE)] * 2 == calls.asked
    assert ("invoked", "") == run._execute_function({"config": {"FunctionArn": FUNCTION}}, {})  # of no pool
    assert 2 == len(calls.asked)
