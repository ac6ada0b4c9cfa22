"""Which service of the emulator a request reaches, which lines meet a pattern, and what a change set begins."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from emulator_copies import copied
from remit.catalogue.request_formats import signing_names
from remit.local.emulator import during, emulated
from remit.local.repairs.logs import repair_logs
from remit.local.repairs.requests import DECIDED, read_no_models, send_to_the_decided_service, simulated_services
from remit.local.repairs.stacks import stacks_in_review
from remit.local.request import ReceivedRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

PATHS = ("_handle_pre_body_request", "_handle_post_body_shortcuts", "_handle_special_data_plane_request")


def test_the_emulator_looks_at_a_path_only_for_who_is_found_by_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async def by_path(*arguments: Any, **named: Any) -> Any:
        return arguments, named

    app = copied(monkeypatch, "app", **dict.fromkeys(PATHS, by_path))
    send_to_the_decided_service()
    found = {}
    for client in ("", "s3", "sqs", "execute-api", "apigatewaymanagementapi", "rds-data", "s3control", "sesv2"):
        with during(DECIDED, client):
            found[client] = [asyncio.run(getattr(app, name)("a", b="c")) for name in PATHS]
    answered = [(("a",), {"b": "c"})] * 3
    assert {
        "": answered, "s3": [None] * 3, "sqs": [None] * 3, "execute-api": answered,
        "apigatewaymanagementapi": answered, "rds-data": answered, "s3control": answered, "sesv2": answered,
    } == found  # fmt: skip


def test_what_is_signed_for_a_service_that_is_served_is_simulated_and_else_what_it_looks_like(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Any] = []

    def detect(method: str, path: str, headers: Mapping[str, str], query: Mapping[str, list[str]]) -> str:
        asked.append((method, path, headers, query))
        return path.strip("/")

    router = copied(monkeypatch, "core.router", detect_service=detect)
    copied(monkeypatch, "app", SERVICE_HANDLERS={"sqs": None}, SERVICE_NAME_ALIASES={"monitoring": "cloudwatch"})
    is_simulated = simulated_services()

    def seems(path: str, service: str) -> bool:
        request = ReceivedRequest("POST", path, "a=1&b=", {"x-a": ("1", "2")})
        return is_simulated(request, service)

    assert [True, True] == [seems("/iot", service) for service in ("sqs", "monitoring")]
    assert [] == asked
    assert [True, True, False] == [seems(path, "iot") for path in ("/sqs", "/monitoring", "/cloudwatch")]
    expected = [
        ("POST", path, {"x-a": "1,2"}, {"a": ["1"], "b": [""]}) for path in ("/sqs", "/monitoring", "/cloudwatch")
    ]
    assert expected == asked
    names = ("s3", "monitoring", "nothing-of-aws")
    assert [name in signing_names() for name in names] == [router._is_aws_service_name(name) for name in names]


def test_no_model_is_read_for_the_type_of_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    responses = copied(monkeypatch, "core.responses")
    read_no_models()
    assert None is responses._service_model("sqs")


@pytest.mark.parametrize(
    ("pattern", "lines", "found"),
    [
        ('{ $.a = "x" }', ['{"a": "x"}', '"x"', "a = x"], (['{"a": "x"}'], ['{"a": "x"}'])),
        (' { $.a = "x" }', ['{"a": "x"}', '{"a": "y"}'], (['{"a": "x"}'], ['{"a": "x"}'])),
        ("?x -y", ["x", "x y", "z"], (["x"], "emulator")),
        ("[ip, user]", ["1 ada"], ("emulator", "emulator")),
        (" [ip, user]", ["1 ada"], ("emulator", "emulator")),
    ],
)
def test_a_pattern_of_columns_is_the_emulators_and_others_choose_lines_as_aws_does(
    monkeypatch: pytest.MonkeyPatch, pattern: str, lines: list[str], found: tuple[Any, Any]
) -> None:
    by_emulator: Any = SimpleNamespace(asked=[])
    logs = copied(
        monkeypatch, "services.cloudwatch_logs", _filter_log_events=print,
        _subscription_pattern_matches=lambda *asked: by_emulator.asked.append(asked),
        _compile_filter_pattern=lambda asked: lambda line: by_emulator.asked.append((asked, line)),
    )  # fmt: skip
    repair_logs()
    for expected, matches in (
        (found[0], lambda line: logs._subscription_pattern_matches(pattern, line)),
        (found[1], logs._compile_filter_pattern(pattern)),
    ):
        by_emulator.asked.clear()
        chosen = [line for line in lines if matches(line)]
        asked = [(pattern, line) for line in lines]
        assert (([], asked) if expected == "emulator" else (expected, [])) == (chosen, by_emulator.asked)


@pytest.mark.parametrize(
    ("status", "ids", "sent"),
    [
        ("REVIEW_IN_PROGRESS", {"one": "old", "two": "old", "other": "of another"}, b"<StackId>old</StackId>"),
        ("CREATE_COMPLETE", {"one": "old", "two": "new", "other": "of another"}, b"<StackId>new</StackId>"),
        (None, {"two": "new", "other": "of another"}, b"<StackId>new</StackId>"),
    ],
)
def test_a_further_first_change_set_is_one_of_the_stack_that_waits(
    monkeypatch: pytest.MonkeyPatch, status: str | None, ids: dict[str, str], sent: bytes
) -> None:
    waiting = {"StackId": "old", "StackStatus": status}
    sets = {"other": {"StackId": "of another"}} | ({} if status is None else {"one": {"StackId": "old"}})
    stacks: dict[str, Any] = {} if status is None else {"shop": waiting}

    def create(_raw: Any) -> Any:
        stacks["shop"] = {"StackId": "new", "StackStatus": "REVIEW_IN_PROGRESS"}
        sets["two"] = {"StackId": "new"}
        return 200, {"x": "y"}, b"<StackId>new</StackId>"

    copied(monkeypatch, "services.cloudformation", _stacks=stacks, _change_sets=sets)
    handlers = copied(monkeypatch, "services.cloudformation.handlers", _ACTION_HANDLERS={"CreateChangeSet": create})
    stacks_in_review()
    answer = handlers._ACTION_HANDLERS["CreateChangeSet"]({"StackName": ["shop"], "ChangeSetName": ["two"]})
    assert (200, {"x": "y"}, sent) == answer
    assert ids == {name: change_set["StackId"] for name, change_set in sets.items()}
    assert (stacks["shop"] is waiting) == (status == "REVIEW_IN_PROGRESS")


def test_a_change_set_that_is_refused_changes_nothing_of_the_stack_that_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = {"StackId": "old", "StackStatus": "REVIEW_IN_PROGRESS"}
    stacks, sets = {"shop": waiting}, {"one": {"StackId": "old"}}
    copied(monkeypatch, "services.cloudformation", _stacks=stacks, _change_sets=sets)
    handlers = copied(
        monkeypatch, "services.cloudformation.handlers",
        _ACTION_HANDLERS={"CreateChangeSet": lambda _raw: (400, {}, b"old")},
    )  # fmt: skip
    stacks_in_review()
    assert (400, {}, b"old") == handlers._ACTION_HANDLERS["CreateChangeSet"]({"StackName": ["shop"]})
    assert ({"shop": waiting}, {"one": {"StackId": "old"}}) == (stacks, sets)
    assert waiting is stacks["shop"]
    assert emulated("services.cloudformation.handlers") is handlers
