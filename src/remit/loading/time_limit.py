"""A limit for how long a project may take to load, so that an endless loop or a pipe that nobody writes to ends.

The limit is given by REMIT_LOAD_SECONDS (0 for none). A signal ends what the project is doing, also when it waits; so
there is none in other threads than the main one, on Windows, and where somebody else uses the timer.
"""

from __future__ import annotations

import contextlib
import math
import os
import signal
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from remit.errors import Origin, RemitError
from remit.project.current_load import LoadEndError, is_users_file, relative

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import FrameType

    from remit.project.current_load import Loading

SECONDS: Final = 120.0
"""Enough for an app whose packages come from a slow disk."""
VARIABLE: Final = "REMIT_LOAD_SECONDS"
end_now: Final = os._exit
"""What ends the process, whatever a project has in its place (`process_end.py`)."""
_AGAIN: Final = 1.0  # seconds until code that caught the end is ended again
_PATIENCE: Final = 5  # times that it may
_DEBUGGERS: Final = frozenset({"bdb", "pdb", "pydevd", "debugpy"})


@dataclass(slots=True)
class _Limit:
    """Says where a load was when its time was over."""

    folder: Path
    seconds: float
    mistake: RemitError | None = None
    times: int = 0

    def is_over(self, frame: FrameType | None) -> bool:
        """Return whether to end the load, whose thread executes `frame`.

        Code that went on all the same ends the process.
        """
        if frame is None or _is_debugged(frame):
            return False
        self.times += 1
        self.mistake = RemitError(
            f"loading the project takes longer than {self.seconds:g} seconds",
            hint=f"what takes long or never ends belongs into a function; {VARIABLE} sets another limit",
            origin=relative(users_line(frame, self.folder), self.folder),
        )
        if self.times > _PATIENCE:
            os.write(2, f"{self.mistake}\n".encode(errors="backslashreplace"))
            end_now(self.mistake.exit_code)
        return True


def _is_debugged(frame: FrameType) -> bool:
    """Return whether a person looks at the project in a debugger, which takes as long as it takes."""
    current: FrameType | None = frame
    while current is not None:
        if str(current.f_globals.get("__name__")).partition(".")[0] in _DEBUGGERS:
            return True
        current = current.f_back
    return False


def users_line(frame: FrameType, folder: Path) -> Origin | None:
    """The innermost line of the project's own code that led to a frame; None: there is none."""
    current: FrameType | None = frame
    while current is not None:
        if is_users_file(current.f_code.co_filename, folder):
            return Origin(current.f_code.co_filename, current.f_lineno)
        current = current.f_back
    return None


@contextlib.contextmanager
def time_limit(state: Loading) -> Iterator[None]:
    """End what runs inside after the limit: RemitError at the project's line, with the mistakes that were noted."""
    written = os.environ.get(VARIABLE) or str(SECONDS)
    try:
        seconds = float(written)
    except ValueError:
        seconds = -1
    if not math.isfinite(seconds) or seconds < 0:
        raise RemitError(f"{VARIABLE} is {written!r}", hint="write a number of seconds, or 0 for no limit")
    if not seconds:
        yield
        return
    limit = _Limit(state.folder, seconds)
    in_main_thread = threading.current_thread() is threading.main_thread()
    has_timer = hasattr(signal, "setitimer") and not any(signal.getitimer(signal.ITIMER_REAL))
    try:
        with _alarm(limit) if in_main_thread and has_timer else contextlib.nullcontext():
            yield
    except LoadEndError:
        if limit.mistake is not None:
            state.mistakes.errors.append(limit.mistake)
        raise


@contextlib.contextmanager
def _alarm(limit: _Limit) -> Iterator[None]:
    """End the load from a signal's handler, which also interrupts what waits."""

    def handler(_number: int, frame: FrameType | None) -> None:
        if limit.is_over(frame):
            raise LoadEndError

    before = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, limit.seconds, _AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
