"""Whoever invokes a durable function gets what its execution ended with, however often the function ran for it."""

from __future__ import annotations

import json
import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from remit.local.emulator import as_request_of, emulated
from remit.local.functions.lambda_service import DurableExecutions

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE, REGION = "888877770000", "eu-west-1"
ARN = f"arn:aws:lambda:{REGION}:{HERE}:function:slow:3"
CONFIGURATION = {"FunctionArn": ARN, "Version": "3", "DurableConfig": {"ExecutionTimeout": 60}}


@pytest.fixture(autouse=True)
def _here() -> Iterator[None]:
    """An account of these tests alone, of which nothing stays."""
    with as_request_of(HERE, REGION):
        yield
        emulated("services.lambda_durable")._executions.clear()


class Function:
    """A durable function that answers its runs one by one, and what it was given."""

    def __init__(self, *answers: dict[str, Any]) -> None:
        self.answers = list(answers)
        self.events: list[Any] = []
        self.service: Any = SimpleNamespace(
            invoke_durable_resume=None,
            new_uuid=lambda: "again",
            _get_func_record_for_ref=lambda reference: ({}, CONFIGURATION, None) if reference == ARN else (None,) * 3,
        )
        self.executions = DurableExecutions(self.service, self.execute)
        self.executions.take_hold()

    def execute(self, _function: Any, configuration: Any, event: Any, _request_id: str) -> dict[str, Any]:
        assert configuration is CONFIGURATION
        while self.events and not any(request == "first" for _, request in self.happened()):
            threading.Event().wait(0.001)  # a run that follows another comes after what that one has answered
        self.events.append(event)
        answer = self.answers.pop(0)
        if self.answers:  # a wait is over at once
            self.service.invoke_durable_resume("slow", event["DurableExecutionArn"], {})
        return answer

    def run(self) -> dict[str, Any]:
        return self.executions.run({}, CONFIGURATION, {"order": 7}, "first")

    def happened(self) -> list[tuple[str, Any]]:
        """The history of the execution: what kinds of events, and the requests of those that have one."""
        (execution,) = emulated("services.lambda_durable")._executions._data.values()
        events = execution["History"]
        return [(e["EventType"], e.get("InvocationCompletedDetails", {}).get("RequestId")) for e in events]


def returns(value: Any) -> dict[str, Any]:
    return {"body": value, "log": "its lines"}


@pytest.mark.parametrize(
    ("returned", "result"),
    [
        ({"order": 7}, {"order": 7}),
        (None, None),
        ("text", "text"),
        ({"Status": "SUCCEEDED", "Result": "[1]"}, [1]),
        ({"Status": "SUCCEEDED"}, None),
    ],
)
def test_what_the_function_or_its_sdk_returns_is_the_result(returned: Any, result: Any) -> None:
    function = Function(returns(returned))
    assert {"body": result, "log": "its lines"} == function.run()
    assert [("InvocationCompleted", "first"), ("ExecutionSucceeded", None)] == function.happened()[-2:]


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (returns({"Status": "FAILED", "Error": {"ErrorType": "Late"}}), {"errorType": "Late"}),
        (returns({"Status": "FAILED"}), {"errorType": "Unhandled"}),
        ({**returns({"errorType": "Late"}), "error": True}, {"errorType": "Late"}),
    ],
)
def test_a_failed_execution_is_a_failed_invocation(answer: dict[str, Any], body: Any) -> None:
    function = Function(answer)
    result = function.run()
    assert (body, True, "its lines") == (result["body"], result["error"], result["log"])
    assert "ExecutionFailed" == function.happened()[-1][0]


def test_a_function_runs_again_on_what_its_execution_has_and_its_caller_waits_for_the_end() -> None:
    function = Function(returns({"Status": "PENDING"}), returns({"Status": "SUCCEEDED", "Result": '"done"'}))
    assert "done" == function.run()["body"]
    assert [{"order": 7}] * 2 == [
        json.loads(event["InitialExecutionState"]["Operations"][0]["ExecutionDetails"]["InputPayload"])
        for event in function.events
    ]
    assert 1 == len({event["DurableExecutionArn"] for event in function.events})
    assert "again" in [request for _, request in function.happened()]


def test_an_execution_that_has_ended_is_not_run_again() -> None:
    function = Function(returns(1))
    function.run()
    function.service.invoke_durable_resume("slow", function.events[0]["DurableExecutionArn"], {})
    for thread in threading.enumerate():
        if thread.name == "durable":
            thread.join()
    assert 1 == len(function.events)
