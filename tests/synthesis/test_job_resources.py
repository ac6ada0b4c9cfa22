"""The queues of an app's jobs: what stands in the template for each, and what their workers and senders are told."""

from __future__ import annotations

import json
from typing import Any, Final

from remit.app import App, Function, JobQueue, Resource, ScheduledJob
from remit.errors import Origin
from remit.synthesis.job_resources import job_resources, job_variables, worker_source
from remit.triggers.schedule import Schedule

LINE: Final = Origin("app.py", 9, 1)


def app(*queues: JobQueue, timeout: int = 3, sends: tuple[str, ...] = (), **fields: Any) -> App:
    workers = (
        Function(queue.worker, queue.worker.title().replace("-", ""), "w.run", {"Timeout": timeout}, queue=queue.name)
        for queue in queues
    )
    sender = Function("hello", "Hello", "app.hello", {}, sends=sends)
    return App("shop", "dev", (sender, *workers), queues=queues, queues_origin=LINE, **fields)


def made(*queues: JobQueue, **more: Any) -> dict[str, Resource]:
    return {resource.logical_id: resource for resource in job_resources(app(*queues, **more))}


def test_a_queue_and_its_dead_letters_are_fifo_alike_and_wait_for_the_worker_of_that_queue() -> None:
    resources = made(JobQueue("mail", 2, 4), JobQueue("in.fifo", 1, 1), timeout=20)
    for name, is_fifo, receipts in (("JobMail", None, 6), ("JobInFifo", True, 3)):
        queue, dead = (resources[f"{name}{end}"].properties for end in ("Queue", "DeadLetterQueue"))
        kind = {} if is_fifo is None else {"FifoQueue": True}
        redrive = {"deadLetterTargetArn": f"${{{name}DeadLetterQueue.Arn}}", "maxReceiveCount": receipts}
        # Received once more often than a job may run, and once to put it aside, where it stays for 14 days.
        waits = {"RedrivePolicy": redrive, "SqsManagedSseEnabled": True, "VisibilityTimeout": 120}
        assert {**kind, **waits} == queue
        assert {**kind, "MessageRetentionPeriod": 14 * 24 * 3600, "SqsManagedSseEnabled": True} == dead


def test_a_queue_waits_for_its_own_worker() -> None:
    slow, quick = JobQueue("slow", 1, 1), JobQueue("quick", 1, 1)
    both = app(slow, quick)
    functions = tuple(
        Function(each.name, each.logical_id, "w.run", {"Timeout": 50 if each.queue == "slow" else 5}, queue=each.queue)
        for each in both.functions
    )
    timeouts = {
        each.logical_id: each.properties.get("VisibilityTimeout")
        for each in job_resources(App("shop", "dev", functions, queues=both.queues))
    }
    assert (300, 30) == (timeouts["JobSlowQueue"], timeouts["JobQuickQueue"])


def test_a_table_keeps_marks_for_any_queue_that_asks_and_an_alarm_looks_at_what_failed() -> None:
    assert "JobMarks" not in made(JobQueue("mail", 1, 1))
    resources = made(JobQueue("mail", 1, 1), JobQueue("once", 1, 1, keeps_marks=True, alarm="${Alarms}"))
    assert LINE == resources["JobMarks"].origin
    (alarm,) = (each for each in resources.values() if each.type == "AWS::CloudWatch::Alarm")
    assert "JobOnceDeadLetterQueue" in str(alarm.properties["Dimensions"])


def test_schedules_have_a_group_where_the_clock_sends_or_somebody_may_have_a_job_sent_later() -> None:
    timed = JobQueue("mail", 1, 1, scheduled=(ScheduledJob("send", "app.send", Schedule("rate(1 day)"), LINE),))
    for queue, more, has in (
        (JobQueue("mail", 1, 1), {}, False),
        (timed, {}, True),
        (JobQueue("mail", 1, 1), {"schedules_jobs": True, "sends": ("mail",)}, True),
        (JobQueue("mail", 1, 1), {"schedules_jobs": True}, False),
        (JobQueue("mail", 1, 1), {"sends": ("mail",)}, False),
    ):
        assert has == ("JobSchedules" in made(queue, **more))


def test_each_time_of_a_job_is_a_schedule_of_its_own_that_sends_its_input_to_its_queue() -> None:
    def queue(name: str, *jobs: tuple[str, Any]) -> JobQueue:
        scheduled = (ScheduledJob(job, f"app.{job}", Schedule("rate(1 day)", input=given), LINE) for job, given in jobs)
        return JobQueue(name, 1, 1, scheduled=tuple(scheduled))

    resources = made(queue("mail", ("send", None), ("send", {"to": "Zoë"}), ("clean", None)))
    schedules = [each for each in resources.values() if each.type == "AWS::Scheduler::Schedule"]
    assert ["JobSendScheduled", "JobSendScheduled2", "JobCleanScheduled"] == [each.logical_id for each in schedules]
    for schedule, job, given in zip(schedules, ("send", "send", "clean"), ({}, {"to": "Zoë"}, {}), strict=True):
        target = schedule.properties["Target"]
        body = {"job": f"app.{job}", "arguments": [], "options": given}
        assert json.dumps(body, ensure_ascii=False, separators=(",", ":")) == target["Input"]
        assert "${JobSchedules}" == schedule.properties["GroupName"]
        assert LINE == schedule.origin


def test_a_worker_takes_one_job_at_a_time_of_its_queue_and_knows_where_to_put_what_fails() -> None:
    once = JobQueue("once", 3, 7, backoff=5, concurrency=2, keeps_marks=True)
    both = app(JobQueue("mail", 2, 2), once, schedules_jobs=True, sends=("once",))
    sender, of_mail, of_once = both.functions
    assert [] == [*worker_source(both, sender)]
    for worker, scaling in ((of_mail, None), (of_once, {"MaximumConcurrency": 2})):
        (mapping,) = worker_source(both, worker)
        assert (1, scaling) == (mapping.properties["BatchSize"], mapping.properties.get("ScalingConfig"))
    assert job_variables(both, of_mail) == {
        "REMIT_JOB_QUEUE": "${JobMailQueue}",
        "REMIT_JOB_DEAD_LETTERS": "${JobMailDeadLetterQueue}",
        "REMIT_JOB_RETRIES": "2",
        "REMIT_JOB_BACKOFF": "0",
    }
    own = job_variables(both, of_once)
    assert ("3", "5", "${JobMarks}") == tuple(own[f"REMIT_JOB_{name}"] for name in ("RETRIES", "BACKOFF", "MARKS"))
    assert {*job_variables(both, sender).values()} == {
        "${JobOnceQueue}", "${JobOnceSchedulerRole.Arn}", "${JobSchedules}"
    }  # fmt: skip
    assert {"${JobOnceQueue}"} == {*job_variables(app(once, sends=("once",)), sender).values()}
