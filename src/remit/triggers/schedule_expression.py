"""The expressions of EventBridge Scheduler: `rate(…)`, `cron(…)` and `at(…)`, checked field by field.

Source: "Schedule types in EventBridge Scheduler" (EventBridge Scheduler User Guide).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Final

from remit.errors import RemitError, described, did_you_mean, writer

_RATE: Final = re.compile(r"rate\((\d+) (minute|hour|day)(s?)\)")
_CRON: Final = re.compile(r"cron\((.+)\)")
_AT: Final = re.compile(r"at\((\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})\)")
_HINT: Final = (
    'write "rate(5 minutes)", "at(2026-12-24T18:00:00)" or "cron(0 8 * * ? *)": minute hour day month weekday \
year'
)
_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_MOST_DAYS: Final = {1: 31, 2: 29, 3: 31, 4: 30, 5: 31, 6: 30, 7: 31, 8: 31, 9: 30, 10: 31, 11: 30, 12: 31}
_NTH_WEEKDAY: Final = re.compile(r"(\w+)#([1-5])")
_LAST_WEEKDAY: Final = re.compile(r"([A-Z]{3}|[1-7])L")
_NEAREST_WORKDAY: Final = re.compile(r"(\d{1,2})W")


@dataclass(frozen=True, slots=True)
class _Field:
    """A field of a cron expression: the numbers that it takes, and the names for them."""

    name: str
    least: int
    most: int
    names: tuple[str, ...] = ()

    def number(self, text: str) -> int | None:
        """A value as a number; None where it is none of the field."""
        if text in self.names:
            return self.names.index(text) + self.least
        if not text.isdecimal() or not self.least <= int(text) <= self.most:
            return None
        return int(text)


_FIELDS: Final = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("weekday", 1, 7, _WEEKDAYS),
    _Field("year", 1970, 2199),
)
_DAY: Final = 2
_MONTH: Final = 3
_WEEKDAY: Final = 4


def check_expression(expression: object) -> None:
    """RemitError: EventBridge Scheduler refuses the expression, or it never runs."""
    problem = _problem(expression)
    if problem is not None:
        raise RemitError(f"schedule {expression!r:.60}: {problem}", hint=_HINT, origin=writer())


def check_timezone(timezone: object, expression: str) -> None:
    """RemitError: no time zone has that name, or the expression needs none."""
    if not isinstance(timezone, str):
        raise RemitError(
            f"timezone takes a name, got {described(timezone)}", hint="such as 'Europe/Berlin'", origin=writer()
        )
    if expression.startswith("rate("):
        raise RemitError(
            "timezone goes with cron(…) and at(…): a rate has none", hint="leave the time zone out", origin=writer()
        )
    names = _timezones()
    if names and timezone not in names:
        hint = did_you_mean(timezone, names) or "a name of the IANA time zone database, such as 'Europe/Berlin'"
        raise RemitError(f"there is no time zone {timezone!r}", hint=hint, origin=writer())


@cache
def _timezones() -> frozenset[str]:
    """The names of time zones; empty where the system has no database of them."""
    from zoneinfo import available_timezones  # noqa: PLC0415 - it reads files, and few schedules have a time zone

    return frozenset(available_timezones())


def _problem(expression: object) -> str | None:
    if not isinstance(expression, str):
        return f"must be a string, got {type(expression).__name__}"
    rate = _RATE.fullmatch(expression)
    if rate is not None:
        return _rate_problem(int(rate[1]), rate[2], rate[3])
    if expression.startswith("at("):
        return _at_problem(expression)
    cron = _CRON.fullmatch(expression)
    return "neither a rate, nor a cron expression, nor a time" if cron is None else _cron_problem(cron[1].split())


def _rate_problem(number: int, unit: str, plural: str) -> str | None:
    if number == 0:
        return "a rate of 0"
    if (number == 1) == bool(plural):
        return f"EventBridge wants rate({number} {unit}{'' if plural else 's'})"
    return None


def _at_problem(expression: str) -> str | None:
    time = _AT.fullmatch(expression)
    if time is None:
        return "a time reads at(yyyy-mm-ddThh:mm:ss); its zone goes into `timezone`"
    try:
        datetime.fromisoformat(time[1])
    except ValueError as error:
        return f"there is no such time: {error}"
    return None


def _cron_problem(fields: list[str]) -> str | None:
    if len(fields) != len(_FIELDS):
        return f"cron has {len(fields)} fields of {len(_FIELDS)}"
    if (fields[_DAY] == "?") == (fields[_WEEKDAY] == "?"):
        return "one of day and weekday must be `?`, and only one"
    for field, text in zip(_FIELDS, fields, strict=True):
        if not _is_field(field, text):
            named = f", {field.names[0]} to {field.names[-1]}" if field.names else ""
            return f"{text!r} is no {field.name}: it takes {field.least} to {field.most}{named}"
    if not _has_a_day(fields[_DAY], fields[_MONTH]):
        return f"it never runs: no month {fields[_MONTH]} has a day {fields[_DAY]}"
    return None


def _is_field(field: _Field, text: str) -> bool:
    """Whether a service takes the text for the field."""
    if field.name == "day" and text in ("?", "L", "LW"):
        return True
    if field.name == "weekday" and text in ("?", "L"):
        return True
    return all(_is_item(field, item) for item in text.split(","))


def _is_item(field: _Field, item: str) -> bool:
    """One of the items that commas separate: a value, a range, a step, or one of the signs for days."""
    if field.name == "day" and (workday := _NEAREST_WORKDAY.fullmatch(item)):
        return field.number(workday[1]) is not None
    if field.name == "weekday":
        nth = _NTH_WEEKDAY.fullmatch(item) or _LAST_WEEKDAY.fullmatch(item)
        if nth is not None:
            return field.number(nth[1]) is not None
    start, slash, step = item.partition("/")
    if slash and (not step.isdecimal() or int(step) == 0):
        return False
    return start == "*" or _numbers(field, start) is not None


def _numbers(field: _Field, text: str) -> range | None:
    """The numbers of a value or a range; None where it is neither."""
    first, dash, last = text.partition("-")
    low, high = field.number(first), field.number(last if dash else first)
    if low is None or high is None or (low > high and field.name != "weekday"):
        return None
    return range(low, high + 1)


def _has_a_day(day: str, month: str) -> bool:
    """Whether some day of the field is in some month of the other; what is more than plain numbers counts as one."""
    days = [_numbers(_FIELDS[_DAY], item) for item in day.split(",")]
    months = [_numbers(_FIELDS[_MONTH], item) for item in month.split(",")]
    if None in days or None in months:
        return True
    first_day = min(numbers.start for numbers in days if numbers is not None)
    month_numbers = [number for numbers in months if numbers is not None for number in numbers]
    return any(first_day <= _MOST_DAYS[number] for number in month_numbers)
