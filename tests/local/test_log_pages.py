"""The events of a log group come page by page, each once and in order, and go to the function that a filter names."""

from __future__ import annotations

import base64
import gzip
import json
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from random_cases import cases
from remit.local.emulator import as_request_of, emulated
from remit.local.event_sources.subscriptions import send_lines_as_events
from remit.local.repairs.logs import _give_pages


@pytest.fixture(scope="module")
def logs(own_emulator: None) -> Any:  # noqa: ARG001 - a function of it is replaced
    _give_pages()
    return emulated("services.cloudwatch_logs")


@settings(max_examples=cases(20, deep=500), suppress_health_check=[HealthCheck.function_scoped_fixture])
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
    assert max(1, -(-len(events) // limit)) == pages


@pytest.mark.parametrize(("names", "may", "invoked"), [("b", True, "b"), ("gone", True, ""), ("a", False, "")])
def test_lines_go_to_the_function_of_the_filter_that_they_met_if_it_may_be_invoked(
    logs: Any, names: str, may: bool, invoked: str
) -> None:
    functions, place, told = emulated("services.lambda_svc"), "us-east-1:888877776666", []
    functions._get_func_record_for_ref = lambda arn: (arn.rpartition(":")[2], None)
    calls: Any = SimpleNamespace(may_invoke=lambda *_: may)
    invocations: Any = SimpleNamespace(invoke=lambda record, _event: told.append(record))
    send_lines_as_events(calls, invocations)
    with as_request_of("888877776666", "us-east-1"):
        destinations = {name: f"arn:aws:lambda:{place}:function:{name}" for name in ("a", "b")}
        filters = {name: {"filterName": name, "destinationArn": arn} for name, arn in destinations.items()}
        logs._log_groups["lines"] = {"subscriptionFilters": filters}
    lines = gzip.compress(json.dumps({"logGroup": "lines", "subscriptionFilters": [names]}).encode())
    event = {"awslogs": {"data": base64.b64encode(lines).decode()}}
    record = {"config": {"FunctionName": "a", "FunctionArn": destinations["a"]}}
    assert {} == functions._execute_function_with_config_scope(record, event)
    assert [invoked] * bool(invoked) == told
