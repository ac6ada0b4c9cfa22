"""Open the ports that workers need, in a process that opens no other."""

from __future__ import annotations

import socket
import threading
from typing import Any

_opening = threading.local()


def listen(port: int = 0) -> socket.socket:
    """A socket that listens on loopback and does not block; at port 0 the kernel chooses one.

    OSError: the port is not free.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    _opening.now = True
    try:
        listener.bind(("127.0.0.1", port))
    except OSError:
        listener.close()
        raise
    finally:
        _opening.now = False
    listener.listen()
    listener.settimeout(0)
    return listener


def refuse_other_doors(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse to bind any port but those of `listen`, whatever part of this process asks for it: an audit hook.

    PermissionError: one is to be bound; sockets of files (Unix) may be.
    """
    if event == "socket.bind" and not getattr(_opening, "now", False):
        address = arguments[1]
        if isinstance(address, tuple):
            raise PermissionError(f"the AWS on this machine has one door, and opens none on {address[0]!r}")
