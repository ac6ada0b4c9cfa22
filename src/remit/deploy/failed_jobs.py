"""The jobs of a deployed app that failed for good: what their dead-letter queues hold, to read, run again or delete."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from remit.deploy.aws_errors import remit_errors
from remit.deploy.stack import not_deployed
from remit.deploy.status import status
from remit.did_you_mean import did_you_mean
from remit.errors import RemitError
from remit.roles.defaults import dead_letter_id, queue_id
from remit.runtime.job_messages import LARGEST

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence

    from remit.app import App
    from remit.deploy.session import Account

_HELD_SECONDS: Final = 120
"""How long nobody else gets a message that was read, if this process ends before it releases it."""
_LONG_POLL_SECONDS: Final = 1
"""Without it SQS asks some of its servers only, and may say that a queue is empty which is not ("Amazon SQS short and
long polling"). The AWS on this machine has one server."""
_MOST_IN_BATCH: Final = 10
_SHORTEST_ID: Final = 4
"""Characters of an id that must be written: with fewer, a slip of the finger names a job."""
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

    @property
    def is_fifo(self) -> bool:
        """True if it keeps the order of its jobs."""
        return self.url.endswith(".fifo")


@dataclass(frozen=True, slots=True)
class QueueState:
    """How many jobs a queue has, as SQS counts them: nearly."""

    name: str
    waiting: int
    running: int
    delayed: int
    failed: int
    held: int
    """Of the failed ones: those that somebody else looks at now."""


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
    sequence: str = ""
    """Its place in a FIFO queue: digits, as many for each message."""

    @property
    def arguments(self) -> Any:
        """Its `arguments` and `options`, by these two names; None where the message is no job's."""
        message = _content(self.body)
        return {name: message.get(name) for name in ("arguments", "options")} if self.job else None

    @property
    def sending(self) -> str:
        """The part of the message that is the same each time this sending fails."""
        return str(_content(self.body).get("id", self.body))


def deployed_queues(account: Account, app: App) -> tuple[DeployedQueue, ...]:
    """The job queues of an app that are deployed. RemitError: the app is not (1), or none of them is (2)."""
    stack = status(account, app.namespace)
    if stack is None:
        raise not_deployed(account, app.namespace)
    urls = {resource.logical_id: resource.physical_id for resource in stack.resources}
    queues = tuple(
        DeployedQueue(queue.name, urls[queue_id(queue.name)], urls[dead_letter_id(queue.name)])
        for queue in app.queues
        if {queue_id(queue.name), dead_letter_id(queue.name)} <= urls.keys()
    )
    if not queues:
        raise RemitError(f"{app.namespace} has no job queues", hint="declare a job with `@app.job`, and deploy")
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
    """How many jobs each queue has, in the queues' order, as SQS counts: nearly. RemitError: AWS refuses."""
    states = []
    for queue in queues:
        counts = _counts(account, queue.url)  # first: a job that fails meanwhile is counted twice, and never missed
        dead = _counts(account, queue.dead_letters)
        failed, held = dead["waiting"] + dead["running"], dead["running"]
        states.append(QueueState(queue.name, failed=failed, held=held, **counts))
    return tuple(states)


def _counts(account: Account, url: str) -> dict[str, int]:
    """How many messages of a queue are `waiting`, `running` (read, not deleted yet) and `delayed`: approximate.

    RemitError: AWS refuses.
    """
    client = account.client("sqs")
    with remit_errors():
        attributes = client.get_queue_attributes(QueueUrl=url, AttributeNames=list(_COUNTS.values()))["Attributes"]
    return {name: int(attributes[attribute]) for name, attribute in _COUNTS.items()}


@contextmanager
def held_jobs(account: Account, queues: Iterable[DeployedQueue]) -> Iterator[tuple[FailedJob, ...]]:
    """The jobs that failed for good, oldest first. Nobody else gets them until this ends.

    Of a group of a FIFO queue these are the first ten: SQS gives no others while those are held. RemitError: AWS
    refuses; what was read is released then, too.
    """
    jobs: list[FailedJob] = []
    try:
        for queue in queues:
            for page in _pages(account, queue):
                jobs.extend(page)
        yield tuple(sorted(jobs, key=lambda job: (job.sent, job.sequence, job.id)))
    finally:
        _release(account, jobs)


def each_page(account: Account, queues: Iterable[DeployedQueue]) -> Generator[tuple[FailedJob, ...]]:
    """Yield the jobs that failed for good, up to ten at a time; what is not deleted of them is released in the end.

    A job that failed again meanwhile is left where it is.
    """
    jobs: list[FailedJob] = []
    seen: set[str] = set()
    try:
        for queue in queues:
            for page in _pages(account, queue):
                jobs.extend(page)
                new_jobs = tuple(job for job in page if job.sending not in seen)
                seen.update(job.sending for job in page)
                yield new_jobs
    finally:
        _release(account, jobs)


def _pages(account: Account, queue: DeployedQueue) -> Iterator[tuple[FailedJob, ...]]:
    """The messages of a dead-letter queue, each once, until there are no others; they are held then.

    RemitError: AWS refuses.
    """
    client = account.client("sqs")
    seen: set[str] = set()
    while True:
        with remit_errors():
            answer = client.receive_message(
                QueueUrl=queue.dead_letters,
                MaxNumberOfMessages=_MOST_IN_BATCH,
                MessageAttributeNames=["All"],
                AttributeNames=["SentTimestamp", "MessageGroupId", "SequenceNumber"],
                VisibilityTimeout=_HELD_SECONDS,
                WaitTimeSeconds=0 if account.local else _LONG_POLL_SECONDS,
            )
        page = tuple(
            _failed_job(queue, message) for message in answer.get("Messages", ()) if message["MessageId"] not in seen
        )
        if not page:
            return
        seen.update(job.message_id for job in page)
        yield page


def _release(account: Account, jobs: Sequence[FailedJob]) -> None:
    """Let others get messages again; those that are deleted by now are no loss. RemitError: AWS refuses."""
    for batch in _batches(jobs):
        entries = [
            {"Id": str(position), "ReceiptHandle": job.receipt, "VisibilityTimeout": 0}
            for position, job in enumerate(batch)
        ]
        with remit_errors():
            account.client("sqs").change_message_visibility_batch(QueueUrl=batch[0].queue.dead_letters, Entries=entries)


def _batches(jobs: Sequence[FailedJob]) -> Iterator[tuple[FailedJob, ...]]:
    """Yield jobs in their order, as many of one queue as SQS takes in one request: ten, and so many bytes of bodies."""
    batch: list[FailedJob] = []
    for job in jobs:
        size = sum(len(other.body.encode()) for other in (*batch, job))
        if batch and (job.queue != batch[0].queue or len(batch) == _MOST_IN_BATCH or size > LARGEST):
            yield tuple(batch)
            batch = []
        batch.append(job)
    if batch:
        yield tuple(batch)


def _failed_job(queue: DeployedQueue, message: Mapping[str, Any]) -> FailedJob:
    """A message of a dead-letter queue as the job that failed, with what its body and attributes do not say left empty.

    Without an id of a sending it has that of the message. `sent` is in seconds.
    """
    content = _content(message["Body"])
    attributes = {name: value.get("StringValue", "") for name, value in message.get("MessageAttributes", {}).items()}
    system = message.get("Attributes", {})
    return FailedJob(
        id=str(content.get("id", message["MessageId"])),
        queue=queue,
        job=str(content.get("job", "")),
        body=message["Body"],
        reason=attributes.get("Reason", ""),
        attempts=int(attributes["Attempts"]) if attributes.get("Attempts", "").isdecimal() else None,
        sent=int(system.get("SentTimestamp", 0)) // 1000,
        message_id=message["MessageId"],
        receipt=message["ReceiptHandle"],
        group=system.get("MessageGroupId"),
        sequence=system.get("SequenceNumber", ""),
    )


def _content(body: str) -> dict[str, Any]:
    """The JSON object in a message's body; empty where it is none."""
    try:
        content = json.loads(body)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def chosen_jobs(jobs: Sequence[FailedJob], ids: Sequence[str]) -> tuple[FailedJob, ...]:
    """The jobs of some ids, or beginnings of ids of four characters or more; each job once.

    RemitError: an id has no job, or several (1), or is too short (2).
    """
    chosen: dict[str, FailedJob] = {}
    for wanted_id in ids:
        if len(wanted_id) < _SHORTEST_ID:
            hint = f"write at least {_SHORTEST_ID} of its characters; `remit jobs list` shows them"
            raise RemitError(f"{wanted_id!r} is too short for the id of a job", hint=hint)
        matching = [job for job in jobs if job.id.startswith(wanted_id)]
        if len(matching) != 1:
            what = "no job that failed has" if not matching else f"{len(matching)} jobs that failed have"
            raise RemitError(f"{what} the id {wanted_id}", hint="`remit jobs list` shows them", exit_code=1)
        chosen[matching[0].id] = matching[0]
    return tuple(chosen.values())


def retry(account: Account, jobs: Sequence[FailedJob]) -> Iterator[FailedJob]:
    """Send jobs to their queues again, with all of their attempts; yield each once it is no failed one any more.

    They are sent as this is iterated, ten at a time at most. In between a job is in both queues, so that none is lost;
    a sending with `once=True` that has finished stays that. RemitError: AWS refuses, or SQS does not take one (1);
    those that were yielded before are sent.
    """
    for batch in _batches(jobs):
        entries = []
        for position, job in enumerate(batch):
            entry = {"Id": str(position), "MessageBody": job.body}
            if job.queue.is_fifo:
                # SQS drops a message whose id it took in the last five minutes: that of the first sending would be.
                group, again = job.group or job.message_id, f"again-{job.message_id}"
                entry |= {"MessageGroupId": group, "MessageDeduplicationId": again}
            entries.append(entry)
        with remit_errors():
            answer = account.client("sqs").send_message_batch(QueueUrl=batch[0].queue.url, Entries=entries)
        sent = [batch[int(entry["Id"])] for entry in answer.get("Successful", ())]
        yield from delete(account, sent)
        _refuse_failed(answer, batch, "sent again")


def delete(account: Account, jobs: Sequence[FailedJob]) -> Iterator[FailedJob]:
    """Take jobs out of their dead-letter queues, for good, as this is iterated; yield each once it is.

    RemitError: AWS refuses, or SQS does not delete one (1); those that were yielded before are deleted.
    """
    for batch in _batches(jobs):
        entries = [{"Id": str(position), "ReceiptHandle": job.receipt} for position, job in enumerate(batch)]
        with remit_errors():
            answer = account.client("sqs").delete_message_batch(QueueUrl=batch[0].queue.dead_letters, Entries=entries)
        yield from (batch[int(entry["Id"])] for entry in answer.get("Successful", ()))
        _refuse_failed(answer, batch, "deleted")


def _refuse_failed(answer: Mapping[str, Any], batch: Sequence[FailedJob], what: str) -> None:
    """Raise RemitError (1) for the first job of a batch that SQS says failed; nothing where none did."""
    for entry in answer.get("Failed", ()):
        job, why = batch[int(entry["Id"])], entry.get("Message") or entry.get("Code")
        raise RemitError(f"job {job.id} could not be {what}: {why}", exit_code=1)
