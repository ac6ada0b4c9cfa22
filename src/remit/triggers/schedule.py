"""A clock that runs a function."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from remit.app import Function, Grant, Resource
from remit.errors import RemitError, writer
from remit.triggers.trigger import BaseTrigger

if TYPE_CHECKING:
    from collections.abc import Iterator

_RATE: Final = re.compile(r"rate\((\d+) (minute|hour|day)(s?)\)")
_CRON: Final = re.compile(r"cron\((.+)\)")
_CRON_FIELDS: Final = 6


@dataclass(frozen=True, slots=True)
class Schedule(BaseTrigger):
    """Run the function by the clock: `schedule("rate(1 day)")` or `schedule("cron(0 8 * * ? *)")`, in UTC.

    `input` is the event that the handler gets (any JSON) in place of EventBridge's own. Source of the grammar:
    "Schedule expressions" (Amazon EventBridge User Guide).
    """

    expression: str
    input: Any = None
    enabled: bool = True

    def __post_init__(self) -> None:
        problem = _problem(self.expression)
        if problem is not None:
            hint = 'write "rate(5 minutes)" or "cron(0 8 * * ? *)": minute hour day month weekday year'
            raise RemitError(f"schedule {self.expression!r:.60}: {problem}", hint=hint, origin=writer())
        try:
            self._event()
        except (TypeError, ValueError, RecursionError) as error:
            raise RemitError(f"schedule's input is not JSON: {error}", origin=writer()) from None

    def _event(self) -> str:
        import json  # noqa: PLC0415 - seldom

        return json.dumps(self.input, sort_keys=True, allow_nan=False)

    def grants(self, function: Function) -> Iterator[Grant]:  # noqa: ARG002 - a trigger's signature
        """None: EventBridge calls the function by the function's own resource policy."""
        yield from ()

    def resources(self, function: Function) -> Iterator[Resource]:
        """The rule, and the function's permission for this rule alone."""
        rule = f"{function.logical_id}Schedule{_suffix(self, function)}"
        target: dict[str, Any] = {"Id": "function", "Arn": function.arn}
        if self.input is not None:
            target["Input"] = self._event()
        state = "ENABLED" if self.enabled else "DISABLED"
        properties = {"ScheduleExpression": self.expression, "State": state, "Targets": [target]}
        yield Resource(rule, "AWS::Events::Rule", properties, origin=function.origin)
        yield Resource(
            f"{rule}Permission",
            "AWS::Lambda::Permission",
            {
                "Action": "lambda:InvokeFunction",
                "FunctionName": f"${{{function.logical_id}Function}}",
                "Principal": "events.amazonaws.com",
                "SourceArn": f"${{{rule}.Arn}}",
            },
            origin=function.origin,
        )


def _suffix(trigger: Schedule, function: Function) -> str:
    """Nothing for a function's first schedule, then 2, 3 and so on."""
    schedules = [item for item in function.triggers if isinstance(item, Schedule)]
    position = next(number for number, schedule in enumerate(schedules) if schedule is trigger)
    return "" if position == 0 else str(position + 1)


def _problem(expression: object) -> str | None:  # noqa: PLR0911 - one answer per kind of mistake
    if not isinstance(expression, str):
        return f"must be a string, got {type(expression).__name__}"
    rate = _RATE.fullmatch(expression)
    if rate is not None:
        number, unit, plural = int(rate[1]), rate[2], rate[3]
        if number == 0:
            return "a rate of 0"
        if (number == 1) == bool(plural):
            return f"EventBridge wants rate({number} {unit}{'' if plural else 's'})"
        return None
    cron = _CRON.fullmatch(expression)
    if cron is None:
        return "neither a rate nor a cron expression"
    fields = cron[1].split()
    if len(fields) != _CRON_FIELDS:
        return f"cron has {len(fields)} fields of {_CRON_FIELDS}"
    if (fields[2] == "?") == (fields[4] == "?"):
        return "one of day and weekday must be `?`, and only one"
    return None
