"""`remit releases`: what was deployed, and can be again."""

from __future__ import annotations

import click

from remit.cli import options


@click.command("releases", short_help="List what was deployed, and can be again.")
@options.stack_options
@options.artefact_bucket_option
@options.json_option
@options.in_scope
def command(scope: options.Scope, artefact_bucket: str | None) -> None:
    """List the releases of the stack: number, time, commit (with a + where the tree had more), and who deployed it.

    A deploy that changes something keeps what runs as a release, and the last 10 are kept (config.aws.releases). What
    runs now has a star. `remit rollback` goes back to another.

    The exit code is 1 if the stack is not deployed. Needs credentials, or --local.

    \b
    Examples:
      remit releases --local
      remit releases --stage prod --json | jq .releases
    """
    from remit.deploy.bucket import artefact_bucket as bucket_of
    from remit.deploy.releases import kept_releases, running_release
    from remit.report.releases import releases_document, releases_lines

    name, account = scope.namespace(), scope.account()
    releases = kept_releases(account, bucket_of(account, artefact_bucket), name)
    running = running_release(account, name, releases)
    options.print_answer(releases_document(releases, running), releases_lines(releases, running))
