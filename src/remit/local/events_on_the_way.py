"""Events that a service has taken and not delivered yet, in a file each: a server that is killed delivers them later.

S3 answers before it tells anybody of a new object, and Lambda before it runs a function for an event. Both happen once
the server runs again. An event whose delivery had been done may come again then, as on AWS.
"""

from __future__ import annotations

import inspect
import json
import logging
import uuid
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from remit.local.emulator import as_request_of, emulated, instead_of, place_of_request
from remit.local.saved_state import when_state_is_loaded

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_NOTIFICATION: Final = "s3"
_NOTE: Final[ContextVar[Path | None]] = ContextVar("note", default=None)
"""The file of the notification that S3 delivers."""


@dataclass(frozen=True, slots=True)
class EventsOnTheWay:
    """The folder of the files: JSON, named by the kind of event and a number of its own."""

    folder: Path

    def write_down(self, kind: str, content: Mapping[str, Any]) -> Path | None:
        """Write an event down, and give its file; None where it cannot be kept."""
        path = self.folder / f"{kind}-{uuid.uuid4().hex}.json"
        draft = path.with_suffix(".tmp")
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft.write_text(json.dumps({**content, "place": place_of_request()}), "utf-8")
            draft.replace(path)  # whole or not at all, whenever the server is killed
        except (OSError, TypeError, ValueError):  # a full disk; what is no JSON
            self.forget(draft)
            return None
        return path

    def forget(self, path: Path | None) -> None:
        """An event is delivered, or never will be."""
        if path is not None:
            with suppress(OSError):
                path.unlink()

    def when_loaded(self, kind: str, deliver: Callable[[Path, dict[str, Any]], None]) -> None:
        """Once the state is loaded, deliver each event of a kind that an earlier server has left, as its account.

        `deliver` forgets it.
        """

        def deliver_all() -> None:
            for path in sorted(self.folder.glob(f"{kind}-*.json")):
                try:
                    content = json.loads(path.read_text("utf-8"))
                    place = content["place"]
                    with as_request_of(place["Account"], place["Region"]):
                        deliver(path, content)
                except Exception:  # one event must not keep the server from its start
                    logging.getLogger("remit").exception("the event in %s cannot be delivered", path.name)
                    self.forget(path)

        when_state_is_loaded(deliver_all)

    def keep_notifications(self) -> None:
        """Write down what S3 has to tell of an object before it answers, until it has told it."""
        s3 = emulated("services.s3")
        notify_later = s3._fire_s3_event_async  # the emulator's own: what is delivered again is written down already
        signature = inspect.signature(notify_later)

        @instead_of(s3, "_fire_s3_event_async")
        def notified_later(_notify_later: Any, *arguments: Any, **options: Any) -> None:
            call = signature.bind(*arguments, **options).arguments
            listens = call["bucket_name"] in s3._bucket_notifications
            _NOTE.set(self.write_down(_NOTIFICATION, {"call": call}) if listens else None)
            notify_later(**call)  # in a thread with a copy of this context

        @instead_of(s3, "_fire_s3_event")
        def notified(notify: Any, *arguments: Any, **options: Any) -> None:
            try:
                notify(*arguments, **options)
            finally:
                self.forget(_NOTE.get())

        def deliver(path: Path, content: Mapping[str, Any]) -> None:
            _NOTE.set(path)
            notify_later(**content["call"])

        self.when_loaded(_NOTIFICATION, deliver)
