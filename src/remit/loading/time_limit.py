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
from typing import TYPE_CHECKING, Final

from remit.errors import Origin, RemitError
from remit.project.current_load import LoadEndError, Loading, is_users_file, relative

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import FrameType


SECONDS: Final = 120.0
"""Enough for an app whose packages come from a slow disk."""
VARIABLE: Final = "REMIT_LOAD_SECONDS"
end_now: Final = os._exit
"""What ends the process, whatever a project has in its place (`process_end.py`)."""
_AGAIN: Final = 1.0  # seconds until code that caught the end is ended again
_PATIENCE: Final = 5  # times that it may
_DEBUGGERS: Final = frozenset({"bdb", "pdb", "pydevd", "debugpy"})


def _is_debugged(frame: FrameType | None) -> bool:
    """Return whether a person looks at the project in a debugger, which takes as long as it takes."""
    while frame is not None:
        if str(frame.f_globals.get("__name__")).partition(".")[0] in _DEBUGGERS:
            return True
        frame = frame.f_back
    return False


def users_line(frame: FrameType | None, folder: Path) -> Origin | None:
    """The innermost line of the project's own code that led to a frame; None: there is none."""
    while frame is not None:
        if is_users_file(frame.f_code.co_filename, folder):
            return Origin(frame.f_code.co_filename, frame.f_lineno)
        frame = frame.f_back
    return None


@contextlib.contextmanager
def time_limit(state: Loading) -> Iterator[None]:
    """End what runs inside after the limit: LoadEndError, with the mistake at the project's line noted in `state`.

    Code that goes on all the same is ended several times, and then the process is. No limit holds for 0 seconds,
    outside of the main thread, and where the system has no timer or it runs already. RemitError (2): the variable is no
    number.
    """
    written = os.environ.get(VARIABLE) or str(SECONDS)
    try:
        seconds = float(written)
    except ValueError:
        seconds = -1
    if not math.isfinite(seconds) or seconds < 0:
        raise RemitError(f"{VARIABLE} is {written!r}", hint="write a number of seconds, or 0 for no limit")
    in_main_thread = threading.current_thread() is threading.main_thread()
    has_timer = hasattr(signal, "setitimer") and not any(signal.getitimer(signal.ITIMER_REAL))
    if not (seconds and in_main_thread and has_timer):
        yield
        return
    mistakes: list[RemitError] = []  # one each time: code may go on all the same, until the process ends

    def end(_number: int, frame: FrameType | None) -> None:
        if _is_debugged(frame):
            return
        mistake = RemitError(
            f"loading the project takes longer than {seconds:g} seconds",
            hint=f"what takes long or never ends belongs into a function; {VARIABLE} sets another limit",
            origin=relative(users_line(frame, state.folder), state.folder),
        )
        mistakes.append(mistake)
        if len(mistakes) > _PATIENCE:
            os.write(2, f"{mistake}\n".encode(errors="backslashreplace"))
            end_now(mistake.exit_code)
        raise LoadEndError

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN)
    try:
        yield
    except LoadEndError:
        state.mistakes.errors += mistakes[-1:]
        raise
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
