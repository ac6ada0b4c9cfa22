"""What is known of a job that failed for good, from its message alone, and which queues are meant."""

from __future__ import annotations

import json
from typing import Final

import pytest

from remit.deploy.failed_jobs import DeployedQueue, FailedJob, chosen_queues
from remit.errors import RemitError

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
