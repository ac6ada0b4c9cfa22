"""The expressions of EventBridge Scheduler: `rate(…)`, `cron(…)` and `at(…)`, checked field by field.

Source: "Schedule types in EventBridge Scheduler" (EventBridge Scheduler User Guide).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, tzinfo
from typing import Final

from remit.did_you_mean import did_you_mean
from remit.errors import RemitError
from remit.triggers.cron import Cron, is_on_the_clock, parsed

_RATE: Final = r"rate\((\d+) (minute|hour|day)(s?)\)"
_CRON: Final = r"cron\((.+)\)"
_AT: Final = r"at\((\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})\)"
EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""The beginning of the first year that a cron expression can name."""
HINT: Final = (
    'write "rate(5 minutes)", "at(2026-12-24T18:00:00)" or "cron(0 8 * * ? *)": minute hour day month weekday \
year'
)


def check_expression(expression: str) -> None:
    """RemitError: EventBridge Scheduler refuses the expression."""
    problem = expression_problem(expression)
    if problem is not None:
        raise RemitError(f"schedule {expression!r:.60}: {problem}", hint=HINT)


def check_timezone(timezone: str, expression: str) -> None:
    """RemitError: no time zone has that name, or the expression is a rate, which has none.

    Any name is taken where the system has no database of time zones.
    """
    if expression.startswith("rate("):
        raise RemitError("timezone goes with cron(…) and at(…): a rate has none", hint="leave the time zone out")
    if _zone_named(timezone) is not None:
        return
    from zoneinfo import available_timezones  # noqa: PLC0415 - it reads many files, and few names are wrong

    names = available_timezones()
    if names:  # else the system has no database of them
        hint = did_you_mean(timezone, names) or "a name of the IANA time zone database, such as 'Europe/Berlin'"
        raise RemitError(f"there is no time zone {timezone!r}", hint=hint)


def _zone_named(timezone: str) -> tzinfo | None:
    """The time zone of a name; None where the system's database has none, or has it in another form alone."""
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - few schedules have a time zone

    try:
        return None if timezone.startswith(("posix", "right")) else ZoneInfo(timezone)
    except (OSError, ValueError, KeyError):
        return None


def expression_problem(expression: str) -> str | None:  # noqa: PLR0911 - one case after the other
    """Why EventBridge Scheduler refuses an expression, in words; None: it takes it."""
    rate = re.fullmatch(_RATE, expression)
    if rate is not None:
        if int(rate[1]) == 0:
            return "a rate of 0"
        is_wrong = (int(rate[1]) == 1) == bool(rate[3])
        return f"EventBridge wants rate({int(rate[1])} {rate[2]}{'' if rate[3] else 's'})" if is_wrong else None
    if expression.startswith("at("):
        time = re.fullmatch(_AT, expression)
        if time is None:
            return "a time reads at(yyyy-mm-ddThh:mm:ss); its zone goes into `timezone`"
        try:
            datetime.fromisoformat(time[1])
        except ValueError as error:
            return f"there is no such time: {error}"
        return None
    cron = _cron(expression)
    if cron is None:
        return "neither a rate, nor a cron expression, nor a time"
    return cron if isinstance(cron, str) else None


def _cron(expression: str) -> Cron | str | None:
    """A cron expression, or what is wrong with it; None: it is none."""
    fields = re.fullmatch(_CRON, expression)
    return None if fields is None else parsed(fields[1].split())


def next_run(expression: str, timezone: str | None, after: datetime) -> datetime | None:
    """The first time at which a right expression runs, at `after` or later; None: it never does.

    A rate runs at any time. Where the system does not know the zone, times are taken for UTC's.
    """
    zone = UTC if timezone is None else _zone_named(timezone) or UTC
    time = re.fullmatch(_AT, expression)
    if time is not None:
        moment = datetime.fromisoformat(time[1]).replace(tzinfo=zone)
        return moment if moment >= after and is_on_the_clock(moment) else None
    cron = _cron(expression)
    return cron.next_run(after, zone) if isinstance(cron, Cron) else after


def why_never(expression: str, timezone: str | None) -> str:
    """Why an expression that is right and never runs does not, in words: no such day, or a time that no clock shows."""
    cron = _cron(expression)
    if isinstance(cron, Cron) and next(cron.dates(date.min), None) is None:
        years = expression.removesuffix(")").split()[-1]
        return f"no such day is in {'any year' if years == '*' else years}"
    return f"the clocks of {timezone} leap over that time"
