"""Only the processes that have a mark in their environment are found, which the watchdog ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.local.functions import watchdog

if TYPE_CHECKING:
    from pathlib import Path


def test_processes_with_the_mark_in_their_environment_are_found_and_no_others(tmp_path: Path) -> None:
    environments = {"11": b"A=1\0MARK=x1\0", "12": b"A=1\0MARK=x2\0", "self": b"A=1\0MARK=x1\0"}
    for process, environment in environments.items():
        (tmp_path / process).mkdir()
        (tmp_path / process / "environ").write_bytes(environment)
    (tmp_path / "13").mkdir()  # it ended meanwhile
    assert [11] == watchdog._marked("MARK=x1", tmp_path)
