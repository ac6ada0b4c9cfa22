"""Jobs that fail and workers that end, delivered as SQS delivers: laws of docs/jobs.md that hold in every order."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, Final

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from random_cases import cases
from remit.runtime import own_stack, worker
from remit.runtime.job import Job

CASES: Final = cases(40, deep=300)
LEFT: Final = SimpleNamespace(get_remaining_time_in_millis=lambda: 60_000)
LONGEST_HIDDEN: Final = 12 * 3600
"""Seconds for which SQS hides a message at most ("Amazon SQS visibility timeout")."""


@settings(max_examples=CASES)
@given(
    st.integers(0, 4), st.none() | st.integers(0, 4), st.integers(0, 6), st.sampled_from((0, 1, 30, 20_000)),
    st.sets(st.integers(1, 6), max_size=3),
)  # fmt: skip
def test_a_job_runs_once_more_than_it_may_be_retried_waits_twice_as_long_each_time_and_is_buried_once(
    retries: int, own_retries: int | None, failures: int, backoff: int, crashes: set[int]
) -> None:
    """A worker that ends itself has used up an attempt, and leaves no reason."""
    runs: list[int] = []
    buried: list[str] = []
    hidden: list[int] = []

    def run_job() -> None:
        runs.append(attempt)
        if len(runs) <= failures:
            raise ValueError("not possible")

    client = SimpleNamespace(
        send_message=lambda **sent: buried.append(sent["MessageAttributes"]["Reason"]["StringValue"]),
        change_message_visibility=lambda **changed: hidden.append(changed["VisibilityTimeout"]),
    )
    variables = {"QUEUE": "https://q", "DEAD_LETTERS": "https://d", "RETRIES": str(retries), "BACKOFF": str(backoff)}
    body = json.dumps({"job": f"{__name__}:delivered", "id": "one", "arguments": [], "options": {}})
    most_runs = 1 + (retries if own_retries is None else own_retries)
    answer: dict[str, Any] = {}
    attempt = 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(own_stack._clients, "sqs", client)
        patch.setitem(globals(), "delivered", Job(run_job, retries=own_retries))
        for name, value in variables.items():
            patch.setenv(f"REMIT_JOB_{name}", value)
        while answer.get("batchItemFailures") != []:
            attempt += 1
            if attempt in crashes and attempt <= most_runs:
                runs.append(attempt)
                continue
            attributes = {"ApproximateReceiveCount": str(attempt)}
            record = {"messageId": "m", "receiptHandle": "r", "attributes": attributes, "body": body}
            answer = worker.work({"Records": [record]}, LEFT)
            assert attempt <= most_runs + 1
    expected_runs: list[int] = []
    expected_pauses: list[int] = []
    reason = "taken"
    for number in range(1, most_runs + 1):
        expected_runs.append(number)
        if number not in crashes and len(expected_runs) > failures:
            reason = ""
            break
        if number not in crashes and number == most_runs:
            reason = "ValueError: not possible"
        elif number not in crashes:
            expected_pauses.append(min(LONGEST_HIDDEN, backoff * 2 ** (number - 1)))
    assert expected_runs == runs
    assert [pause for pause in expected_pauses if pause > 0] == hidden
    assert [reason] * bool(reason) == [text if text.startswith("ValueError") else text[:5] for text in buried]
    event(f"ends: {reason or 'done'}")
