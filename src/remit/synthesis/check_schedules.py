"""Check that schedules run, and still do: one whose last time is over would be deployed, and do nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remit.errors import RemitError
from remit.iam import tokens
from remit.triggers.trigger import trigger_files, triggers_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from remit.app import App

_TYPES: Final = ("AWS::Events::Rule", "AWS::Scheduler::Schedule")


def check_schedules(app: App, now: datetime) -> Iterator[RemitError]:
    """Yield an error for each schedule that is wrong or never runs, at its line.

    Triggers and jobs: none after `now`, unless it is turned off. Shared resources: none at any time.
    """
    resources = [resource for resource in app.resources if resource.type in _TYPES]
    if not resources and not app.queues and "schedule" not in trigger_files(app.triggered):
        return
    from remit.triggers import schedule_expression as expressions  # noqa: PLC0415 - the calendar comes with it
    from remit.triggers.schedule import Schedule  # noqa: PLC0415 - as above

    for resource in resources:
        expression = tokens.textual(resource.properties.get("ScheduleExpression"))
        if not isinstance(expression, str) or tokens.references(expression):
            continue
        zone = resource.properties.get("ScheduleExpressionTimezone")
        timezone = None if zone is None else str(zone)
        problem = expressions.expression_problem(expression)
        if problem is None and expressions.next_run(expression, timezone, expressions.EVER) is None:
            problem = f"it never runs: {expressions.why_never(expression, timezone)}"
        if problem is not None:
            message = f"schedule {expression!r:.60} of `{resource.logical_id}`: {problem}"
            yield RemitError(message, hint=expressions.HINT, origin=resource.origin)
    of_functions = [trigger for _, trigger in triggers_of(app.triggered, Schedule)]
    of_jobs = [job.schedule for queue in app.queues for job in queue.scheduled]
    for schedule in (*of_functions, *of_jobs):
        if schedule.enabled and not schedule.runs_after(now):
            yield RemitError(
                f"schedule {schedule.expression!r:.60}: it never runs again, its last time is over",
                hint="remove it, give it a later time, or turn it off with `enabled=False`",
                origin=schedule.written,
            )
