"""Event sources against Lambda's rules written down again: what of a queue or stream reaches a function, and how often.

The emulator's reader runs in this process with what remit puts right of it, between a queue or stream and a function
whose answers are drawn. Sources (AWS Lambda Developer Guide):

- "Control which events Lambda sends to your function": the filter rule syntax. A message of a queue that no filter lets
  through is deleted; a record of a stream is passed over.
- "Using event filtering with an Amazon SQS event source": a body that is JSON meets no pattern for text, nor the
  reverse.
- "Handling errors for an SQS event source in Lambda": a batch fails as a whole, or the reported items of it; which
  answers count as a success, and which as a failure, of all of it.
- "Using Lambda with Amazon SQS", FIFO: messages of one group reach the function in the order in which they were sent.
- "Using a dead-letter queue in Amazon SQS": what was received `maxReceiveCount` times goes there.
- "How Lambda processes records from stream and queue-based event sources", "Retaining discarded records": the records
  of a shard are handed over in order; what is given up goes to the destination for failures.
"""

from __future__ import annotations

import contextvars
import importlib
import itertools
import json
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from random_cases import cases
from remit.local.event_sources import streams
from remit.local.event_sources.failed_batches import FailedBatches, fail_wrongly_reported_batches
from remit.local.event_sources.mappings import repair_filters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

ACCOUNT: Final = "000000000000"
Json = dict[str, Any]

# Documents and patterns have few keys and values, so that half of them match.
VALUES: Final = st.sampled_from(("up", "UP", "upper", "", None, True, 1, 5, ["up", 5], [], {"c": "up"}, {}))
DOCUMENTS: Final = st.dictionaries(st.sampled_from("ab"), VALUES, max_size=2)
RULES: Final = st.sampled_from(
    (
        "up", "", None, True, 1, {"prefix": "up"}, {"suffix": "er"}, {"equals-ignore-case": "up"}, {"exists": True},
        {"exists": False}, {"anything-but": ["up", "UP"]}, {"anything-but": "up"}, {"numeric": ["=", 5]},
        {"numeric": [">", 1, "<=", 5]},
    )
)  # fmt: skip
LEAF: Final = st.lists(RULES, min_size=1, max_size=2)
FIELDS: Final = st.dictionaries(
    st.sampled_from("ab"), LEAF | st.fixed_dictionaries({"c": LEAF}), min_size=1, max_size=2
)
PATTERNS: Final = FIELDS | st.lists(FIELDS, min_size=2, max_size=2).map(lambda branches: {"$or": branches})


def matches(document: Any, pattern: Json) -> bool:
    """The filter rule syntax: all fields of a pattern, any rule of a field."""
    if "$or" in pattern:
        return any(matches(document, branch) for branch in pattern["$or"])
    for name, rules in pattern.items():
        value = document.get(name) if isinstance(document, dict) else None
        if isinstance(rules, dict):
            if not matches(value, rules):
                return False
            continue
        # Rules are about the ends of paths: a list has its items, an object none of its own.
        is_there = isinstance(document, dict) and name in document and not isinstance(value, dict)
        values = value if isinstance(value, list) else [value] if is_there else []
        if not any(allows(rule, values) for rule in rules):
            return False
    return True


def allows(rule: Any, values: Sequence[Any]) -> bool:
    if not isinstance(rule, dict):
        return any(type(value) is type(rule) and value == rule for value in values)
    ((operator, operand),) = rule.items()
    if operator == "exists":
        return bool(values) == operand
    return any(satisfies(value, operator, operand) for value in values)


def satisfies(value: Any, operator: str, operand: Any) -> bool:
    match operator:
        case "prefix":
            return isinstance(value, str) and value.startswith(operand)
        case "suffix":
            return isinstance(value, str) and value.endswith(operand)
        case "equals-ignore-case":
            return isinstance(value, str) and value.lower() == operand.lower()
        case "anything-but":
            unwanted = operand if isinstance(operand, list) else [operand]
            return not any(type(value) is type(other) and value == other for other in unwanted)
        case "numeric":
            is_number = isinstance(value, int) and not isinstance(value, bool)
            return is_number and all(compares(value, *pair) for pair in zip(operand[::2], operand[1::2], strict=True))
    raise AssertionError(operator)


def compares(value: int, sign: str, other: int) -> bool:
    return {"=": value == other, ">": value > other, "<=": value <= other}[sign]


@pytest.fixture(scope="module")
def functions() -> Iterator[Any]:
    """The emulator's Lambda with what remit puts right of its readers; no other test gets these modules."""
    before = set(sys.modules)
    service: Any = importlib.import_module("ministack.services.lambda_svc")
    # A batch of a queue runs in a thread of its own there: here it has run when the poll returns.
    service._dispatch_esm_batch = lambda _mapping, run, *batch: run(*batch)
    service._get_func_record_for_qualifier = lambda *_: ({"config": FUNCTION}, FUNCTION)
    service._execute_function = lambda _record, handed: service.handler(handed)
    service.destination = Destination()
    FailedBatches(service.destination, service).take_hold()
    fail_wrongly_reported_batches(service)
    repair_filters()
    yield service
    for name in set(sys.modules) - before:
        if name.partition(".")[0] == "ministack":
            del sys.modules[name]


FUNCTION: Final = {"FunctionName": "measure", "FunctionArn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:measure"}


@dataclass
class Destination:
    """A destination for failures that keeps what it gets."""

    failed: list[tuple[str, list[str]]] = field(default_factory=list)

    def send(self, _function: object, _arn: str, record: Any) -> None:
        records = json.loads(record.stored["payload"])["Records"]
        self.failed.append((record.document["requestContext"]["condition"], [numbered(one) for one in records]))


@settings(max_examples=cases(40, deep=2000), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(DOCUMENTS, st.lists(PATTERNS, max_size=2))
def test_a_record_is_let_through_by_any_of_its_mappings_filters(
    functions: Any, document: Json, patterns: list[Json]
) -> None:
    records = [{"body": json.dumps(document)}]
    criteria = {"FilterCriteria": {"Filters": [{"Pattern": json.dumps({"body": pattern})} for pattern in patterns]}}
    expected = not patterns or any(matches(document, pattern) for pattern in patterns)
    event(f"let through: {expected}")
    assert (records if expected else []) == functions._apply_filter_criteria(records, criteria)


BODIES: Final = st.sampled_from(('{"kind": "order"}', '{"kind": "note"}', "plain"))
FILTERS: Final[dict[str, Callable[[str], bool]]] = {
    "": lambda _: True,
    '{"body": {"kind": ["order"]}}': lambda body: body == '{"kind": "order"}',
    '{"body": ["plain"]}': lambda body: body == "plain",
    '{"body": {"note": [{"exists": false}]}}': lambda body: body != "plain",
}
"""Patterns for queues, and which of the bodies each lets through."""
ALL, NONE = "all of the batch", "none of the batch"
ANSWERS: Final = (
    ({"body": {"batchItemFailures": []}}, NONE),
    ({"body": {"batchItemFailures": None}}, NONE),
    ({"body": {}}, NONE),
    ({"body": None}, NONE),
    ({"body": "done"}, NONE),
    ({"body": {"batchItemFailures": [{"itemIdentifier": ""}]}}, ALL),
    ({"body": {"batchItemFailures": [{"itemIdentifier": None}]}}, ALL),
    ({"body": {"batchItemFailures": [{"id": "m0"}]}}, ALL),
    ({"body": {"batchItemFailures": [{"itemIdentifier": "of no message"}]}}, ALL),
    ({"body": b"{no JSON"}, ALL),
    ({"error": True, "body": {"errorType": "ValueError"}}, ALL),
)
"""What a function may answer without naming a message of the batch, and what of the batch fails by it."""


REPORTED: Final = st.sets(st.integers(0, 3), min_size=1)
ANSWERS_IN_TURN: Final = st.lists(REPORTED | REPORTED | st.sampled_from(ANSWERS), min_size=1, max_size=8)
"""A set reports the messages at these places of a batch."""


@dataclass(frozen=True)
class Queue:
    """A queue with its messages (their bodies, the groups of a FIFO queue), and the mapping that reads it."""

    messages: list[tuple[str, str]]
    batch_size: int
    pattern: str
    reports: bool
    is_fifo: bool
    most_receives: int

    def sent(self, queues: Any, name: str) -> Json:
        letters = made_queue(queues, f"letters-{name}", {})
        policy = {"deadLetterTargetArn": letters["attributes"]["QueueArn"], "maxReceiveCount": self.most_receives}
        attributes = {"VisibilityTimeout": "0", "RedrivePolicy": json.dumps(policy)}
        queue = made_queue(queues, name, attributes)
        for number, (body, group) in enumerate(self.messages):
            of_group = {"MessageGroupId": group, "MessageDeduplicationId": str(number)} if self.is_fifo else {}
            queues._act_send_message({"MessageBody": body, **of_group}, queue["url"])
        return queue


def made_queue(queues: Any, name: str, attributes: Json) -> Json:
    url = queues._act_create_queue({"QueueName": name, "Attributes": attributes}, "")["QueueUrl"]
    queue: Json = queues._queues[url]
    return queue


QUEUES: Final = st.builds(
    Queue,
    messages=st.lists(st.tuples(BODIES, st.sampled_from("ab")), min_size=1, max_size=6),
    batch_size=st.sampled_from((3, 2, 1, 10)),
    pattern=st.sampled_from(tuple(FILTERS)),
    reports=st.sampled_from((True, True, True, False)),
    is_fifo=st.booleans(),
    most_receives=st.integers(1, 3),
)
NAMES: Final = itertools.count()


class QueueReader:
    """The function behind a queue: holds each batch against the rules, and gives the next answer; at last it works."""

    def __init__(self, queue: Queue, messages: list[Json], answers: list[Any]) -> None:
        self.queue = queue
        self.answers = iter(answers)
        lets_through = FILTERS[queue.pattern]
        self.groups = {message["id"]: message["group_id"] for message in messages}
        self.waiting = {message["id"]: 0 for message in messages if lets_through(message["body"])}
        """How often each message was received that is not done with, in the order in which they were sent."""
        self.given_up: list[str] = []

    def handle(self, handed: Json) -> Json:
        batch = [record["messageId"] for record in handed["Records"]]
        assert 1 <= len(batch) <= self.queue.batch_size
        for number, record in enumerate(handed["Records"]):
            self.waiting[batch[number]] += 1
            assert str(self.waiting[batch[number]]) == record["attributes"]["ApproximateReceiveCount"]
            if self.queue.is_fifo:
                assert self.earlier_of_group(batch[number]) <= set(batch[:number])
        result, failed = self.answer(batch)
        event(f"{len(failed)} of {len(batch)} fail")
        for message in batch:
            if message in failed and self.waiting[message] == self.queue.most_receives:
                self.given_up.append(message)
            if message not in failed or message in self.given_up:
                del self.waiting[message]
        return result

    def earlier_of_group(self, message: str) -> set[str]:
        """The messages of a group that were sent before one of it, and are not done with."""
        earlier = itertools.takewhile(lambda other: other != message, self.waiting)
        return {other for other in earlier if self.groups[other] == self.groups[message]}

    def answer(self, batch: list[str]) -> tuple[Json, set[str]]:
        """The next answer, and the messages of a batch that fail by it."""
        answer = next(self.answers, ({}, NONE))
        if isinstance(answer, set):
            failed = {batch[place] for place in answer if place < len(batch)}
            result: Json = {"body": {"batchItemFailures": [{"itemIdentifier": message} for message in sorted(failed)]}}
        else:
            result, part = answer
            failed = set(batch) if part == ALL else set()
        counts = self.queue.reports or result.get("error")
        return dict(result), failed if counts else set()


@settings(max_examples=cases(40, deep=2000), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(QUEUES, ANSWERS_IN_TURN)
def test_messages_are_handed_over_kept_and_given_up_as_lambda_documents(
    functions: Any, queue: Queue, answers: list[Any]
) -> None:
    queues: Any = importlib.import_module("ministack.services.sqs")
    name = f"q{next(NAMES)}" + (".fifo" if queue.is_fifo else "")
    stored = queue.sent(queues, name)
    reader = QueueReader(queue, stored["messages"], answers)
    functions.handler = reader.handle
    mapping: Json = {"UUID": name, "EventSourceArn": stored["attributes"]["QueueArn"], "FunctionName": "measure"}
    mapping |= {"BatchSize": queue.batch_size}
    if queue.pattern:
        mapping["FilterCriteria"] = {"Filters": [{"Pattern": queue.pattern}]}
    if queue.reports:
        mapping["FunctionResponseTypes"] = ["ReportBatchItemFailures"]
    functions._esms._data.clear()
    functions._esms[name] = mapping
    while functions._poll_sqs():
        functions._esm_backoff_until.clear()  # the second after a failure is over
    letters = queues._queues[queues._queue_url(f"letters-{name}")]
    assert ({}, []) == (reader.waiting, stored["messages"])
    assert sorted(reader.given_up) == sorted(message["id"] for message in letters["messages"])


@dataclass(frozen=True)
class Stream:
    """A stream of Kinesis, or of a table: what is in the records of each shard, and the mapping that reads them."""

    is_of_table: bool
    shards: list[list[str]]
    batch_size: int
    pattern: str
    reports: bool
    bisects: bool


STREAM_FILTERS: Final[dict[str, Callable[[str], bool]]] = {
    "": lambda _: True,
    '{"data": {"kind": ["order"]}}': lambda data: data == '{"kind": "order"}',
    '{"data": {"note": [{"exists": false}]}}': lambda data: data != "plain",
    '{"partitionKey": ["one"]}': lambda _: True,
    '{"partitionKey": ["other"]}': lambda _: False,
}
TABLE_FILTERS: Final[dict[str, Callable[[str], bool]]] = {
    "": lambda _: True,
    '{"eventName": ["REMOVE"]}': lambda _: False,
    '{"eventName": ["INSERT"], "dynamodb": {"NewImage": {"text": {"S": ["plain"]}}}}': lambda text: text == "plain",
    '{"dynamodb": {"NewImage": {"text": {"S": [{"anything-but": ["plain"]}]}}}}': lambda text: text != "plain",
    '{"dynamodb": {"OldImage": {"text": {"S": [{"exists": false}]}}}}': lambda _: True,
}


def streams_of(*, is_of_table: bool, most_shards: int, patterns: Iterable[str]) -> st.SearchStrategy[Stream]:
    return st.builds(
        Stream,
        is_of_table=st.just(is_of_table),
        shards=st.lists(st.lists(BODIES, min_size=1, max_size=6), min_size=1, max_size=most_shards),
        batch_size=st.sampled_from((3, 2, 1, 100)),
        pattern=st.sampled_from(tuple(patterns)),
        reports=st.sampled_from((True, True, True, False)),
        bisects=st.booleans(),
    )


OF_KINESIS: Final = streams_of(is_of_table=False, most_shards=3, patterns=STREAM_FILTERS)
OF_TABLE: Final = streams_of(is_of_table=True, most_shards=1, patterns=TABLE_FILTERS)  # the emulator has one shard


def numbered(record: Json) -> str:
    return str(record["kinesis"]["sequenceNumber"] if "kinesis" in record else record["dynamodb"]["SequenceNumber"])


class StreamReader:
    """The function behind a stream: holds each batch against the rules, and gives the next answer; at last it works."""

    def __init__(self, stream: Stream, answers: list[Any]) -> None:
        self.stream = stream
        self.answers = iter(answers)
        lets_through = (TABLE_FILTERS if stream.is_of_table else STREAM_FILTERS)[stream.pattern]
        self.waiting = [
            [f"{shard}{place}" for place, text in enumerate(texts) if lets_through(text)]
            for shard, texts in enumerate(stream.shards)
        ]
        """The numbers of the records of each shard that are not done with: its own number, and their places in it."""
        self.given_up: list[str] = []

    def handle(self, handed: Json) -> Json:
        batch = [numbered(record) for record in handed["Records"]]
        assert 1 <= len(batch) <= self.stream.batch_size
        waiting = self.waiting[int(batch[0][0])]
        assert waiting[: len(batch)] == batch
        result, first_failed = self.answer(batch)
        if result.get("error") and self.stream.bisects and len(batch) > 1:
            return result  # both halves come, each by itself
        event(f"{len(batch) - first_failed} of {len(batch)} fail")
        self.given_up += batch[first_failed:]
        del waiting[: len(batch)]
        return result

    def answer(self, batch: list[str]) -> tuple[Json, int]:
        """The next answer, and the place of the first record of a batch that fails by it: all after it come with it."""
        answer = next(self.answers, ({}, NONE))
        if isinstance(answer, set):
            places = [place for place in answer if place < len(batch)]
            first_failed = min(places, default=len(batch))
            result: Json = {"body": {"batchItemFailures": [{"itemIdentifier": batch[place]} for place in places]}}
        else:
            result, part = answer
            # Of streams no page says that an answer which is no JSON fails.
            first_failed = 0 if part == ALL and not isinstance(result["body"], bytes) else len(batch)
        counts = self.stream.reports or result.get("error")
        return dict(result), first_failed if counts else len(batch)


@settings(max_examples=cases(40, deep=2000), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(OF_KINESIS | OF_TABLE, ANSWERS_IN_TURN)
def test_the_records_of_each_shard_are_handed_over_in_order_and_given_up_as_lambda_documents(
    functions: Any, stream: Stream, answers: list[Any]
) -> None:
    """No batch is tried again: what of one is, and when, is in test_batch_laws.py."""
    name = f"s{next(NAMES)}"
    reader = StreamReader(stream, answers)
    functions.handler = reader.handle
    mapping: Json = {
        "UUID": name, "EventSourceArn": (stored_table if stream.is_of_table else stored_stream)(name, stream),
        "FunctionName": "measure", "BatchSize": stream.batch_size, "StartingPosition": "TRIM_HORIZON",
        "MaximumRetryAttempts": 0, "BisectBatchOnFunctionError": stream.bisects,
        "DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sqs:us-east-1:1:failures"}},
    }  # fmt: skip
    if stream.pattern:
        mapping["FilterCriteria"] = {"Filters": [{"Pattern": stream.pattern}]}
    if stream.reports:
        mapping["FunctionResponseTypes"] = ["ReportBatchItemFailures"]
    functions._esms._data.clear()
    functions._esms[name] = mapping
    functions.destination.failed.clear()
    poll = functions._poll_dynamodb_streams if stream.is_of_table else functions._poll_kinesis
    contextvars.copy_context().run(read_all, poll, name)
    assert not any(reader.waiting)
    failed = functions.destination.failed
    assert all(condition == "RetryAttemptsExhausted" for condition, _ in failed)
    assert reader.given_up == [number for _, numbers in failed for number in numbers]


def read_all(poll: Callable[[], bool], mapping: str) -> None:
    streams._ONLY.set(mapping)
    while poll():
        pass


def stored_stream(name: str, stream: Stream) -> str:
    """Put a stream into the emulator; its ARN."""
    arn = f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/{name}"
    shards: Json = {}
    for shard, texts in enumerate(stream.shards):
        records = [
            {
                "Data": text.encode(), "PartitionKey": "one", "SequenceNumber": f"{shard}{place}",
                "ApproximateArrivalTimestamp": 1000.0,
            }
            for place, text in enumerate(texts)
        ]  # fmt: skip
        shards[f"shardId-{shard}"] = {"records": records}
    kinesis = importlib.import_module("ministack.services.kinesis")
    kinesis._streams[name] = {"StreamARN": arn, "StreamStatus": "ACTIVE", "shards": shards}
    return arn


def stored_table(name: str, stream: Stream) -> str:
    """Put a table with the records of its stream into the emulator; the stream's ARN."""
    arn = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/{name}/stream/2026"
    tables = importlib.import_module("ministack.services.dynamodb")
    tables._tables[name] = {"LatestStreamArn": arn}
    tables._stream_records[name] = [
        {
            "eventName": "INSERT",
            "dynamodb": {
                "SequenceNumber": f"0{place}", "NewImage": {"text": {"S": text}},
                "ApproximateCreationDateTime": 4e9,  # it does not expire
            },
        }
        for place, text in enumerate(stream.shards[0])
    ]  # fmt: skip
    return arn
