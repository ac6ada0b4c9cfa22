"""`remit audit collect`: gather what `remit audit` reads, from an account or an organization."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from remit.cli import options


@click.command("collect", short_help="Gather the files of an audit from AWS.")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--organization", "is_organization", is_flag=True, help="Gather every account of the organization.")
@click.option("--role", default=None, metavar="NAME", help="The role to assume in each account of the organization.")
@click.option("--resource-region", "regions", multiple=True, metavar="REGION", help="A region whose resources count.")
@click.option("--no-resources", is_flag=True, help="Leave out the policies of buckets, keys, queues and so on.")
@click.option("--policy", "prints_policy", is_flag=True, help="Print the policy that this needs, and do nothing.")
@options.local_option
@options.account_options
@options.json_option
def collect_command(
    folder: Path,
    role: str | None,
    regions: tuple[str, ...],
    *,
    is_organization: bool,
    no_resources: bool,
    prints_policy: bool,
    **account: Any,
) -> int:
    """Gather what `remit audit` reads into FOLDER, with read-only calls.

    `accounts/` gets the users, groups, roles and policies of each account, page by page, `resource-policies/` the
    policies of resources with the access control lists of buckets, and `organization.json` the tree of the organization
    with its SCPs and RCPs. What is there already is not read again, so that whoever was stopped goes on: delete a file
    to have it read anew.

    With --organization, the credentials are of the management account or of a delegated administrator, and a role is
    assumed in each account. What AWS refuses is told, the rest is gathered, and the exit code is 1. With --json, what
    was refused is the list `problems`.

    Needs credentials, or --local.

    \b
    Examples:
      remit audit collect audit/
      remit audit collect audit/ --organization --role auditor
      remit audit collect audit/ --policy
      remit audit collect audit/ --json | jq .problems
    """
    from remit.deploy.audit_collection import DEFAULT_ROLE, Collecting, collect, needed_policy

    assumed_role = (role or DEFAULT_ROLE) if is_organization or role else None
    if prints_policy:
        options.print_json(needed_policy(assumed_role, with_resources=not no_resources))
        return 0
    collecting = Collecting(folder, assumed_role, regions, with_resources=not no_resources)
    failures = collect(options.Scope(**account).account(), collecting, lambda text: click.echo(text, err=True))
    if options.wants_json():
        rows = [{"account": failure.account, "message": failure.error.message} for failure in failures]
        options.print_report({"problems": rows})
    else:
        for failure in failures:
            click.echo(f"problem: account {failure.account}: {failure.error.message}", err=True)
    return int(bool(failures))
