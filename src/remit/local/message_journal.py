"""Messages that a queue has taken, kept in a file until the next save: a server that is killed loses none.

The server saves all of its state every second. A message is acknowledged before that, so it is written down first,
whoever sent it: a caller, or a service that delivers to the queue. What is written down and in the saved state is the
same message, by its id; one that was deleted since may come again, as in SQS ("At-least-once delivery").
"""

from __future__ import annotations

import importlib
import json
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

_SEND: Final = "SendMessage"
_DELIVERIES: Final = (
    ("sns", "_deliver_to_sqs"),
    ("eventbridge", "_dispatch_to_sqs"),
    ("s3", "_deliver_event_to_sqs"),
)
"""The functions with which the emulator's services deliver to a queue, whose ARN is the first argument."""


@dataclass(slots=True)
class MessageJournal:
    """The file of messages that no save has yet: a line for each, with its queue's ARN."""

    path: Path
    _has_replayed: bool = False

    def take_hold(self) -> None:
        """Write down each message that a queue takes, and put back what is written down once the state is loaded."""
        sqs: Any = importlib.import_module("ministack.services.sqs")
        send = sqs._act_send_message  # noqa: SLF001 - the emulator has no other place to take hold of
        load = sqs.load_persisted_state

        def sent(data: Mapping[str, Any], queue_url: str) -> Any:
            queue = sqs._get_q(data.get("QueueUrl", queue_url), "sqs:SendMessage")  # noqa: SLF001 - as above
            with self._written_down(queue):
                return send(data, queue_url)

        def loaded(data: Any) -> None:
            load(data)
            if not self._has_replayed:
                self._has_replayed = True
                self._replay(sqs)

        sqs._act_send_message = sent  # noqa: SLF001 - as above
        sqs._HANDLERS[_SEND] = sent  # noqa: SLF001 - as above
        sqs.load_persisted_state = loaded
        for service, name in _DELIVERIES:
            module: Any = importlib.import_module(f"ministack.services.{service}")
            setattr(module, name, self._delivered(getattr(module, name), sqs))

    def _delivered(self, deliver: Callable[..., None], sqs: Any) -> Callable[..., None]:
        """A delivery that writes down what it puts into a queue."""

        def delivered(queue_arn: object, *arguments: Any, **options: Any) -> None:
            queue = sqs._queue_by_arn(str(queue_arn))  # noqa: SLF001 - as above
            with self._written_down(queue):
                deliver(queue_arn, *arguments, **options)

        return delivered

    @contextmanager
    def _written_down(self, queue: Mapping[str, Any] | None) -> Iterator[None]:
        """Write down the messages that are put into a queue meanwhile; None: there is no such queue."""
        if queue is None:
            yield
            return
        last = queue["messages"][-1]["id"] if queue["messages"] else None
        yield
        for message in reversed(queue["messages"]):
            if message["id"] == last:
                return
            line = {"queue": queue["attributes"]["QueueArn"], "message": message}
            self._append(json.dumps(line, default=_persistence()._json_default))  # noqa: SLF001 - as above

    def begin_save(self) -> None:
        """Set aside what is written down: the state that is saved now has it."""
        with suppress(OSError):
            if self.path.exists():
                with self._set_aside.open("ab") as file:
                    file.write(self.path.read_bytes())
                self.path.unlink()

    def end_save(self) -> None:
        """Forget what was set aside, once all of the state is saved."""
        with suppress(OSError):
            self._set_aside.unlink(missing_ok=True)

    @property
    def _set_aside(self) -> Path:
        return self.path.with_suffix(".saving")

    def _append(self, line: str) -> None:
        with suppress(OSError):  # a full disk: the save says so
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as file:
                file.write(f"{line}\n")

    def _replay(self, sqs: Any) -> None:
        """Put back the messages that the loaded state lacks."""
        queues = {queue["attributes"]["QueueArn"]: queue for queue in sqs._queues._data.values()}  # noqa: SLF001 - as above
        for text in (*_lines(self._set_aside), *_lines(self.path)):
            with suppress(ValueError, KeyError):  # the last line may not be whole; its queue may be gone
                line = json.loads(text, object_hook=_persistence()._json_object_hook)  # noqa: SLF001 - as above
                messages = queues[line["queue"]]["messages"]
                if line["message"]["id"] not in {message["id"] for message in messages}:
                    messages.append(line["message"])


@cache
def _persistence() -> Any:
    return importlib.import_module("ministack.core.persistence")


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8").splitlines()
    except OSError:
        return []
