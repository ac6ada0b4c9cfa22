"""Check that schedules run, and still do: one whose last time is over would be deployed, and do nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remit.errors import RemitError
from remit.iam import tokens
from remit.triggers.schedule import Schedule
from remit.triggers.schedule_expression import EVER, HINT, expression_problem, next_run, why_never

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from remit.app import App, Resource

_TYPES: Final = ("AWS::Events::Rule", "AWS::Scheduler::Schedule")


def check_schedules(app: App, now: datetime) -> Iterator[RemitError]:
    """Each schedule that never runs from `now` on, and is not turned off, of functions, jobs and shared resources."""
    for resource in app.resources:
        expression = tokens.textual(resource.properties.get("ScheduleExpression"))
        if resource.type in _TYPES and isinstance(expression, str) and not tokens.references(expression):
            zone = resource.properties.get("ScheduleExpressionTimezone")
            yield from _check_expression(expression, None if zone is None else str(zone), resource)
    for schedule in _schedules(app):
        if schedule.enabled and not schedule.runs_after(now):
            yield RemitError(
                f"schedule {schedule.expression!r:.60}: it never runs again, its last time is over",
                hint="remove it, give it a later time, or turn it off with `enabled=False`",
                origin=schedule.written,
            )


def _check_expression(expression: str, timezone: str | None, resource: Resource) -> Iterator[RemitError]:
    """Yield errors in a schedule's expression that was written by hand, in its start and in its end."""
    problem = expression_problem(expression)
    if problem is None and next_run(expression, timezone, EVER) is None:
        problem = f"it never runs: {why_never(expression, timezone)}"
    if problem is not None:
        yield RemitError(
            f"schedule {expression!r:.60} of `{resource.logical_id}`: {problem}", hint=HINT, origin=resource.origin
        )


def _schedules(app: App) -> Iterator[Schedule]:
    for function in app.functions:
        for trigger in function.triggers:
            if isinstance(trigger, Schedule):
                yield trigger
    for queue in app.queues:
        for job in queue.scheduled:
            if isinstance(job.schedule, Schedule):
                yield job.schedule
