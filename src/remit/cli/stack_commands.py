"""Shared parts of commands that change a stack: the terminal, and stopping at a signal."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from typing import TYPE_CHECKING, Any, Final

import click

from remit.cli import options
from remit.report.events import event_line
from remit.report.operators import WordedOperator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import FrameType

    from remit.deploy.events import StackEvent
    from remit.deploy.execute import OnEvent

_COLOURS: Final = {"+": "green", "-": "red", "~": "yellow", "?": "yellow"}
_STOPS: Final = (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM))  # Windows has no SIGHUP
_BIG: Final = 8 * 1024 * 1024  # bytes; a bigger upload shows its progress
_SHOWN: Final = 8  # resources in progress on the screen at once


class Terminal(WordedOperator):
    """The person at the terminal, or whoever reads standard error; nobody can be asked without a terminal."""

    def __init__(self, *, asks: bool = True, is_answer: bool = False) -> None:
        self.command_options = options.same_place()
        self._asks, self._is_answer = asks, is_answer

    def note(self, text: str) -> None:
        """Print a line on standard error."""
        click.echo(text, err=True)

    def show(self, lines: Iterable[str]) -> None:
        """Print lines, on standard output if they are the answer, else on standard error.

        On a screen those that begin with +, -, ~ or ? after blanks are in colour, unless NO_COLOR is set.
        """
        for line in lines:
            colour = _COLOURS.get(line.lstrip()[:1]) if line.startswith(" ") and "NO_COLOR" not in os.environ else None
            click.echo(click.style(line, fg=colour) if colour else line, err=not self._is_answer)

    def ask(self, text: str, name: str = "") -> bool | None:
        """Return whether the person says yes, or types the name; an input that ends means no.

        None: nobody can be asked, or is to be (--quiet, or a terminal that does not ask). KeyboardInterrupt: Ctrl-C.
        """
        if not self._asks or click.get_current_context().find_root().params.get("quiet"):
            return None
        if sys.stdin is None or not sys.stdin.isatty():  # None when it is closed
            return None
        try:
            if name:
                return bool(click.prompt(text, default="", show_default=False, err=True) == name)
            return click.confirm(text, err=True)
        except click.Abort as aborted:  # click makes one of Ctrl-C and of an input that ends
            if isinstance(aborted.__context__, KeyboardInterrupt):
                raise KeyboardInterrupt from None
            return False

    @contextlib.contextmanager
    def events(self, stack: str) -> Iterator[OnEvent]:
        """Show events as they come: what runs at the bottom of a screen, a line each anywhere else."""
        if sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb":
            with _screen(stack) as show:
                yield show
        else:
            yield lambda event: self.note(event_line(event, stack))

    @contextlib.contextmanager
    def progress(self, size: int) -> Iterator[Callable[[int], None] | None]:
        """Show a bar for an upload of more than 8 MiB, and give the function that is told each number of bytes sent.

        For a smaller one it gives None.
        """
        if size <= _BIG:
            yield None
            return
        with click.progressbar(length=size, label=f"uploading {size / 1e6:.1f} MB", file=sys.stderr) as bar:
            yield bar.update


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """Let SIGTERM and SIGHUP (a CI job that is cancelled) stop as Ctrl-C does, with an exit code of their own.

    The handlers from before are back afterwards.
    """

    def stop(number: int, _frame: FrameType | None) -> None:
        """Raise KeyboardInterrupt with the signal's number."""
        raise KeyboardInterrupt(number)

    before = {number: signal.signal(number, stop) for number in _STOPS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _screen(stack: str) -> Iterator[OnEvent]:
    """Give a function that prints events that ended something, and keeps what is in progress below them.

    The lines below are gone at the end.
    """
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    console = Console(stderr=True, highlight=False)
    running: dict[tuple[str, str], StackEvent] = {}

    def bottom() -> Any:
        lines = [f"  {event.status}  {event.type}  {event.logical_id}" for event in list(running.values())[:_SHOWN]]
        hidden = len(running) - len(lines)
        return Text("\n".join([*lines, f"  and {hidden} more"] if hidden > 0 else lines), style="dim", no_wrap=True)

    with Live(bottom(), console=console, transient=True, refresh_per_second=8) as live:

        def show(event: StackEvent) -> None:
            """Print an event that ends something above what still runs; one that begins goes into that list."""
            key = (event.stack_id, event.logical_id)
            running.pop(key, None)
            if event.status.endswith("_IN_PROGRESS") and not event.of_stack:
                running[key] = event
            else:
                style = "green" if event.status.endswith("_COMPLETE") else ""
                if event.failed or "ROLLBACK" in event.status:
                    style = "red"
                live.console.print(Text(event_line(event, stack), style=style), soft_wrap=True)
            live.update(bottom())

        yield show
