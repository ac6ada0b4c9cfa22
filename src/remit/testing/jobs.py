"""The jobs that tests of an app send: kept instead of sent, or run at once."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from remit.runtime import job as runtime_job
from remit.runtime import job_messages, job_queue

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from remit.runtime.job import Job

__all__ = ["SentJob", "jobs_run_at_once", "recorded_jobs"]


@dataclass(frozen=True, slots=True)
class SentJob:
    """A job that was sent: its function's name, and what it was given, as the worker would get it."""

    name: str
    arguments: tuple[Any, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0
    """How long it was to wait: of `perform_in`."""
    group: str | None = None
    """Of a FIFO queue: the group in which it keeps its place."""


@contextlib.contextmanager
def recorded_jobs(project: Path | str = ".", stage: str | None = None) -> Iterator[list[SentJob]]:
    """Keep the jobs that are sent inside of it, in their order, and run none.

    What cannot be sent fails as it does on AWS: TypeError for arguments that are no JSON, dates, Decimal or UUID,
    RuntimeError for a job that waits for more than 900 seconds, unless the configuration of the app, in the folder
    `project`, sets `config.job.scheduler`.
    """
    sent: list[SentJob] = []

    def keep(job: Job, arguments: tuple[Any, ...], options: dict[str, Any], seconds: float) -> str:
        """Keep a job, and give an id. RuntimeError: it waits too long; TypeError: an argument is no JSON."""
        _check_wait(seconds, project, stage)
        sent.append(_delivered(job, arguments, options, seconds))
        return f"recorded-{len(sent)}"

    with _sender(keep):
        yield sent


@contextlib.contextmanager
def jobs_run_at_once(project: Path | str = ".", stage: str | None = None) -> Iterator[None]:
    """Run the jobs that are sent inside of it, there and then, with their arguments as a worker would get them.

    What cannot be sent fails as in `recorded_jobs`.
    """
    ran = 0

    def run(job: Job, arguments: tuple[Any, ...], options: dict[str, Any], seconds: float) -> str:
        """Run a job now, and give an id. RuntimeError: it waits too long; TypeError: an argument is no JSON."""
        nonlocal ran
        _check_wait(seconds, project, stage)
        ran += 1
        delivered = _delivered(job, arguments, options, seconds)
        job(*delivered.arguments, **delivered.options)
        return f"ran-{ran}"

    with _sender(run):
        yield


@contextlib.contextmanager
def _sender(sender: Any) -> Iterator[None]:
    """In it, `sender` gets the jobs that are sent; afterwards the one before does."""
    before = runtime_job.sender
    runtime_job.sender = sender
    try:
        yield
    finally:
        runtime_job.sender = before


def _check_wait(seconds: float, project: Path | str, stage: str | None) -> None:
    """RuntimeError, as it is on AWS: the job waits longer than SQS delays a message, and the app has no scheduler."""
    if not job_queue.waits_for_schedule(seconds):
        return
    from remit.loading.load import configuration  # noqa: PLC0415 - few jobs wait as long, and most tests load nothing

    if not configuration(project, stage).job.scheduler:
        raise job_queue.lacks_scheduler()


def _delivered(job: Job, arguments: tuple[Any, ...], options: dict[str, Any], seconds: float) -> SentJob:
    """What the worker gets of a job, after its way through a message. TypeError: an argument is no JSON.

    Of a FIFO queue, `group` is removed from `options`; without one, the job's name is the group.
    """
    group = None
    if job.queue.endswith(".fifo"):
        group = str(options.pop("group", job.__name__))
    _, _, restored, restored_options = job_messages.read(job_messages.written(job.path, arguments, options))
    return SentJob(job.__name__, tuple(restored), restored_options, seconds, group)
