"""Tell the state of job queues, and of jobs that failed for good: as text, and as values that JSON takes."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from remit.report.terminal_text import shown
from remit.runtime import job_messages

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from remit.deploy.failed_jobs import FailedJob, QueueState

_NO_REASON: Final = "nobody said why: SQS moved it after its last attempt"
_SHORT: Final = 8
"""Signs of an id in a list."""


def job_lines(states: Sequence[QueueState], jobs: Sequence[FailedJob]) -> Iterator[str]:
    """A line for each queue, of which there is at least one, then one for each job that failed for good."""
    width = max(len(state.name) for state in states)
    yield "queues"
    for state in states:
        counts = f"{state.waiting} waiting, {state.running} running, {state.delayed} delayed, {state.failed} failed"
        if state.held:
            counts += f", of which {state.held} cannot be read now: another command holds them, for two minutes at most"
        yield f"  {state.name:<{width}}  {counts}"
    if jobs:
        yield "failed for good"
    for job in jobs:
        first_line, *_ = (job.reason or _NO_REASON).splitlines()
        yield shown(f"  {job.id[:_SHORT]}  {_name(job)}  {first_line}")


def queue_document(state: QueueState) -> dict[str, Any]:
    """How many jobs a queue has, for programs."""
    return asdict(state)


def failed_job_lines(job: FailedJob) -> Iterator[str]:
    """One job that failed for good."""
    yield shown(f"{_name(job)}  {job.id}")
    yield f"  queue      {job.queue.name}"
    yield f"  put aside  {_moment(job.sent)}"
    if job.attempts is not None:
        yield f"  attempts   {job.attempts}"
    yield shown(f"  reason     {job.reason or _NO_REASON}")
    if job.arguments is None:
        yield shown(f"  message    {job.body}")
    else:
        for name, value in _as_sent(job).items():
            yield shown(f"  {name:<9}  {value}")


def _as_sent(job: FailedJob) -> dict[str, str]:
    """A job's arguments as Python writes them, or the message's JSON where this version cannot restore it."""
    try:
        _, _, arguments, options = job_messages.read(job.body)
    except (ArithmeticError, KeyError, TypeError, ValueError):
        return {name: json.dumps(value, ensure_ascii=False) for name, value in (job.arguments or {}).items()}
    return {"arguments": repr(arguments), "options": repr(options)}


def failed_job_document(job: FailedJob) -> dict[str, Any]:
    """One job that failed for good, for programs."""
    return {
        "id": job.id,
        "queue": job.queue.name,
        "job": job.job or None,
        "put_aside": _moment(job.sent),
        "attempts": job.attempts,
        "reason": job.reason or None,
        **(job.arguments or {"message": job.body}),
    }


def _name(job: FailedJob) -> str:
    return job.job.rpartition(":")[2] or "a message that is no job's"


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
