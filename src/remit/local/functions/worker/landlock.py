"""Keep this process from the server's folder and from the memory of others, where no namespace is allowed.

Landlock of Linux 5.13 and later lets any process give up access to files, for itself and all that it starts; to look
into a process that gave up less is denied, too ("landlock(7)"). Run as a program, this tries whether the system has it.
"""

from __future__ import annotations

import ctypes
import os
import sys

TYPE_CHECKING = False  # as typing's, whose import takes milliseconds
if TYPE_CHECKING:
    from typing import Any

_CREATE, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # <asm-generic/unistd.h>
_BENEATH = 1  # <linux/landlock.h>
_WRITE_FILE, _READ_FILE, _READ_FOLDER, _MOVE = 2, 4, 8, 1 << 13
_NO_NEW_PRIVILEGES = 38  # <linux/prctl.h>


class _Rule(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("access", ctypes.c_uint64), ("folder", ctypes.c_int32))


def enter(wall: dict[str, Any]) -> None:
    """Give up `hidden` for this process, but for what `code` (to read) and `work` name in it.

    OSError: there is no Landlock.
    """
    library = ctypes.CDLL(None, use_errno=True)
    version = library.syscall(_CREATE, None, 0, 1)
    access = _WRITE_FILE | _READ_FILE | _READ_FOLDER | (_MOVE if version > 1 else 0)
    rules = library.syscall(_CREATE, ctypes.byref(ctypes.c_uint64(access)), 8, 0)
    if rules < 0:
        raise OSError(ctypes.get_errno(), "landlock")
    code = dict.fromkeys(wall["code"], _READ_FILE | _READ_FOLDER)
    for path, of_folder in {**code, **dict.fromkeys((*_beside(wall["hidden"]), wall["work"]), access)}.items():
        if os.path.islink(path) or not os.path.exists(path):  # noqa: PTH110, PTH114 - pathlib takes milliseconds
            continue
        descriptor = os.open(path, os.O_PATH)
        allowed = of_folder if os.path.isdir(path) else _WRITE_FILE | _READ_FILE  # noqa: PTH112 - as above
        rule = _Rule(allowed, descriptor)
        library.syscall(_ADD_RULE, rules, _BENEATH, ctypes.byref(rule), 0)
        os.close(descriptor)
    library.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    if library.syscall(_RESTRICT_SELF, rules, 0) != 0:
        raise OSError(ctypes.get_errno(), "landlock")
    os.close(rules)


def _beside(hidden: str) -> list[str]:
    """All that lies beside a folder and beside each folder that it is in: these stay open, and so it does not."""
    paths = []
    inner = hidden
    while inner != "/":
        outer, name = os.path.split(inner)  # noqa: PTH118, RUF100 - as above
        paths += [os.path.join(outer, other) for other in os.listdir(outer) if other != name]  # noqa: PTH118, PTH208 - as above
        inner = outer
    return paths


if __name__ == "__main__":
    folder = sys.argv[1]
    enter({"hidden": folder, "code": [], "work": folder})
