"""Stand-ins for the workers that the emulator starts by itself, so that remit's are used.

It asks for messages of WebSocket APIs and for versions with SnapStart, and ends workers of what is changed or deleted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from remit.local.emulator import emulated, instead_of
from remit.local.functions.deployed_function import DeployedFunction

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from remit.local.functions.worker_pool import WorkerPool

    Configuration = Mapping[str, Any]


def is_python(configuration: Configuration) -> bool:
    """Return whether a function is run here: others are left to the emulator."""
    is_zip = configuration.get("PackageType") != "Image"
    return is_zip and str(configuration.get("Runtime") or "").startswith("python")


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


def use_workers_of(pool: WorkerPool, service: Any, layers_of: Callable[[Configuration], list[bytes]]) -> None:
    """Have the emulator's Lambda (its module `lambda_svc`) use the workers of a pool."""
    runtime = emulated("core.lambda_runtime")

    @instead_of(runtime, "get_or_create_worker")
    def create(_create: Any, _name: str, configuration: Any, code: bytes, *_rest: Any, **_options: Any) -> StandIn:
        return StandIn(service, {"config": configuration, "code_zip": code})

    @instead_of(service, "acquire_worker")
    def acquire(_acquire: Any, *worker: Any, **options: Any) -> tuple[StandIn, str]:
        return create(_acquire, *worker, **options), "reused"

    @instead_of(service, "ensure_spawned")
    def spawn(_spawn: Any, worker: StandIn) -> None:
        """Start a worker of a version with SnapStart before its first invocation."""
        configuration = worker.function["config"]
        if is_python(configuration):
            layers = layers_of(configuration)
            pool.initialise(DeployedFunction.of(configuration), worker.function["code_zip"], layers)

    @instead_of(service, "invalidate_worker")
    def invalidate(_invalidate: Any, name: str, *rest: Any, **options: Any) -> None:
        """End the workers of a function that was changed or deleted."""
        runtime.invalidate_worker(name, *rest, **options)
        pool.end((service.get_account_id(), service.get_region(), name))

    @instead_of(runtime, "reset")
    def reset(reset_workers: Any) -> None:
        reset_workers()
        pool.end()

    # A stand-in is given back to nobody.
    instead_of(service, "release_worker")(lambda _release, _worker: None)
