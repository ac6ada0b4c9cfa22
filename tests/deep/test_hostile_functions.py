"""Functions that fork, ignore signals, flood and recurse: contained, reported as Lambda does, and nothing is left.

Not in the usual run, as these take seconds each: `make deep`.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.config import Config

from remit.local import aws
from remit.local.control.clients import client_arguments, session
from terminals import HANGS
from zips import zip_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="not tried: it looks at /proc")

NUMBERS = itertools.count()
CODE = """
import json, os, signal, subprocess, sys, tempfile, threading, time

WORKER = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"].rpartition("]")[2]

def calm(event, context):
    return WORKER

def forks(event, context):
    for _ in range(50):
        if os.fork() == 0:
            os.setsid()
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            time.sleep(1000)
    time.sleep(100)

def leaves_a_daemon(event, context):
    subprocess.Popen(["sleep", f"1000.{int(WORKER, 16)}"], start_new_session=True)
    return f"1000.{int(WORKER, 16)}"

def ignores(event, context):
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM):
        signal.signal(number, signal.SIG_IGN)
    while True:
        pass

def prints(event, context):
    for _ in range(100):
        print("x" * ((1 << 20) - 1))
    return "printed"

def invokes_itself(event, context):
    import boto3
    answer = boto3.client("lambda").invoke(FunctionName=context.function_name, Payload=b"{}")
    return json.loads(answer["Payload"].read())

def fills_tmp(event, context):
    with open(os.path.join(tempfile.gettempdir(), "big"), "wb") as file:
        while True:
            file.write(b"x" * (1 << 20))

def opens(event, context):
    return [open("/dev/null") for _ in range(10_000)]

def recurses(event, context):
    return recurses(event, context)

def grows(event, context):
    kept = []
    while True:
        kept.append(b"x" * (1 << 20))

def children_grow(event, context):
    code = "kept = []\\nwhile True: kept.append(b'x' * (1 << 20))"
    for child in [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]:
        child.wait()

def crashes(event, context):
    os.kill(os.getpid(), signal.SIGSEGV)

def hangs_up(event, context):
    os.closerange(3, 1000)
    return 1

def ends_later(event, context):
    threading.Timer(0.05, lambda: os._exit(7)).start()
    return WORKER

def garbles(event, context):
    import socket
    host, port = os.environ["AWS_LAMBDA_RUNTIME_API"].split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(b"GET / HTTP/1.1\\r\\n\\r\\n")
        first = connection.recv(100)
    return first.decode()
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What Invoke answered."""

    error: str | None
    payload: Any


@dataclass(frozen=True, slots=True)
class World:
    """A running AWS and its functions."""

    running: aws.LocalAws
    folder: Path
    client: Any

    def make(self, handler: str, **settings: Any) -> str:
        """The name of a new function."""
        name = f"{handler}-{next(NUMBERS)}"
        self.client.create_function(
            FunctionName=name, Runtime=f"python3.{sys.version_info.minor}", Handler=f"app.{handler}",
            Role="arn:aws:iam::000000000000:role/any", Code={"ZipFile": zip_of(CODE)},
            **{"Timeout": 20, "MemorySize": 128, **settings},
        )  # fmt: skip
        return name

    def invoke(self, name: str) -> Answer:
        answer = self.client.invoke(FunctionName=name, Payload=b"{}")
        return Answer(answer.get("FunctionError"), json.loads(answer["Payload"].read()))

    def message(self, name: str) -> str:
        """What an invocation that fails says, without its id."""
        answer = self.invoke(name)
        assert answer.error == "Unhandled", answer
        text: str = answer.payload["errorMessage"]
        return text.partition(" Error: ")[2] or text


def processes(mark: bytes) -> list[int]:
    """The processes with a text in their environment or their arguments."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            seen = (path / "environ").read_bytes() + (path / "cmdline").read_bytes()
        except OSError:
            continue
        if mark in seen:
            found.append(int(path.name))
    return found


def eventually(fact: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + HANGS
    while not fact():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    running = aws.start(tmp_path)
    arguments = client_arguments(running)
    arguments["config"] = arguments["config"].merge(Config(retries={"total_max_attempts": 1}, read_timeout=2 * HANGS))
    client = session(running).client("lambda", **arguments)
    role = session(running).client("iam", **client_arguments(running))
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role.create_role(RoleName="any", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
    actions = ["lambda:InvokeFunction", "logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    role.put_role_policy(RoleName="any", PolicyName="invoke", PolicyDocument=document)
    yield World(running, tmp_path, client)
    aws.stop(tmp_path)
    mark = str(tmp_path / ".remit").encode()
    assert eventually(lambda: processes(mark) == [])


def test_each_is_reported_as_lambda_does(world: World) -> None:
    expected = {
        "ignores": "Task timed out after 1.00 seconds",
        "forks": "Task timed out after 1.00 seconds",
        "fills_tmp": "[Errno 27] File too large",
        "opens": "[Errno 24] Too many open files: '/dev/null'",
        "recurses": "maximum recursion depth exceeded",
        "grows": "Runtime exited with error: signal: killed",
        "children_grow": "Runtime exited with error: signal: killed",
        "crashes": "Runtime exited with error: signal: segmentation fault",
    }
    impatient = {"ignores", "forks"}
    seen = {}
    for handler in expected:
        timeout = 1 if handler in impatient else 20
        seen[handler] = world.message(world.make(handler, Timeout=timeout)).partition(" while calling")[0]
    assert seen == expected


def test_what_a_function_started_ends_with_its_worker(world: World) -> None:
    name = world.make("leaves_a_daemon")
    daemon = world.invoke(name).payload
    assert processes(daemon.encode())
    world.client.delete_function(FunctionName=name)
    assert eventually(lambda: not processes(daemon.encode()))


def test_a_hundred_megabytes_of_output_neither_block_nor_are_all_kept(world: World) -> None:
    name = world.make("prints")
    assert world.invoke(name).payload == "printed"
    logs = session(world.running).client("logs", **client_arguments(world.running))
    events = logs.filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
    size = sum(len(event["message"]) for event in events)
    assert size < 5 << 20
    assert any("bytes of the log are left out" in event["message"] for event in events)


def test_a_function_that_invokes_itself_is_stopped_after_sixteen_rounds(world: World) -> None:
    answer = world.invoke(world.make("invokes_itself", Timeout=60, MemorySize=256))
    assert answer.payload["errorType"] == "RecursiveInvocationException"


def test_a_worker_that_is_of_no_use_any_more_is_replaced(world: World) -> None:
    name = world.make("ends_later")
    first = world.invoke(name).payload
    assert eventually(lambda: not processes(first.encode()))
    assert world.invoke(name).payload != first
    hanging = world.make("hangs_up", Timeout=1)
    world.client.invoke(FunctionName=hanging, Payload=b"{}")
    world.client.invoke(FunctionName=hanging, Payload=b"{}")
    assert world.invoke(world.make("calm")).error is None


def test_what_is_no_request_to_the_runtime_api_is_refused(world: World) -> None:
    assert world.invoke(world.make("garbles")).payload.startswith("HTTP/1.1 400 ")


def test_many_at_a_time_get_their_own_answers(world: World) -> None:
    name = world.make("calm", MemorySize=256)
    with ThreadPoolExecutor(8) as callers:
        answers = list(callers.map(lambda _: world.invoke(name), range(80)))
    assert [answer.error for answer in answers] == [None] * 80
    assert 1 <= len({answer.payload for answer in answers}) <= 8


@pytest.mark.parametrize("victim", ["server", "watchdog then server"])
def test_nothing_is_left_when_the_server_is_killed(world: World, victim: str) -> None:
    daemon = world.invoke(world.make("leaves_a_daemon")).payload
    busy = world.make("ignores", Timeout=60)
    mark = str(world.folder / ".remit").encode()
    with ThreadPoolExecutor(1) as caller:
        waiting = caller.submit(world.invoke, busy)
        assert eventually(lambda: bool(processes(b"app.ignores")))
        if victim != "server":
            (watchdog,) = [pid for pid in processes(b"watchdog.py") if parent(pid) == world.running.pid]
            os.kill(watchdog, signal.SIGKILL)
            world.invoke(world.make("calm"))  # a new worker makes a new watchdog
        os.kill(world.running.pid, signal.SIGKILL)
        with pytest.raises(Exception, match=r"closed|reset|aborted|connect"):
            waiting.result()
    assert eventually(lambda: not processes(daemon.encode()))
    assert eventually(lambda: processes(mark) == [])
    work = world.folder / ".remit" / "local" / "tmp" / "functions" / "work"
    assert eventually(lambda: list(work.iterdir()) == [])


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
