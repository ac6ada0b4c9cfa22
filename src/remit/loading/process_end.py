"""A project's code that ends the process while it is loaded: an error at its line, not an end without a word.

`os._exit`, `os.abort` and `os.execv` leave no exception behind, wherever they are called: in a module of the project,
in a package that it imports, in a thread. They are replaced while a project loads.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any, Final

from remit.loading.time_limit import users_line
from remit.project.current_load import LoadEndError, Loading, relative

_ENDING: Final = ("_exit", "abort", "execv", "execve")
"""The functions of `os` that end a process; all others call these."""


@contextlib.contextmanager
def process_kept(state: Loading) -> Iterator[None]:
    """End the load where the project's code would end the process. RemitError: that, and the mistakes before it."""
    replaced = []
    for module in (os, sys.modules[os.name]):
        replaced += [(module, name, getattr(module, name)) for name in _ENDING if hasattr(module, name)]
    for module, name, function in replaced:
        setattr(module, name, _guarded(state, name, function))
    try:
        yield
    finally:
        for module, name, function in replaced:
            setattr(module, name, function)


def _guarded(state: Loading, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that ends the load in the place of this process; one that the project forked it ends as ever.

    The mistake is noted. LoadEndError: the load is ended; SystemExit: another thread, which alone ends.
    """
    process, loading = os.getpid(), threading.current_thread()

    def guarded(*arguments: Any) -> Any:
        if os.getpid() != process:
            return function(*arguments)
        origin = relative(users_line(sys._getframe(1), state.folder), state.folder)  # noqa: SLF001 - as inspect does
        called = f"{function.__module__.strip('_').replace('posix', 'os')}.{name}"
        state.mistakes.add(
            f"{'a thread of the project' if origin is None else origin.file} ends the program by {called}",
            hint="a module is run to read what it declares: what ends a program belongs into a function",
            origin=origin,
        )
        raise LoadEndError if threading.current_thread() is loading else SystemExit

    return guarded
