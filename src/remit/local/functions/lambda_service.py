"""The emulator's Lambda, changed so that functions run in remit's workers.

`tests/local/test_functions_contract.py` fails when the emulator changes what is taken hold of here.
"""

from __future__ import annotations

import base64
import binascii
import contextvars
import functools
import json
import re
import secrets
import threading
import time
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from remit.local.emulator import emulated, instead_of
from remit.local.functions.deployed_function import DeployedFunction, Invocation
from remit.local.functions.function_log import LiveLog
from remit.local.functions.unpacked_code import UnpackedCode, UnusableCode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from remit.local.functions.worker_pool import WorkerPool

    Function = dict[str, Any]
    Configuration = Mapping[str, Any]
    Execution = dict[str, Any]
    Execute = Callable[[Function, Configuration, Any, str], dict[str, Any]]

_HOUSEKEEPING_SECONDS: Final = 1.0
_PRUNING_SECONDS: Final = 60.0
_DURABLE: Final = "DurableConfig"
_POLLING_SECONDS: Final = 0.05
_RUNNING: Final = "RUNNING"
_LINEAGE: Final = re.compile(r"Lineage=[0-9a-f]+:[0-9a-f]+:(\d+)")
_ROOT: Final = re.compile(r"Root=(1-[0-9a-f]{8}-[0-9a-f]{24})")

REQUEST_ID: Final[ContextVar[str]] = ContextVar("request_id", default="")
"""The id that all attempts of one asynchronous invocation have; "": each has its own."""
_client_context: ContextVar[str] = ContextVar("client_context", default="")
_trace_header: ContextVar[str] = ContextVar("trace_header", default="")


@dataclass(frozen=True, slots=True)
class LambdaService:
    """The emulator's Lambda, whose functions run in the workers of a pool."""

    pool: WorkerPool
    code: UnpackedCode
    service: Any
    """The emulator's module `lambda_svc`."""
    may_log: Callable[[DeployedFunction, str], bool]
    """Whether a function's role may write to this stream of its log; else its lines are lost."""

    def execute(
        self, function: Function, configuration: Mapping[str, Any], event: Any, request_id: str
    ) -> dict[str, Any]:
        """Run a function on an event, in this thread, and write its log; the result as the emulator has it.

        That has `body`, `log` and, after a failure, `error`; the failure counts in the metric Errors. Code that cannot
        be unzipped is a result with an error, writes no log, and does not count.
        """
        deployed = DeployedFunction.of(configuration)
        zips = [self.service._resolve_layer_zip(layer) for layer in configuration.get("Layers") or ()]
        layers = [content for content in zips if content]
        request_id = REQUEST_ID.get() or request_id
        depth: int = self.service._invoke_depth.get()
        invocation = Invocation(
            request_id=request_id,
            event=json.dumps(event).encode(),
            arn=configuration["FunctionArn"],
            trace_id=_trace_id(_trace_header.get(), deployed, depth),
            client_context=_client_context.get(),
        )
        live_log = LiveLog(deployed, invocation, functools.partial(self.write_log, deployed))
        try:
            result = self.pool.invoke(deployed, function["code_zip"], layers, invocation, live_log)
        except UnusableCode as unusable:
            return {
                "body": {"errorType": "InvalidZipFileException", "errorMessage": str(unusable)},
                "error": True,
                "log": "",
            }
        log = "\n".join(live_log.finish(result)) + "\n"
        answer = {"body": _body(result.payload, result.content_type), "log": log}
        if result.error_type is not None:
            answer |= {"error": True, "function_error": "Unhandled"}
            # The metric that alarms look at; the emulator knows none of Lambda's.
            place = {"FunctionName": deployed.name}
            emulated("services.cloudwatch").record_metric("AWS/Lambda", "Errors", 1, "Count", place)
        return answer

    def write_log(self, function: DeployedFunction, stream_name: str, written: Sequence[tuple[int, str]]) -> None:
        """Write events, times in milliseconds and texts, to a function's log group as Lambda does, with its role.

        The group and the stream are made if there are none, and subscriptions get the events. Where the role may not
        write, they are lost, and no error says so.
        """
        if not self.may_log(function, stream_name):
            return  # as on AWS, where the function runs on and its lines are lost
        logs = emulated("services.cloudwatch_logs")
        now = int(1000 * time.time())
        place = {"logGroupName": function.log_group, "logStreamName": stream_name}
        # Each is an error, which nobody looks at, where there is one already.
        logs._create_log_group(place)
        logs._create_log_stream(place)
        stream = logs._log_groups[function.log_group]["streams"][stream_name]
        seen = [{"timestamp": moment, "message": message} for moment, message in written]
        events = [{**event, "ingestionTime": now} for event in seen]
        logs._append_log_events(stream, events)
        logs._fanout_to_subscription_filters(function.log_group, stream_name, seen)

    def take_hold(self) -> None:
        """Let the emulator run functions of Python here, and end their workers when one is changed or deleted.

        A function of another runtime fails with Runtime.NotRun. A thread that ends unneeded workers is started.
        """
        service = self.service
        durable = DurableExecutions(service, self.execute)
        durable.take_hold()

        @instead_of(service, "_execute_function_dispatch")
        def dispatched(
            dispatch: Any, function: Function, configuration: Any, event: Any, request_id: str, started: float
        ) -> Any:
            if not function.get("code_zip"):
                return dispatch(function, configuration, event, request_id, started)
            if not is_python(configuration):  # the emulator would run it beside the server, with the server's keys
                runtime = configuration.get("Runtime")
                message = f"the AWS on this machine runs functions of Python alone, and none of {runtime}"
                return {"body": {"errorType": "Runtime.NotRun", "errorMessage": message}, "error": True, "log": message}
            if configuration.get(_DURABLE):
                return durable.run(function, configuration, event, request_id)
            return self.execute(function, configuration, event, request_id)

        @instead_of(service, "_invoke")
        async def invoked(invoke: Any, name: str, event: Any, headers: Any, *arguments: Any, **options: Any) -> Any:
            _client_context.set(_client_context_of(headers))
            _trace_header.set(headers.get("x-amzn-trace-id", ""))
            return await invoke(name, event, headers, *arguments, **options)

        @instead_of(service, "_inbound_invoke_depth")
        def depth_of(inbound_depth: Any, headers: Mapping[str, str]) -> int:
            match = _LINEAGE.search(headers.get("x-amzn-trace-id", ""))
            return int(match[1]) if match is not None else int(inbound_depth(headers))

        use_workers_of(self.pool, service)
        threading.Thread(target=self._keep_house, daemon=True, name="remit-functions").start()

    def _keep_house(self) -> None:
        """End unneeded workers each second and remove unneeded code each minute, for as long as the server runs."""
        pruned = time.monotonic()
        while True:
            time.sleep(_HOUSEKEEPING_SECONDS)
            self.pool.end_unneeded(self._is_current, time.monotonic())
            if time.monotonic() - pruned > _PRUNING_SECONDS:
                pruned = time.monotonic()
                self.code.prune(self._contents(), self.pool.code_in_use())

    def _is_current(self, deployed: DeployedFunction) -> bool:
        """Return whether this version of a function is still deployed with this very configuration."""
        function = self.service._functions._data.get(deployed.place)
        if function is None:
            return False
        record = function if deployed.version == "$LATEST" else (function.get("versions") or {}).get(deployed.version)
        return record is not None and DeployedFunction.of(record["config"]) == deployed

    def _contents(self) -> list[bytes]:
        """The zips of all functions, their versions, and layers, in all accounts and regions."""
        contents: list[Any] = []
        for function in list(self.service._functions._data.values()):
            versions = (function.get("versions") or {}).values()
            contents.extend(record.get("code_zip") for record in (function, *versions))
        for layer in list(self.service._layers._data.values()):  # of all accounts, as functions
            contents.extend(version.get("_zip_data") for version in layer.get("versions", ()))
        return [content for content in contents if isinstance(content, bytes)]


def _body(payload: bytes, content_type: str) -> Any:
    """An answer as the emulator has it: the value of JSON; its bytes, where it is of another type or no JSON."""
    if not content_type.startswith("application/json"):
        return payload
    try:
        return json.loads(payload)
    except ValueError:
        return payload


def _client_context_of(headers: Mapping[str, str]) -> str:
    """The client context of an invocation, as JSON; empty if there is none, or it is no Base64 of UTF-8."""
    try:
        return base64.b64decode(headers.get("x-amz-client-context", ""), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _trace_id(header: str, function: DeployedFunction, depth: int) -> str:
    """The trace of an invocation, with the root of the trace header if that has one.

    SDKs send it on, and so it says how often the chain of invocations went round ("Lineage").
    """
    root = _ROOT.search(header)
    trace = root[1] if root is not None else f"1-{int(time.time()):08x}-{secrets.token_hex(12)}"
    # Without X-Ray nothing is recorded, and Lambda says so in the header that the function sees.
    sampled = "1" if function.traced or "Sampled=1" in header else "0"
    return f"Root={trace};Parent={secrets.token_hex(8)};Sampled={sampled};Lineage=1:{secrets.token_hex(4)}:{depth}"


def is_python(configuration: Configuration) -> bool:
    """Return whether a function is a zip of Python, which alone is run here: any other is refused."""
    is_zip = configuration.get("PackageType") != "Image"
    return is_zip and str(configuration.get("Runtime") or "").startswith("python")


@dataclass(frozen=True, slots=True)
class StandIn:
    """The object that the emulator takes for one of its workers."""

    service: Any
    function: dict[str, Any]

    def invoke(self, event: Any, _request_id: str) -> dict[str, Any]:
        """Run the function as all others are run, with its log and its concurrency.

        Of an error nothing is told but that it is one.
        """
        result = self.service._execute_function_with_config_scope(self.function, event)
        if result.get("error"):
            return {"status": "error", "error": "Internal server error"}
        return {"status": "ok", "result": result.get("body")}


def use_workers_of(pool: WorkerPool, service: Any) -> None:
    """Have the emulator's Lambda (its module `lambda_svc`) use a pool's workers, which end when functions change."""
    runtime = emulated("core.lambda_runtime")

    @instead_of(runtime, "get_or_create_worker")
    def create(_create: Any, _name: str, configuration: Any, code: bytes, *_rest: Any, **_options: Any) -> StandIn:
        return StandIn(service, {"config": configuration, "code_zip": code})

    # No snapshot is made of a version: its first start is one like any other.
    instead_of(service, "acquire_worker")(lambda _acquire, *_worker, **_options: (None, ""))
    instead_of(service, "ensure_spawned")(lambda _spawn, _worker: None)

    @instead_of(service, "invalidate_worker")
    def invalidate(_invalidate: Any, name: str, *rest: Any, **options: Any) -> None:
        """End the workers of a function that was changed or deleted."""
        runtime.invalidate_worker(name, *rest, **options)
        place = (service.get_account_id(), service.get_region(), name)
        pool.end(lambda function: function.place == place)

    @instead_of(runtime, "reset")
    def reset(reset_workers: Any) -> None:
        reset_workers()
        pool.end()


@dataclass(frozen=True, slots=True)
class DurableExecutions:
    """Runs durable functions again from their checkpoints, until they have finished.

    The emulator keeps the checkpoints and the clock of waits; it knows a durable function only by a field that AWS does
    not have, and answers with what the SDK of durable functions returns. Here each invocation starts an execution, and
    what the caller gets is the execution's result.

    Source: "Lambda durable functions" (AWS Lambda Developer Guide).
    """

    service: Any
    """The emulator's module `lambda_svc`."""
    execute: Execute
    """Runs a function once: its record, its configuration, the event and the request's id."""

    def take_hold(self) -> None:
        """Let the emulator resume executions here, each in a thread, when a wait is over or a callback has come."""

        @instead_of(self.service, "invoke_durable_resume")
        def resumed(_resume: Any, _name: str, arn: str, _event: Any) -> None:
            execution = emulated("services.lambda_durable")._executions.get(arn)
            if execution is None or execution["Status"] != _RUNNING:
                return
            reference = arn.partition("/")[0]
            function, configuration, _ = self.service._get_func_record_for_ref(reference)
            if function is not None:
                # In a thread of its own: the emulator has one for all.
                context = contextvars.copy_context()
                call = self._invoked, execution, function, configuration, self.service.new_uuid()
                threading.Thread(target=context.run, args=call, daemon=True, name="durable").start()

    def run(self, function: Function, configuration: Mapping[str, Any], event: Any, request_id: str) -> dict[str, Any]:
        """Start an execution, wait until it has ended, and return its result, as the emulator has results."""
        durable = emulated("services.lambda_durable")
        execution: Execution = durable.create_execution_for_invoke(
            function_arn=str(configuration["FunctionArn"]),
            version=str(configuration["Version"]),
            input_payload=json.dumps(event),
            execution_timeout=(configuration.get(_DURABLE) or {}).get("ExecutionTimeout"),
        )
        answer = self._invoked(execution, function, configuration, request_id)
        # Resumed runs are in other threads: an invocation waits for the whole execution, as its caller does on AWS.
        while execution["Status"] == _RUNNING and not answer.get("error"):
            time.sleep(_POLLING_SECONDS)
        if execution["Status"] == "SUCCEEDED":
            return {"body": json.loads(execution["Result"] or "null"), "log": answer.get("log", "")}
        if answer.get("error"):
            return answer
        error = {name[:1].lower() + name[1:]: value for name, value in (execution["Error"] or {}).items()}
        return {"body": error, "error": True, "function_error": "Unhandled", "log": answer.get("log", "")}

    def _invoked(
        self, execution: Execution, function: Function, configuration: Mapping[str, Any], request_id: str
    ) -> dict[str, Any]:
        """Run the function once on what the execution has so far, and note the outcome in the execution.

        It fails, is resumed later (PENDING), or has succeeded. The answer is the one of this single run.
        """
        durable = emulated("services.lambda_durable")
        arn, started = execution["DurableExecutionArn"], time.time()
        operations = durable._serialize_operations(execution["Operations"], for_event=True)
        event = {
            "DurableExecutionArn": arn,
            "CheckpointToken": execution["CheckpointToken"],
            "InitialExecutionState": {"Operations": operations, "NextMarker": ""},
        }
        answer = self.execute(function, configuration, event, request_id)
        body, failed = answer.get("body"), bool(answer.get("error"))
        returned: dict[str, Any] = body if isinstance(body, dict) else {}
        status = returned.get("Status")
        durable.record_invocation_completed(
            arn, start_ts=started, request_id=request_id, error=body if failed else None
        )
        if failed or status == "FAILED":
            error = body if failed else returned.get("Error")
            durable.mark_execution_completed(arn, result_payload=None, error=error or {"ErrorType": "Unhandled"})
        elif status == "PENDING":
            durable.schedule_resume(arn)
        else:  # a handler that knows nothing of the SDK has finished with what it returns
            result = returned.get("Result") if status == "SUCCEEDED" else json.dumps(body, default=str)
            durable.mark_execution_completed(arn, result_payload=result, error=None)
        return answer
