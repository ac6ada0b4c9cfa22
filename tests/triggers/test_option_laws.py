"""Each option of a trigger becomes its property of CloudFormation, and nothing else changes: AWS's names written again.

Sources: the pages of AWS::Lambda::EventSourceMapping, AWS::SNS::Subscription, AWS::Events::Rule,
AWS::Scheduler::Schedule, AWS::IoT::TopicRule, AWS::Logs::SubscriptionFilter, AWS::Lambda::Url and AWS::S3::Bucket
(CloudFormation), and "Configuring event notifications using object key name filtering" (Amazon S3 User Guide).
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Final, NamedTuple, get_args

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from remit import resource
from remit.app import App, Function, Resource, Workflow
from remit.errors import Origin, RemitError
from remit.triggers.app_wide import with_own_sources
from remit.triggers.cognito import Cognito
from remit.triggers.dynamodb import Dynamodb, StreamView
from remit.triggers.event import Event
from remit.triggers.existing_sources import existing_sources
from remit.triggers.http import Http
from remit.triggers.iot import Iot
from remit.triggers.kinesis import Kinesis
from remit.triggers.logs import Logs
from remit.triggers.s3 import S3, BucketEvent, with_sources
from remit.triggers.schedule import Schedule
from remit.triggers.sns import Sns
from remit.triggers.sqs import Sqs
from remit.triggers.user_pool import UserPool

if TYPE_CHECKING:
    from collections.abc import Callable

QUEUE: Final = "arn:aws:sqs:eu-west-1:111122223333:lost"
STREAM: Final = "arn:aws:dynamodb:eu-west-1:111122223333:table/t/stream/2026-01-31T00:00:00.000"
LATER: Final = datetime(2126, 1, 2, 3, 4, 5, tzinfo=UTC)
ZONED: Final = datetime(2127, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=2)))
ANYTHING: Final = st.sampled_from([0, False, "", {}, "text", {"b": [1, None], "a": "b"}])
SWITCH: Final = st.booleans()


class Option(NamedTuple):
    """The values of an option, the path of its property, and the property's value (None: there is none)."""

    values: st.SearchStrategy[Any]
    path: str
    made: Callable[[Any], Any] = lambda value: value
    limits: tuple[int, int] | None = None
    """The least and the most of a number."""


def number(least: int, most: int, path: str) -> Option:
    return Option(st.integers(least, most), path, limits=(least, most))


def switch(path: str, on: Any, off: Any = None) -> Option:
    return Option(SWITCH, path, lambda value: on if value else off)


def criteria(pattern: Any) -> dict[str, Any]:
    patterns = pattern if isinstance(pattern, list) else [pattern]
    return {"Filters": [{"Pattern": json.dumps(one, separators=(",", ":"))} for one in patterns]}


def one_or_more(*patterns: dict[str, Any]) -> st.SearchStrategy[Any]:
    return st.sampled_from(patterns) | st.lists(st.sampled_from(patterns), min_size=1, max_size=3, unique_by=str)


def listed(*values: Any) -> Option:
    """A value or a list of them, that becomes a list. Its path is that of the pattern of `on.event`."""
    some = st.sampled_from(values) | st.lists(st.sampled_from(values), min_size=1, max_size=2, unique=True)
    return Option(some, "", lambda value: [value] if isinstance(value, str) else value)


def at_pattern(field: str, option: Option) -> Option:
    return option._replace(path=f"EventPattern/{field}")


REPORTED: Final = switch("FunctionResponseTypes", ["ReportBatchItemFailures"])
STREAMED: Final = {
    "batch_size": number(1, 10_000, "BatchSize"),
    "batch_window": number(0, 300, "MaximumBatchingWindowInSeconds"),
    "retries": number(-1, 10_000, "MaximumRetryAttempts"),
    "report_failures": REPORTED,
    "on_failure": Option(
        st.sampled_from([QUEUE, "arn:aws:sns:eu-west-1:111122223333:lost", "arn:aws:s3:::lost"]),
        "DestinationConfig/OnFailure/Destination",
    ),
    "max_record_age": number(60, 604_800, "MaximumRecordAgeInSeconds"),
    "parallelization_factor": number(1, 10, "ParallelizationFactor"),
    "bisect_batch": switch("BisectBatchOnFunctionError", on=True),
    "tumbling_window": number(0, 900, "TumblingWindowInSeconds"),
    "starting_position": Option(st.sampled_from(["LATEST", "TRIM_HORIZON"]), "StartingPosition"),
    "key": Option(st.just("alias/theirs"), ""),
}
RETRIED: Final = ("retries", "max_event_age", "dead_letter")


def retried(target: str) -> dict[str, Option]:
    return {
        "retries": number(0, 185, f"{target}/RetryPolicy/MaximumRetryAttempts"),
        "max_event_age": number(60, 86_400, f"{target}/RetryPolicy/MaximumEventAgeInSeconds"),
        "dead_letter": Option(st.just(QUEUE), f"{target}/DeadLetterConfig/Arn"),
        "input": Option(ANYTHING, f"{target}/Input", lambda value: json.dumps(value, sort_keys=True)),
        "enabled": switch("State", "ENABLED", "DISABLED"),
    }


OPTIONS: Final[dict[tuple[Any, str, str], dict[str, Option]]] = {
    (Sqs, "orders", "AWS::Lambda::EventSourceMapping"): {
        "batch_size": number(1, 10_000, "BatchSize")._replace(values=st.integers(1, 10)),
        "batch_window": number(0, 300, "MaximumBatchingWindowInSeconds"),
        "max_concurrency": number(2, 1_000, "ScalingConfig/MaximumConcurrency"),
        "provisioned_pollers": Option(
            st.tuples(st.integers(2, 200), st.integers(200, 10_000))
            | st.integers(2, 200).map(lambda same: (same, same)),
            "ProvisionedPollerConfig",
            lambda pollers: {"MinimumPollers": pollers[0], "MaximumPollers": pollers[1]},
        ),
        "report_failures": REPORTED,
        "filter": Option(one_or_more({"body": {"b": [2], "a": [1]}}, {"body": ["x"]}), "FilterCriteria", criteria),
        "key": Option(st.just("alias/theirs"), ""),
    },
    (Kinesis, "clicks", "AWS::Lambda::EventSourceMapping"): {
        **STREAMED,
        "filter": Option(one_or_more({"data": {"a": ["b"]}}, {"data": {"c": ["d"]}}), "FilterCriteria", criteria),
        "fan_out": Option(
            SWITCH,
            "EventSourceArn",
            lambda fan_out: (
                "${HelloClicksConsumer}"
                if fan_out
                else "arn:${AWS::Partition}:kinesis:${AWS::Region}:${AWS::AccountId}:stream/clicks"
            ),
        ),
    },
    (Dynamodb, STREAM, "AWS::Lambda::EventSourceMapping"): {
        **STREAMED,
        "filter": Option(one_or_more({"eventName": ["INSERT"]}, {"eventName": ["REMOVE"]}), "FilterCriteria", criteria),
    },
    (Sns, "news", "AWS::SNS::Subscription"): {
        "filter": Option(st.sampled_from([{"kind": ["new"]}, {"a": ["b"], "c": [{"prefix": "d"}]}]), "FilterPolicy"),
        "dead_letter": Option(st.just(QUEUE), "RedrivePolicy/deadLetterTargetArn"),
        "raw": switch("RawMessageDelivery", on=True),
    },
    (Event, "", "AWS::Events::Rule"): {
        "source": at_pattern("source", listed("shop", "aws.health")),
        "detail_type": at_pattern("detail-type", listed("Order placed", "Order paid")),
        "account": at_pattern("account", listed("111122223333", "444455556666")),
        "region": at_pattern("region", listed("eu-west-1", "eu-central-1")),
        "resource_arns": at_pattern("resources", listed(QUEUE, STREAM)),
        "detail": Option(st.sampled_from([{"a": ["b"]}, {"n": [{"numeric": [">", 5]}]}]), "EventPattern/detail"),
        "bus": Option(st.sampled_from(["shop", "arn:aws:events:eu-west-1:111122223333:event-bus/x"]), "EventBusName"),
        **retried("Targets/0"),
    },
    (Schedule, "cron(0 8 * * ? *)", "AWS::Scheduler::Schedule"): {
        "timezone": Option(st.sampled_from(["Europe/Berlin", "UTC"]), "ScheduleExpressionTimezone"),
        "start": Option(st.just(LATER), "StartDate", datetime.isoformat),
        "end": Option(st.just(ZONED), "EndDate", datetime.isoformat),
        "flexible_window": number(1, 1_440, "FlexibleTimeWindow")._replace(
            made=lambda minutes: {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": minutes}
        ),
        **retried("Target"),
    },
    (Iot, "SELECT * FROM 'a'", "AWS::IoT::TopicRule"): {
        "sql_version": Option(st.sampled_from(["2015-10-08", "beta"]), "TopicRulePayload/AwsIotSqlVersion"),
        "enabled": Option(SWITCH, "TopicRulePayload/RuleDisabled", lambda enabled: not enabled),
    },
    (Logs, "/shop/web", "AWS::Logs::SubscriptionFilter"): {
        "pattern": Option(st.sampled_from(["", "ERROR", '{ $.level = "error" }']), "FilterPattern"),
    },
    (Http, "", "AWS::Lambda::Url"): {
        "auth": Option(st.sampled_from(["AWS_IAM", "NONE"]), "AuthType"),
        "cors": Option(st.sampled_from([{"AllowOrigins": ["*"]}, {}]), "Cors"),
        "invoke_mode": switch("InvokeMode", "RESPONSE_STREAM")._replace(values=st.just("RESPONSE_STREAM")),
    },
}
"""By class, source and type, what each option becomes. Defaults stand in the examples of test_triggers.py."""


def function_of(*triggers: Any) -> Function:
    return Function("hello", "Hello", "app.hello", {"Timeout": 30}, triggers)


def made_by(trigger: Any, resource_type: str) -> dict[str, Any]:
    """The properties of the one resource of a type that a trigger makes."""
    for check in trigger.checks():
        check()
    (resource,) = (made for made in trigger.resources(function_of(trigger)) if made.type == resource_type)
    properties: dict[str, Any] = json.loads(json.dumps(resource.properties))
    return properties


def put(properties: dict[str, Any], path: str, value: Any) -> None:
    """Write a value at a path; None and an empty path leave everything as it is."""
    if value is None or not path:
        return
    *parents, last = path.split("/")
    where: Any = properties
    for part in parents:
        where = where[int(part)] if isinstance(where, list) else where.setdefault(part, {})
    where[last] = value


@settings(max_examples=25)
@pytest.mark.parametrize("kind", OPTIONS, ids=lambda kind: kind[0].__name__)
@given(data=st.data())
def test_each_option_becomes_its_property_and_nothing_else_changes(kind: Any, data: st.DataObject) -> None:
    trigger, source, resource_type = kind
    needed = {"source": "needed"} if trigger is Event else {}
    excluded = data.draw(st.sampled_from(["max_concurrency", "provisioned_pollers"]))  # Lambda takes one of them
    names = data.draw(st.lists(st.sampled_from(sorted(OPTIONS[kind].keys() - {excluded})), unique=True))
    drawn = {name: data.draw(OPTIONS[kind][name].values, name) for name in names}
    positional = [source] if source else []
    expected = made_by(trigger(*positional, **needed), resource_type)
    for name, value in drawn.items():
        option = OPTIONS[kind][name]
        put(expected, option.path, option.made(value))
    if "filter" in drawn and trigger is Sns:
        expected["FilterPolicyScope"] = "MessageAttributes"
    if drawn.get("raw"):
        expected |= {"Protocol": "sqs", "Endpoint": "${HelloNewsTopicQueue.Arn}"}
    assert expected == made_by(trigger(*positional, **needed | drawn), resource_type)


@pytest.mark.parametrize("kind", OPTIONS, ids=lambda kind: kind[0].__name__)
def test_the_least_and_the_most_of_each_number_are_taken_and_no_more(kind: Any) -> None:
    trigger, source, resource_type = kind
    for name, option in OPTIONS[kind].items():
        least, most = option.limits or (0, 0)
        others: dict[str, Any] = {"source": "needed"} if trigger is Event else {}
        if name == "batch_size":
            others["batch_window"] = 1  # which large batches of a queue need
        for value in (least, most) if option.limits else ():
            assert made_by(trigger(*filter(None, [source]), **others, **{name: value}), resource_type)
        for value in (least - 1, most + 1) if option.limits else ():
            if (name, value) == ("max_record_age", -1):
                continue  # for ever
            with pytest.raises(RemitError, match=rf"^error: {name} is {value}; it can be {least} to {most}\b"):
                made_by(trigger(*filter(None, [source]), **others, **{name: value}), resource_type)


def test_every_option_of_a_trigger_is_held_against_its_property() -> None:
    """Others have tests of their own: those of buckets, of pools and of APIs, and what goes with another option."""
    elsewhere = {
        "misfits",
        "written",
        "expression",
        "queue",
        "stream",
        "topic",
        "group",
        "sql",
        "timestamp",
        "view",
        "filter_scope",
    }
    for (trigger, _, _), options in OPTIONS.items():
        assert options.keys() == trigger.__dataclass_fields__.keys() - elsewhere, trigger


SELECT: Final = "SELECT * FROM "
SEVERAL: Final = (
    lambda number: Schedule(f"rate({number + 2} days)"),
    lambda number: Event(source=f"s{number}"),
    lambda number: Iot(SELECT + f"'t{number}'"),
    lambda number: Logs("/shop/web", f"E{number}"),
    lambda number: S3("theirs", prefix=f"p{number}/"),
    lambda number: Sqs(f"q{number}"),
)


@settings(max_examples=25)
@given(st.lists(st.integers(0, len(SEVERAL) - 1), max_size=8))
def test_each_trigger_of_a_function_has_resources_of_its_own_counted_from_two(kinds: list[int]) -> None:
    triggers = [SEVERAL[kind](place) for place, kind in enumerate(kinds)]
    function = function_of(*triggers)
    seen: Counter[int] = Counter()
    ids: list[str] = []
    for kind, trigger in zip(kinds, triggers, strict=True):
        seen[kind] += 1
        ids += (made := [resource.logical_id for resource in trigger.resources(function)])
        if kind != 5:
            main = next(name for name in made if not name.endswith("Permission"))
            assert main.removeprefix("Hello").lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") == (
                "" if seen[kind] == 1 else str(seen[kind])
            )
    assert len(ids) == len(set(ids))


EVENTS: Final[tuple[Any, ...]] = get_args(BucketEvent)
PARTS: Final = st.text("ab", max_size=2)
NOTIFICATIONS: Final[st.SearchStrategy[tuple[Any, str, str]]] = st.tuples(st.sampled_from(EVENTS[:6]), PARTS, PARTS)
KEYS: Final = [
    "".join("ab"[number >> place & 1] for place in range(size)) for size in range(5) for number in range(1 << size)
]


def objects(notification: tuple[str, str, str]) -> set[tuple[str, str]]:
    """The events of small keys that a notification is about, one by one."""
    name, prefix, suffix = notification
    singles = {one for one in EVENTS if not one.endswith("*") and (one == name or one.startswith(name[:-1]))}
    if not name.endswith("*"):
        singles = {name}
    return {(one, key) for one in singles for key in KEYS if key.startswith(prefix) and key.endswith(suffix)}


@settings(max_examples=60)
@given(st.lists(NOTIFICATIONS, max_size=2), st.lists(NOTIFICATIONS, min_size=1, max_size=2), SWITCH)
def test_notifications_are_refused_that_some_object_would_have_twice_and_else_each_is_there(
    by_hand: list[tuple[Any, str, str]],
    drawn: list[tuple[Any, str, str]],
    in_small: bool,
) -> None:
    names = ("prefix", "suffix") if in_small else ("Prefix", "Suffix")
    written = [
        {"Event": name, "Topic": "t", "Filter": {"S3Key": {"Rules": [
            {"Name": part, "Value": value} for part, value in zip(names, parts, strict=True)]}}}
        for name, *parts in by_hand
    ]  # fmt: skip
    bucket = Resource("Files", "AWS::S3::Bucket", {"NotificationConfiguration": {"TopicConfigurations": written}})
    triggers = [
        S3("${Files.Arn}", events=name, prefix=prefix, suffix=suffix).at(Origin("app.py", line))
        for line, (name, prefix, suffix) in enumerate(drawn, 1)
    ]
    app = App("shop", "dev", functions=(function_of(*triggers),), resources=(bucket,))
    earlier = list(by_hand)
    lines = []
    for line, notification in enumerate(drawn, 1):
        if any(objects(notification) & objects(one) for one in earlier):
            lines.append(line)
        earlier.append(notification)
    event(f"refused: {bool(lines)}")
    if lines:
        with pytest.raises(RemitError) as refused:
            with_sources(app)
        assert [mistake.origin and mistake.origin.line for mistake in refused.value.all] == lines
        return
    (made,) = with_sources(app).resources
    configuration = made.properties["NotificationConfiguration"]
    assert configuration["TopicConfigurations"] == written
    told = []
    for entry in configuration["LambdaConfigurations"]:
        rules = {rule["Name"]: rule["Value"] for rule in entry.get("Filter", {}).get("S3Key", {}).get("Rules", ())}
        told.append((entry["Event"], rules.get("prefix", ""), rules.get("suffix", "")))
        assert entry["Function"] == "${HelloFunction.Arn}"
        assert "" not in rules.values()
    assert told == drawn
    assert made.attributes["DependsOn"] == ["HelloFilesBucketPermission"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"provisioned_pollers": (1, 4)}, "the least of provisioned_pollers is 1; it can be 2 to 200"),
        ({"provisioned_pollers": (2, 10_001)}, "the most of provisioned_pollers is 10001; it can be 2 to 10000"),
        ({"provisioned_pollers": (5, 4)}, "provisioned_pollers are at least 5, and at most 4"),
        ({"provisioned_pollers": (2, 3, 4)}, "provisioned_pollers are two numbers, got (2, 3, 4)"),
        ({"provisioned_pollers": 4}, "provisioned_pollers must be a list, got int '4'"),
        ({"provisioned_pollers": (2, "4")}, "provisioned_pollers[1] must be a whole number, got str '4'"),
        (
            {"provisioned_pollers": (2, 4), "max_concurrency": 4},
            "Lambda takes max_concurrency or provisioned_pollers, not both",
        ),
    ],
)
def test_pollers_that_lambda_refuses_are_told(options: dict[str, Any], said: str) -> None:
    with pytest.raises(RemitError) as refused:
        made_by(Sqs("orders", **options), "AWS::Lambda::EventSourceMapping")
    assert said == refused.value.message


OWN_FIFO: Final = resource("AWS::SQS::Queue", fifo_queue=True)


@pytest.mark.parametrize("queue", ["orders.fifo", "orders", f"{QUEUE}.fifo", QUEUE, OWN_FIFO])
@pytest.mark.parametrize("size", [None, 1, 10, 11])
def test_large_batches_wait_and_a_fifo_queue_gives_ten_messages_at_once(queue: Any, size: int | None) -> None:
    """Using Lambda with Amazon SQS: more than ten need a window, and FIFO queues know none."""
    is_fifo = not isinstance(queue, str) or queue.endswith(".fifo")
    for window in (None, 0, 1):
        is_large = size is not None and size > 10
        if (is_fifo and (is_large or window)) or (is_large and not window):
            with pytest.raises(RemitError, match="FIFO queue gives at most 10" if is_fifo else "needs a batch_window"):
                Sqs(queue, batch_size=size, batch_window=window)
        else:
            assert Sqs(queue, batch_size=size, batch_window=window).is_fifo == is_fifo


def test_ten_patterns_are_taken_as_a_list_or_a_tuple_and_no_more() -> None:
    patterns = [{"body": [str(number)]} for number in range(10)]
    for given_ones in (patterns, (*patterns,)):
        made = made_by(Sqs("orders", filter=given_ones), "AWS::Lambda::EventSourceMapping")
        assert criteria(patterns) == made["FilterCriteria"]
    with pytest.raises(RemitError, match="filter has 11 patterns; Lambda takes 5, and 10 on request"):
        Sqs("orders", filter=[*patterns, {"body": ["x"]}])
    with pytest.raises(RemitError, match="filter is an empty list"):
        Sqs("orders", filter=[])


@pytest.mark.parametrize(
    ("options", "refused"),
    [
        ({"starting_position": "AT_TIMESTAMP"}, "starting_position AT_TIMESTAMP needs a timestamp"),
        ({"timestamp": LATER}, 'timestamp goes with starting_position="AT_TIMESTAMP"'),
        ({"starting_position": "AT_TIMESTAMP", "timestamp": LATER.replace(tzinfo=None)}, "with a time zone"),
        ({"starting_position": "AT_TIMESTAMP", "timestamp": ZONED}, ""),
        ({"max_record_age": -1, "retries": 0}, ""),
    ],
)  # fmt: skip
def test_a_stream_is_read_from_a_moment_of_a_zone_and_records_may_never_grow_old(
    options: dict[str, Any], refused: str
) -> None:
    if refused:
        with pytest.raises(RemitError, match=refused):
            Kinesis("clicks", **options)
        return
    properties = made_by(Kinesis("clicks", **options), "AWS::Lambda::EventSourceMapping")
    if "timestamp" in options:
        moment = datetime.fromtimestamp(properties["StartingPositionTimestamp"], UTC)
        assert ("AT_TIMESTAMP", ZONED) == (properties["StartingPosition"], moment)
    else:
        assert (-1, 0) == (properties["MaximumRecordAgeInSeconds"], properties["MaximumRetryAttempts"])


def test_a_schedule_that_is_never_tried_again_says_so() -> None:
    retry = made_by(Schedule("rate(1 day)", retries=0), "AWS::Scheduler::Schedule")["Target"]["RetryPolicy"]
    assert {"MaximumRetryAttempts": 0} == retry


@pytest.mark.parametrize(("start", "end"), [(LATER, LATER), (ZONED, LATER)])
def test_a_schedule_that_ends_when_it_starts_never_runs(start: datetime, end: datetime) -> None:
    with pytest.raises(RemitError, match="schedule ends before it starts, and so never runs"):
        Schedule("rate(1 day)", start=start, end=end)


@pytest.mark.parametrize(
    ("now", "start", "end", "runs"),
    [
        (7, None, None, 1), (9, None, None, 1), (7, None, 8, 1), (8, None, 8, 1), (9, None, 8, 0), (9, 7, 8, 0),
        (7, 9, 32, 1), (7, 8, 32, 1), (33, 9, 32, 0),
    ],
)  # fmt: skip
def test_a_schedule_runs_again_where_a_time_of_its_own_is_left_until_its_end(
    now: int, start: int | None, end: int | None, runs: int
) -> None:
    """Hours from the first of January, of what runs at eight each day."""
    begin = datetime(2126, 1, 1, tzinfo=UTC)
    at = [None if hours is None else begin + timedelta(hours=hours) for hours in (start, end)]
    trigger = Schedule("cron(0 8 * * ? *)", start=at[0], end=at[1])
    assert runs == trigger.runs_after(begin + timedelta(hours=now))


class Twice(S3):
    """A trigger of somebody's own, which is one of remit's as well."""

    __slots__ = ()


def test_a_trigger_of_ones_own_asks_of_the_app_what_the_one_asks_that_it_is_made_of() -> None:
    bucket = Resource("Files", "AWS::S3::Bucket", {})
    app = App("shop", "dev", (function_of(Twice("${Files.Arn}")),), resources=(bucket,))
    (made,) = with_own_sources(app).resources
    assert "LambdaConfigurations" in made.properties["NotificationConfiguration"]


@pytest.mark.parametrize("view", get_args(StreamView))
def test_the_stream_of_a_table_holds_what_the_trigger_looks_at(view: str) -> None:
    table = Resource("Table", "AWS::DynamoDB::Table", {})
    trigger = Dynamodb(table, view=view)  # type: ignore[arg-type]
    (made,) = with_own_sources(App("shop", "dev", (function_of(trigger),), resources=(table,))).resources
    assert {"StreamViewType": view} == made.properties["StreamSpecification"]


def test_a_function_may_serve_the_steps_of_two_pools() -> None:
    pools = [Resource(name, "AWS::Cognito::UserPool", {}) for name in ("One", "Two")]
    own = function_of(*(Cognito(pool, step) for pool in pools for step in ("PreSignUp", "PostConfirmation")))  # type: ignore[arg-type]
    permissions = [made for trigger in own.triggers for made in trigger.resources(own)]
    assert ["HelloOnePoolPermission", "HelloTwoPoolPermission"] == [made.logical_id for made in permissions]
    assert ["${One.Arn}", "${Two.Arn}"] == [made.properties["SourceArn"] for made in permissions]


KEYS_OF_CODES: Final = ("arn:aws:kms:eu-west-1:111122223333:key/1", "arn:aws:kms:eu-west-1:111122223333:key/2")


@pytest.mark.parametrize("of_pool", [None, *KEYS_OF_CODES])
@pytest.mark.parametrize("of_trigger", [None, *KEYS_OF_CODES])
def test_the_codes_of_a_pool_have_the_one_key_that_the_pool_or_the_trigger_names(
    of_pool: str | None, of_trigger: str | None
) -> None:
    configuration = {} if of_pool is None else {"KMSKeyID": of_pool}
    pool = Resource("Users", "AWS::Cognito::UserPool", {"LambdaConfig": configuration})
    own = function_of(Cognito(pool, "CustomEmailSender", key=of_trigger).at(Origin("app.py", 3)))
    app = App("shop", "dev", (own,), resources=(pool,))
    keys = {of_pool, of_trigger} - {None}
    if len(keys) == 1:
        (made,) = with_own_sources(app).resources
        sender = {"LambdaArn": "${HelloFunction.Arn}", "LambdaVersion": "V1_0"}
        assert {"KMSKeyID": keys.pop(), "CustomEmailSender": sender} == made.properties["LambdaConfig"]
        return
    why = (
        "has 2 keys for the codes of a pool; it takes one"
        if keys
        else "needs key=, the KMS key that encrypts the codes"
    )
    with pytest.raises(RemitError) as refused:
        with_own_sources(app)
    assert (f"cognito's CustomEmailSender {why}", Origin("app.py", 3)) == (refused.value.message, refused.value.origin)


@pytest.mark.parametrize(
    ("region", "end"), [("eu-west-1", ""), ("cn-north-1", ".cn"), ("cn-northwest-1", ".cn"), ("us-gov-west-1", "")]
)
def test_the_users_of_a_pool_are_known_by_its_region(region: str, end: str) -> None:
    pool = f"{region}_AbC"
    issuer = f"https://cognito-idp.{region}.amazonaws.com{end}/{pool}"
    arn = f"arn:${{AWS::Partition}}:cognito-idp:{region}:${{AWS::AccountId}}:userpool/{pool}"
    assert (issuer, [arn]) == (UserPool(pool).accepted_issuer, UserPool(pool).rest_properties(())["ProviderARNs"])
    assert issuer == UserPool(f"arn:aws:cognito-idp:eu-west-1:111122223333:userpool/{pool}").accepted_issuer
    with pytest.raises(RemitError, match="a REST API takes the tokens of every client"):
        UserPool(pool, clients=["web"], scopes=["orders"]).check_for_rest_api()


def test_what_must_be_there_already_is_told_once_with_all_that_need_it() -> None:
    own = Resource("Mine", "AWS::SQS::Queue", {})
    triggers = (Sqs("theirs"), Sqs(own.attribute("Arn")), Sqs("named"), Sqs("theirs"))
    workflow = Workflow("bill", "Bill", triggers=(Event(source="a", bus="theirs", dead_letter="lost"),))
    named = "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:named"
    policies = ("arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws:iam::1:policy/x/audit", "${Own}", named)
    function = replace(function_of(*triggers), managed=policies)
    app = App("shop", "dev", (function,), (workflow,), (own,), boundary="arn:aws:iam::1:policy/company")
    assert [
        ("queue", "theirs", "", ("hello",)),
        ("event bus", "theirs", "", ("bill",)),
        ("queue", "lost", "to which EventBridge may send", ("bill",)),
        ("permissions boundary", "company", "", ()),
        ("managed policy", "x/audit", "", ("hello",)),
    ] == [tuple(source) for source in existing_sources(app, {named})]


def test_a_pattern_of_an_event_has_as_many_characters_as_eventbridge_takes() -> None:
    """Amazon EventBridge quotas: 2,048 characters of the pattern as JSON."""
    longest = 2_048 - len(json.dumps({"detail-type": [""]}))
    assert Event(detail_type="x" * longest)
    with pytest.raises(RemitError, match="the event pattern has 2,049 characters; EventBridge allows 2,048"):
        Event(detail_type="x" * (longest + 1))


def test_events_start_a_workflow_with_one_role_and_call_a_function_by_its_permission() -> None:
    events = (Event(source="a", dead_letter=QUEUE), Event(source="b"))
    workflow = Workflow("bill", "Bill", triggers=events)
    assert ["BillEventRole"] == [role.logical_id for each in events for role in each.roles(workflow)]
    assert [] == [role for each in events for role in each.roles(function_of(*events))]
    types = [[made.type for made in events[0].resources(runs)] for runs in (workflow, function_of(*events))]
    assert [["AWS::Events::Rule"], ["AWS::Events::Rule", "AWS::Lambda::Permission"]] == types
    assert [("queue", QUEUE)] == [(source.kind, source.arn) for source in events[0].sources()]


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("rate(0 days)", "a rate of 0"),
        ("rate(1 days)", r"EventBridge wants rate\(1 day\)"),
        ("rate(2 day)", r"EventBridge wants rate\(2 days\)"),
        ("at(2126-02-30T00:00:00)", "there is no such time"),
        ("at(2126-02-28)", "a time reads at"),
        ("cron(0 8 1 * 1 *)", "one of day and weekday must be `\\?`, and only one"),
        ("cron(0 8 ? * ? *)", "one of day and weekday must be `\\?`, and only one"),
        ("cron(0 8 * * ?)", "cron has 5 fields of 6"),
        ("cron(0 8 ? FRIL * *)", "'FRIL' is no month"),
        ("hourly", "neither a rate, nor a cron expression, nor a time"),
    ],
)
def test_an_expression_that_no_clock_has_is_told_with_what_is_wrong(expression: str, why: str) -> None:
    with pytest.raises(RemitError, match=why):
        Schedule(expression)


@pytest.mark.parametrize(
    ("trigger", "filter_", "why"),
    [
        (Dynamodb, {"eventName": {"prefix": "IN"}}, "filter.eventName matches nothing: the field is a value"),
        (Dynamodb, {"dynamodb": {"SizeBytes": {"a": ["b"]}}}, "SizeBytes matches nothing: the field is a value"),
        (Sqs, {"body": [{"anything-but": {"prefix": "a", "suffix": "b"}}]}, "anything-but has 2 operators"),
        (Sqs, {"body": [{"prefix": "a", "suffix": "b"}]}, "has 2 operators"),
        (Sqs, {"messageId": [""]}, "is an empty text, and so matches nothing"),
        (Sqs, {"messageId": [{"numeric": [">", 3]}]}, "the field is a string in the records, and no number"),
    ],
)
def test_a_filter_that_no_record_passes_is_refused(trigger: Any, filter_: dict[str, Any], why: str) -> None:
    with pytest.raises(RemitError, match=why):
        trigger(STREAM if trigger is Dynamodb else "orders", filter=filter_)
