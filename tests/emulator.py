"""The emulator behind the local AWS, by itself: an access key that is an account's number is that account."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import outlive
from ports import free_ports
from terminals import HANGS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


_REPAIRED = """\
from ministack.services import eventbridge, scheduler
from remit.local.repairs.requests import read_no_models
from remit.local.repairs.stacks import public_access, stacks_in_review
read_no_models()
public_access()
stacks_in_review()
eventbridge._SCHEDULER_TICK_INTERVAL = scheduler._SCHEDULE_TICK_INTERVAL = 1
"""
"""Deploys need the stacks in review and the buckets that AWS has; nobody waits 10 s for what is due, or for models."""


@contextmanager
def running(home: Path) -> Iterator[str]:
    """The address of an emulator that keeps its files in `home`, and ends with this."""
    port = free_ports(1)
    scrubbed = {
        "PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(home), "LOG_LEVEL": "ERROR",
        "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port),
    }  # fmt: skip
    with (home / "log").open("wb") as log:
        command = [sys.executable, "-c", _REPAIRED + outlive.INSIDE, "ministack"]
        server = subprocess.Popen(command, env=scrubbed, cwd=home, stdin=subprocess.PIPE, stdout=log, stderr=log)
    while not _answers(port):
        assert server.poll() is None, (home / "log").read_text()
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    server.kill()  # a stack that waits would hold it
    server.communicate(timeout=HANGS)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
