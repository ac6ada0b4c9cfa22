"""The emulator's Lambda with remit's workers, each place that is taken hold of by itself, and without a process."""

from __future__ import annotations

import asyncio
import base64
import threading
from contextvars import copy_context
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import pytest

from emulator_copies import copied, stub
from remit.local.emulator import as_request_of
from remit.local.functions import lambda_service
from remit.local.functions.deployed_function import DeployedFunction, Failure, InvocationResult
from remit.local.functions.lambda_service import (
    REQUEST_ID,
    DurableExecutions,
    LambdaService,
    StandIn,
    _body,
    use_workers_of,
)
from remit.local.functions.unpacked_code import UnusableCode
from terminals import HANGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE, REGION = "555566667777", "eu-west-1"
ARN: Final = f"arn:aws:lambda:{REGION}:{HERE}:function:web"
PYTHON: Final = {"FunctionName": "web", "FunctionArn": ARN, "Runtime": "python3.13", "Version": "$LATEST"}
FUNCTION: Final = {"code_zip": b"zip", "config": PYTHON}
NOTHING: Any = None
EVENT: Final = {"n": 1}


@pytest.fixture(autouse=True)
def _here() -> Iterator[None]:
    with as_request_of(HERE, REGION):
        yield


def answered(payload: bytes = b'{"a": 1}', **settings: Any) -> InvocationResult:
    result: dict[str, Any] = {
        "payload": payload, "content_type": "application/json", "error_type": None, "failure": None, "printed": "hi\n",
        "milliseconds": 1.0, "initialised_in": None, "printed_at_start": "", "memory_mb": 1, "log_stream": "s",
    }  # fmt: skip
    return InvocationResult(**{**result, **settings})


class Pool:
    """Workers that give one result, and what they were asked for."""

    def __init__(self, result: InvocationResult | Exception) -> None:
        self.result = result
        self.calls: list[tuple[Any, ...]] = []
        self.ended: list[Callable[[DeployedFunction], bool]] = []

    def invoke(self, *call: Any) -> InvocationResult:
        self.calls.append(call)
        if isinstance(self.result, Exception):
            raise self.result
        return self.result

    def end(self, concerns: Callable[[DeployedFunction], bool] = lambda _: True) -> None:
        self.ended.append(concerns)


class Lambda:
    """Copies of the emulator's Lambda and metrics, with remit's service around a pool of workers."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, result: InvocationResult | Exception) -> None:
        self.metrics: list[tuple[Any, ...]] = []
        self.started: list[str] = []
        copied(monkeypatch, "services.cloudwatch", record_metric=lambda *metric: self.metrics.append(metric))
        self.runtime = copied(monkeypatch, "core.lambda_runtime")
        self.module = copied(
            monkeypatch, "services.lambda_svc", _resolve_layer_zip={"one": b"1", "gone": None, "two": b"2"}.get
        )
        self.pool: Any = Pool(result)
        self.service = LambdaService(self.pool, NOTHING, self.module, lambda *_: False)
        thread = SimpleNamespace(Thread=lambda *, name, **_: SimpleNamespace(start=lambda: self.started.append(name)))
        monkeypatch.setattr(lambda_service, "threading", thread)

    def run(self, configuration: dict[str, Any]) -> dict[str, Any]:
        return self.service.execute(FUNCTION, configuration, EVENT, "r1")


@pytest.fixture
def lambdas(monkeypatch: pytest.MonkeyPatch) -> Lambda:
    return Lambda(monkeypatch, answered())


def test_a_function_runs_on_its_event_with_its_layers_and_the_contexts_of_its_call(lambdas: Lambda) -> None:
    def run() -> dict[str, Any]:
        lambda_service._client_context.set('{"c": 1}')
        lambda_service._trace_header.set("Root=1-5759e988-bd862e3fe1be46a994272793")
        lambdas.module._invoke_depth.set(4)
        return lambdas.run({**PYTHON, "Layers": ["one", "gone", "two"]})

    answer = copy_context().run(run)
    ((function, content, layers, invocation, log),) = lambdas.pool.calls
    assert (DeployedFunction.of({**PYTHON, "Layers": ["one", "gone", "two"]}), b"zip", [b"1", b"2"]) == (
        function,
        content,
        layers,
    )
    assert ("r1", b'{"n": 1}', ARN, '{"c": 1}') == (
        invocation.request_id,
        invocation.event,
        invocation.arn,
        invocation.client_context,
    )
    assert invocation.trace_id.startswith("Root=1-5759e988-bd862e3fe1be46a994272793;")
    assert invocation.trace_id.endswith(":4")
    assert (function, invocation) == (log.function, log.invocation)
    lines = answer.pop("log").splitlines()
    assert ["START RequestId: r1 Version: $LATEST", "hi", "END RequestId: r1"] == lines[:3]
    assert ({"body": {"a": 1}}, []) == (answer, lambdas.metrics)


def test_all_attempts_of_an_event_have_its_id(lambdas: Lambda) -> None:
    context = copy_context()
    context.run(REQUEST_ID.set, "of the event")
    context.run(lambdas.run, {**PYTHON, "Layers": None})
    assert "of the event" == lambdas.pool.calls[0][3].request_id


@pytest.mark.parametrize("failure", [None, Failure("Runtime.ExitError", "it ended")])
def test_an_error_is_one_of_the_functions_metric(monkeypatch: pytest.MonkeyPatch, failure: Failure | None) -> None:
    lambdas = Lambda(monkeypatch, answered(b'{"errorType": "E"}', error_type="E", failure=failure))
    answer = lambdas.run(PYTHON)
    assert answer.pop("log")
    assert {"body": {"errorType": "E"}, "error": True, "function_error": "Unhandled"} == answer
    assert [("AWS/Lambda", "Errors", 1, "Count", {"FunctionName": "web"})] == lambdas.metrics


def test_code_that_cannot_be_unpacked_is_an_error_without_a_log(monkeypatch: pytest.MonkeyPatch) -> None:
    lambdas = Lambda(monkeypatch, UnusableCode("it is no zip"))
    error = {"errorType": "InvalidZipFileException", "errorMessage": "it is no zip"}
    assert {"body": error, "error": True, "log": ""} == lambdas.run(PYTHON)
    assert [] == lambdas.metrics


@pytest.mark.parametrize(
    ("payload", "content_type", "body"),
    [
        (b'{"a": 1}', "application/json", {"a": 1}),
        (b'{"a": 1}', "application/json; charset=utf-8", {"a": 1}),
        (b'{"a": 1}', "text/json", b'{"a": 1}'),
        (b"{", "application/json", b"{"),
        (b"null", "application/json", None),
    ],
)
def test_an_answer_is_the_value_of_its_json_or_its_bytes(payload: bytes, content_type: str, body: object) -> None:
    assert body == _body(payload, content_type)


def test_a_log_is_written_once_to_its_group_and_handed_to_subscriptions(monkeypatch: pytest.MonkeyPatch) -> None:
    fanned: list[tuple[Any, ...]] = []
    logs = copied(
        monkeypatch, "services.cloudwatch_logs", _fanout_to_subscription_filters=lambda *lines: fanned.append(lines)
    )
    function = DeployedFunction.of({**PYTHON, "LoggingConfig": {"LogGroup": "/own"}})
    asked: list[tuple[DeployedFunction, str]] = []
    may = [True, False, True]

    def may_log(function: DeployedFunction, stream: str) -> bool:
        asked.append((function, stream))
        return may.pop(0)

    service = LambdaService(NOTHING, NOTHING, NOTHING, may_log)
    try:
        for moment in (2, 3, 1):
            service.write_log(function, "s", [(moment, f"line {moment}")])
        assert ["s"] == list(logs._log_groups["/own"]["streams"])
        stored = [{**event} for event in logs._log_groups["/own"]["streams"]["s"]["events"]]
        assert all(event.pop("ingestionTime") > 1_700_000_000_000 for event in stored)
    finally:
        logs._log_groups._data.pop((HERE, REGION, "/own"), None)
    lines = {moment: {"timestamp": moment, "message": f"line {moment}"} for moment in (1, 2)}
    assert [lines[1], lines[2]] == stored
    assert [("/own", "s", [lines[2]]), ("/own", "s", [lines[1]])] == fanned
    assert [(function, "s")] * 3 == asked


@pytest.mark.parametrize(
    ("function", "configuration", "answer"),
    [
        (FUNCTION, PYTHON, "executed"),
        (FUNCTION, {**PYTHON, "DurableConfig": {"ExecutionTimeout": 5}}, "durable"),
        ({"code_zip": None}, PYTHON, "dispatched"),
        ({}, {**PYTHON, "Runtime": "nodejs22.x"}, "dispatched"),
        (FUNCTION, {**PYTHON, "Runtime": "nodejs22.x"}, "nodejs22.x"),
        (FUNCTION, {**PYTHON, "PackageType": "Image"}, "python3.13"),
    ],
)
def test_a_function_is_run_here_if_it_is_a_zip_of_python(
    lambdas: Lambda, monkeypatch: pytest.MonkeyPatch, function: Any, configuration: Any, answer: str
) -> None:
    module = lambdas.module
    module._execute_function_dispatch = stub(module._execute_function_dispatch, lambda *call: ("dispatched", call))
    monkeypatch.setattr(LambdaService, "execute", lambda _self, *call: ("executed", call))
    monkeypatch.setattr(DurableExecutions, "run", lambda _self, *call: ("durable", call))
    lambdas.service.take_hold()
    assert ["remit-functions"] == lambdas.started
    result = module._execute_function_dispatch(function, configuration, EVENT, "r1", 1.0)
    call = (function, configuration, EVENT, "r1")
    message = f"the AWS on this machine runs functions of Python alone, and none of {answer}"
    not_run = {"body": {"errorType": "Runtime.NotRun", "errorMessage": message}, "error": True, "log": message}
    expected = {
        "dispatched": ("dispatched", (*call, 1.0)),
        "executed": ("executed", call),
        "durable": ("durable", call),
    }
    assert expected.get(answer, not_run) == result


def test_an_invocation_keeps_the_context_and_the_trace_of_its_headers(lambdas: Lambda) -> None:
    module = lambdas.module
    contexts = lambda_service._client_context, lambda_service._trace_header
    module._invoke = stub(module._invoke, lambda *call, **options: (call, options, [item.get() for item in contexts]))
    module._inbound_invoke_depth = lambda _headers: "7"
    lambdas.service.take_hold()
    trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Lineage=1:2b8c9e0f:3"
    headers = {"x-amz-client-context": base64.b64encode(b"{}").decode(), "x-amzn-trace-id": trace}
    assert (("web", EVENT, headers), {"path_qualifier": "live"}, ["{}", trace]) == asyncio.run(
        module._invoke("web", EVENT, headers, path_qualifier="live")
    )
    assert (("web", EVENT, {}, "1"), {}, ["", ""]) == asyncio.run(module._invoke("web", EVENT, {}, "1"))
    depths = [module._inbound_invoke_depth({"x-amzn-trace-id": trace}), module._inbound_invoke_depth({})]
    assert [3, 7] == depths


def test_workers_of_the_emulator_are_remits_and_end_when_their_function_changes(lambdas: Lambda) -> None:
    module, runtime, pool, ended = lambdas.module, lambdas.runtime, lambdas.pool, []
    runtime.invalidate_worker = lambda *call, **options: ended.append((call, options))
    runtime.reset = lambda: ended.append("reset")
    use_workers_of(pool, module)
    worker = runtime.get_or_create_worker("web", PYTHON, b"zip")
    assert StandIn(module, {"config": PYTHON, "code_zip": b"zip"}) == worker
    assert ((None, ""), None) == (module.acquire_worker("web", PYTHON, b"zip"), module.ensure_spawned(worker))
    module.invalidate_worker("web", "1", account="x")
    assert [(("web", "1"), {"account": "x"})] == ended
    (concerns,) = pool.ended
    functions = [(HERE, REGION, "web"), (HERE, REGION, "other"), (HERE, "us-east-1", "web"), ("1", REGION, "web")]
    assert [True, False, False, False] == [concerns(SimpleNamespace(place=place)) for place in functions]
    runtime.reset()
    assert ("reset", True) == (ended[-1], pool.ended[1](NOTHING))


@pytest.mark.parametrize(
    ("result", "told"),
    [
        ({"body": {"a": 1}}, {"status": "ok", "result": {"a": 1}}),
        ({}, {"status": "ok", "result": None}),
        ({"body": "secret", "error": True}, {"status": "error", "error": "Internal server error"}),
    ],
)
def test_a_worker_tells_the_answer_and_of_an_error_only_that_it_is_one(result: Any, told: Any) -> None:
    calls = []
    service = SimpleNamespace(_execute_function_with_config_scope=lambda *call: calls.append(call) or result)
    assert (told, [({"f": 1}, EVENT)]) == (StandIn(service, {"f": 1}).invoke(EVENT, "r1"), calls)


class Clock:
    """Seconds that pass while somebody sleeps; the server ends after some."""

    def __init__(self, until: float) -> None:
        self.now, self.until = 1000.0, 1000.0 + until

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        if self.now > self.until:
            raise KeyboardInterrupt


def test_unneeded_workers_end_each_second_and_unneeded_code_goes_each_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lambda_service, "time", Clock(130))
    monkeypatch.setattr(LambdaService, "_contents", lambda _self: [b"zip"])
    ended, pruned = [], []
    pool: Any = SimpleNamespace(end_unneeded=lambda *call: ended.append(call), code_in_use=lambda: {"folder"})
    code: Any = SimpleNamespace(prune=lambda *call: pruned.append((len(ended), *call)))
    service = LambdaService(pool, code, NOTHING, NOTHING)
    with pytest.raises(KeyboardInterrupt):
        service._keep_house()
    assert [(service._is_current, 1000.0 + second) for second in range(1, 131)] == ended
    assert [(61, [b"zip"], {"folder"}), (122, [b"zip"], {"folder"})] == pruned


class Durable:
    """Durable executions of the emulator's, one of which is made."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any], **execution: Any) -> None:
        self.answer = answer
        self.execution: dict[str, Any] = {
            "DurableExecutionArn": f"{ARN}/durable-execution/1", "CheckpointToken": "t", "Operations": ["o"],
            "Status": "RUNNING", "Result": None, "Error": None, **execution,
        }  # fmt: skip
        self.noted: list[tuple[str, Any]] = []
        self.runs: list[tuple[Any, ...]] = []
        copied(
            monkeypatch, "services.lambda_durable",
            create_execution_for_invoke=lambda **made: self.noted.append(("made", made)) or self.execution,
            _serialize_operations=lambda operations, *, for_event: (*operations, for_event),
            record_invocation_completed=self._completed,
            mark_execution_completed=lambda arn, **end: self.noted.append(("ended", {"arn": arn, **end})),
            schedule_resume=lambda arn: self.noted.append(("resumes", arn)),
            _executions={self.execution["DurableExecutionArn"]: self.execution},
        )  # fmt: skip
        records = {ARN: (FUNCTION, PYTHON, None)}
        self.service: Any = SimpleNamespace(
            invoke_durable_resume=None,
            new_uuid=lambda: "of a new run",
            _get_func_record_for_ref=lambda arn: records.get(arn, (None, None, None)),
        )

    def _completed(self, arn: str, *, start_ts: float, request_id: str, error: Any) -> None:
        assert 1_700_000_000 < start_ts
        self.noted.append(("completed", (arn, request_id, error)))

    def execute(self, *call: Any) -> dict[str, Any]:
        self.runs.append(call)
        return self.answer


D_ARN: Final = f"{ARN}/durable-execution/1"
THROWN: Final = {"errorType": "E", "errorMessage": "no"}
TYPED: Final = {"ErrorType": "E", "ErrorMessage": "no"}


@pytest.mark.parametrize(
    ("answer", "end"),
    [
        ({"body": THROWN, "error": True}, (None, THROWN)),
        ({"body": None, "error": True}, (None, {"ErrorType": "Unhandled"})),
        ({"body": {"Status": "FAILED", "Error": TYPED}}, (None, TYPED)),
        ({"body": {"Status": "FAILED"}}, (None, {"ErrorType": "Unhandled"})),
        ({"body": {"Status": "PENDING"}}, None),
        ({"body": {"Status": "SUCCEEDED", "Result": "[1]"}}, ("[1]", None)),
        ({"body": {"Status": "SUCCEEDED"}}, (None, None)),
        ({"body": {"a": 1}}, ('{"a": 1}', None)),
        ({"body": "text"}, ('"text"', None)),
        ({"body": b"x"}, ("\"b'x'\"", None)),
    ],
)
def test_a_run_of_a_durable_function_ends_its_execution_or_waits(
    monkeypatch: pytest.MonkeyPatch, answer: Any, end: Any
) -> None:
    durable = Durable(monkeypatch, answer)
    executions = DurableExecutions(durable.service, durable.execute)
    assert answer == executions._invoked(durable.execution, FUNCTION, PYTHON, "r1")
    operations = {"Operations": ("o", True), "NextMarker": ""}
    event = {"DurableExecutionArn": D_ARN, "CheckpointToken": "t", "InitialExecutionState": operations}
    assert [(FUNCTION, PYTHON, event, "r1")] == durable.runs
    error = answer["body"] if answer.get("error") else None
    noted = ("ended", {"arn": D_ARN, "result_payload": end[0], "error": end[1]}) if end else ("resumes", D_ARN)
    assert [("completed", (D_ARN, "r1", error)), noted] == durable.noted


@pytest.mark.parametrize(
    ("answer", "execution", "told"),
    [
        ({"log": "l"}, {"Status": "SUCCEEDED", "Result": '{"a": 1}'}, {"body": {"a": 1}, "log": "l"}),
        ({}, {"Status": "SUCCEEDED", "Result": None}, {"body": None, "log": ""}),
        ({"error": True, "body": THROWN}, {"Status": "FAILED", "Error": THROWN}, {"error": True, "body": THROWN}),
        ({"error": True, "body": THROWN}, {"Status": "RUNNING"}, {"error": True, "body": THROWN}),
        ({"log": "l"}, {"Status": "FAILED", "Error": TYPED},
         {"body": THROWN, "error": True, "function_error": "Unhandled", "log": "l"}),
        ({}, {"Status": "TIMED_OUT"}, {"body": {}, "error": True, "function_error": "Unhandled", "log": ""}),
    ],
)  # fmt: skip
def test_whoever_invokes_a_durable_function_gets_the_result_of_the_execution(
    monkeypatch: pytest.MonkeyPatch, answer: Any, execution: Any, told: Any
) -> None:
    durable = Durable(monkeypatch, answer, **execution)
    executions = DurableExecutions(durable.service, durable.execute)
    configuration = {**PYTHON, "DurableConfig": {"ExecutionTimeout": 60}}
    assert told == executions.run(FUNCTION, configuration, EVENT, "r1")
    made = {"function_arn": ARN, "version": "$LATEST", "input_payload": '{"n": 1}', "execution_timeout": 60}
    assert ("made", made) == durable.noted[0]
    assert (configuration, "r1") == (durable.runs[0][1], durable.runs[0][3])


def test_an_execution_that_waits_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    durable = Durable(monkeypatch, {"body": {"Status": "PENDING"}})
    clock = SimpleNamespace(time=lambda: 2e9, sleep=lambda _: durable.execution.update(Status="SUCCEEDED", Result="2"))
    monkeypatch.setattr(lambda_service, "time", clock)
    executions = DurableExecutions(durable.service, durable.execute)
    assert {"body": 2, "log": ""} == executions.run(FUNCTION, PYTHON, EVENT, "r1")


def test_a_wait_that_is_over_runs_the_function_again_if_its_execution_still_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    durable = Durable(monkeypatch, {"body": {"Status": "PENDING"}})
    DurableExecutions(durable.service, durable.execute).take_hold()
    before = set(threading.enumerate())

    def resume(arn: str) -> int:
        durable.service.invoke_durable_resume("web", arn, EVENT)
        for thread in set(threading.enumerate()) - before:
            thread.join(HANGS)
        return len(durable.runs)

    assert (0, 1) == (resume("gone"), resume(D_ARN))
    function, configuration, event, request_id = durable.runs[0]
    assert (FUNCTION, PYTHON, "of a new run") == (function, configuration, request_id)
    assert D_ARN == event["DurableExecutionArn"]
    durable.execution["Status"] = "SUCCEEDED"
    assert 1 == resume(D_ARN)
