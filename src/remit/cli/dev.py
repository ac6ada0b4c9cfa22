"""`remit dev`: run an app on this machine while its code is changed."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Final

import click

from remit.cli import options
from remit.dev import events
from remit.errors import few, stop_code

_FIRST_PORT: Final = 8000
_DEBUG_PORT: Final = 5678
"""The port that editors propose for Python."""
_LAST_PORT: Final = 65535
_KEYS: Final = "keys: w writes the grant of the last denied call, r deploys again, q ends it"


@click.command("dev", short_help="Run the app here while you change it.")
@options.app_options
@options.region_option
@click.option(
    "--port",
    "first_port",
    type=click.IntRange(1, _LAST_PORT),
    default=_FIRST_PORT,
    show_default=True,
    help="The first of the ports at which URLs, APIs and web apps are served.",
)
@options.strict_option
@click.option("--debug", "debugged", metavar="FUNCTION", help="Have this function wait for a debugger.")
@click.option(
    "--debug-port",
    type=click.IntRange(1, _LAST_PORT),
    default=_DEBUG_PORT,
    show_default=True,
    help="The port to attach the debugger to.",
)
@options.json_option
@options.in_scope
def command(scope: options.Scope, first_port: int, debugged: str | None, debug_port: int, *, strict: bool) -> None:
    """Run the app on this machine, and follow what you change until Ctrl-C.

    It deploys the app to the AWS on this machine, serves its URLs, APIs and web apps at fixed ports, and deploys again
    when a file is saved. It prints what the functions log, and each call that a function's role denies, with the line
    of code that made it and the grant that would allow it. The key w writes that grant into the decorator.

    With --debug, that function waits until an editor attaches to it (Debug Adapter Protocol), and has no time limit
    meanwhile. Only you can attach, from this machine.

    With --json, each thing that happens is an object on a line of its own, with its kind as `event`.

    \b
    Examples:
      remit dev
      remit dev --port 9000
      remit dev --strict
      remit dev --debug report
      remit dev --json | jq 'select(.event == "denied")'
    """
    from remit.cli import stack_commands
    from remit.dev.loop import Debugged, DevLoop
    from remit.dev.terminal_keys import is_terminal, pressed_keys, single_keys

    scope.namespace()  # a folder without a project is told before anything starts
    tell: Callable[[events.DevEvent], None] = _print_json if options.wants_json() else _Screen().show
    waiting = None if debugged is None else Debugged(debugged, debug_port)
    loop = DevLoop(
        scope.folder,
        scope.stage,
        region=scope.region,
        first_port=first_port,
        tell=tell,
        debugged=waiting,
        strict=strict,
    )
    try:
        with stack_commands.stoppable():
            if options.wants_json() or not is_terminal():
                loop.run()
            else:
                click.echo(_KEYS, err=True)
                with single_keys():
                    loop.run(pressed_keys)
    except KeyboardInterrupt as stop:
        click.get_current_context().exit(stop_code(stop))


def _print_json(event: events.DevEvent) -> None:
    # A pipe is buffered by the block: without a flush its reader would wait.
    click.echo(json.dumps(event.document()))
    sys.stdout.flush()


class _Screen:
    """Shows events to a person: what functions log on standard output, all else on standard error."""

    def __init__(self) -> None:
        self._functions: list[str] = []

    def show(self, event: events.DevEvent) -> None:  # noqa: C901, PLR0912 - one kind of event after the other
        """Show one event in a line, or a few."""
        match event:
            case events.Waiting(text):
                self._say("", f"{text} ...")
            case events.Deployed(namespace, changed, seconds):
                self._say("green", f"{namespace}: {'deployed' if changed else 'no changes'} in {seconds:.2f} s")
            case events.Serving(name, url):
                self._say("", f"  {name}  {url}")
            case events.DebuggerWaits(function, port):
                self._say("yellow", f"{function} waits for a debugger: attach to 127.0.0.1:{port}")
            case events.FilesChanged(files):
                self._say("", f"changed: {few(files)}")
            case events.CodeServed(seconds):
                self._say("green", f"the next invocation runs the new code ({seconds:.2f} s)")
            case events.Logged():
                self._log(event)
            case events.CallDenied():
                place = f" at {event.file}:{event.line}" if event.file else ""
                self._say("red", f"denied: {event.function} may not {event.action}{place}")
                self._say("", f"  on {event.resource}")
                if event.item:
                    self._say("", f"  add to its policy: {event.item}   (w writes it)")
                else:
                    self._say("", f"  its role grants it, and something else denies it: {event.because}")
            case events.CallUnknown(function, operation, because, refused):
                outcome = "refused" if refused else "let through"
                self._say("yellow", f"not checked: {operation} of {function} was {outcome}: {because}")
            case events.GrantWritten(_, diff):
                for line in diff.splitlines():
                    self._say({"+": "green", "-": "red"}.get(line[:1], ""), line)
            case events.WentWrong(message, hint, file, line_number):
                self._say("red", f"error: {message}")
                if file is not None:
                    self._say("", f"  --> {file}:{line_number}" if line_number else f"  --> {file}")
                if hint is not None:
                    self._say("", f"hint: {hint}")

    def _log(self, event: events.Logged) -> None:
        """Print what a function logged, under its name in a colour of its own; Lambda's own lines are left out."""
        from remit.deploy.log_lines import is_of_lambda
        from remit.report.function_logs import without_sdk_frames
        from remit.report.terminal_text import shown

        if is_of_lambda(event.message):
            return
        if event.function not in self._functions:
            self._functions.append(event.function)
        colour = options.COLOURS[self._functions.index(event.function) % len(options.COLOURS)]
        name = _styled(event.function, colour) if sys.stdout.isatty() else event.function
        click.echo(f"{event.time[11:]}  {name}  {shown(without_sdk_frames(event.message))}")
        sys.stdout.flush()

    def _say(self, colour: str, text: str) -> None:
        from remit.report.terminal_text import shown

        click.echo(_styled(shown(text), colour) if sys.stderr.isatty() else shown(text), err=True)


def _styled(text: str, colour: str) -> str:
    return click.style(text, fg=colour) if colour and "NO_COLOR" not in os.environ else text
