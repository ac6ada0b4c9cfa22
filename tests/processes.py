"""What Linux tells of a process: what it has opened, the ports on which it listens, its children.

What ends or is closed meanwhile is left out.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def opened(pid: int) -> set[str]:
    """The names of what a process has opened."""
    names = set()
    with suppress(FileNotFoundError):
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(FileNotFoundError):
                names.add(str(descriptor.readlink()))
    return names


def listening(pid: int) -> set[int]:
    """The TCP ports of IPv4 on which a process listens."""
    names = opened(pid)
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listened = [row for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in names]
    return {int(row[1].split(":")[1], 16) for row in listened}


def children(pid: int) -> list[int]:
    """The processes that a process has started and that have not ended."""
    numbers: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(FileNotFoundError, ProcessLookupError):
            numbers += map(int, task.read_text().split())
    return numbers


def having(variable: str) -> list[int]:
    """The processes that have a text in their environment."""
    numbers: list[int] = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(FileNotFoundError, PermissionError, ProcessLookupError):
            if variable.encode() in (folder / "environ").read_bytes():
                numbers.append(int(folder.name))
    return numbers
