"""`remit audit`: who can do what in many accounts, from the files that read-only calls of each give."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from remit.cli import options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from remit.audit.audit import AuditInput, AuditReport
    from remit.audit.entities import InputProblem
    from remit.audit.organization import Organization
    from remit.audit.resource_policies import ResourcePolicy


@click.command("audit", short_help="Say who can do what in whole accounts and organizations.")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--organization",
    "organization_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The accounts, units, SCPs and RCPs of the organization.",
)
@click.option(
    "--resource-policies",
    "resources_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The policies of buckets, keys, queues and so on.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "csv", "sarif", "html"]),
    default="text",
    show_default=True,
    help="For people, for programs, for a spreadsheet, for dashboards, or a page with a search.",
)
@options.json_option
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to a file.")
@click.option("--notes", "with_notes", is_flag=True, help="Show notes on policies, too.")
@click.option("--at", "now", metavar="DATE", help="The day of every request, as 2026-11-27 (default: today).")
@click.option("--processes", type=click.IntRange(1, 256), default=1, show_default=True, help="Use several cores.")
@click.option(
    "--cache",
    "cache_folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".remit/audit"),
    show_default=True,
    help="Where answers are kept for the next run, which asks only what has changed.",
)
@click.option("--no-cache", is_flag=True, help="Keep nothing, and ask everything again.")
def command(
    folder: Path,
    organization_file: Path | None,
    resources_file: Path | None,
    form: str,
    output: Path | None,
    now: str | None,
    processes: int,
    cache_folder: Path,
    *,
    as_json: bool,
    with_notes: bool,
    no_cache: bool,
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
      remit audit accounts/ --format html --output audit.html
    """
    audit_input = _input(folder, organization_file, resources_file, now)
    report = _report(audit_input, processes, None if no_cache else cache_folder)
    _write(_text(report, "json" if as_json else form, with_notes=with_notes), output)
    _tell(report.problems)
    return int(not report.is_fine)


def _input(folder: Path, organization_file: Path | None, resources_file: Path | None, now: str | None) -> AuditInput:
    """All files that an audit is about, but those of the folder."""
    from remit.audit.audit import AuditInput
    from remit.audit.json_bytes import unzipped
    from remit.audit.resource_policies import resource_policies

    organization, problems = _organization(organization_file)
    resources: tuple[ResourcePolicy, ...] = ()
    if resources_file is not None:
        file = resources_file.as_posix()
        resources, wrong = resource_policies(unzipped(resources_file.read_bytes(), file), file)
        problems = (*problems, *wrong)
    return AuditInput(folder, _time(now), organization, resources, problems)


def _report(audit_input: AuditInput, processes: int, cache_folder: Path | None) -> AuditReport:
    from functools import partial

    from remit import __version__
    from remit.audit.audit import audit
    from remit.audit.result_cache import ResultCache
    from remit.audit.workers import run

    with _progress() as progress:
        return audit(audit_input, ResultCache(cache_folder, __version__), partial(run, processes=processes), progress)


@contextlib.contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """Show what is done in one line of a terminal, which is empty again at the end."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    try:
        yield lambda text: click.echo(f"\r\x1b[K{text}", nl=False, err=True)
    finally:
        click.echo("\r\x1b[K", nl=False, err=True)


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


def _text(report: AuditReport, form: str, *, with_notes: bool) -> Iterable[str]:
    """The report in the form that was asked for, in pieces."""
    if form == "json":
        from remit.report.audit import audit_json

        return audit_json(report)
    if form == "csv":
        from remit.report.audit import access_csv

        return [access_csv(report)]
    if form == "sarif":
        import json

        from remit import __version__
        from remit.report.audit_sarif import audit_sarif
        from remit.report.terminal_text import readable

        return [json.dumps(readable(audit_sarif(report, __version__)), indent=2), "\n"]
    if form == "html":
        from remit.report.audit_page import audit_page

        return [audit_page(report)]
    from shutil import get_terminal_size

    from remit.report.audit import audit_text

    is_terminal = sys.stdout.isatty()
    width = get_terminal_size((120, 24)).columns if is_terminal else 120
    color = is_terminal and "NO_COLOR" not in os.environ
    return [audit_text(report, color=color, width=width, with_notes=with_notes), "\n"]


def _write(pieces: Iterable[str], output: Path | None) -> None:
    """Write the report to a file, or on standard output."""
    if output is None:
        for piece in pieces:
            click.echo(piece, nl=False)
        return
    with output.open("w", encoding="utf-8") as file:
        file.writelines(pieces)


def _tell(problems: tuple[InputProblem, ...]) -> None:
    """Say on standard error what is wrong with the files."""
    from remit.report.terminal_text import line

    for problem in problems:
        click.echo(f"problem: {line(str(problem))}", err=True)
