"""Access to Step Functions: `states.start("orders")`.

Source of the actions: "Actions, resources, and condition keys for AWS Step Functions" (Service Authorization
Reference). A state machine is given by name, by ARN, or as a resource of the app; executions are named by the
machine.
"""

from __future__ import annotations

import re
from typing import Final

from remit.declare.asked import verb
from remit.declare.resource_references import MachineRef
from remit.grants import typed
from remit.resources.names import name_of, own_id

_MACHINE: Final = typed.ResourceKind("states", "stateMachine:{}", "state machine")
_NAME_OF_OWN: Final = r"\$\{([A-Za-z0-9]+)\.Name\}"
_EXECUTION: Final = typed.HERE % ("states", "execution:{}:*")


@verb
def start(machine: MachineRef) -> typed.Grants:
    """Start executions: states:StartExecution."""
    return _MACHINE.grants("states.start", "starts executions of", machine, ("states:StartExecution",))


@verb
def start_sync(machine: MachineRef) -> typed.Grants:
    """Run executions of an express machine and wait for them: states:StartSyncExecution."""
    return _MACHINE.grants("states.start_sync", "runs executions of", machine, ("states:StartSyncExecution",))


@verb
def list(machine: MachineRef) -> typed.Grants:  # noqa: A001 - the verb, spelled states.list
    """List executions: states:ListExecutions."""
    return _MACHINE.grants("states.list", "lists executions of", machine, ("states:ListExecutions",))


@verb
def read(machine: MachineRef) -> typed.Grants:
    """Read executions: states:DescribeExecution, states:GetExecutionHistory."""
    return _on_executions("read", ("states:DescribeExecution", "states:GetExecutionHistory"), "reads", machine)


@verb
def stop(machine: MachineRef) -> typed.Grants:
    """Stop executions: states:StopExecution."""
    return _on_executions("stop", ("states:StopExecution",), "stops", machine)


@verb
def answer() -> typed.Grants:
    """Answer for tasks by their token: states:SendTaskSuccess, states:SendTaskFailure, states:SendTaskHeartbeat.

    On every state machine and activity: the token is the secret.
    """
    actions = ("states:SendTaskSuccess", "states:SendTaskFailure", "states:SendTaskHeartbeat")
    return typed.everywhere(actions, "answers for tasks")


def _on_executions(verb: str, actions: tuple[str, ...], phrase: str, machine: MachineRef) -> typed.Grants:
    """The grants of a verb on executions: their ARNs are made of the machine's name, or of its ARN if that is text."""
    spelled = f"states.{verb}"
    text = typed.text_of(machine, spelled)
    by_name = re.fullmatch(_NAME_OF_OWN, text)
    own_machine = own_id(machine) if by_name is None else by_name[1]
    if text.startswith("arn:") and ":stateMachine:" in text:
        arn = f"{text.replace(':stateMachine:', ':execution:')}:*"
    elif own_machine:
        arn = _EXECUTION.replace("{}", f"${{{own_machine}.Name}}")
    else:
        arn = typed.arn(text, spelled, _EXECUTION)
    name = own_machine or name_of(arn).removeprefix("execution:").removesuffix(":*")
    return typed.grant(actions, (arn,), f"{phrase} executions of state machine {name}")
