"""Options that several commands share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

project_option = click.option(
    "-C",
    "--project",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="The project's folder (default: this one).",
)
stage_option = click.option(
    "--stage", envvar="REMIT_STAGE", default=None, show_envvar=True, help="The stage (default: dev)."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
local_option = click.option("--local", is_flag=True, help="Use the AWS on this machine.")
yes_option = click.option("-y", "--yes", is_flag=True, help="Do not ask.")


def print_json(value: Any) -> None:
    """Print a value as JSON on standard output: keys in their order, ASCII, one newline at the end."""
    click.echo(json.dumps(value, indent=2))
