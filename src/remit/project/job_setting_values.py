"""What the settings of job queues take: `config.job.queues`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, TypedDict

from remit.catalogue.quotas import quota
from remit.errors import Mistakes, Path
from remit.iam import tokens
from remit.project.setting_values import Table, between, entries, members, mistake, or_none, wrong
from remit.resources.names import arn_of

if TYPE_CHECKING:
    from remit.declare.resource_references import TopicRef

NAME: Final = re.compile(r"[a-z][a-z0-9-]*(\.fifo)?")
LEAST_CONCURRENCY: Final = 2
"""Of an event source ("Configuring maximum concurrency for Amazon SQS event sources")."""


if TYPE_CHECKING:

    class QueueSettings(TypedDict, total=False):
        """How a queue treats its jobs."""

        retries: int
        """How often a job that failed runs again: 4 where nothing is said."""
        backoff: int
        """Seconds before the first retry; each next one waits twice as long. 0: six times the worker's timeout."""
        concurrency: int | None
        """Jobs that run at the same time at most."""
        timeout: int
        """Seconds that the worker may take for a job."""
        alarm: TopicRef | None
        """The SNS topic (name, ARN, or a resource of the app) that is told when a job has failed for good."""


retries: Final = between(0, 100, "retries")
backoff: Final = between(0, quota("sqs.queue.visibility").most, "seconds")
concurrency: Final = between(LEAST_CONCURRENCY, 1_000, "jobs at the same time")
timeout: Final = between(1, 900, "seconds")


_TOPIC_NAME: Final = r"[A-Za-z0-9_-]{1,256}"
"""Names of standard topics, which alone take alarms ("CreateTopic", Amazon SNS API Reference)."""


def topic(path: Path, value: Any) -> str:
    """The ARN of a topic that is given by name, by ARN, or as a resource of the app. RemitError (2): anything else."""
    text = tokens.plain(getattr(value, "arn", value))
    if not isinstance(text, str):
        raise wrong(path, "an SNS topic", value)
    if text.startswith(("arn:", "${")):
        return text
    if not re.fullmatch(_TOPIC_NAME, text):
        hint = "a name, an ARN, or a resource: `Data.alerts`"
        raise mistake(path, f"is {text!r}, which is no SNS topic", hint=hint)
    return arn_of(text, "sns")


_QUEUE: Final = members(
    'a dict such as {"retries": 2}',
    {
        "retries": retries,
        "backoff": backoff,
        "concurrency": or_none(concurrency),
        "timeout": timeout,
        "alarm": or_none(topic),
    },
)


def queues(path: Path, value: Any) -> Table[QueueSettings]:
    """Settings by the queue's name. RemitError (2): one does not fit."""
    return Table(entries(path, value, 'a dict such as {"mail": {"retries": 2}}', _queue))


def _queue(path: Path, name: Any, options: Any) -> dict[str, Any]:
    """The settings of one queue of jobs by its name. RemitError (2): all that is wrong with name and settings."""
    at, settings = (*path, name), {}
    mistakes = Mistakes()
    with mistakes.noted():
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise mistake(at, f"{name!r} is not a valid name for a job queue", hint=NAME_HINT)
    with mistakes.noted():
        settings = _QUEUE(at, options)
    mistakes.refuse()
    return {name: settings}


NAME_HINT: Final = "a lower-case letter, then a-z, 0-9 and -; `.fifo` at its end for one that keeps the order"
