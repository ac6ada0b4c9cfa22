"""Run the chunks of an audit: in this process, or on several cores; the results are the same, in the same order."""

from __future__ import annotations

import contextlib
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from remit.audit.account_audit import AuditedAccount, Chunk, audited_accounts
from remit.audit.trail import PARQUET, TrailSummary, summed_up, trail_files
from remit.audit.trail_query import summed_up_parquet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_FILES_PER_PART: Final = 64
_CHUNKS_PER_PROCESS: Final = 4
"""More chunks than processes, so that none waits long for the last; fewer of them, so that each asks less twice."""


def run(chunk: Chunk, processes: int = 1) -> Iterator[AuditedAccount]:
    """The results of all accounts of a chunk, in their order, by so many processes."""
    if processes <= 1 or len(chunk.works) <= 1:
        yield from audited_accounts(chunk)
        return
    chunks = parts_of(chunk, processes * _CHUNKS_PER_PROCESS)
    with ProcessPoolExecutor(processes) as executor:
        for results in executor.map(all_audited, chunks):
            yield from results


def summed_up_trail(folder: Path, processes: int, progress: Callable[[str], None]) -> TrailSummary:
    """What the log files below a folder hold, read by so many processes. RemitError: there is none."""
    all_files = trail_files(folder)
    tables = [file for file in all_files if file.endswith(PARQUET)]
    files = [file for file in all_files if not file.endswith(PARQUET)]
    parts = [files[start : start + _FILES_PER_PART] for start in range(0, len(files), _FILES_PER_PART)]
    summary = summed_up_parquet(tables) if tables else TrailSummary()
    summary.name = folder.as_posix()
    read = 0
    with contextlib.ExitStack() as stack:
        each = map if processes <= 1 else stack.enter_context(ProcessPoolExecutor(processes)).map
        for part, further in zip(parts, each(summed_up, parts), strict=True):
            summary.add(further)
            read += len(part)
            progress(f"{read:,} of {len(files):,} log files read, {summary.events:,} events")
    return summary


def parts_of(chunk: Chunk, count: int) -> list[Chunk]:
    """At most so many chunks of about the same size, in the order of the accounts."""
    size = -(-len(chunk.works) // count)
    starts = range(0, len(chunk.works), size)
    return [replace(chunk, works=chunk.works[start : start + size]) for start in starts]


def all_audited(chunk: Chunk) -> list[AuditedAccount]:
    """The results of a chunk at once: what a process is sent."""
    return list(audited_accounts(chunk))
