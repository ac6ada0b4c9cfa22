"""The access that functions were seen to use, kept in the project: `.remit/seen/DATE.jsonl`, a line for each kind.

Each line has {function, action, resource, decision, statement, file, line, time}. Resources have no keys of objects or
items, and no values. A day's file has each kind once, and is bounded in size; old files go.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from remit.catalogue.arns import parse

if TYPE_CHECKING:
    from pathlib import Path

    from remit.local.authorization.access_log import AccessRecord

_BYTES: Final = 4 * 1024 * 1024  # of a day's file
_FILES: Final = 30


class SeenAccess:
    """Writes what functions were seen to use; fails silently, since the call itself must go on."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._day = ""
        self._kinds: set[tuple[str, ...]] = set()

    def note(self, record: AccessRecord) -> None:
        """Write one access of a function, if it was not seen on that day."""
        if not record.function:
            return
        day = record.time[:10]
        if day != self._day:
            self._begin(day)
        resource = without_keys(record.resource)
        place = (record.file, str(record.line))
        kind = (record.function, record.action, resource, record.decision, record.statement, *place)
        if kind in self._kinds:
            return
        self._kinds.add(kind)
        line = {
            "function": record.function,
            "action": record.action,
            "resource": resource,
            "decision": record.decision,
            "statement": record.statement,
            "file": record.file,
            "line": record.line,
            "time": record.time,
        }
        with suppress(OSError):
            self._append(json.dumps(line, ensure_ascii=False) + "\n")

    def _begin(self, day: str) -> None:
        """Read what the day's file has already, and remove the oldest files."""
        self._day = day
        self._kinds = set()
        with suppress(OSError, ValueError, KeyError):
            for text in self._file.read_text("utf-8").splitlines():
                line = json.loads(text)
                names = ("function", "action", "resource", "decision", "statement", "file", "line")
                self._kinds.add(tuple(str(line[name]) for name in names))
        with suppress(OSError):
            for old in sorted(self._folder.glob("*.jsonl"))[:-_FILES]:
                old.unlink()

    @property
    def _file(self) -> Path:
        return self._folder / f"{self._day}.jsonl"

    def _append(self, line: str) -> None:
        if self._folder.is_symlink():  # what is written would be somewhere else
            return
        self._folder.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "a", encoding="utf-8") as file:
            if file.tell() + len(line) <= _BYTES:
                file.write(line)


def without_keys(resource: str) -> str:
    """An ARN without what names one item: an object of a bucket is `BUCKET/*`."""
    arn = parse(resource)
    if arn is None:
        return resource if resource == "*" else "(no ARN)"  # a phone number
    if arn.service == "s3" and not arn.region and "/" in arn.resource:
        return f"{resource.partition('/')[0]}/*"
    if arn.service == "execute-api" and "/@connections/" in arn.resource:
        return f"{resource.partition('/@connections/')[0]}/@connections/*"
    if arn.service == "logs" and ":log-stream:" in resource:
        return f"{resource.partition(':log-stream:')[0]}:log-stream:*"
    return resource
