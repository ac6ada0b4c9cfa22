"""Events of a stack, for people: an event on a line, a failure with its cause."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from remit.errors import RemitError
from remit.report.terminal_text import shown

if TYPE_CHECKING:
    from remit.deploy.events import StackEvent
    from remit.deploy.execute import Outcome
    from remit.deploy.first_failure import FirstFailure

_STATUS_WIDTH: Final = 18  # of UPDATE_IN_PROGRESS; longer ones push the rest aside
_ENDINGS: Final = {
    ("CREATE", "DELETE_COMPLETE"): "what had been made was removed again",
    ("CREATE", "ROLLBACK_COMPLETE"): "what had been made was removed again; `remit deploy` clears the rest first",
    ("UPDATE", "UPDATE_ROLLBACK_COMPLETE"): "everything is as it was before",
    ("UPDATE", "UPDATE_ROLLBACK_FAILED"): "and going back failed, too",
}


def event_line(event: StackEvent, namespace: str) -> str:
    """An event on one line: when (UTC), what became of it, which resource (and nested stack), why."""
    time = event.at[11:19]
    resource = event.logical_id
    if not event.of_stack and event.stack != namespace:
        resource = f"{event.stack}/{resource}"
    reason = " ".join(event.reason.split())
    return shown(f"{time}  {event.status:<{_STATUS_WIDTH}}  {event.type}  {resource}  {reason}".rstrip())


def failure(outcome: Outcome, hint: str | None) -> RemitError:
    """The error for an operation that failed, with the first cause."""
    verb = {"CREATE": "deploying", "UPDATE": "deploying", "DELETE": "deleting"}.get(outcome.kind, "changing")
    ending = _ENDINGS.get((outcome.kind, outcome.status))
    message = f"{verb} {outcome.namespace} failed ({outcome.status})"
    if outcome.cause is not None:
        message = f"{message}: {cause_text(outcome.cause, outcome.namespace)}"
    lines = [message]
    if ending is not None:
        lines.append(ending)
    if outcome.kind == "CREATE":
        lines += [stays_line(event) for event in outcome.retained]
    return RemitError("\n  ".join(lines), hint=hint, exit_code=1)


def stays_line(event: StackEvent) -> str:
    """Word the remains of a stack that is gone."""
    return f"{event.type} {event.physical_id} stays, as the deletion policy of {event.logical_id} says"


def cause_text(cause: FirstFailure, namespace: str) -> str:
    """The cause: logical id, type, AWS's reason, and the nested stack that it is in."""
    inside = "" if cause.stack == namespace else f" in {cause.stack}"
    return f"{cause.logical_id} ({cause.type}{inside}): {cause.reason or cause.status}"


def cause_document(cause: FirstFailure | None) -> dict[str, Any] | None:
    """The cause for programs."""
    if cause is None:
        return None
    return {"logical_id": cause.logical_id, "type": cause.type, "stack": cause.stack, "reason": cause.reason}
