"""`remit init`: start a project."""

from __future__ import annotations

from pathlib import Path

import click

from remit.cli import options


@click.command("init", short_help="Create a project.")
@click.argument("name", type=click.Path(path_type=Path))
@options.json_option
def command(name: Path, *, as_json: bool) -> None:
    """Create a project in the new folder NAME: a configuration, an app with two functions, and a test.

    Needs no AWS and no credentials.

    \b
    Examples:
      remit init orders
      cd orders && remit deploy --local
    """
    from remit.project.init import init

    files = init(name)
    if as_json:
        options.print_json({"folder": str(name), "files": list(files)})
        return
    for file in files:
        click.echo(f"  {name / file}")
    click.echo(
        f"\nNext:\n  cd {name}\n  remit deploy --local          # into an AWS on this machine\n"
        "  remit invoke --local hello\n  remit policy function hello --explain"
    )
