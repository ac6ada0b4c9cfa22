"""Fixed ports: what an address of the local AWS answers comes at a port that stays, request and answer unchanged."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from websockets.sync.client import connect
from websockets.sync.server import serve

from ports import free_ports
from remit.dev.fixed_ports import FixedPorts
from remit.errors import RemitError
from terminals import HANGS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from websockets.sync.server import ServerConnection


class Echo(BaseHTTPRequestHandler):
    """Answers with what it was asked."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        pass

    def end_headers(self) -> None:
        """As the AWS on this machine ends them (h11): what ends the connection is said."""
        if self.close_connection:
            self.send_header("Connection", "close")
        super().end_headers()

    def do_HEAD(self) -> None:
        self.send_response(201)
        self.end_headers()

    def do_GET(self) -> None:
        if self.path in ("/204", "/304"):
            self.send_response(int(self.path[1:]))
            self.end_headers()
            return
        is_chunked = self.headers.get("transfer-encoding") == "chunked"
        length = int(self.rfile.readline(), 16) if is_chunked else int(self.headers.get("content-length", 0))
        body = self.rfile.read(length).decode()
        asked = {"method": self.command, "path": self.path, "host": self.headers["host"], "body": body}
        content = json.dumps(asked).encode()
        self.send_response(201)
        self.send_header("Set-Cookie", "a=1")
        self.send_header("Set-Cookie", "b=2")
        if self.path.endswith("/streamed"):
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"%x\r\n%b\r\n0\r\n\r\n" % (len(content), content))
        else:
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    do_POST = do_GET  # noqa: N815 - http.server's name


@pytest.fixture(scope="module")
def upstream() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def ports(tmp_path: Path) -> Iterator[FixedPorts]:
    fixed = FixedPorts(tmp_path / "dev" / "ports.json", free_ports(3))
    yield fixed
    fixed.stop()


def ask(
    url: str, method: str = "GET", path: str = "/", body: str = "", **headers: str
) -> tuple[http.client.HTTPResponse, Any]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=HANGS)
    connection.request(method, path, body.encode() or None, {name.replace("_", "-"): headers[name] for name in headers})
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response, content


def test_a_request_arrives_below_the_address_and_its_answer_comes_back(ports: FixedPorts, upstream: str) -> None:
    url = ports.serve({"Url": f"{upstream}/_aws/lambda-url/abc/"})["Url"]
    response, content = ask(url, "POST", "/orders?x=1", "an order")
    host = urlsplit(url).netloc
    expected = {"method": "POST", "path": "/_aws/lambda-url/abc/orders?x=1", "host": host, "body": "an order"}
    assert (201, expected) == (response.status, json.loads(content))
    assert "close" == response.getheader("connection")  # or the next request would go by the port unread
    assert ["a=1", "b=2"] == [value for name, value in response.getheaders() if name == "Set-Cookie"]


def test_the_address_of_a_port_ends_as_that_of_a_function_url_or_of_an_api_of_messages(
    ports: FixedPorts, upstream: str
) -> None:
    served = ports.serve({"Url": f"{upstream}/_aws/lambda-url/abc/", "WebSocketUrl": "ws://127.0.0.1:9/dev"})
    first = urlsplit(served["Url"]).port
    assert first is not None
    assert {"Url": f"http://127.0.0.1:{first}/", "WebSocketUrl": f"ws://127.0.0.1:{first + 1}"} == served


def test_an_answer_without_a_length_is_passed_on_as_it_comes(ports: FixedPorts, upstream: str) -> None:
    url = ports.serve({"Url": upstream})["Url"]
    response, content = ask(url, path="/streamed")
    assert ("chunked", "/streamed") == (response.getheader("transfer-encoding"), json.loads(content)["path"])


def test_an_answer_without_a_body_ends_with_its_head(ports: FixedPorts, upstream: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(ports.serve({"Url": upstream})["Url"]).netloc, timeout=HANGS)
    answers = []
    for method, path in (("HEAD", "/"), ("GET", "/204"), ("GET", "/304"), ("GET", "/last")):
        connection.request(method, path)
        response = connection.getresponse()
        answers.append((response.status, response.getheader("transfer-encoding"), response.read()))
    connection.close()
    assert [(201, None, b""), (204, None, b""), (304, None, b"")] == answers[:-1]
    assert "/last" == json.loads(answers[-1][2])["path"]


def test_a_body_in_chunks_arrives_and_where_nothing_answers_it_is_said(ports: FixedPorts, upstream: str) -> None:
    served = ports.serve({"Url": upstream, "Gone": "http://127.0.0.1:9/"})
    assert 502 == ask(served["Gone"])[0].status
    response, content = ask(served["Url"], "POST", "/", "6\r\na body\r\n0\r\n\r\n", Transfer_Encoding="chunked")
    assert (201, "a body") == (response.status, json.loads(content)["body"])


def exchanged(ports: FixedPorts, request: bytes, answer: bytes, *, ends: bool = True) -> tuple[bytes, bytes]:
    """What an API below `/base/` gets of a request, byte for byte, and what its client gets, which `ends` first."""
    got = b""
    with socket.create_server(("127.0.0.1", 0)) as api:

        def serve_one() -> None:
            nonlocal got
            connection, _ = api.accept()
            with connection:
                while (received := connection.recv(65_536)) and (ends or b"\r\n\r\n" not in got + received):
                    got += received
                got += received
                connection.sendall(answer)

        thread = threading.Thread(target=serve_one, daemon=True)
        thread.start()
        url = ports.serve({"Url": f"http://127.0.0.1:{api.getsockname()[1]}/base/"})["Url"]
        with socket.create_connection(("127.0.0.1", urlsplit(url).port or 0), timeout=HANGS) as client:
            client.sendall(request)
            if ends:
                client.shutdown(socket.SHUT_WR)
            told = b"".join(iter(lambda: client.recv(65_536), b""))
        thread.join(HANGS)
    return got, told


LARGE = b"x" * 200_000
HEAD = b"GET /base/a/?x=/1?y HTTP/1.1\r\nHost: shop\r\nX-Name: caf\xe9\r\nX-Two: 1\r\nX-Two: 2\r\n"


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (HEAD + b"Keep-Alive: 5\r\nConnection: keep-alive\r\n\r\nbody" + LARGE,
         HEAD + b"Keep-Alive: 5\r\nConnection: close\r\n\r\nbody" + LARGE),
        (b"PUT /a HTTP/1.0\r\nExpect: 200-maybe\r\nUpgrade: h2c\r\n\r\n",
         b"PUT /base/a HTTP/1.0\r\nUpgrade: h2c\r\nConnection: close\r\n\r\n"),
        (b"GET /a// HTTP/1.1\r\nUpgrade: websocket\r\n\r\n", b"GET /base/a/ HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"),
        (b"GET /? HTTP/1.1\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\r\n",
         b"GET /base? HTTP/1.1\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\r\n"),
    ],
)  # fmt: skip
def test_a_request_and_its_answer_are_passed_on_byte_for_byte_but_for_what_is_about_the_connection(
    ports: FixedPorts, request_: bytes, expected: bytes
) -> None:
    request_ = request_.replace(b"/base", b"")
    answer = b"HTTP/1.1 200 Fine\r\nx-a:  b\r\n\r\n" + LARGE
    assert (expected, answer) == exchanged(ports, request_, answer)


def test_a_client_that_waits_for_the_end_of_an_answer_is_told_it(ports: FixedPorts) -> None:
    request = b"GET / HTTP/1.1\r\n\r\n"
    answer = b"HTTP/1.1 200 Fine\r\n\r\nall of it"
    got = b"GET /base/ HTTP/1.1\r\nConnection: close\r\n\r\n"
    assert (got, answer) == exchanged(ports, request, answer, ends=False)


def test_each_method_is_passed_on_and_another_one_is_refused(ports: FixedPorts) -> None:
    for method in ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"):
        got, _ = exchanged(ports, f"{method} / HTTP/1.1\r\n\r\n".encode(), b"")
        assert got.startswith(f"{method} /base/ HTTP/1.1\r\n".encode())
    url = ports.serve({"Url": "http://127.0.0.1:9/"})["Url"]
    assert [501, 502] == [ask(url, method)[0].status for method in ("TRACE", "PUT")]


def test_a_websocket_is_joined_to_its_api(ports: FixedPorts) -> None:
    def echo(client: ServerConnection) -> None:
        for message in client:
            client.send(f"{client.request.path if client.request else ''} {message}")

    with serve(echo, "127.0.0.1", 0) as api:
        threading.Thread(target=api.serve_forever, daemon=True).start()
        address = f"ws://127.0.0.1:{api.socket.getsockname()[1]}/_aws/execute-api/1a2b3c4d/dev"
        url = ports.serve({"WebSocketUrl": address})["WebSocketUrl"]
        assert url.startswith("ws://127.0.0.1:")
        with connect(url) as client:
            client.send("hello")
            assert "/_aws/execute-api/1a2b3c4d/dev hello" == client.recv(30)
        with connect(f"{url}/?token=1") as client:
            client.send("hello")
            assert "/_aws/execute-api/1a2b3c4d/dev?token=1 hello" == client.recv(30)
        api.shutdown()


def test_an_output_keeps_its_port_when_its_address_and_its_neighbours_change(
    ports: FixedPorts, upstream: str, tmp_path: Path
) -> None:
    first = ports.serve({"B": f"{upstream}/one"})
    second = ports.serve({"A": upstream, "B": f"{upstream}/two"})
    assert first["B"] == second["B"]
    assert "/two/" == json.loads(ask(second["B"])[1])["path"]
    ports.stop()
    first_port = urlsplit(first["B"]).port
    assert first_port is not None
    again = FixedPorts(tmp_path / "dev" / "ports.json", first_port)
    assert second == again.serve({"A": upstream, "B": upstream})
    again.stop()


@pytest.mark.parametrize("port", [65_536, 100_000])
def test_a_port_that_no_machine_has_is_told(tmp_path: Path, upstream: str, port: int) -> None:
    with pytest.raises(RemitError, match=f"^error: Url cannot be served at port {port}: there is no port {port}"):
        FixedPorts(tmp_path / "ports.json", port).serve({"Url": upstream})


def test_no_port_follows_the_last_one(tmp_path: Path, upstream: str) -> None:
    fixed = FixedPorts(tmp_path / "ports.json", 65_535)
    with pytest.raises(RemitError, match=r"cannot be served at port 6553[56]: "):
        fixed.serve({"A": upstream, "B": upstream})
    fixed.stop()


@pytest.mark.parametrize("written", ["{", "[8000]", '{"A": "8000"}', '{"A": 1}'])
def test_a_record_of_ports_that_holds_for_nothing_is_written_anew(tmp_path: Path, upstream: str, written: str) -> None:
    record, first = tmp_path / "ports.json", free_ports(1)
    record.write_text(written, "ascii")
    fixed = FixedPorts(record, first)
    assert {"A": f"http://127.0.0.1:{first}/"} == fixed.serve({"A": upstream})
    assert {"A": first} == json.loads(record.read_text("ascii"))
    fixed.stop()


def test_a_further_output_passes_over_a_port_that_is_taken(tmp_path: Path, upstream: str) -> None:
    first = free_ports(3)
    fixed = FixedPorts(tmp_path / "ports.json", first)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", first + 1))
        taken.listen()
        assert [first, first + 2] == [
            urlsplit(url).port for url in fixed.serve({"A": upstream, "B": upstream}).values()
        ]
    fixed.stop()


def test_what_is_not_there_any_more_is_not_served(ports: FixedPorts, upstream: str, tmp_path: Path) -> None:
    url = ports.serve({"Url": upstream})["Url"]
    assert {} == ports.serve({})
    with pytest.raises(ConnectionRefusedError):
        ask(url)
    assert {"Url": url} == ports.serve({"Url": upstream})
    assert 201 == ask(url)[0].status
    other = ports.serve({"Other": upstream})["Other"]
    assert ["Url", "Other"] == list(json.loads((tmp_path / "dev/ports.json").read_text("ascii")))
    ports.serve({"Url": upstream, "Other": upstream})
    assert [("Other", other), ("Url", url)] == [*ports.serve({"Other": upstream, "Url": upstream}).items()]


def test_a_port_that_is_taken_is_told_with_the_option_for_another(tmp_path: Path, upstream: str) -> None:
    taken = urlsplit(upstream).port
    assert taken is not None
    with pytest.raises(RemitError) as caught:
        FixedPorts(tmp_path / "ports.json", taken).serve({"ApiUrl": upstream})
    assert f"ApiUrl cannot be served at port {taken}: Address already in use" == caught.value.message
    assert "`--port NUMBER` chooses the first of the ports to serve at" == caught.value.hint
