"""Marks of jobs with `once=True`: how long one that runs holds off the next delivery."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

from remit.runtime.job_marks import Mark


def test_a_mark_holds_as_long_as_its_run_may_take() -> None:
    """Marks have whole seconds; one that ended a part of a second early let another delivery begin beside the run."""
    updates: list[dict[str, Any]] = []
    client = SimpleNamespace(update_item=lambda **parameters: updates.append(parameters), exceptions=SimpleNamespace())
    client.exceptions.ConditionalCheckFailedException = KeyError
    before = time.time()
    assert Mark(client, "marks", "a-sending").begin(3.99)
    (update,) = updates
    until = int(update["ExpressionAttributeValues"][":until"]["N"])
    assert until >= before + 3.99
