"""`remit data`: where the catalogue's facts about AWS come from."""

from __future__ import annotations

from dataclasses import asdict

import click

from remit.cli.options import json_option, print_json


@click.command(short_help="Show the versions and dates of the facts about AWS.")
@json_option
def command(*, as_json: bool) -> None:
    """Show what remit knows about AWS: sources, versions, dates and counts.

    \b
    Examples:
      remit data
      remit data --json
    """
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
