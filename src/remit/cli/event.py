"""`remit event`: print a sample event of a trigger."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from remit.cli import options

if TYPE_CHECKING:
    from pathlib import Path


@click.command("event", short_help="Print a sample event of a trigger.")
@click.argument("trigger", required=False)
@click.argument("function", required=False)
@options.app_options
@options.json_option
def command(trigger: str | None, function: str | None, folder: Path, stage: str | None) -> None:
    """Print the event that TRIGGER sends, as AWS documents it, in JSON.

    With FUNCTION, names of the app stand in it: the bucket, queue or topic of that function's trigger. Without TRIGGER,
    the sample events are listed.

    \b
    Examples:
      remit event
      remit event sqs
      remit event s3 thumbnail
      remit event s3 thumbnail | remit invoke --local thumbnail --event -
    """
    from remit.triggers.sample_events import SAMPLES, event_for, sample_event

    if trigger is None:
        widest = max(len(sample.name) for sample in SAMPLES)
        rows = [{"name": sample.name, "about": sample.about, "page": sample.page} for sample in SAMPLES]
        options.print_answer(rows, [f"{sample.name:<{widest}}  {sample.about}" for sample in SAMPLES])
        return
    sample = sample_event(trigger)
    if function is None:
        options.print_json(sample.event)
        return
    options.print_json(event_for(sample, *options.Scope(folder, stage).declared(function)))
