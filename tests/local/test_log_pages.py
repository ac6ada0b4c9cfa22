"""The events of a log group come page by page, and each of them once, in their order."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from random_cases import cases
from remit.local.emulator import as_request_of, emulated
from remit.local.repairs.logs import _give_pages


@pytest.fixture(scope="module")
def logs(own_emulator: None) -> Any:  # noqa: ARG001 - a function of it is replaced
    _give_pages()
    return emulated("services.cloudwatch_logs")


@settings(max_examples=cases(40, deep=500), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(1, 3), max_size=9), st.integers(1, 4))
def test_each_event_is_given_once_whatever_fits_into_a_page(logs: Any, moments: list[int], limit: int) -> None:
    with as_request_of("888877776666", "us-east-1"):
        logs._log_groups.clear()
        logs._create_log_group({"logGroupName": "g"})
        logs._create_log_stream({"logGroupName": "g", "logStreamName": "s"})
        events = [{"timestamp": moment, "message": str(n), "ingestionTime": 1} for n, moment in enumerate(moments)]
        logs._append_log_events(logs._log_groups["g"]["streams"]["s"], list(events))
        request, given_, pages = {"logGroupName": "g", "limit": limit}, [], 0
        while True:
            _, _, body = logs._filter_log_events(request)
            answer, pages = json.loads(body), pages + 1
            given_ += [event["message"] for event in answer["events"]]
            if "nextToken" not in answer:
                break
            assert len(answer["events"]) == limit
            assert pages <= len(events)
            request |= {"nextToken": answer["nextToken"]}
    assert [event["message"] for event in sorted(events, key=lambda event: event["timestamp"])] == given_
