"""The most recent requests and their decisions, kept in memory for `remit dev`, invoke and the tests to read."""

from __future__ import annotations

import json
import os
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from remit.catalogue.arns import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

Verdict = Literal["allowed", "denied", "unknown"]
_KEPT: Final = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRecord:
    """One access that a request asked for, and the decision on it.

    `refused` says that the call got no answer: it was denied, or is unknown where that is refused (`--strict`).
    `time` is in ISO 8601. `function` is the deployed name of the function that called, `file` and `line` the place of
    the call in its code, `request_id` its invocation: empty, 0 and empty where it was none. `because` is a sentence,
    `statement` the name of the statement that decided, empty where none did.
    """

    time: str = field(default_factory=lambda: datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
    caller: str
    function: str
    request_id: str = ""
    operation: str
    action: str
    resource: str
    decision: Verdict
    because: str
    statement: str
    file: str = ""
    line: int = 0
    refused: bool


class AccessLog:
    """The last records, each with its number; whoever listens is told of each."""

    def __init__(self, listeners: Iterable[Callable[[AccessRecord], None]] = ()) -> None:
        self._records: deque[AccessRecord] = deque(maxlen=_KEPT)
        self._last = 0
        self._listeners = tuple(listeners)

    def add(self, record: AccessRecord) -> None:
        """Keep a record, and tell the listeners of it; beyond 5,000 the oldest is forgotten."""
        self._last += 1
        self._records.append(record)
        self.announce(record)

    def announce(self, record: AccessRecord) -> None:
        """Tell whoever listens of an access, and keep no record: no request asked for it."""
        for listener in self._listeners:
            listener(record)

    def records_after(self, parameters: Mapping[str, str]) -> dict[str, Any]:
        """The records after the number in the parameter `after`, as `after` has them.

        Without a number all that are kept.
        """
        after = parameters.get("after", "0")
        return self.after(int(after) if after.isdecimal() else 0)

    def after(self, sequence: int) -> dict[str, Any]:
        """The `records` that came after a number, the oldest first, and the number of the `last` one, as JSON.

        Records that are not kept any more are left out.
        """
        missing = max(0, min(self._last - sequence, len(self._records)))
        records = list(self._records)[len(self._records) - missing :]
        return {
            "last": self._last,
            "records": [{name: getattr(record, name) for name in AccessRecord.__slots__} for record in records],
        }


_BYTES: Final = 4 * 1024 * 1024  # of a day's file
_FILES: Final = 30


_OF_KIND: Final = ("function", "action", "resource", "decision", "statement", "file", "line")
"""What accesses that count as one have in common."""


class SeenAccess:
    """Writes what functions were seen to use; fails silently, since the call itself must go on."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._day = ""
        self._kinds: set[tuple[str, ...]] = set()

    def note(self, record: AccessRecord) -> None:
        """Write one access of a function as a line of JSON to the day's file, if its like is not there yet.

        An access of a user is left out. So are those beyond the size of a day's file, and all where the folder is a
        link or cannot be written.
        """
        if not record.function:
            return
        day = record.time[:10]
        if day != self._day:
            self._begin(day)
        line = {name: getattr(record, name) for name in _OF_KIND} | {"resource": without_keys(record.resource)}
        kind = tuple(str(line[name]) for name in _OF_KIND)
        if kind in self._kinds:
            return
        self._kinds.add(kind)
        with suppress(OSError):
            if self._folder.is_symlink():  # what is written would be somewhere else
                return
            self._folder.mkdir(mode=0o700, exist_ok=True)
            text = json.dumps({**line, "time": record.time}, ensure_ascii=False) + "\n"
            descriptor = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
            with os.fdopen(descriptor, "a", encoding="utf-8") as file:
                if file.tell() + len(text) <= _BYTES:
                    file.write(text)

    def _begin(self, day: str) -> None:
        """Read what the day's file has already, as far as it can be read, and remove all but the newest 30 files."""
        self._day = day
        self._kinds = set()
        with suppress(OSError, ValueError, KeyError):
            for text in self._file.read_text("utf-8").splitlines():
                line = json.loads(text)
                self._kinds.add(tuple(str(line[name]) for name in _OF_KIND))
        with suppress(OSError):
            for old in sorted(self._folder.glob("*.jsonl"))[:-_FILES]:
                old.unlink()

    @property
    def _file(self) -> Path:
        return self._folder / f"{self._day}.jsonl"


def without_keys(resource: str) -> str:
    """An ARN without what names one item: an object of a bucket is `BUCKET/*`, and what is no ARN `(no ARN)`.

    An object behind an access point is `accesspoint/NAME/object/*`.
    """
    arn = parse(resource)
    if arn is None:
        return resource if resource == "*" else "(no ARN)"  # a phone number
    if arn.service == "s3" and not arn.region and "/" in arn.resource:
        return f"{resource.partition('/')[0]}/*"
    if arn.service == "s3" and "/object/" in arn.resource:  # of an access point
        return f"{resource.partition('/object/')[0]}/object/*"
    if arn.service == "execute-api" and "/@connections/" in arn.resource:
        return f"{resource.partition('/@connections/')[0]}/@connections/*"
    if arn.service == "logs" and ":log-stream:" in resource:
        return f"{resource.partition(':log-stream:')[0]}:log-stream:*"
    return resource
