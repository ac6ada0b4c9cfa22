"""The first app of the README answers right after its deploy: its code is taken from the page."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from projects import remit, write
from remit.local import aws
from remit.local.control.clients import client_arguments, session
from terminals import HANGS

if TYPE_CHECKING:
    from collections.abc import Iterator

README = Path(__file__).parents[2] / "README.md"


@pytest.fixture
def first_app(tmp_path: Path) -> Iterator[Path]:
    """A project that has what the README shows under "A first app", and nothing else."""
    section = README.read_text("utf-8").partition("## A first app\n")[2]
    code = re.search(r"^```python\n(# app.py\n.*?)^```$", section, re.MULTILINE | re.DOTALL)
    assert code is not None
    folder = tmp_path / "first"
    write(folder, {"app.py": code[1]})
    yield folder
    aws.stop(folder)


def test_the_first_app_takes_a_message_to_orders_and_reports_right_after_its_deploy(first_app: Path) -> None:
    ran = remit("deploy", "--local", "--yes", "--project", str(first_app))
    assert ran.status == 0, ran.err
    running = aws.find(first_app)
    assert running is not None
    queues, objects, tables = (
        session(running).client(service, **client_arguments(running)) for service in ("sqs", "s3", "dynamodb")
    )
    report = ("invoke", "--local", "report", "--project", str(first_app))
    assert (0, "null\n") == (remit(*report).status, remit(*report).out)
    queues.send_message(QueueUrl=queues.get_queue_url(QueueName="orders")["QueueUrl"], MessageBody="a lamp")
    (table,) = tables.list_tables()["TableNames"]
    deadline = time.monotonic() + HANGS
    while not tables.scan(TableName=table)["Items"]:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert 0 == remit(*report).status
    (bucket,) = [made["Name"] for made in objects.list_buckets()["Buckets"] if "bucket" in made["Name"]]
    assert b"1" == objects.get_object(Bucket=bucket, Key="daily/count.txt")["Body"].read()
