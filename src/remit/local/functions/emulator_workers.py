"""Stand-ins for the workers that the emulator starts by itself, so that remit's are used.

It asks for messages of WebSocket APIs and for versions with SnapStart, and ends workers of what is changed or deleted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from remit.local.emulator import emulated
from remit.local.functions.deployed_function import DeployedFunction

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from remit.local.functions.worker_pool import WorkerPool

    Configuration = Mapping[str, Any]


def is_python(configuration: Configuration) -> bool:
    """Return whether a function is run here: others are left to the emulator."""
    is_zip = configuration.get("PackageType") != "Image"
    return is_zip and str(configuration.get("Runtime") or "").startswith("python")


class EmulatorWorkers:
    """The emulator's functions about workers; those of Python functions are in a pool of remit's."""

    def __init__(self, service: Any, pool: WorkerPool, layers_of: Callable[[Configuration], list[bytes]]) -> None:
        """Take over from the emulator's module `lambda_svc`, and from the one that has its workers."""
        runtime = emulated("core.lambda_runtime")
        self._service = service
        self._pool = pool
        self._layers_of = layers_of
        self._invalidate = runtime.invalidate_worker
        self._reset = runtime.reset
        service.acquire_worker = self.acquire
        service.release_worker = self.release
        service.ensure_spawned = self.spawn
        service.invalidate_worker = self.invalidate
        runtime.get_or_create_worker = self.create
        runtime.reset = self.reset

    def create(self, _name: str, configuration: dict[str, Any], code: bytes, *_rest: Any, **_options: Any) -> Any:
        """A worker for one message of a WebSocket."""
        return StandIn(self._service, {"config": configuration, "code_zip": code})

    def acquire(self, _name: str, configuration: dict[str, Any], code: bytes, *_rest: Any, **_options: Any) -> Any:
        """A worker until it is released, and whether it was there already."""
        return StandIn(self._service, {"config": configuration, "code_zip": code}), "reused"

    def release(self, worker: Any) -> None:
        """Give a worker back, which is none of its own."""

    def spawn(self, worker: StandIn) -> None:
        """Start a worker of a version with SnapStart before its first invocation."""
        configuration = worker.function["config"]
        if is_python(configuration):
            layers = self._layers_of(configuration)
            self._pool.initialise(DeployedFunction.of(configuration), worker.function["code_zip"], layers)

    def invalidate(self, name: str, *rest: Any, **options: Any) -> None:
        """End the workers of a function that was changed or deleted."""
        self._invalidate(name, *rest, **options)
        self._pool.end((self._service.get_account_id(), self._service.get_region(), name))

    def reset(self) -> None:
        """End all workers."""
        self._reset()
        self._pool.end()


@dataclass(frozen=True, slots=True)
class StandIn:
    """The object that the emulator takes for one of its workers."""

    service: Any
    function: dict[str, Any]

    def invoke(self, event: Any, _request_id: str) -> dict[str, Any]:
        """Run the function as all others are run, with its log and its concurrency."""
        result = self.service._execute_function_with_config_scope(self.function, event)
        if result.get("error"):
            return {"status": "error", "error": "Internal server error"}
        return {"status": "ok", "result": result.get("body")}
