"""The handler of a job queue's worker: runs each message's job, and hands back those that failed."""

from __future__ import annotations

import importlib
import json
import sys
import traceback

from remit import Job  # inside a zip, `remit` is this folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def work(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Run the jobs of a batch, which the template keeps to one; SQS delivers those named in the answer again."""
    failed = []
    for record in event["Records"]:
        try:
            _run(json.loads(record["body"]))
        except Exception:  # noqa: BLE001 - one job's failure must not lose the others
            traceback.print_exc(file=sys.stdout)
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}


def _run(message: dict[str, Any]) -> None:
    module, _, name = message["job"].partition(":")
    job: Any = importlib.import_module(module)
    for part in name.split("."):
        job = getattr(job, part)
    if not isinstance(job, Job):
        raise TypeError(message["job"] + " is not a job")
    job(*message["arguments"], **message["options"])
