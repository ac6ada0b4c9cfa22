"""Read CloudTrail's log files as they lie in S3, and sum up who called what, and when last.

A file is gzip of `{"Records": [...]}`. Files of digests and of Insights in the same bucket hold no calls: they are left
out, and told.
Memory does not grow with the logs, but with the number of different calls.

Source: "CloudTrail record contents", "CloudTrail log file examples" (AWS CloudTrail User Guide).
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from remit.audit.entities import InputProblem, UnreadableFileError
from remit.audit.json_bytes import plain_content, unzipped
from remit.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from remit.audit.trail_records import TrailRecord

_SUFFIXES: Final = (".json", ".json.gz", ".parquet")
_SPELLED_SUFFIXES: Final = ", ".join(_SUFFIXES)
PARQUET: Final = ".parquet"
_DIGESTS, _INSIGHTS = "CloudTrail-Digest", "CloudTrail-Insight"
_NO_CALLER, _NO_CALL = "userIdentity", "time, service or name"
DENIED_SIGNS: Final = ("AccessDenied", "UnauthorizedOperation", "UnauthorizedAccess", "AuthorizationError")
"""What the error code of a denied call contains: `AccessDeniedException`, `Client.UnauthorizedOperation`."""


@dataclass(slots=True)
class LeftOutFiles:
    """Files of a kind that hold no calls: the first of them, and how many there are."""

    first: str = ""
    count: int = 0

    def add(self, further: LeftOutFiles) -> None:
        """Add further files, which come after these."""
        self.first = self.first or further.first
        self.count += further.count

    def problems(self, kind: str, kind_of_many: str) -> Iterator[InputProblem]:
        """A sentence on the files, if there are any."""
        if self.count == 1:
            yield InputProblem(self.first, f"it is left out: it is {kind}")
        elif self.count:
            yield InputProblem(self.first, f"it and {self.count - 1:,} more are left out: they are {kind_of_many}")


class LoggedCall(NamedTuple):
    """A kind of call: who (the ARN of a user or role), the service's name in events, and the event's name."""

    principal: str
    source: str
    name: str


class DataSource(NamedTuple):
    """A service (as events call it) of which data events were logged, and the account in which they were."""

    account: str
    service: str


@dataclass(slots=True)
class TrailSummary:
    """The sum of some log files: the latest call of each kind, and the number of files read.

    `name` is their folder or table, `accounts` are those of which any event was logged. Denied calls are no use, and
    are counted alone. `unread` are files that could not be read.
    """

    name: str = ""
    last_calls: dict[LoggedCall, str] = field(default_factory=dict)
    accounts: set[str] = field(default_factory=set)
    data_sources: set[DataSource] = field(default_factory=set)
    first: str = ""
    last: str = ""
    files: int = 0
    events: int = 0
    denied: int = 0
    unread: int = 0
    digests: LeftOutFiles = field(default_factory=LeftOutFiles)
    insights: LeftOutFiles = field(default_factory=LeftOutFiles)
    problems: list[InputProblem] = field(default_factory=list)

    def add(self, further: TrailSummary) -> None:
        """Add what further files hold."""
        for call, time in further.last_calls.items():
            if time > self.last_calls.get(call, ""):
                self.last_calls[call] = time
        self.accounts |= further.accounts
        self.data_sources |= further.data_sources
        self.first = min(filter(None, (self.first, further.first)), default="")
        self.last = max(self.last, further.last)
        self.files += further.files
        self.events += further.events
        self.denied += further.denied
        self.unread += further.unread
        self.digests.add(further.digests)
        self.insights.add(further.insights)
        self.problems += further.problems

    def all_problems(self) -> Iterator[InputProblem]:
        """Yield the problems of the files, those that are left out included."""
        yield from self.problems
        yield from self.digests.problems("a digest, which holds no event", "digests, which hold no event")
        yield from self.insights.problems("of Insights, which are no calls", "of Insights, which are no calls")
        if not self.events:
            yield InputProblem(self.name, "no event of CloudTrail is in it: what was used is not known")


def trail_files(folder: Path) -> tuple[str, ...]:
    """The files below a folder, sorted by name in each folder and before those below it; none that is hidden.

    RemitError: (1) none may be a log by its name; (2) msgspec is not installed.
    """
    if find_spec("msgspec") is None:
        raise RemitError("logs are read with msgspec, which is not installed", hint="pip install 'remit[audit]'")
    files = []
    for place, folders, names in os.walk(folder):
        folders.sort()  # os.walk goes on with the folders of its own list
        files += [str(Path(place) / name) for name in sorted(names) if not name.startswith(".")]
    if not any(file.endswith(_SUFFIXES) for file in files):
        hint = "`aws s3 sync s3://BUCKET/AWSLogs FOLDER` copies the logs"
        raise RemitError(f"{folder} has no log file of CloudTrail (.json.gz, .parquet)", hint=hint, exit_code=1)
    return tuple(files)


def summed_up(files: Sequence[str]) -> TrailSummary:
    """Sum up some files: a chunk of the work, for any process."""
    summary = TrailSummary()
    for file in files:
        if not file.endswith(_SUFFIXES):
            summary.problems.append(InputProblem(file, f"it is left out: its name ends in none of {_SPELLED_SUFFIXES}"))
        elif _DIGESTS in file:
            summary.digests.add(LeftOutFiles(file, 1))
        elif _INSIGHTS in file:
            summary.insights.add(LeftOutFiles(file, 1))
        else:
            _add_file(file, summary)
    return summary


def _add_file(file: str, summary: TrailSummary) -> None:
    """Add a file's events to the summary.

    One that cannot be read, and events without caller or call, go to its problems; digests and Insights are counted as
    left out. Nothing is raised.
    """
    from remit.audit.trail_records import trail_records  # noqa: PLC0415 - of the extra, which `trail_files` asks for

    try:
        records = trail_records(unzipped(plain_content(Path(file), file), file), file)
    except UnreadableFileError as error:
        summary.problems.append(error.problem)
        summary.unread += 1
        return
    if records is None:
        summary.digests.add(LeftOutFiles(file, 1))
        return
    summary.files += 1
    uncounted = _add_records(records, summary)
    if uncounted[_INSIGHTS]:
        summary.insights.add(LeftOutFiles(file, 1))
    for lack in (_NO_CALLER, _NO_CALL):
        if uncounted[lack]:
            events = "1 event has" if uncounted[lack] == 1 else f"{uncounted[lack]:,} events have"
            message = f"{events} no {lack} that can be read, and cannot be counted for anybody"
            summary.problems.append(InputProblem(file, message))


def _add_records(records: Iterable[TrailRecord], summary: TrailSummary) -> Counter[str]:
    """Add the events of a file; the number of those that are no calls of anybody comes back, by what they lack.

    Those of Insights are counted there alone, and are no `events`. Denied calls, and those of services, are no use.
    """
    last_calls = summary.last_calls
    uncounted: Counter[str] = Counter()
    for record in records:
        if record.category == "Insight":
            uncounted[_INSIGHTS] += 1
            continue
        summary.events += 1
        if record.identity is None:
            uncounted[_NO_CALLER] += 1
            continue
        time = record.time
        if not (time and record.source and record.name):
            uncounted[_NO_CALL] += 1
            continue
        if not summary.first or time < summary.first:
            summary.first = time
        summary.last = max(summary.last, time)
        principal = record.identity.principal
        account = record.account or account_of(principal)
        summary.accounts.add(account)
        if record.is_management is False or record.category == "Data":
            summary.data_sources.add(DataSource(account, record.source))
        if not principal:
            continue
        # Who was refused used nothing.
        if record.error and any(sign in record.error for sign in DENIED_SIGNS):
            summary.denied += 1
            continue
        call = LoggedCall(principal, record.source, record.name)
        if time > last_calls.get(call, ""):
            last_calls[call] = time
    return uncounted


def account_of(arn: str) -> str:
    """The account of an ARN; empty where it has none."""
    parts = arn.split(":", 5)
    return parts[4] if len(parts) > 4 else ""  # noqa: PLR2004 - the parts of an ARN
