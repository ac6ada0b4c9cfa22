"""`remit rollback`: deploy a release again."""

from __future__ import annotations

from typing import Any

import click

from remit.cli import options
from remit.cli.deploy import carry_out, check_options, deploying, operator


@click.command("rollback", short_help="Deploy an earlier release again.")
@click.argument("number", required=False, type=click.IntRange(min=1))
@deploying
@options.in_scope
def command(scope: options.Scope, number: int | None, **wished: Any) -> int:
    """Deploy release NUMBER again, or the one before what runs: its template, its zips and its parameters.

    It is a deploy as any other: it shows which resources change and which access roles gain or lose, and asks, and
    --plan shows that alone. It keeps a release of its own, so that a rollback can be rolled back.

    Data is never rolled back. Where a table, bucket, queue … that is there now would go, it is refused. Secrets and
    parameters that may be secret are looked up anew. The project is neither loaded nor changed: it is ahead of what
    runs then.

    Needs credentials, or --local. `remit releases` lists the releases.

    \b
    Examples:
      remit rollback --local
      remit rollback 12 --plan
      remit rollback 12 --stage prod --yes
    """
    from functools import partial

    from remit.cli import stack_commands
    from remit.deploy.bucket import artefact_bucket
    from remit.deploy.deployment import DeployJob
    from remit.deploy.releases import release_to_go_back_to
    from remit.deploy.workflow import deploy
    from remit.project.stack_name import checked_stage, project_name
    from remit.report.releases import release_line

    check_options(click.get_current_context().params)
    with stack_commands.stoppable():
        name, terminal, account = scope.namespace(), operator(wished), scope.account()
        release = release_to_go_back_to(account, artefact_bucket(account, wished["artefact_bucket"]), name, number)
        terminal.note(f"back to release {release_line(release)}; data stays as it is")
        build = release.built_again(scope.folder, project_name(scope.folder.resolve()), checked_stage(scope.stage))
        job = partial(DeployJob, build, account, terminal, release=release)
        code = carry_out(lambda **answers: deploy(job(**answers)), account, terminal, wished)
        if not wished["only_plans"]:
            terminal.note("the working tree is ahead of what runs now: the next `remit deploy` deploys it again")
            if scope.local:
                options.require_kept(scope.folder)
    return code
