"""A clock that runs a function: a schedule of EventBridge Scheduler."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import KW_ONLY, dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from remit.app import Grant, Resource, Triggered
from remit.declare.resource_references import QueueRef
from remit.errors import Origin, RemitError
from remit.holders import Holder, inline, trusting
from remit.iam import tokens
from remit.iam.policy import Condition, Policy, allow
from remit.resources.names import name_of
from remit.triggers.failure_destination import dead_letter_queue
from remit.triggers.schedule_expression import EVER, HINT, check_expression, check_timezone, next_run, why_never
from remit.triggers.source import check_range, check_zone, checked_json, position_suffix, retry_policy
from remit.triggers.trigger import BaseTrigger, TriggerSource

SCHEDULER: Final = "scheduler.amazonaws.com"


def trust_of_group(name: str) -> Policy:
    """The trust policy of a role that only schedules of one group in this account can use.

    "Confused deputy prevention in EventBridge Scheduler": the condition must name a group, and cannot name a schedule.
    """
    group = f"arn:{tokens.PARTITION}:scheduler:{tokens.REGION}:{tokens.ACCOUNT}:schedule-group/{name}"
    from_here = Condition("StringEquals", "aws:SourceAccount", (tokens.ACCOUNT,))
    from_group = Condition("StringEquals", "aws:SourceArn", (group,))
    return trusting((SCHEDULER,), from_here, from_group)


@dataclass(frozen=True, slots=True)
class Schedule(BaseTrigger):
    """Run by the clock: `on.schedule("rate(1 day)")`, or `on.schedule("cron(0 8 * * ? *)")`.

    `on.schedule("at(2026-12-24T18:00:00)")` runs it once. `timezone` is a name such as "Europe/Berlin", for `cron` and
    `at`; UTC if none is given. `input` is the event that the handler gets (any JSON) in place of Scheduler's own.
    `start` and `end` bound the time in which it runs (datetimes with a time zone). `flexible_window` lets it run up to
    that many minutes later (1 to 1,440). Scheduler tries again `retries` times (0 to 185) for `max_event_age` seconds
    (60 to 86,400), and then sends the event to the queue `dead_letter`.
    """

    expression: str
    _: KW_ONLY
    timezone: str | None = None
    input: Any = None
    start: datetime | None = None
    end: datetime | None = None
    flexible_window: int | None = None
    retries: int | None = None
    max_event_age: int | None = None
    dead_letter: QueueRef | None = None
    enabled: bool = True

    def checks(self) -> Iterator[Callable[[], object]]:
        """Yield the checks of each option, and last, whether it ever runs."""
        yield self._check_expression
        yield partial(check_zone, "start", self.start)
        yield partial(check_zone, "end", self.end)
        yield partial(checked_json, "schedule's input", self.input)
        yield partial(check_range, "flexible_window", self.flexible_window, 1, 1_440)
        yield partial(check_range, "retries", self.retries, 0, 185)
        yield partial(check_range, "max_event_age", self.max_event_age, 60, 86_400)
        if self.dead_letter is not None:
            yield partial(dead_letter_queue, self.dead_letter)
        yield self._check_runs

    def _check_expression(self) -> None:
        """Refuse with RemitError (2) an expression or a time zone that EventBridge Scheduler does not take."""
        check_expression(self.expression)
        if self.timezone is not None:
            check_timezone(self.timezone, self.expression)

    def _check_runs(self) -> None:
        """It must run at some time, whenever it is looked at. RemitError (2): it never does, with the reason."""
        self._check_expression()
        check_zone("start", self.start)
        check_zone("end", self.end)
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise RemitError("schedule ends before it starts, and so never runs")
        if self.runs_after(EVER):
            return
        reason = "its times are before `start` or after `end`"
        if next_run(self.expression, self.timezone, EVER) is None:
            reason = why_never(self.expression, self.timezone)
        raise RemitError(f"schedule {self.expression!r:.60}: it never runs: {reason}", hint=HINT)

    def runs_after(self, now: datetime) -> bool:
        """Return whether it runs at some time from `now` on."""
        since = now if self.start is None else max(now, self.start)
        run = next_run(self.expression, self.timezone, since)
        return run is not None and (self.end is None or run <= self.end)

    def sources(self) -> Iterator[TriggerSource]:
        """Yield the dead-letter queue."""
        if self.dead_letter is not None:
            yield TriggerSource("queue", dead_letter_queue(self.dead_letter).arn, "")

    def resources(self, function: Triggered) -> Iterator[Resource]:
        """Yield the schedule, whose target is the function or workflow, with the role of `roles`."""
        # Not `Schedule`: that was a rule of EventBridge in earlier versions, and no resource may change its type.
        logical_id = f"{function.logical_id}Scheduled{position_suffix(self, function)}"
        target: dict[str, Any] = {"Arn": function.arn, "RoleArn": f"${{{_role_id(function)}.Arn}}"}
        if self.input is not None:
            target["Input"] = checked_json("schedule's input", self.input)
        if self.dead_letter is not None:
            target["DeadLetterConfig"] = {"Arn": dead_letter_queue(self.dead_letter).arn}
        yield self.schedule(logical_id, f"Runs {function.physical_name}", target, function.origin)

    def schedule(self, logical_id: str, description: str, target: Mapping[str, Any], origin: Origin | None) -> Resource:
        """The schedule of a target, as AWS::Scheduler::Schedule has it."""
        window: dict[str, Any] = {"Mode": "OFF"}
        if self.flexible_window is not None:
            window = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": self.flexible_window}
        properties: dict[str, Any] = {
            "Description": description,
            "ScheduleExpression": self.expression,
            "FlexibleTimeWindow": window,
            "State": "ENABLED" if self.enabled else "DISABLED",
            "Target": {**target, **retry_policy(self)},
        }
        if self.timezone is not None:
            properties["ScheduleExpressionTimezone"] = self.timezone
        for name, moment in (("StartDate", self.start), ("EndDate", self.end)):
            if moment is not None:
                properties[name] = moment.isoformat()
        return Resource(logical_id, "AWS::Scheduler::Schedule", properties, origin=origin)

    def roles(self, function: Triggered) -> Iterator[Holder]:
        """Yield the role with which all schedules of a function invoke it, and nothing else: with the first of them.

        Only schedules of this account's default group can use it.
        """
        if position_suffix(self, function):
            return
        schedules = [trigger for trigger in function.triggers if isinstance(trigger, Schedule)]
        queues = [dead_letter_queue(item.dead_letter).arn for item in schedules if item.dead_letter is not None]
        runs = Grant(
            allow(function.start, on=function.arn),
            function.computed("is run by its schedules"),
            function.origin,
        )
        sends = [
            Grant(
                allow("sqs:SendMessage", on=queue),
                function.computed(f"has schedules that send what failed to {name_of(queue)}"),
                function.origin,
            )
            for queue in dict.fromkeys(queues)
        ]
        yield Holder(
            _role_id(function),
            (inline((runs, *sends)),),
            trusts=(SCHEDULER,),
            trust=trust_of_group("default"),
            origin=function.origin,
        )


def _role_id(function: Triggered) -> str:
    return f"{function.logical_id}SchedulerRole"
