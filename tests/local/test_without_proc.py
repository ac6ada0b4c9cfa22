"""Where there is no /proc, as on macOS, a worker proves by a secret who it is, and `ps` says what memory it takes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from remit.local.environment import ENVIRONMENT, install

PROGRAM = """
import json, pathlib, sys
from remit.local.functions import peers, worker_launch, worker_process
from remit.local.functions.deployed_function import DeployedFunction, Invocation
from remit.local.functions.function_log import LiveLog
from remit.package.interpreters import own_program

peers.HAS_PROC = False
task, packages = map(pathlib.Path, sys.argv[1:])
stand_in = pathlib.Path(worker_process.__file__).parent / "worker" / "stand_in"

def worker(handler):
    configuration = {
        "FunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:f", "FunctionName": "f", "Timeout": 20,
        "Handler": handler, "MemorySize": 128, "Runtime": "python3.12",
    }
    launch = worker_launch.Launch(
        program=own_program(), task=task, served=False, further=(), runtime=(stand_in, packages / "runtime"),
        sdk=packages / "sdk", work=task / "work", endpoint="", credentials={}, log_stream="of this test",
        opt=(), wall="", hidden=task, private=False,
    )
    return worker_process.Worker(DeployedFunction.of(configuration), launch)

def invoke(worker, number, event, cold):
    invocation = Invocation(str(number), json.dumps(event).encode(), "arn", "Root=1")
    print(worker.invoke(invocation, LiveLog(worker.function, invocation, lambda *_: None), cold=cold).payload.decode())

first = worker("app.handler")
invoke(first, 1, 21, True)
invoke(first, 2, 4, False)
invoke(first, 3, "grow", False)
invoke(worker("missing.handler"), 4, None, True)
"""
APP = """
import time

def handler(event, context):
    kept = b"1" * (300 << 20) if event == "grow" else b""
    time.sleep(10 if kept else 0)
    return 2 * event
"""


@pytest.mark.skipif(not Path("/bin/ps").exists(), reason="there is no ps")
def test_functions_run_and_are_limited(tmp_path: Path) -> None:
    install(tmp_path, print)
    (tmp_path / "app.py").write_text(APP)
    command = [sys.executable, "-c", PROGRAM, str(tmp_path), str(ENVIRONMENT.place)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    answers = [json.loads(line) for line in ran.stdout.splitlines()]
    assert answers[:2] == [42, 8], ran.stderr
    assert answers[2]["errorMessage"] == "RequestId: 3 Error: Runtime exited with error: signal: killed"
    assert answers[3]["errorType"] == "Runtime.ImportModuleError"
