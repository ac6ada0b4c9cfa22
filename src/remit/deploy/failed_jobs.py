"""The jobs of a deployed app that failed for good: what their dead-letter queues hold, to read, run again or delete."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from remit.deploy.aws_errors import remit_errors
from remit.deploy.status import status
from remit.did_you_mean import did_you_mean
from remit.errors import RemitError
from remit.roles.defaults import dead_letter_id, queue_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from remit.app import App
    from remit.deploy.session import Account

_HIDDEN: Final = 60
"""Seconds for which a message that was read is not read again; released at once when all are read."""
_COUNTS: Final = {
    "waiting": "ApproximateNumberOfMessages",
    "running": "ApproximateNumberOfMessagesNotVisible",
    "delayed": "ApproximateNumberOfMessagesDelayed",
}


@dataclass(frozen=True, slots=True)
class DeployedQueue:
    """A job queue as it is deployed, with the addresses of its queue and its dead-letter queue."""

    name: str
    url: str
    dead_letters: str


@dataclass(frozen=True, slots=True)
class QueueState:
    """How many jobs a queue has, as SQS counts them: nearly."""

    name: str
    waiting: int
    running: int
    delayed: int
    failed: int


@dataclass(frozen=True, slots=True)
class FailedJob:
    """A message in a dead-letter queue."""

    id: str
    """The id of its sending, or of its message where it has none."""
    queue: DeployedQueue
    job: str
    """The module and name of its function: `app:send_mail`. Empty where the message is no job's."""
    body: str
    reason: str
    """Why it failed, as its worker said; empty where SQS moved it there."""
    attempts: int | None
    sent: int
    """When it was sent: seconds since 1970."""
    message_id: str
    receipt: str
    group: str | None
    """Of a FIFO queue."""

    @property
    def arguments(self) -> Any:
        """What it was given, as the message has it; None where the message is no job's."""
        message = _parsed(self.body)
        return {name: message.get(name) for name in ("arguments", "options")} if self.job else None


def deployed_queues(account: Account, app: App) -> tuple[DeployedQueue, ...]:
    """The job queues of an app. RemitError: it is not deployed, or has no jobs there."""
    stack = status(account, app.namespace)
    flag = " --local" if account.local else ""
    if stack is None:
        raise RemitError(f"{app.namespace} is not deployed", hint=f"`remit deploy{flag}` deploys it", exit_code=1)
    urls = {resource.logical_id: resource.physical_id for resource in stack.resources}
    queues = tuple(
        DeployedQueue(queue.name, urls[queue_id(queue.name)], urls[dead_letter_id(queue.name)])
        for queue in app.queues
        if {queue_id(queue.name), dead_letter_id(queue.name)} <= urls.keys()
    )
    if not queues:
        raise RemitError(f"{app.namespace} has no job queues", hint="set `config.job.enable = True`, and deploy")
    return queues


def chosen_queues(queues: Sequence[DeployedQueue], name: str | None) -> tuple[DeployedQueue, ...]:
    """The queue of a name, or all. RemitError: there is none of that name."""
    if name is None:
        return tuple(queues)
    names = [queue.name for queue in queues]
    if name not in names:
        hint = did_you_mean(name, names) or f"there are {', '.join(names)}"
        raise RemitError(f"there is no job queue `{name}`", hint=hint)
    return tuple(queue for queue in queues if queue.name == name)


def queue_states(account: Account, queues: Iterable[DeployedQueue]) -> tuple[QueueState, ...]:
    """How many jobs each queue has."""
    return tuple(_state(account, queue) for queue in queues)


def _state(account: Account, queue: DeployedQueue) -> QueueState:
    client = account.client("sqs")
    with remit_errors():
        counted = client.get_queue_attributes(QueueUrl=queue.url, AttributeNames=list(_COUNTS.values()))["Attributes"]
        failed = client.get_queue_attributes(QueueUrl=queue.dead_letters, AttributeNames=[_COUNTS["waiting"]])
    counts = {name: int(counted[attribute]) for name, attribute in _COUNTS.items()}
    return QueueState(queue.name, failed=int(failed["Attributes"][_COUNTS["waiting"]]), **counts)


def failed_jobs(account: Account, queues: Iterable[DeployedQueue]) -> tuple[FailedJob, ...]:
    """The jobs that failed for good, oldest first; they stay where they are."""
    jobs = [job for queue in queues for job in _read(account, queue)]
    for job in jobs:
        with remit_errors():
            account.client("sqs").change_message_visibility(
                QueueUrl=job.queue.dead_letters, ReceiptHandle=job.receipt, VisibilityTimeout=0
            )
    return tuple(sorted(jobs, key=lambda job: (job.sent, job.id)))


def _read(account: Account, queue: DeployedQueue) -> Iterator[FailedJob]:
    """Each message of a dead-letter queue once; it is hidden from others until it is released."""
    client = account.client("sqs")
    seen: set[str] = set()
    while True:
        with remit_errors():
            answer = client.receive_message(
                QueueUrl=queue.dead_letters,
                MaxNumberOfMessages=10,
                MessageAttributeNames=["All"],
                AttributeNames=["SentTimestamp", "MessageGroupId"],
                VisibilityTimeout=_HIDDEN,
            )
        unseen = [message for message in answer.get("Messages", ()) if message["MessageId"] not in seen]
        if not unseen:
            return
        for message in unseen:
            seen.add(message["MessageId"])
            yield _failed_job(queue, message)


def _failed_job(queue: DeployedQueue, message: Mapping[str, Any]) -> FailedJob:
    content = _parsed(message["Body"])
    said = {name: value.get("StringValue", "") for name, value in message.get("MessageAttributes", {}).items()}
    system = message.get("Attributes", {})
    return FailedJob(
        id=str(content.get("id", message["MessageId"])),
        queue=queue,
        job=str(content.get("job", "")),
        body=message["Body"],
        reason=said.get("Reason", ""),
        attempts=int(said["Attempts"]) if said.get("Attempts", "").isdecimal() else None,
        sent=int(system.get("SentTimestamp", 0)) // 1000,
        message_id=message["MessageId"],
        receipt=message["ReceiptHandle"],
        group=system.get("MessageGroupId"),
    )


def _parsed(body: str) -> dict[str, Any]:
    """What a message says of its job; empty where it is no job's."""
    try:
        content = json.loads(body)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def chosen_jobs(jobs: Sequence[FailedJob], ids: Sequence[str]) -> tuple[FailedJob, ...]:
    """The jobs of some ids, or beginnings of ids; all where none is given. RemitError: an id has none, or several."""
    if not ids:
        return tuple(jobs)
    chosen: dict[str, FailedJob] = {}
    for wanted_id in ids:
        matching = [job for job in jobs if job.id.startswith(wanted_id)]
        if len(matching) != 1:
            what = "no job that failed has" if not matching else f"{len(matching)} jobs that failed have"
            raise RemitError(f"{what} the id {wanted_id}", hint="`remit jobs list` shows them", exit_code=1)
        chosen[matching[0].id] = matching[0]
    return tuple(chosen.values())


def retry(account: Account, job: FailedJob) -> None:
    """Send a job to its queue again, with all of its attempts, and take it out of the dead-letter queue.

    Between the two it is in both queues, so that it is never lost; one that ran once only (`once=True`) stays that.
    """
    client = account.client("sqs")
    ordered = {}
    if job.group is not None:
        ordered = {"MessageGroupId": job.group, "MessageDeduplicationId": f"{job.id}-{job.message_id}"}
    with remit_errors():
        client.send_message(QueueUrl=job.queue.url, MessageBody=job.body, **ordered)
    delete(account, job)


def delete(account: Account, job: FailedJob) -> None:
    """Take a job out of its dead-letter queue, for good."""
    with remit_errors():
        account.client("sqs").delete_message(QueueUrl=job.queue.dead_letters, ReceiptHandle=job.receipt)
