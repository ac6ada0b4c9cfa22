"""The process at the other end of a connection: the worker itself, or somebody else on this machine.

awslambdaric, which talks to the Runtime API, sends no secret, and a prefix in the address would break its reports of
errors at the start. But Linux says which process holds the other end of a connection on loopback.

The kernel is asked for the one connection ("sock_diag(7)"). /proc/net/tcp lists all, of which a busy machine has tens
of thousands: reading that takes seconds, in which the time of a function goes by that has just started.
"""

from __future__ import annotations

import socket
import struct
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

Address = tuple[str, int]

CONNECTIONS: Final = Path("/proc/net/tcp")
_LOCAL, _REMOTE, _USER, _INODE = 1, 2, 7, 9  # columns of /proc/net/tcp ("proc(5)")

_SOCK_DIAG: Final = 4  # NETLINK_SOCK_DIAG
_BY_FAMILY: Final = 20  # SOCK_DIAG_BY_FAMILY
_REQUEST: Final = 1  # NLM_F_REQUEST
_ALL_STATES: Final = 0xFFFFFFFF
_NO_COOKIE: Final = b"\xff" * 8
_HEADER: Final = struct.Struct("=IHHII")  # struct nlmsghdr
_QUESTION: Final = struct.Struct("=BBBBI48s")  # struct inet_diag_req_v2
_ANSWER: Final = struct.Struct("=BBBB48sIIIII")  # struct inet_diag_msg
_ADDRESSES: Final = 36  # bytes of struct inet_diag_sockid before its interface and cookie


class ConnectionEnd(NamedTuple):
    """The number of the user whose an end of a connection is, and the inode of its socket."""

    user: int
    inode: int


def connection_end(local: Address, remote: Address) -> ConnectionEnd | None:
    """The end with the address `local` of a connection to `remote`, on Linux; None: there is no such connection."""
    return _end_in_kernel(local, remote) or _found_in_list(local, remote)


def _end_in_kernel(local: Address, remote: Address) -> ConnectionEnd | None:
    """The end of a connection that the kernel finds by both addresses.

    None: there is none, or the kernel cannot be asked.
    """
    addresses = struct.pack("!HH16s16s", local[1], remote[1], socket.inet_aton(local[0]), socket.inet_aton(remote[0]))
    question = _QUESTION.pack(socket.AF_INET, socket.IPPROTO_TCP, 0, 0, _ALL_STATES, addresses + bytes(4) + _NO_COOKIE)
    header = _HEADER.pack(_HEADER.size + len(question), _BY_FAMILY, _REQUEST, 1, 0)
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _SOCK_DIAG) as kernel:
            kernel.send(header + question)
            answer = kernel.recv(1 << 13)
    except OSError:
        return None
    if len(answer) < _HEADER.size + _ANSWER.size or _HEADER.unpack_from(answer)[1] != _BY_FAMILY:
        return None
    *_, identity, _expires, _received, _sent, user, inode = _ANSWER.unpack_from(answer, _HEADER.size)
    is_this_one = identity[:_ADDRESSES] == addresses  # and not who listens there
    return ConnectionEnd(user, inode) if is_this_one else None


def _found_in_list(local: Address, remote: Address) -> ConnectionEnd | None:
    """The end as the list of all connections, /proc/net/tcp, has it; None: it is not there.

    OSError: there is no such list.
    """
    addresses = [_as_listed(local), _as_listed(remote)]
    for line in CONNECTIONS.read_text("ascii").splitlines():
        columns = line.split()
        if columns[_LOCAL : _REMOTE + 1] == addresses:
            return ConnectionEnd(int(columns[_USER]), int(columns[_INODE]))
    return None


def _as_listed(address: Address) -> str:
    """An IPv4 address and a port as /proc/net/tcp writes them: the address in the byte order of the machine."""
    number = int.from_bytes(bytes(map(int, address[0].split("."))), "little")
    return f"{number:08X}:{address[1]:04X}"


KEY_HEADER: Final = "lambda-runtime-key"
"""The header with the worker's secret, which remit's own client of the Runtime API sends where there is no /proc."""

HAS_PROC: Final = CONNECTIONS.exists()


def is_of_process(connected: socket.socket, pid: int) -> bool:
    """Return whether a process, or one that it started, holds the other end of a connection."""
    end = connection_end(connected.getpeername(), connected.getsockname())
    return end is not None and any(_holds(process, end.inode) for process in (pid, *descendants(pid)))


def user_of(connected: socket.socket) -> int | None:
    """The number of the user at the other end of a connection; None if that is gone."""
    end = connection_end(connected.getpeername(), connected.getsockname())
    return None if end is None else end.user


def descendants(pid: int) -> list[int]:
    """The processes that a process started, and those that they started.

    None of one that has ended, and without /proc.
    """
    children: list[int] = []
    for task in _listed(Path(f"/proc/{pid}/task")):
        try:
            text = (task / "children").read_text("ascii")
        except OSError:
            continue
        for child in map(int, text.split()):
            children.extend((child, *descendants(child)))
    return children


def _holds(pid: int, inode: int) -> bool:
    """Return whether a process has a socket open; False where its files cannot be looked at."""
    for link in _listed(Path(f"/proc/{pid}/fd")):
        with suppress(OSError):  # the process has closed it meanwhile
            if str(link.readlink()) == f"socket:[{inode}]":
                return True
    return False


def _listed(folder: Path) -> list[Path]:
    """The entries of a folder; none where it cannot be read."""
    try:
        return list(folder.iterdir())
    except OSError:
        return []
