"""A proxy between remit and an AWS on this machine, which answers chosen operations by a script.

It passes requests on as they came, with their Host, so that signatures hold. What a script does not touch is the
emulator's own answer.
"""

from __future__ import annotations

import http.client
import http.server
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit
from xml.sax.saxutils import escape

from terminals import HANGS

_OF_THE_CONNECTION = ("connection", "content-length", "transfer-encoding")


class Answer(NamedTuple):
    """The status and the body of an answer."""

    status: int
    body: bytes

    def with_texts(self, **texts: str) -> Answer:
        """The answer with another text in each element of these names."""
        body = self.body.decode()
        for name, text in texts.items():
            element = f"<{name}>{escape(text)}</{name}>"
            body = re.sub(rf"<{name}>[^<]*</{name}>|<{name} ?/>", lambda _, element=element: element, body)
        return Answer(self.status, body.encode())


Script = Callable[[Mapping[str, str], Callable[[], Answer]], Answer]
"""Gives the answer to a request, by its parameters; it may call the function that passes the request on."""


def error(code: str, message: str, status: int = 400) -> Script:
    """Answer with an error of AWS's."""
    body = f"<ErrorResponse><Error><Code>{code}</Code><Message>{escape(message)}</Message></Error></ErrorResponse>"
    return lambda _parameters, _pass_on: Answer(status, body.encode())


def texts(**texts: str) -> Script:
    """Answer as AWS does, with another text in each element of these names."""
    return lambda _parameters, pass_on: pass_on().with_texts(**texts)


def pages(name: str, items: list[dict[str, str]], size: int = 100) -> Script:
    """Answer with a list of the operation's own, so many items a page; the token is the number of the first."""

    def answer(parameters: Mapping[str, str], _pass_on: Callable[[], Answer]) -> Answer:
        first, operation = int(parameters.get("NextToken", 0)), parameters["Action"]
        members = "".join(
            f"<member>{''.join(f'<{key}>{escape(value)}</{key}>' for key, value in item.items())}</member>"
            for item in items[first : first + size]
        )
        token = f"<NextToken>{first + size}</NextToken>" if first + size < len(items) else ""
        result = f"<{operation}Result><{name}>{members}</{name}>{token}</{operation}Result>"
        return Answer(200, f"<{operation}Response>{result}</{operation}Response>".encode())

    return answer


class ScriptedProxy:
    """The proxy: its address, the operations that were asked for, and the scripts of some."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[str] = []
        self.scripts: dict[str, Script] = {}


@contextmanager
def in_front_of(upstream: str) -> Iterator[ScriptedProxy]:
    """Run a proxy in front of the AWS at an address, for as long as this lasts."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Keep the terminal for the tests."""

        def do(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            is_form = "form-urlencoded" in self.headers.get("Content-Type", "")
            parameters = dict(parse_qsl(body.decode())) if is_form else {}
            target = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
            operation = parameters.get("Action", target)
            proxy.asked.append(operation)
            headers = {"Content-Type": "text/xml"}

            def pass_on() -> Answer:
                connection = http.client.HTTPConnection(urlsplit(upstream).netloc, timeout=HANGS)
                connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                for name, value in self.headers.items():
                    connection.putheader(name, value)
                connection.endheaders(body)
                response = connection.getresponse()
                headers.update(response.getheaders())
                answer = Answer(response.status, response.read())
                connection.close()
                return answer

            script = proxy.scripts.get(operation)
            answer = pass_on() if script is None else script(parameters, pass_on)
            self.send_response(answer.status)
            for name, value in headers.items():
                if name.lower() not in _OF_THE_CONNECTION:
                    self.send_header(name, value)
            is_head = self.command == "HEAD"
            self.send_header("Content-Length", headers.get("Content-Length", "0") if is_head else str(len(answer.body)))
            self.end_headers()
            if not is_head:
                self.wfile.write(answer.body)

    for method in ("GET", "POST", "PUT", "HEAD", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.do)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    proxy = ScriptedProxy(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield proxy
    server.shutdown()
    server.server_close()
    thread.join(HANGS)
