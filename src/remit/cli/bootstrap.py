"""`remit bootstrap`: make the bucket that deploys upload to, or put it right."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import click

from remit.cli import options
from remit.errors import RemitError

if TYPE_CHECKING:
    from pathlib import Path


@click.command("bootstrap", short_help="Create or repair the bucket that deploys upload to.")
@options.project_option
@options.local_option
@options.account_options
@click.option("--ci", "service", type=click.Choice(("github", "gitlab")), help="Make the roles of the jobs, too.")
@click.option("--repository", "repositories", metavar="OWNER/NAME", multiple=True, help="With --ci: whose jobs.")
@options.stage_option
@click.option("--print", "prints", is_flag=True, help="With --ci: print the template of the roles, and do nothing.")
@options.json_option
@options.in_scope
def command(scope: options.Scope, service: str | None, repositories: tuple[str, ...], *, prints: bool) -> None:
    """Create the artefact bucket of an account and region: private, encrypted, versioned, TLS only.

    Run it once for each account and region, before the first deploy, with credentials that may write to buckets. `remit
    policy deployer --for bootstrap` prints the policy that it needs. Whoever deploys needs no such access.

    Run it again to repair the bucket. It lists what it changes, and changes nothing if nothing is missing. Settings
    that you added are kept.

    --ci makes a stack with the roles for the jobs that `remit init --ci` writes: one that starts the deploys of the
    stage, which a job takes by its own token, and one that CloudFormation works as. Run it for each stage, for all
    previews with what `config.stages.previews` says as their stage, and again when the app has resources of new types.
    Tokens of GitHub's newer repositories have ids: give that form, too.

    Needs credentials, or --local. With --local, a deploy creates the bucket by itself.

    \b
    Examples:
      remit bootstrap --region eu-central-1
      remit bootstrap --profile admin --account 111122223333
      remit bootstrap --json | jq .repaired
      remit bootstrap --ci github --stage prod --repository acme/shop --repository acme@1234567/shop@7654321
      remit bootstrap --ci gitlab --stage pull --repository acme/shop --print
    """
    from remit.deploy.bootstrap import bootstrap
    from remit.deploy.ci_roles import make_roles
    from remit.project.stack_name import checked_stage
    from remit.report.stacks import place, place_document

    if bool(service) != bool(repositories) or (prints and not service):
        raise click.UsageError("--ci and --repository go together, and --print goes with them.")
    stack, template = _roles(scope.folder, service, repositories, checked_stage(scope.stage)) if service else ("", {})
    if prints:
        options.print_report(template)
        return
    account = scope.account()
    done = bootstrap(account)
    variables = make_roles(account, stack, template) if service else {}
    document = {"bucket": done.bucket, **place_document(account), "made": done.made, "repaired": [*done.repaired]}
    if service:
        document["roles"] = {"stack": stack, "variables": variables}
    did = "nothing to do"
    if done.made:
        did = "made"
    elif done.repaired:
        did = f"repaired ({', '.join(done.repaired)})"
    lines = [f"bucket {done.bucket} in {place(account)}: {did}"]
    for name, value in variables.items():
        lines.append(f"variable of the environment {scope.stage or 'dev'}: {name} = {value}")
    options.print_answer(document, lines)


def _roles(folder: Path, service: str, repositories: tuple[str, ...], stage: str) -> tuple[str, dict[str, Any]]:
    """The name (`ci-STACK`) and the template of the stack with the roles of the jobs that deploy a stage.

    Where `stage` is `config.stages.previews`, the policies are for every stage whose name begins so (`STAGE*`), and the
    jobs may be of any branch. RemitError (2): such roles would reach another stage, too, or the app cannot be built.
    """
    from remit.cli.policy import managed_policies, planned_calls
    from remit.deploy.ci_roles import ci_roles, subject
    from remit.deployer.deployer_policy import deployer
    from remit.iam.policy import render
    from remit.loading.load import configuration
    from remit.synthesis.synth import intrinsics

    stages = configuration(folder).stages
    previews = stage == stages.previews
    if previews and (not tuple(stages) or any(name.startswith(stage) for name in stages)):
        raise RemitError(
            f"the roles of the previews {stage}* may reach other stages, too",
            hint='`config.stages` lists them, and `config.stages.previews = "pull"` begins none of them',
        )
    # the policies of one preview are made those of all
    planned, calls = planned_calls("deploy", folder, f"{stage}1" if previews else stage, None, None)
    needs = {
        "DeployRole": deployer(planned, calls, service_role="${ServiceRole.Arn}"),
        "ServiceRole": deployer(planned),
    }
    policies = {role: [intrinsics(render(policy)) for policy in managed_policies(need)] for role, need in needs.items()}
    if previews:
        policies = json.loads(re.sub(rf"(?<![A-Za-z0-9]){stage}1(?![0-9])", f"{stage}*", json.dumps(policies)))
    name = planned.name.removesuffix("1") if previews else planned.name
    branch = "*" if previews else "main"
    subjects = [subject(service, repository, stage, branch) for repository in repositories]
    return f"ci-{name}", ci_roles(service, subjects, policies)
