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
def command(
    name: Path | None, service: str | None, stage: str | None, owners: tuple[str, ...], *, as_json: bool
) -> None:
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
    from remit.project.ci_files import Ci
    from remit.project.init import add_ci, init

    if name is None and service is None:
        raise click.UsageError("a folder is missing: NAME for a new project, `.` for the one here.")
    if service is None and (stage or owners):
        raise click.UsageError("--stage and --owners go with --ci.")
    ci = None if service is None else Ci(service, stage or "prod", owners)
    is_here = name is None or name.resolve() == Path.cwd()
    started = add_ci(Path(), ci) if name is None and ci else init(name or Path(), existing=is_here, ci=ci)
    name = name or Path()
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
        if ci is None
        else f"\nNext:\n{enter}  uv lock  # the jobs install what it locks: commit it"
    )
