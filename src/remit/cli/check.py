"""`remit check`: whether whoever deploys may do what that needs, before they try."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from remit.catalogue.arns import parse as parse_arn
from remit.cli import options
from remit.cli.policy import arn_place, deployed_option, part_option, planned_calls, purpose_option, started_role
from remit.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from remit.iam.policy import Policy


@click.group("check", short_help="Check whether whoever deploys may do what that needs.")
def command() -> None:
    """Check the access of whoever deploys.

    \b
    Examples:
      remit check deployer --policy deployer.json
      remit check deployer --live
    """


@command.command("deployer")
@options.app_options
@click.option(
    "--policy",
    type=options.INPUT,
    metavar="FILE",
    help="The policies to check: a document, a list, or layers as `remit diff` takes them. - is standard input.",
)
@click.option("--live", is_flag=True, help="Check your own policies, as the account has them.")
@purpose_option
@deployed_option
@part_option
@options.service_role_option
@options.artefact_bucket_option
@options.local_option
@options.acting_as_option
@options.account_options
@options.json_option
@options.in_scope
def check_deployer(
    scope: options.Scope,
    policy: Path | None,
    purpose: str,
    deployed: Path | None,
    part: str | None,
    service_role: str | None,
    artefact_bucket: str | None,
    *,
    live: bool,
) -> int:
    """Compare what somebody may do with what the deploy of this app needs (`remit policy deployer`).

    It prints what is lacking: actions with their resources, why they are needed, a request that is denied, and the
    statements to add. That nothing is lacking is proven for every request, as `remit diff` proves it. The exit code is
    0 if it is enough, and 1 if something is lacking or undecided.

    --live reads the policies of your own role or user, with its groups and boundary. Where you may not read them, IAM's
    simulator is asked, which proves nothing: the answer is undecided at best. SCPs, session policies and policies of
    resources are not seen.

    Without --account and --region, the account and region are those that the policy's own ARNs name, if they agree.

    \b
    Examples:
      remit check deployer --policy deployer.json
      remit check deployer --policy deployer.json --from deployed.json
      remit check deployer --live --stage prod
      remit check deployer --live --part starts
      remit check deployer --live --for bootstrap --json
    """
    from remit.deployer import lacking_access
    from remit.deployer.deployer_policy import bound, deployer
    from remit.report.deployer import check_document, check_lines

    if (policy is None) != live:
        raise click.UsageError("choose one of --policy FILE and --live")
    if policy is not None and (scope.local or scope.profile):
        raise click.UsageError("--local and --profile go with --live")
    planned, calls = planned_calls(purpose, scope.folder, scope.stage, artefact_bucket, deployed)
    calls = () if part == "works" else calls
    role = started_role(part, service_role, scope.folder, scope.stage)
    need = deployer(planned, calls, reverts=purpose == "revert-drift", service_role=role)
    if policy is None:
        from remit.deploy.deployer_check import check_caller

        account = scope.account()
        need = bound(need, account.partition, account.region, account.account)
        whose, check = account.caller, check_caller(account, need)
    else:
        from remit.review.principal_policies import names_callers
        from remit.template.role_files import read_policies

        content, whose = options.content(policy)
        layers = read_policies(content, whose).layers
        if names_callers(layers):
            raise RemitError(f"{whose} names principals: it is the policy of a resource, and not of whoever deploys")
        named_region, named_account = _named_place(layers.identity)
        place = arn_place(None, scope.region or named_region, options.pinned_account() or named_account)
        need = bound(need, *place)
        check = lacking_access.check_deployer(layers, need, place[-1])
    for logical_id, type_name in need.unknown:
        options.note(f"{logical_id} is left out: it is not known what CloudFormation calls for an {type_name}")
    options.print_answer(check_document(check, need), check_lines(check, need, whose))
    return 0 if check.is_enough else 1


def _named_place(policies: Iterable[Policy]) -> tuple[str | None, str | None]:
    """The region and the account that the ARNs of policies name; None where there is none, or several."""
    statements = [statement for policy in policies for statement in policy.statements]
    patterns = [text for statement in statements if statement.resources for text in statement.resources.patterns]
    arns = list(filter(None, map(parse_arn, patterns)))
    regions = {arn.region for arn in arns} - {"", "*"}
    accounts = {arn.account for arn in arns if arn.account.isdigit()}
    return (regions.pop() if len(regions) == 1 else None), (accounts.pop() if len(accounts) == 1 else None)
