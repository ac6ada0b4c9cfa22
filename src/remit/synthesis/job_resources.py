"""The resources of jobs: queues, their workers' event sources, alarms, and the table that marks finished jobs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from remit.app import App, Function, Resource
from remit.resources.names import logical
from remit.roles import defaults
from remit.triggers.source import mapping, visibility_timeout

_RETENTION: Final = 1_209_600  # seconds: 14 days, the longest, for what failed


def job_resources(app: App) -> Iterator[Resource]:
    """The resources of an app's jobs: queues, each after its dead-letter queue.

    Alarms, marks, and schedules, where asked for.
    """
    for queue in app.queues:
        worker = next(function for function in app.functions if function.queue == queue.name)
        dead = defaults.dead_letter_id(queue.name)
        ordered: dict[str, Any] = {"FifoQueue": True} if queue.is_fifo else {}
        yield Resource(
            dead, "AWS::SQS::Queue", {**ordered, "MessageRetentionPeriod": _RETENTION, "SqsManagedSseEnabled": True}
        )
        # Received once more often than its job may run: the worker then puts aside what had no end.
        redrive = {"deadLetterTargetArn": f"${{{dead}.Arn}}", "maxReceiveCount": queue.most_retries + 2}
        yield Resource(
            defaults.queue_id(queue.name),
            "AWS::SQS::Queue",
            {
                **ordered,
                "RedrivePolicy": redrive,
                "SqsManagedSseEnabled": True,
                "VisibilityTimeout": visibility_timeout(worker),
            },
        )
        if queue.alarm is not None:
            from remit.synthesis.alarms import failed_messages_alarm  # noqa: PLC0415 - few queues have one

            yield failed_messages_alarm(dead, f"A job of the queue {queue.name} has failed for good", queue.alarm)
    if any(queue.keeps_marks for queue in app.queues):
        marks = {
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "BillingMode": "PAY_PER_REQUEST",
            # Each mark goes after the 14 days of a message.
            "TimeToLiveSpecification": {"AttributeName": "expires", "Enabled": True},
        }
        yield Resource(defaults.JOB_MARKS, "AWS::DynamoDB::Table", marks, origin=app.queues_origin)
    if any(queue.scheduled or defaults.may_wait(app, queue) for queue in app.queues):
        group = {"Name": defaults.JOB_SCHEDULE_GROUP}
        yield Resource(defaults.JOB_SCHEDULES, "AWS::Scheduler::ScheduleGroup", group, origin=app.queues_origin)
    for queue in app.queues:
        positions: Counter[str] = Counter()
        for job in queue.scheduled:
            positions[job.name] += 1
            suffix = "" if positions[job.name] == 1 else str(positions[job.name])
            # Each message is a sending of its own, whose id is that of the message.
            body: dict[str, Any] = {"job": job.path, "arguments": [], "options": job.schedule.input or {}}
            target = {
                "Arn": defaults.queue_arn(queue.name),
                "RoleArn": f"${{{defaults.job_scheduler_id(queue.name)}.Arn}}",
                "Input": json.dumps(body, ensure_ascii=False, separators=(",", ":")),
            }
            logical_id = f"Job{logical(job.name)}Scheduled{suffix}"
            schedule: Resource = job.schedule.schedule(logical_id, f"Sends job {job.name}", target, job.origin)
            yield replace(schedule, properties={**schedule.properties, "GroupName": f"${{{defaults.JOB_SCHEDULES}}}"})


def worker_source(app: App, function: Function) -> Iterator[Resource]:
    """A worker's event source mapping, which delivers one job at a time; none for a function that works no queue.

    A job that times out ends the process before it can say which jobs of its batch had finished, and SQS would deliver
    all of them again ("Implementing partial batch responses", AWS Lambda Developer Guide).
    """
    for queue in app.queues:
        if queue.name == function.queue:
            scaling = None if queue.concurrency is None else {"MaximumConcurrency": queue.concurrency}
            yield from mapping(
                function,
                "Jobs",
                defaults.queue_arn(queue.name),
                BatchSize=1,
                FunctionResponseTypes=["ReportBatchItemFailures"],
                ScalingConfig=scaling,
            )


def job_variables(app: App, function: Function) -> dict[str, str]:
    """Return a function's variables for jobs: the queues to which it sends; a worker's treatment of failures."""
    from remit.runtime.job_queue import scheduler_role_variable_of, variable_of  # noqa: PLC0415 - few apps have jobs

    variables: dict[str, str] = {}
    for queue in app.queues:
        if queue.name in (function.sends or ()):
            variables[variable_of(queue.name)] = f"${{{defaults.queue_id(queue.name)}}}"
            if defaults.may_wait(app, queue):
                variables[scheduler_role_variable_of(queue.name)] = f"${{{defaults.job_scheduler_id(queue.name)}.Arn}}"
                variables["REMIT_JOB_SCHEDULE_GROUP"] = f"${{{defaults.JOB_SCHEDULES}}}"
    for queue in app.queues:
        if queue.name == function.queue:
            variables["REMIT_JOB_QUEUE"] = f"${{{defaults.queue_id(queue.name)}}}"
            variables["REMIT_JOB_DEAD_LETTERS"] = f"${{{defaults.dead_letter_id(queue.name)}}}"
            variables["REMIT_JOB_RETRIES"] = str(queue.retries)
            variables["REMIT_JOB_BACKOFF"] = str(queue.backoff)
            if queue.keeps_marks:
                variables["REMIT_JOB_MARKS"] = f"${{{defaults.JOB_MARKS}}}"
    return variables
