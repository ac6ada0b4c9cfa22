"""The Runtime API of one worker: a port on loopback, from which only that worker gets an answer.

Nothing runs in the background: whoever waits for the worker calls `wait`, and takes the requests that came.
"""

from __future__ import annotations

import hmac
import selectors
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from remit.local.functions import peers
from remit.local.functions.doors import listen

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Mapping

LARGEST_ANSWER: Final = 6 * 1024 * 1024 + 100
"""Bytes that a function may answer with ("Lambda quotas": 6 MB; Lambda allows 100 more)."""

_PREFIX: Final = "/2018-06-01/runtime/"
_RECEIVED: Final = 256 * 1024
_LONGEST_HEAD: Final = 2 * 1024 * 1024  # awslambdaric sends the description of a fault in a header, up to 1 MB
_REASONS: Final = {200: "OK", 202: "Accepted", 400: "Bad Request", 403: "Forbidden", 404: "Not Found"}


class NotUnderstood(Exception):
    """Bytes that are no request to the Runtime API."""


@dataclass(frozen=True, slots=True)
class RuntimeRequest:
    """A request: its method, its path after `/2018-06-01/runtime/`, its headers in lower case, and its body.

    `size` is the whole body's, of which `body` holds no more than Lambda takes.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    size: int


class Connection:
    """A connection that a worker made, over which one request comes after another."""

    def __init__(self, connected: socket.socket) -> None:
        self.socket = connected
        self.socket.settimeout(0)
        self.ended = False
        self._received = bytearray()
        self._head: tuple[str, str, dict[str, str], int] | None = None
        self._body = bytearray()
        self._size = 0

    def receive(self) -> RuntimeRequest | None:
        """Read what has come, and give the request that it completes; None: it is not whole yet.

        `ended` is set when the other side has hung up. Of a body, no more is kept than an answer may have.

        Raises:
            NotUnderstood: if what has come is no request to the Runtime API.
        """
        try:
            received = self.socket.recv(_RECEIVED)
        except BlockingIOError:
            return None
        except OSError:
            received = b""
        self.ended = not received
        self._received += received
        if self._head is None:
            self._head = self._take_head()
        if self._head is None:
            return None
        method, path, headers, length = self._head
        part = self._received[: length - self._size]
        del self._received[: len(part)]
        self._size += len(part)
        self._body += part[: max(LARGEST_ANSWER - len(self._body), 0)]
        if self._size < length:
            return None
        request = RuntimeRequest(method, path, headers, bytes(self._body), self._size)
        self._head, self._body, self._size = None, bytearray(), 0
        return request

    def _take_head(self) -> tuple[str, str, dict[str, str], int] | None:
        """Take the method, the path, the headers and the size of the body: awslambdaric always states that.

        None: it has not come whole. NotUnderstood: it is none of Lambda's Runtime API, or too long.
        """
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            if len(self._received) > _LONGEST_HEAD:
                raise NotUnderstood
            return None
        first, *lines = self._received[:end].decode("latin-1").split("\r\n")
        del self._received[: end + 4]
        method, _, rest = first.partition(" ")
        path, _, protocol = rest.partition(" ")
        if not protocol.startswith("HTTP/1.") or not path.startswith(_PREFIX):
            raise NotUnderstood
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        length = headers.get("content-length", "0")
        if not length.isdecimal() or "chunked" in headers.get("transfer-encoding", ""):
            raise NotUnderstood
        return method, path.removeprefix(_PREFIX), headers, int(length)

    def answer(self, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        """Send an answer; where nobody reads it any more, or not within five seconds, `ended` is set."""
        lines = [f"HTTP/1.1 {status} {_REASONS[status]}", f"Content-Length: {len(body)}"]
        lines.extend(f"{name}: {value}" for name, value in (headers or {}).items())
        message = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
        self.socket.settimeout(5.0)
        try:
            self.socket.sendall(message)
        except OSError:
            self.ended = True
        finally:
            self.socket.settimeout(0)

    def close(self) -> None:
        """Hang up."""
        self.socket.close()


class RuntimeApi:
    """The port, the connections to it, and the requests that came and were not taken yet."""

    def __init__(self, key: str) -> None:
        self.requests: deque[tuple[Connection, RuntimeRequest]] = deque()
        self.worker_pid = 0
        """The process that may connect; set once it runs."""
        self._key = key
        self._listener = listen()
        self.port: int = self._listener.getsockname()[1]
        self._connections: set[Connection] = set()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ, self._accept)

    def watch(self, descriptor: int, read: Callable[[], None]) -> None:
        """Call `read` while waiting whenever there is something to read."""
        self._selector.register(descriptor, selectors.EVENT_READ, read)

    def forget(self, descriptor: int) -> None:
        """Watch a descriptor no more."""
        if descriptor in self._selector.get_map():
            self._selector.unregister(descriptor)

    def wait(self, seconds: float) -> bool:
        """Wait until something comes, at most for some seconds, and read or accept it; False: nothing came."""
        ready = self._selector.select(seconds)
        for key, _ in ready:
            key.data()
        return bool(ready)

    def is_open(self, connection: Connection) -> bool:
        """Return whether an answer over a connection can still be read."""
        return connection in self._connections

    def close(self) -> None:
        """Hang up, and give the port back."""
        for connection in self._connections:
            connection.close()
        self._selector.close()
        self._listener.close()

    def _accept(self) -> None:
        """Take a connection, if it is the worker's: whoever else connects is hung up on."""
        try:
            connected, _ = self._listener.accept()
        except OSError:
            return
        if peers.HAS_PROC and not peers.is_of_process(connected, self.worker_pid):
            connected.close()
            return
        connection = Connection(connected)
        self._connections.add(connection)
        self._selector.register(connected, selectors.EVENT_READ, lambda: self._receive(connection))

    def _receive(self, connection: Connection) -> None:
        """Queue the request that has come whole; 400 where it is not understood, 403 where it may not be made.

        After these two answers, and where the other side has ended, the connection is closed.
        """
        try:
            request = connection.receive()
        except NotUnderstood:
            connection.answer(400)
            self._hang_up(connection)
            return
        if request is not None and not self._is_allowed(request):
            connection.answer(403)
            self._hang_up(connection)
            return
        if request is not None:
            self.requests.append((connection, request))
        if connection.ended:
            self._hang_up(connection)

    def _is_allowed(self, request: RuntimeRequest) -> bool:
        """Return whether a request may be answered.

        It may not where a browser sent it, where it calls this port by another name, or, without /proc, lacks the
        worker's key.
        """
        headers = request.headers
        is_of_browser = any(name == "origin" or name.startswith("sec-fetch-") for name in headers)
        if is_of_browser or headers.get("host") != f"127.0.0.1:{self.port}":
            return False
        key = headers.get(peers.KEY_HEADER, "")
        return peers.HAS_PROC or hmac.compare_digest(key.encode(), self._key.encode())

    def _hang_up(self, connection: Connection) -> None:
        """Close a connection, and watch it no more."""
        self._selector.unregister(connection.socket)
        self._connections.discard(connection)
        connection.close()
