"""`remit bootstrap`: make the bucket that deploys upload to, or put it right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from remit.cli import options

if TYPE_CHECKING:
    from pathlib import Path


@click.command("bootstrap", short_help="Create or repair the bucket that deploys upload to.")
@options.project_option
@options.local_option
@options.account_options
@options.json_option
def command(folder: Path, region: str | None, profile: str | None, *, local: bool, as_json: bool) -> None:
    """Create the artefact bucket of an account and region: private, encrypted, versioned, TLS only.

    Run it once for each account and region, before the first deploy, with credentials that may write to buckets. `remit
    policy deployer --for bootstrap` prints the policy that it needs. Whoever deploys needs no such access.

    Run it again to repair the bucket. It lists what it changes, and changes nothing if nothing is missing. Settings
    that you added are kept.

    Needs credentials, or --local. With --local, a deploy creates the bucket by itself.

    \b
    Examples:
      remit bootstrap --region eu-central-1
      remit bootstrap --profile admin --account 111122223333
      remit bootstrap --json | jq .repaired
    """
    from remit.deploy.bootstrap import bootstrap
    from remit.report.stacks import place, place_document

    account = options.account(folder, local=local, region=region, profile=profile)
    done = bootstrap(account)
    if as_json:
        document = {"bucket": done.bucket, **place_document(account), "made": done.made, "repaired": [*done.repaired]}
        options.print_json(document)
        return
    did = "nothing to do"
    if done.made:
        did = "made"
    elif done.repaired:
        did = f"repaired ({', '.join(done.repaired)})"
    click.echo(f"bucket {done.bucket} in {place(account)}: {did}")
