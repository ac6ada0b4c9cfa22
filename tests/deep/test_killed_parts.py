"""A mixed load while every part is killed: no message is lost, and no process or temporary file is left.

It takes ten minutes, or as many seconds as the variable REMIT_DEEP_SECONDS says.
"""

from __future__ import annotations

import http.client
import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from ports import free_ports
from projects import remit, write
from remit.errors import RemitError
from remit.local import aws
from remit.local.control.clients import client_arguments, session
from terminals import HANGS, MAIN, environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="not tried: it looks at /proc")

SECONDS = float(os.environ.get("REMIT_DEEP_SECONDS", "600"))
LOAD_SECONDS = 3.0  # between two kills
APP = """
import os

from remit import App, grants, on
from shared.resources.data import Data

app = App()


@app.function(
    on.sqs(Data.work), policy=[grants.dynamodb.put(Data.done)], environment={"TABLE": Data.done.ref}, timeout=10
)
def take(event, context):
    import boto3

    table = boto3.resource("dynamodb").Table(os.environ["TABLE"])
    for record in event["Records"]:
        table.put_item(Item={"id": record["body"]})


@app.function(on.http(auth="NONE"), timeout=10)
def ask(event, context):
    return "answered"
"""
DATA = """
from remit import Shared, output, resource


class Data(Shared):
    work = resource("AWS::SQS::Queue", visibility_timeout=10)
    done = resource(
        "AWS::DynamoDB::Table",
        billing_mode="PAY_PER_REQUEST",
        attribute_definitions=[{"AttributeName": "id", "AttributeType": "S"}],
        key_schema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    queue = output(work.ref)
    table = output(done.ref)
"""


@dataclass
class Shop:
    """A deployed app, and what was asked of it."""

    folder: Path
    outputs: dict[str, str] = field(default_factory=dict)
    sent: set[str] = field(default_factory=set)
    answers: Counter[str] = field(default_factory=Counter)
    stop: threading.Event = field(default_factory=threading.Event)

    def client(self, service: str) -> Any:
        """A client of the AWS as it runs now. RemitError: none does."""
        running = aws.find(self.folder)
        if running is None:
            raise RemitError("it does not run")
        options = client_arguments(running)
        quick = Config(retries={"total_max_attempts": 1}, read_timeout=20, proxies={})
        make_client: Any = session(running).client
        return make_client(service, **{**options, "config": quick})

    def send_messages(self) -> None:
        """Send a message after the other, and note those that the queue took."""
        for number in itertools.count():
            if self.stop.wait(0.02):
                return
            with suppress(RemitError, BotoCoreError, ClientError):
                self.client("sqs").send_message(QueueUrl=self.queue_url, MessageBody=str(number))
                self.sent.add(str(number))

    @property
    def queue_url(self) -> str:
        """Of the queue where the AWS answers now: its port may have changed."""
        return self.outputs["DataQueue"]

    def ask_pages(self) -> None:
        address = urlsplit(self.outputs["AskUrl"])
        while not self.stop.wait(0.05):
            connection = http.client.HTTPConnection(address.netloc, timeout=20)
            try:
                connection.request("GET", address.path)
                response = connection.getresponse()
                self.answers[f"{response.status} {response.read().decode()[:60]}"] += 1
            except (OSError, http.client.HTTPException) as error:
                self.answers[type(error).__name__] += 1
            finally:
                connection.close()

    def done(self) -> set[str]:
        """The messages that the function has taken."""
        pages = self.client("dynamodb").get_paginator("scan").paginate(TableName=self.outputs["DataTable"])
        return {item["id"]["S"] for page in pages for item in page["Items"]}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    folder = tmp_path / "shop"
    write(folder, {"app.py": APP, "shared/resources/data.py": DATA})
    ran = remit("deploy", "--local", "--yes", "-C", str(folder))
    assert 0 == ran.status, ran.err
    here = Shop(folder)
    stack = here.client("cloudformation").describe_stacks(StackName="shop-dev")["Stacks"][0]
    here.outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    yield here
    here.stop.set()
    aws.stop(folder)


def test_nothing_is_lost_or_left_behind_when_parts_are_killed(shop: Shop) -> None:
    load = [threading.Thread(target=work) for work in (shop.send_messages, shop.ask_pages)]
    for thread in load:
        thread.start()
    kills: Counter[str] = Counter()
    end = time.monotonic() + SECONDS
    try:
        for part in itertools.cycle(KILLS):
            if time.monotonic() > end:
                break
            time.sleep(LOAD_SECONDS)
            kills[part] += KILLS[part](shop)
            aws.start(shop.folder)
    finally:
        shop.stop.set()
        for thread in load:
            thread.join()
    assert set(KILLS) == set(+kills), kills
    assert set() == lost(shop)
    assert shop.answers["200 answered"] > 0, shop.answers
    # While the server is away nothing answers. A worker that is killed fails its invocation, as on Lambda.
    allowed = {"200 answered", '502 {"message":"Internal Server Error"}'}
    unexpected = [answer for answer in shop.answers if answer[0].isdecimal() and answer not in allowed]
    assert [] == unexpected, shop.answers
    aws.stop(shop.folder)
    until(lambda: processes(shop.folder) == [])
    assert [] == leftovers(shop.folder)


def lost(shop: Shop) -> set[str]:
    """The messages that the queue took and the function did not get, however long one waits."""
    deadline = time.monotonic() + HANGS
    missing = shop.sent
    while missing and time.monotonic() < deadline:
        time.sleep(0.5)
        missing = shop.sent - shop.done()
    return missing


def kill_worker(shop: Shop) -> int:
    """Kill one of the processes that run functions; how many were killed."""
    workers = [number for number in processes(shop.folder) if b"AWS_LAMBDA_RUNTIME_API" in read(number, "environ")]
    return kill(workers[:1])


def kill_server(shop: Shop) -> int:
    """Kill the process that is the AWS, emulator and all: its workers end with it."""
    running = aws.find(shop.folder)
    killed = kill([] if running is None else [running.pid])
    until(lambda: processes(shop.folder) == [])
    return killed


def kill_watchdog(shop: Shop) -> int:
    """Kill the program that ends workers where the server is killed; the next worker gets a new one."""
    running = aws.find(shop.folder)
    watchdogs = [
        number for number in children(running.pid if running else 0) if b"watchdog.py" in read(number, "cmdline")
    ]
    return kill(watchdogs)


def kill_dev(shop: Shop) -> int:
    """Kill `remit dev`, which started the AWS: that ends, too."""
    aws.stop(shop.folder)
    command = [sys.executable, "-c", MAIN, "dev", "--json", "--port", str(free_ports(2))]
    quiet = subprocess.DEVNULL
    dev = subprocess.Popen(
        command, cwd=shop.folder, env=environment(AWS_REGION="us-east-1"), stdin=quiet, stdout=subprocess.PIPE,
        stderr=quiet, start_new_session=True,
    )  # fmt: skip
    assert dev.stdout is not None
    with dev.stdout:
        for line in dev.stdout:
            if b'"deployed"' in line:
                break
        time.sleep(LOAD_SECONDS)
        dev.kill()
    dev.wait(HANGS)
    until(lambda: aws.find(shop.folder) is None and processes(shop.folder) == [])
    return 1


KILLS: dict[str, Callable[[Shop], int]] = {
    "worker": kill_worker,
    "server": kill_server,
    "watchdog": kill_watchdog,
    "dev": kill_dev,
}


def kill(numbers: list[int]) -> int:
    for number in numbers:
        with suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
    return len(numbers)


def processes(folder: Path) -> list[int]:
    """The processes that name a project's folder in their command line or environment, but for this one."""
    name = os.fsencode(folder)
    numbers = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]
    return [
        number
        for number in numbers
        if number != os.getpid() and any(name in read(number, file) for file in ("cmdline", "environ"))
    ]


def children(parent: int) -> list[int]:
    numbers = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]
    return [number for number in numbers if f"\nPPid:\t{parent}\n".encode() in read(number, "status")]


def read(number: int, file: str) -> bytes:
    try:
        return Path(f"/proc/{number}/{file}").read_bytes()
    except OSError:
        return b""


def leftovers(folder: Path) -> list[str]:
    """Files that only a running AWS has, and those of saves that were not finished."""
    local = folder / ".remit" / "local"
    work = [path for path in (local / "tmp").rglob("*") if "work" in path.parts]
    unfinished = [path for pattern in ("*.tmp", "*.saving") for path in local.rglob(pattern)]
    return [str(path.relative_to(local)) for path in (*work, *unfinished) if path.name != "work"]


def until(fact: Callable[[], bool]) -> None:
    deadline = time.monotonic() + HANGS
    while not fact():
        assert time.monotonic() < deadline, fact
        time.sleep(0.2)
