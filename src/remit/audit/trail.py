"""Read CloudTrail's log files as they lie in S3, and sum up who called what, and when last.

A file is gzip of `{"Records": [...]}`. Files of digests and of Insights in the same bucket are counted and skipped.
Memory does not grow with the logs, but with the number of different calls.

Source: "CloudTrail record contents", "CloudTrail log file examples" (AWS CloudTrail User Guide).
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from remit.audit.entities import InputProblem
from remit.audit.json_bytes import unzipped
from remit.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from remit.audit.trail_records import TrailRecord

_SUFFIXES: Final = (".json", ".json.gz", ".parquet")
PARQUET: Final = ".parquet"
_DIGESTS, _INSIGHTS = "CloudTrail-Digest", "CloudTrail-Insight"
DENIED_SIGNS: Final = ("AccessDenied", "UnauthorizedOperation", "UnauthorizedAccess", "AuthorizationError")
"""What the error code of a denied call contains: `AccessDeniedException`, `Client.UnauthorizedOperation`."""


class LoggedCall(NamedTuple):
    """A kind of call: who (the ARN of a user or role), the service's name in events, and the event's name."""

    principal: str
    source: str
    name: str


@dataclass(slots=True)
class TrailSummary:
    """What some log files hold: when each kind of call was made last, and what was read.

    `data_sources` are services (as events call them) of which data events were logged. Denied calls are no use, and are
    counted alone.
    """

    last_calls: dict[LoggedCall, str] = field(default_factory=dict)
    data_sources: set[str] = field(default_factory=set)
    first: str = ""
    last: str = ""
    files: int = 0
    events: int = 0
    denied: int = 0
    skipped_digests: int = 0
    skipped_insights: int = 0
    problems: list[InputProblem] = field(default_factory=list)

    def add(self, further: TrailSummary) -> None:
        """Add what further files hold."""
        for call, time in further.last_calls.items():
            if time > self.last_calls.get(call, ""):
                self.last_calls[call] = time
        self.data_sources |= further.data_sources
        self.first = min(filter(None, (self.first, further.first)), default="")
        self.last = max(self.last, further.last)
        self.files += further.files
        self.events += further.events
        self.denied += further.denied
        self.skipped_digests += further.skipped_digests
        self.skipped_insights += further.skipped_insights
        self.problems += further.problems


def trail_files(folder: Path) -> tuple[str, ...]:
    """The files below a folder that may be logs, in order. RemitError: there is none, or msgspec is not installed."""
    if find_spec("msgspec") is None:
        raise RemitError("logs are read with msgspec, which is not installed", hint="pip install 'remit[audit]'")
    files = tuple(_files(folder))
    if not files:
        hint = "`aws s3 sync s3://BUCKET/AWSLogs FOLDER` copies the logs"
        raise RemitError(f"{folder} has no log file of CloudTrail (.json.gz, .parquet)", hint=hint, exit_code=1)
    return files


def _files(folder: Path) -> Iterator[str]:
    for place, folders, names in os.walk(folder):
        folders.sort()
        yield from (str(Path(place) / name) for name in sorted(names) if name.endswith(_SUFFIXES))


def summed_up(files: Sequence[str]) -> TrailSummary:
    """What some log files hold together: a chunk of the work, for any process."""
    summary = TrailSummary()
    for file in files:
        if _DIGESTS in file:
            summary.skipped_digests += 1
        elif _INSIGHTS in file:
            summary.skipped_insights += 1
        else:
            _add_file(file, summary)
    return summary


def _add_file(file: str, summary: TrailSummary) -> None:
    from remit.audit.trail_records import trail_records  # noqa: PLC0415 - of the extra, which `trail_files` asks for

    try:
        records = trail_records(unzipped(Path(file).read_bytes(), file), file)
    except RemitError as error:
        message = error.message.removeprefix(f"{file}: ").removeprefix(f"{file} ")
        summary.problems.append(InputProblem(file, message))
        return
    if records is None:
        summary.skipped_digests += 1
        return
    summary.files += 1
    nameless = _add_records(records, summary)
    if nameless:
        events = "1 event has" if nameless == 1 else f"{nameless:,} events have"
        summary.problems.append(InputProblem(file, f"{events} no userIdentity, and cannot be counted for anybody"))


def _add_records(records: Iterable[TrailRecord], summary: TrailSummary) -> int:
    """Add the events of a file; how many of them have no userIdentity."""
    last_calls = summary.last_calls
    nameless = 0
    for record in records:
        summary.events += 1
        time = record.time
        if not summary.first or time < summary.first:
            summary.first = time
        summary.last = max(summary.last, time)
        if record.is_management is False:
            summary.data_sources.add(record.source)
        if record.identity is None:
            nameless += 1
            continue
        principal = record.identity.principal
        if not principal:
            continue
        if record.error and any(sign in record.error for sign in DENIED_SIGNS):
            summary.denied += 1
            continue
        call = LoggedCall(principal, record.source, record.name)
        if time > last_calls.get(call, ""):
            last_calls[call] = time
    return nameless
