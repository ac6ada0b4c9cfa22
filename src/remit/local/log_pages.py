"""FilterLogEvents page by page: the emulator gives the first 10,000 events, and says nothing of those that follow.

Source: "FilterLogEvents" (Amazon CloudWatch Logs API Reference).
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, bisect_right
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from remit.local.emulator import emulated, instead_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Event = dict[str, Any]

_MOST_EVENTS: Final = 10_000
"""Events in a page at most."""


def give_pages_of_log_events() -> None:
    """Answer with a token where there are more events, and go on behind those of a token. Called once."""
    logs = emulated("services.cloudwatch_logs")

    @instead_of(logs, "_filter_log_events")
    def filtered(filter_events: Callable[..., Any], data: Mapping[str, Any]) -> Any:
        group = logs._log_groups.get(logs._resolve_log_group_name(data))
        token = str(data.get("nextToken", "0"))
        if group is None:
            return filter_events(data)
        if not token.isdecimal():
            message = "The specified nextToken is invalid."
            return logs.error_response_json("InvalidParameterException", message, 400)
        start, limit = int(token), min(int(data.get("limit", _MOST_EVENTS)), _MOST_EVENTS)
        events = list(islice(_matching_events(logs, group, data), start, start + limit + 1))
        answer: dict[str, Any] = {"events": events[:limit], "searchedLogStreams": []}
        if len(events) > limit:
            answer["nextToken"] = str(start + limit)
        return logs.json_response(answer)


def _matching_events(logs: Any, group: Mapping[str, Any], data: Mapping[str, Any]) -> Iterator[Event]:
    """The events of a request's streams, time and pattern, by their times."""
    matches = logs._compile_filter_pattern(data.get("filterPattern", ""))
    names = data.get("logStreamNames") or list(group["streams"])
    streams = [_events_of(name, group["streams"][name], data) for name in names if name in group["streams"]]
    for event in heapq.merge(*streams, key=lambda event: (event["timestamp"], event.get("ingestionTime", 0))):
        if matches(event.get("message", "")):
            yield event


def _events_of(name: str, stream: Mapping[str, Any], data: Mapping[str, Any]) -> Iterator[Event]:
    """The events of a stream in a request's time, with the stream's name."""
    history = stream["events"]
    start_time, end_time = data.get("startTime"), data.get("endTime")
    start = 0 if start_time is None else bisect_left(history, start_time, key=_time)
    end = len(history) if end_time is None else bisect_right(history, end_time, key=_time)
    for event in history[start:end]:
        yield {**event, "logStreamName": name}


def _time(event: Event) -> int:
    timestamp: int = event["timestamp"]
    return timestamp
