"""Serve an app's URLs and APIs at the same ports of this machine each time: what they answer comes from the local AWS.

The addresses that the local AWS gives hold ids, which are new when a stack is made again.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from remit.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_METHODS: Final = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
_CHUNK: Final = 64 * 1024
_LAST_PORT: Final = 65535


class FixedPorts:
    """The servers of an app, each at a port that is kept for the output with its address."""

    def __init__(self, record: Path, first_port: int) -> None:
        self._record = record
        self._first_port = first_port
        self._servers: dict[str, _Server] = {}

    def serve(self, addresses: Mapping[str, str]) -> dict[str, str]:
        """Serve these addresses of the local AWS, by the names of their outputs; returns where each is served here.

        A name keeps its port. Other names that were served are served no longer. RemitError (2): a port is taken, or is
        none.
        """
        ports = self._ports(addresses)
        for name in [name for name in self._servers if name not in addresses]:
            self._servers.pop(name).stop()
        for name, address in addresses.items():
            if name in self._servers:
                self._servers[name].target = urlsplit(address)
            else:
                self._servers[name] = _started(ports[name], address, name)
        return {name: self._servers[name].address for name in addresses}

    def stop(self) -> None:
        """Serve nothing any more."""
        while self._servers:
            self._servers.popitem()[1].stop()

    def _ports(self, addresses: Mapping[str, str]) -> dict[str, int]:
        """The ports of all names: those that they had before, the one that is asked for, then the next that are free.

        They are written down for the next start, with those of names that are gone.
        """
        ports = self._recorded()
        following = self._first_port
        for name in addresses:
            while name not in ports and (following in ports.values() or self._is_taken(following)):
                following += 1
            ports.setdefault(name, following)
        self._record.parent.mkdir(parents=True, exist_ok=True)
        self._record.write_text(json.dumps(ports, indent=2) + "\n", "ascii")
        return ports

    def _is_taken(self, port: int) -> bool:
        """Return whether another program has a port; False for the one that was asked for, of which an error tells."""
        if port == self._first_port or port > _LAST_PORT:
            return False
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return True
        return False

    def _recorded(self) -> dict[str, int]:
        """The ports as they were recorded; none if they began with another first port, or cannot be read."""
        try:
            recorded: Any = json.loads(self._record.read_text("ascii"))
        except (OSError, ValueError):
            return {}
        if not isinstance(recorded, dict) or not all(isinstance(port, int) for port in recorded.values()):
            return {}
        return recorded if min(recorded.values(), default=self._first_port) == self._first_port else {}


class _Server(ThreadingHTTPServer):
    """Forwards what one port is asked to one address."""

    daemon_threads = True

    def __init__(self, port: int, address: str) -> None:
        super().__init__(("127.0.0.1", port), _Forward)
        self.target = urlsplit(address)

    @property
    def address(self) -> str:
        """The address it serves at: `http://127.0.0.1:PORT/`, for a WebSocket API `ws://127.0.0.1:PORT`."""
        end = "" if self.target.scheme == "ws" else "/"
        return f"{self.target.scheme}://127.0.0.1:{self.server_port}{end}"

    def stop(self) -> None:
        """End it, and free its port."""
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is nobody's business."""


def _started(port: int, address: str, name: str) -> _Server:
    """A server that forwards from a port to an address, in a thread. RemitError: the port is taken, or is none."""
    try:
        server = _Server(port, address)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or f"there is no port {port}"
        raise RemitError(
            f"{name} cannot be served at port {port}: {reason}",
            hint="`--port NUMBER` chooses the first of the ports to serve at",
        ) from None
    threading.Thread(target=partial(server.serve_forever, poll_interval=0.1), daemon=True).start()
    return server


class _Forward(BaseHTTPRequestHandler):
    """Forwards a request, one a connection, and its answer as it comes, byte for byte."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
        """Say nothing: the function's own log tells."""

    def forward(self) -> None:
        """Send the request on, and pass on what either side says then, until one of them has enough.

        The answer is 502 where no API can be reached; a connection that breaks later ends it, and nothing is said.
        """
        target = self.server.target
        path, mark, query = self.path.partition("?")
        if self.headers.get("upgrade", "").lower() == "websocket":
            path = path.removesuffix("/")
        else:
            del self.headers["connection"], self.headers["expect"]  # the latter is answered already
            self.headers["Connection"] = "close"
        head = [f"{self.command} {target.path.rstrip('/')}{path}{mark}{query} {self.request_version}"]
        head += [f"{name}: {value}" for name, value in self.headers.items()]
        self.close_connection = True
        try:
            api = socket.create_connection((str(target.hostname), target.port))
        except OSError:
            self.send_error(502, "the AWS on this machine does not answer")
            return
        with contextlib.suppress(OSError), api:
            api.sendall("\r\n".join((*head, "", "")).encode("latin-1"))
            to_client = threading.Thread(target=self._pass_on, args=(api,), daemon=True)
            to_client.start()
            while sent := self.rfile.read1(_CHUNK):
                api.sendall(sent)
            api.shutdown(socket.SHUT_WR)
            to_client.join()

    def _pass_on(self, api: socket.socket) -> None:
        """Send the client what the API answers, then end its connection; one that breaks is no error."""
        with contextlib.suppress(OSError):
            while received := api.recv(_CHUNK):
                self.wfile.write(received)
                self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)


for _method in _METHODS:
    setattr(_Forward, f"do_{_method}", _Forward.forward)
