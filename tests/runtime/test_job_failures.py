"""Jobs that fail, hang, crash, are delivered twice or must keep their order: on the local AWS, each as people trust."""

from __future__ import annotations

import json
import time
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from projects import remit, write
from remit.local import aws
from remit.local.control.clients import client_arguments, session
from terminals import HANGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

CONFIG = """
from remit import configure

with configure() as config:
    config.job.enable = True
    config.job.scheduler = True
    config.job.queues = {{"default": {{"backoff": 1}}, "mail.fifo": {{}}, "crashing": {{"timeout": 2}}}}
    config.lambda_.function.timeout = 30
    config.lambda_.function.environment = {{"LEDGER": {ledger!r}}}
"""


APP = """
import os
import time
from decimal import Decimal

from remit import App

app = App()


def note(line):
    with open(os.environ["LEDGER"], "a") as ledger:
        ledger.write(f"{line}\\n")


@app.job(retries=1)
def fails(number):
    note(f"fails {number}")
    raise ValueError(f"number {number} is not possible")


@app.job(retries=0, timeout=1)
def hangs():
    try:
        time.sleep(60)
    except Exception:
        note("stopped by an exception of its own")


@app.job(queue="crashing", retries=0)
def crashes():
    note("crashes")
    os._exit(1)


@app.job(once=True)
def pays(amount):
    note(f"pays {amount!r}")


@app.job(queue="mail.fifo")
def writes(number):
    note(f"writes {number}")
    if number == 0:
        time.sleep(0.3)


@app.job
def waits(sent):
    note(f"waited a second: {time.time() - sent >= 1}")


@app.function(sends=[fails, hangs, crashes, pays, writes, waits], timeout=60)
def send(event, context):
    fails.perform_later(7)
    hangs.perform_later()
    crashes.perform_later()
    pays.perform_later(Decimal("1.50"))
    for number in range(5):
        writes.perform_later(number, group="anna")
    waits.perform_in(1, time.time())


@app.function(sends=[waits])
def send_later(event, context):
    import boto3

    name = waits.perform_in(3_600, time.time())
    group = os.environ["REMIT_JOB_SCHEDULE_GROUP"]
    try:  # of another queue, to which this function sends nothing
        boto3.client("scheduler").create_schedule(
            Name="other", GroupName=group, ScheduleExpression="rate(1 day)", FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": event["queue"], "RoleArn": event["role"], "Input": "{}"},
        )
    except Exception as error:
        return [group, name, error.response["Error"]["Code"], str(error)]


@app.function(policy=["sqs:SendMessage"])
def repeat(event, context):
    # What SQS does now and then: it delivers a message again that has been worked.
    import boto3

    boto3.client("sqs").send_message(QueueUrl=event["queue"], MessageBody=event["body"])


@app.function(sends=[])
def intruder(event, context):
    try:
        pays.perform_later(1)
    except RuntimeError as error:
        return str(error)
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The app, deployed to an AWS of its own, with all of its jobs sent once."""
    folder = tmp_path_factory.mktemp("trust") / "jobs"
    ledger = folder.parent / "ledger"
    write(folder, {"app.py": APP, "config/deploy.py": CONFIG.format(ledger=str(ledger))})
    deployed = remit("deploy", "--local", "--yes", "-C", str(folder))
    assert 0 == deployed.status, deployed.err
    invoke(folder, "send")
    yield folder
    aws.stop(folder)


def invoke(folder: Path, function: str, event: object = None) -> Any:
    ran = remit("invoke", function, "--local", "--event", json.dumps(event or {}), "--json", "-C", str(folder))
    assert 0 == ran.status, ran.out + ran.err
    return json.loads(ran.out)["answer"]


@cache
def client(folder: Path, service: str) -> Any:
    """The client of a service; made once, since tests ask with it until something has happened."""
    running = aws.find(folder)
    assert running is not None
    return session(running).client(service, **client_arguments(running))


def lines(folder: Path) -> list[str]:
    ledger = folder.parent / "ledger"
    return ledger.read_text().splitlines() if ledger.exists() else []


def eventually(condition: Callable[[], bool]) -> None:
    """Wait for what the poller of the local AWS brings about."""
    deadline = time.monotonic() + HANGS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.1)


@cache
def outputs(folder: Path, queue: str) -> str:
    """The URL of a queue of the stack."""
    stack = client(folder, "cloudformation").describe_stack_resources(StackName="jobs-dev")
    return next(
        str(entry["PhysicalResourceId"]) for entry in stack["StackResources"] if entry["LogicalResourceId"] == queue
    )


def dead_letters(folder: Path, queue: str) -> dict[str, Mapping[str, Any]]:
    """The messages in a dead-letter queue, by the name of their job."""
    answer = client(folder, "sqs").receive_message(
        QueueUrl=outputs(folder, queue), MaxNumberOfMessages=10, MessageAttributeNames=["All"], VisibilityTimeout=0
    )
    return {json.loads(message["Body"])["job"]: message for message in answer.get("Messages", ())}


def reason(message: Mapping[str, Any]) -> str:
    return str(message["MessageAttributes"]["Reason"]["StringValue"])


def test_a_job_that_fails_runs_as_often_as_it_says_and_is_put_aside_with_its_reason(project: Path) -> None:
    eventually(lambda: "app:fails" in dead_letters(project, "JobDefaultDeadLetterQueue"))
    message = dead_letters(project, "JobDefaultDeadLetterQueue")["app:fails"]
    assert "ValueError: number 7 is not possible" == reason(message)
    assert "2" == message["MessageAttributes"]["Attempts"]["StringValue"]
    assert 2 == Counter(lines(project))["fails 7"]


def test_a_job_that_takes_too_long_is_stopped_whatever_it_catches(project: Path) -> None:
    eventually(lambda: "app:hangs" in dead_letters(project, "JobDefaultDeadLetterQueue"))
    message = dead_letters(project, "JobDefaultDeadLetterQueue")["app:hangs"]
    assert "JobTimeout: hangs ran for longer than 1 s" == reason(message)
    assert "stopped by an exception of its own" not in lines(project)


def test_a_job_that_ends_its_worker_is_put_aside_by_the_next_one(project: Path) -> None:
    """Nothing is left of the crash itself, so the message says what can be said."""
    eventually(lambda: "app:crashes" in dead_letters(project, "JobCrashingDeadLetterQueue"))
    message = dead_letters(project, "JobCrashingDeadLetterQueue")["app:crashes"]
    assert (
        "taken 2 times without an end: the worker crashed, had no memory left, or could not say how it ended"
        == reason(message)
    )
    assert 1 == Counter(lines(project))["crashes"]


def test_a_job_that_has_finished_once_never_runs_again(project: Path) -> None:
    eventually(lambda: "pays Decimal('1.50')" in lines(project))
    sending = client(project, "dynamodb").scan(TableName=outputs(project, "JobMarks"))["Items"]
    queue = outputs(project, "JobDefaultQueue")
    body = {"job": "app:pays", "id": sending[0]["id"]["S"], "arguments": [1], "options": {}}
    invoke(project, "repeat", {"queue": queue, "body": json.dumps(body)})
    other = {**body, "id": "another-sending", "arguments": [2]}
    invoke(project, "repeat", {"queue": queue, "body": json.dumps(other)})
    eventually(lambda: "pays 2" in lines(project))
    assert ["pays Decimal('1.50')", "pays 2"] == [line for line in lines(project) if line.startswith("pays")]


def test_jobs_of_a_group_keep_their_order(project: Path) -> None:
    eventually(lambda: "writes 4" in lines(project))
    assert [f"writes {number}" for number in range(5)] == [line for line in lines(project) if line.startswith("writes")]


def test_a_job_waits_as_long_as_it_was_told(project: Path) -> None:
    eventually(lambda: any(line.startswith("waited") for line in lines(project)))
    assert ["waited a second: True"] == [line for line in lines(project) if line.startswith("waited")]


def test_a_function_that_does_not_say_so_sends_no_job_and_is_told_what_to_declare(project: Path) -> None:
    assert "this function may not send pays: declare it with `sends=[pays]`" == invoke(project, "intruder")


def test_jobs_that_failed_are_listed_shown_run_again_and_deleted(project: Path) -> None:
    """As the command line does it; a job that is run again has all of its attempts again."""
    eventually(lambda: len(dead_letters(project, "JobDefaultDeadLetterQueue")) == 2)
    eventually(lambda: len(dead_letters(project, "JobCrashingDeadLetterQueue")) == 1)
    listed = listed_jobs(project)
    assert ["default", "mail.fifo", "crashing"] == [queue["name"] for queue in listed["queues"]]
    jobs = {job["job"]: job for job in listed["failed"]}
    assert {"app:fails", "app:hangs", "app:crashes"} == jobs.keys()
    assert ([7], "ValueError: number 7 is not possible", 2) == tuple(
        jobs["app:fails"][name] for name in ("arguments", "reason", "attempts")
    )
    for job in jobs.values():  # of whatever queue
        assert job["reason"] in jobs_command(project, "show", job["id"][:12]).out
    assert "1 job deleted\n" == jobs_command(project, "purge", jobs["app:hangs"]["id"], "--yes").out
    assert "1 job sent again\n" == jobs_command(project, "retry", jobs["app:fails"]["id"]).out
    eventually(lambda: Counter(lines(project))["fails 7"] == 4)
    eventually(lambda: "app:fails" in dead_letters(project, "JobDefaultDeadLetterQueue"))
    assert ["app:crashes", "app:fails"] == sorted(job["job"] for job in listed_jobs(project)["failed"])


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("retry",), 2, "say which jobs: by their ids, or --all"),
        (("purge", "abc", "--all"), 2, "say which jobs: by their ids, or --all"),
        (("show", "no-such-id"), 1, "no job that failed has the id no-such-id"),
        (("list", "--queue", "mail"), 2, "there is no job queue `mail`"),
        (("purge", "--all"), 2, "needs an answer, and there is no terminal to ask at"),
    ],
)
def test_a_command_that_names_no_job_says_so(
    project: Path, arguments: tuple[str, ...], status: int, message: str
) -> None:
    eventually(lambda: len(dead_letters(project, "JobDefaultDeadLetterQueue")) > 0)
    ran = remit("jobs", *arguments, "--local", "-C", str(project))
    assert status == ran.status
    assert message in ran.err


def jobs_command(folder: Path, *arguments: str) -> Any:
    ran = remit("jobs", *arguments, "--local", "-C", str(folder))
    assert 0 == ran.status, ran.err
    return ran


def listed_jobs(folder: Path) -> Any:
    return json.loads(jobs_command(folder, "list", "--json").out)


def test_a_job_that_waits_long_is_scheduled_with_the_role_of_its_queue_and_with_no_other(project: Path) -> None:
    outputs = client(project, "cloudformation").describe_stack_resources(StackName="jobs-dev")["StackResources"]
    names = {item["LogicalResourceId"]: item["PhysicalResourceId"] for item in outputs}
    iam = client(project, "iam")
    schedulers = [name for name in names if name.endswith("SchedulerRole")]
    roles = {name: iam.get_role(RoleName=names[name])["Role"]["Arn"] for name in schedulers}
    assert ["JobCrashingSchedulerRole", "JobDefaultSchedulerRole"] == sorted(roles)
    queue = client(project, "sqs").get_queue_attributes(
        QueueUrl=names["JobCrashingQueue"], AttributeNames=["QueueArn"]
    )["Attributes"]["QueueArn"]
    event = {"queue": queue, "role": roles["JobCrashingSchedulerRole"]}
    group, name, code, message = invoke(project, "send_later", event)
    schedule = client(project, "scheduler").get_schedule(GroupName=group, Name=name)
    assert roles["JobDefaultSchedulerRole"] == schedule["Target"]["RoleArn"]
    assert ("AccessDeniedException", True) == (code, "iam:PassRole" in message)
