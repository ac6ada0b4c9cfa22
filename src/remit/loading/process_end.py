"""A project's code that ends the process while it is loaded: an error at its line, not an end without a word.

`os._exit`, `os.abort` and `os.execv` leave no exception behind, wherever they are called: in a module of the project,
in a package that it imports, in a thread. They are replaced while a project loads, and until the threads end that it
started.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from remit.errors import RemitError
from remit.loading.time_limit import end_now, users_line
from remit.project.current_load import LoadEndError, relative

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from remit.project.current_load import Loading

_ENDING: Final = ("_exit", "abort", "execv", "execve")
"""The functions of `os` that end a process; all others call these."""


@dataclass(slots=True)
class _Guard:
    """Knows which calls would end the process, and whether the project makes them."""

    state: Loading
    process: int = field(default_factory=os.getpid)
    loading: threading.Thread | None = field(default_factory=threading.current_thread)
    other_threads: frozenset[threading.Thread] = field(default_factory=lambda: frozenset(threading.enumerate()))

    def instead_of(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function that ends the load where `function` would end the process, and else does what that does."""

        def guarded(*arguments: Any) -> Any:
            thread = threading.current_thread()
            is_projects = thread is self.loading or thread not in self.other_threads
            if os.getpid() != self.process or not is_projects:
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


@contextlib.contextmanager
def process_kept(state: Loading) -> Iterator[None]:
    """End the load where the project's code would end the process. RemitError: that, and the mistakes before it."""
    guard = _Guard(state)
    replaced = []
    for module in (os, sys.modules[os.name]):
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
