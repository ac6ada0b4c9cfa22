"""A project's code that ends the process while it is loaded: an error at its line, not an end without a word.

`os._exit`, `os.abort`, `os.execv` and a signal to the own process leave no exception behind, wherever they are called:
in a module of the project, in a package that it imports, in a thread. They are replaced while a project loads, and
until the threads end that it started.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from remit.errors import RemitError
from remit.loading.time_limit import end_now, users_line
from remit.project.current_load import LoadEndError, relative

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from remit.project.current_load import Loading

_SENDING: Final = ("kill", "killpg", "raise_signal", "pthread_kill")
_ENDING: Final = ("_exit", "abort", "execv", "execve", *_SENDING)
"""The functions of `os` and `signal` that end a process, or send a signal; all others call these."""
_HARMLESS: Final = frozenset(getattr(signal, name, 0) for name in ("SIGCHLD", "SIGCONT", "SIGURG", "SIGWINCH"))
"""Signals that end nobody."""


@dataclass(slots=True)
class _Guard:
    """Knows which calls would end the process, and whether the project makes them."""

    state: Loading
    process: int = field(default_factory=os.getpid)
    loading: threading.Thread | None = field(default_factory=threading.current_thread)
    other_threads: frozenset[threading.Thread] = field(default_factory=lambda: frozenset(threading.enumerate()))
    handlers: Mapping[int, Any] = field(
        default_factory=lambda: {number: signal.getsignal(number) for number in signal.valid_signals()}
    )

    def instead_of(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function that ends the load where `function` would end the process, and else does what that does."""

        def guarded(*arguments: Any) -> Any:
            thread = threading.current_thread()
            is_projects = thread is self.loading or thread not in self.other_threads
            if os.getpid() != self.process or not is_projects or not self._ends(name, arguments):
                return function(*arguments)
            folder = self.state.folder
            origin = relative(users_line(sys._getframe(1), folder), folder)  # noqa: SLF001 - as inspect does
            called = f"{function.__module__.strip('_').replace('posix', 'os')}.{name}"
            mistake = RemitError(
                f"{'a thread of the project' if origin is None else origin.file} ends the program by {called}",
                hint="a module is run to read what it declares: what ends a program belongs into a function",
                origin=origin,
            )
            if thread is not self.loading:  # its exceptions would not reach the load, which goes on or is over
                os.write(2, f"error: {mistake}\n".encode(errors="backslashreplace"))
                end_now(mistake.exit_code)
            self.state.mistakes.errors.append(mistake)
            raise LoadEndError

        return guarded

    def _ends(self, name: str, arguments: tuple[Any, ...]) -> bool:
        """Return whether a call ends this process; a signal does, unless the project itself handles it."""
        if name not in _SENDING:
            return True
        number, whom = arguments[-1], arguments[0]
        if name == "kill" and whom not in (self.process, 0):
            return False
        if name == "killpg" and whom not in (os.getpgrp(), 0):
            return False
        if number in _HARMLESS or number not in self.handlers:
            return False
        handler = signal.getsignal(number)
        return handler is self.handlers[number] and handler is not signal.SIG_IGN


@contextlib.contextmanager
def process_kept(state: Loading) -> Iterator[None]:
    """End the load where the project's code would end the process. RemitError: that, and the mistakes before it."""
    guard = _Guard(state)
    replaced = []
    for module in (os, sys.modules[os.name], signal):
        for name in _ENDING:
            if hasattr(module, name):
                function = getattr(module, name)
                replaced.append((module, name, function))
                setattr(module, name, guard.instead_of(name, function))
    try:
        yield
    finally:
        guard.loading = None
        if guard.other_threads.issuperset(threading.enumerate()):
            for module, name, function in replaced:
                setattr(module, name, function)
