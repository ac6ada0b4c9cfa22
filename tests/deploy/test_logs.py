"""Reading the logs of functions: each line once, by time, also those that come late or twice."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from remit.app import SHARED_LOG_GROUP, in_stack
from remit.deploy.log_lines import LogLine
from remit.deploy.logs import LogReader, app_readers, deployed_readers, follow, new_lines, readers

if TYPE_CHECKING:
    from conftest import Make
    from remit.deploy.session import Account

NOON = 1_764_244_800_000
"""2025-11-27T12:00:00.000Z."""


@pytest.fixture
def logs(account: Account) -> Any:
    client = account.client("logs")
    for function in ("report", "ingest"):
        client.create_log_group(logGroupName=f"/aws/lambda/orders-dev-{function}")
        client.create_log_stream(logGroupName=f"/aws/lambda/orders-dev-{function}", logStreamName="one")
    return client


def write(logs: Any, *events: tuple[int, str], function: str = "report") -> None:
    logs.put_log_events(
        logGroupName=f"/aws/lambda/orders-dev-{function}",
        logStreamName="one",
        logEvents=[{"timestamp": time, "message": message} for time, message in events],
    )


def reader(account: Account, function: str, since_ms: int, text: str = "") -> LogReader:
    (log,) = readers(account, {function: f"orders-dev-{function}"}, since_ms, text)
    return log


def messages(log: LogReader) -> list[str]:
    return [line.message for line in log.new_lines()]


def test_a_line_has_its_time_function_and_stream(account: Account, logs: Any) -> None:
    write(logs, (NOON, "hello\n"))
    (line,) = reader(account, "report", NOON).new_lines()
    assert LogLine(NOON, "report", "one", "hello") == line
    assert "2025-11-27T12:00:00.000Z" == line.time


def test_each_line_is_read_once_also_one_that_comes_late(account: Account, logs: Any) -> None:
    log = reader(account, "report", NOON)
    write(logs, (NOON + 5000, "b"))
    assert ["b"] == messages(log)
    write(logs, (NOON + 1000, "a"), (NOON + 6000, "c"))
    assert ["a", "c"] == messages(log)
    assert [] == messages(log)


def test_equal_lines_of_one_moment_are_as_many_as_were_written(account: Account, logs: Any) -> None:
    log = reader(account, "report", NOON)
    write(logs, (NOON, "tick"), (NOON, "tick"))
    assert ["tick", "tick"] == messages(log)
    write(logs, (NOON, "tick"))
    assert ["tick"] == messages(log)


def test_what_was_written_before_is_not_read(account: Account, logs: Any) -> None:
    write(logs, (NOON - 1, "before"), (NOON, "after"))
    assert ["after"] == messages(reader(account, "report", NOON))


@pytest.mark.parametrize("text", ["no such order", 'said "no"', "50 %", "Error", "-x"])
def test_only_lines_with_the_very_text_are_read(account: Account, logs: Any, text: str) -> None:
    write(logs, (NOON, f"1: {text}!"), (NOON, "2: something else, order no such"), (NOON, f"3: {text.swapcase()}"))
    expected = [f"1: {text}!"] + [f"3: {text}"] * (text == text.swapcase())
    assert expected == messages(reader(account, "report", NOON, text))


def test_aws_is_asked_for_the_lines_with_the_text_alone(remote: Account, logs: Any) -> None:
    write(logs, (NOON, "say no!"), (NOON, "say yes!"))
    patterns: list[str] = []
    remote.client("logs").meta.events.register(
        "before-parameter-build.cloudwatch-logs.FilterLogEvents",
        lambda params, **_: patterns.append(params["filterPattern"]),
    )
    assert ["say no!"] == messages(reader(remote, "report", NOON, "no!"))
    assert ['"no!"'] == patterns
    assert [] == messages(reader(remote, "report", NOON, 'a "b" \\ c'))
    assert r'"a \"b\" \\ c"' == patterns[1]


def test_a_function_without_a_log_has_no_lines_until_there_is_one(account: Account, logs: Any) -> None:
    log = reader(account, "later", NOON)
    assert ([], False) == (messages(log), log.exists)
    logs.create_log_group(logGroupName=log.group)
    logs.create_log_stream(logGroupName=log.group, logStreamName="one")
    write(logs, (NOON, "here"), function="later")
    assert (["here"], True) == (messages(log), log.exists)


def test_lines_of_several_functions_come_by_time(account: Account, logs: Any) -> None:
    logs_of_both = readers(account, {name: f"orders-dev-{name}" for name in ("report", "ingest")}, NOON)
    write(logs, (NOON + 1, "first"), (NOON + 3, "third"))
    write(logs, (NOON + 2, "second"), function="ingest")
    assert ["first", "second", "third"] == [line.message for line in new_lines(logs_of_both)]


def test_lines_of_a_group_that_functions_share_have_the_function_of_their_stream(account: Account) -> None:
    client = account.client("logs")
    client.create_log_group(logGroupName="/lambda/orders-dev")
    for number, name in enumerate(("report", "reports", "gone")):
        stream = f"2025/11/27/orders-dev-{name}[$LATEST]0f"
        client.create_log_stream(logGroupName="/lambda/orders-dev", logStreamName=stream)
        event = {"timestamp": NOON + number, "message": name}
        client.put_log_events(logGroupName="/lambda/orders-dev", logStreamName=stream, logEvents=[event])
    functions = {name: f"orders-dev-{name}" for name in ("report", "reports")}
    (log,) = readers(account, functions, NOON, shared_group="/lambda/orders-dev")
    assert [("report", "report"), ("reports", "reports")] == [(line.function, line.message) for line in log.new_lines()]


@pytest.mark.parametrize("config", [None, "config.lambda_.share_log_group = True"])
@pytest.mark.parametrize("name", ["", "billing", "orders-dev-other"])
def test_a_deployed_stack_has_the_logs_that_its_app_has(make: Make, config: str | None, name: str) -> None:
    options = f"(function_name='{name}')" if name else ""
    functions = [f"@app.function{of}\ndef {each}(event, context): ...\n" for each, of in (("a", ""), ("b", options))]
    project = make(app="".join(functions), config=config)
    app = project.load()
    physical = {function.resource_id: app.deployed_name(function) for function in app.functions}
    physical |= {SHARED_LOG_GROUP: in_stack(app.functions[0].log_group_name, app.namespace)} if config else {}
    account = stack_in_account(app.namespace, project.template(), physical)
    of_app, of_stack = app_readers(account, app, NOON), deployed_readers(account, app.namespace, NOON)
    assert {(log.group, *log.functions.items()) for log in of_app} == {
        (log.group, *log.functions.items()) for log in of_stack
    }
    assert ["b"] == [
        each for log in deployed_readers(account, app.namespace, NOON, only="b") for each in log.functions.values()
    ]


def stack_in_account(name: str, template: dict[str, Any], physical: dict[str, str]) -> Any:
    """An account with one stack: of the functions and the log groups that have these names."""
    stack = {
        "StackName": name,
        "StackId": f"arn:stack/{name}/1",
        "StackStatus": "CREATE_COMPLETE",
        "CreationTime": datetime(2026, 1, 1, tzinfo=UTC),
        "Tags": [{"Key": "remit:namespace", "Value": name}],
    }
    resources = [
        {"LogicalResourceId": logical_id, "PhysicalResourceId": physical_id, "ResourceStatus": "CREATE_COMPLETE",
         "ResourceType": template["Resources"][logical_id]["Type"]}
        for logical_id, physical_id in physical.items()
    ]  # fmt: skip
    pages = SimpleNamespace(paginate=lambda **_: [{"StackResourceSummaries": resources}])
    cloudformation = SimpleNamespace(
        describe_stacks=lambda **_: {"Stacks": [stack]},
        get_template=lambda **_: {"TemplateBody": template},
        get_paginator=lambda _: pages,
    )
    return SimpleNamespace(client=lambda _: cloudformation)


def test_following_goes_on_with_what_is_new(account: Account, logs: Any) -> None:
    write(logs, (NOON, "old"))
    looks = follow([reader(account, "report", NOON)])
    assert ["old"] == [line.message for line in next(looks)]
    write(logs, (NOON + 1, "new"))
    assert ["new"] == [line.message for look in islice(looks, 1) for line in look]
