"""The end of a command, as mistakes for people and for programs."""

from __future__ import annotations

import click

from remit.errors import RemitError

KINDS = (RemitError, click.ClickException, OSError)
"""The exceptions that are mistakes, of the project or of the command line. Any other is a bug, or ends a command."""


def mistake_of(error: Exception) -> RemitError:
    """The mistake that one of `KINDS` tells of, in remit's words."""
    if isinstance(error, RemitError):
        return error
    if isinstance(error, click.ClickException):
        return _misuse(error)
    file = f" {error.filename!r}" if isinstance(error, OSError) and error.filename else ""
    return RemitError(f"cannot use{file}: {getattr(error, 'strerror', None) or error}")


def _misuse(error: click.ClickException) -> RemitError:
    context = error.ctx if isinstance(error, click.UsageError) else None
    hint = None if context is None else f"`{context.command_path} --help` shows how it is used"
    message = error.format_message()
    message = f"{message[:1].lower()}{message[1:].removesuffix('.')}"
    return RemitError(message, hint=hint, exit_code=error.exit_code)
