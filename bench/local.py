"""Invoke functions on the AWS on this machine: cold, warm, by a queue, by `remit invoke`, and the memory that it takes.

    python bench/local.py [--seconds 3] [--json]

Each invocation is a signed request over one connection, and its answer must be its own. With the emulator in this
environment (`pip install ministack==1.5.33`, as in a clone), its own way to run functions is measured in the same run.
Memory is what the kernel counts as the process's share (Pss), on Linux. From a queue to the handler is the time from
before a message is sent until the handler runs. On a busy machine the least of several is what says something.
"""

from __future__ import annotations

import argparse
import http.client
import io
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import boto3

from measure import Command, environment, machine, measure, remit
from remit.local import aws
from remit.local.control.clients import client_arguments, session
from remit.local.signature import signed_headers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.local.state_files import LocalAws

FUNCTIONS = 10
COLD_STARTS = 10
WARM = 300
MESSAGES = 20
COMMANDS = 7
PLAIN = "def handler(event, context):\n    return event\n"
WITH_SDK = "import boto3\ndef handler(event, context):\n    return event\n"
TELLS = """
import socket

def handler(event, context):
    for record in event["Records"]:
        with socket.create_connection(("127.0.0.1", int(record["body"]))):
            pass
"""
READS = {
    "Effect": "Allow",
    "Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
    "Resource": "*",
}
ASSUMES = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
APP = """
from remit import App

app = App()

@app.function
def hello(event, context):
    return "hello"
"""


@dataclass(frozen=True, slots=True)
class Lambda:
    """An AWS that functions are invoked in: a port of this machine, and keys (none: requests are not signed)."""

    port: int
    keys: tuple[str, str] | None

    def caller(self) -> Caller:
        """Somebody who invokes, over a connection of its own."""
        return Caller(self, http.client.HTTPConnection("127.0.0.1", self.port, timeout=60))


@dataclass(frozen=True, slots=True)
class Caller:
    """A connection over which functions are invoked."""

    where: Lambda
    connection: http.client.HTTPConnection

    def invoke(self, name: str, event: object) -> float:
        """The milliseconds of one invocation, whose answer is the event."""
        body = json.dumps(event).encode()
        path = f"/2015-03-31/functions/{name}/invocations"
        headers = {"Authorization": "AWS4-HMAC-SHA256 Credential=000000000000/20260101/us-east-1/lambda/aws4_request"}
        begin = time.perf_counter()
        if self.where.keys is not None:
            host = f"127.0.0.1:{self.where.port}"
            now = datetime.now(UTC)
            headers = signed_headers(
                *self.where.keys, "POST", host, path, now, body=body, region="us-east-1", service="lambda"
            )
        self.connection.request("POST", path, body=body, headers=headers)
        answer = json.loads(self.connection.getresponse().read())
        if answer != event:
            sys.exit(f"{name} answered {answer!r} to {event!r}")
        return 1000 * (time.perf_counter() - begin)


def packed(code: str) -> bytes:
    """A zip with one module."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("app.py", code)
    return content.getvalue()


def created(functions: object, code: str, name: str, role: str = "arn:aws:iam::000000000000:role/any") -> str:
    """The name of a new function."""
    functions.create_function(
        FunctionName=name,
        Runtime=f"python3.{sys.version_info.minor}",
        Handler="app.handler",
        Role=role,
        Code={"ZipFile": packed(code)},
        MemorySize=256,
        Timeout=30,
    )
    return name


def cold(functions: object, caller: Caller, name: str) -> float:
    """The median of invocations that each start a worker: the function's settings change before."""
    times = []
    for number in range(COLD_STARTS):
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": {"N": str(number)}})
        times.append(caller.invoke(name, number))
    return statistics.median(times)


def warm(caller: Caller, name: str) -> float:
    """The median of invocations one after another."""
    return statistics.median(caller.invoke(name, number) for number in range(WARM))


def warm_with_processor(server: int, caller: Caller, name: str) -> dict[str, float]:
    """The same, and the milliseconds of processor that the server and the worker take for each."""
    processes = [server, *children(server)]
    before = sum(map(processor, processes))
    median = warm(caller, name)
    used = sum(map(processor, processes)) - before
    return {"warm ms": median, "warm ms of processor": used / WARM}


def processor(pid: int) -> float:
    """The milliseconds of processor that a process has taken; 0 where that is not known."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return 1000 * (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def from_queue_to_handler(running: LocalAws) -> dict[str, float]:
    """The milliseconds from before a message is sent until its handler, which runs already, says so."""
    clients = {name: session(running).client(name, **client_arguments(running)) for name in ("iam", "lambda", "sqs")}
    role = clients["iam"].create_role(RoleName="reader", AssumeRolePolicyDocument=document(ASSUMES))["Role"]["Arn"]
    clients["iam"].put_role_policy(RoleName="reader", PolicyName="reader", PolicyDocument=document(READS))
    created(clients["lambda"], TELLS, "reader", role)
    queue = clients["sqs"].create_queue(QueueName="work")["QueueUrl"]
    source = f"arn:aws:sqs:{running.region}:{running.account}:work"
    clients["lambda"].create_event_source_mapping(EventSourceArn=source, FunctionName="reader", BatchSize=1)
    times = []
    with socket.create_server(("127.0.0.1", 0)) as handler:
        handler.settimeout(60)
        for _ in range(MESSAGES + 1):
            begin = time.perf_counter()
            clients["sqs"].send_message(QueueUrl=queue, MessageBody=str(handler.getsockname()[1]))
            handler.accept()[0].close()
            times.append(1000 * (time.perf_counter() - begin))
    warm_times = times[1:]
    return {
        "from a queue to the handler ms, the least": min(warm_times),
        "from a queue to the handler ms, the median": statistics.median(warm_times),
    }


def document(statement: dict[str, object]) -> str:
    """A policy document with one statement."""
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def command_line() -> dict[str, float]:
    """The milliseconds of processor that `remit invoke --local` takes, without the server."""
    program, variables = remit()
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home) / "hello"
        folder.mkdir()
        (folder / "app.py").write_text(APP)

        def run(*arguments: str) -> float:
            command = Command((*program, *arguments), folder, {**environment(Path(home)), **variables})
            return 1000 * measure(command).cpu

        run("deploy", "--local", "--yes")
        try:
            times = [run("invoke", "--local", "hello") for _ in range(COMMANDS)]
        finally:
            run("local", "stop")
    return {
        "`remit invoke --local` ms of processor, the least": min(times),
        "`remit invoke --local` ms of processor, the median": statistics.median(times),
    }


def throughput(where: Lambda, name: str, seconds: float) -> float:
    """Invocations a second of two callers at a time."""

    def call(first: int) -> int:
        caller = where.caller()
        until = time.monotonic() + seconds
        count = 0
        while time.monotonic() < until:
            caller.invoke(name, [first, count])
            count += 1
        return count

    with ThreadPoolExecutor(2) as callers:
        return sum(callers.map(call, range(2))) / seconds


def share(pid: int) -> float:
    """The megabytes of memory that a process has for its part."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def children(pid: int) -> list[int]:
    """The processes that a process started."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def measured(seconds: float) -> dict[str, float]:
    """All figures of remit's."""
    with tempfile.TemporaryDirectory() as folder:
        running = aws.start(Path(folder))
        try:
            return _of_remit(running, seconds)
        finally:
            aws.stop(Path(folder))


def _of_remit(running: LocalAws, seconds: float) -> dict[str, float]:
    functions = session(running).client("lambda", **client_arguments(running))
    where = Lambda(running.port, (running.access_key_id, running.secret_access_key))
    caller = where.caller()
    names = [created(functions, PLAIN, f"plain-{number}") for number in range(FUNCTIONS)]
    with_sdk = created(functions, WITH_SDK, "with-sdk")
    caller.invoke(names[0], 0)
    caller.invoke(with_sdk, 0)
    figures = {
        "cold ms": cold(functions, caller, names[0]),
        "cold ms, importing boto3": cold(functions, caller, with_sdk),
        **warm_with_processor(running.pid, caller, names[0]),
        "invocations a second, two callers": throughput(where, names[0], seconds),
    }
    functions.delete_function(FunctionName=with_sdk)
    for name in names:
        caller.invoke(name, 0)
    time.sleep(2)  # workers that are not needed any more end
    workers = [share(pid) for pid in children(running.pid)]
    figures["MB of the server, ten functions idle"] = share(running.pid)
    figures["MB of the ten workers and the watchdog"] = sum(workers)
    return {**figures, **from_queue_to_handler(running), **command_line()}


def of_the_emulator(seconds: float) -> Iterator[tuple[str, float]]:
    """The same of the emulator by itself."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as home:
        variables = {"PATH": os.environ["PATH"], "HOME": home, "TMPDIR": home, "LOG_LEVEL": "ERROR"}
        variables |= {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port)}
        server = subprocess.Popen([sys.executable, "-m", "ministack"], env=variables, cwd=home)
        try:
            yield from _of_emulator(port, seconds)
        finally:
            server.send_signal(signal.SIGKILL)
            server.wait()


def _of_emulator(port: int, seconds: float) -> Iterator[tuple[str, float]]:
    credentials = {"aws_access_key_id": "000000000000", "aws_secret_access_key": "any"}
    functions = boto3.client("lambda", region_name="us-east-1", endpoint_url=f"http://127.0.0.1:{port}", **credentials)
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    where = Lambda(port, None)
    name = created(functions, PLAIN, "plain")
    caller = where.caller()
    caller.invoke(name, 0)
    yield "cold ms", cold(functions, caller, name)
    yield "warm ms", warm(caller, name)
    yield "invocations a second, two callers", throughput(where, name, seconds)


def main() -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures = measured(options.seconds)
    peer = dict(of_the_emulator(options.seconds))
    if options.json:
        print(json.dumps({"machine": machine(), "remit": figures, "emulator": peer}, indent=2))
        return
    print(machine())
    for name, value in figures.items():
        beside = f"   (the emulator by itself: {peer[name]:.1f})" if name in peer else ""
        print(f"{name}: {value:.1f}{beside}")


if __name__ == "__main__":
    main()
