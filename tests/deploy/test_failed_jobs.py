"""Jobs that failed for good: what their messages say, which are meant, and what is done with thousands of them."""

from __future__ import annotations

import inspect
import io
import json
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import click
import pytest

from remit.cli.jobs import purge
from remit.deploy.failed_jobs import (
    DeployedQueue,
    FailedJob,
    chosen_jobs,
    chosen_queues,
    delete,
    each_page,
    held_jobs,
    queue_states,
    retry,
)
from remit.errors import RemitError
from remit.report.failed_jobs import failed_job_lines
from remit.runtime import job_messages

if TYPE_CHECKING:
    from remit.deploy.session import Account

MAIL, SLOW = DeployedQueue("mail", "url", "dead-url"), DeployedQueue("slow", "url", "dead-url")
BODY: Final = json.dumps({"job": "app:send", "arguments": ["a@b.c"], "options": {"copy": True}})


def failed(job: str, body: str) -> FailedJob:
    return FailedJob("1", MAIL, job, body, "", None, 0, "1", "receipt", None)


def test_a_failed_job_has_the_arguments_that_it_was_given_by_place_and_by_name() -> None:
    assert {"arguments": ["a@b.c"], "options": {"copy": True}} == failed("app:send", BODY).arguments
    assert failed("", "something else").arguments is None


@pytest.mark.parametrize(("name", "hint"), [("mial", "did you mean `mail`?"), ("zzzzzzzz", "there are mail, slow")])
def test_a_queue_that_is_none_is_refused_with_those_that_there_are(name: str, hint: str) -> None:
    with pytest.raises(RemitError) as raised:
        chosen_queues((MAIL, SLOW), name)
    assert (f"there is no job queue `{name}`", hint) == (raised.value.message, raised.value.hint)


def test_all_queues_are_meant_where_none_is_named() -> None:
    assert ((MAIL, SLOW), (SLOW,)) == (chosen_queues([MAIL, SLOW], None), chosen_queues([MAIL, SLOW], "slow"))


MANY: Final = 25
"""More than SQS gives or takes at a time."""


@pytest.fixture(params=["", ".fifo"], ids=["standard", "fifo"])
def queue(request: pytest.FixtureRequest, account: Account) -> DeployedQueue:
    """A queue whose dead-letter queue holds many jobs, of one group where it keeps their order."""
    sqs, fifo = account.client("sqs"), {"FifoQueue": "true"} if request.param else {}
    urls = [sqs.create_queue(QueueName=name + request.param, Attributes=fifo)["QueueUrl"] for name in ("jobs", "dead")]
    for number in range(MANY):
        ordered = {"MessageGroupId": "anna", "MessageDeduplicationId": str(number)} if request.param else {}
        sqs.send_message(QueueUrl=urls[1], MessageBody=body(number), **ordered)
    return DeployedQueue(f"mail{request.param}", *urls)


def body(number: int) -> str:
    return json.dumps({"job": "app:send", "id": f"sending-{number:02}", "arguments": [number], "options": {}})


def waiting(account: Account, url: str) -> list[Any]:
    """The first arguments of the jobs in a queue, in its order; they are gone then."""
    sqs = account.client("sqs")
    numbers = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            numbers.append(json.loads(message["Body"])["arguments"][0])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return numbers


def counts(account: Account, queue: DeployedQueue) -> tuple[int, int, int]:
    """How many jobs wait, have failed, and are held."""
    (state,) = queue_states(account, [queue])
    return state.waiting, state.failed, state.held


def test_all_jobs_are_sent_again_in_their_order_and_none_is_left(account: Account, queue: DeployedQueue) -> None:
    sent = [job.id for page in each_page(account, [queue]) for job in retry(account, page)]
    assert [f"sending-{number:02}" for number in range(MANY)] == sorted(sent)
    assert (MANY, 0, 0) == counts(account, queue)
    numbers = waiting(account, queue.url)
    assert list(range(MANY)) == (numbers if queue.is_fifo else sorted(numbers))


def test_what_is_interrupted_goes_on_with_the_rest(account: Account, queue: DeployedQueue) -> None:
    """Nobody has to wait until the jobs of the page that was held can be read again."""
    pages = each_page(account, [queue])
    assert 10 == len(list(delete(account, next(pages))))
    next(pages)
    assert (0, MANY - 10, 10) == counts(account, queue)
    pages.close()
    assert (0, MANY - 10, 0) == counts(account, queue)
    assert MANY - 10 == sum(len(list(delete(account, page))) for page in each_page(account, [queue]))
    assert (0, 0, 0) == counts(account, queue)


def test_chosen_jobs_are_sent_again_while_the_others_are_held_and_then_released(
    account: Account, queue: DeployedQueue
) -> None:
    """Of a FIFO queue SQS deletes a message only as long as it is held."""
    with held_jobs(account, [queue]) as jobs:
        assert (10 if queue.is_fifo else MANY) == len(jobs)
        chosen = chosen_jobs(jobs, ["sending-03", "sending-07"])
        assert ["sending-03", "sending-07"] == [job.id for job in retry(account, chosen)]
    assert (2, MANY - 2, 0) == counts(account, queue)


class AtTerminal(io.StringIO):
    """What a person types."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("ids", "number"), [((), MANY), (("sending-03", "sending-07"), 2)])
def test_the_question_before_jobs_are_deleted_says_how_many_go(
    account: Account,
    queue: DeployedQueue,
    ids: tuple[str, ...],
    number: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.stdin", AtTerminal("n\n"))
    asks: Any = inspect.unwrap(purge.callback or purge)
    with click.Context(purge), pytest.raises(RemitError, match="nothing was deleted") as refused:
        asks(ids, account, (queue,), yes=False)
    assert 1 == refused.value.exit_code
    assert f"Delete {number} jobs for good?" in capsys.readouterr().err
    assert (0, MANY, 0) == counts(account, queue)


def test_a_job_that_fails_again_meanwhile_is_not_sent_once_more(account: Account, queue: DeployedQueue) -> None:
    sent = []
    for page in each_page(account, [queue]):
        for job in retry(account, page):
            sent.append(job.id)
            if job.id == "sending-00":
                ordered = {"MessageGroupId": "anna", "MessageDeduplicationId": "again"} if queue.is_fifo else {}
                account.client("sqs").send_message(QueueUrl=queue.dead_letters, MessageBody=job.body, **ordered)
    assert [f"sending-{number:02}" for number in range(MANY)] == sorted(sent)
    assert (MANY, 1, 0) == counts(account, queue)


def test_a_request_holds_no_more_bytes_than_sqs_takes() -> None:
    requests: list[list[str]] = []

    def delete_message_batch(QueueUrl: str, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803 - SQS's names
        requests.append([QueueUrl, *(entry["ReceiptHandle"] for entry in Entries)])
        return {"Successful": Entries}

    client = SimpleNamespace(delete_message_batch=delete_message_batch)
    account: Any = SimpleNamespace(client=lambda _: client)
    jobs = [failed("app:send", "x" * (job_messages.LARGEST // 2)) for _ in range(3)]
    assert jobs == list(delete(account, jobs))
    assert [["dead-url", "receipt", "receipt"], ["dead-url", "receipt"]] == requests


@pytest.mark.parametrize("wanted_id", ["", "1", "123"])
def test_no_job_is_meant_by_three_characters_of_an_id(wanted_id: str) -> None:
    job = FailedJob("12345", MAIL, "app:send", BODY, "", None, 0, "1", "receipt", None)
    with pytest.raises(RemitError, match="is too short for the id of a job"):
        chosen_jobs([job], [wanted_id])
    assert (job,) == chosen_jobs([job], ["1234"])


@pytest.mark.parametrize(
    ("arguments", "shown_arguments"),
    [
        (job_messages.written("app:send", (date(2026, 1, 2), Decimal("1.50")), {}), "datetime.date(2026, 1, 2)"),
        (BODY, "['a@b.c']"),
        (BODY.replace('"a@b.c"', '{"$remit": "of a later version", "value": 1}'), '"of a later version"'),
        (BODY.replace('"a@b.c"', '{"$remit": "decimal.Decimal", "value": "x"}'), '"decimal.Decimal"'),
    ],
)
def test_arguments_are_shown_as_they_were_sent(arguments: str, shown_arguments: str) -> None:
    assert shown_arguments in "\n".join(failed_job_lines(failed("app:send", arguments)))
