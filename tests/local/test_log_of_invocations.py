"""The log of an invocation: Lambda's own lines, and its output however it comes."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from random_cases import cases
from remit.local.functions.deployed_function import (
    DeployedFunction,
    Failure,
    Invocation,
    InvocationResult,
    exited,
    timed_out,
)
from remit.local.functions.function_log import KEPT, BoundedLog, LiveLog, new_stream

if TYPE_CHECKING:
    from collections.abc import Sequence

ARN = "arn:aws:lambda:eu-west-1:111122223333:function:web"
TEXT = DeployedFunction.of(
    {"FunctionName": "web", "FunctionArn": ARN, "Runtime": "python3.13", "MemorySize": 256, "Version": "7"}
)
JSON = replace(TEXT, log_format="JSON")
CALL = Invocation("r1", b"{}", ARN, "")
RESULT = InvocationResult(b"{}", "application/json", None, None, "a\nb\n", 12.3456, None, "", 40, "stream")
COLD = replace(RESULT, initialised_in=100.5, printed_at_start="loading\n")
BROKEN = Failure("Runtime.ExitError", "Runtime exited with error: exit status 3")
FAILED = replace(RESULT, error_type="Runtime.ExitError", failure=BROKEN)
LATE = replace(RESULT, error_type="Sandbox.Timedout", failure=timed_out(3))


class Written:
    """What a live log writes."""

    def __init__(self) -> None:
        self.streams: list[str] = []
        self.messages: list[str] = []

    def __call__(self, stream: str, events: Sequence[tuple[int, str]]) -> None:
        assert all(isinstance(moment, int) for moment, _ in events)  # whole milliseconds, as the API takes them
        self.streams.append(stream)
        self.messages += [message for _, message in events]


INIT = "INIT_START Runtime Version: python3.13"
START, END = "START RequestId: r1 Version: 7", "END RequestId: r1"
REPORT = "REPORT RequestId: r1\tDuration: 12.35 ms\tBilled Duration: {} ms\tMemory Size: 256 MB\tMax Memory Used: 40 MB"


@pytest.mark.parametrize(
    ("result", "ending"),
    [
        (RESULT, [END, REPORT.format(13)]),
        (COLD, [END, f"{REPORT.format(113)}\tInit Duration: 100.50 ms"]),
        (
            FAILED,
            [f"RequestId: r1 Error: {BROKEN.message}", "Runtime.ExitError", END,
             f"{REPORT.format(13)}\tStatus: error\tError Type: Runtime.ExitError"],
        ),
    ],
)  # fmt: skip
def test_the_lines_around_an_invocation_are_lambdas(result: InvocationResult, ending: list[str]) -> None:
    events = LiveLog(TEXT, CALL, Written()).finish(result)
    assert [START, "a", "b", *ending] == list(events)


def test_a_function_that_took_too_long_says_so_after_its_own_lines() -> None:
    *own, said, end, report = LiveLog(TEXT, CALL, Written()).finish(LATE)
    assert ([START, "a", "b"], END) == (own, end)
    assert said.endswith(" r1 Task timed out after 3.00 seconds")
    assert f"{REPORT.format(13)}\tStatus: timeout" == report


@pytest.mark.parametrize(
    ("result", "told"),
    [
        (RESULT, {"status": "success"}),
        (replace(RESULT, error_type="ValueError"), {"status": "success"}),  # raised by the code, told by its answer
        (FAILED, {"status": "error", "errorType": "Runtime.ExitError"}),
        (LATE, {"status": "timeout", "errorType": "Sandbox.Timedout"}),
    ],
)
def test_the_report_in_json_says_the_same_as_the_line(result: InvocationResult, told: dict[str, str]) -> None:
    start, *printed, report = LiveLog(JSON, CALL, Written()).finish(replace(result, initialised_in=100.5))
    assert ["a", "b"] == printed
    beginning: Any = json.loads(start)
    assert ("platform.start", {"requestId": "r1", "version": "7"}) == (beginning["type"], beginning["record"])
    record: Any = json.loads(report)["record"]
    metrics = {"durationMs": 12.346, "billedDurationMs": 113, "memorySizeMB": 256, "maxMemoryUsedMB": 40}
    assert {"requestId": "r1", "metrics": {**metrics, "initDurationMs": 100.5}, **told} == record


PIECES = st.lists(st.sampled_from(["a", "é", "\n", "\n\n", "\r", "b\nc", "\rd\n", "\r\n"]), max_size=12)


@settings(max_examples=cases(50, deep=1_000), deadline=None)
@given(
    pieces=PIECES,
    splits=st.lists(st.integers(0, 40), max_size=5),
    at_start=st.sampled_from([None, "", "loading\n"]),
    function=st.sampled_from([TEXT, JSON]),
)
def test_each_event_is_written_once_in_whatever_pieces_the_output_came(
    pieces: list[str], splits: list[int], at_start: str | None, function: DeployedFunction
) -> None:
    written, printed = Written(), "".join(pieces)
    log = LiveLog(function, CALL, written)
    log.begin("stream", at_start)
    content, begin = printed.encode(), 0
    for split in sorted(splits):
        log.add(content[begin:split])
        begin = max(begin, split)
    events = log.finish(replace(RESULT, printed=printed))
    first, rest = written.messages[: -len(events)], written.messages[-len(events) :]
    assert [*map(without_time, events)] == [*map(without_time, rest)]
    assert (at_start or "").splitlines() == first[1:]
    assert (at_start is not None) == any("INIT_START" in event or "initStart" in event for event in first)
    lines = [line.replace("\r", "\n") for line in printed.split("\n") if line.strip("\r")]
    assert lines == list(events[1 : 1 + len(lines)])
    assert {"stream"} == set(written.streams)


def without_time(event: str) -> str:
    return json.dumps({**json.loads(event), "time": ""}) if event.startswith("{") else event


def test_an_empty_line_is_no_event_and_one_of_spaces_is() -> None:
    written = Written()
    log = LiveLog(TEXT, CALL, written)
    log.begin("stream", "\n \n")
    log.add(b"a\n\n  \n\r\n\t\n")
    events = log.finish(replace(RESULT, printed="a\n\n  \n\r\n\t\n"))
    assert [START, "a", "  ", "\t"] == list(events[:4])
    assert [INIT, " ", *events] == written.messages


@pytest.mark.parametrize("function", [TEXT, JSON])
@pytest.mark.parametrize(("size", "is_written"), [(KEPT - 2, True), (KEPT - 1, False)])
def test_one_mebibyte_is_written_while_a_function_runs_and_no_more(
    function: DeployedFunction, size: int, *, is_written: bool
) -> None:
    written = Written()
    log = LiveLog(function, CALL, written)
    log.begin("stream", None)
    for printed in (b"a\n", b"x" * (size - 1) + b"\n"):
        log.add(printed)
    log._written = -math.inf
    log.tick()
    assert ["a", "x" * (size - 1)][: 2 if is_written else 1] == written.messages[1:]


def test_an_error_that_a_function_calls_as_lambda_does_is_its_own() -> None:
    events = LiveLog(TEXT, CALL, Written()).finish(replace(RESULT, error_type="Sandbox.Timedout"))
    assert [START, "a", "b", END, REPORT.format(13)] == list(events)


def test_a_line_that_is_longer_than_what_is_kept_is_written_once_and_those_after_it_too() -> None:
    written = Written()
    log = LiveLog(TEXT, CALL, written)
    log.begin("stream", None)
    for printed in (b"a\n", b"x" * KEPT, b"b\n"):
        log.add(printed)
    events = log.finish(replace(RESULT, printed="a\n...b\n"))
    assert list(events) == written.messages


@pytest.mark.parametrize(
    ("result", "start"),
    [
        (COLD, [INIT, "loading"]),
        (replace(COLD, initialised_in=None), [INIT, "loading"]),
        (replace(COLD, printed_at_start=""), [INIT]),
        (RESULT, []),
    ],
)
def test_an_invocation_that_never_began_has_its_whole_log_at_its_end(
    result: InvocationResult, start: list[str]
) -> None:
    written = Written()
    events = LiveLog(TEXT, CALL, written).finish(result)
    assert ([*start, *events], ["stream"]) == (written.messages, written.streams)


def test_the_stream_of_a_log_group_of_several_functions_has_the_functions_name() -> None:
    moment = datetime(2026, 1, 2, tzinfo=UTC)
    assert new_stream(TEXT, moment).startswith("2026/01/02/[7]")
    assert new_stream(replace(TEXT, log_group="all"), moment).startswith("2026/01/02/web[7]")


@settings(max_examples=cases(10, deep=500), deadline=None)
@given(sizes=st.lists(st.sampled_from([1, KEPT // 2, KEPT - 1, KEPT, KEPT + 1, 3 * KEPT]), max_size=4))
def test_a_long_log_keeps_its_beginning_and_its_end_and_says_how_much_it_leaves_out(sizes: list[int]) -> None:
    log, whole = BoundedLog(), b""
    for number, size in enumerate(sizes):
        piece = bytes([97 + number]) * size
        log.add(piece)
        whole += piece
    assert whole[:KEPT] == log.beginning
    missing = max(0, len(whole) - 2 * KEPT)
    said = f"\n[{missing} bytes of the log are left out]\n".encode() if missing else b""
    assert (whole[:KEPT] + said + whole[KEPT + missing :]).decode() == log.take()
    assert "" == log.take()


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (0, "Runtime exited without providing a reason"),
        (3, "Runtime exited with error: exit status 3"),
        (-9, "Runtime exited with error: signal: killed"),
    ],
)
def test_a_process_that_ended_is_reported_in_lambdas_words(status: int, message: str) -> None:
    failure = exited(status)
    answer = json.loads(failure.payload("r1"))
    assert {"errorType": "Runtime.ExitError", "errorMessage": f"RequestId: r1 Error: {message}"} == answer


def test_a_cold_start_has_its_events_before_the_invocations_in_both_formats() -> None:
    for function, is_json in ((TEXT, False), (JSON, True)):
        written = Written()
        log = LiveLog(function, CALL, written)
        log.begin("stream", "loading\n\nmodules\n")
        log.add(b"a\nb")
        assert [] == written.messages
        log.finish(replace(COLD, printed="a\nb\n"))
        first, *lines = written.messages
        record = {"initializationType": "on-demand", "phase": "init", "runtimeVersion": "python3.13"}
        if is_json:
            event = json.loads(first)
            assert {"type": "platform.initStart", "record": record} == {
                "type": event["type"],
                "record": event["record"],
            }
            started = json.loads(lines[2])
            assert ("platform.start", {"requestId": "r1", "version": "7"}) == (started["type"], started["record"])
        else:
            assert ("INIT_START Runtime Version: python3.13", START) == (first, lines[2])
        assert ["loading", "modules", "a", "b"] == [*lines[:2], *lines[3:5]]
        assert ["stream"] == written.streams


def test_lines_are_written_while_a_function_runs_and_nothing_where_it_prints_none() -> None:
    written = Written()
    log = LiveLog(TEXT, CALL, written)
    log.begin("stream", None)
    log._written = long_ago = -math.inf
    log.tick()
    log.add(b"par")
    log.tick()
    assert [] == written.messages
    log.add(b"tial\n")
    log.tick()
    assert [START, "partial"] == written.messages
    log.add(b"more\n")
    log.tick()  # the last writing was just now
    assert [START, "partial"] == written.messages
    log._written = long_ago
    log.tick()
    log._written = long_ago
    log.tick()
    assert ([START, "partial", "more"], ["stream"] * 2) == (written.messages, written.streams)


def test_what_is_printed_before_the_log_begins_is_written_once_at_its_end() -> None:
    written = Written()
    log = LiveLog(TEXT, CALL, written)
    log.add(b"a\nb\n")
    log.tick()
    assert [] == written.messages
    events = log.finish(RESULT)
    assert ([START, "a", "b"], list(events)) == (written.messages[:3], written.messages)
