"""Whether a project is loading: then what is wrong is noted, and the project's code goes on."""

from __future__ import annotations

import contextlib
import contextvars
import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar

from remit.declare.unread import Unread
from remit.errors import RemitError, UnreadError, writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from remit.errors import Mistakes

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(slots=True)
class Recorder:
    """What a project's code has said so far. The only mutable noun: whatever people call writes into it."""

    mistakes: Mistakes
    """What is wrong with it, as far as that is known while the code runs."""
    made: list[Any] = field(default_factory=list, kw_only=True)
    """The triggers and authorizers, in the order in which they were made."""


_current: Final[contextvars.ContextVar[Recorder | None]] = contextvars.ContextVar("remit_record", default=None)


def current() -> Recorder | None:
    """The record of the project that is loading in this thread; None where none is."""
    return _current.get()


@contextlib.contextmanager
def recording(record: Recorder) -> Iterator[None]:
    """Write into `record` what is called inside of the `with` block."""
    token = _current.set(record)
    try:
        yield
    finally:
        _current.reset(token)


def note(error: RemitError) -> None:
    """Note a mistake, and go on. RemitError: no project is loading, so that it is raised as it is."""
    record = _current.get()
    if record is None:
        raise error
    record.mistakes.errors += [mistake for mistake in error.all if not isinstance(mistake, UnreadError)]
    error.further = ()


def noting(function: Callable[P, R]) -> Callable[P, R]:
    """A function of which people need at once what it gives: Unread, where an argument is wrong, which is noted."""

    @functools.wraps(function)
    def called(*arguments: P.args, **options: P.kwargs) -> Any:
        try:
            return function(*arguments, **options)
        except RemitError as error:
            for mistake in error.all:
                mistake.origin = mistake.origin or writer()
            note(error)
            return Unread()

    return called
