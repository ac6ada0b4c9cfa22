"""Events of a stack: an event on a line, for people; the cause of a failure, for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from remit.report.documents import members
from remit.report.terminal_text import shown

if TYPE_CHECKING:
    from remit.deploy.events import StackEvent
    from remit.deploy.refusals import Refusal

_STATUS_WIDTH: Final = 18  # of UPDATE_IN_PROGRESS; longer ones push the rest aside


def event_line(event: StackEvent, namespace: str) -> str:
    """An event on one line: when (UTC), what became of it, which resource (and nested stack), why."""
    time = event.at[11:19]
    resource = event.logical_id
    if not event.of_stack and event.stack != namespace:
        resource = f"{event.stack}/{resource}"
    reason = " ".join(event.reason.split())
    return shown(f"{time}  {event.status:<{_STATUS_WIDTH}}  {event.type}  {resource}  {reason}".rstrip())


def cause_document(cause: StackEvent | None) -> dict[str, Any] | None:
    """The cause of a failure, for programs; None where nobody knows it."""
    if cause is None:
        return None
    return members(cause, "logical_id", "type", "stack", "reason")


def event_document(event: StackEvent) -> dict[str, Any]:
    """An event of a resource, for programs."""
    return members(event, "logical_id", "type", "physical_id", "stack", "status", "reason")


def refusal_document(refusal: Refusal) -> dict[str, Any]:
    """A refusal of CloudFormation, or a hook, for programs; `path` leads to it from the template's root."""
    return {**members(refusal, "logical_id", "type", "reason", "path", "check"), "hook": refusal.is_hook}
