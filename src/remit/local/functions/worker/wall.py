"""Put a wall around this process: it sees no other process, nothing of the server's, and its own code to read alone.

On Linux it enters namespaces of users, mounts and processes, in which every user may mount ("user_namespaces(7)"). What
is mounted there nobody else sees, and it is gone with the process. Run as a program, this tries whether the system lets
it. Whoever started the process still has the outermost of three: the next one ends all when it ends, as the first
process of a namespace does, and the innermost, which alone goes on here, is the function's ("pid_namespaces(7)").
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

TYPE_CHECKING = False  # as typing's, whose import takes milliseconds
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, NoReturn

_NEW_MOUNTS, _NEW_USERS, _NEW_PROCESSES = 0x00020000, 0x10000000, 0x20000000  # <linux/sched.h>
_READ_ONLY, _NO_SETUID, _NO_DEVICES, _NO_PROGRAMS, _REMOUNT, _BIND = 1, 2, 4, 8, 32, 4096  # <linux/mount.h>
_RECURSIVE, _PRIVATE = 16384, 1 << 18
_NO_TIMES, _NO_FOLDER_TIMES, _RELATIVE_TIMES = 1024, 2048, 1 << 21
_RELATIVE_TIMES_OF_STATVFS = 4096  # <bits/statvfs.h>; the others are the same numbers there
_END_WITH_PARENT, _NO_NEW_PRIVILEGES = 1, 38  # <linux/prctl.h>
_CAPABILITIES_VERSION = 0x20080522  # <linux/capability.h>


def enter(wall: dict[str, Any]) -> None:
    """Go on behind the wall, in another process; the one that called waits for that, and ends as it ends.

    OSError: the system does not allow it. `wall` says what `worker_launch.py` writes: `hidden` is the folder of the
    server, of which `code` stays to read and `work` to write; `private` whether there is a /tmp of its own, of
    `storage_bytes`, and the layers `opt` at /opt.
    """
    user, group = os.geteuid(), os.getegid()
    _call("unshare", _NEW_USERS | _NEW_MOUNTS | _NEW_PROCESSES)
    _write("setgroups", "deny")
    _write("uid_map", f"{user} {user} 1")
    _write("gid_map", f"{group} {group} 1")
    reading, writing = os.pipe()
    first = os.fork()
    if first:
        os.close(writing)
        _end_like_the_function(first, reading)
    os.close(reading)
    _call("prctl", _END_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
    try:
        _mount(wall)
    except OSError as error:
        os.write(writing, f"error {error}".encode())
        os._exit(1)
    _give_up_capabilities()
    os.chdir("/")  # the folder in which this was started lies under what is hidden now
    function = os.fork()
    if function:
        _wait(function, writing)
    os.close(writing)


def _mount(wall: dict[str, Any]) -> None:
    """Mount what the function may see: folders, most to be read alone, and an empty one over what is hidden.

    /tmp and /opt are its own where `private` says so. OSError: the system refuses it.
    """
    _call("mount", b"none", b"/", None, _RECURSIVE | _PRIVATE, None)
    _call("mount", b"proc", b"/proc", b"proc", _NO_SETUID | _NO_DEVICES | _NO_PROGRAMS, None)
    layers = wall["opt"] if wall["private"] else []
    if len(layers) == 1:
        _bind(layers[0], "/opt", is_read_only=True)
    elif layers:
        lower = "lowerdir=" + ":".join(reversed(layers))  # a later layer covers an earlier one
        _call("mount", b"overlay", b"/opt", b"overlay", _NO_SETUID | _NO_DEVICES, lower.encode())
    hidden = wall["hidden"]
    kept = list(_kept(wall))
    for folder, _, is_read_only in kept:
        if not _is_in(folder, hidden):
            _bind(folder, folder, is_read_only=is_read_only)
    _call("mount", b"tmpfs", hidden.encode(), b"tmpfs", _NO_SETUID | _NO_DEVICES, b"size=1m,mode=0700")
    for folder, descriptor, is_read_only in kept:
        if _is_in(folder, hidden):
            os.makedirs(folder, mode=0o700, exist_ok=True)  # noqa: PTH103 - pathlib takes milliseconds
            _bind(f"/proc/self/fd/{descriptor}", folder, is_read_only=is_read_only)
        os.close(descriptor)
    _remount_read_only(hidden)
    if wall["private"]:
        size = f"size={wall['storage_bytes']},mode=1777".encode()
        _call("mount", b"tmpfs", b"/tmp", b"tmpfs", _NO_SETUID | _NO_DEVICES, size)


def _kept(wall: dict[str, Any]) -> Iterator[tuple[str, int, bool]]:
    """Yield the folders that stay, with descriptors opened before they are covered, and whether they are read-only."""
    for folder in dict.fromkeys(wall["code"]):
        yield folder, os.open(folder, os.O_PATH), True
    if not wall["private"]:
        yield wall["work"], os.open(wall["work"], os.O_PATH), False


def _is_in(folder: str, outer: str) -> bool:
    return folder.startswith(outer + os.sep)


def _bind(source: str, target: str, *, is_read_only: bool) -> None:
    _call("mount", source.encode(), target.encode(), None, _BIND, None)
    if is_read_only:
        _remount_read_only(target)


def _remount_read_only(target: str) -> None:
    """Let nobody write, and keep what else the system says of the mount, which only its owner may take away."""
    stated = os.statvfs(target).f_flag
    kept = stated & (_NO_SETUID | _NO_DEVICES | _NO_PROGRAMS | _NO_TIMES | _NO_FOLDER_TIMES)
    if stated & _RELATIVE_TIMES_OF_STATVFS:
        kept |= _RELATIVE_TIMES
    _call("mount", None, target.encode(), None, _REMOUNT | _BIND | _READ_ONLY | kept, None)


def _wait(function: int, writing: int) -> NoReturn:
    """Be the first process: wait for all that nobody else waits for, and end with the function's process.

    Its status is written to the pipe, as a number in text.
    """
    while True:
        ended, status = os.waitpid(-1, 0)
        if ended == function:
            os.write(writing, str(status).encode())
            os._exit(0)


def _end_like_the_function(first: int, reading: int) -> NoReturn:
    """Wait, and end as the function's process has, for whoever started this one: by its signal or with its exit code.

    It ends by SIGKILL where nobody could say how, and with the reason where the wall could not be made.
    """
    _give_up_capabilities()
    os.waitpid(first, 0)
    said = os.read(reading, 1000).decode()
    if said.startswith("error "):
        sys.exit(said)
    status = int(said or signal.SIGKILL)
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(os.waitstatus_to_exitcode(status))


def _call(name: str, *arguments: object) -> None:
    """Call a function of the C library that gives 0 when it succeeds. OSError: it gives another number."""
    library = ctypes.CDLL(None, use_errno=True)
    if getattr(library, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def _write(name: str, text: str) -> None:
    with open(f"/proc/self/{name}", "w", encoding="ascii") as file:  # noqa: PTH123 - pathlib takes milliseconds
        file.write(text)


def _give_up_capabilities() -> None:
    """Keep none of the rights that the creator of a namespace has in it, and let no program give them back."""
    _call("prctl", _NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(_CAPABILITIES_VERSION, 0)
    _call("capset", ctypes.byref(header), ctypes.byref((ctypes.c_uint32 * 6)()))


if __name__ == "__main__":
    folder = sys.argv[1]  # an empty one
    try:
        enter({"hidden": folder, "code": [], "private": True, "storage_bytes": 1 << 20, "opt": []})
        open("/tmp/try", "x", encoding="ascii").close()  # noqa: PTH123, S108 - as above
    except OSError as error:
        sys.exit(str(error))
