"""Jobs with `once=True`: two deliveries of one sending, step by step in every order, each ended at every step.

The worker's code runs as it is, against the DynamoDB of the local AWS. What `remit.runtime.job_marks` promises is
checked in each order.
"""

from __future__ import annotations

import json
import signal
import threading
import time
from dataclasses import dataclass, field
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from ministack.services import dynamodb

from remit.runtime import own_stack, worker
from remit.runtime.job import Job
from remit.runtime.job_marks import Mark, Running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TABLE = "marks-of-jobs"
SENDING = "a-sending"
LEFT = SimpleNamespace(get_remaining_time_in_millis=lambda: 4000)


class ConditionFailedError(Exception):
    """What boto3 raises when the condition of an update does not hold."""


class WorkerEnded(BaseException):
    """The worker is ended here: nothing that it would still do has an effect."""


def call(operation: Callable[[dict[str, Any]], Any], parameters: dict[str, Any]) -> dict[str, Any]:
    """Ask the emulator's DynamoDB for something."""
    status, _, body = operation(parameters)
    answer: dict[str, Any] = json.loads(body or b"{}")
    if answer.get("__type", "").endswith("ConditionalCheckFailedException"):
        raise ConditionFailedError
    assert 200 == status, answer
    return answer


def table_client(before: Callable[[dict[str, Any]], None] = lambda _: None) -> Any:
    """A client of the table; `before` is called with each request before it is sent."""

    def requested(operation: Callable[[dict[str, Any]], Any]) -> Callable[..., dict[str, Any]]:
        def request(**parameters: Any) -> dict[str, Any]:
            before(parameters)
            return call(operation, parameters)

        return request

    return SimpleNamespace(
        update_item=requested(dynamodb._update_item),
        get_item=requested(dynamodb._get_item),
        exceptions=SimpleNamespace(ConditionalCheckFailedException=ConditionFailedError),
    )


def new_mark() -> Mark:
    """The mark of the sending, for another run."""
    return Mark(table_client(), TABLE, SENDING)


def stored() -> dict[str, Any]:
    """The item of the sending."""
    item: dict[str, Any] = call(dynamodb._get_item, {"TableName": TABLE, "Key": {"id": {"S": SENDING}}}).get("Item", {})
    return item


def is_held() -> bool:
    """Whether a mark says that the job runs, and the time of its run is not over."""
    return stored().get("running_until", {}).get("N", "1") != "1"


def let_time_pass() -> None:
    """Let the time of whoever runs the job be over: its worker is ended by then."""
    if "running_until" in stored():
        update = {"UpdateExpression": "SET running_until = :over", "ExpressionAttributeValues": {":over": {"N": "1"}}}
        call(dynamodb._update_item, {"TableName": TABLE, "Key": {"id": {"S": SENDING}}, **update})


@pytest.fixture(autouse=True)
def _table(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    schema = {
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    }
    call(dynamodb._create_table, {"TableName": TABLE, "BillingMode": "PAY_PER_REQUEST", **schema})
    monkeypatch.setenv("REMIT_JOB_MARKS", TABLE)
    yield
    call(dynamodb._delete_table, {"TableName": TABLE})


@dataclass(eq=False)
class Delivery:
    """A delivery of the job's message: a worker in a thread, which goes on for a step when it is told to."""

    orders: Orders
    attempt: int
    ended: bool = False
    over: bool = False
    answer: Any = None
    last_line_done: bool = False
    run_id: str = ""
    _go_on: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    _waits: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def start(self) -> None:
        """Run up to the first step."""
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()
        self._waits.acquire()

    def step(self) -> None:
        """Do one step, and all up to the next one."""
        self._go_on.release()
        self._waits.acquire()

    def end(self) -> None:
        """End the worker before its next step."""
        self.ended = True
        self.step()

    def pause(self) -> None:
        """Wait for the next step."""
        if self.ended:
            raise WorkerEnded
        self._waits.release()
        self._go_on.acquire()
        if self.ended:
            raise WorkerEnded

    def _work(self) -> None:
        current.delivery = self
        record = {
            "messageId": "m",
            "receiptHandle": "r",
            "attributes": {"ApproximateReceiveCount": str(self.attempt)},
            "body": json.dumps({"job": f"{__name__}:pays", "id": SENDING, "arguments": [], "options": {}}),
        }
        try:
            self.answer = worker.work({"Records": [record]}, LEFT)
        except WorkerEnded:
            pass
        finally:
            self.over = True
            self._waits.release()


current = threading.local()
"""The delivery whose worker this thread is."""


def pause(parameters: dict[str, Any]) -> None:
    """Wait for the next step of the delivery that runs here; a request says by which id its run is known."""
    current.delivery.pause()
    values = parameters.get("ExpressionAttributeValues", {})
    current.delivery.run_id = values.get(":this_run", {}).get("S", current.delivery.run_id)


def run_job() -> None:
    """The job: it begins, does its last line, and returns; it may fail in between."""
    delivery: Delivery = current.delivery
    delivery.orders.begins(delivery)
    try:
        delivery.pause()
        if delivery.orders.failures > 0:
            delivery.orders.failures -= 1
            raise ValueError("the job failed")
        delivery.orders.has_done_its_last_line(delivery)
        delivery.pause()
    finally:
        delivery.orders.inside.discard(delivery)


pays = Job(run_job, once=True)


class Orders:
    """One order in which the steps of two deliveries are done, and what happened in it."""

    def __init__(self, choices: list[int], failures: int) -> None:
        self.failures = failures
        self.choices = choices
        self.numbers_of_choices: list[int] = []
        self.inside: set[Delivery] = set()
        self.last_lines: list[Delivery] = []
        self.problems: list[str] = []

    def begins(self, delivery: Delivery) -> None:
        """Note that a run begins."""
        if "finished" in stored():
            self.problems.append("a run begins after the mark says that the job has finished")
        if any(not running.ended for running in self.inside):
            self.problems.append("two runs overlap")
        self.inside.add(delivery)

    def has_done_its_last_line(self, delivery: Delivery) -> None:
        """Note that a run has done all that the job does."""
        self.last_lines.append(delivery)
        delivery.last_line_done = True

    def choose(self, number: int) -> int:
        """The choice among so many that this order makes now; the first one where it says nothing of it."""
        place = len(self.numbers_of_choices)
        self.numbers_of_choices.append(number)
        return self.choices[place] if place < len(self.choices) else 0

    def run(self) -> None:
        """Do it: both deliveries to their ends, also where a worker is ended; then SQS delivers again."""
        deliveries = [Delivery(self, 1), Delivery(self, 1)]
        for delivery in deliveries:
            delivery.start()
        while any(not delivery.over for delivery in deliveries):
            self._one_step(deliveries)
        for attempt in range(2, 5):
            let_time_pass()
            again = Delivery(self, attempt)
            again.start()
            while not again.over:
                again.step()
            if again.answer == {"batchItemFailures": []}:
                break
        self._check(deliveries)

    def _one_step(self, deliveries: list[Delivery]) -> None:
        """Let one of them do a step, end one, or let the time of one that was ended be over."""
        running = [delivery for delivery in deliveries if not delivery.over]
        moves = [*(delivery.step for delivery in running), *(delivery.end for delivery in running)]
        if is_held() and stored()["run_id"]["S"] not in {delivery.run_id for delivery in running}:
            moves.append(let_time_pass)
        moves[self.choose(len(moves))]()

    def _check(self, deliveries: list[Delivery]) -> None:
        if "finished" not in stored():
            self.problems.append("the job is lost")
        cut_off = sum(delivery.ended and delivery.last_line_done for delivery in deliveries)
        if len(self.last_lines) > 1 + cut_off:
            self.problems.append(f"the last line was done {len(self.last_lines)} times; {cut_off} runs were cut off")


def every_order(failures: int) -> Iterator[Orders]:
    """Every order there is, by going back to the last choice that has another one left."""
    choices: list[int] = []
    while True:
        call(dynamodb._delete_item, {"TableName": TABLE, "Key": {"id": {"S": SENDING}}})
        orders = Orders(choices, failures)
        orders.run()
        yield orders
        made = [*choices, *[0] * (len(orders.numbers_of_choices) - len(choices))]
        while made and made[-1] + 1 == orders.numbers_of_choices[len(made) - 1]:
            made.pop()
        if not made:
            return
        choices = [*made[:-1], made[-1] + 1]


@pytest.mark.parametrize("failures", [0, 1])
def test_in_every_order_of_steps_runs_do_not_overlap_and_none_begins_after_the_mark(
    failures: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job's last line is done twice only where its worker was ended between that line and the mark."""
    monkeypatch.setitem(own_stack._clients, "dynamodb", table_client(pause))
    number, twice = 0, 0
    for orders in every_order(failures):
        assert [] == orders.problems, orders.choices
        number += 1
        twice += len(orders.last_lines) > 1
    assert number > 100
    assert 0 < twice < number


def test_a_mark_holds_longer_than_its_run_may_take() -> None:
    """A worker is ended a little late now and then, and the clocks of two of them differ."""
    before = time.time()
    assert new_mark().begin(3.99)
    assert int(stored()["running_until"]["N"]) >= before + 3.99 + 5


def test_a_mark_is_over_before_its_queue_delivers_again() -> None:
    """After six times the worker's timeout: a delivery that met it would have used up a run of the job."""
    for timeout in (1, 2, 3, 60):
        mark = Mark(table_client(), TABLE, f"sending-{timeout}")
        assert mark.begin(timeout)
        key = {"TableName": TABLE, "Key": {"id": {"S": f"sending-{timeout}"}}}
        until = int(call(dynamodb._get_item, key)["Item"]["running_until"]["N"])
        assert until <= time.time() + 4 * timeout + 1


def test_a_run_takes_back_no_mark_but_its_own() -> None:
    """A worker whose time was over long ago must not let a third run begin beside the second."""
    late, current_run = new_mark(), new_mark()
    assert late.begin(4)
    let_time_pass()
    assert current_run.begin(4)
    late.release()
    with pytest.raises(Running):
        new_mark().begin(4)
    current_run.release()
    assert new_mark().begin(4)


def test_a_request_that_is_sent_again_finds_its_own_mark() -> None:
    """The SDK asks again when an answer is lost."""
    mark = new_mark()
    assert mark.begin(4)
    assert mark.begin(4)


def deliver(monkeypatch: pytest.MonkeyPatch, job: Job, attempt: int, *milliseconds_left: int) -> Any:
    """Have a worker run a job's message; what is left of its time each time that it looks."""
    monkeypatch.setitem(own_stack._clients, "dynamodb", table_client())
    monkeypatch.setitem(globals(), "delivered", job)
    left = iter(milliseconds_left)
    body = json.dumps({"job": f"{__name__}:delivered", "id": SENDING, "arguments": [], "options": {}})
    record = {"messageId": "m", "attributes": {"ApproximateReceiveCount": str(attempt)}, "body": body}
    return worker.work({"Records": [record]}, SimpleNamespace(get_remaining_time_in_millis=lambda: next(left)))


def test_a_job_does_not_begin_when_its_mark_might_come_too_late(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The table took three of four seconds to answer."""
    runs: list[str] = []
    answer = deliver(monkeypatch, Job(lambda: runs.append("run"), once=True), 1, 4000, 4000, 900)
    assert {"batchItemFailures": [{"itemIdentifier": "m"}]} == answer
    assert [] == runs
    assert "there was no time left to run <lambda>" in capsys.readouterr().out
    assert new_mark().begin(4)


def test_a_job_that_has_finished_is_not_put_aside_when_its_message_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its worker was ended between the mark and the answer that deletes the message."""
    finished = new_mark()
    assert finished.begin(4)
    finished.finish()
    assert {"batchItemFailures": []} == deliver(monkeypatch, Job(run_job, retries=0, once=True), 2)


def test_an_alarm_stops_a_job_that_runs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def hangs() -> None:
        signal.raise_signal(signal.SIGALRM)

    answer = deliver(monkeypatch, Job(hangs, timeout=3), 1, 4000, 4000)
    assert {"batchItemFailures": [{"itemIdentifier": "m"}]} == answer
    assert "JobTimeout: hangs ran for longer than 3 s" in capsys.readouterr().out


def test_an_alarm_does_not_fail_a_job_that_has_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    """The alarm comes where no line of the job runs any more, as when the machine stood still at its end."""
    returned = Job(partial(signal.raise_signal, signal.SIGALRM), timeout=3)
    assert {"batchItemFailures": []} == deliver(monkeypatch, returned, 1, 4000, 4000)
