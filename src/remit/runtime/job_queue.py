"""Send jobs to the queues of the app that runs here."""

from __future__ import annotations

import math
import os
import time

from . import job_messages, own_stack

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LONGEST_DELAY = 900
"""Seconds by which SQS delays a message at most ("Amazon SQS delay queues")."""
LONGEST_HIDDEN = 43_200
"""Seconds for which SQS hides a message at most ("Amazon SQS visibility timeout")."""


def send(path: str, queue: str, arguments: tuple[Any, ...], options: dict[str, Any], seconds: float) -> str:
    """Send the job of a path (`app:send_mail`) to its queue; give the message's id.

    One that waits longer than SQS delays a message is handed to EventBridge Scheduler, and the schedule's name given.
    For a FIFO queue `group` is taken out of `options`. TypeError and ValueError: arguments that cannot be sent.
    RuntimeError: this function may not send it, and why.
    """
    name = path.rpartition(":")[2].rpartition(".")[2]
    url = _url(name, queue)
    is_fifo = url.endswith(".fifo")
    group = options.pop("group", name) if is_fifo else ""
    body = job_messages.written(path, arguments, options)
    ordered = {}
    if is_fifo:
        ordered = {"MessageGroupId": str(group), "MessageDeduplicationId": job_messages.sending_id(body)}
    whole_seconds = math.ceil(seconds)
    if waits_for_schedule(seconds):
        return _schedule(queue, url, body, whole_seconds)
    delay = {"DelaySeconds": whole_seconds} if whole_seconds else {}
    return str(own_stack.client("sqs").send_message(QueueUrl=url, MessageBody=body, **delay, **ordered)["MessageId"])


def waits_for_schedule(seconds: float) -> bool:
    """Return whether a job waits longer than SQS delays a message."""
    return math.ceil(seconds) > LONGEST_DELAY


def lacks_scheduler() -> RuntimeError:
    """The error of a job that waits for a schedule, in an app that makes none."""
    return RuntimeError(
        f"SQS delays a message by {LONGEST_DELAY} s at most: longer ones need `config.job.scheduler = True`"
    )


def _url(name: str, queue: str) -> str:
    """The URL of a job's queue. RuntimeError: this function may not send the job, or is not deployed."""
    variable = variable_of(queue)
    if variable in os.environ:
        return os.environ[variable]
    if "REMIT_STACK" in os.environ:
        raise RuntimeError(f"this function may not send {name}: declare it with `sends=[{name}]`")
    raise RuntimeError(
        f"{variable} is not set: jobs can be sent inside a deployed function; here, call the job directly, "
        "or use remit.testing"
    )


def variable_of(queue: str) -> str:
    """The variable with a queue's URL: REMIT_QUEUE_MAIL_FIFO for mail.fifo."""
    return "REMIT_QUEUE_" + _in_variables(queue)


def scheduler_role_variable_of(queue: str) -> str:
    """The variable with the ARN of the role under which EventBridge Scheduler sends to a queue."""
    return "REMIT_SCHEDULER_ROLE_" + _in_variables(queue)


def _in_variables(queue: str) -> str:
    return queue.upper().replace("-", "_").replace(".", "_")


def _schedule(queue: str, url: str, body: str, seconds: int) -> str:
    """Have EventBridge Scheduler send a message once, after some seconds, and return the schedule's name.

    RuntimeError: the app makes no such schedules.
    """
    role, group = os.environ.get(scheduler_role_variable_of(queue)), os.environ.get("REMIT_JOB_SCHEDULE_GROUP")
    if role is None or group is None:
        raise lacks_scheduler()
    at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(math.ceil(time.time()) + seconds))
    partition, region = own_stack.stack_id().split(":")[1], own_stack.stack_id().split(":")[3]
    account, name = url.rsplit("/", 2)[1:]
    sending = job_messages.sending_id(body)
    own_stack.client("scheduler").create_schedule(
        Name=sending,
        GroupName=group,
        ScheduleExpression=f"at({at})",
        FlexibleTimeWindow={"Mode": "OFF"},
        ActionAfterCompletion="DELETE",
        Target={"Arn": f"arn:{partition}:sqs:{region}:{account}:{name}", "RoleArn": role, "Input": body},
    )
    return sending
