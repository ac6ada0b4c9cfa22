"""The project that is loading: while its code runs, what people call is written down, and nothing is raised."""

from __future__ import annotations

import contextlib
import contextvars
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.errors import Mistakes, RemitError


@dataclass(slots=True)
class Recorder:
    """What a project's code has said so far. The only mutable noun: whatever people call writes into it."""

    mistakes: Mistakes
    """What is wrong with it, as far as that is known while the code runs."""
    made: list[Any] = field(default_factory=list, kw_only=True)
    """The triggers and authorizers, in the order in which they were made."""
    is_over: bool = field(default=False, kw_only=True)
    """Whether the code has ended, so that what it said is judged."""


_current: Final[contextvars.ContextVar[Recorder | None]] = contextvars.ContextVar("remit_record", default=None)


def current() -> Recorder | None:
    """Return the record of the project that is loading in this thread; None where none is."""
    return _current.get()


@contextlib.contextmanager
def recording(record: Recorder) -> Iterator[None]:
    """Write into `record` what is called inside of the `with` block."""
    token = _current.set(record)
    try:
        yield
    finally:
        _current.reset(token)


def is_recording() -> bool:
    """Return whether the code of a project runs in this thread."""
    record = _current.get()
    return record is not None and not record.is_over


@contextlib.contextmanager
def judging_now() -> Iterator[None]:
    """Inside of the `with` block it is as if the code had ended: mistakes raise, and an Unread cannot be read."""
    record = _current.get()
    if record is None or record.is_over:
        yield
        return
    record.is_over = True
    try:
        yield
    finally:
        record.is_over = False


def note(error: RemitError) -> None:
    """Note a mistake, and go on. RemitError: no project's code runs, so that it is raised as it is."""
    record = _current.get()
    if record is None or record.is_over:
        raise error
    record.mistakes.errors.append(error)
