"""`remit audit`: who can do what in many accounts, from the files that read-only calls of each give."""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import replace
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
    from remit.audit.workers import Workers

    Progress = Callable[[str], None]


class _Audit(click.Command):
    """`remit audit FOLDER`, or `remit audit collect FOLDER`: the first word says which."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """The context of the command that is meant."""
        if args[:1] == ["collect"]:
            from remit.cli.audit_collect import collect_command

            return collect_command.make_context(f"{info_name} collect", args[1:], parent, **extra)
        return super().make_context(info_name, args, parent, **extra)


@click.command("audit", cls=_Audit, short_help="Say who can do what in whole accounts and organizations.")
@click.argument("folder", type=options.FOLDER)
@click.option(
    "--organization",
    "organization_file",
    type=options.FILE,
    help="The accounts, units, SCPs and RCPs of the organization.",
)
@click.option(
    "--resource-policies",
    "resources_file",
    type=click.Path(exists=True, path_type=Path),
    help="The policies of buckets, keys, queues and so on: a file, or a folder of them.",
)
@click.option(
    "--trail",
    "trail_folder",
    type=options.FOLDER,
    help="CloudTrail's logs, as they lie in S3: what is granted and not used is listed.",
)
@click.option(
    "--athena", "athena_table", metavar="TABLE", help="A table of CloudTrail's logs in Athena, in place of --trail."
)
@click.option("--athena-output", metavar="S3_URL", help="Where Athena writes its results (default: the workgroup's).")
@click.option("--athena-workgroup", metavar="NAME", help="The workgroup of the query (default: the primary one).")
@click.option("--print-query", is_flag=True, help="Print the query that --athena runs, and do nothing.")
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
@click.option("--spark", "spark_master", metavar="MASTER", help="Use Spark: local[8], or spark://HOST:PORT.")
@click.option(
    "--cache",
    "cache_folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".remit/audit"),
    show_default=True,
    help="Where answers are kept for the next run, which asks only what has changed.",
)
@click.option("--no-cache", is_flag=True, help="Keep nothing, and ask everything again.")
@options.region_option
@options.profile_option
def command(
    folder: Path,
    organization_file: Path | None,
    resources_file: Path | None,
    trail_folder: Path | None,
    athena_table: str | None,
    athena_output: str | None,
    athena_workgroup: str | None,
    form: str,
    output: Path | None,
    now: str | None,
    processes: int,
    spark_master: str | None,
    cache_folder: Path,
    *,
    with_notes: bool,
    no_cache: bool,
    print_query: bool,
    region: str | None,
    profile: str | None,
) -> int:
    """Say who can do what in the accounts whose files are in FOLDER. Needs no AWS.

    The files are what `aws iam get-account-authorization-details` prints, for each account: single pages or all of
    them, also as .gz. For each user and role the answer says which sensitive actions it can do, within its policies,
    its groups, its boundary and every SCP, each with a request that is allowed, and how it can become an administrator,
    step by step. What is not proven is undecided. Each distinct policy is linted once.

    The exit code is 1 if somebody can become an administrator, a resource or role is open to anyone on the internet, a
    policy has an error, something is undecided, or a file cannot be read in whole.

    `remit audit collect FOLDER` gathers the files from an account or an organization. That and --athena need
    credentials.

    \b
    Examples:
      remit audit accounts/
      remit audit accounts/ --organization organization.json --json
      remit audit accounts/ --trail logs/
      remit audit accounts/ --athena cloudtrail_logs --athena-output s3://results/
      remit audit accounts/ --format html --output audit.html
    """
    if print_query:
        from remit.audit.trail_query import athena_query

        click.echo(athena_query(athena_table or "cloudtrail_logs"))
        return 0
    from remit import __version__
    from remit.audit.audit import audit
    from remit.audit.result_cache import ResultCache
    from remit.catalogue.snapshot_sources import versions
    from remit.report.terminal_text import line

    elsewhere = (organization_file, resources_file, trail_folder, output, cache_folder)
    audit_input = replace(
        _input(folder, organization_file, resources_file, now),
        elsewhere=tuple(path for path in elsewhere if path is not None),
    )
    with _progress() as progress, _workers(processes, spark_master) as workers:
        if trail_folder is not None:
            from remit.audit.workers import summed_up_trail

            audit_input = replace(audit_input, trail=summed_up_trail(trail_folder, workers, progress))
        if athena_table is not None:
            from remit.audit.trail_query import athena_query
            from remit.deploy.athena_trail import summed_up_by_athena

            click.echo(athena_query(athena_table), err=True)
            account = options.Scope(region=region, profile=profile).account()
            trail = summed_up_by_athena(
                account, athena_table, workgroup=athena_workgroup, output=athena_output, progress=progress
            )
            audit_input = replace(audit_input, trail=trail)
        facts = " ".join(f"{source.name}=={source.version}" for source in versions().sources)
        cache = ResultCache(None if no_cache else cache_folder, f"{__version__} {facts}")
        report = audit(audit_input, cache, workers, progress)
    _write(_text(report, "json" if options.wants_json() else form, with_notes=with_notes), output)
    for problem in report.problems:
        click.echo(f"problem: {line(str(problem))}", err=True)
    return int(not report.is_fine)


def _input(folder: Path, organization_file: Path | None, resources_file: Path | None, now: str | None) -> AuditInput:
    """All files that an audit is about, but those of the folder, and the time of every request.

    That is the start of a day, so that the same day gives the same answers. RemitError (2): the date is none, or a file
    cannot be read as what it should be. Mistakes inside of files are problems of the input.
    """
    from datetime import UTC, date, datetime

    from remit.audit.audit import AuditInput
    from remit.audit.folder import json_files
    from remit.audit.organization import organization_of_file
    from remit.audit.resource_policies import resource_policies
    from remit.errors import RemitError

    try:
        day = datetime.now(UTC).date() if now is None else date.fromisoformat(now)
    except ValueError:
        raise RemitError(f"--at {now!r} is no date", hint="write it as 2026-11-27") from None
    organization: Organization | None = None
    problems: tuple[InputProblem, ...] = ()
    if organization_file is not None:
        organization, problems = organization_of_file(organization_file.read_bytes(), organization_file.as_posix())
    resources: tuple[ResourcePolicy, ...] = ()
    paths = [] if resources_file is None else [resources_file]
    if resources_file is not None and resources_file.is_dir():
        files = json_files(resources_file)
        paths = [Path(file.path) for file in files.files]
        problems = (*problems, *files.problems)
    for path in paths:
        policies, wrong = resource_policies(path.read_bytes(), path.as_posix())
        resources, problems = (*resources, *policies), (*problems, *wrong)
    return AuditInput(folder, f"{day.isoformat()}T00:00:00Z", organization, resources, problems=problems)


def _workers(count: int, spark_master: str | None) -> contextlib.AbstractContextManager[Workers]:
    """Return the workers: this process, several, or Spark.

    RemitError: pyspark is not installed, or Spark does not start.
    """
    if spark_master is not None:
        from remit.audit.spark import spark

        return spark(spark_master)
    from remit.audit.workers import processes

    return processes(count)


@contextlib.contextmanager
def _progress() -> Iterator[Progress]:
    """Give a function that shows what is done in one line of the terminal, which is empty again at the end.

    Where standard error is no terminal, it shows nothing.
    """
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    try:
        yield lambda text: click.echo(f"\r\x1b[K{text}", nl=False, err=True)
    finally:
        click.echo("\r\x1b[K", nl=False, err=True)


def _text(report: AuditReport, form: str, *, with_notes: bool) -> Iterable[str]:
    """The report in the form that was asked for, in pieces: `json`, `csv`, `sarif`, `html`, else lines for people."""
    if form == "json":
        from remit.report.audit import audit_json

        return audit_json(report)
    if form == "csv":
        from remit.report.audit import access_csv

        return access_csv(report)
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
    """Print the report, or write it to a file, with secrets masked. OSError: it cannot be written."""
    if output is None:
        for piece in pieces:
            click.echo(piece, nl=False)
        return
    from remit.secrets.masked_output import MaskedStream

    with output.open("w", encoding="utf-8") as file:
        MaskedStream(file).writelines(pieces)
