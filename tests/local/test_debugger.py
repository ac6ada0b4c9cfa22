"""A debugger takes hold of a function at a port of this machine, and nobody else does."""

from __future__ import annotations

import itertools
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from remit.errors import RemitError
from remit.local.control.clients import client_arguments, session
from remit.local.control.server_commands import debug
from terminals import HANGS
from zips import zip_of

if TYPE_CHECKING:
    from pathlib import Path

    from remit.local.state_files import LocalAws

pytestmark = pytest.mark.network  # debugpy is installed once

CODE = "def handler(event, context):\n    doubled = 2 * event\n    return doubled\n"


class Debugger:
    """A client of the Debug Adapter Protocol."""

    def __init__(self, port: int) -> None:
        self._connection = socket.create_connection(("127.0.0.1", port), timeout=HANGS)
        self._file = self._connection.makefile("rb")
        self._numbers = itertools.count(1)

    def send(self, command: str, **arguments: Any) -> None:
        message = {"seq": next(self._numbers), "type": "request", "command": command, "arguments": arguments}
        content = json.dumps(message).encode()
        self._connection.sendall(b"Content-Length: %d\r\n\r\n%s" % (len(content), content))

    def await_(self, name: str) -> dict[str, Any]:
        """The next event or answer of a name."""
        while True:
            length = int(self._file.readline().split(b":")[1])
            self._file.readline()
            message: dict[str, Any] = json.loads(self._file.read(length))
            if name in {message.get("event"), message.get("command")}:
                return message

    def close(self) -> None:
        self._connection.close()


def test_a_function_stops_at_a_breakpoint_for_longer_than_its_timeout(shared: LocalAws, tmp_path: Path) -> None:
    functions = session(shared).client("lambda", **client_arguments(shared))
    role = f"arn:aws:iam::{shared.account}:role/any"
    functions.create_function(
        FunctionName="debugged", Runtime="python3.11", Handler="app.handler", Role=role, Timeout=1,
        Code={"ZipFile": zip_of(CODE)},
    )  # fmt: skip
    (tmp_path / "app.py").write_text(CODE)  # what the editor has open; what runs is a copy
    port = debug(shared, "debugged", 0, project=tmp_path)
    assert port is not None
    with ThreadPoolExecutor(1) as caller:
        invoked = caller.submit(functions.invoke, FunctionName="debugged", Payload=b"21")
        debugger = Debugger(port)
        debugger.send("initialize", adapterID="test")
        debugger.await_("initialize")
        debugger.send("attach")
        debugger.await_("initialized")
        debugger.send("setBreakpoints", source={"path": str(tmp_path / "app.py")}, breakpoints=[{"line": 3}])
        debugger.await_("setBreakpoints")
        debugger.send("configurationDone")
        stopped = debugger.await_("stopped")["body"]
        time.sleep(1.1)
        debugger.send("stackTrace", threadId=stopped["threadId"])
        top = debugger.await_("stackTrace")["body"]["stackFrames"][0]
        assert (stopped["reason"], top["name"], top["line"]) == ("breakpoint", "handler", 3)
        assert str(tmp_path / "app.py") == top["source"]["path"]
        debugger.send("continue", threadId=stopped["threadId"])
        assert json.loads(invoked.result()["Payload"].read()) == 42
        debugger.close()
    assert debug(shared, "debugged", None, project=tmp_path) is None
    with pytest.raises(ConnectionRefusedError):
        Debugger(port)
    functions.update_function_configuration(FunctionName="debugged", Timeout=60)
    assert json.loads(functions.invoke(FunctionName="debugged", Payload=b"4")["Payload"].read()) == 8


def test_what_does_not_begin_as_a_debugger_does_is_hung_up_on(shared: LocalAws, tmp_path: Path) -> None:
    port = debug(shared, "any", 0, project=tmp_path)
    assert port is not None
    with socket.create_connection(("127.0.0.1", port), timeout=HANGS) as page:
        page.sendall(b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}")
        with pytest.raises(ConnectionResetError):
            page.recv(1)
    with pytest.raises(RemitError, match=r"a debugger cannot be waited for at port .*: Address already in use"):
        debug(shared, "any", shared.port, project=tmp_path)
    debug(shared, "any", None, project=tmp_path)


KNOCKS = """
import socket

def handler(port, context):
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connected:
        connected.sendall(b"Content-Length: 2\\r\\n\\r\\n{}")
        try:
            return connected.recv(1).decode()
        except ConnectionResetError:
            return "hung up"
"""


def test_a_function_is_no_debugger_of_another(shared: LocalAws, tmp_path: Path) -> None:
    functions = session(shared).client("lambda", **client_arguments(shared))
    functions.create_function(
        FunctionName="knocks", Runtime="python3.11", Handler="app.handler", Timeout=60,
        Role=f"arn:aws:iam::{shared.account}:role/any", Code={"ZipFile": zip_of(KNOCKS)},
    )  # fmt: skip
    port = debug(shared, "another", 0, project=tmp_path)
    answer = functions.invoke(FunctionName="knocks", Payload=json.dumps(port).encode())
    assert json.loads(answer["Payload"].read()) in {"hung up", ""}
    debug(shared, "another", None, project=tmp_path)
