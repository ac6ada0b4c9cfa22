"""Invoke a deployed function and hand back what it answered."""

from __future__ import annotations

import base64
import contextlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from remit.deploy.aws_errors import code, remit_errors
from remit.deploy.log_lines import is_of_lambda
from remit.errors import RemitError

if TYPE_CHECKING:
    from remit.deploy.session import Account


_REPORT: Final = re.compile(
    r"^REPORT RequestId: (?P<id>\S+).*?\tDuration: (?P<ms>[\d.]+) ms.*?Max Memory Used: (?P<mb>\d+) MB", re.MULTILINE
)
"""The last line of an invocation in a log group whose format is text."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer of a function: its value (JSON), whether it failed, and its last log lines."""

    value: Any
    failed: bool
    log: str
    request_id: str = ""
    """The id of the invocation, as AWS gives it."""
    duration_ms: float | None = None
    """How long the handler ran, as Lambda reports it; None where its log does not say."""
    memory_mb: int | None = None
    """The most memory that it used, in MB; None as `duration_ms`."""

    @property
    def printed(self) -> str:
        """The lines of the log that the function wrote, without those of Lambda's own."""
        lines = self.log.splitlines(keepends=True)
        return "".join(line for line in lines if not is_of_lambda(line))


def answer_of(payload: bytes, log_result: str, request_id: str, *, failed: bool) -> Answer:
    """The answer in Lambda's response: its payload, and the end of the log in base64.

    A payload that is no JSON is the text; an empty one is None. An id in the log comes before `request_id`.

    Source: "Invoke" (Lambda API Reference), "Working with Lambda function logs" (Lambda Developer Guide).
    """
    text = payload.decode("utf-8", "replace")
    try:
        value = json.loads(text) if text else None
    except ValueError:
        value = text
    log = base64.b64decode(log_result).decode("utf-8", "replace")
    invocation, duration, memory = _report(log)
    return Answer(value, failed, log, invocation or request_id, duration, memory)


def _report(log: str) -> tuple[str, float | None, int | None]:
    """An invocation's id, its milliseconds and its MB, from the report at the end of its log, text or JSON.

    Without one: an empty id and None.

    On AWS the id is that of the response; the emulator gives the response another one.
    """
    match = _REPORT.search(log)
    if match is not None:
        return match["id"], float(match["ms"]), int(match["mb"])
    for line in reversed(log.splitlines()):
        if '"platform.report"' in line:
            with contextlib.suppress(ValueError, KeyError, TypeError):
                record = json.loads(line)["record"]
                metrics = record["metrics"]
                return str(record["requestId"]), float(metrics["durationMs"]), int(metrics["maxMemoryUsedMB"])
    return "", None, None


def not_deployed(function_name: str, region: str, *, local: bool) -> RemitError:
    """Return the error for a function of the app that AWS does not have."""
    flag = " --local" if local else ""
    return RemitError(
        f"function {function_name} is not deployed in {region}",
        hint=f"`remit deploy{flag}` deploys it; `remit status{flag}` shows what is there",
    )


def invoke(account: Account, name: str, event: Any) -> Answer:
    """Invoke the function of this name with an event (any JSON) and wait for its answer.

    A function that fails is no error: the answer says so. RemitError (2): there is no such function, or the caller may
    not invoke it; (69): AWS does not answer.
    """
    # Sent again after a lost answer, the event would run the function twice.
    client = account.client("lambda", once=True)
    with remit_errors():
        try:
            raw = client.invoke(FunctionName=name, LogType="Tail", Payload=json.dumps(event).encode())
        except client.exceptions.ClientError as error:
            if code(error) != "ResourceNotFoundException":
                raise
            raise not_deployed(name, account.region, local=account.local) from None
    payload = raw["Payload"].read()
    request_id = raw["ResponseMetadata"].get("RequestId", "")
    return answer_of(payload, raw.get("LogResult", ""), request_id, failed="FunctionError" in raw)
