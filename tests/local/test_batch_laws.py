"""Batches of streams that fail, against Lambda's rules written down again: which runs come, and what is lost.

Sources: "How Lambda processes records from stream and queue-based event sources", "Configuring partial batch response
with Kinesis and Lambda", "Retaining discarded records" (AWS Lambda Developer Guide): a batch is tried until it
succeeds, has been retried as often as the mapping says, or is too old; halves of a batch do not count as a retry; what
comes after a reported failure is tried again with it, and the retries begin anew where something before it succeeded.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from hypothesis import event, given, settings
from hypothesis import strategies as st

from remit.local.event_sources.asynchronous_invocations import after_attempt
from remit.local.event_sources.failed_batches import Batch, next_step

CASES: Final = 400
ALWAYS: Final = 99
ARRIVED: Final = 1000.0


@dataclass
class Function:
    """A function that fails at some records some times, and notes the numbers of the records of each run."""

    failures: dict[int, int]
    reports: bool
    throttles: int = 0
    runs: list[list[int]] = field(default_factory=list)

    def run(self, numbers: list[int]) -> int | None:
        """The place of the first record that fails; None where all succeed."""
        self.runs.append(numbers)
        for place, number in enumerate(numbers):
            if self.failures.get(number, 0) > 0:
                self.failures[number] -= 1
                return place
        return None

    def answer(self, numbers: list[int]) -> dict[str, Any]:
        """What Lambda gets."""
        if self.throttles:
            self.throttles -= 1
            return {"throttle": True, "error": True}
        place = self.run(numbers)
        if place is None:
            return {"body": {"batchItemFailures": []} if self.reports else "done"}
        if self.reports:
            return {"body": {"batchItemFailures": [{"itemIdentifier": str(numbers[place])}]}}
        return {"error": True, "body": {"errorType": "ValueError"}}


def by_the_rules(
    function: Function, numbers: list[int], attempts: int, *, retries: int, bisects: bool, is_old: bool
) -> list[tuple[list[int], str]]:
    """The batches that are given up, with the reasons, after all runs of a batch."""
    place = function.run(numbers)
    if place is None:
        return []
    options: Any = {"retries": retries, "bisects": bisects, "is_old": is_old}
    if not function.reports and bisects and len(numbers) > 1:
        half = len(numbers) // 2
        first = by_the_rules(function, numbers[:half], attempts, **options)
        return first + by_the_rules(function, numbers[half:], attempts, **options)
    rest = numbers[place:] if function.reports else numbers
    attempts = 1 if function.reports and place > 0 else attempts + 1
    if attempts > retries:
        return [(rest, "RetryAttemptsExhausted")]
    if is_old:
        return [(rest, "MaxRecordAgeExceeded")]
    return by_the_rules(function, rest, attempts, **options)


def kinesis_record(number: int) -> dict[str, Any]:
    kinesis = {"sequenceNumber": str(number), "approximateArrivalTimestamp": ARRIVED}
    return {"eventID": f"shardId-000000000000:{number}", "kinesis": kinesis}


def numbers_of(batch: Batch) -> list[int]:
    return [int(record["kinesis"]["sequenceNumber"]) for record in batch.records]


@settings(max_examples=CASES)
@given(
    size=st.integers(1, 6), retries=st.integers(0, 3), bisects=st.booleans(), reports=st.booleans(),
    failures=st.dictionaries(st.integers(1, 6), st.sampled_from((1, 2, 3, ALWAYS)), max_size=3),
    oldest=st.sampled_from((None, 10.0, 100.0)), throttles=st.integers(0, 2),
)  # fmt: skip
def test_batches_are_tried_split_and_given_up_as_lambda_documents(
    *,
    size: int,
    failures: dict[int, int],
    retries: int,
    bisects: bool,
    oldest: float | None,
    reports: bool,
    throttles: int,
) -> None:
    bisects = bisects and oldest is None
    mapping: dict[str, Any] = {"MaximumRetryAttempts": retries, "BisectBatchOnFunctionError": bisects}
    if reports:
        mapping["FunctionResponseTypes"] = ["ReportBatchItemFailures"]
    if oldest is not None:
        mapping["MaximumRecordAgeInSeconds"] = int(oldest)
    now = ARRIVED + 50
    function = Function(dict(failures), reports, throttles)
    waiting: tuple[Batch, ...] = (Batch([kinesis_record(number) for number in range(1, size + 1)]),)
    lost: list[tuple[list[int], str]] = []
    pause, failed_before = 0.5, False
    while waiting:
        runs = len(function.runs)
        step = next_step(waiting, function.answer(numbers_of(waiting[0])), mapping, now, pause)
        if len(function.runs) == runs:
            assert (waiting, pause, pause) == (step.waiting, step.pause, step.next_pause)
        if step.given_up is not None:
            lost.append((numbers_of(step.given_up), step.condition))
        if step.pause:
            assert step.pause == pause
            failed_before = True
        elif step.given_up is None:
            assert step.next_pause == 0.5  # whatever failed before is over
            failed_before = False
        waiting, pause = step.waiting, step.next_pause
        assert 0.5 <= pause <= 10
    rules = Function(dict(failures), reports)
    is_old = oldest is not None and oldest < 50
    expected = by_the_rules(rules, list(range(1, size + 1)), 0, retries=retries, bisects=bisects, is_old=is_old)
    assert rules.runs == function.runs
    assert expected == lost
    event(f"lost {len(lost)}, failed before {failed_before}")
    handled = Counter(number for numbers, _ in lost for number in numbers)
    assert all(count == 1 for count in handled.values())


@settings(max_examples=CASES)
@given(st.integers(0, 4), st.integers(0, 6), st.lists(st.booleans(), max_size=4), st.sampled_from((0.0, 5.0, 1e6)))
def test_an_event_is_tried_until_it_succeeds_has_no_tries_left_or_is_too_old(
    retries: int, failures: int, throttled: list[bool], patience: float
) -> None:
    """Throttled tries do not count."""
    results = [{"throttle": True, "error": True} for is_throttled in throttled if is_throttled]
    results += [{"error": True}] * failures + [{"body": 1}]
    attempts, waited, condition = 0, 0.0, ""
    for result in results:
        attempts, condition = after_attempt(result, attempts, 1 + retries, patience - waited - 1)
        if condition:
            break
        waited += 1
    most = patience // 1
    tries = [index for index, result in enumerate(results) if not result.get("throttle")]
    last_of_retries = tries[retries] if len(tries) > retries else len(results)
    end = min(last_of_retries, len(results) - 1, int(min(most, 1e6)))
    if end == len(results) - 1:
        expected = "Success"
    else:
        expected = "RetriesExhausted" if end == last_of_retries else "EventAgeExceeded"
    assert (expected, len([place for place in tries if place <= end])) == (condition, attempts)
