"""Jobs at the limits of SQS, and the objects that a web app's handler names."""

from __future__ import annotations

from typing import Any

import pytest

from remit.runtime import job_messages
from remit.runtime.web import interface_of, web_app
from remit.runtime.worker import is_beyond_its_runs, pause_after


def test_a_message_holds_as_many_bytes_as_sqs_takes() -> None:
    frame = len(job_messages.written("app:mail", ("",), {}))
    longest = "x" * (job_messages.LARGEST - frame)
    assert job_messages.LARGEST == len(job_messages.written("app:mail", (longest,), {}))
    with pytest.raises(ValueError, match="the arguments of mail take 1,048,577 bytes"):
        job_messages.written("app:mail", (longest + "x",), {})


@pytest.mark.parametrize("value", [{"$remit": "tuple", "value": [1]}, (1, (2,)), [(1,)], {"a": {"$remit": 3}}])
def test_what_reads_as_a_mark_of_a_message_arrives_as_it_was_sent(value: Any) -> None:
    _, _, arguments, options = job_messages.read(job_messages.written("app:mail", (value,), {"option": value}))
    assert ([value], {"option": value}) == (arguments, options)


@pytest.mark.parametrize(("attempt", "pause"), [(1, 10), (2, 20), (3, 40), (4, 80), (5, None)])
def test_a_job_waits_twice_as_long_after_each_attempt_until_its_last(attempt: int, pause: int | None) -> None:
    assert pause == pause_after(attempt, 4, 10)
    assert (attempt > 5) == is_beyond_its_runs(attempt, 4)


def test_a_pause_is_no_longer_than_sqs_hides_a_message() -> None:
    assert (43_200, True) == (pause_after(20, 30, 3_600), is_beyond_its_runs(6, 4))


class Asynchronous:
    """An app that is called with await."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...


class Plain:
    """An app that is called as WSGI says."""

    inner = Asynchronous()

    def __call__(self, environ: Any, start_response: Any) -> Any: ...


async def function(scope: Any, receive: Any, send: Any) -> None: ...


def test_a_web_app_is_named_in_its_module_and_speaks_the_interface_of_its_call() -> None:
    assert Plain.inner is web_app(f"{__name__}:Plain.inner")
    assert ["asgi", "wsgi", "asgi", "wsgi"] == [
        interface_of(each)
        for each in (Asynchronous(), Plain(), function, lambda environ, start: None)  # noqa: ARG005
    ]
