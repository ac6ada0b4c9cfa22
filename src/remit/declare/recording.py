"""Whether a project is loading: then what is wrong is noted, and the project's code goes on."""

from __future__ import annotations

import contextlib
import contextvars
import functools
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar

from remit.declare.unread import Unread
from remit.errors import RemitError, UnreadError, writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from remit.errors import Mistakes

P = ParamSpec("P")
R = TypeVar("R")
_mistakes: Final[contextvars.ContextVar[Mistakes | None]] = contextvars.ContextVar("remit_recording", default=None)


@contextlib.contextmanager
def recording(mistakes: Mistakes) -> Iterator[None]:
    """Note into `mistakes` whatever is wrong with what is called inside of the `with` block."""
    token = _mistakes.set(mistakes)
    try:
        yield
    finally:
        _mistakes.reset(token)


def is_recording() -> bool:
    """Whether a project's code runs in this thread."""
    return _mistakes.get() is not None


def note(error: RemitError) -> None:
    """Note a mistake, and go on. RemitError: no project is loading, so that it is raised as it is."""
    mistakes = _mistakes.get()
    if mistakes is None:
        raise error
    mistakes.errors += [mistake for mistake in error.all if not isinstance(mistake, UnreadError)]
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
