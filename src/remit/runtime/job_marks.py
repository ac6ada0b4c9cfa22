"""Marks of the jobs that ask for it (`once=True`): which run now, and which have finished and never run again.

They stand in a table of the app, one item per sending. What they guarantee, and what they cannot:

- a sending that is marked as finished does not begin again, for the 14 days that the mark is kept;
- two runs of one sending do not overlap, as long as Lambda ends a worker within seconds of its timeout: a mark that
  says "running" holds until then, and only the run that set it takes it back;
- a run that is cut off before its mark says "finished" begins again from the start. That is so, too, where the job had
  done its last line: its effects and its mark are two writes, and nothing makes them one.
"""

from __future__ import annotations

import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_KEPT = 1_209_600
"""Seconds that a mark stays, as long as SQS keeps a message at most."""
_ENDED_LATE = 5
"""Seconds after its timeout until which a worker has been ended for certain, and by which clocks may differ. A mark of
few seconds holds three times as long: the next delivery comes after six times, and must not meet it."""


class Running(Exception):
    """Another worker runs the same sending of the job right now."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"another worker runs this job; its time ends in {seconds} s")
        self.seconds = seconds


class Mark:
    """The mark of one sending of a job, for one run of it, which has an id of its own there."""

    def __init__(self, client: Any, table: str, sending: str) -> None:
        self._client = client
        self._item = {"TableName": table, "Key": {"id": {"S": sending}}}
        self._this_run = {":this_run": {"S": os.urandom(16).hex()}}

    def begin(self, seconds: float) -> bool:
        """Mark the job as running, by a worker that is ended after some seconds; False when it has finished before.

        Running: another run has it. A request that is sent twice, since its answer was lost, is this run's own.
        """
        moment = time.time()
        late = min(_ENDED_LATE, 2 * seconds)
        now, until = int(moment), int(moment + seconds + late) + 1  # whole seconds, rounded up
        try:
            self._client.update_item(
                **self._item,
                UpdateExpression="SET running_until = :until, run_id = :this_run, expires = :expires",
                ConditionExpression="attribute_not_exists(finished) AND "
                "(attribute_not_exists(running_until) OR running_until <= :now OR run_id = :this_run)",
                ExpressionAttributeValues=_numbers(until=until, expires=now + _KEPT, now=now) | self._this_run,
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            item = self._read()
            if "finished" in item:
                return False
            raise Running(max(1, int(item.get("running_until", {}).get("N", now)) - now)) from None
        return True

    def is_finished(self) -> bool:
        """Return whether a run of the job has finished."""
        return "finished" in self._read()

    def finish(self) -> None:
        """Mark the job as finished: from now on it does not begin again."""
        self._client.update_item(
            **self._item,
            UpdateExpression="SET finished = :now, expires = :expires REMOVE running_until",
            ExpressionAttributeValues=_numbers(now=int(time.time()), expires=int(time.time()) + _KEPT),
        )

    def release(self) -> None:
        """Mark the job as not running, after a failure: it may run again at once. A mark of another run stays."""
        try:
            self._client.update_item(
                **self._item,
                UpdateExpression="REMOVE running_until",
                ConditionExpression="run_id = :this_run",
                ExpressionAttributeValues=self._this_run,
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return

    def _read(self) -> dict[str, Any]:
        item: dict[str, Any] = self._client.get_item(**self._item, ConsistentRead=True).get("Item", {})
        return item


def _numbers(**values: int) -> dict[str, dict[str, str]]:
    return {f":{name}": {"N": str(value)} for name, value in values.items()}
