"""The Runtime API of one worker: a port on loopback, from which only that worker gets an answer.

Nothing runs in the background: whoever waits for the worker calls `wait`, and takes the requests that came.
"""

from __future__ import annotations

import selectors
from collections import deque
from typing import TYPE_CHECKING

from remit.local.functions import peers
from remit.local.functions.doors import listen
from remit.local.functions.runtime_request import Connection, NotUnderstood

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.local.functions.runtime_request import RuntimeRequest


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
        """Wait until something comes, at most for some seconds, and read it. Whether something came."""
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
        if peers.comes_from_a_page(request.headers, self.port):
            return False
        return peers.HAS_PROC or peers.has_key(request.headers, self._key)

    def _hang_up(self, connection: Connection) -> None:
        self._selector.unregister(connection.socket)
        self._connections.discard(connection)
        connection.close()
