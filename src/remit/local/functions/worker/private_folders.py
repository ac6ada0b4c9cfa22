"""Give this process a /tmp of its own, of the size that the function has, and its layers at /opt: on Linux.

It enters a namespace of users and mounts, in which every user may mount ("user_namespaces(7)"). Nobody else sees what
is mounted there, and it is gone with the process. Run as a program, this tries whether the system lets it.
"""

from __future__ import annotations

import ctypes
import os
import sys

TYPE_CHECKING = False  # as typing's, whose import takes milliseconds
if TYPE_CHECKING:
    from collections.abc import Sequence

_NEW_MOUNTS = 0x00020000  # <linux/sched.h>
_NEW_USERS = 0x10000000
_NO_SETUID, _NO_DEVICES, _BIND, _RECURSIVE, _PRIVATE = 2, 4, 4096, 16384, 1 << 18  # <linux/mount.h>
_CAPABILITIES_VERSION = 0x20080522  # <linux/capability.h>


def enter(storage_bytes: int, layers: Sequence[str]) -> None:
    """Enter the namespaces, and mount. OSError: the system does not allow it."""
    user, group = os.geteuid(), os.getegid()
    _call("unshare", _NEW_USERS | _NEW_MOUNTS)
    _write("setgroups", "deny")
    _write("uid_map", f"{user} {user} 1")
    _write("gid_map", f"{group} {group} 1")
    _call("mount", b"none", b"/", None, _RECURSIVE | _PRIVATE, None)
    size = f"size={storage_bytes},mode=1777".encode()
    _call("mount", b"tmpfs", b"/tmp", b"tmpfs", _NO_SETUID | _NO_DEVICES, size)
    if len(layers) == 1:
        _call("mount", layers[0].encode(), b"/opt", None, _BIND, None)
    elif layers:
        lower = "lowerdir=" + ":".join(reversed(layers))  # a later layer covers an earlier one
        _call("mount", b"overlay", b"/opt", b"overlay", _NO_SETUID | _NO_DEVICES, lower.encode())
    _give_up_capabilities()


def _call(name: str, *arguments: object) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    if getattr(library, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def _write(name: str, text: str) -> None:
    with open(f"/proc/self/{name}", "w", encoding="ascii") as file:  # noqa: PTH123 - pathlib takes milliseconds
        file.write(text)


def _give_up_capabilities() -> None:
    """Keep none of the rights that the creator of a namespace has in it."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITIES_VERSION, 0)
    _call("capset", ctypes.byref(header), ctypes.byref((ctypes.c_uint32 * 6)()))


if __name__ == "__main__":
    try:
        enter(1 << 20, ())
        open("/tmp/try", "x", encoding="ascii").close()  # noqa: PTH123, S108 - as above
    except OSError as error:
        sys.exit(str(error))
