"""Which port an output gets, and what passes through it: decided here without a server, a socket or a thread."""

from __future__ import annotations

import http.client
import io
import json
import socket
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import pytest

from remit.dev import fixed_ports
from remit.dev.fixed_ports import FixedPorts, _Forward, _Server, _started
from remit.errors import RemitError

if TYPE_CHECKING:
    from pathlib import Path


class Started:
    """A server that only knows what it would do."""

    def __init__(self, port: int, address: str, name: str, stopped: list[str]) -> None:
        self.name, self.stopped = name, stopped
        self.server_port, self.target = port, urlsplit(address)

    @property
    def address(self) -> str:
        return f"{self.server_port} {self.target.netloc}"

    def stop(self) -> None:
        self.stopped.append(self.name)


@pytest.fixture
def stopped(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names whose servers were stopped, in their order; 8001 is another program's port."""
    names: list[str] = []
    monkeypatch.setattr(fixed_ports, "_started", lambda *given: Started(*given, names))
    monkeypatch.setattr(FixedPorts, "_is_taken", lambda _, port: port == 8001)
    return names


def test_names_keep_their_ports_take_the_next_free_one_and_are_served_while_they_have_an_address(
    tmp_path: Path, stopped: list[str]
) -> None:
    record = tmp_path / "a" / "dev" / "ports.json"
    fixed = FixedPorts(record, 8000)
    assert {"A": "8000 x:1", "B": "8002 y:2"} == fixed.serve({"A": "http://x:1/", "B": "http://y:2/"})
    again = fixed.serve({"C": "http://z:3/", "B": "ws://y:4/dev"})
    assert [("C", "8003 z:3"), ("B", "8002 y:4")] == [*again.items()]
    assert ["A"] == stopped
    assert '{\n  "A": 8000,\n  "B": 8002,\n  "C": 8003\n}\n' == record.read_text("ascii")
    fixed.stop()
    assert {"A", "B", "C"} == set(stopped)
    assert 3 == len(stopped)
    assert {"D": "8004 x:1", "A": "8000 x:1"} == FixedPorts(record, 8000).serve({"D": "http://x:1", "A": "http://x:1"})


@pytest.mark.parametrize(
    ("recorded", "first", "ports"),
    [
        (None, 8000, {"A": 8000, "B": 8002}),
        ("{", 8000, {"A": 8000, "B": 8002}),
        ("{}", 8000, {"A": 8000, "B": 8002}),
        ("[8000]", 8000, {"A": 8000, "B": 8002}),
        ('"A"', 8000, {"A": 8000, "B": 8002}),
        ('{"A": "8000"}', 8000, {"A": 8000, "B": 8002}),
        ('{"Z": 8000, "B": "8005"}', 8000, {"A": 8000, "B": 8002}),
        ('{"B": 8000, "Z": 8002}', 8000, {"B": 8000, "Z": 8002, "A": 8003}),
        ('{"B": 8005, "Z": 8001}', 8000, {"A": 8000, "B": 8002}),
        ('{"B": 7000, "Z": 8000}', 8000, {"A": 8000, "B": 8002}),
        ('{"B": 8000}', 9000, {"A": 9000, "B": 9001}),
    ],
)
@pytest.mark.usefixtures("stopped")
def test_a_record_holds_where_it_has_ports_alone_and_the_first_is_the_one_that_is_asked_for(
    tmp_path: Path, recorded: str | None, first: int, ports: dict[str, int]
) -> None:
    record = tmp_path / "ports.json"
    if recorded is not None:
        record.write_text(recorded, "ascii")
    FixedPorts(record, first).serve({"A": "http://x:1/", "B": "http://y:2/"})
    assert ports == json.loads(record.read_text("ascii"))


def test_another_programs_port_is_passed_over_but_for_the_first_and_what_is_no_port(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bound: list[Any] = []

    class Probe:
        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            bound.append("closed")

        def setsockopt(self, *option: int) -> None:
            bound.append(option)

        def bind(self, address: tuple[str, int]) -> None:
            bound.append(address)
            if address[1] == 8001:
                raise OSError(98, "Address already in use")

    monkeypatch.setattr(socket, "socket", Probe)
    fixed = FixedPorts(tmp_path / "ports.json", 8000)
    assert [False, True, False, False, False] == [fixed._is_taken(port) for port in (8000, 8001, 8002, 65535, 65536)]
    shared = (socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    assert [part for port in (8001, 8002, 65535) for part in (shared, ("127.0.0.1", port), "closed")] == bound


@pytest.mark.parametrize(
    ("address", "served"),
    [("http://127.0.0.1:5/_aws/x/", "http://127.0.0.1:8000/"), ("ws://127.0.0.1:5/dev", "ws://127.0.0.1:8000"),
     ("https://127.0.0.1:5/", "https://127.0.0.1:8000/")],
)  # fmt: skip
def test_an_address_has_the_scheme_of_its_api_and_ends_as_aws_has_it(address: str, served: str) -> None:
    server = _Server.__new__(_Server)
    server.target, server.server_port = urlsplit(address), 8000
    assert served == server.address


def test_a_server_that_stops_answers_no_more_and_frees_its_port(monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    monkeypatch.setattr(_Server, "shutdown", lambda _: steps.append("shutdown"))
    monkeypatch.setattr(_Server, "server_close", lambda _: steps.append("close"))
    _Server.__new__(_Server).stop()
    assert ["shutdown", "close"] == steps


@pytest.mark.parametrize(
    ("error", "reason"),
    [(OSError(98, "Address already in use"), "Address already in use"), (OSError("odd"), "there is no port 7"),
     (OverflowError("port must be 0-65535"), "there is no port 7")],
)  # fmt: skip
def test_a_port_at_which_nothing_can_be_served_is_told(
    monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str
) -> None:
    def refused(*_: Any) -> None:
        raise error

    monkeypatch.setattr(fixed_ports, "_Server", refused)
    with pytest.raises(RemitError) as told:
        _started(7, "http://x/", "ApiUrl")
    assert f"ApiUrl cannot be served at port 7: {reason}" == told.value.message
    assert "`--port NUMBER` chooses the first of the ports to serve at" == told.value.hint


class Api:
    """The socket of an API, which answers in two parts."""

    def __init__(self) -> None:
        self.steps: list[Any] = []
        self.answers = [b"HTTP/1.1 200 OK\r\n", b"\r\nbody", b""]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.steps.append("closed")

    def sendall(self, sent: bytes) -> None:
        self.steps.append(sent)

    def shutdown(self, how: int) -> None:
        self.steps.append(("no more is sent", how))

    def recv(self, _most: int) -> bytes:
        return self.answers.pop(0)


class Client(io.BytesIO):
    """What the client gets, each part at once."""

    flushes = 0

    def flush(self) -> None:
        self.flushes += 1


def forwarded(request: bytes, target: str, api: Api | OSError) -> tuple[Any, list[Any]]:
    """A request as it was forwarded to a target, and what was asked of sockets."""
    asked: list[Any] = []
    line, _, rest = request.partition(b"\r\n")
    handler: Any = _Forward.__new__(_Forward)
    handler.rfile = io.BufferedReader(io.BytesIO(rest))
    handler.headers = http.client.parse_headers(handler.rfile)
    handler.command, handler.path, handler.request_version = line.decode().split(" ")
    handler.wfile = Client()
    handler.server = SimpleNamespace(target=urlsplit(target))
    handler.connection = SimpleNamespace(shutdown=lambda how: asked.append(("client", how)))
    handler.send_error = lambda *error: asked.append(error)

    def connect(address: tuple[str, int]) -> Api:
        asked.append(address)
        if isinstance(api, OSError):
            raise api
        return api

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "create_connection", connect)
        handler.forward()
    return handler, asked


@pytest.mark.parametrize(
    ("request_", "head"),
    [
        (b"POST /a//?x=/1?y HTTP/1.0\r\nHost: shop\r\nX: caf\xe9\r\nExpect: 1\r\nConnection: a\r\nX: 2\r\n\r\n",
         b"POST /dev/a//?x=/1?y HTTP/1.0\r\nHost: shop\r\nX: caf\xe9\r\nX: 2\r\nConnection: close\r\n\r\n"),
        (b"GET / HTTP/1.1\r\nUpgrade: h2c\r\n\r\n",
         b"GET /dev/ HTTP/1.1\r\nUpgrade: h2c\r\nConnection: close\r\n\r\n"),
        (b"GET //?t=1?u/ HTTP/1.1\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nExpect: x\r\n\r\n",
         b"GET /dev/?t=1?u/ HTTP/1.1\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nExpect: x\r\n\r\n"),
    ],
)  # fmt: skip
def test_a_request_is_passed_on_with_its_body_and_its_answer_comes_back_in_parts(request_: bytes, head: bytes) -> None:
    api = Api()
    handler, asked = forwarded(request_ + b"body", "http://127.0.0.1:5/dev//", api)
    assert [head, b"body", ("no more is sent", socket.SHUT_WR), "closed"] == api.steps
    assert [("127.0.0.1", 5), ("client", socket.SHUT_RDWR)] == asked
    client: Any = handler.wfile
    assert (b"HTTP/1.1 200 OK\r\n\r\nbody", 2, True) == (client.getvalue(), client.flushes, handler.close_connection)


def test_a_request_that_no_api_can_get_is_answered_with_502_and_ends_its_connection() -> None:
    handler, asked = forwarded(b"GET / HTTP/1.1\r\n\r\n", "http://127.0.0.1:5/", OSError("refused"))
    assert [("127.0.0.1", 5), (502, "the AWS on this machine does not answer")] == asked
    assert (b"", True) == (handler.wfile.getvalue(), handler.close_connection)


def test_the_methods_of_lambda_urls_and_apis_are_passed_on() -> None:
    """Those of "HTTP request methods" (Amazon API Gateway) that carry a request of an app."""
    methods = {name.removeprefix("do_") for name in vars(_Forward) if name.startswith("do_")}
    assert {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"} == methods
    assert {_Forward.forward} == {getattr(_Forward, f"do_{method}") for method in methods}
