"""What a service does by itself, each decision with its note; what Lambda reads, and who sends it lines and events."""

from __future__ import annotations

import base64
import gzip
import json
import math
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import pytest

from emulator_copies import copied, stub
from remit.local.authorization.access_log import AccessLog, AccessRecord
from remit.local.authorization.resource_policies import LOOK_UPS
from remit.local.emulator import as_request_of, place_of_request
from remit.local.event_sources import mappings, service_calls
from remit.local.event_sources.mappings import Mappings
from remit.local.event_sources.service_calls import ServiceCalls
from remit.local.event_sources.subscriptions import ask_before_subscriptions, may_write_logs, send_lines_as_events
from remit.local.functions.deployed_function import DeployedFunction
from remit.local.stack_operations import HandlerError, ResourceOperation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE, REGION = "444433332222", "eu-west-1"
ROLE: Final = f"arn:aws:iam::{HERE}:role/team/worker"
SESSION: Final = f"arn:aws:sts::{HERE}:assumed-role/worker/night"
QUEUE: Final = f"arn:aws:sqs:{REGION}:{HERE}:q"
FUNCTION: Final = f"arn:aws:lambda:{REGION}:{HERE}:function:web"
SEND: Final = "sqs:SendMessage"
BY: Final = "lambda.amazonaws.com"
ALLOWS: Final = {"Sid": "Sends", "Effect": "Allow", "Action": SEND, "Resource": QUEUE}
DENIES: Final = {**ALLOWS, "Effect": "Deny"}
IF_LATE: Final = {"Condition": {"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}}
TRUST: Final = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": BY}}


class Role:
    """A role of the emulator's IAM in this process, and the policy of a queue."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch
        self.roles = copied(monkeypatch, "services.iam")._roles

    def may(self, *statements: dict[str, Any]) -> None:
        self.roles["worker"] = {
            "Arn": ROLE,
            "InlinePolicies": {"own": json.dumps({"Version": "2012-10-17", "Statement": statements})},
            "AttachedPolicies": [],
            "AssumeRolePolicyDocument": json.dumps({"Version": "2012-10-17", "Statement": [TRUST]}),
        }

    def is_let_by(self, service: str, *statements: dict[str, Any]) -> None:
        policy = {"Version": "2012-10-17", "Statement": statements} if statements else None
        self.monkeypatch.setitem(LOOK_UPS, service, lambda _: policy)


@pytest.fixture
def role(monkeypatch: pytest.MonkeyPatch) -> Iterator[Role]:
    with as_request_of(HERE, REGION):
        made = Role(monkeypatch)
        yield made
        made.roles.pop("worker", None)


OF_QUEUE: Final = {**ALLOWS, "Sid": "Queue", "Principal": {"AWS": ROLE}}
OWN_NAME, QUEUE_NAME = "identity[0].Statement[{}] (Sends)", "resource[0].Statement[0] (Queue)"
NOT_IN_OWN: Final = f"because no identity-based policy allows the {SEND} action"


@pytest.mark.parametrize(
    ("own", "of_queue", "verdict", "statement", "end"),
    [
        ([ALLOWS], [], "allowed", OWN_NAME.format(0), ""),
        ([], [OF_QUEUE], "allowed", QUEUE_NAME, ""),
        ([{**ALLOWS, **IF_LATE}], [], "unknown", OWN_NAME.format(0), ""),
        ([ALLOWS, {**DENIES, **IF_LATE}], [], "unknown", OWN_NAME.format(1), ""),
        ([ALLOWS], [{**OF_QUEUE, "Effect": "Deny", **IF_LATE}], "allowed", OWN_NAME.format(0), ""),
        ([], [{**OF_QUEUE, **IF_LATE}], "denied", "", NOT_IN_OWN),
        ([ALLOWS], [{**OF_QUEUE, "Effect": "Deny"}], "denied", "", "with an explicit deny in a resource-based policy"),
        ([DENIES], [OF_QUEUE], "denied", "", "with an explicit deny in an identity-based policy"),
        ([], [], "denied", "", NOT_IN_OWN),
    ],
)
@pytest.mark.parametrize("session", ["", "night"])
def test_a_service_does_with_a_role_what_its_policies_or_the_resources_let_it_and_it_is_noted(
    role: Role, own: list[Any], of_queue: list[Any], verdict: str, statement: str, end: str, session: str
) -> None:
    role.may(*own)
    role.is_let_by("sqs", *of_queue)
    told: list[AccessRecord] = []
    log = AccessLog([told.append])
    denial = ServiceCalls(log).denial(ROLE, BY, SEND, QUEUE, "web", session)
    caller = SESSION if session and verdict == "denied" else ROLE
    assert (f"User: {caller} is not authorized to perform: {SEND} on resource: {QUEUE} {end}" if end else "") == denial
    ((noted, why),) = [(replace(record, time="", because=""), record.because) for record in told]
    assert noted == AccessRecord(
        time="", caller=caller, function="web", operation=SEND, action=SEND, resource=QUEUE,
        decision=verdict, because="", statement=statement, refused=verdict == "denied",  # type: ignore[arg-type]
    )  # fmt: skip
    assert bool(end) == bool(why) == bool(log.after(0)["records"])


def test_a_role_that_is_not_there_or_trusts_another_service_does_nothing(role: Role) -> None:
    log = AccessLog()
    calls = ServiceCalls(log)
    because = f"{ROLE} does not exist, or does not trust {{}}"
    assert because.format(BY) == calls.denial(ROLE, BY, SEND, QUEUE)
    role.may(ALLOWS)
    assert because.format("sns.amazonaws.com") == calls.denial(ROLE, "sns.amazonaws.com", SEND, QUEUE)
    assert (True, "") == (calls.may_act(ROLE, BY, SEND, QUEUE), calls.denial(ROLE, "", SEND, QUEUE))
    assert [("denied", "", ROLE, because.format(BY))] == [
        tuple(record[name] for name in ("decision", "function", "caller", "because"))
        for record in log.after(0)["records"]  # that of another service counts as the same
    ]


def test_an_access_is_noted_once_a_day_for_each_role_action_and_resource_until_too_many_are_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[AccessRecord] = []
    log = AccessLog([told.append])
    calls = ServiceCalls(log)
    first = AccessRecord(
        time="2026-01-30T10:00:00Z", caller=ROLE, function="", operation=SEND, action=SEND, resource=QUEUE,
        decision="allowed", because="", statement="", refused=False,
    )  # fmt: skip
    others = [
        replace(first, time="2026-01-31T10:00:00Z"),
        replace(first, time="2026-01-31T11:00:00Z", decision="unknown"),
        replace(first, caller=SESSION),
        replace(first, action="sqs:PurgeQueue"),
        replace(first, resource="*", decision="denied"),
    ]
    for record in (first, replace(first, time="2026-01-30T23:59:59Z"), *others):
        calls._note(record)
    assert ([first, *others], 1) == (told, len(log.after(0)["records"]))
    assert 4 == len(calls._noted)
    monkeypatch.setattr(service_calls, "_MOST_NOTED", 4)
    calls._note(replace(first, action="sqs:ReceiveMessage"))
    assert [(ROLE, "sqs:ReceiveMessage", QUEUE)] == list(calls._noted)


@pytest.mark.parametrize(
    ("condition", "may"),
    [
        ({}, True),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:s3:::b"}, "StringEquals": {"aws:SourceAccount": HERE}}, True),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:s3:::other"}}, False),
        ({"StringEquals": {"aws:SourceAccount": "111122223333"}}, False),
        (None, False),
    ],
)
def test_a_service_invokes_a_function_whose_policy_lets_it_for_that_source(
    role: Role, condition: Any, *, may: bool
) -> None:
    statement = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "lambda:InvokeFunction"}
    allows = {**statement, "Resource": FUNCTION, "Condition": condition}
    role.is_let_by("lambda", *([] if condition is None else [allows]))
    log = AccessLog()
    calls = ServiceCalls(log)
    assert [may] * 2 == [calls.may_invoke("s3.amazonaws.com", FUNCTION, "arn:aws:s3:::b", HERE) for _ in range(2)]
    noted = log.after(0)["records"]
    because = "the function's policy does not let s3.amazonaws.com invoke it for arn:aws:s3:::b"
    denial = ("s3.amazonaws.com", "", "lambda:InvokeFunction", FUNCTION, "denied", True, because)
    names = ("caller", "function", "action", "resource", "decision", "refused", "because")
    assert ([] if may else [denial] * 2) == [tuple(record[name] for name in names) for record in noted]


class Calls:
    """Decisions that deny what is named, and what they were asked for."""

    def __init__(self, *denied: str) -> None:
        self.denied = set(denied)
        self.asked: list[tuple[str, ...]] = []

    def may_act(self, *access: str) -> bool:
        self.asked.append(access)
        return not self.denied & set(access)

    may_invoke = may_act


class Lambda:
    """Copies of the emulator's Lambda and SQS with one function, one queue, and mappings."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.messages: list[str] = []
        self.checks: list[Callable[[ResourceOperation], None]] = []
        copied(monkeypatch, "services.sqs", _queue_by_arn=self._queue)
        self.mappings: list[tuple[str, str, dict[str, Any]]] = []
        function = {"config": {"FunctionName": "web", "Role": ROLE}}
        stored = SimpleNamespace(
            get_scoped=lambda *key: function if key == (HERE, REGION, "web") else None, get={"web": function}.get
        )
        self.service = copied(
            monkeypatch, "services.lambda_svc", _functions=stored, _iter_all_esms=lambda: iter(self.mappings),
            _create_esm=lambda data: ("made", data),
        )  # fmt: skip
        monkeypatch.setattr(mappings, "before_each", self.checks.append)

    def _queue(self, arn: str) -> Any:
        return {"messages": self.messages} if arn == QUEUE else None

    def read(self) -> list[str]:
        return [mapping["UUID"] for _, _, mapping in self.service._iter_all_esms()]

    def add(self, name: str, source: str = QUEUE, function: str = "web") -> dict[str, Any]:
        mapping = {"UUID": name, "FunctionName": function, "EventSourceArn": source}
        self.mappings.append((HERE, REGION, mapping))
        return mapping


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lambda]:
    with as_request_of(HERE, REGION):
        yield Lambda(monkeypatch)


DENIED: Final = "The provided execution role does not have permissions to call {} on SQS"
READS: Final = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]


def test_a_mapping_is_read_while_its_role_may_and_one_of_an_empty_queue_is_not_asked_about_each_time(
    emulator: Lambda,
) -> None:
    never, just = -math.inf, math.inf
    calls = Calls()
    reading = Mappings(calls, {"of q": just, "long ago": never, "of topic": just})  # type: ignore[arg-type]
    reading.take_hold()
    emulator.add("of q")
    late = emulator.add("long ago")
    emulator.add("of topic", "arn:aws:sns:eu-west-1:1:t")
    emulator.add("of nobody", function="gone")
    elsewhere = {"UUID": "elsewhere", "FunctionName": "web", "EventSourceArn": QUEUE}  # no function of this account's
    emulator.mappings.append(("444455556666", REGION, elsewhere))
    assert ["long ago", "of topic", "of nobody", "elsewhere"] == emulator.read()
    assert [(ROLE, BY, action, QUEUE, "web") for action in READS] == calls.asked
    assert reading._checked["of topic"] < just
    calls.denied = {"sqs:DeleteMessage"}
    emulator.messages.append("m")
    assert ["of topic", "of nobody", "elsewhere"] == emulator.read()
    assert f"PROBLEM: {DENIED.format('DeleteMessage')}" == late["LastProcessingResult"]


def test_a_mapping_that_may_not_be_read_is_not_made_by_a_call_nor_by_a_stack(emulator: Lambda) -> None:
    calls = Calls("sqs:DeleteMessage")
    Mappings(calls).take_hold()  # type: ignore[arg-type]
    data = {"FunctionName": "web", "EventSourceArn": QUEUE}

    def operation(verb: Any, kind: str = "AWS::Lambda::EventSourceMapping") -> ResourceOperation:
        return ResourceOperation(verb, kind, "s", "M", "", data)

    status, _, body = emulator.service._create_esm(data)
    problem = DENIED.format("DeleteMessage")
    assert (400, {"__type": "InvalidParameterValueException", "message": problem}) == (status, json.loads(body))
    (check,) = emulator.checks
    with pytest.raises(HandlerError) as failure:
        check(operation("create"))
    message, _, token = str(failure.value).partition(" (RequestToken: ")
    assert f'Resource handler returned message: "{problem} (Service: Lambda, Status Code: 400)"' == message
    assert token.endswith(", HandlerErrorCode: InvalidRequest)")
    check(operation("update"))
    check(operation("create", "AWS::Lambda::Function"))
    calls.denied = set()
    check(operation("create"))
    assert ("made", data) == emulator.service._create_esm(data)


LINES: Final = {"logGroup": "/shop", "subscriptionFilters": ["all"], "logEvents": []}


def lines(**content: Any) -> dict[str, Any]:
    packed = gzip.compress(json.dumps({**LINES, **content}).encode())
    return {"awslogs": {"data": base64.b64encode(packed).decode()}}


def test_lines_go_to_the_function_of_their_filter_and_other_events_run_as_ever(
    monkeypatch: pytest.MonkeyPatch, role: Role
) -> None:
    assert role
    other, sent = f"{FUNCTION}:live", []
    filters = {"other": {"filterName": "other", "destinationArn": "arn:other"}, "all": {"filterName": "all"}}
    filters["all"]["destinationArn"] = other
    copied(
        monkeypatch, "services.cloudwatch_logs", _log_groups={"/shop": {"subscriptionFilters": filters}, "/bare": {}}
    )
    functions = copied(
        monkeypatch, "services.lambda_svc",
        _execute_function_with_config_scope=lambda *call: ("ran", *call),
        _get_func_record_for_ref=lambda arn: (("record", arn, place_of_request()["Account"]), None),
    )  # fmt: skip
    calls = Calls()
    invocations: Any = SimpleNamespace(invoke=lambda *call: sent.append(call))
    send_lines_as_events(calls, invocations)  # type: ignore[arg-type]
    account = "999988887777"
    config = {"FunctionName": "web", "FunctionArn": FUNCTION.replace(HERE, account)}
    run = functions._execute_function_with_config_scope
    for event in ({"awslogs": {}, "more": 1}, {}, [1], "text"):
        assert ("ran", {"config": config}, event) == run({"config": config}, event)
    for event in (lines(), lines(logGroup="/gone"), lines(logGroup="/bare"), lines(subscriptionFilters=["gone"])):
        assert {} == run({"config": config}, event)
    source = f"arn:aws:logs:{REGION}:{account}:log-group:/shop:*"
    assert [("logs.amazonaws.com", other, source, account)] == calls.asked
    assert [(("record", other, account), lines())] == sent
    calls.denied = {other}
    assert ({}, 1) == (run({"config": config}, lines()), len(sent))


def test_a_function_that_may_not_be_invoked_is_not_subscribed(monkeypatch: pytest.MonkeyPatch, role: Role) -> None:
    assert role
    s3, logs = copied(monkeypatch, "services.s3"), copied(monkeypatch, "services.cloudwatch_logs")
    validate = s3._validate_notification_configs
    s3._validate_notification_configs = stub(validate, lambda configs, *_, **__: "wrong" if not configs else None)
    logs._put_subscription_filter = lambda data: ("put", data)
    calls = Calls()
    ask_before_subscriptions(calls)  # type: ignore[arg-type]
    configurations = [{"arn": QUEUE, "type": "sqs"}, {"arn": FUNCTION, "type": "lambda"}]
    filters = {"destinationArn": FUNCTION, "logGroupName": "/shop"}
    check, put = s3._validate_notification_configs, logs._put_subscription_filter
    assert ("wrong", None) == (check([], REGION, "b"), check(configurations, REGION, "b"))
    assert ("put", filters) == put(filters)
    asked = [
        ("s3.amazonaws.com", FUNCTION, "arn:aws:s3:::b", HERE),
        ("logs.amazonaws.com", FUNCTION, f"arn:aws:logs:{REGION}:{HERE}:log-group:/shop:*", HERE),
    ]
    assert asked == calls.asked
    calls.denied = {FUNCTION, QUEUE}
    assert check(configurations, REGION, "b", True) is None  # noqa: FBT003 - as the emulator calls it
    assert check(configurations, REGION, "b", skip_destination_validation=True) is None
    assert asked == calls.asked
    status, _, body = check(configurations, REGION, "b", False)  # noqa: FBT003 - as the emulator calls it
    assert (400, True) == (
        status,
        f"Unable to validate the following destination configurations: {FUNCTION}<".encode() in body,
    )
    status, _, body = put(filters)
    advice = "Make sure you have given CloudWatch Logs permission to execute your function."
    words = f"Could not execute the lambda function. {advice}"
    assert (400, {"__type": "InvalidParameterException", "message": words}) == (status, json.loads(body))
    stream = {"destinationArn": f"arn:aws:kinesis:{REGION}:{HERE}:stream/s", "logGroupName": "/shop"}
    calls.denied.add(stream["destinationArn"])
    assert ("put", stream) == put(stream)


@pytest.mark.parametrize("has_group", [True, False])
def test_writing_a_log_asks_for_the_group_the_stream_and_the_lines_in_that_order(
    monkeypatch: pytest.MonkeyPatch, role: Role, *, has_group: bool
) -> None:
    role.may()
    groups = {(HERE, REGION, "/own"): {}} if has_group else {}
    copied(
        monkeypatch, "services.cloudwatch_logs", _log_groups=SimpleNamespace(get_scoped=lambda *key: groups.get(key))
    )
    function = DeployedFunction.of(
        {"FunctionName": "web", "FunctionArn": FUNCTION, "Role": ROLE, "LoggingConfig": {"LogGroup": "/own"}}
    )
    calls = Calls()
    assert may_write_logs(calls, function, "s")  # type: ignore[arg-type]
    group = f"arn:aws:logs:{REGION}:{HERE}:log-group:/own"
    stream = f"{group}:log-stream:s"
    needs = [("logs:CreateLogStream", stream), ("logs:PutLogEvents", stream)]
    needs = needs if has_group else [("logs:CreateLogGroup", group), *needs]
    assert [(ROLE, BY, *need, "web") for need in needs] == calls.asked


@pytest.mark.parametrize(
    ("record", "pattern", "is_met"),
    [
        ({"body": {"kind": "order"}}, {"body": {"kind": ["order"]}}, True),
        ({"body": {"kind": "note"}}, {"body": {"kind": ["order"]}}, False),
        ({"body": "text"}, {"body": {"kind": [{"exists": False}]}}, False),
        ({"data": "text"}, {"data": {"kind": [{"exists": False}]}}, False),
        ({"data": {}}, {"data": {"kind": [{"exists": False}]}}, True),
        ({"body": "text"}, {"body": ["text"]}, True),
        ({"body": [{"kind": "note"}, {"kind": "order"}]}, {"body": {"kind": ["order"]}}, True),
        ({"body": [{"kind": "note"}]}, {"body": {"kind": ["order"]}}, False),
        ({"body": {"kind": "order"}}, {"body": {"kind": [{"unknown": 1}]}}, False),
        ({"a": 1}, {"$or": [{"a": [1]}, {"b": [2]}]}, True),
        ({"a": 2}, {"$or": [{"a": [1]}, {"b": [2]}]}, False),
    ],
)
def test_a_record_meets_a_pattern_by_the_rules_of_event_patterns(
    monkeypatch: pytest.MonkeyPatch, record: Any, pattern: Any, *, is_met: bool
) -> None:
    functions = copied(monkeypatch, "services.lambda_svc")
    mappings.repair_filters()
    assert is_met == functions._match_esm_filter(record, pattern)
