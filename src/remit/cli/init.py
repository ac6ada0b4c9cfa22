"""`remit init`: start a project."""

from __future__ import annotations

from pathlib import Path

import click

from remit.cli import options


@click.command("init", short_help="Create a project.")
@click.argument("name", type=click.Path(path_type=Path))
@options.json_option
def command(name: Path, *, as_json: bool) -> None:
    """Create a project in the new folder NAME: a configuration, an app with two functions, and their tests.

    `remit init .` adds to the project in this folder what it does not have, and touches none of its files.

    Needs no AWS and no credentials.

    \b
    Examples:
      remit init orders
      cd orders && remit deploy --local
      remit init .
    """
    from remit.project.init import init

    is_here = name.resolve() == Path.cwd()
    started = init(name, existing=is_here)
    if as_json:
        document = {"folder": str(name), "files": list(started.made)}
        options.print_json({**document, "kept": list(started.kept), "notes": list(started.notes)})
        return
    for file in started.made:
        click.echo(f"  {name / file}")
    for file in started.kept:
        click.echo(f"  {name / file}  (was there, stays as it is)")
    for text in started.notes:
        options.note(text)
    enter = "" if is_here else f"  cd {name}\n"
    click.echo(
        f"\nNext:\n{enter}  remit deploy --local          # into an AWS on this machine\n"
        "  remit invoke --local hello\n  remit policy function hello --explain"
    )
