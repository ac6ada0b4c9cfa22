"""How a worker ends the messages of a batch: the options of jobs and SQS's rules written down again, and both agree."""

from __future__ import annotations

import json
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from random_cases import cases
from remit.runtime import own_stack, worker
from remit.runtime.job import Job
from remit.runtime.worker import JobTimeout

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_HIDDEN = 12 * 60 * 60
"""Seconds: the maximum of "Amazon SQS visibility timeout"."""
FAILURES = {"returns": None, "raises": ValueError("no\nstock"), "takes too long": JobTimeout("too long")}
CONTEXT = SimpleNamespace(get_remaining_time_in_millis=lambda: 60_000)


@dataclass(frozen=True, slots=True)
class Queue:
    """What the template tells a worker of its queue; None where it tells nothing."""

    url: str | None
    dead_letters: str | None
    retries: int
    backoff: int
    refuses: bool
    """SQS fails whatever it is asked."""


@dataclass(frozen=True, slots=True)
class Message:
    """A job's message that SQS delivers for the n-th time, and how its run ends."""

    attempt: int
    retries: int | None
    ends: str


QUEUES = st.builds(
    Queue,
    url=st.sampled_from([None, "https://sqs/1/mail", "https://sqs/1/mail.fifo"]),
    dead_letters=st.sampled_from([None, "https://sqs/1/dead", "https://sqs/1/dead.fifo"]),
    retries=st.integers(0, 3),
    backoff=st.sampled_from([0, 1, 7, 20_000]),
    refuses=st.sampled_from([False, False, True]),
)
MESSAGES = st.builds(
    Message, attempt=st.integers(1, 6), retries=st.none() | st.integers(0, 4), ends=st.sampled_from(tuple(FAILURES))
)


def body(number: int) -> str:
    return json.dumps({"job": f"{__name__}:job_{number}", "arguments": [number], "options": {}})


def end_by_the_rules(message: Message, number: int, queue: Queue) -> tuple[bool, list[Any], bool]:
    """Whether the job runs, what SQS is asked for, and whether the message is deleted."""
    runs_allowed = 1 + (queue.retries if message.retries is None else message.retries)
    runs = message.attempt <= runs_allowed
    failure = FAILURES[message.ends]
    if runs and failure is None:
        return True, [], True
    if runs and message.attempt < runs_allowed:
        pause = queue.backoff
        for _ in range(message.attempt - 1):
            pause *= 2
        hides = queue.url is not None and pause > 0
        hidden = {"QueueUrl": queue.url, "ReceiptHandle": f"r{number}", "VisibilityTimeout": min(pause, LONGEST_HIDDEN)}
        return True, [("change_message_visibility", hidden)] if hides else [], False
    if queue.dead_letters is None:
        return runs, [], False
    lost = f"taken {message.attempt} times without an end: the worker crashed, had no memory left, or could not say how"
    reason = f"{type(failure).__name__}: {failure}".replace("\n", " ") if runs else f"{lost} it ended"
    texts = {"Reason": reason, "Attempts": str(message.attempt)}
    put_aside: dict[str, Any] = {
        "QueueUrl": queue.dead_letters,
        "MessageBody": body(number),
        "MessageAttributes": {name: {"DataType": "String", "StringValue": text} for name, text in texts.items()},
    }
    if queue.dead_letters.endswith(".fifo"):
        put_aside |= {"MessageGroupId": f"g{number}", "MessageDeduplicationId": f"m{number}"}
    return runs, [("send_message", put_aside)], not queue.refuses


def sqs(asked: list[Any], *, refuses: bool) -> Any:
    class Client:
        def __getattr__(self, operation: str) -> Any:
            def request(**parameters: Any) -> None:
                asked.append((operation, parameters))
                if refuses:
                    raise ConnectionError

            return request

    return Client()


@pytest.fixture(scope="module")
def patch() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@settings(max_examples=cases(20, deep=100))
@given(QUEUES, st.lists(MESSAGES, min_size=1, max_size=3))
def test_every_message_ends_as_its_job_and_its_queue_say(
    patch: pytest.MonkeyPatch, queue: Queue, messages: list[Message]
) -> None:
    variables = {
        "REMIT_JOB_QUEUE": queue.url,
        "REMIT_JOB_DEAD_LETTERS": queue.dead_letters,
        "REMIT_JOB_RETRIES": str(queue.retries),
        "REMIT_JOB_BACKOFF": str(queue.backoff),
    }
    for name, value in variables.items():
        patch.delenv(name, raising=False) if value is None else patch.setenv(name, value)
    asked: list[Any] = []
    patch.setitem(own_stack._clients, "sqs", sqs(asked, refuses=queue.refuses))
    ran, records, ends = [], [], []
    for number, message in enumerate(messages):

        def run(place: int, failure: BaseException | None = FAILURES[message.ends]) -> None:
            ran.append(place)
            if failure is not None:
                raise failure

        patch.setitem(globals(), f"job_{number}", Job(run, retries=message.retries))
        attributes = {"ApproximateReceiveCount": str(message.attempt), "MessageGroupId": f"g{number}"}
        record = {"messageId": f"m{number}", "receiptHandle": f"r{number}", "attributes": attributes}
        records.append({**record, "body": body(number)})
        ends.append(end_by_the_rules(message, number, queue))
    answer = worker.work({"Records": records}, CONTEXT)
    assert ran == [number for number, (runs, _, _) in enumerate(ends) if runs]
    assert asked == [request for _, requests, _ in ends for request in requests]
    assert answer == {
        "batchItemFailures": [
            {"itemIdentifier": f"m{number}"} for number, (_, _, is_deleted) in enumerate(ends) if not is_deleted
        ]
    }
    for operation, _ in asked:
        event(operation)


@pytest.mark.parametrize("seconds", [0, -1])
def test_a_job_without_any_time_does_not_begin(seconds: float) -> None:
    """A timer of 0 seconds would never end."""
    runs: list[str] = []
    with pytest.raises(JobTimeout, match="there was no time left"):
        worker._call(Job(lambda: runs.append("run")), [], {}, seconds)
    assert not runs
