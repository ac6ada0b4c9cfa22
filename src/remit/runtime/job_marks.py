"""Marks of the jobs that ask for it (`once=True`): which run now, and which have finished and never run again.

They stand in a table of the app, one item per sending. A mark that says "running" holds until the worker would have
been ended; a job whose worker crashed can be run again after that.
"""

from __future__ import annotations

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_KEPT = 1_209_600
"""Seconds that a mark stays, as long as SQS keeps a message at most."""


class Running(Exception):  # noqa: N818 - it says what is the case, and is no error of anybody
    """Another worker runs the same sending of the job right now."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"another worker runs this job; its time ends in {seconds} s")
        self.seconds = seconds


class Mark:
    """The mark of one sending of a job."""

    def __init__(self, client: Any, table: str, sending: str) -> None:
        self._client = client
        self._item = {"TableName": table, "Key": {"id": {"S": sending}}}

    def begin(self, seconds: float) -> bool:
        """Mark the job as running for some seconds; False when it has finished before. Running: another one has it."""
        moment = time.time()
        now, until = int(moment), int(moment + seconds) + 1  # whole seconds: the mark must not end before the run
        try:
            self._client.update_item(
                **self._item,
                UpdateExpression="SET running_until = :until, expires = :expires",
                ConditionExpression="attribute_not_exists(finished) AND "
                "(attribute_not_exists(running_until) OR running_until <= :now)",
                ExpressionAttributeValues=_numbers(until=until, expires=now + _KEPT, now=now),
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            item = self._client.get_item(**self._item, ConsistentRead=True).get("Item", {})
            if "finished" in item:
                return False
            raise Running(max(1, int(item.get("running_until", {}).get("N", now)) - now)) from None
        return True

    def finish(self) -> None:
        """Mark the job as finished: from now on it does not run again."""
        self._client.update_item(
            **self._item,
            UpdateExpression="SET finished = :now, expires = :expires REMOVE running_until",
            ExpressionAttributeValues=_numbers(now=int(time.time()), expires=int(time.time()) + _KEPT),
        )

    def release(self) -> None:
        """Mark the job as not running, after a failure: it may run again at once."""
        self._client.update_item(**self._item, UpdateExpression="REMOVE running_until")


def _numbers(**values: int) -> dict[str, dict[str, str]]:
    return {f":{name}": {"N": str(value)} for name, value in values.items()}
