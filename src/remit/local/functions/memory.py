"""How much memory a process uses, with all that it started."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Final

from remit.local.functions.peers import HAS_PROC, descendants

_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_SHARE: Final = re.compile(rb"^Pss:\s+(\d+) kB", re.MULTILINE)
_PEAK: Final = re.compile(rb"VmHWM:\s+(\d+) kB")


def resident_bytes(pid: int, limit: int) -> int:
    """The bytes that a process and its descendants hold in memory.

    What they share, as after a fork, is counted once where it matters: where all together exceed the limit.
    """
    if not HAS_PROC:
        return _listed_kilobytes(pid) * 1024
    processes = (pid, *descendants(pid))
    size = sum(map(_resident_pages, processes)) * _PAGE
    if size > limit and len(processes) > 1:
        return sum(map(_own_share, processes))
    return size


def peak_mb(pid: int) -> int:
    """The most megabytes that a process has held; 0 where that is not known."""
    try:
        match = _PEAK.search(Path(f"/proc/{pid}/status").read_bytes())
    except OSError:
        return 0
    return 0 if match is None else int(match[1]) // 1024


def _resident_pages(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_bytes().split()[1])
    except (OSError, IndexError):
        return 0


def _own_share(pid: int) -> int:
    """The bytes that a process holds, with its part of what it shares."""
    try:
        match = _SHARE.search(Path(f"/proc/{pid}/smaps_rollup").read_bytes())
    except OSError:
        return 0
    return 0 if match is None else int(match[1]) * 1024


def _listed_kilobytes(group: int) -> int:
    """Sum the memory of a process group by `ps`, on systems without /proc."""
    listed = subprocess.run(("/bin/ps", "-A", "-o", "pgid=,rss="), capture_output=True, text=True, check=False)
    rows = [line.split() for line in listed.stdout.splitlines()]
    return sum(int(row[1]) for row in rows if row[0] == str(group))
