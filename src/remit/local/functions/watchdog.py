"""End workers and all that they started, even when this process is killed: a watchdog of its own waits for that.

The watchdog is this file, run as a program. It reads, one a line, which workers run, from a pipe that closes with the
server, however that ends; then it ends them. It imports nothing of remit.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

_PROCESSES = Path("/proc")


class Watchdog:
    """The program that waits for the end of this process. It is started with the first worker."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._program: subprocess.Popen[str] | None = None
        self._workers: dict[int, tuple[str, str]] = {}

    def watch(self, group: int, mark: str, folder: Path) -> None:
        """If this process ends, end a process group and all that has the mark in its environment; remove the folder."""
        with self._lock:
            self._workers[group] = (mark, str(folder))
            self._tell({"group": group, "mark": mark, "folder": str(folder)})

    def forget(self, group: int) -> None:
        """Watch a process group no more: its worker has ended."""
        with self._lock:
            self._workers.pop(group, None)
            self._tell({"group": group})

    def close(self) -> None:
        """Close the watchdog's pipe and wait until it has ended what it still watches, and itself."""
        with self._lock:
            if self._program is not None:
                self._program.communicate()
                self._program = None

    def _tell(self, message: dict[str, object]) -> None:
        """Tell the watchdog; where there is none, or it is gone, start its process and tell it of all workers."""
        if self._program is not None:
            with suppress(BrokenPipeError):
                self._send(message)
                return
            self._program.communicate()  # closes the pipe that nobody reads
        self._program = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        for group, (mark, folder) in self._workers.items():
            self._send({"group": group, "mark": mark, "folder": folder})

    def _send(self, message: dict[str, object]) -> None:
        assert self._program is not None  # noqa: S101 - an invariant
        assert self._program.stdin is not None  # noqa: S101 - as above
        self._program.stdin.write(json.dumps(message) + "\n")
        self._program.stdin.flush()


def kill(group: int, mark: str, *, leader_is_reaped: bool = False) -> None:
    """Kill a process group, and whoever left it but still has the mark in its environment.

    None that is gone is an error. Once its leader has been waited for, a process of the leader's number is somebody
    else's, and so is its group.
    """
    if not (leader_is_reaped and exists(group)):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
    for process in _marked(mark):
        with suppress(ProcessLookupError, PermissionError):
            os.kill(process, signal.SIGKILL)


def exists(process: int) -> bool:
    """Return whether there is a process of a number, whoever's it is."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _marked(mark: str, processes: Path = _PROCESSES) -> list[int]:
    """The processes that have a text in their environment; none where the system does not show that."""
    marked = []
    text = mark.encode()
    for folder in processes.glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes()
        except OSError:
            continue
        if text in environment:
            marked.append(int(folder.name))
    return marked


def main() -> None:
    """Be the watchdog: when the server's end closes the pipe, kill the workers that run, and remove their folders."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for others: this ends when the pipe does
    workers: dict[int, tuple[str, str]] = {}
    for line in sys.stdin:
        message = json.loads(line)
        if "mark" in message:
            workers[message["group"]] = (message["mark"], message["folder"])
        else:
            workers.pop(message["group"], None)
    for group, (mark, folder) in workers.items():
        kill(group, mark)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
