"""A function has a /tmp of its own, as large as it was told, and its layers at /opt, where the system lets it."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from processes import having
from random_cases import cases_of, in_all_cases
from remit.local import aws
from remit.local.control.clients import client_arguments, session
from remit.local.functions.worker import wall

if TYPE_CHECKING:
    from collections.abc import Iterator

_TRIAL = [sys.executable, wall.__file__, tempfile.mkdtemp()]
MAY_MOUNT = subprocess.run(_TRIAL, capture_output=True, check=False).returncode == 0
IS_IN_TMP = Path(wall.__file__).is_relative_to("/tmp")  # noqa: S108 - a /tmp of its own would hide remit
pytestmark = [
    pytest.mark.skipif(not MAY_MOUNT, reason="the system lets no user mount"),
    pytest.mark.skipif(IS_IN_TMP, reason="remit itself is in /tmp"),
]

CODE = """
import os, tempfile

def handler(event, context):
    before = os.listdir("/tmp")
    with open("/tmp/mine", "w") as file:
        file.write("x")
    return [before, tempfile.gettempdir(), open("/opt/data/words.txt").read(), os.listdir("/opt")]

def fills(event, context):
    with open("/tmp/big", "wb") as file:
        while True:
            file.write(b"x" * (1 << 20))
"""


def packed(**files: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "/") + (".py" if name == "app" else ".txt"), text)
    return content.getvalue()


@pytest.fixture(scope="module")
def functions() -> Iterator[Any]:
    """A client of Lambda on an AWS whose project is not in /tmp."""
    folder = Path(tempfile.mkdtemp(dir="/var/tmp"))
    try:
        running = aws.start(folder)
        yield session(running).client("lambda", **client_arguments(running))
    finally:
        aws.stop(folder)
        shutil.rmtree(folder)


@pytest.mark.parametrize("layers", cases_of((2, 1), 1))
def test_tmp_is_its_own_and_layers_are_at_opt(functions: Any, layers: int) -> None:
    arns = [
        functions.publish_layer_version(
            LayerName=f"layer-{number}", Content={"ZipFile": packed(data__words=f"of layer {number}")}
        )["LayerVersionArn"]
        for number in range(layers)
    ]
    functions.create_function(
        FunctionName=f"app-{layers}", Runtime="python3.13", Handler="app.handler", Layers=arns,
        Role="arn:aws:iam::000000000000:role/any", Code={"ZipFile": packed(app=CODE)}, Timeout=20,
    )  # fmt: skip
    answers = [json.loads(functions.invoke(FunctionName=f"app-{layers}")["Payload"].read()) for _ in range(2)]
    expected = ["/tmp", f"of layer {layers - 1}", ["data"]]  # noqa: S108 - Lambda's
    assert answers == [[[], *expected], [["mine"], *expected]]
    assert not Path("/tmp/mine").exists()  # noqa: S108 - of this machine


def test_tmp_is_full_when_the_storage_of_the_function_is(functions: Any) -> None:
    functions.create_function(
        FunctionName="fills", Runtime="python3.13", Handler="app.fills", EphemeralStorage={"Size": 512},
        Role="arn:aws:iam::000000000000:role/any", Code={"ZipFile": packed(app=CODE)}, Timeout=60,
    )  # fmt: skip
    error = json.loads(functions.invoke(FunctionName="fills")["Payload"].read())
    assert error["errorMessage"] == "[Errno 28] No space left on device"


INTRUDER = """
import ctypes, glob, os, signal, socket, subprocess, sys

def attempts(event, context):
    place, server, other = event["place"], event["server"], event["other"]
    tries = {
        "the server's key": lambda: open(place + "/server.json").read(),
        "the state": lambda: os.listdir(place + "/state"),
        "the code of others": lambda: [
            path for path in glob.glob(place + "/tmp/functions/code/*/") if path.rstrip("/") != os.getcwd()
        ],
        "a way back": lambda: open(os.path.join(os.getcwd(), "../../../../server.json")).read(),
        "a way back by the first process": lambda: [
            open(f"/proc/{pid}/cwd/{up}server.json").read() for pid in (1, 2) for up in ("", "../../../../")
        ],
        "the environment of others": lambda: [
            variables for variables in map(read, glob.glob("/proc/*/environ")) if b"TOP-SECRET" in variables
        ],
        "the server's environment": lambda: read(f"/proc/{server}/environ"),
        "the memory of others": lambda: [open(f"/proc/{pid}/mem", "rb") for pid in (server, other)],
        "ptrace": lambda: [attach(pid) for pid in (server, other)],
        "a signal": lambda: [os.kill(pid, 0) for pid in (server, other)],
        "code of its own": lambda: open(__file__.replace("app.py", "sitecustomize.py"), "w"),
        "code instead of its own": lambda: open(__file__, "w"),
        "a file in the server's folder": lambda: open(place + "/trap", "w"),
        "taking the wall away": lambda: [program(["umount", path]) for path in (place, "/proc")],
        "taking the wall away in a room of its own": lambda: program(
            ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", f"umount {place} || umount -l {place}"]
        ),
        "looking around the wall in a room of its own": lambda: program(
            ["unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork", "sh", "-c", "mkdir -p /tmp/seen &&"
             f"mount --bind {os.path.dirname(place)} /tmp/seen && cat /tmp/seen/local/server.json"]
        ),
        "the Runtime API of others": lambda: [ask(number) for number in listening() if str(number) != own_port()],
    }
    return {name: outcome(attempt) for name, attempt in tries.items()}

def outcome(attempt):
    try:
        return repr(attempt() or "")[:200] if attempt is not None else ""
    except (OSError, PermissionError, subprocess.SubprocessError) as error:
        return ""

def read(path):
    try:
        return open(path, "rb").read()
    except OSError:
        return b""

def attach(pid):
    library = ctypes.CDLL(None, use_errno=True)
    if library.ptrace(0x4206, pid, None, None) != 0:
        raise OSError(ctypes.get_errno(), "ptrace")
    return pid

def program(command):
    return subprocess.run(command, check=True, capture_output=True).stdout or "done"

def own_port():
    return os.environ["AWS_LAMBDA_RUNTIME_API"].rpartition(":")[2]

def listening():
    rows = [line.split() for line in open("/proc/net/tcp").read().splitlines()[1:]]
    return [int(row[1].split(":")[1], 16) for row in rows if row[3] == "0A"]

def ask(port):
    with socket.create_connection(("127.0.0.1", port), 2) as connected:
        connected.settimeout(2)
        request = f"GET /2018-06-01/runtime/invocation/next HTTP/1.1\\r\\nHost: 127.0.0.1:{port}\\r\\n\\r\\n"
        connected.sendall(request.encode())
        answer = connected.recv(1000).decode("latin-1")
        return answer if "Lambda-Runtime-Aws-Request-Id" in answer else ""
"""
VICTIM = """
import os

def handler(event, context):
    return os.environ["SECRET"]
"""


@pytest.mark.parametrize("place", cases_of(("/tmp", "/var/tmp"), 1))  # noqa: S108 - where projects are
def test_a_function_sees_nothing_of_the_server_and_of_others_whatever_it_tries(place: str) -> None:
    folder = Path(tempfile.mkdtemp(dir=place))
    try:
        running = aws.start(folder)
        functions = session(running).client("lambda", **client_arguments(running))
        for name, code, variables in (("victim", VICTIM, {"SECRET": "TOP-SECRET"}), ("intruder", INTRUDER, {})):
            functions.create_function(
                FunctionName=name, Runtime="python3.13", Handler="app.handler" if name == "victim" else "app.attempts",
                Role="arn:aws:iam::000000000000:role/none", Code={"ZipFile": packed(app=code)}, Timeout=60,
                Environment={"Variables": variables},
            )  # fmt: skip
        assert "TOP-SECRET" == json.loads(functions.invoke(FunctionName="victim")["Payload"].read())
        event = {
            "place": str(folder / ".remit/local"), "server": running.pid, "other": max(having("SECRET=TOP-SECRET")),
        }  # fmt: skip
        answer = functions.invoke(FunctionName="intruder", Payload=json.dumps(event).encode())
        outcomes = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, outcomes
        assert {} == {name: seen for name, seen in outcomes.items() if seen.strip("'\"[], b")}
    finally:
        aws.stop(folder)
        shutil.rmtree(folder)


WITHOUT_NAMESPACES = """
import json, os, sys
from pathlib import Path
from remit.local import aws
from remit.local.control.clients import client_arguments, session
from processes import having
import test_walls

folder = Path(sys.argv[1])
running = aws.start(folder)
try:
    functions = session(running).client("lambda", **client_arguments(running))
    for name, code in (("victim", test_walls.VICTIM), ("intruder", test_walls.INTRUDER)):
        functions.create_function(
            FunctionName=name, Runtime="python3.13", Handler="app.handler" if name == "victim" else "app.attempts",
            Role="arn:aws:iam::000000000000:role/none", Code={"ZipFile": test_walls.packed(app=code)}, Timeout=60,
            Environment={"Variables": {"SECRET": "TOP-SECRET"} if name == "victim" else {}},
        )
    functions.invoke(FunctionName="victim")
    event = {"place": str(folder / ".remit/local"), "server": running.pid, "other": max(having("=TOP-SECRET"))}
    print(functions.invoke(FunctionName="intruder", Payload=json.dumps(event).encode())["Payload"].read().decode())
finally:
    aws.stop(folder)
"""


@in_all_cases
def test_where_no_namespace_is_allowed_the_key_and_the_memory_of_others_are_kept_from_functions(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(WITHOUT_NAMESPACES)
    (tmp_path / "project").mkdir()
    tests = Path(__file__).parent
    command = f"echo 0 > /proc/sys/user/max_user_namespaces && exec {sys.executable} {script} {tmp_path / 'project'}"
    environment = {**os.environ, "PYTHONPATH": f"{tests}:{tests.parent}"}
    ran = subprocess.run(
        [shutil.which("unshare") or "", "--user", "--map-root-user", "sh", "-c", command],
        capture_output=True, text=True, check=False, env=environment,
    )  # fmt: skip
    assert 0 == ran.returncode, ran.stderr
    outcomes = json.loads(ran.stdout)
    assert {"a signal"} >= {name for name, seen in outcomes.items() if seen.strip("'\"[], b")}
