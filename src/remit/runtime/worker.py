"""The handler of a job queue's worker: runs each message's job, and hands back those that failed."""

import importlib
import json
import sys
import traceback

from remit import Job


def work(event, _context):
    """Run the jobs of a batch; SQS delivers those named in the answer again."""
    failed = []
    for record in event["Records"]:
        try:
            _run(json.loads(record["body"]))
        except Exception:
            traceback.print_exc(file=sys.stdout)
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}


def _run(message):
    module, _, name = message["job"].partition(":")
    found = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    if not isinstance(found, Job):
        raise TypeError(message["job"] + " is no job")
    found(*message["arguments"], **message["options"])
