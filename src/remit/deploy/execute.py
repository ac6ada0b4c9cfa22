"""Carry out a plan and follow it to its end, or follow what runs already."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from remit.deploy.aws_errors import BUSY, answered_errors, call_errors, code, remit_errors
from remit.deploy.events import StackEvent, StackOperation, follow, latest
from remit.deploy.first_failure import cause_of, cause_text, first_cause, hint_of
from remit.deploy.refusals import Refusal, refusals
from remit.deploy.stack import DeployedStack, StackOutput, busy_error, describe, not_deployed, pauses
from remit.errors import RemitError, stop_code

if TYPE_CHECKING:
    from remit.deploy.plan import StackPlan
    from remit.deploy.session import Account

OnEvent = Callable[[StackEvent], None]
"""Called with each event of the operation, once, in order."""

_GOOD: Final = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "DELETE_COMPLETE", "IMPORT_COMPLETE"})
_ENDINGS: Final = {
    ("CREATE", "DELETE_COMPLETE"): "what had been made was removed again",
    ("CREATE", "ROLLBACK_COMPLETE"): "what had been made was removed again; `remit deploy` clears the rest first",
    ("UPDATE", "UPDATE_ROLLBACK_COMPLETE"): "everything is as it was before",
    ("UPDATE", "UPDATE_ROLLBACK_FAILED"): "and going back failed, too",
}
"""The fate of a stack whose operation failed, by what was asked for and the status at the end."""
_ASKS: Final = 6  # times that the outputs of a finished stack are asked for


class Superseded(RemitError):
    """A plan that no longer fits: the stack changed since. Plan again, and show the new one."""


_VERSION: Final = "AWS::Lambda::Version"
"""Its deletion is skipped, and it goes with its function all the same ("DeleteFunction", AWS Lambda API Reference)."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an operation ended.

    `seconds` is the time from the request to the last event, CloudFormation's own.
    """

    namespace: str
    stack_id: str
    kind: str
    status: str
    ok: bool
    outputs: tuple[StackOutput, ...] = ()
    cause: StackEvent | None = None
    seconds: float = 0.0
    retained: tuple[StackEvent, ...] = ()
    """Of each resource that stays since its deletion policy says so, the event that tells it."""
    left: tuple[StackEvent, ...] = ()
    """Of each resource that could not be deleted, the event that tells why."""
    refusals: tuple[Refusal, ...] = ()
    """What early validations and hooks refused."""

    @property
    def hint(self) -> str | None:
        """The usual remedies for the cause and for what could not be deleted; None when none is known."""
        causes = [*map(cause_of, self.left), *([] if self.cause is None else [self.cause])]
        hints = [hint for hint in map(hint_of, causes) if hint is not None]
        return "; ".join(dict.fromkeys(hints)) or None


def execute(account: Account, planned: StackPlan, on_event: OnEvent) -> Outcome:
    """Execute the change set and follow its events to the end.

    A failed deploy is an Outcome with its cause. Superseded (75): the stack changed since the plan. RemitError:
    somebody else deploys (75), AWS refuses, or the following stopped (130 when interrupted) while CloudFormation goes
    on.
    """
    # The same token for the same plan: a request that is sent again starts nothing a second time.
    token = f"remit-{planned.change_set.rpartition('/')[2]}"
    operation = StackOperation(planned.stack_id, planned.kind, token, then_deletes=planned.kind == "CREATE")
    with remit_errors():
        _start(account, planned, operation)
    return followed(account, planned.namespace, operation, on_event)


def resume(account: Account, namespace: str, on_event: OnEvent) -> Outcome:
    """Follow the operation that runs, or the last one again, from its first event to its end.

    RemitError (2): there is no stack, or nothing was ever done to it; else as `execute`.
    """
    with remit_errors():
        stack = describe(account, namespace)
    operation = None if stack is None else latest(account, stack.id)
    if stack is None or operation is None:
        hint = not_deployed(account, namespace).hint
        raise RemitError(f"there is nothing to resume: {namespace} is not deployed", hint=hint)
    rolled_back = stack.status == "ROLLBACK_COMPLETE"
    operation = StackOperation(
        stack.id, operation.kind, operation.token, then_deletes=operation.kind == "CREATE" and not rolled_back
    )
    return followed(account, namespace, operation, on_event)


def continue_rollback(account: Account, stack: DeployedStack, on_event: OnEvent, skip: Sequence[str] = ()) -> Outcome:
    """Go on going back after UPDATE_ROLLBACK_FAILED.

    `skip`: logical ids that a person decided to leave as they are. The end is awaited; one that fails again is in the
    outcome. RemitError: AWS refuses.
    """
    token = f"remit-{uuid.uuid4()}"
    with remit_errors():
        account.client("cloudformation").continue_update_rollback(
            StackName=stack.id, ClientRequestToken=token, **({"ResourcesToSkip": list(skip)} if skip else {})
        )
    outcome = followed(account, stack.name, StackOperation(stack.id, "UPDATE_ROLLBACK", token), on_event)
    return replace(outcome, ok=outcome.status == "UPDATE_ROLLBACK_COMPLETE")


def followed(account: Account, namespace: str, operation: StackOperation, on_event: OnEvent) -> Outcome:
    """Pass each event of an operation to `on_event`, and return how it ended.

    Only a failure has a cause and refusals, and only a success but a delete has outputs. A first deploy whose stack is
    deleted again is a failure. RemitError: AWS denies or does not answer; (130) interrupted. Both say that it goes on.
    """
    began, failures, retained, status = time.monotonic(), [], [], ""
    left: dict[tuple[str, str], StackEvent] = {}
    try:
        for event in follow(account, operation):
            on_event(event)
            status = event.status
            if event.failed:
                failures.append(event)
            if event.status == "DELETE_FAILED" and not event.of_stack:
                left[event.stack_id, event.physical_id] = event
            elif event.status == "DELETE_COMPLETE":  # CloudFormation tries up to three times
                left.pop((event.stack_id, event.physical_id), None)
            elif event.status == "DELETE_SKIPPED" and (event.type != _VERSION or operation.kind == "UPDATE"):
                retained.append(event)
        seconds = time.monotonic() - began
        # A first deploy that failed ends with its stack deleted, which is no success.
        ok = status in _GOOD and not (operation.kind != "DELETE" and status == "DELETE_COMPLETE")
        outputs = _outputs(account, operation) if ok and operation.kind != "DELETE" else ()
    except KeyboardInterrupt as stop:
        raise _stopped_watching(namespace, operation, stop) from stop
    refused = () if ok else refusals(account, operation.stack_id, token=operation.token)
    return Outcome(
        namespace=namespace,
        stack_id=operation.stack_id,
        kind=operation.kind,
        status=status,
        ok=ok,
        outputs=outputs,
        cause=None if ok else first_cause(failures),
        seconds=seconds,
        retained=tuple(retained),
        left=tuple(left.values()),
        refusals=refused,
    )


def failure(outcome: Outcome, hint: str | None) -> RemitError:
    """The error (1) for an operation that failed, with the first cause and what is left; refusals are in `further`.

    Its path is that of the resource which failed, in the template; () where no cause is known.
    """
    verb = {"CREATE": "deploying", "UPDATE": "deploying", "DELETE": "deleting"}.get(outcome.kind, "changing")
    ending = _ENDINGS.get((outcome.kind, outcome.status))
    message = f"{verb} {outcome.namespace} failed ({outcome.status})"
    if outcome.cause is not None and not (outcome.kind == "DELETE" and outcome.left):
        message = f"{message}: {cause_text(outcome.cause, outcome.namespace)}"
    lines = [message]
    if ending is not None:
        lines.append(ending)
    if outcome.kind == "CREATE":
        lines += [stays_line(event) for event in outcome.retained]
    lines += map(left_line, outcome.left)
    path = () if outcome.cause is None else ("Resources", outcome.cause.logical_id)
    further = tuple(refusal.error for refusal in outcome.refusals)
    return RemitError("\n  ".join(lines), hint=hint, path=path, exit_code=1, further=further)


def left_line(event: StackEvent) -> str:
    """The line about a resource that could not be deleted, and why."""
    return f"left: {event.physical_id} ({event.logical_id}, {event.type}): {cause_of(event).reason or event.status}"


def stays_line(event: StackEvent) -> str:
    """The line about a resource that stays without its stack, since its deletion policy says so."""
    return f"{event.type} {event.physical_id} stays, as the deletion policy of {event.logical_id} says"


def _stopped_watching(namespace: str, operation: StackOperation, stop: KeyboardInterrupt) -> RemitError:
    """The error for a signal while an operation is followed, which goes on: with the signal's exit code."""
    deleting = operation.kind == "DELETE"
    return RemitError(
        f"stopped watching, but {'deleting' if deleting else 'deploying'} {namespace} continues in AWS",
        hint=f"`remit {'delete' if deleting else 'deploy'} --resume` follows it to its end; "
        "`remit status` shows where it is",
        exit_code=stop_code(stop),
    )


def _start(account: Account, planned: StackPlan, operation: StackOperation) -> None:
    """Execute the change set, unless an earlier request of the same token did.

    Superseded (75): the change set is gone, or does not fit the stack any more. RemitError (75): somebody else deploys,
    or was first; (130): interrupted. All else that AWS refuses is raised as the SDK has it.
    """
    try:
        account.client("cloudformation").execute_change_set(
            ChangeSetName=planned.change_set, StackName=planned.stack_id, ClientRequestToken=operation.token
        )
    except KeyboardInterrupt as stop:
        raise _stopped_watching(planned.namespace, operation, stop) from stop
    except answered_errors() as error:
        if code(error) == "TokenAlreadyExistsException":
            return
        if code(error) not in {"InvalidChangeSetStatus", "ChangeSetNotFound", "ValidationError"}:
            raise
        running = latest(account, planned.stack_id)
        if running is not None and running.token == operation.token:
            return  # the request came through before, and its answer was lost
        stack = describe(account, planned.namespace)
        if stack is not None and (stack.busy or (planned.kind == "CREATE" and not stack.new)):
            raise busy_error(account, stack) from error
        if code(error) == "ValidationError" and stack is not None:
            raise
        raise Superseded(
            f"{planned.namespace} was changed by somebody else after this was planned",
            hint="deploy again, with a new plan",
            exit_code=BUSY,
        ) from error


def _outputs(account: Account, operation: StackOperation) -> tuple[StackOutput, ...]:
    """The outputs of a stack that is done, asked for up to six times.

    They are empty if AWS does not answer or the stack stays busy: the deploy itself succeeded.
    """
    for _, pause in zip(range(_ASKS), pauses(account), strict=False):
        try:
            stack = describe(account, operation.stack_id)
        except call_errors():
            stack = None
        if stack is not None and not stack.busy:
            return stack.outputs
        time.sleep(pause)
    return ()
