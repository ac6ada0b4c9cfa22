"""The log lines of deployed functions: those there are, and those that come.

Source: "FilterLogEvents" (CloudWatch Logs API Reference), "Filter pattern syntax" (CloudWatch Logs User Guide).
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from remit.app import FUNCTION_KEY, SHARED_LOG_GROUP, App, in_stack
from remit.deploy.aws_errors import UNREACHABLE, answered_errors, code, remit_errors
from remit.deploy.log_lines import LogLine
from remit.deploy.stack import deployed_template
from remit.deploy.status import status
from remit.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from remit.deploy.session import Account

GROUP: Final = "/aws/lambda/"
"""What begins the name of a function's log group."""
_LATE_MS: Final = 10_000
"""Lines reach CloudWatch Logs a few seconds late, and not in their order: so far back each look begins again."""
_PAUSE: Final = 1.0
_PAUSE_A_FUNCTION: Final = 0.25
"""Seconds between two looks, and for each function: in some regions AWS allows five requests a second for all who read
logs of an account ("CloudWatch Logs quotas")."""
_PAUSE_LOCAL: Final = 0.1
_PATIENCE: Final = 120.0
"""Seconds without an answer until whoever follows is told."""


@dataclass(slots=True)
class LogReader:
    """Reads the log of a function, or of those that share one, from a moment on, each line once."""

    account: Account
    functions: Mapping[str, str]
    """The names in the app of the functions that write to the group, by those in the account."""
    group: str
    since_ms: int
    text: str = ""
    """Only lines with this in them; empty: all."""
    exists: bool = True
    """Whether there was such a log group when it was last read."""
    _read: set[tuple[Any, ...]] = field(default_factory=set)
    """The lines since `since_ms` that were read already: their times, what tells them apart, and which of equals."""

    def new_lines(self) -> list[LogLine]:
        """The lines that were not read before, by their times; none while there is no such log group.

        Those of other functions in a shared group, and those without the text, are left out. Each call moves `since_ms`
        to ten seconds before the newest line: an older one that comes later is not seen. RemitError: AWS refuses.
        """
        lines = []
        equals: Counter[tuple[Any, ...]] = Counter()
        for event in self._events():
            stream = event["logStreamName"]
            name = self.group.removeprefix(GROUP)
            if name not in self.functions:  # of a shared group, each stream is named after its function
                name = stream.rpartition("/")[2].partition("[")[0]
            if name not in self.functions:
                continue
            line = LogLine(event["timestamp"], self.functions[name], stream, event["message"].rstrip("\n"))
            identity = (line.time_ms, event.get("eventId") or (line.stream, line.message))
            equals[identity] += 1
            key = (*identity, equals[identity])
            if key not in self._read and self.text in line.message:
                lines.append(line)
            self._read.add(key)
        newest = max((key[0] for key in self._read), default=0)
        # Lines may still come that are a little older than the newest.
        self.since_ms = max(self.since_ms, newest - _LATE_MS)
        self._read = {key for key in self._read if key[0] >= self.since_ms}
        return sorted(lines, key=lambda line: line.time_ms)

    def _events(self) -> Iterator[dict[str, Any]]:
        """Yield the group's events since `since_ms`, those with the text where AWS filters.

        Without a group none come, and `exists` is False. RemitError: AWS refuses.
        """
        paginator = self.account.client("logs").get_paginator("filter_log_events")
        # The AWS on this machine takes a phrase for the words in it; here, nothing is far that need not be sent.
        escaped = self.text.replace("\\", "\\\\").replace('"', '\\"')
        pattern = {"filterPattern": f'"{escaped}"'} if self.text and not self.account.local else {}
        with remit_errors():
            try:
                for page in paginator.paginate(logGroupName=self.group, startTime=self.since_ms, **pattern):
                    yield from page["events"]
            except answered_errors() as error:
                if code(error) != "ResourceNotFoundException":
                    raise
                self.exists = False
            else:
                self.exists = True


def readers(
    account: Account, functions: Mapping[str, str], since_ms: int, text: str = "", shared_group: str = ""
) -> list[LogReader]:
    """A reader for the log of each function, or one for all where they share `shared_group`.

    `functions` has their names in the account by those in the app.
    """
    names = {deployed_name: name for name, deployed_name in functions.items()}
    if shared_group and names:
        return [LogReader(account, names, shared_group, since_ms, text)]
    return [LogReader(account, {name: names[name]}, f"{GROUP}{name}", since_ms, text) for name in names]


def app_readers(account: Account, app: App, since_ms: int) -> list[LogReader]:
    """The readers of the logs of an app's functions."""
    functions = {function.name: app.deployed_name(function) for function in app.functions}
    shared_groups = [in_stack(item.log_group_name, app.namespace) for item in app.functions if item.shares_log_group]
    return readers(account, functions, since_ms, shared_group=next(iter(shared_groups), ""))


def deployed_readers(
    account: Account, namespace: str, since_ms: int, text: str = "", only: str | None = None
) -> list[LogReader]:
    """The readers of the logs of a stack's functions, by their names in the app, or of the one of the name `only`.

    There are none when the stack is not deployed, or has no function of that name. RemitError: AWS refuses.
    """
    deployed = status(account, namespace)
    if deployed is None:
        return []
    with remit_errors():
        resources = deployed_template(account, deployed.stack).get("Resources", {})
    names = {}
    for function in deployed.functions:
        # One that has a name of its own in the account may have any, also one that begins as those of the stack do.
        name = resources.get(function.logical_id, {}).get("Metadata", {}).get(FUNCTION_KEY)
        names[name or function.physical_id.removeprefix(f"{namespace}-")] = function.physical_id
    functions = {name: names[name] for name in sorted(names) if only in (None, name)}
    return readers(account, functions, since_ms, text, deployed.physical_ids.get(SHARED_LOG_GROUP, ""))


def new_lines(readers: Sequence[LogReader]) -> list[LogLine]:
    """Return the new lines of several readers, by time."""
    lines = [line for reader in readers for line in reader.new_lines()]
    return sorted(lines, key=lambda line: line.time_ms)


def follow(readers: Sequence[LogReader]) -> Iterator[list[LogLine]]:
    """Yield new lines again and again, without an end.

    RemitError: AWS refuses, or it does not answer for two minutes.
    """
    local = all(reader.account.local for reader in readers)
    pause = _PAUSE_LOCAL if local else max(_PAUSE, _PAUSE_A_FUNCTION * len(readers))
    silent_since: float | None = None
    while True:
        try:
            yield new_lines(readers)
            silent_since = None
        except RemitError as error:
            silent_since = silent_since or time.monotonic()
            if error.exit_code != UNREACHABLE or time.monotonic() - silent_since > _PATIENCE:
                raise
        time.sleep(pause)
