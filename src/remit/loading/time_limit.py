"""A limit for how long a project may take to load, so that an endless loop or a pipe that nobody writes to ends.

The limit is given by REMIT_LOAD_SECONDS (0 for none). In the main thread a signal ends what the project is doing, also
when it waits. In other threads Python's own code alone can be ended, when it goes on.
"""

from __future__ import annotations

import contextlib
import math
import os
import signal
import sys
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
        with _by_signal(limit) if in_main_thread and has_timer else _by_exception(limit):
            yield
    except LoadEndError:
        if limit.mistake is not None:
            state.mistakes.errors.append(limit.mistake)
        raise


@contextlib.contextmanager
def _by_signal(limit: _Limit) -> Iterator[None]:
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


@contextlib.contextmanager
def _by_exception(limit: _Limit) -> Iterator[None]:
    """End the load from another thread, when its Python code goes on."""
    import ctypes  # noqa: PLC0415 - the one way into another thread, and seldom needed

    loading, done = threading.get_ident(), threading.Event()

    def watch() -> None:
        pause = limit.seconds
        while not done.wait(pause):
            pause = _AGAIN
            if limit.is_over(sys._current_frames().get(loading)):  # noqa: SLF001 - as faulthandler does
                raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc
                raise_in(ctypes.c_ulong(loading), ctypes.py_object(LoadEndError))

    watching = threading.Thread(target=watch, daemon=True, name="remit-load-limit")
    watching.start()
    try:
        yield
    finally:
        done.set()
        watching.join()
