"""Awslambdaric's module `runtime_client` in Python: that is compiled for few systems, and this stands in for it.

It offers the same functions, speaks HTTP to the Runtime API over one connection, and sends the worker's secret.
"""

from __future__ import annotations

import json
import os
import socket

TYPE_CHECKING = False  # as typing's, whose import takes milliseconds
if TYPE_CHECKING:
    from typing import Any, BinaryIO

_PREFIX = "/2018-06-01/runtime/"
_OK = 200
_ACCEPTED = 202
_DEADLINE = "Lambda-Runtime-Deadline-Ms"


class _Client:
    """The connection to the Runtime API, made at the first request."""

    def __init__(self) -> None:
        self.user_agent = ""
        self.key = ""
        self._socket: socket.socket | None = None
        self._file: BinaryIO | None = None

    def request(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, bytes, dict[str, str]]:
        """Send a request, over a connection that is made for the first one.

        The status, the body and the headers of its answer. RuntimeError: the Runtime API hung up.
        """
        address = os.environ["AWS_LAMBDA_RUNTIME_API"]
        if self._socket is None:
            host, _, port = address.rpartition(":")
            self._socket = socket.create_connection((host, int(port)))
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._file = self._socket.makefile("rb")
        lines = [
            f"{method} {_PREFIX}{path} HTTP/1.1",
            f"Host: {address}",
            f"User-Agent: {self.user_agent}",
            f"Lambda-Runtime-Key: {self.key}",
            f"Content-Length: {len(body)}",
        ]
        lines.extend(f"{name}: {value}" for name, value in (headers or {}).items())
        self._socket.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        assert self._file is not None  # noqa: S101 - made with the socket
        return _answer(self._file)


def _answer(file: BinaryIO) -> tuple[int, bytes, dict[str, str]]:
    """The status, the body and the headers of an answer. RuntimeError: the Runtime API hung up."""
    first = file.readline()
    if not first:
        raise RuntimeError("the Runtime API hung up")
    headers = {}
    while True:
        line = file.readline().decode().rstrip("\r\n")
        if not line:
            break
        name, _, value = line.partition(":")
        headers[name] = value.strip()
    return int(first.split()[1]), file.read(int(headers.get("Content-Length", "0"))), headers


_client = _Client()


def set_key(key: str) -> None:
    """Send this secret with every request."""
    _client.key = key


def initialize_client(user_agent: str) -> None:
    """Say who asks; awslambdaric calls it once."""
    _client.user_agent = user_agent


def next() -> tuple[bytes, dict[str, str | int]]:  # noqa: A001 - its name in awslambdaric
    """Wait for an invocation: its event, and the headers that describe it. RuntimeError: there is none to have."""
    status, body, headers = _client.request("GET", "invocation/next")
    if status != _OK:
        raise RuntimeError(f"Failed to get next, status {status}")
    return body, {**headers, _DEADLINE: int(headers[_DEADLINE])}


def post_invocation_result(
    invoke_id: str, result_data: bytes, content_type: str, _invocation_id: str | None = None
) -> None:
    """Answer an invocation. RuntimeError: the Runtime API does not take it."""
    _post(f"invocation/{invoke_id}/response", result_data, {"Content-Type": content_type})


def post_error(invoke_id: str, error_response_data: str, _xray_fault: str, _invocation_id: str | None = None) -> None:
    """Report the error of an invocation, its JSON as text. RuntimeError: the Runtime API does not take it."""
    _post(f"invocation/{invoke_id}/error", error_response_data.encode(), {"Content-Type": "application/json"})


def call_rapid(
    _self: object,
    http_method: str,
    endpoint: str,
    expected_http_code: int,
    payload: Any = None,
    headers: dict[str, str] | None = None,
) -> None:
    """Send a request of awslambdaric's client by itself, such as an error at the start, with the secret.

    RuntimeError: the status is another one than expected.
    """
    body = b"" if payload is None else json.dumps(payload).encode()
    status, _, _ = _client.request(http_method, endpoint.removeprefix(_PREFIX), body, headers)
    if status != expected_http_code:
        raise RuntimeError(f"Request to Lambda Runtime '{endpoint}' endpoint failed. Reason: '{status}'")


def _post(path: str, body: bytes, headers: dict[str, str]) -> None:
    status, _, _ = _client.request("POST", path, body, headers)
    if status != _ACCEPTED:
        raise RuntimeError(f"Failed to post {path}, status {status}")
