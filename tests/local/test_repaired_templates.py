"""What repairs of CloudFormation hand on to the emulator and note in it, whole."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from emulator_copies import copied
from remit.local.repairs import stacks

ACCOUNT = "000000000000"


@pytest.fixture
def handlers(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, Any]]:
    """The emulator's handlers of types: each gives back what it gets as the attributes."""
    kinds = (
        "AWS::Lambda::Function", "AWS::Lambda::EventSourceMapping", "AWS::SNS::Topic", "AWS::SNS::TopicPolicy",
        "AWS::Scheduler::Schedule", "AWS::SecretsManager::Secret",
    )  # fmt: skip
    every = {
        kind: {
            "create": lambda *arguments: ("one", {"Arn": "arn", "asked": arguments}),
            "update": lambda *arguments: (arguments[0], {"Arn": "arn", "asked": arguments}),
            "delete": lambda *arguments: arguments,
        }
        for kind in kinds
    }
    copied(
        monkeypatch, "services.cloudformation.provisioners", _RESOURCE_HANDLERS=every,
        _physical_name=lambda stack, logical_id, **_options: f"{stack}-{logical_id}-X",
    )  # fmt: skip
    return every


def test_a_consumer_is_made_kept_and_deleted_by_its_arn(
    monkeypatch: pytest.MonkeyPatch, handlers: dict[str, dict[str, Any]]
) -> None:
    asked: list[Any] = []

    def register(properties: Any) -> Any:
        asked.append(properties)
        return 200, {}, json.dumps({"Consumer": {"ConsumerARN": "stream/consumer/c:1", "ConsumerName": "c"}}).encode()

    copied(monkeypatch, "services.kinesis", _register_consumer=register, _deregister_consumer=asked.append)
    stacks._stream_consumers()
    handler, properties = handlers["AWS::Kinesis::StreamConsumer"], {"ConsumerName": "c", "StreamARN": "stream"}
    consumer = {"ConsumerARN": "stream/consumer/c:1", "StreamARN": "stream"}
    assert ("stream/consumer/c:1", {**consumer, "ConsumerName": "c"}) == handler["create"]("C", properties, "s")
    assert ("id", {**consumer, "ConsumerARN": "id"}) == handler["update"]("id", {"StreamARN": "old"}, properties, "s")
    handler["delete"]("id", properties)
    assert [properties, {"ConsumerARN": "id"}] == asked


def test_a_mapping_reads_the_stream_in_place_of_its_consumer_before_and_after_a_change(
    handlers: dict[str, dict[str, Any]],
) -> None:
    stacks._stream_consumers()
    handler = handlers["AWS::Lambda::EventSourceMapping"]
    old, new = {"EventSourceArn": "old/consumer/c:1", "BatchSize": 1}, {"EventSourceArn": "queue"}
    read = {"EventSourceArn": "old", "BatchSize": 1}
    assert ("M", read, "s") == handler["create"]("M", old, "s")[1]["asked"]
    assert ("m", read, new, "s", "M") == handler["update"]("m", old, new, "s", "M")[1]["asked"]


DEFAULT: Any = {
    "Version": "2008-10-17",
    "Id": "__default_policy_ID",
    "Statement": [
        {
            "Sid": "__default_statement_ID",
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": [
                "SNS:GetTopicAttributes", "SNS:SetTopicAttributes", "SNS:AddPermission", "SNS:RemovePermission",
                "SNS:DeleteTopic", "SNS:Subscribe", "SNS:ListSubscriptionsByTopic", "SNS:Publish",
            ],
            "Resource": "arn:aws:sns:us-east-1:000000000000:t",
            "Condition": {"StringEquals": {"AWS:SourceOwner": ACCOUNT}},
        }
    ],
}  # fmt: skip


def test_a_topic_has_the_default_policy_until_and_after_it_has_its_own(
    monkeypatch: pytest.MonkeyPatch, handlers: dict[str, dict[str, Any]]
) -> None:
    topic = "arn:aws:sns:us-east-1:000000000000:t"
    open_, own = ('{"Id": "__default_policy_ID", "Statement": []}', '{"Id": "own", "Statement": []}')
    topics = {topic: {"attributes": {"Policy": open_}}, f"{topic}2": {"attributes": {"Policy": own}}}
    copied(monkeypatch, "services.sns", _topics=topics)
    handlers["AWS::SNS::Topic"]["create"] = lambda _logical_id, properties, _stack: (properties["Arn"], {})

    def told() -> list[Any]:
        return [json.loads(record["attributes"]["Policy"]) for record in topics.values()]

    stacks._topic_policies()
    for made in topics:
        handlers["AWS::SNS::Topic"]["create"]("T", {"Arn": made}, "s")
    assert [DEFAULT, json.loads(own)] == told()
    topics[topic]["attributes"]["Policy"] = open_
    handlers["AWS::SNS::Topic"]["update"](topic, {"Arn": topic}, {"Arn": topic, "Tags": []}, "s")
    assert [json.loads(open_), json.loads(own)] == told()
    for verb in ("update", "delete"):
        del topics[topic]["attributes"]["Policy"]
        handlers["AWS::SNS::TopicPolicy"][verb](topic, {})
        assert [DEFAULT, json.loads(own)] == told()


@pytest.mark.parametrize(
    ("properties", "kept"),
    [
        ({"Enabled": False}, {"Enabled": False, "State": "Disabled"}),
        ({"Enabled": "False"}, {"Enabled": False, "State": "Disabled"}),
        ({"Enabled": "true"}, {"Enabled": True, "State": "Enabled"}),
        ({}, {"Enabled": True, "State": "Enabled"}),
    ],
)
def test_a_mapping_is_as_its_template_turns_it(
    monkeypatch: pytest.MonkeyPatch, handlers: dict[str, dict[str, Any]], properties: Any, kept: Any
) -> None:
    mappings = {"one": {"UUID": "one", "Enabled": None, "State": "Creating"}}
    copied(monkeypatch, "services.lambda_svc", _esms=mappings)
    stacks._mapping_state()
    handlers["AWS::Lambda::EventSourceMapping"]["create"]("M", properties, "s")
    assert {"one": {"UUID": "one", **kept}} == mappings


def test_a_function_has_all_that_its_template_says_and_loses_what_that_loses(
    monkeypatch: pytest.MonkeyPatch, handlers: dict[str, dict[str, Any]]
) -> None:
    functions: Any = {"one": {"config": {"Runtime": "python3.12"}}}
    copied(monkeypatch, "services.lambda_svc", _functions=functions, _vpc_config_with_id=lambda vpc: ("vpc", vpc))
    stacks._function_properties()
    handler = handlers["AWS::Lambda::Function"]
    full = {
        "ReservedConcurrentExecutions": 0, "VpcConfig": {"SubnetIds": ["s"]}, "DeadLetterConfig": {"TargetArn": "q"},
        "DurableConfig": {"ExecutionTimeout": 5},
    }  # fmt: skip
    kept = {name: full[name] for name in ("DeadLetterConfig", "DurableConfig")}
    handler["create"]("F", full, "s")
    config = {"Runtime": "python3.12", "VpcConfig": ("vpc", {"SubnetIds": ["s"]}), **kept}
    assert {"one": {"config": config, "concurrency": 0}} == functions
    handler["update"]("one", full, {}, "s", "F")
    assert {"one": {"config": {"Runtime": "python3.12", "VpcConfig": ("vpc", None)}, "concurrency": None}} == functions


def test_what_runs_at_an_alias_has_its_arn_and_nothing_else_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    version = {"config": {"FunctionArn": "arn:1", "Timeout": 3}, "code": b"x"}

    def find(function: Any, qualifier: str | None) -> Any:
        return (None, None) if function is None or qualifier == "gone" else (version, version["config"])

    functions = copied(monkeypatch, "services.lambda_svc", _effective_func_record_for_qualifier=find)
    stacks._records_of_aliases()
    function = {"config": {"FunctionArn": "arn"}, "aliases": {"live": {}, "gone": {}}}
    of_alias = {"FunctionArn": "arn:live", "Timeout": 3}
    found = functions._effective_func_record_for_qualifier
    assert ({"config": of_alias, "code": b"x"}, of_alias) == found(function, "live")
    for qualifier in ("1", None):
        assert (version, version["config"]) == found(function, qualifier) == found({"config": {}}, qualifier)
    assert [(None, None)] * 2 == [found(function, "gone"), found(None, "live")]
    assert {"FunctionArn": "arn:1", "Timeout": 3} == version["config"]


@pytest.mark.parametrize(
    ("properties", "asked", "text"),
    [
        ({"SecretString": "mine"}, None, "mine"),
        ({}, None, ""),
        ({"GenerateSecretString": {}}, {"PasswordLength": 32}, "made"),
        (
            {"GenerateSecretString": {"PasswordLength": "9", "ExcludeNumbers": "true", "ExcludeUppercase": "false"}},
            {"PasswordLength": 9, "ExcludeNumbers": True, "ExcludeUppercase": False},
            "made",
        ),
        (
            {"GenerateSecretString": {"SecretStringTemplate": '{"user": "ada"}', "GenerateStringKey": "key"}},
            {"SecretStringTemplate": '{"user": "ada"}', "GenerateStringKey": "key", "PasswordLength": 32},
            '{"user": "ada", "key": "made"}',
        ),
    ],
)
def test_a_secret_has_the_text_of_its_template_or_one_that_is_made_by_all_options(
    monkeypatch: pytest.MonkeyPatch, properties: Any, asked: Any, text: str
) -> None:
    given: list[Any] = []

    def password(options: Any) -> Any:
        given.append(options)
        return 200, {}, b'{"RandomPassword": "made"}'

    copied(monkeypatch, "services.secretsmanager", _get_random_password=password)
    copy = copied(monkeypatch, "services.cloudformation.provisioners")
    stacks._generated_secrets()
    assert text == copy._sm_secret_string(properties)
    assert ([] if asked is None else [asked]) == given


def test_a_secret_is_known_by_its_arn_and_named_by_its_template_or_its_resource(
    handlers: dict[str, dict[str, Any]],
) -> None:
    deleted: list[Any] = []
    handlers["AWS::SecretsManager::Secret"]["delete"] = lambda *arguments: deleted.append(arguments)
    stacks._secret_references()
    handler, arn = handlers["AWS::SecretsManager::Secret"], "arn:aws:secretsmanager:r:1:secret:a-name-AbCdEf"
    named, unnamed = {"Name": "other"}, {"Description": "d"}

    def told(made: tuple[str, Any]) -> Any:
        assert ("arn", "arn") == (made[0], made[1]["Arn"])
        return made[1]["asked"]

    assert ("S", named, "stack") == told(handler["create"]("S", named, "stack"))
    assert ("S", {"Name": "S-X", **unnamed}, "stack") == told(handler["create"]("S", unnamed, "stack"))
    for physical_id, name in ((arn, "a-name"), ("plain", "plain")):
        handler["delete"](physical_id, named)
        assert (name, named) == deleted.pop()
        for old, new, given in (
            (unnamed, unnamed, name), (unnamed, named, "other"), (named, named, "other"), (named, unnamed, "S-X"),
        ):  # fmt: skip
            changed = told(handler["update"](physical_id, old, new, "stack", "S"))
            assert (name, old, {**new, "Name": given}, "stack", "S") == changed


def test_a_new_bucket_blocks_each_public_access(monkeypatch: pytest.MonkeyPatch) -> None:
    storage = copied(monkeypatch, "services.s3")
    stacks.public_access()
    assert {
        "_public_access_block": storage._NEW_BUCKET_PUBLIC_ACCESS_BLOCK
    } == storage._new_bucket_public_access_block()


TOKYO = "Asia/Tokyo"  # nine hours ahead of UTC all year


def test_a_schedule_is_due_by_the_clock_of_its_zone(
    monkeypatch: pytest.MonkeyPatch, handlers: dict[str, dict[str, Any]]
) -> None:
    del handlers
    zones = {"tokyo": TOKYO, "utc": "UTC", "none": None}
    held = {
        name: {
            "ScheduleExpression": "cron(0 6 * * ? *)",
            **({} if zone is None else {"ScheduleExpressionTimezone": zone}),
        }
        for name, zone in zones.items()
    }
    told: dict[str, Any] = {}
    after = datetime(2026, 11, 28, 20, 0, tzinfo=UTC)

    def tick() -> None:
        for name, schedule in held.items():
            expression = schedule["ScheduleExpression"]
            told[name] = scheduler._at_time_epoch(expression), eventbridge._cron_next_fire("fields", after)

    def next_fire(_fields: Any, moment: datetime) -> datetime:
        assert moment.tzinfo is UTC
        return moment.replace(day=moment.day + 1, hour=6)

    scheduler = copied(monkeypatch, "services.scheduler", _schedules=SimpleNamespace(_data=held), _tick_schedules=tick)
    eventbridge = copied(monkeypatch, "services.eventbridge", _cron_next_fire=next_fire)
    stacks._schedules()
    scheduler._tick_schedules()
    # In Tokyo it is five in the morning of the 29th: six o'clock of the 30th there is the evening of the 29th here.
    expected = {"tokyo": datetime(2026, 11, 29, 21, tzinfo=UTC), "utc": datetime(2026, 11, 29, 6, tzinfo=UTC)}
    assert {name: (None, expected.get(name, expected["utc"])) for name in zones} == told
    in_tokyo = stacks._ZonedExpression("at(2026-11-28T10:15:00)", ZoneInfo(TOKYO))
    moments = [scheduler._at_time_epoch(text) for text in (in_tokyo, "at(2026-11-28T10:15:00)")]
    hours = [datetime(2026, 11, 28, hour, 15, tzinfo=UTC).timestamp() for hour in (1, 10)]
    assert hours == moments
    assert (1, 1) == (scheduler._SCHEDULE_TICK_INTERVAL, eventbridge._SCHEDULER_TICK_INTERVAL)


def test_a_schedule_has_the_rest_of_its_template_in_its_group(
    monkeypatch: pytest.MonkeyPatch, handlers: dict[str, dict[str, Any]]
) -> None:
    held: dict[str, Any] = defaultdict(dict)
    copied(monkeypatch, "services.scheduler", _schedules=held)
    copied(monkeypatch, "services.eventbridge")
    stacks._schedules()
    whole = {"ScheduleExpressionTimezone": TOKYO, "StartDate": "a", "EndDate": "b", "KmsKeyArn": "k"}
    for group, properties in (({}, whole), ({"GroupName": "late"}, {"StartDate": "c"})):
        handlers["AWS::Scheduler::Schedule"]["create"]("S", {**properties, **group, "State": "ENABLED"}, "s")
    assert {"default/one": whole, "late/one": {"StartDate": "c"}} == held


def test_a_type_that_is_not_here_is_left_out_and_its_events_say_so(
    monkeypatch: pytest.MonkeyPatch, handlers: dict[str, dict[str, Any]]
) -> None:
    told: list[Any] = []
    modules = [
        copied(
            monkeypatch, f"services.cloudformation.{name}",
            _add_event=lambda *arguments, **options: told.append((arguments[4:], options)),
        )
        for name in ("stacks", "changesets")
    ]  # fmt: skip
    before = handlers["AWS::SNS::Topic"]
    stacks._unknown_types(ACCOUNT)
    assert before is handlers["AWS::SNS::Topic"]
    rows = (
        ("AWS::AppFlow::Flow", "CREATE_COMPLETE", ("why", "more"), {}, ("not simulated here", "more"), {}),
        ("AWS::AppFlow::Flow", "UPDATE_COMPLETE", (), {"reason": "why", "a": 1}, ("not simulated here",), {"a": 1}),
        ("AWS::AppFlow::Flow", "DELETE_COMPLETE", (), {"reason": "why"}, (), {"reason": "why"}),
        ("AWS::SNS::Topic", "CREATE_COMPLETE", ("why",), {}, ("why",), {}),
    )
    for module in modules:
        for kind, status, reason, options, _, _ in rows:
            module._add_event("id", "s", "L", kind, status, *reason, **options)
    assert [((status, *reason), options) for _, status, _, _, reason, options in rows] * 2 == told
    flow, logs = handlers["AWS::AppFlow::Flow"], handlers["AWS::CodeArtifact::Domain"]
    arn = f"arn:aws:codeartifact:us-east-1:{ACCOUNT}:s-D"
    assert ("s-F", f"arn:aws:appflow:us-east-1:{ACCOUNT}:s-F") == (
        flow["create"]("F", {}, "s")[0],
        flow["create"]("F", {}, "s")[1]["FlowArn"],
    )
    ref, values = logs["create"]("D", {}, "s")
    assert (arn, arn, "s-D") == (ref, values["Arn"], values["Name"])
    assert flow["delete"]("F", {}) is None
