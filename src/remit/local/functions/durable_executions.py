"""Durable executions: a durable function runs again from its checkpoints, until it has finished.

The emulator keeps the checkpoints and the clock of waits; it knows a durable function only by a field that AWS does not
have, and answers with what the SDK of durable functions returns. Here each invocation starts an execution, and what the
caller gets is the execution's result.

Source: "Lambda durable functions" (AWS Lambda Developer Guide).
"""

from __future__ import annotations

import contextvars
import json
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from remit.local.emulator import emulated, instead_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Function = dict[str, Any]
    Execution = dict[str, Any]
    Execute = Callable[[Function, Mapping[str, Any], Any, str], dict[str, Any]]

SETTING: Final = "DurableConfig"
_POLLING_SECONDS: Final = 0.05
_RUNNING: Final = "RUNNING"


@dataclass(frozen=True, slots=True)
class DurableExecutions:
    """Starts the executions of durable functions, and resumes them."""

    service: Any
    """The emulator's module `lambda_svc`."""
    execute: Execute
    """Runs a function once: its record, its configuration, the event and the request's id."""

    def take_hold(self) -> None:
        """Let the emulator resume executions here, when a wait is over or a callback has come."""
        instead_of(self.service, "invoke_durable_resume")(self._resumed)

    def run(self, function: Function, configuration: Mapping[str, Any], event: Any, request_id: str) -> dict[str, Any]:
        """Start an execution, and give its result once it has one, as the emulator has results."""
        durable = emulated("services.lambda_durable")
        execution: Execution = durable.create_execution_for_invoke(
            function_arn=str(configuration["FunctionArn"]),
            version=str(configuration["Version"]),
            input_payload=json.dumps(event),
            execution_timeout=(configuration.get(SETTING) or {}).get("ExecutionTimeout"),
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

    def _resumed(self, _resume: Any, _name: str, arn: str, _event: Any) -> None:
        """Run an execution on, in a thread of its own: the emulator has one for all."""
        context = contextvars.copy_context()
        threading.Thread(target=lambda: context.run(self._resume, arn), daemon=True, name="durable").start()

    def _resume(self, arn: str) -> None:
        execution = emulated("services.lambda_durable")._executions.get(arn)
        if execution is None or execution["Status"] != _RUNNING:
            return
        reference = arn.partition("/")[0]
        function, configuration, _ = self.service._get_func_record_for_ref(reference)
        if function is not None:
            self._invoked(execution, function, configuration, self.service.new_uuid())

    def _invoked(
        self, execution: Execution, function: Function, configuration: Mapping[str, Any], request_id: str
    ) -> dict[str, Any]:
        """Run the function on what the execution has so far, and note what came of it."""
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
