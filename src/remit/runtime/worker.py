"""The handler of a job queue's worker: runs each message's job; one that failed waits, and runs again.

A job that has failed as often as it may goes to the queue's dead-letter queue, with the reason. What ends the worker
itself (a crash, no memory) leaves no reason: the next worker that gets the message says so there.
"""

from __future__ import annotations

import importlib
import os
import sys
import traceback

from . import job_messages, job_queue, own_stack  # inside a zip, this folder is `remit`
from .job import RETRIES, Job
from .job_marks import Mark, Running

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

_LAST_MOMENT = 0.5
"""Seconds before the worker's timeout at which a job is stopped, so that its end can still be told."""
_TIME_TO_MARK = 1.5
"""The same for a job with `once=True`: a worker that is ended before the mark is set has the job run again."""
_NEXT_ALARM = 0.05
"""Seconds after an alarm that met no job until the next one."""


class JobTimeout(BaseException):
    """A job ran out of time; no `except Exception` of its own stops it."""


def work(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Run the jobs of a batch, which the template keeps to one; SQS delivers those named in the answer again."""
    unfinished = [record["messageId"] for record in event["Records"] if not _is_done(record, context)]
    return {"batchItemFailures": [{"itemIdentifier": message} for message in unfinished]}


def _is_done(record: dict[str, Any], context: Any) -> bool:
    """Return whether a message has had its run, and can be deleted.

    A failure is printed, and the message waits for its next run, or goes to the dead letters after the last.
    """
    retries = int(os.environ.get("REMIT_JOB_RETRIES", RETRIES))
    attempt = int(record.get("attributes", {}).get("ApproximateReceiveCount", 1))  # SQS counts this delivery, too
    try:
        name, sending, arguments, options = job_messages.read(record["body"])
        job = _job(name)
        retries = retries if job.retries is None else job.retries
        mark, table = None, os.environ.get("REMIT_JOB_MARKS")
        if job.once and table is not None:
            mark = Mark(own_stack.client("dynamodb"), table, sending or record["messageId"])
        if is_beyond_its_runs(attempt, retries):
            if mark is not None and mark.is_finished():
                return True  # the worker ended after it had set the mark
            why = "the worker crashed, had no memory left, or could not say how it ended"
            return _bury(record, f"taken {attempt} times without an end: {why}")
        _run(job, mark, arguments, options, context)
    except Running as other_run:
        _wait(record, other_run.seconds)
        return False
    except (Exception, JobTimeout) as error:  # noqa: BLE001 - one job's failure must not lose the others
        traceback.print_exc(file=sys.stdout)
        pause = pause_after(attempt, retries, int(os.environ.get("REMIT_JOB_BACKOFF", "0")))
        if pause is None:
            return _bury(record, f"{type(error).__name__}: {error}")
        _wait(record, pause)
        return False
    return True


def is_beyond_its_runs(attempt: int, retries: int) -> bool:
    """Return whether a message comes once more after its last run: that one has not said how it ended."""
    return attempt > retries + 1


def pause_after(attempt: int, retries: int, backoff: int) -> int | None:
    """Seconds until a job that failed runs again, twice as many after each attempt; None where it does not."""
    return None if attempt > retries else min(job_queue.LONGEST_HIDDEN, backoff * 2 ** (attempt - 1))


def _job(name: str) -> Job:
    """The Job at a path such as `app:send_mail`, whose module is imported. TypeError: it is none."""
    module, _, path = name.partition(":")
    job: Any = importlib.import_module(module)
    for part in path.split("."):
        job = getattr(job, part)
    if not isinstance(job, Job):
        raise TypeError(name + " is not a job")
    return job


def _run(job: Job, mark: Mark | None, arguments: list[Any], options: dict[str, Any], context: Any) -> None:
    """Run a job within the time that is left; one whose mark says that it has finished does not run again.

    Its own error passes, after the mark is released. A mark that cannot be set at the end is only printed.
    """
    reserve = min(_LAST_MOMENT if mark is None else _TIME_TO_MARK, _remaining(context) / 2)
    if mark is not None and not mark.begin(_remaining(context)):
        sys.stdout.write(f"{job.__name__}: this sending has finished before, and does not run again\n")
        return
    limit = _remaining(context) - reserve  # after `begin`, which may have taken long
    try:
        _call(job, arguments, options, limit if job.timeout is None else min(limit, job.timeout))
    except BaseException:
        if mark is not None:
            mark.release()
        raise
    if mark is not None:
        try:
            mark.finish()
        except Exception:  # noqa: BLE001 - the job has finished: without its mark only a second delivery runs it again
            traceback.print_exc(file=sys.stdout)


def _remaining(context: Any) -> float:
    """Seconds until the worker is ended."""
    return float(context.get_remaining_time_in_millis() / 1000)


def _call(job: Job, arguments: list[Any], options: dict[str, Any], seconds: float) -> None:
    """Call a job; one that has returned is never stopped. JobTimeout: it ran too long, or had no time to begin.

    Where signals do not arrive (no main thread), Lambda's own timeout is all there is.
    """
    import signal
    import threading

    if seconds <= 0:
        raise JobTimeout(f"there was no time left to run {job.__name__}")
    if threading.current_thread() is not threading.main_thread():
        job.function(*arguments, **options)
        return

    def stop(_signal: int, frame: FrameType | None) -> None:
        if frame is None or frame.f_code is _call.__code__:
            return  # the job has not begun, and the next alarm stops it, or it has returned
        signal.setitimer(signal.ITIMER_REAL, 0)
        raise JobTimeout(f"{job.__name__} ran for longer than {seconds:g} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, _NEXT_ALARM)
    try:
        job.function(*arguments, **options)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _wait(record: dict[str, Any], seconds: int) -> None:
    """Hide a message for a while before its next run."""
    url = os.environ.get("REMIT_JOB_QUEUE")
    if url is not None and seconds > 0:
        receipt = record["receiptHandle"]
        _try(
            "change_message_visibility",
            QueueUrl=url,
            ReceiptHandle=receipt,
            VisibilityTimeout=seconds,
        )


def _bury(record: dict[str, Any], reason: str) -> bool:
    """Put a message into the dead-letter queue, with the reason; return whether it is there.

    Where that fails, or there is no such queue, SQS moves it there in the end.
    """
    url = os.environ.get("REMIT_JOB_DEAD_LETTERS")
    if url is None:
        return False
    attributes = record.get("attributes", {})
    ordered = {}
    if url.endswith(".fifo"):
        ordered = {"MessageGroupId": attributes["MessageGroupId"], "MessageDeduplicationId": record["messageId"]}
    readable = "".join(sign if sign.isprintable() else " " for sign in reason)[:1000]
    details = {"Reason": readable, "Attempts": attributes.get("ApproximateReceiveCount", "1")}
    return _try(
        "send_message",
        QueueUrl=url,
        MessageBody=record["body"],
        MessageAttributes={name: {"DataType": "String", "StringValue": text} for name, text in details.items()},
        **ordered,
    )


def _try(operation: str, **parameters: Any) -> bool:
    """Ask SQS for something; whether it was done. A failure is only printed: the message stays in its queue."""
    try:
        getattr(own_stack.client("sqs"), operation)(**parameters)
    except Exception:  # noqa: BLE001 - the message stays in its queue
        traceback.print_exc(file=sys.stdout)
        return False
    return True
