# ruff: noqa: N999 - the file of a command has its name
"""`remit import`: an app that another tool declares moves in."""

from __future__ import annotations

from pathlib import Path

import click

from remit.cli import options


@click.command("import", short_help="Write an app from a template of another tool's.")
@click.argument("source", type=click.Path(path_type=Path))
@click.argument("folder", type=click.Path(path_type=Path), required=False)
@options.json_option
def command(source: Path, folder: Path | None) -> int:
    """Write the app that SOURCE declares into the new folder FOLDER, with its names kept.

    SOURCE is a template of SAM or CloudFormation (also one that CDK synthesised), a serverless.yml, the folder of a
    Chalice app, or a zappa_settings.json. It is read and never run, and no file of it changes. FOLDER is named after
    the app unless you give one. The code of the functions is copied as it is.

    A construct that an app of remit's cannot have is a comment in the app: "left: …, because …". The exit code is 1
    if there is one. `remit diff SOURCE FOLDER` then compares the access of both.

    Needs no AWS and no credentials.

    \b
    Examples:
      remit import template.yaml
      remit import serverless.yml shop
      remit import ../orders/zappa_settings.json orders --json
    """
    from remit.importing.import_app import import_app
    from remit.report.documents import members

    imported = import_app(source, folder)
    if options.wants_json():
        options.print_json(
            {
                "folder": str(imported.folder),
                **members(imported, "files", "expressed", "of"),
                "left": [
                    {"what": left.what, "because": left.because, "origin": str(left.origin) if left.origin else None}
                    for left in imported.left
                ],
                **members(imported, "missing_handlers", "to_fill_in"),
            }
        )
        return 1 if imported.left else 0
    for file in imported.files:
        click.echo(f"  {imported.folder / file}")
    for file in imported.missing_handlers:
        options.note(f"{imported.folder / file} stands for code that is not beside the source: put it there")
    if imported.to_fill_in:
        options.note(f"give values in {imported.folder / 'parameters.py'}: {', '.join(imported.to_fill_in)}")
    for mistake in imported.mistakes:
        options.note(f"a build refuses: {mistake.message} ({mistake.origin})")
    for left in imported.left:
        click.echo(f"  {left.comment}" + (f"  ({left.origin})" if left.origin else ""))
    summary = f"{imported.expressed} of {imported.of} constructs"
    if imported.left:
        whats = ", ".join(dict.fromkeys(left.what for left in imported.left))
        click.echo(f"{summary}, {len(imported.left)} left: {whats}")
        return 1
    click.echo(summary)
    click.echo(f"\nNext:\n  remit diff {source} {imported.folder}\n  cd {imported.folder} && remit build")
    return 0
