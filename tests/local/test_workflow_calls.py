"""What Step Functions asks before a state calls a service: for which access, as whom, and with which error."""

from __future__ import annotations

from typing import Any, Final

import pytest

from emulator_copies import copied, stub
from remit.local.emulator import during
from remit.local.event_sources.workflows import _RUNNING, Workflows, _Running

ACCOUNT, REGION = "222211110000", "eu-west-1"
MACHINE: Final = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:shop"
ROLE, OTHER = f"arn:aws:iam::{ACCOUNT}:role/runs", f"arn:aws:iam::{ACCOUNT}:role/other"
STATES: Final = "states.amazonaws.com"
EXECUTION: Final = {"stateMachineArn": MACHINE, "name": "night"}
QUEUE: Final = f"arn:aws:sqs:{REGION}:{ACCOUNT}:orders"
SEND: Final = ("arn:aws:states:::sqs:sendMessage", {"QueueUrl": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/orders"})
TABLE: Final = ("arn:aws:states:::dynamodb:putItem", {"TableName": "t"})
TOPIC: Final = ("arn:aws:states:::sns:publish", {"TopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:t"})
FUNCTION: Final = ("arn:aws:states:::lambda:invoke", {"FunctionName": "f"})
DIRECT: Final = (f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f", {})
EVENTS: Final = ("arn:aws:states:::events:putEvents", {"Entries": [{"Source": "s"}]})


class Calls:
    """Decisions of a role: what is denied, and what it was asked for."""

    def __init__(self, *denied: str) -> None:
        self.denied = denied
        self.asked: list[tuple[str, ...]] = []

    def denial(self, *access: str) -> str:
        self.asked.append(access)
        return f"no {access[2]}" if access[2] in self.denied else ""


@pytest.fixture
def states(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A copy of the emulator's Step Functions, whose places that call services give what they got."""
    places = ("_execute_task", "_invoke_resource", "_invoke_with_callback", "_run_distributed_map")
    module = copied(monkeypatch, "services.stepfunctions", _state_machines={MACHINE: {"roleArn": ROLE}})
    for name in places:
        setattr(module, name, stub(getattr(module, name), lambda *call: (call, _RUNNING.get())))
    return module


@pytest.mark.parametrize(
    ("call", "action", "error"),
    [
        (SEND, "sqs:SendMessage", "SQS.AmazonSQSException"),
        (TABLE, "dynamodb:PutItem", "DynamoDB.AmazonDynamoDBException"),
        (TOPIC, "sns:Publish", "SNS.AmazonSNSException"),
        (FUNCTION, "lambda:InvokeFunction", "Lambda.AWSLambdaException"),
        (DIRECT, "lambda:InvokeFunction", "States.TaskFailed"),
        (EVENTS, "events:PutEvents", "States.TaskFailed"),
        (("arn:aws:states:::codebuild:startBuild.sync", {"ProjectName": "p"}), "codebuild:StartBuild",
         "States.TaskFailed"),
        (("arn:aws:states:::codebuild:startBuild.sync", {"ProjectName": "p"}), "codebuild:BatchGetBuilds",
         "States.TaskFailed"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("place", ["_invoke_resource", "_invoke_with_callback"])
def test_a_denied_call_fails_its_state_with_the_services_error_before_it_is_made(
    states: Any, call: tuple[str, Any], action: str, error: str, place: str
) -> None:
    calls, more = Calls(action), () if place == "_invoke_resource" else ("token", {})
    Workflows(calls).take_hold()  # type: ignore[arg-type]
    running = _Running(MACHINE, ROLE, "night")
    with during(_RUNNING, running), pytest.raises(states._ExecutionError) as failure:
        getattr(states, place)(*call, *more)
    assert (error, f"no {action}") == (failure.value.error, failure.value.cause)
    assert {(ROLE, STATES, "shop", "night")} == {(*access[:2], *access[4:]) for access in calls.asked}
    calls.denied = ()
    with during(_RUNNING, running):
        assert ((*call, *more), running) == getattr(states, place)(*call, *more)
    count = len(calls.asked)
    assert ((*call, *more), None) == getattr(states, place)(*call, *more)  # of no machine
    assert count == len(calls.asked)


def test_a_task_runs_for_its_machine_or_with_the_role_of_its_credentials(states: Any) -> None:
    calls = Calls()
    Workflows(calls).take_hold()  # type: ignore[arg-type]
    running = _Running(MACHINE, ROLE, "night")
    plain: tuple[Any, ...] = ({}, {"role": OTHER}, EXECUTION, {})
    assert (plain, running) == states._execute_task(*plain)
    assert [] == calls.asked
    other = ({"Credentials": {"RoleArn.$": "$.role"}}, *plain[1:])
    assert (other, running._replace(role=OTHER, service="")) == states._execute_task(*other)
    assume = (ROLE, STATES, "sts:AssumeRole", OTHER, "shop", "night")
    assert [assume] == calls.asked
    calls.denied = ("sts:AssumeRole",)
    with pytest.raises(states._ExecutionError) as failure:
        states._execute_task(*other)
    assert ("States.TaskFailed", "no sts:AssumeRole") == (failure.value.error, failure.value.cause)
    gone = (*plain[:2], {**EXECUTION, "stateMachineArn": f"{MACHINE}-gone"}, {})
    assert (gone, _Running(f"{MACHINE}-gone", "", "night")) == states._execute_task(*gone)


@pytest.mark.parametrize("fields", ["Parameters", "Arguments"])
def test_a_distributed_map_asks_for_its_executions_then_its_items_and_its_results(states: Any, fields: str) -> None:
    calls = Calls()
    Workflows(calls).take_hold()  # type: ignore[arg-type]
    reader = {"Resource": "arn:aws:states:::s3:getObject", fields: {"Bucket.$": "$.from", "Key": "in.json"}}
    writer = {"Resource": "arn:aws:states:::s3:putObject", fields: {"Bucket": "to", "Prefix": "out"}}
    state = {"ItemReader": reader, "ResultWriter": writer}
    call = (state, {}, {"from": "b"}, {}, {**EXECUTION, "stateMachineArn": f"{MACHINE}/items"}, {})
    assert (call, None) == states._run_distributed_map(*call)
    asked = {(action, resource) for _, _, action, resource, *_ in calls.asked}
    assert {
        ("states:StartExecution", MACHINE),
        ("s3:GetObject", "arn:aws:s3:::b/in.json"),
        ("s3:PutObject", "arn:aws:s3:::to/out/*"),
    } <= asked
    assert {(ROLE, STATES, "shop", "night")} == {(*access[:2], *access[4:]) for access in calls.asked}
    errors = {}
    for action in ("states:StartExecution", "s3:GetObject", "s3:PutObject"):
        calls.denied = (action,)
        with pytest.raises(states._ExecutionError) as failure:
            states._run_distributed_map(*call)
        errors[action] = (failure.value.error, failure.value.cause)
    assert errors == {
        "states:StartExecution": ("States.Runtime", "no states:StartExecution"),
        "s3:GetObject": ("States.ItemReaderFailed", "no s3:GetObject"),
        "s3:PutObject": ("States.ItemReaderFailed", "no s3:PutObject"),
    }
    plain = ({}, *call[1:])
    calls.denied = ("s3:GetObject",)
    assert (plain, None) == states._run_distributed_map(*plain)


def test_what_a_state_calls_by_its_name_is_of_the_place_of_its_machine() -> None:
    calls = Calls()
    workflows: Any = Workflows(calls)  # type: ignore[arg-type]
    with during(_RUNNING, _Running(MACHINE, ROLE, "night")):
        for call in (FUNCTION, TABLE):
            workflows._ask_for_call(*call)
    place = f"{REGION}:{ACCOUNT}"
    assert {f"arn:aws:lambda:{place}:function:f", f"arn:aws:dynamodb:{place}:table/t"} == {
        access[3] for access in calls.asked
    }
