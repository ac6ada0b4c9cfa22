"""What the event sources have in common: an AWS::Lambda::EventSourceMapping, its filters, and checks of options."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from remit.app import Function, Resource, Triggered
from remit.errors import Mistakes, RemitError, writer
from remit.iam import tokens

if TYPE_CHECKING:
    from datetime import datetime

Pattern = Mapping[str, Any]
"""A pattern of events: names to lists of values or comparisons, such as `{"body": {"kind": ["order"]}}`."""
Filter = Pattern | Sequence[Pattern]
_MOST: Final = 5
"""Filters of an event source mapping; AWS raises it to 10 on request ("Using filter criteria")."""
_RAISED: Final = 10


def check_range(option: str, value: int | None, low: int, high: int) -> None:
    """RemitError: a number is not from `low` to `high`. None is fine."""
    if value is not None and not low <= value <= high:
        raise RemitError(f"{option} is {value}; it can be {low} to {high}")


def check_zone(option: str, moment: datetime | None) -> None:
    """RemitError: a time that has no time zone. None is fine."""
    if moment is not None and moment.tzinfo is None:
        hint = "such as datetime(2026, 1, 31, tzinfo=UTC)"
        raise RemitError(f"{option} must be a datetime with a time zone, got {moment}", hint=hint)


def checked_json(option: str, value: Any) -> str:
    """A value as JSON text, with sorted keys. RemitError: JSON cannot hold it, or it is NaN or infinite."""
    try:
        return json.dumps(tokens.plain(value), sort_keys=True, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise RemitError(f"{option} is not JSON: {error}", origin=writer()) from None


def filter_criteria(trigger: Any) -> dict[str, Any] | None:
    """The property FilterCriteria of a trigger's pattern, or of several, any of which lets a record through.

    None where it has no filter. RemitError: Lambda refuses it, or it matches nothing.
    """
    filters = trigger.filter
    if filters is None:
        return None
    from remit.triggers.event_pattern import EVENT_SOURCE, checked_pattern  # noqa: PLC0415 - few filter

    patterns = filters if isinstance(filters, list | tuple) else [filters]
    if not patterns:
        raise RemitError("filter is an empty list", hint="leave it out to get every record")
    if len(patterns) > _RAISED:
        raise RemitError(f"filter has {len(patterns)} patterns; Lambda takes {_MOST}, and {_RAISED} on request")
    criteria: list[dict[str, str]] = []
    mistakes = Mistakes()
    for pattern in patterns:
        with mistakes.noted():
            plain = checked_pattern(pattern, "filter", EVENT_SOURCE, trigger.record)
            criteria.append({"Pattern": json.dumps(plain, separators=(",", ":"))})
    mistakes.refuse()
    return {"Filters": criteria}


def visibility_timeout(function: Function) -> int:
    """Seconds for which a queue that runs a function hides what was taken: six times the function's timeout.

    Lambda's 15 minutes six times are less than the 12 hours that SQS takes.

    Source: "Creating and configuring an Amazon SQS event source mapping" (AWS Lambda Developer Guide).
    """
    return 6 * int(function.properties.get("Timeout", 3))


def mapping(function: Function, suffix: str, arn: str, **properties: Any) -> Iterator[Resource]:
    """Yield one event source mapping of a source's ARN, with all `properties` that are not None.

    Its logical id ends in `suffix`. It waits for the function, whose role holds its policies inline: no race.
    """
    options = {name: value for name, value in properties.items() if value is not None}
    yield Resource(
        f"{function.logical_id}{suffix}",
        "AWS::Lambda::EventSourceMapping",
        {"EventSourceArn": arn, "FunctionName": function.ref, **options},
        origin=function.origin,
    )


def retry_policy(trigger: Any) -> dict[str, Any]:
    """The RetryPolicy of a rule's or a schedule's target under this name; {} where the trigger gives no limit."""
    policy: dict[str, int] = {}
    if trigger.retries is not None:
        policy["MaximumRetryAttempts"] = trigger.retries
    if trigger.max_event_age is not None:
        policy["MaximumEventAgeInSeconds"] = trigger.max_event_age
    return {"RetryPolicy": policy} if policy else {}


def position_suffix(trigger: object, function: Triggered, source: Callable[[Any], str] = lambda _: "") -> str:
    """The end of a logical id: "" for a function's first trigger of exactly its class, then "2", "3" and so on.

    With `source`, only those on the same source count.
    """
    position, own_source = 0, source(trigger)
    for item in function.triggers:
        if type(item) is type(trigger) and source(item) == own_source:
            position += 1
        if item is trigger:
            break
    return "" if position == 1 else str(position)
