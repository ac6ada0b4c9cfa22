"""Ask CloudFormation what it refused: each property that fails an early validation, each resource that a hook refuses.

Source: "DescribeEvents", "OperationEvent" (AWS CloudFormation API Reference).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from remit.deploy.aws_errors import call_errors
from remit.errors import Path, RemitError
from remit.project.current_load import placed

if TYPE_CHECKING:
    from remit.build import Built
    from remit.deploy.session import Account

_NAME_IS_TAKEN: Final = "NAME_CONFLICT_VALIDATION"
_MODES: Final = {"VALIDATION_ERROR": "ValidationFailureMode", "HOOK_INVOCATION_ERROR": "HookFailureMode"}
"""The types of events that tell of a check which failed, and the member that says whether it only warns."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One thing that CloudFormation refuses. `path` leads to it from the template's root.

    `check` is the hook's type, or the name of the early validation.
    """

    logical_id: str
    type: str
    reason: str
    path: Path
    check: str
    is_hook: bool = False

    @property
    def error(self) -> RemitError:
        """The error that tells it, with the path in the template."""
        if self.is_hook:
            message = f"hook {self.check} refuses {self.logical_id} ({self.type}): {self.reason}"
            hint = "the hook is a rule of the account: change what it names, or ask whoever runs it"
            return RemitError(message, hint=hint, path=self.path)
        message = f"CloudFormation refuses {self.logical_id} ({self.type}): {self.reason}"
        hint = "`remit deploy --adopt` imports what exists already into the stack; else give this another name"
        return RemitError(message, hint=hint if self.check == _NAME_IS_TAKEN else None, path=self.path)


def refusals(account: Account, stack_id: str, *, change_set: str = "", token: str = "") -> tuple[Refusal, ...]:
    """The refusals that made a change set fail, or the operation on a stack that was started with `token`, each once.

    Empty where nothing is known, and where AWS refuses or does not answer: it is told beside a failure, and hides none.
    A check that only warns is none.
    """
    asked = {"StackName": stack_id, **({"ChangeSetName": change_set} if change_set else {})}
    pages = account.client("cloudformation").get_paginator("describe_events")
    try:
        events = [
            event
            for page in pages.paginate(**asked, Filters={"FailedEvents": True})
            for event in page["OperationEvents"]
        ]
    except call_errors():
        return ()
    if token:  # a stack has the events of all its operations, and not each event has the token
        operations = {event.get("OperationId") for event in events if event.get("ClientRequestToken") == token}
        events = [event for event in events if event.get("OperationId") in operations]
    failures = []
    for event in events:
        mode = _MODES.get(event.get("EventType", ""))
        if mode is not None and event.get(mode) != "WARN":
            failures.append(_refusal(event))
    return tuple(dict.fromkeys(failures))


def _refusal(event: dict[str, Any]) -> Refusal:
    """A refusal by a hook or by CloudFormation's validation, with its path in the template.

    The path is the whole resource's where the event names none in it.
    """
    is_hook = event["EventType"] == "HOOK_INVOCATION_ERROR"
    logical_id = event.get("LogicalResourceId", "")
    steps = event.get("ValidationPath", "").strip("/").split("/")
    if steps[:2] != ["Resources", logical_id]:
        steps = ["Resources", logical_id]
    return Refusal(
        logical_id,
        event.get("ResourceType", ""),
        event.get("HookStatusReason" if is_hook else "ValidationStatusReason", "") or "without a reason",
        tuple(int(step) if step.isdigit() else step for step in steps),
        event.get("HookType" if is_hook else "ValidationName", ""),
        is_hook,
    )


def at_lines(error: RemitError, built: Built) -> RemitError:
    """The error with each mistake that has a path in the template at the line that wrote that part of it.

    The errors are changed in place; the first of them is returned, with the others in `further`.
    """
    origins = {resource.logical_id: resource.origin for resource in built.template.resources}
    written = {function.resource_id: function.written for function in built.app.functions}
    for mistake in error.all:
        if mistake.path[:1] == ("Resources",):
            logical_id, steps = str(mistake.path[1]), mistake.path[3:]  # behind Resources, the id and Properties
            line = written.get(logical_id, {}).get(str(steps[0])) if steps else None
            # The line of an argument is exact; else `placed` looks for the rest of the path from the resource's line.
            mistake.origin = line or origins.get(logical_id)
            mistake.path = () if line else steps
    first, *further = placed(error.all, built.folder).errors
    first.further = tuple(further)
    return first
