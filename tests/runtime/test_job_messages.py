"""Arguments of jobs: restored by the worker as they were sent, or refused where they are sent."""

from __future__ import annotations

import datetime as dt
import inspect
import json
import uuid
from decimal import Decimal
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projects import write
from random_cases import cases
from remit import App
from remit.catalogue.quotas import quota
from remit.errors import RemitError
from remit.runtime import job_messages, job_queue, own_stack
from remit.runtime.job import Job, call_problem
from remit.testing import SentJob, jobs_run_at_once, recorded_jobs

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.dates()
    | st.datetimes().map(lambda moment: moment.replace(fold=0))  # ISO 8601 has no word for it
    | st.datetimes(timezones=st.just(dt.UTC)).map(lambda moment: moment.replace(fold=0))
    | st.times().map(lambda moment: moment.replace(fold=0))
    | st.decimals()
    | st.uuids()
)
names = st.text() | st.just("$remit")
arguments = st.recursive(
    scalars,
    lambda inner: st.lists(inner) | st.dictionaries(names, inner) | st.lists(inner).map(tuple),
    max_leaves=20,
)


def sent(*values: Any, **options: Any) -> tuple[list[Any], dict[str, Any]]:
    """What a worker gets of arguments."""
    _, _, restored, restored_options = job_messages.read(job_messages.written("app:mail", values, options))
    return restored, restored_options


@settings(max_examples=cases(15, deep=300))
@given(arguments)
def test_an_argument_arrives_as_it_was_sent(argument: Any) -> None:
    restored, options = sent(argument, option=argument)
    assert [repr(argument)] * 2 == [repr(restored[0]), repr(options["option"])]  # repr tells NaN, 1 and True apart


class Own:
    """No job can be sent one."""

    def __repr__(self) -> str:
        return "Own()"


class Level(int):
    """It would arrive as an int."""


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        (Own(), "argument 2 of mail is a test_job_messages.Own (Own())"),
        ({1, 2}, "argument 2 of mail is a set ({1, 2})"),
        (b"x", "argument 2 of mail is a bytes (b'x')"),
        (float("nan"), "argument 2 of mail is a float (nan)"),
        (float("inf"), "argument 2 of mail is a float (inf)"),
        ({1: "x"}, "argument 2 of mail is a dict whose keys are not all str ({1: 'x'})"),
        ({"a": [0, Own()]}, "argument 2 of mail, 'a', item 1 is a test_job_messages.Own (Own())"),
        (Level(3), "argument 2 of mail is a test_job_messages.Level (3)"),
        (dt.timedelta(1), "argument 2 of mail is a datetime.timedelta (datetime.timedelta(days=1))"),
    ],
)
def test_what_no_message_holds_is_an_error_where_it_is_sent(argument: Any, message: str) -> None:
    with pytest.raises(TypeError) as raised:
        sent("fine", argument)
    text = str(raised.value).replace(f"{__name__}.", "test_job_messages.")
    assert f"{message}: a job takes what JSON holds, dates, Decimal, UUID and tuples" == text


def test_arguments_that_are_too_large_for_a_message_are_an_error() -> None:
    with pytest.raises(ValueError, match=r"the arguments of mail take 1,048,\d+ bytes, and a message of SQS 1,048,576"):
        sent("x" * job_messages.LARGEST)


def test_a_message_from_before_ids_is_read() -> None:
    body = json.dumps({"job": "app:mail", "arguments": [1], "options": {"two": 2}})
    assert ("app:mail", None, [1], {"two": 2}) == job_messages.read(body)


app = App()
ran: list[Any] = []


@app.job
def mail(to: Any, when: Any = None) -> None:
    ran.append((to, when))


@app.job(queue="letters.fifo")
def letter(to: Any) -> None:
    ran.append(to)


def test_recorded_jobs_are_kept_as_their_worker_would_get_them() -> None:
    today, key = dt.date(2026, 11, 27), uuid.UUID(int=1)
    with recorded_jobs() as jobs:
        mail.perform_later(key, when=today)
        mail.perform_in(90, Decimal("1.50"))
        letter.perform_later("a", group="customer-7")
        letter.perform_later("b")
    assert [
        SentJob("mail", (key,), {"when": today}),
        SentJob("mail", (Decimal("1.50"),), seconds=90),
        SentJob("letter", ("a",), group="customer-7"),
        SentJob("letter", ("b",), group="letter"),
    ] == jobs
    assert [] == ran


def test_jobs_run_at_once_where_a_test_wants_it_and_no_more_after_it() -> None:
    with jobs_run_at_once():
        mail.perform_later("a", when=dt.time(12))
    assert [("a", dt.time(12))] == ran
    ran.clear()
    with pytest.raises(RuntimeError, match=r"use remit\.testing"):
        mail.perform_later("a")


@app.job
def grow(lines: list[Any]) -> None:
    lines.append("of the worker")


def test_a_job_has_its_arguments_as_they_were_when_it_was_sent() -> None:
    lines = [1]
    with recorded_jobs() as jobs:
        mail.perform_later(lines, when=lines)
        with jobs_run_at_once():
            grow.perform_later(lines)
        lines.append(2)
        mail.perform_later(lines)
    assert [SentJob("mail", ([1],), {"when": [1]}), SentJob("mail", ([1, 2],))] == jobs


class Letters:
    """What jobs may stand in."""

    @staticmethod
    def draft(to: Any, *, copies: int = 1) -> None:
        """Draft a letter."""


def test_a_job_is_named_described_and_takes_what_its_function_does() -> None:
    draft: Any = Job(Letters.draft)
    assert (f"{__name__}:Letters.draft", "Draft a letter.") == (draft.path, draft.__doc__)
    assert ["to", "copies"] == list(inspect.signature(draft).parameters)


def test_a_recorded_job_with_an_argument_that_cannot_be_sent_fails_in_the_test() -> None:
    with recorded_jobs() as jobs, pytest.raises(TypeError, match=r"argument 1 of mail is a .*Own"):
        mail.perform_later(Own())
    assert [] == jobs


def test_a_job_runs_here_by_a_call_and_by_perform_now() -> None:
    double = Job(lambda number: 2 * number)
    assert [6, 8] == [double(3), double.perform_now(4)]


def test_a_job_cannot_be_sent_into_the_past() -> None:
    with pytest.raises(ValueError, match="mail: -1 s from now is in the past"):
        mail.perform_in(-1, "a")


@pytest.mark.parametrize("seconds", [366 * 86_400, float("inf"), float("nan")])
def test_a_job_waits_a_year_at_most(seconds: float) -> None:
    with recorded_jobs() as jobs, pytest.raises(ValueError, match=r"mail: .* s from now is not within a year"):
        mail.perform_in(seconds, "a")
    assert [] == jobs


@pytest.fixture
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A project with the settings that a test names."""
    write(tmp_path, {"config/deploy.py": f"from remit import config\n{request.param}\n"})
    return tmp_path


WITH_SCHEDULER = "config.job.scheduler = True"
WITHOUT_SCHEDULER = "config.job.enable = True"


@pytest.mark.parametrize("folder", [WITH_SCHEDULER], indirect=True)
def test_a_job_of_an_app_with_a_scheduler_may_wait_a_year(folder: Path) -> None:
    with recorded_jobs(folder) as jobs:
        mail.perform_in(365 * 86_400, "a")
    assert [SentJob("mail", ("a",), seconds=365 * 86_400)] == jobs


BY_STAGE = "from remit import project\nconfig.job.scheduler = project.stage == 'prod'"


@pytest.mark.parametrize("folder", [BY_STAGE], indirect=True)
def test_whether_a_job_may_wait_for_a_schedule_is_asked_of_the_stage_of_the_tests(folder: Path) -> None:
    with recorded_jobs(folder, "prod"):
        mail.perform_in(1000, "a")
    with recorded_jobs(folder), pytest.raises(RuntimeError, match="scheduler"):
        mail.perform_in(1000, "a")


@pytest.mark.parametrize("folder", [WITHOUT_SCHEDULER], indirect=True)
@pytest.mark.parametrize("place", [recorded_jobs, jobs_run_at_once])
def test_a_job_that_waits_for_a_schedule_fails_in_a_test_of_an_app_without_a_scheduler(
    folder: Path, place: Callable[..., AbstractContextManager[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REMIT_QUEUE_DEFAULT", "https://sqs/1/default")
    with pytest.raises(RuntimeError) as of_aws:
        mail.perform_in(900.5, "a")
    with place(folder), pytest.raises(RuntimeError) as of_test:
        mail.perform_in(900.5, "a")
    assert str(of_aws.value) == str(of_test.value)


@pytest.mark.parametrize("folder", ["config.jop.scheduler = True"], indirect=True)
def test_a_configuration_that_cannot_be_read_fails_the_test_of_a_job_that_waits_for_a_schedule(folder: Path) -> None:
    with recorded_jobs(folder) as jobs, pytest.raises(RemitError, match=r"did you mean `config[.]job`"):
        mail.perform_in(901, "a")
    assert [] == jobs


@pytest.mark.parametrize(("seconds", "delay"), [(0, None), (0.2, 1), (89.5, 90), (899.5, 900)])
def test_a_job_never_runs_before_its_time(seconds: float, delay: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQS delays by whole seconds."""
    sent: list[dict[str, Any]] = []
    client = SimpleNamespace(send_message=lambda **message: sent.append(message) or {"MessageId": "1"})
    monkeypatch.setitem(own_stack._clients, "sqs", client)
    monkeypatch.setenv("REMIT_QUEUE_DEFAULT", "https://sqs/1/default")
    mail.perform_in(seconds, "a")
    assert [delay] == [message.get("DelaySeconds") for message in sent]


def test_a_job_of_a_fifo_queue_cannot_wait_in_a_test_either() -> None:
    with recorded_jobs() as jobs, pytest.raises(ValueError, match="letter cannot wait: a FIFO queue delays no single"):
        letter.perform_in(5, "a")
    assert [] == jobs


def test_the_limits_that_the_runtime_writes_down_are_those_of_the_catalogue() -> None:
    """A zip has no catalogue."""
    assert quota("sqs.queue.visibility").most == job_queue.LONGEST_HIDDEN


@app.job
def grouped(to: Any, group: Any) -> None:
    ran.append((to, group))


CALLS: dict[str, tuple[Callable[[], Any], str]] = {
    "an argument is missing": (mail.perform_later, r"mail: missing a required argument: 'to'"),
    "there are too many": (lambda: mail.perform_later(1, 2, 3), "mail: too many positional arguments"),
    "a name is unknown": (lambda: mail.perform_later(1, whn=2), "mail: got an unexpected keyword argument 'whn'"),
    "it waits": (lambda: mail.perform_in(5), r"mail: missing a required argument: 'to'"),
    "there is no order": (
        lambda: mail.perform_later("a", group="b"),
        r"mail: group= goes with a FIFO queue, and `default` is none",
    ),
    "it has an order": (lambda: letter.perform_later(group="a"), r"letter: missing a required argument: 'to'"),
}


@pytest.mark.parametrize("kind", CALLS)
def test_a_call_that_a_job_does_not_take_fails_where_it_is_sent(kind: str) -> None:
    call, message = CALLS[kind]
    with recorded_jobs() as jobs, pytest.raises(TypeError, match=message):
        call()
    assert [] == jobs


def test_a_job_may_have_an_argument_that_is_called_group() -> None:
    with recorded_jobs() as jobs:
        grouped.perform_later("a", group="b")
    assert [SentJob("grouped", ("a",), {"group": "b"})] == jobs


@pytest.mark.parametrize(
    ("function", "arguments", "problem"),
    [
        (lambda path: path, ("a",), None),
        (lambda path: path, (), "missing a required argument: 'path'"),
        (lambda path: path, ("a", "b"), "too many positional arguments"),
        (min, (), None),
        (None, (), None),
    ],
)
def test_a_call_is_refused_in_pythons_words_where_anybody_knows_what_the_function_takes(
    function: Any, arguments: tuple[str, ...], problem: str | None
) -> None:
    assert problem == call_problem(function, arguments, {})
