"""The command line: a command per file of this folder; the only room that prints, prompts or exits.

A command module holds one click command named `command`; its file name is its name (`_` reads as `-`).
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys

_QUIET = "--quiet"
_YOUNG = 100_000
"""Objects made before the first look for cycles, as mypy has it: a command makes few, and is over soon."""


def script() -> None:
    """Run `main` as the process `remit`, and leave by `os._exit` with its exit code.

    What waits for the interpreter's end (atexit, destructors) is not run, and nothing is freed: the operating system
    takes it back anyway. Collections of cycles begin late (`_YOUNG`).
    """
    gc.set_threshold(_YOUNG, 20, 20)
    try:
        main()
    except SystemExit as done:
        os._exit(done.code if isinstance(done.code, int) else 0)  # all is written and flushed, no thread is left


def main(arguments: list[str] | None = None) -> None:
    """Run remit with these arguments, or those of the process; it always ends with SystemExit.

    Exit codes: 0 fine, 1 the answer is no, or the output could not be written, 2 a mistake, 70 a bug of remit, 75
    somebody else deploys, 130 interrupted (128 and its number for another signal). Secrets are masked in all that is
    printed.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments == ["--version"]:  # before anything heavy is imported: scripts ask this often
        from remit import __version__

        if sys.stdout is not None:  # None when it was closed before remit began
            sys.stdout.write(f"remit {__version__}\n")
        sys.exit(_flushed(0))
    try:
        from remit.secrets.masked_output import masked_output

        for stream in (sys.stdout, sys.stderr):
            reconfigure = getattr(stream, "reconfigure", None)
            if reconfigure is not None:  # under LANG=C or a legacy code page, escapes are printed in place of a failure
                reconfigure(errors="backslashreplace")
        with masked_output():
            status = _status(arguments)
    except OSError:  # not even the complaint could be written
        status = 1
    except KeyboardInterrupt:  # before the first command was imported
        status = 130
    sys.exit(_flushed(status))


def _status(arguments: list[str]) -> int:  # noqa: PLR0911 - an exit code per kind of end
    """Run the command line and give its exit code: the number that the command returns, else 0.

    Whatever it raises is told on standard error, never as a traceback, and with --quiet, anywhere in the arguments,
    nothing is told there. The code is then a mistake's own; 1 where nobody agreed or the reader of a pipe went away; 2
    without memory; 128 and the signal's number where it was interrupted; 70 for any other exception.
    """
    import click

    from remit.cli.command_group import MISTAKES, mistake_of, root
    from remit.errors import stop_code

    try:
        with contextlib.ExitStack() as messages:
            if _QUIET in arguments:
                arguments = [_QUIET, *(argument for argument in arguments if argument != _QUIET)]
                nothing = messages.enter_context(open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123 - a device
                messages.enter_context(contextlib.redirect_stderr(nothing))
            status = root.main(arguments, prog_name="remit", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort) as stop:
        cause = stop.__cause__ or stop  # click makes an Abort of a KeyboardInterrupt
        is_no = isinstance(cause, click.Abort)  # somebody was asked
        _complain("nothing was changed" if is_no else "interrupted")
        return 1 if is_no else stop_code(cause)
    except BrokenPipeError:  # the reader went away
        return 1
    except MemoryError:
        _complain("error: there is not enough memory")
        return 2
    except MISTAKES as error:
        mistake = mistake_of(error)
        _complain(str(mistake))
        return mistake.exit_code
    except Exception as error:  # noqa: BLE001 - people never see a traceback unless they ask for it
        return _confess(error)
    return status if isinstance(status, int) else 0


def _complain(text: str) -> None:
    """Say how it ended. What AWS or an exception put into the text must not steer the terminal."""
    import click

    from remit.report.terminal_text import shown

    click.echo(shown(text), err=True)


def _flushed(status: int) -> int:
    """Flush both streams, and return the exit code: `status`, or 1 where that is 0 and something could not be written.

    That is so on a full disk, or when the reader left; such a stream leads nowhere from then on. Otherwise Python finds
    out at its own exit, complains in its own words, and ends with 120.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError as error:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
            already_reported = (
                status or isinstance(error, BrokenPipeError) or stream is sys.stderr or sys.stderr is None
            )
            if not already_reported:
                sys.stderr.write(f"error: cannot write the output: {error.strerror or error}\n")
            status = status or 1
    return status


def _confess(error: Exception) -> int:
    """Say on standard error that remit itself is wrong, and where. Return 70, as in sysexits.h.

    With REMIT_DEBUG set, the traceback is printed first.
    """
    import traceback

    if os.environ.get("REMIT_DEBUG"):
        traceback.print_exception(error)
    last = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{os.path.basename(last.filename)}:{last.lineno}"  # noqa: PTH119 - a name to print, not a path to use
    _complain(f"error: this is a bug in remit: {type(error).__name__}: {error} ({place})")
    _complain("hint: REMIT_DEBUG=1 prints the traceback, which a report should have")
    return 70


__all__ = ["main", "script"]
