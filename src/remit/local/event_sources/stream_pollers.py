"""Lambda reads each stream by itself: a function that takes long, or fails, holds up no other stream and no queue.

The emulator runs the functions of all streams one after the other, in the thread that looks into the queues, too.

Source: "How Lambda processes records from stream and queue-based event sources" (AWS Lambda Developer Guide).
"""

from __future__ import annotations

import logging
import threading
import time
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from remit.local.emulator import emulated, instead_of
from remit.local.event_sources.stream_positions import has_read_everything

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_GAP_SECONDS: Final = 0.002
"""How long the thread that looks into the queues waits after a look that found nothing, when it is woken again.

Each end of a function wakes it: the emulator's 50 ms are what the next message waits then.
"""
_LOOK_SECONDS: Final = 1.0
"""How often a stream of which everything is read is looked at, whatever wakes that thread."""
_ONLY: Final[ContextVar[str]] = ContextVar("only", default="")
"""The id of the mapping that this thread reads for; "": for all."""


def mapping_that_reads() -> str:
    """The id of the mapping that this thread reads a stream for; "" where it reads for none."""
    return _ONLY.get()


@dataclass(slots=True)
class StreamPollers:
    """The threads that read streams now: one for each mapping at most, and none where there is nothing to read."""

    _reading: set[str] = field(default_factory=set)
    _to_read_again: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _looked: dict[str, float] = field(default_factory=dict)
    """When a thread was last started, by the ids of mappings."""

    def take_hold(self) -> None:
        """Read streams in threads of their own, in the process that serves; called before others choose mappings."""
        functions = emulated("services.lambda_svc")
        polls = {"kinesis": functions._poll_kinesis, "dynamodb": functions._poll_dynamodb_streams}

        # All of them, and not the chosen ones alone: `read_all` starts a thread for each.
        all_mappings = functions._iter_all_esms

        @instead_of(functions, "_iter_all_esms")
        def chosen_mappings(_all_mappings: Any) -> Iterator[tuple[str, str, dict[str, Any]]]:
            only = _ONLY.get()
            for account, region, mapping in all_mappings():
                if only in ("", mapping["UUID"]):
                    yield account, region, mapping

        @instead_of(functions, "_poll_kinesis")
        def read_all(_poll_kinesis: Any) -> bool:
            for account, region, mapping in all_mappings():
                poll, mapping_id = polls.get(_service(mapping)), str(mapping["UUID"])
                if poll is None or not mapping.get("Enabled", True):
                    continue
                now = time.monotonic()
                is_due = now - self._looked.get(mapping_id, 0.0) >= _LOOK_SECONDS
                if is_due or not has_read_everything((account, region, mapping_id), mapping["EventSourceArn"]):
                    self._looked[mapping_id] = now
                    self._read(mapping_id, poll)
            return False

        # `read_all` reads the streams of tables, too.
        instead_of(functions, "_poll_dynamodb_streams")(lambda _poll: False)
        functions._ESM_IDLE_WAKE_GAP_SECONDS = _GAP_SECONDS

    def _read(self, mapping_id: str, poll: Callable[[], bool]) -> None:
        """Start to read for a mapping; where somebody does, they look once more when they are done."""
        with self._lock:
            if mapping_id in self._reading:
                self._to_read_again.add(mapping_id)
                return
            self._reading.add(mapping_id)
        threading.Thread(target=self._read_all_there_is, args=(mapping_id, poll), daemon=True).start()

    def _read_all_there_is(self, mapping_id: str, poll: Callable[[], bool]) -> None:
        _ONLY.set(mapping_id)
        is_done = False
        while not is_done:
            has_processed = False
            try:
                has_processed = poll()
            except Exception:  # as the emulator does: the next look tries again
                logging.getLogger("lambda").exception("the stream of mapping %s cannot be read", mapping_id)
            with self._lock:
                is_done = not has_processed and mapping_id not in self._to_read_again
                self._to_read_again.discard(mapping_id)
                if is_done:
                    self._reading.discard(mapping_id)


def _service(mapping: Mapping[str, Any]) -> str:
    """The service of a mapping's source."""
    parts = str(mapping.get("EventSourceArn", "")).split(":")
    return parts[2] if len(parts) > 3 else ""  # noqa: PLR2004 - arn:partition:service:…
