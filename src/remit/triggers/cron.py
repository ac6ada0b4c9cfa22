"""Cron expressions as AWS writes them: six fields, each checked, and the times at which they run.

Source: "Schedule types in EventBridge Scheduler" (EventBridge Scheduler User Guide). No library is used: those for
Unix cron know neither `?` nor AWS's numbers of weekdays (1 is Sunday), and those for AWS's either check the spelling
alone, or say only yes or no, where people need the field that is wrong.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from typing import Final, NamedTuple

_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_SATURDAY: Final = 7
_NTH_WEEKDAY: Final = r"(\w+)#([1-5])"
_LAST_WEEKDAY: Final = r"([A-Z]{3}|[1-7])L"
_NEAREST_WORKDAY: Final = r"(\d{1,2})W"


class Field(NamedTuple):
    """A field of a cron expression: the numbers that it takes, and the names for them."""

    name: str
    least: int
    most: int
    names: tuple[str, ...] = ()

    def number(self, text: str) -> int | None:
        """A value, a number or a name in capitals, as a number; None where the field has none such."""
        if text in self.names:
            return self.names.index(text) + self.least
        if not text.isdecimal() or not self.least <= int(text) <= self.most:
            return None
        return int(text)

    def numbers(self, item: str) -> tuple[int, ...] | None:
        """The numbers of a value, a range or a step, in order; None where it is none of these, or out of range.

        A range of weekdays may go on after the end of the week, as FRI-MON does, which is its order.
        """
        start, slash, step = item.partition("/")
        if slash and (not step.isdecimal() or int(step) == 0):
            return None
        if start == "*":
            return tuple(range(self.least, self.most + 1, int(step or 1)))
        first, dash, last = start.partition("-")
        low, high = self.number(first), self.number(last if dash else first)
        if low is None or high is None:
            return None
        if slash and not dash:
            high = self.most
        if low <= high:
            return tuple(range(low, high + 1, int(step or 1)))
        if self.name != "weekday":
            return None
        around = (*range(low, self.most + 1), *range(self.least, high + 1))  # FRI-MON
        return around[:: int(step or 1)]


MINUTE: Final = Field("minute", 0, 59)
HOUR: Final = Field("hour", 0, 23)
DAY: Final = Field("day", 1, 31)
MONTH: Final = Field("month", 1, 12, _MONTHS)
WEEKDAY: Final = Field("weekday", 1, 7, _WEEKDAYS)
YEAR: Final = Field("year", 1970, 2199)
FIELDS: Final = (MINUTE, HOUR, DAY, MONTH, WEEKDAY, YEAR)
_WHOLE_FIELDS: Final = {"day": ("?", "L", "LW"), "weekday": ("?", "L")}
"""The signs that stand for a whole field: no list has them."""


@dataclass(frozen=True, slots=True)
class Cron:
    """A cron expression whose fields are right. Those of days stay text: which days they are depends on the month."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    day: str
    months: tuple[int, ...]
    weekday: str
    years: tuple[int, ...]

    def days(self, year: int, month: int) -> tuple[int, ...]:
        """The days of a month on which it runs, sorted."""
        length = calendar.monthrange(year, month)[1]
        days: set[int] = set()
        if self.day != "?":
            for item in self.day.split(","):
                days |= _days_of_month(item, year, month, length)
        else:
            for item in self.weekday.split(","):
                days |= _days_of_week(item, year, month, length)
        return tuple(sorted(days))

    def dates(self, since: date) -> Iterator[date]:
        """Yield the days on which it runs, from a day on, in order."""
        for year in self.years:
            if year < since.year:
                continue
            for month in self.months:
                for day in self.days(year, month):
                    if date(year, month, day) >= since:
                        yield date(year, month, day)

    def next_run(self, after: datetime, zone: tzinfo) -> datetime | None:
        """The first time at which it runs, at `after` or later; None: it never does.

        A time that the clocks of the zone leave out in spring is no time at which it runs.
        """
        local = after.astimezone(zone)
        for day in self.dates(local.date()):
            for hour in self.hours:
                for minute in self.minutes:
                    run = datetime.combine(day, time(hour, minute), zone)
                    if run >= local and is_on_the_clock(run):
                        return run
        return None


def is_on_the_clock(moment: datetime) -> bool:
    """Return whether the clocks of the moment's zone show it, and do not leap over it."""
    return moment.astimezone(UTC).astimezone(moment.tzinfo) == moment


def parsed(fields: list[str]) -> Cron | str:
    """The expression of six fields; or what is wrong with it, in words."""
    if len(fields) != len(FIELDS):
        return f"cron has {len(fields)} fields of {len(FIELDS)}"
    minute, hour, day, month, weekday, year = fields
    if (day == "?") == (weekday == "?"):
        return "one of day and weekday must be `?`, and only one"
    for field, text in zip(FIELDS, fields, strict=True):
        if not _is_field(field, text):
            named = f", {field.names[0]} to {field.names[-1]}" if field.names else ""
            return f"{text!r} is no {field.name}: it takes {field.least} to {field.most}{named}"
    return Cron(
        _all_numbers(MINUTE, minute),
        _all_numbers(HOUR, hour),
        day,
        _all_numbers(MONTH, month),
        weekday,
        _all_numbers(YEAR, year),
    )


def _all_numbers(field: Field, text: str) -> tuple[int, ...]:
    """The numbers of a field's items, sorted and each once; items that are not right add none."""
    numbers: set[int] = set()
    for item in text.split(","):
        numbers.update(field.numbers(item) or ())
    return tuple(sorted(numbers))


def _is_field(field: Field, text: str) -> bool:
    """Return whether a service takes the text for the field."""
    return text in _WHOLE_FIELDS.get(field.name, ()) or all(_is_item(field, item) for item in text.split(","))


def _is_item(field: Field, item: str) -> bool:
    """Return whether a field takes an item between commas: a value, a range, a step, or one of the signs for days."""
    workday = re.fullmatch(_NEAREST_WORKDAY, item)
    if field is DAY and workday is not None:
        return field.number(workday[1]) is not None
    weekday = re.fullmatch(_NTH_WEEKDAY, item) or re.fullmatch(_LAST_WEEKDAY, item)
    if field is WEEKDAY and weekday is not None:
        return field.number(weekday[1]) is not None
    return field.numbers(item) is not None


def _days_of_month(item: str, year: int, month: int, length: int) -> set[int]:
    """The days that an item of the field `day` means in a month of `length` days."""
    if item == "L":
        return {length}
    if item == "LW":
        return {_nearest_workday(length, year, month, length)}
    workday = re.fullmatch(_NEAREST_WORKDAY, item)
    if workday is not None:
        day = int(workday[1])
        return {_nearest_workday(day, year, month, length)} if day <= length else set()
    return {day for day in DAY.numbers(item) or () if day <= length}


def _nearest_workday(day: int, year: int, month: int, length: int) -> int:
    """The day from Monday to Friday that is nearest to a day, in the same month of `length` days."""
    weekday = calendar.weekday(year, month, day)
    if weekday == calendar.SATURDAY:
        return day - 1 if day > 1 else day + 2
    if weekday == calendar.SUNDAY:
        return day + 1 if day < length else day - 2
    return day


def _days_of_week(item: str, year: int, month: int, length: int) -> set[int]:
    """The days that an item of the field `weekday` means in a month of `length` days."""
    nth, last = re.fullmatch(_NTH_WEEKDAY, item), re.fullmatch(_LAST_WEEKDAY, item)
    if nth is not None:
        days = _on_weekday(WEEKDAY.number(nth[1]), year, month, length)
        return set(days[int(nth[2]) - 1 : int(nth[2])])
    if last is not None:
        return {_on_weekday(WEEKDAY.number(last[1]), year, month, length)[-1]}
    numbers = (_SATURDAY,) if item == "L" else WEEKDAY.numbers(item) or ()
    return {day for number in numbers for day in _on_weekday(number, year, month, length)}


def _on_weekday(number: int | None, year: int, month: int, length: int) -> list[int]:
    """The days of a month on a weekday of AWS's numbers, of which Sunday is 1."""
    days = range(1, length + 1)
    return [day for day in days if (calendar.weekday(year, month, day) + 1) % 7 + 1 == number]
