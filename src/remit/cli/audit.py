"""`remit audit`: who can do what in many accounts, from the files that read-only calls of each give."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from remit.cli import options

if TYPE_CHECKING:
    from remit.audit.audit import AuditReport
    from remit.audit.entities import InputProblem
    from remit.audit.organization import Organization


@click.command("audit", short_help="Say who can do what in whole accounts and organizations.")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--organization",
    "organization_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The accounts, units, SCPs and RCPs of the organization.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "csv"]),
    default="text",
    show_default=True,
    help="For people, for programs, or for a spreadsheet.",
)
@options.json_option
@click.option("--notes", "with_notes", is_flag=True, help="Show notes on policies, too.")
@click.option("--at", "now", metavar="DATE", help="The day of every request, as 2026-11-27 (default: today).")
def command(
    folder: Path, organization_file: Path | None, form: str, now: str | None, *, as_json: bool, with_notes: bool
) -> int:
    """Say who can do what in the accounts whose files are in FOLDER. Needs no AWS and no credentials.

    The files are what `aws iam get-account-authorization-details` prints, for each account: single pages or all of
    them, also as .gz. For each user and role the answer says which sensitive actions it can do, within its policies,
    its groups, its boundary and every SCP, each with a request that is allowed, and how it can become an administrator,
    step by step. What is not proven is undecided. Each distinct policy is linted once.

    The exit code is 1 if somebody can become an administrator, a policy has an error, something is undecided, or a file
    cannot be read in whole.

    \b
    Examples:
      remit audit accounts/
      remit audit accounts/ --organization organization.json --json
      remit audit accounts/ --format csv
    """
    report = _report(folder, organization_file, now)
    if as_json or form == "json":
        from remit.report.audit import audit_json

        options.print_report(audit_json(report))
    elif form == "csv":
        from remit.report.audit import access_csv

        click.echo(access_csv(report), nl=False)
    else:
        _print_text(report, with_notes=with_notes)
    _tell(report.problems)
    return int(not report.is_fine)


def _report(folder: Path, organization_file: Path | None, now: str | None) -> AuditReport:
    from remit.audit.audit import audit
    from remit.audit.folder import account_files

    organization, problems = _organization(organization_file)
    return audit(account_files(folder), _time(now), organization, problems)


def _time(now: str | None) -> str:
    """The time of every request: the start of a day, so that the same day gives the same answers."""
    from datetime import UTC, date, datetime

    from remit.errors import RemitError

    try:
        day = datetime.now(UTC).date() if now is None else date.fromisoformat(now)
    except ValueError:
        raise RemitError(f"--at {now!r} is no date", hint="write it as 2026-11-27") from None
    return f"{day.isoformat()}T00:00:00Z"


def _organization(path: Path | None) -> tuple[Organization | None, tuple[InputProblem, ...]]:
    if path is None:
        return None, ()
    from remit.audit.json_bytes import unzipped, values
    from remit.audit.organization import organization

    file = path.as_posix()
    value: Any = next(values(unzipped(path.read_bytes(), file), file))
    return organization(value, file)


def _print_text(report: AuditReport, *, with_notes: bool) -> None:
    from shutil import get_terminal_size

    from remit.report.audit import audit_text

    is_terminal = sys.stdout.isatty()
    width = get_terminal_size((120, 24)).columns if is_terminal else 120
    color = is_terminal and "NO_COLOR" not in os.environ
    click.echo(audit_text(report, color=color, width=width, with_notes=with_notes))


def _tell(problems: tuple[InputProblem, ...]) -> None:
    """Say on standard error what is wrong with the files."""
    from remit.report.terminal_text import line

    for problem in problems:
        click.echo(f"problem: {line(str(problem))}", err=True)
