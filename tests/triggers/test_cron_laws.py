"""The days and times of cron expressions, held against AWS's rules day by day.

Source: "Schedule types in EventBridge Scheduler" (EventBridge Scheduler User Guide).
"""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from remit.triggers.cron import Cron, parsed

WEEKDAYS: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
DAY_ITEMS: Final = st.one_of(
    st.sampled_from(["*", "L", "LW", "*/9"]),
    st.integers(1, 31).map(str),
    st.sampled_from([1, 2, 15, 28, 29, 30, 31]).map("{}W".format),
    st.tuples(st.integers(1, 15), st.integers(15, 31)).map("{0[0]}-{0[1]}".format),
    st.tuples(st.integers(1, 31), st.integers(1, 12)).map("{0[0]}/{0[1]}".format),
)
WEEKDAY_NAMES: Final = st.sampled_from([*WEEKDAYS, *"1234567"])
WEEKDAY_ITEMS: Final = st.one_of(
    st.just("L"),
    WEEKDAY_NAMES,
    WEEKDAY_NAMES.map("{}L".format),
    st.tuples(WEEKDAY_NAMES, st.integers(1, 5)).map("{0[0]}#{0[1]}".format),
    st.tuples(WEEKDAY_NAMES, WEEKDAY_NAMES).map("{0[0]}-{0[1]}".format),
    st.tuples(WEEKDAY_NAMES, WEEKDAY_NAMES, st.integers(1, 4)).map("{0[0]}-{0[1]}/{0[2]}".format),
    st.tuples(WEEKDAY_NAMES, st.integers(1, 4)).map("{0[0]}/{0[1]}".format),
)


def several(items: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    """One sign that stands alone, or a few with commas between them."""
    alone = items.map(lambda item: [item])
    return alone | st.lists(items.filter(lambda item: item not in ("L", "LW", "*")), min_size=1, max_size=3)


def is_day(item: str, day: date) -> bool:
    length = calendar.monthrange(day.year, day.month)[1]
    workdays = [n for n in range(1, length + 1) if date(day.year, day.month, n).isoweekday() < 6]
    if item == "L":
        return day.day == length
    if item == "LW":
        return day.day == workdays[-1]
    if item.endswith("W"):
        meant = int(item[:-1])
        return meant <= length and day.day == min(workdays, key=lambda workday: abs(workday - meant))
    first, is_step, step = item.partition("/")
    if is_step:
        since = 1 if first == "*" else int(first)
        return day.day >= since and (day.day - since) % int(step) == 0
    if item == "*":
        return True
    low, _, high = item.partition("-")
    return int(low) <= day.day <= int(high or low)


def number(name: str) -> int:
    """1 is Sunday."""
    return WEEKDAYS.index(name) + 1 if name in WEEKDAYS else int(name)


def is_weekday(item: str, day: date) -> bool:
    today = day.isoweekday() % 7 + 1
    if item == "L":
        return today == 7
    if item.endswith("L"):
        return today == number(item[:-1]) and (day + timedelta(days=7)).month != day.month
    name, _, nth = item.partition("#")
    if nth:
        return today == number(name) and (day - timedelta(days=7 * int(nth))).month != day.month and (
            int(nth) == 1 or (day - timedelta(days=7 * (int(nth) - 1))).month == day.month
        )  # fmt: skip
    days, is_step, step = item.partition("/")
    low, _, high = days.partition("-")
    last = number(high or ("SAT" if is_step else low))
    passed, steps = number(low), 0
    while passed not in (today, last):
        passed, steps = passed % 7 + 1, steps + 1
    return passed == today and steps % int(step or 1) == 0


def cron(fields: list[str]) -> Cron:
    found = parsed(fields)
    assert isinstance(found, Cron), (fields, found)
    return found


@settings(max_examples=60)
@given(several(DAY_ITEMS), several(WEEKDAY_ITEMS), st.integers(2024, 2035))
def test_it_runs_on_the_days_that_its_signs_mean(day_items: list[str], weekday_items: list[str], year: int) -> None:
    by_day = cron(["0", "8", ",".join(day_items), "*", "?", "*"])
    by_weekday = cron(["0", "8", "?", "*", ",".join(weekday_items), "*"])
    for month in range(1, 13):
        days = [date(year, month, n + 1) for n in range(calendar.monthrange(year, month)[1])]
        meant = [day.day for day in days if any(is_day(item, day) for item in day_items)]
        assert by_day.days(year, month) == tuple(meant)
        meant = [day.day for day in days if any(is_weekday(item, day) for item in weekday_items)]
        assert by_weekday.days(year, month) == tuple(meant)


@settings(max_examples=30)
@given(
    st.sampled_from(["*", "0", "10/20", "5-7,59"]),
    st.sampled_from(["*", "8", "20-23/3", "0,12"]),
    st.sampled_from(["*", "2,9", "JAN-MAR", "11/2"]),
    st.sampled_from(["*", "2027", "2027-2029", "2028/4"]),
    st.builds(
        datetime,
        *(
            st.sampled_from(numbers)
            for numbers in ((2026, 2027, 2028, 2029), (1, 2, 11), (14, 15), (8, 12, 20, 23), (0, 10))
        ),
        tzinfo=st.just(UTC),
    ),
)
def test_the_next_run_is_the_first_time_that_each_field_takes(
    minute: str, hour: str, month: str, year: str, after: datetime
) -> None:
    minutes = {"*": range(60), "0": [0], "10/20": [10, 30, 50], "5-7,59": [5, 6, 7, 59]}[minute]
    hours = {"*": range(24), "8": [8], "20-23/3": [20, 23], "0,12": [0, 12]}[hour]
    months = {"*": range(1, 13), "2,9": [2, 9], "JAN-MAR": [1, 2, 3], "11/2": [11]}[month]
    years = {"*": range(2026, 2034), "2027": [2027], "2027-2029": [2027, 2028, 2029], "2028/4": [2028, 2032]}[year]
    times = (
        datetime(at_year, at_month, 15, at_hour, at_minute, tzinfo=UTC)
        for at_year in years
        for at_month in months
        for at_hour in hours
        for at_minute in minutes
    )
    assert cron([minute, hour, "15", month, "?", year]).next_run(after, UTC) == min(
        (time for time in times if time >= after), default=None
    )


def test_the_day_on_which_the_next_run_is_looked_for_is_that_of_its_zone() -> None:
    behind = timezone(-timedelta(hours=5))
    after = datetime(2027, 1, 2, 1, tzinfo=UTC)  # 20:00 on the first there
    run = cron(["0", "21", "*", "*", "?", "*"]).next_run(after, behind)
    assert datetime(2027, 1, 1, 21, tzinfo=behind) == run
