"""The process at the other end of a connection: the worker itself, or somebody else on this machine.

awslambdaric, which talks to the Runtime API, sends no secret, and a prefix in the address would break its reports of
errors at the start. But Linux says which process holds the other end of a connection on loopback.
"""

from __future__ import annotations

import hmac
from pathlib import Path
from typing import TYPE_CHECKING, Final

from remit.local.functions.connection_ends import CONNECTIONS, connection_end

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping

KEY_HEADER: Final = "lambda-runtime-key"
"""The header with the worker's secret, which remit's own client of the Runtime API sends where there is no /proc."""

HAS_PROC: Final = CONNECTIONS.exists()


def is_of_process(connected: socket.socket, pid: int) -> bool:
    """Return whether a process, or one that it started, holds the other end of a connection."""
    end = connection_end(connected.getpeername(), connected.getsockname())
    return end is not None and any(_holds(process, end.inode) for process in (pid, *descendants(pid)))


def user_of(connected: socket.socket) -> int | None:
    """The number of the user at the other end of a connection; None if it is gone."""
    end = connection_end(connected.getpeername(), connected.getsockname())
    return None if end is None else end.user


def descendants(pid: int) -> list[int]:
    """The processes that a process started, and those that they started."""
    children: list[int] = []
    for task in _listed(Path(f"/proc/{pid}/task")):
        try:
            text = (task / "children").read_text("ascii")
        except OSError:
            continue
        for child in map(int, text.split()):
            children.extend((child, *descendants(child)))
    return children


def comes_from_a_page(headers: Mapping[str, str], port: int) -> bool:
    """Return whether a browser sent a request, or it asks for a name that somebody points here."""
    sent_by_browser = any(name == "origin" or name.startswith("sec-fetch-") for name in headers)
    return sent_by_browser or headers.get("host") != f"127.0.0.1:{port}"


def has_key(headers: Mapping[str, str], key: str) -> bool:
    """Return whether a request carries the worker's secret."""
    return hmac.compare_digest(headers.get(KEY_HEADER, "").encode(), key.encode())


def _holds(pid: int, inode: int) -> bool:
    return any(_target(link) == f"socket:[{inode}]" for link in _listed(Path(f"/proc/{pid}/fd")))


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:
        return ""


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []
