"""Pass bytes between a debugger and the worker that it debugs, so that nobody else reaches the worker.

A worker that is debugged opens no port: it connects to this server, where it is known by its process. The debugger
connects to a port of this server's, too. On Linux it must belong to the same user, and everywhere it must begin as the
Debug Adapter Protocol does, which no page in a browser can.
"""

from __future__ import annotations

import os
import queue
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from remit.local.functions import peers
from remit.local.functions.doors import listen

_PATIENCE: Final = 5.0  # seconds in which a connection must show whose it is
_BEGINNING: Final = b"Content-Length:"
_BYTES: Final = 1 << 16


class DebugRelay:
    """The ports of one function's debugger, open until `close`. OSError: the port is not free."""

    def __init__(self, port: int) -> None:
        self._debuggers = listen(port)
        self._workers = listen()
        self.port: int = self._debuggers.getsockname()[1]
        self.worker_port: int = self._workers.getsockname()[1]
        self.worker_pid = 0
        """The process that is debugged: 0, if there is none."""
        self._waiting: queue.Queue[socket.socket | None] = queue.Queue()
        self._open: set[socket.socket] = set()
        for serve in (self._take_debuggers, self._take_workers):
            threading.Thread(target=serve, daemon=True, name="remit-debugger").start()

    def close(self) -> None:
        """Hang up on debuggers and workers, and give the ports back."""
        self._waiting.put(None)
        for connected in (self._debuggers, self._workers, *self._open):
            with suppress(OSError):
                connected.shutdown(socket.SHUT_RDWR)
            connected.close()

    def _take_workers(self) -> None:
        """Queue the connections of the process that is debugged, and close those of any other.

        Without /proc all are queued.
        """
        for connected in _accepted(self._workers):
            until = time.monotonic() + _PATIENCE
            while self.worker_pid == 0 and time.monotonic() < until:  # it may connect before its number is known
                time.sleep(0.01)
            if not peers.HAS_PROC or peers.is_of_process(connected, self.worker_pid):
                self._waiting.put(connected)
            else:
                connected.close()

    def _take_debuggers(self) -> None:
        """Join each debugger with the next worker that waits, in both directions; a probe of the port is hung up on.

        A debugger waits until a worker comes, or until `close`.
        """
        for connected in _accepted(self._debuggers):
            if not _is_a_debugger(connected):
                connected.close()
                continue
            worker = self._waiting.get()
            if worker is None:
                connected.close()
                return
            self._open |= {connected, worker}
            for source, target in ((connected, worker), (worker, connected)):
                threading.Thread(target=_copy, args=(source, target), daemon=True, name="remit-debugger").start()


def _accepted(listener: socket.socket) -> Iterator[socket.socket]:
    """Yield the connections to a port, until it is closed."""
    listener.settimeout(None)
    while True:
        try:
            connected, _ = listener.accept()
        except OSError:
            return
        yield connected


def _is_a_debugger(connected: socket.socket) -> bool:
    """Return whether a debugger of this user connects, and no function: those are processes that this one started.

    It waits at most five seconds for the beginning of the Debug Adapter Protocol, and leaves it in the connection.
    """
    if peers.HAS_PROC and (peers.user_of(connected) != os.geteuid() or peers.is_of_process(connected, os.getpid())):
        return False
    until = time.monotonic() + _PATIENCE
    connected.settimeout(_PATIENCE)
    with suppress(OSError):
        while time.monotonic() < until:
            # Looked at, and left there: the worker reads it as the first of what the debugger sends.
            beginning = connected.recv(len(_BEGINNING), socket.MSG_PEEK)
            if beginning == _BEGINNING or not _BEGINNING.startswith(beginning) or not beginning:
                return beginning == _BEGINNING
            time.sleep(0.01)
    return False


def _copy(source: socket.socket, target: socket.socket) -> None:
    """Pass on bytes until one of the two hangs up, then close both."""
    source.settimeout(None)
    with suppress(OSError):
        while received := source.recv(_BYTES):
            target.sendall(received)
    for connected in (source, target):
        with suppress(OSError):
            connected.shutdown(socket.SHUT_RDWR)
        connected.close()
