"""What a worker and a web app's handler do at their edges, in this process: alarms, threads, marks, and adapters."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import threading
from importlib import import_module
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from remit.runtime import job_messages, own_stack, web, worker
from remit.runtime.job import Job
from remit.runtime.worker import JobTimeout

if TYPE_CHECKING:
    from collections.abc import Callable

CONTEXT = SimpleNamespace(get_remaining_time_in_millis=lambda: 60_000)


def plain() -> None:
    """It is no job."""


def fails() -> None:
    raise ValueError("no stock")


failing = Job(fails)


def test_a_job_sees_one_alarm_at_its_limit_repeated_until_it_is_stopped_and_none_while_it_ends() -> None:
    """A second alarm in a `finally` of the job's would cut off what it tidies up."""
    alarms: list[tuple[float, float]] = []

    def hangs(*given: Any, **options: Any) -> None:
        alarms.append(signal.getitimer(signal.ITIMER_REAL))
        try:
            signal.raise_signal(signal.SIGALRM)
        finally:
            alarms.append(signal.getitimer(signal.ITIMER_REAL))
            alarms.append((len(given), len(options)))

    with pytest.raises(JobTimeout, match=r"^hangs ran for longer than 30\.5 s$"):
        worker._call(Job(hangs), [1, 2], {"a": 3}, 30.5)
    (begin, pause), *others = alarms
    assert 25 < begin <= 30.5
    assert (0.05, [(0.0, 0.0), (2, 1)]) == (round(pause, 3), others)


def test_a_job_outside_the_main_thread_runs_with_all_its_arguments_and_no_alarm() -> None:
    ran: list[Any] = []

    def job(*given: Any, **options: Any) -> None:
        ran.append((given, options, signal.getitimer(signal.ITIMER_REAL)))

    thread = threading.Thread(target=worker._call, args=(Job(job), [1, 2], {"a": 3}, 60))
    thread.start()
    thread.join()
    assert [((1, 2), {"a": 3}, (0.0, 0.0))] == ran


def test_a_mark_is_finished_after_a_job_released_after_any_failure_and_left_where_it_cannot_be_set(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Without its mark a job that has finished runs again at a second delivery alone."""
    steps: list[str] = []

    def mark(*, begins: bool = True, finishes: bool = True) -> Any:
        def finish() -> None:
            steps.append("finish")
            if not finishes:
                raise KeyError("no table")

        def begin(seconds: float) -> bool:
            steps.append(f"begin {seconds:g}")
            return begins

        return SimpleNamespace(begin=begin, finish=finish, release=lambda: steps.append("release"))

    def stopped() -> None:
        raise SystemExit(3)

    def ran() -> None:
        steps.append("ran")

    for job, its_mark in (
        (ran, mark()), (ran, mark(begins=False)), (ran, mark(finishes=False)), (fails, mark()), (stopped, mark()),
    ):  # fmt: skip
        try:
            worker._run(Job(job, once=True), its_mark, [], {}, CONTEXT)
        except (ValueError, SystemExit) as error:
            steps.append(type(error).__name__)
        steps.append("")
    assert [
        "begin 60", "ran", "finish", "",
        "begin 60", "",
        "begin 60", "ran", "finish", "",
        "begin 60", "release", "ValueError", "",
        "begin 60", "release", "SystemExit", "",
    ] == steps  # fmt: skip
    first, *_, last = capsys.readouterr().out.splitlines()
    assert ("ran: this sending has finished before, and does not run again", "KeyError: 'no table'") == (first, last)


@pytest.mark.parametrize(
    ("name", "error"),
    [("plain", TypeError(f"{__name__}:plain is not a job")),
     ("Job", TypeError(f"{__name__}:Job is not a job")),
     ("nothing", AttributeError(f"module '{__name__}' has no attribute 'nothing'"))],
)  # fmt: skip
def test_a_message_runs_nothing_but_a_job(name: str, error: Exception) -> None:
    with pytest.raises(type(error)) as refused:
        worker._job(f"{__name__}:{name}")
    assert str(error) == str(refused.value)
    assert failing is worker._job(f"{__name__}:failing")


def test_a_job_without_options_of_its_queue_runs_five_times_without_a_pause_and_then_tells_its_attempts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """docs/jobs.md: a job that fails runs again four times."""
    sent: list[Any] = []
    client = SimpleNamespace(
        send_message=lambda **message: sent.append(message["MessageAttributes"]),
        change_message_visibility=lambda **_: sent.append("hidden"),
    )
    monkeypatch.setitem(own_stack._clients, "sqs", client)
    monkeypatch.setenv("REMIT_JOB_QUEUE", "https://q")
    monkeypatch.setenv("REMIT_JOB_DEAD_LETTERS", "https://dead")
    answers = []
    for count in (None, "1", "4", "5", "6"):
        record = {
            "messageId": "m",
            "receiptHandle": "r",
            "body": json.dumps({"job": f"{__name__}:failing", "arguments": [], "options": {}}),
            "attributes": {} if count is None else {"ApproximateReceiveCount": count},
        }
        answers.append(worker.work({"Records": [record]}, CONTEXT)["batchItemFailures"])
    assert [[{"itemIdentifier": "m"}]] * 3 + [[]] * 2 == answers
    crashed = "taken 6 times without an end: the worker crashed, had no memory left, or could not say how it ended"
    assert [
        {"Reason": {"DataType": "String", "StringValue": reason}, "Attempts": {"DataType": "String", "StringValue": n}}
        for reason, n in (("ValueError: no stock", "5"), (crashed, "6"))
    ] == sent
    monkeypatch.setattr(failing, "retries", 0)
    record = {key: value for key, value in record.items() if key != "attributes"}
    assert {"batchItemFailures": []} == worker.work({"Records": [record]}, CONTEXT)
    assert "1" == sent[-1]["Attempts"]["StringValue"]


def test_a_message_is_compact_json_and_one_of_another_version_is_told() -> None:
    body = job_messages.written("app:Box.go", ({"a": [1, True, None]}, "x"), {"b": (2,)})
    sending = job_messages.sending_id(body)
    rest = '"arguments":[{"a":[1,true,null]},"x"],"options":{"b":{"$remit":"tuple","value":[2]}}'
    assert f'{{"job":"app:Box.go","id":"{sending}",{rest}}}' == body
    newer = json.dumps({"job": "a:b", "arguments": [{"$remit": "fractions.Fraction", "value": "1/2"}], "options": {}})
    with pytest.raises(ValueError, match=r"^a job's argument is a fractions\.Fraction, which this version cannot rest"):
        job_messages.read(newer)


def test_a_client_is_made_once_for_each_service(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    boto3: Any = ModuleType("boto3")
    boto3.client = lambda service: made.append(service) or [service]
    monkeypatch.setitem(sys.modules, "boto3", boto3)
    monkeypatch.setattr(own_stack, "_clients", {})
    assert [["sqs"], ["ssm"], ["sqs"]] == [own_stack.client(service) for service in ("sqs", "ssm", "sqs")]
    assert ["sqs", "ssm"] == made


def module(name: str, **attributes: Any) -> ModuleType:
    made = ModuleType(name)
    vars(made).update(attributes)
    return made


def test_an_app_is_called_by_the_adapter_of_its_interface_and_begins_once_where_it_is_asked_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """apig-wsgi answers a REST API with bytes with `binary_support`; Mangum leaves the lifespan to remit."""
    begun: list[Any] = []

    class Cycle:
        lifespan_state: dict[str, Any]

        def __init__(self, app: Any, kind: str) -> None:
            self.lifespan_state = {}
            begun.append((app, kind))

        def __enter__(self) -> None:
            self.lifespan_state["db"] = "open"

    adapters = (
        module("apig_wsgi", make_lambda_handler=lambda app, **options: (app, options)),
        module("mangum", Mangum=lambda app, **options: (app, options)),
        module("mangum.protocols", LifespanCycle=Cycle),
    )
    for adapter in adapters:
        monkeypatch.setitem(sys.modules, adapter.__name__, adapter)
    loops: list[Any] = []
    monkeypatch.setattr(import_module("asyncio"), "set_event_loop", loops.append)
    make: Callable[..., Any] = web.adapted

    def wsgi(environ: Any, start: Any) -> Any:
        return environ, start

    called, options = make(wsgi, "wsgi")
    assert {"binary_support": True} == options
    assert ({"apig_wsgi.full_event": {"rawPath": "/%41"}, "PATH_INFO": "/A"}, 1) == called(
        {"apig_wsgi.full_event": {"rawPath": "/%41"}, "PATH_INFO": "/a"}, 1
    )
    assert [] == loops

    calls: list[Any] = []

    async def asgi(*given: Any) -> None:
        calls.append(given)

    assert (asgi, {"lifespan": "off"}) == make(asgi, "asgi", begins=False)
    assert [] == begun
    served, options = make(asgi, "asgi")
    assert ({"lifespan": "off"}, [(asgi, "auto")]) == (options, begun)
    with asyncio.Runner(loop_factory=lambda: loops[0]) as runner:
        runner.run(served({"path": "/a", "state": 1}, 2, 3))
    assert [({"path": "/a", "state": {"db": "open"}}, 2, 3)] == calls
    assert 2 == len(loops)
    loops[1].close()
