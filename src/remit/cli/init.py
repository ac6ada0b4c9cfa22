"""`remit init`: start a project."""

from __future__ import annotations

from pathlib import Path

import click

from remit.cli import options


@click.command("init", short_help="Create a project.")
@click.argument("name", required=False, type=click.Path(path_type=Path))
@click.option("--ci", "service", type=click.Choice(("github", "gitlab")), help="Write the workflow of a service, too.")
@click.option("--stage", help="With --ci: the stage that main is deployed to (default: prod).")
@click.option("--owners", multiple=True, metavar="OWNER", help="With --ci: who must agree to gains, for CODEOWNERS.")
@options.json_option
def command(name: Path | None, service: str | None, stage: str | None, owners: tuple[str, ...]) -> None:
    """Create a project in the new folder NAME: a configuration, an app with two functions, and their tests.

    `remit init .` adds to the project in this folder what it does not have, and touches none of its files.

    --ci writes what GitHub or GitLab runs: a review of each pull request, a preview of it, and the deploy of main.
    Without NAME it writes that alone, for the project in this folder.

    Needs no AWS and no credentials.

    \b
    Examples:
      remit init orders
      cd orders && remit deploy --local
      remit init .
      remit init orders --ci github --owners @acme/security
      remit init --ci gitlab --stage production
    """
    from remit.project.ci_files import ci_files
    from remit.project.init import Started, init, with_ci

    if service is None and (name is None or stage or owners):
        raise click.UsageError("a folder is missing, `.` for this one; --stage and --owners go with --ci.")
    folder, stage = name or Path(), stage or "prod"
    is_here = folder.resolve() == Path.cwd()
    # what is wrong with them is told before anything is written
    files = {} if service is None else ci_files(folder, service, stage, owners)
    if name is None:
        options.require_project(folder)
    started = Started(()) if name is None else init(name, existing=is_here)
    if service is not None:
        started = with_ci(folder, started, files, stage, owners)
    if options.wants_json():
        document = {"folder": str(folder), "files": list(started.made)}
        options.print_json({**document, "kept": list(started.kept), "notes": list(started.notes)})
        return
    for file in started.made:
        click.echo(f"  {folder / file}")
    for file in started.kept:
        click.echo(f"  {folder / file}  (was there, stays as it is)")
    for text in started.notes:
        options.note(text)
    enter = "" if is_here else f"  cd {name}\n"
    click.echo(
        f"\nNext:\n{enter}  remit deploy --local          # into an AWS on this machine\n"
        "  remit invoke --local hello\n  remit policy function hello --explain"
        if service is None
        else f"\nNext:\n{enter}  uv lock  # the jobs install what it locks: commit it\n"
        f"  remit bootstrap --ci {service} --stage {stage} --repository OWNER/NAME  # their roles"
    )
