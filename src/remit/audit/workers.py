"""Run the parts of an audit: in this process, or on several cores; the results are the same, in the same order."""

from __future__ import annotations

import contextlib
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from remit.audit.account_audit import AuditedAccount, Chunk, audited_accounts
from remit.audit.trail import PARQUET, TrailSummary, summed_up, trail_files
from remit.audit.trail_query import summed_up_parquet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    Map = Callable[[Callable[[Any], Any], Sequence[Any]], Iterator[Any]]

_FILES_PER_PART: Final = 64
_PARTS_PER_WORKER: Final = 4
"""More parts than workers, so that none waits long for the last; fewer of them, so that each asks less twice."""


@dataclass(frozen=True, slots=True)
class Workers:
    """The runner of an audit's parts, so many at once.

    `map` gives a function's results on each part, in their order.
    """

    count: int
    map: Map


THIS_PROCESS: Final = Workers(1, map)


@contextlib.contextmanager
def processes(count: int) -> Iterator[Workers]:
    """So many processes until the end of the block; for one or fewer, this process itself."""
    if count <= 1:
        yield THIS_PROCESS
        return
    with ProcessPoolExecutor(count) as executor:
        yield Workers(count, executor.map)


def run(chunk: Chunk, workers: Workers = THIS_PROCESS) -> Iterator[AuditedAccount]:
    """The results of all accounts of a chunk, in their order."""
    if workers.count <= 1 or len(chunk.works) <= 1:
        yield from audited_accounts(chunk)
        return
    for results in workers.map(all_audited, parts_of(chunk, workers.count * _PARTS_PER_WORKER)):
        yield from results


def summed_up_trail(
    folder: Path, workers: Workers = THIS_PROCESS, progress: Callable[[str], None] = lambda _: None
) -> TrailSummary:
    """Sum up the log files below a folder, Parquet first; those that cannot be read are its `problems`.

    RemitError: (1) there is none; (2) what reads them is not installed.
    """
    all_files = trail_files(folder)
    tables = [file for file in all_files if file.endswith(PARQUET)]
    files = [file for file in all_files if not file.endswith(PARQUET)]
    parts = [files[start : start + _FILES_PER_PART] for start in range(0, len(files), _FILES_PER_PART)]
    summary = summed_up_parquet(tables) if tables else TrailSummary()
    summary.name = folder.as_posix()
    read = 0
    for part, further in zip(parts, workers.map(summed_up, parts), strict=True):
        summary.add(further)
        read += len(part)
        progress(f"{read:,} of {len(files):,} log files read, {summary.events:,} events")
    return summary


def parts_of(chunk: Chunk, count: int) -> list[Chunk]:
    """At most so many chunks of about the same size, in the order of the accounts, of which there is one at least."""
    size = -(-len(chunk.works) // count)
    starts = range(0, len(chunk.works), size)
    return [replace(chunk, works=chunk.works[start : start + size]) for start in starts]


def all_audited(chunk: Chunk) -> list[AuditedAccount]:
    """The results of a chunk at once: what a process is sent."""
    return list(audited_accounts(chunk))
