"""Ports of this machine that nobody uses, one after the other."""

from __future__ import annotations

import contextlib
import os
import socket
from typing import Final

_BEGIN: Final = 20_000
_PORTS: Final = 10_000
"""Below those that the system gives to connections: one of them may be taken at any moment."""
_STEP: Final = 97


def free_ports(count: int) -> int:
    """The first of `count` free ports in a row; processes of tests begin to look at different places."""
    for attempt in range(_PORTS // _STEP):
        first = _BEGIN + (os.getpid() * 13 + attempt) * _STEP % _PORTS
        with contextlib.suppress(OSError), contextlib.ExitStack() as probes:
            for port in range(first, first + count):
                probes.enter_context(socket.socket()).bind(("127.0.0.1", port))
            return first
    raise AssertionError("no free ports")
