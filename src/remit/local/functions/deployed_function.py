"""A function as it is deployed: what a worker needs to know to run it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.local.functions.failures import Failure


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
        """Read a function's configuration, as Lambda's API describes it."""
        _, _, _, region, account, *_ = configuration["FunctionArn"].split(":")
        name = configuration["FunctionName"]
        logging = configuration.get("LoggingConfig") or {}
        variables = (configuration.get("Environment") or {}).get("Variables") or {}
        layers = configuration.get("Layers") or ()
        return cls(
            account=account,
            region=region,
            name=name,
            version=configuration.get("Version") or "$LATEST",
            runtime=configuration.get("Runtime") or "",
            handler=configuration.get("Handler") or "",
            code_sha256=configuration.get("CodeSha256") or "",
            memory_mb=int(configuration.get("MemorySize") or 128),
            timeout=float(configuration.get("Timeout") or 3),
            storage_mb=int((configuration.get("EphemeralStorage") or {}).get("Size") or 512),
            role=configuration.get("Role") or "",
            log_group=logging.get("LogGroup") or f"/aws/lambda/{name}",
            log_format=logging.get("LogFormat") or "Text",
            log_level=logging.get("ApplicationLogLevel") or "",
            traced=(configuration.get("TracingConfig") or {}).get("Mode") == "Active",
            snap_start=(configuration.get("SnapStart") or {}).get("OptimizationStatus") == "On",
            variables=tuple((str(key), str(value)) for key, value in variables.items()),
            layers=tuple(str(layer["Arn"] if isinstance(layer, dict) else layer) for layer in layers),
            changed=str(configuration.get("LastModified") or ""),
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
    """What came of a call: the answer (JSON) or the error, what was printed, and what it took."""

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
