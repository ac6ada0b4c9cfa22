"""Jobs on the local AWS: sent by one function, run by the worker of their queue."""

from __future__ import annotations

import json
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from projects import remit, write
from remit.local import aws

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONFIG = """
from remit import configure

with configure() as config:
    config.job.enable = True
    config.lambda_.function.timeout = 10
    config.lambda_.function.environment = {{"LEDGER": {ledger!r}}}
"""
APP = """
import json
import os
import time

from remit import App

app = App()


@app.job
def slow(number):
    with open(os.environ["LEDGER"], "a") as ledger:
        ledger.write(f"{number}\\n")
    time.sleep(1.1)


@app.group("sender", timeout=30).function
def send(event, context):
    import boto3

    url = os.environ["REMIT_QUEUE_DEFAULT"]
    jobs = [{"job": "app:slow", "arguments": [number], "options": {}} for number in range(event["count"])]
    entries = [{"Id": str(number), "MessageBody": json.dumps(job)} for number, job in enumerate(jobs)]
    boto3.client("sqs").send_message_batch(QueueUrl=url, Entries=entries)


@app.group("observer", timeout=30).function(policy=["sqs:GetQueueAttributes"])
def unfinished(event, context):
    import boto3

    url = os.environ["REMIT_QUEUE_DEFAULT"]
    counts = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    answer = boto3.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=counts)
    return sum(int(answer["Attributes"][name]) for name in counts)
"""
JOBS = 10
"""They arrive together, and one after the other they take eleven seconds: longer than the worker's timeout of ten."""


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    """An app whose jobs note that they ran, deployed to an AWS of its own."""
    folder = tmp_path / "jobs"
    write(folder, {"app.py": APP, "config/deploy.py": CONFIG.format(ledger=str(tmp_path / "ledger"))})
    deployed = remit("deploy", "--local", "--yes", "-C", str(folder))
    assert 0 == deployed.status, deployed.err
    yield folder
    aws.stop(folder)


def invoke(folder: Path, function: str, event: dict[str, Any]) -> Any:
    ran = remit("invoke", function, "--local", "--event", json.dumps(event), "--json", "-C", str(folder))
    assert 0 == ran.status, ran.out + ran.err
    return json.loads(ran.out)["answer"]


def test_jobs_that_take_longer_together_than_the_timeout_run_once_each(project: Path) -> None:
    """A worker that took several at once would time out, and SQS would deliver those that had finished again."""
    ledger = project.parent / "ledger"
    invoke(project, "send", {"count": JOBS})
    runs: Counter[str] = Counter()
    while invoke(project, "unfinished", {}) > 0 and max(runs.values(), default=0) < 2:
        time.sleep(0.2)
        runs = Counter(ledger.read_text().split() if ledger.exists() else ())
    assert {str(number): 1 for number in range(JOBS)} == Counter(ledger.read_text().split())
