"""The most recent requests and their decisions, kept in memory for `remit dev`, invoke and the tests to read."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

Verdict = Literal["allowed", "denied", "unknown"]
_KEPT: Final = 5000


@dataclass(frozen=True, slots=True)
class AccessRecord:
    """One access that a request asked for, and the decision on it.

    `refused` says that the call got no answer: it was denied, or is unknown where that is refused (`--strict`).
    `time` is in ISO 8601. `function` is the deployed name of the function that called, `file` and `line` the place of
    the call in its code, `request_id` its invocation: empty, 0 and empty where it was none. `because` is a sentence,
    `statement` the name of the statement that decided, empty where none did.
    """

    time: str
    caller: str
    function: str
    request_id: str
    operation: str
    action: str
    resource: str
    decision: Verdict
    because: str
    statement: str
    file: str
    line: int
    refused: bool


class AccessLog:
    """The last records, each with its number; whoever listens is told of each."""

    def __init__(self, listeners: Iterable[Callable[[AccessRecord], None]] = ()) -> None:
        self._records: deque[AccessRecord] = deque(maxlen=_KEPT)
        self._last = 0
        self._listeners = tuple(listeners)

    def add(self, record: AccessRecord) -> None:
        """Note a record."""
        self._last += 1
        self._records.append(record)
        self.announce(record)

    def announce(self, record: AccessRecord) -> None:
        """Tell whoever listens of an access, and keep no record: no request asked for it."""
        for listener in self._listeners:
            listener(record)

    def asked(self, parameters: Mapping[str, str]) -> dict[str, Any]:
        """The records after the number that `after` gives, or all that are kept."""
        after = parameters.get("after", "0")
        return self.after(int(after) if after.isdecimal() else 0)

    def after(self, sequence: int) -> dict[str, Any]:
        """The records that came after a number, and the number of the last one, as JSON has them."""
        missing = max(0, min(self._last - sequence, len(self._records)))
        records = list(self._records)[len(self._records) - missing :]
        return {
            "last": self._last,
            "records": [{name: getattr(record, name) for name in AccessRecord.__slots__} for record in records],
        }
