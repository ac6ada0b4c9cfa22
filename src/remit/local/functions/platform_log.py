"""The lines that Lambda writes to a function's log around its own: START, END, REPORT, and what went wrong.

Source: "Working with Lambda function logs" (text and JSON formats), "Lambda Telemetry API Event schema reference".
"""

from __future__ import annotations

import json
import math
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from remit.local.functions.failures import TIMED_OUT
from remit.local.timestamp import timestamp

if TYPE_CHECKING:
    from datetime import datetime

    from remit.local.functions.deployed_function import DeployedFunction, Invocation, InvocationResult


@dataclass(frozen=True, slots=True)
class InvocationLog:
    """The log of an invocation, an event a line, and the part that is shown to whoever invoked."""

    at_start: tuple[str, ...]
    """Of a cold start."""
    events: tuple[str, ...]


def new_stream(function: DeployedFunction, now: datetime) -> str:
    """The name of a worker's log stream: with the function's name, but in the log group that has its name."""
    name = "" if function.log_group == f"/aws/lambda/{function.name}" else function.name
    return f"{now:%Y/%m/%d}/{name}[{function.version}]{secrets.token_hex(16)}"


def written(function: DeployedFunction, invocation: Invocation, result: InvocationResult) -> InvocationLog:
    """The log of an invocation."""
    if function.log_format == "JSON":
        return _in_json(function, invocation, result)
    return _in_text(function, invocation, result)


def starting(function: DeployedFunction, printed: str) -> tuple[str, ...]:
    """The events of a cold start, with what it printed."""
    if function.log_format == "JSON":
        record = {"initializationType": "on-demand", "phase": "init", "runtimeVersion": function.runtime}
        return (_event("platform.initStart", record), *lines(printed))
    return (f"INIT_START Runtime Version: {function.runtime}", *lines(printed))


def start(function: DeployedFunction, invocation: Invocation) -> str:
    """The event with which an invocation begins."""
    if function.log_format == "JSON":
        return _event("platform.start", {"requestId": invocation.request_id, "version": function.version})
    return f"START RequestId: {invocation.request_id} Version: {function.version}"


def _in_text(function: DeployedFunction, invocation: Invocation, result: InvocationResult) -> InvocationLog:
    request = f"RequestId: {invocation.request_id}"
    report = [
        f"REPORT {request}",
        f"Duration: {result.milliseconds:.2f} ms",
        f"Billed Duration: {_billed(result)} ms",
        f"Memory Size: {function.memory_mb} MB",
        f"Max Memory Used: {result.memory_mb} MB",
    ]
    if result.initialised_in is not None:
        report.append(f"Init Duration: {result.initialised_in:.2f} ms")
    failed: tuple[str, ...] = ()
    if result.failure is not None and result.failure.error_type == TIMED_OUT:
        failed = (f"{timestamp(time.time())} {invocation.request_id} {result.failure.message}",)
        report.append("Status: timeout")
    elif result.failure is not None:
        failed = (f"{request} Error: {result.failure.message}", result.failure.error_type)
        report.extend(("Status: error", f"Error Type: {result.error_type}"))
    events = (
        start(function, invocation),
        *lines(result.printed),
        *failed,
        f"END {request}",
        "\t".join(report),
    )
    return InvocationLog(_at_start(function, result), events)


def _at_start(function: DeployedFunction, result: InvocationResult) -> tuple[str, ...]:
    is_cold = result.initialised_in is not None or result.printed_at_start
    return starting(function, result.printed_at_start) if is_cold else ()


def _in_json(function: DeployedFunction, invocation: Invocation, result: InvocationResult) -> InvocationLog:
    identity = {"requestId": invocation.request_id}
    metrics: dict[str, Any] = {
        "durationMs": round(result.milliseconds, 3),
        "billedDurationMs": _billed(result),
        "memorySizeMB": function.memory_mb,
        "maxMemoryUsedMB": result.memory_mb,
    }
    if result.initialised_in is not None:
        metrics["initDurationMs"] = round(result.initialised_in, 3)
    report: dict[str, Any] = {**identity, "metrics": metrics, "status": "success"}
    if result.failure is not None:
        report["status"] = "timeout" if result.error_type == TIMED_OUT else "error"
        report["errorType"] = result.error_type
    events = (
        start(function, invocation),
        *lines(result.printed),
        _event("platform.report", report),
    )
    return InvocationLog(_at_start(function, result), events)


def _event(kind: str, record: dict[str, Any]) -> str:
    return json.dumps({"time": timestamp(time.time()), "type": kind, "record": record})


def _billed(result: InvocationResult) -> int:
    # The time of a cold start is billed since August 2025, of functions in zips as well ("AWS Lambda pricing").
    return math.ceil(result.milliseconds + (result.initialised_in or 0.0))


def lines(printed: str) -> tuple[str, ...]:
    """The events of what was printed: awslambdaric ends the lines of one event, an error, with CR."""
    return tuple(line.replace("\r", "\n") for line in printed.split("\n") if line.strip("\r"))
