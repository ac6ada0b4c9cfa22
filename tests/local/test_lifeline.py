"""A process with a lifeline ends with whoever started it, and goes on when that is let go."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from processes import opened
from remit.local.lifeline import PROGRAM, lifeline
from terminals import HANGS, SOURCE

SLEEPS = [sys.executable, "-c", "import time; time.sleep(600)"]
STARTS = """
import sys, time
from remit.local.lifeline import lifeline
with lifeline(int(sys.argv[1])):
    print("holds", flush=True)
    time.sleep(600)
"""


HOLD = "anon_inode:[pidfd]"


def test_it_ends_with_a_process_that_is_killed() -> None:
    with subprocess.Popen(SLEEPS) as kept:
        command = [sys.executable, "-c", STARTS, str(kept.pid)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": SOURCE}) as starter:
            assert starter.stdout is not None
            assert b"holds\n" == starter.stdout.readline()
            starter.kill()
        assert -signal.SIGTERM == kept.wait(HANGS)


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="Linux alone gives a hold on a process")
def test_it_holds_the_process_and_not_its_number_which_may_be_another_s_later() -> None:
    with (
        subprocess.Popen(SLEEPS) as kept,
        subprocess.Popen([sys.executable, "-I", "-c", PROGRAM, str(kept.pid)], stdin=subprocess.PIPE) as watcher,
    ):
        deadline = time.monotonic() + HANGS
        while HOLD not in opened(watcher.pid) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert HOLD in opened(watcher.pid)
        watcher.communicate(timeout=HANGS)
        assert -signal.SIGTERM == kept.wait(HANGS)


def test_it_goes_on_when_it_is_let_go() -> None:
    with subprocess.Popen(SLEEPS) as kept:
        with lifeline(kept.pid):
            assert None is kept.poll()
        assert None is kept.poll()
        kept.kill()
