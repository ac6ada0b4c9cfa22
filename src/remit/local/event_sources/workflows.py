"""A state machine calls services with its role, and no further: each state is decided before the emulator runs it.

The emulator asks the role nothing. What is denied fails the state, which may catch it, and is noted as denied calls of
functions are.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from remit.access.setting import RequestSetting
from remit.local.authorization.emulated_names import EmulatedNames
from remit.local.emulator import during, emulated, instead_of
from remit.workflows.integrations import integration
from remit.workflows.state_access import (
    FOLLOWING,
    Access,
    call_accesses,
    dataset_accesses,
    distributed_accesses,
    job_accesses,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from remit.local.event_sources.service_calls import ServiceCalls

_STATES: Final = "states.amazonaws.com"
_ERRORS: Final = {
    "dynamodb": "DynamoDB.AmazonDynamoDBException",
    "lambda": "Lambda.AWSLambdaException",
    "sns": "SNS.AmazonSNSException",
    "sqs": "SQS.AmazonSQSException",
}
"""How the integrations of services call an error of theirs that has no name of its own there, as a denial has none."""


class _Running(NamedTuple):
    """A machine that runs: its ARN, the role that its state calls with, the execution, and who takes on the role."""

    machine: str
    role: str
    session: str
    service: str = _STATES


_RUNNING: Final[ContextVar[_Running | None]] = ContextVar("running machine", default=None)


@dataclass(frozen=True, slots=True)
class Workflows:
    """The places where the emulator's Step Functions calls services."""

    calls: ServiceCalls

    def take_hold(self) -> None:
        """Decide on what each state calls before it runs; a denial fails the state."""
        states = emulated("services.stepfunctions")

        @instead_of(states, "_execute_task")
        def executed(execute: Any, state: Mapping[str, Any], given: Any, execution: Any, context: Any) -> Any:
            """Run a task for its machine in `_RUNNING`; with Credentials, as their role, if the machine may."""
            running = _running(states, execution)
            credentials = states._resolve_params_obj(state.get("Credentials") or {}, given, context)
            role = str(credentials.get("RoleArn", ""))
            with during(_RUNNING, running._replace(role=role, service="") if role else running):
                if role:
                    self._ask([("sts:AssumeRole", role)], "States.TaskFailed", running)
                return execute(state, given, execution, context)

        @instead_of(states, "_invoke_resource")
        def invoked(invoke: Any, resource: str, arguments: Any) -> Any:
            self._ask_for_call(resource, arguments)
            return invoke(resource, arguments)

        @instead_of(states, "_invoke_with_callback")
        def called_back(invoke: Any, resource: str, arguments: Any, token: str, state: Any) -> Any:
            self._ask_for_call(resource, arguments)
            return invoke(resource, arguments, token, state)

        @instead_of(states, "_run_distributed_map")
        def mapped(
            run: Any, state: Mapping[str, Any], given: Any, effective: Any, processor: Any, execution: Any, context: Any
        ) -> Any:
            """Run a distributed Map if the machine's role may start, read and write what it takes."""
            running = _running(states, execution)
            self._ask(distributed_accesses(running.machine), "States.Runtime", running)
            reader, writer = (
                states._resolve_params_obj(
                    fields.get("Parameters") or fields.get("Arguments") or {}, effective, context
                )
                for fields in (state.get("ItemReader") or {}, state.get("ResultWriter") or {})
            )
            accesses = dataset_accesses(state, reader, writer, _setting(running.machine))
            self._ask(accesses, "States.ItemReaderFailed", running)
            return run(state, given, effective, processor, execution, context)

    def _ask_for_call(self, resource: str, arguments: Any) -> None:
        """Fail the state (`_ask`) if the machine's role may not make the call, or not follow the job that it begins.

        Nothing is asked where no machine runs.
        """
        running = _RUNNING.get()
        if running is None:  # the API that tries a single state has no machine
            return
        setting = _setting(running.machine)
        called = integration(resource)
        error = "States.TaskFailed" if called is None else _ERRORS.get(called.service, "States.TaskFailed")
        self._ask(call_accesses(resource, arguments, setting), error, running)
        self._ask(job_accesses(resource, arguments, setting), error, running)

    def _ask(self, accesses: Iterable[Access], error: str, running: _Running) -> None:
        """Raise the emulator's `_ExecutionError`, which fails the state, for the first access that the role is denied.

        Accesses of which it is not known here what they take are not asked for.
        """
        name = running.machine.rpartition(":")[2]
        for action, resource in accesses:
            if action in FOLLOWING or action.endswith(":*"):  # what it takes is not known here
                continue
            denial = self.calls.denial(running.role, running.service, action, resource, name, running.session)
            if denial:
                raise emulated("services.stepfunctions")._ExecutionError(error, denial)


def _running(states: Any, execution: Mapping[str, Any]) -> _Running:
    """The machine of an execution, with its role ("" if it is gone); of a distributed Map's item, the Map's machine."""
    machine = str(execution["stateMachineArn"]).partition("/")[0]
    role = str((states._state_machines.get(machine) or {}).get("roleArn", ""))
    return _Running(machine, role, str(execution["name"]))


def _setting(machine: str) -> RequestSetting:
    _, partition, _, region, account, *_ = f"{machine}:::::".split(":")
    return RequestSetting(region, account, machine, EmulatedNames(), partition)
