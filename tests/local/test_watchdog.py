"""The watchdog ends what its server started, also when somebody killed the watchdog before."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from remit.local.functions.watchdog import Watchdog, kill
from terminals import HANGS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def sleeping(mark: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process in a group of its own, with a mark in its environment."""
    command = [sys.executable, "-S", "-c", "import time; print(flush=True); time.sleep(600)"]
    environment = {**os.environ, "MARK": mark}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield process
        finally:
            process.kill()


def test_a_new_watchdog_ends_what_the_old_one_watched(tmp_path: Path) -> None:
    mark = secrets.token_hex(16)
    watchdog = Watchdog()
    with sleeping(mark) as first, sleeping(mark) as second:
        workers = (first, second)
        for number, worker in enumerate(workers):
            (tmp_path / str(number)).mkdir()
            watchdog.watch(worker.pid, mark, tmp_path / str(number))
            assert watchdog._program is not None
            if number == 0:
                watchdog._program.kill()
                watchdog._program.wait()
        watchdog.close()
        assert 2 * [-signal.SIGKILL] == [worker.wait(HANGS) for worker in workers]
        assert [] == list(tmp_path.iterdir())


def test_a_number_that_a_process_left_and_another_has_now_is_not_killed() -> None:
    mark = secrets.token_hex(16)
    with sleeping("another's") as other, sleeping(mark) as left_the_group:
        kill(other.pid, mark, leader_is_reaped=True)
        assert -signal.SIGKILL == left_the_group.wait(HANGS)
        assert None is other.poll()
        kill(other.pid, mark)
        assert -signal.SIGKILL == other.wait(HANGS)


def test_what_a_process_left_in_its_group_is_killed_when_it_is_gone() -> None:
    leader = "import subprocess; print(subprocess.Popen(['sleep', '600'], env={}).pid, flush=True)"
    with subprocess.Popen(
        [sys.executable, "-S", "-c", leader], stdout=subprocess.PIPE, start_new_session=True
    ) as group:
        assert group.stdout is not None
        left = int(group.stdout.readline())
        group.wait(HANGS)
        os.kill(left, 0)
        kill(group.pid, secrets.token_hex(16), leader_is_reaped=True)
        assert b"" == group.stdout.read()  # which ends when nobody has it any more
