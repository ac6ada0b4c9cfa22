"""What the event sources have in common: an AWS::Lambda::EventSourceMapping, and checks of their options."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from remit.app import Function, Resource, Triggered
from remit.catalogue.quotas import quota
from remit.errors import RemitError, writer
from remit.iam import tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime


def checked(option: str, value: int | None, low: int, high: int) -> None:
    """A number in a range, or None."""
    if value is not None and not low <= value <= high:
        raise RemitError(f"{option} is {value}; it can be {low} to {high}", origin=writer())


def check_zone(option: str, moment: datetime | None) -> None:
    """RemitError: a time that has no time zone. None is fine."""
    if moment is not None and moment.tzinfo is None:
        hint = "such as datetime(2026, 1, 31, tzinfo=UTC)"
        raise RemitError(f"{option} must be a datetime with a time zone, got {moment}", hint=hint, origin=writer())


def checked_json(option: str, value: Any) -> str:
    """A value as JSON. RemitError: it is none."""
    try:
        return json.dumps(tokens.plain(value), sort_keys=True, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise RemitError(f"{option} is not JSON: {error}", origin=writer()) from None


def visibility_timeout(function: Function) -> int:
    """Seconds for which a queue that runs a function hides what was taken: six times the function's timeout.

    Source: "Creating and configuring an Amazon SQS event source mapping" (AWS Lambda Developer Guide).
    """
    return min(quota("sqs.queue.visibility").most, 6 * int(function.properties.get("Timeout", 3)))


def mapping(function: Function, suffix: str, arn: str, **properties: Any) -> Iterator[Resource]:
    """The event source mapping. It waits for the function, whose role holds its policies inline: no race."""
    options = {name: value for name, value in properties.items() if value is not None}
    yield Resource(
        f"{function.logical_id}{suffix}",
        "AWS::Lambda::EventSourceMapping",
        {"EventSourceArn": arn, "FunctionName": function.ref, **options},
        origin=function.origin,
    )


def position_suffix(trigger: object, function: Triggered, source: Callable[[Any], str] = lambda _: "") -> str:
    """Nothing for a function's first trigger of a class, on the same source if one is told, then 2, 3 and so on."""
    of_class = [item for item in function.triggers if type(item) is type(trigger)]
    alike = [item for item in of_class if source(item) == source(trigger)]
    position = next(number for number, item in enumerate(alike) if item is trigger)
    return "" if position == 0 else str(position + 1)
