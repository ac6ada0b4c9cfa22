"""A function as it is deployed, a call of it, and the result: what it answered, or why it did not.

Sources of Lambda's own answers: "Troubleshoot execution issues in Lambda", "Troubleshoot invocation issues in Lambda".
"""

from __future__ import annotations

import json
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

_DEFAULTS: Final[dict[str, Any]] = {
    "Version": "$LATEST",
    "Runtime": "",
    "Handler": "",
    "CodeSha256": "",
    "MemorySize": 128,
    "Timeout": 3,
    "EphemeralStorage": {"Size": 512},
    "Role": "",
    "LoggingConfig": {},
    "TracingConfig": {},
    "SnapStart": {},
    "Environment": {},
    "Layers": (),
    "LastModified": "",
}
"""What counts where a function's configuration says nothing, as CreateFunction of Lambda's API reference has it."""


@dataclass(frozen=True, slots=True)
class DeployedFunction:
    """One version of a function, and how it is set up. Two that are equal may share a worker."""

    account: str
    region: str
    name: str
    version: str
    runtime: str
    handler: str
    code_sha256: str
    memory_mb: int
    timeout: float
    """Seconds."""
    storage_mb: int
    """Megabytes of /tmp."""
    role: str
    log_group: str
    log_format: str
    """Text or JSON."""
    log_level: str
    """Of the function's own lines; empty for what its runtime logs by itself."""
    traced: bool
    snap_start: bool
    variables: tuple[tuple[str, str], ...]
    layers: tuple[str, ...]
    """Their ARNs."""
    changed: str
    """When the function was last changed, so that workers of what it was are not used again."""
    configuration: Mapping[str, Any] = field(compare=False, hash=False, repr=False)
    """All of the above, as Lambda's API describes it."""

    @property
    def place(self) -> tuple[str, str, str]:
        """Account, region and name."""
        return self.account, self.region, self.name

    @classmethod
    def of(cls, configuration: Mapping[str, Any]) -> DeployedFunction:
        """Read a function's configuration, as Lambda's API describes it.

        What it lacks, or has empty, is Lambda's default.
        """
        settings = _DEFAULTS | {name: value for name, value in configuration.items() if value}
        name = settings["FunctionName"]
        logging = {"LogGroup": f"/aws/lambda/{name}", **settings["LoggingConfig"]}
        variables = settings["Environment"].get("Variables") or {}
        _, _, _, region, account, *_ = settings["FunctionArn"].split(":")
        return cls(
            account=account,
            region=region,
            name=name,
            version=settings["Version"],
            runtime=settings["Runtime"],
            handler=settings["Handler"],
            code_sha256=settings["CodeSha256"],
            memory_mb=int(settings["MemorySize"]),
            timeout=float(settings["Timeout"]),
            storage_mb=int(settings["EphemeralStorage"]["Size"]),
            role=settings["Role"],
            log_group=logging["LogGroup"],
            log_format=logging.get("LogFormat", "Text"),
            log_level=logging.get("ApplicationLogLevel", ""),
            traced=settings["TracingConfig"].get("Mode") == "Active",
            # On for published versions alone: $LATEST never starts from a snapshot ("Lambda SnapStart").
            snap_start=settings["SnapStart"].get("OptimizationStatus") == "On",
            variables=tuple((str(key), str(value)) for key, value in variables.items()),
            layers=tuple(str(layer["Arn"] if isinstance(layer, dict) else layer) for layer in settings["Layers"]),
            changed=str(settings["LastModified"]),
            configuration=configuration,
        )


@dataclass(frozen=True, slots=True)
class Invocation:
    """One call of a function."""

    request_id: str
    event: bytes
    """JSON."""
    arn: str
    """The function's, as the caller named it: with a version or an alias, or without."""
    trace_id: str
    client_context: str = ""
    """JSON, or empty."""


@dataclass(frozen=True, slots=True)
class InvocationResult:
    """The result of a call: the answer (JSON) or the error, the output, and the time and memory it took."""

    payload: bytes
    content_type: str
    error_type: str | None
    """Lambda's or the exception's name; None if the function answered."""
    failure: Failure | None
    """Why the function itself did not answer; None where it answered, or reported an error."""
    printed: str
    milliseconds: float
    initialised_in: float | None
    """Milliseconds of a cold start; None for a warm one."""
    printed_at_start: str
    memory_mb: int
    """The most that the worker has used since it was started."""
    log_stream: str


@dataclass(frozen=True, slots=True)
class Failure:
    """Why the function itself did not answer: Lambda's type of error, and its message without the request's id."""

    error_type: str
    message: str

    def payload(self, request_id: str) -> bytes:
        """The answer to whoever invoked."""
        message = f"RequestId: {request_id} Error: {self.message}"
        return json.dumps({"errorType": self.error_type, "errorMessage": message}).encode()


RESPONSE_TOO_LARGE: Final = "Function.ResponseSizeTooLarge"
EXIT_ERROR: Final = "Runtime.ExitError"
TIMED_OUT: Final = "Sandbox.Timedout"


def timed_out(seconds: float) -> Failure:
    """The failure of a function that did not answer in its time."""
    return Failure(TIMED_OUT, f"Task timed out after {seconds:.2f} seconds")


def exited(status: int) -> Failure:
    """The failure of a function whose process ended: its exit status, or a signal's number with a minus."""
    if status == 0:
        return Failure(EXIT_ERROR, "Runtime exited without providing a reason")
    if status > 0:
        return Failure(EXIT_ERROR, f"Runtime exited with error: exit status {status}")
    name = (signal.strsignal(-status) or str(-status)).partition(":")[0].lower()  # macOS says "Killed: 9"
    return Failure(EXIT_ERROR, f"Runtime exited with error: signal: {name}")


def response_too_large(size: int, largest: int) -> Failure:
    """The failure of a function that answered with more than Lambda takes."""
    return Failure(
        RESPONSE_TOO_LARGE,
        f"Response payload size ({size} bytes) exceeded maximum allowed payload size ({largest} bytes).",
    )
