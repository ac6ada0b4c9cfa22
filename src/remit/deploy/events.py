"""Follow one operation of a stack by its events: each exactly once, in order, nested stacks included.

AWS lists events newest first, a page at a time. All events of an operation carry the token that it was
started with, so the walk back ends at the operation's own first event, at one that was told before, or at
another operation's.

Source: "DescribeStackEvents", "StackEvent" (CloudFormation API Reference).
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final

from remit.deploy import aws_errors
from remit.deploy.stack import describe, no_such_stack, pauses

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from remit.deploy.session import Account

STACK_TYPE: Final = "AWS::CloudFormation::Stack"
_PATIENCE: Final = 120.0  # seconds without one answer before remit gives up following (never the deploy itself)
_THROTTLED_PATIENCE: Final = 900.0
_LONGEST: Final = 20.0  # seconds between two tries while AWS does not answer
_LONGEST_LOCAL: Final = 0.3
_IDLE: Final = 3  # polls without news before the stack itself is asked
_GOES_ON: Final = ("CREATE_FAILED", "UPDATE_FAILED")
"""Where a stack does not stop: unless that is turned off, a rollback follows."""


@dataclass(frozen=True, slots=True)
class StackEvent:
    """One event of a stack. `at` is AWS's time, ISO 8601 in UTC, milliseconds."""

    id: str
    stack_id: str
    stack: str
    at: str
    logical_id: str
    physical_id: str
    type: str
    status: str
    reason: str = ""
    token: str = ""

    @property
    def of_stack(self) -> bool:
        """True if it is about its stack itself, not about a resource in it."""
        return self.type == STACK_TYPE and self.physical_id == self.stack_id

    @property
    def failed(self) -> bool:
        """True if something failed."""
        return self.status.endswith("_FAILED")


@dataclass(frozen=True, slots=True)
class StackOperation:
    """One operation on a stack, and how AWS marks it.

    `kind` is what its first event says, without _IN_PROGRESS: CREATE, UPDATE, DELETE, UPDATE_ROLLBACK.
    `then_deletes`: a failed create is not over with its rollback, the stack is deleted after it
    (OnStackFailure=DELETE).
    """

    stack_id: str
    kind: str
    token: str = ""
    then_deletes: bool = False

    def begins(self, event: StackEvent) -> bool:
        """Return whether this event is the operation's first."""
        return event.of_stack and event.status == f"{self.kind}_IN_PROGRESS" and self.token in ("", event.token)

    def foreign(self, event: StackEvent) -> bool:
        """Return whether this event is certainly of an earlier operation."""
        has_other_token = bool(self.token and event.token and event.token != self.token)
        return has_other_token or (event.of_stack and event.status == "REVIEW_IN_PROGRESS")

    def ends(self, event: StackEvent) -> bool:
        """Return whether this event is the operation's last."""
        goes_on = (*_GOES_ON, "ROLLBACK_COMPLETE") if self.then_deletes else _GOES_ON
        is_end = event.status.endswith(("_COMPLETE", "_FAILED")) and event.status not in goes_on
        return event.stack_id == self.stack_id and event.of_stack and is_end


@dataclass(slots=True)
class _PassedOn:
    """The events passed on already: ids of this operation's events, and the nested stacks in it."""

    ids: set[str] = field(default_factory=set)
    nested: dict[str, None] = field(default_factory=dict)
    since: str = ""


def follow(account: Account, operation: StackOperation) -> Iterator[StackEvent]:
    """The operation's events as they come, until the one that ends it.

    A poll that is throttled or fails never ends it: the pause grows, and the next poll catches up.
    RemitError: the credentials expired, access is denied, or nothing answers for two minutes; the operation
    continues in AWS.
    """
    passed_on, waits, idle = _PassedOn(), pauses(account), 0
    for news in _patient_polls(account, operation, passed_on):
        for event in news:
            yield event
            if operation.ends(event):
                return
        idle = 0 if news else idle + 1
        if idle and idle % _IDLE == 0 and (last := _end_unseen(account, operation, started=bool(passed_on.since))):
            yield last
            return
        time.sleep(next(waits))


def latest(account: Account, stack_id: str) -> StackOperation | None:
    """The operation that ran last on a stack, or still runs, without `then_deletes`; None when there was none.

    RemitError: AWS refuses.
    """
    kinds = ("CREATE", "UPDATE", "DELETE", "UPDATE_ROLLBACK", "IMPORT")
    with aws_errors.remit_errors():
        for page in _pages(account, stack_id):
            for event in page:
                kind = event.status.removesuffix("_IN_PROGRESS")
                # A rollback by itself is part of its update; one that somebody asked for is an operation.
                rolling_back = kind == "UPDATE_ROLLBACK" and "User Initiated" not in event.reason
                if event.of_stack and kind in kinds and not rolling_back:
                    return StackOperation(stack_id, kind, event.token)
    return None


def _patient_polls(account: Account, operation: StackOperation, passed_on: _PassedOn) -> Iterator[list[StackEvent]]:
    """Yield the new events of each poll without an end, [] where there are none; after a failure, poll again a while.

    A stack that is not there counts as no news. RemitError: no answer for two minutes, or fifteen where AWS throttles;
    or a refusal that does not pass by itself.
    """
    failures, silent_since = 0, time.monotonic()
    longest = _LONGEST_LOCAL if account.local else _LONGEST
    while True:
        try:
            news = _news(account, operation, passed_on)
        except aws_errors.call_errors() as error:
            if no_such_stack(error):  # not seen everywhere yet, or gone for good: the stack itself will tell
                yield []
                continue
            patience = _THROTTLED_PATIENCE if aws_errors.throttled(error) else _PATIENCE
            if not aws_errors.transient(error) or time.monotonic() - silent_since > patience:
                raise aws_errors.remit_error(error, f"the operation on {_stack_name(operation.stack_id)}") from error
            failures += 1
            time.sleep(random.uniform(0.1, min(longest, 2.0**failures)))  # noqa: S311 - spreads load, hides nothing
        else:
            failures, silent_since = 0, time.monotonic()
            yield news


def _news(account: Account, operation: StackOperation, passed_on: _PassedOn) -> list[StackEvent]:
    """Return the events since the last poll, oldest first, but that of the operation's end last.

    None is marked as passed on before every page has come.
    """
    events, since = _new_root_events(account, operation, passed_on)
    events_by_id = {event.id: event for event in events}
    nested = dict(passed_on.nested)
    queue = [*nested, *_new_nested_stacks(events_by_id.values(), nested)]
    while queue:
        stack_id = queue.pop(0)
        nested[stack_id] = None
        nested_events = {event.id: event for event in _new_nested_events(account, stack_id, since, passed_on)}
        events_by_id |= nested_events
        queue += _new_nested_stacks(nested_events.values(), nested)
    passed_on.since, passed_on.nested = since, nested
    passed_on.ids |= events_by_id.keys()
    # The end comes last, whatever a nested stack still tells of the same millisecond.
    return sorted(events_by_id.values(), key=lambda event: (operation.ends(event), event.at))


def _new_root_events(account: Account, operation: StackOperation, passed_on: _PassedOn) -> tuple[list[StackEvent], str]:
    """The new events of the stack itself, oldest first, and when the operation began.

    Until AWS shows its beginning there are no events, and the time is `""`.
    """
    new: list[StackEvent] = []
    for page in _pages(account, operation.stack_id):
        for event in page:
            if operation.foreign(event):
                break
            if event.id not in passed_on.ids:
                new.append(event)
            if operation.begins(event):
                return new[::-1], event.at
        else:
            if passed_on.ids.isdisjoint(event.id for event in page):
                continue
        break
    return (new[::-1], passed_on.since) if passed_on.since else ([], "")


def _new_nested_events(account: Account, stack_id: str, since: str, passed_on: _PassedOn) -> list[StackEvent]:
    """The new events of a nested stack, oldest first; none when it is gone."""
    new: list[StackEvent] = []
    try:
        for page in _pages(account, stack_id):
            fresh = [event for event in page if event.at >= since and event.id not in passed_on.ids]
            new += fresh
            if len(fresh) < len(page):
                break
    except aws_errors.answered_errors() as error:
        if not no_such_stack(error):
            raise
    return new[::-1]


def _new_nested_stacks(events: Iterable[StackEvent], known_stacks: dict[str, None]) -> list[str]:
    """The nested stacks that these events speak of for the first time."""
    stack_ids = (event.physical_id for event in events if event.type == STACK_TYPE and not event.of_stack)
    return list(dict.fromkeys(arn for arn in stack_ids if ":stack/" in arn and arn not in known_stacks))


def _pages(account: Account, stack_id: str) -> Iterator[list[StackEvent]]:
    """Yield the events of a stack in AWS's pages, the newest first."""
    paginator = account.client("cloudformation").get_paginator("describe_stack_events")
    for page in paginator.paginate(StackName=stack_id):
        yield [_event(raw) for raw in page["StackEvents"]]


def _event(raw: dict[str, Any]) -> StackEvent:
    return StackEvent(
        id=raw["EventId"],
        stack_id=raw["StackId"],
        stack=raw["StackName"],
        at=raw["Timestamp"].astimezone(UTC).isoformat(timespec="milliseconds"),
        logical_id=raw.get("LogicalResourceId", ""),
        physical_id=raw.get("PhysicalResourceId", ""),
        type=raw.get("ResourceType", ""),
        status=raw.get("ResourceStatus", ""),
        reason=raw.get("ResourceStatusReason", ""),
        token=raw.get("ClientRequestToken", ""),
    )


def _end_unseen(account: Account, operation: StackOperation, *, started: bool) -> StackEvent | None:
    """An event made of the stack's own status where its end is in no event; None while the operation may still run."""
    try:
        stack = describe(account, operation.stack_id)
    except aws_errors.call_errors():
        return None
    status = "DELETE_COMPLETE" if stack is None else stack.status
    mine = started or status.startswith(("DELETE", operation.kind))
    if not mine or status.endswith("_IN_PROGRESS"):
        return None
    reason = "" if stack is None else stack.reason
    name, identifier = _stack_name(operation.stack_id), operation.stack_id
    return StackEvent("", identifier, name, "", name, identifier, STACK_TYPE, status, reason, operation.token)


def _stack_name(stack_id: str) -> str:
    """The name in a stack's ARN: arn:…:stack/NAME/UUID."""
    return stack_id.split("/")[1] if "/" in stack_id else stack_id
