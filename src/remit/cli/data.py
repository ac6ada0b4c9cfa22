"""`remit data`: where the catalogue's facts about AWS come from."""

from __future__ import annotations

from dataclasses import asdict

import click

from remit.cli.options import json_option, print_json, today, wants_json


@click.command(short_help="Show the versions and dates of the facts about AWS.")
@json_option
def command() -> None:
    """Show what remit knows about AWS: sources, versions, dates and counts.

    \b
    Examples:
      remit data
      remit data --json
    """
    from remit.catalogue.snapshot_sources import versions

    snapshot = versions()
    package = "remit" if snapshot.is_own else "remit-data"
    if wants_json():
        data = {"date": snapshot.day.isoformat(), "package": package}
        print_json(
            {**data, "sources": [asdict(source) for source in snapshot.sources], "counts": dict(snapshot.counts)}
        )
        return
    days = (today() - snapshot.day).days
    click.echo(f"data of {snapshot.day} ({package}), {days} days old\n")
    for source in snapshot.sources:
        dated = f"  data of {source.date}" if source.date else ""
        click.echo(f"{source.name} {source.version} ({source.licence}){dated}\n    {source.holds}")
    click.echo()
    for name, count in snapshot.counts:
        click.echo(f"{count:>8,}  {name}")
