"""The command line: a command per file of this folder; the only room that prints, prompts or exits.

A command module holds one click command named `command`; its file name is its name (`_` reads as `-`).
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import click


def main(arguments: list[str] | None = None) -> None:
    """Run remit and exit: 0 fine, 1 the answer is no, 2 a mistake, 75 somebody else deploys, 130 interrupted."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments == ["--version"]:  # before anything heavy is imported: scripts ask this often
        from remit import __version__

        sys.stdout.write(f"remit {__version__}\n")
        sys.exit(0)
    sys.exit(_run(arguments))


def _run(arguments: list[str]) -> int:  # noqa: PLR0911 - an exit code per kind of end
    import click

    from remit.cli.shelf import root
    from remit.errors import RemitError

    _tolerate_any_encoding()
    try:
        status = root.main(arguments, prog_name="remit", standalone_mode=False)
    except RemitError as error:
        click.echo(str(error), err=True)
        return error.exit_code
    except click.ClickException as error:
        _complain(error)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        return 130
    except BrokenPipeError:
        # The reader went away; keep Python from complaining about it once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        return _complain_about_file(error)
    except Exception as error:  # noqa: BLE001 - people never see a traceback unless they ask for it
        return _confess(error)
    return status if isinstance(status, int) else 0


def _complain(error: click.ClickException) -> None:
    """Say what is wrong with the command line as remit says everything else."""
    import click

    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return
    message = error.format_message()
    context = error.ctx if isinstance(error, click.UsageError) else None
    hint = (
        f"\nhint: `{context.command_path} --help` shows how it is used" if context and "\nhint: " not in message else ""
    )
    click.echo(f"error: {message[:1].lower()}{message[1:].removesuffix('.')}{hint}", err=True)


def _complain_about_file(error: OSError) -> int:
    import click

    named = f" {error.filename!r}" if error.filename else ""
    click.echo(f"error: cannot use{named}: {error.strerror or error}", err=True)
    return 2


def _confess(error: Exception) -> int:
    """Say that remit itself is wrong, and where: 70, as in sysexits.h."""
    import traceback

    import click

    if os.environ.get("REMIT_DEBUG"):
        traceback.print_exception(error)
    last = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{os.path.basename(last.filename)}:{last.lineno}"  # noqa: PTH119 - a name to print, not a path to use
    click.echo(f"error: this is a bug in remit: {type(error).__name__}: {error} ({place})", err=True)
    click.echo("hint: REMIT_DEBUG=1 prints the traceback, which a report should have", err=True)
    return 70


def _tolerate_any_encoding() -> None:
    """Under LANG=C or a legacy code page, print what cannot be encoded as escapes instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


__all__ = ["main"]
