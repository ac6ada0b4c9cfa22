"""Requests to the Lambda Runtime API as they come over a connection, and answers to them.

Source: "Using the Lambda runtime API for custom runtimes" (version 2018-06-01).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping

LARGEST_ANSWER: Final = 6 * 1024 * 1024 + 100
"""Bytes that a function may answer with ("Lambda quotas": 6 MB; Lambda allows 100 more)."""

_PREFIX: Final = "/2018-06-01/runtime/"
_RECEIVED: Final = 256 * 1024
_LONGEST_HEAD: Final = 2 * 1024 * 1024  # awslambdaric sends the description of a fault in a header, up to 1 MB
_REASONS: Final = {200: "OK", 202: "Accepted", 400: "Bad Request", 403: "Forbidden", 404: "Not Found"}


class NotUnderstood(Exception):  # noqa: N818 - what happened
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
        self._head: tuple[str, str, dict[str, str]] | None = None
        self._body = bytearray()
        self._size = 0

    def receive(self) -> RuntimeRequest | None:
        """Read what has come, and give the request that it completes.

        Raises:
            NotUnderstood: if it is none.
        """
        try:
            received = self.socket.recv(_RECEIVED)
        except BlockingIOError:
            return None
        except OSError:
            received = b""
        self.ended = not received
        self._received += received
        return self._next()

    def _next(self) -> RuntimeRequest | None:
        if self._head is None:
            self._head = self._take_head()
        if self._head is None:
            return None
        method, path, headers = self._head
        if not self._take_body(headers):
            return None
        request = RuntimeRequest(method, path, headers, bytes(self._body), self._size)
        self._head, self._body, self._size = None, bytearray(), 0
        return request

    def _take_head(self) -> tuple[str, str, dict[str, str]] | None:
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
        return method, path.removeprefix(_PREFIX), headers

    def _take_body(self, headers: Mapping[str, str]) -> bool:
        """Take what has come of the body; whether it is whole."""
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return self._take_chunks()
        length = headers.get("content-length", "0")
        if not length.isdecimal():
            raise NotUnderstood
        missing = int(length) - self._size
        self._keep(bytes(self._received[:missing]))
        del self._received[:missing]
        return self._size == int(length)

    def _take_chunks(self) -> bool:
        while True:
            line_end = self._received.find(b"\r\n")
            if line_end < 0:
                return False
            try:
                length = int(self._received[:line_end].split(b";")[0], 16)
            except ValueError:
                raise NotUnderstood from None
            chunk_end = line_end + 2 + length
            if len(self._received) < chunk_end + 2:
                return False
            self._keep(bytes(self._received[line_end + 2 : chunk_end]))
            del self._received[: chunk_end + 2]
            if length == 0:
                return True

    def _keep(self, part: bytes) -> None:
        self._size += len(part)
        room = LARGEST_ANSWER - len(self._body)
        self._body += part[: max(room, 0)]

    def answer(self, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        """Send an answer; one that nobody reads any more is no error."""
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
