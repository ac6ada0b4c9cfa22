"""`remit policy`: what a function may do, and what whoever deploys needs, as policy documents or with the reasons."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from remit.cli import options
from remit.did_you_mean import did_you_mean
from remit.errors import RemitError
from remit.project.stack_name import STACK_NAME

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.app import App
    from remit.deployer.deployer_policy import Deployer
    from remit.deployer.needed_actions import DeployCall
    from remit.deployer.planned_stack import PlannedStack
    from remit.holders import Holder
    from remit.iam.policy import Policy

_PLACEHOLDER: Final = "STACK-NAME"
_ANY_TEMPLATE: Final = frozenset({
    "cfn", "cloudformation", "main", "output", "packaged", "packaged-template", "sam", "samtemplate", "template",
})  # fmt: skip
"""What files of templates are called whatever their stack is."""


purpose_option: Final = click.option(
    "--for",
    "purpose",
    type=click.Choice(("deploy", "plan", "revert-drift", "empty", "bootstrap")),
    default="deploy",
    show_default=True,
    help="What the policy is for: `remit deploy`, its --plan, its --revert-drift, which undoes changes made by hand, "
    "`remit delete --empty`, which deletes what is in buckets, or `remit bootstrap`, which creates the bucket that "
    "deploys upload to.",
)
deployed_option: Final = click.option(
    "--from",
    "deployed",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The app's template that is deployed now: add what the update needs to remove or replace what it has.",
)


part_option: Final = click.option(
    "--part",
    type=click.Choice(("starts", "works")),
    help="With a service role: what starts a deploy, or what that role needs to carry it out.",
)


@click.group("policy", short_help="Print the policy of a function, or of whoever deploys.")
def command() -> None:
    """Print the policies that remit computes. Needs no AWS and no credentials.

    \b
    Examples:
      remit policy function report
      remit policy function report --explain
      remit policy deployer
    """


@command.command("function")
@click.argument("name")
@options.app_options
@click.option("--explain", is_flag=True, help="Print each statement with its reason and line.")
@options.json_option
def function_policy(name: str, folder: Path, stage: str | None, *, explain: bool) -> None:
    """Print the policy of the role of function NAME, as a JSON document.

    What is known only at deploy time stands as CloudFormation's functions (Ref, Fn::GetAtt, Fn::Sub).

    \b
    Examples:
      remit policy function report
      remit policy function report --explain
      remit policy function report --explain --json
    """
    from remit.build import role_document
    from remit.iam.policy import Policy, render
    from remit.loading.load import load
    from remit.report.roles import roles_text
    from remit.roles.assign import assign
    from remit.synthesis.synth import intrinsics

    app = load(folder, stage)
    role = role_of(app, assign(app), name)
    if not explain:
        options.print_json(intrinsics(render(Policy(tuple(grant.statement for grant in role.grants)))))
    elif options.wants_json():
        options.print_json(role_document(role))
    else:
        click.echo(roles_text([role]), nl=False)


@command.command("deployer")
@click.argument("templates", metavar="[TEMPLATE]...", nargs=-1, type=click.Path(path_type=Path))
@options.app_options
@purpose_option
@deployed_option
@part_option
@options.service_role_option
@options.artefact_bucket_option
@click.option("--stack", help="The stack's name, for TEMPLATE (default: the file's name up to its first dot).")
@click.option("--parameter", "parameters", metavar="NAME=VALUE", multiple=True, help="A parameter of TEMPLATE.")
@click.option("--for-types", is_flag=True, help="Let the resources get further properties without a new policy.")
@click.option("--boundary", metavar="ARN", help="Let roles be made and changed only under this permissions boundary.")
@click.option("--account", help="The account to write into ARNs (default: any, which is `*`).")
@click.option("--region", help="The region to write into ARNs (default: any).")
@click.option("--partition", help="The partition to write into ARNs (default: the region's, or aws).")
@click.option(
    "--also",
    multiple=True,
    metavar="ACTION",
    help="Add an action on every resource: what a type needs that remit does not know.",
)
@click.option("--live", is_flag=True, help="Add what `remit diff --live` needs, to read the roles as they are.")
@click.option("--cloudformation", is_flag=True, help="Print a template that makes managed policies, for any account.")
@click.option("--split", "parted", is_flag=True, help="Print a list of documents that fit into managed policies.")
@click.option("--explain", is_flag=True, help="Print each statement with its reason.")
@options.json_option
def deployer_policy(  # noqa: C901 - one refusal after the other
    templates: tuple[Path, ...],
    folder: Path,
    stage: str | None,
    purpose: str,
    deployed: Path | None,
    part: str | None,
    service_role: str | None,
    artefact_bucket: str | None,
    stack: str | None,
    parameters: tuple[str, ...],
    boundary: str | None,
    account: str | None,
    region: str | None,
    partition: str | None,
    also: tuple[str, ...],
    *,
    for_types: bool,
    live: bool,
    cloudformation: bool,
    parted: bool,
    explain: bool,
) -> None:
    """Print the least access that a user or role needs to run `remit deploy`, as a policy document in JSON.

    Without TEMPLATE, the policy is for the app in this folder. With TEMPLATE, it is for that CloudFormation or SAM
    template (JSON or YAML). With the deployed template and the new one, it is for the update from one to the other, as
    it is for an app with --from. The policy covers the resources that are declared now: print it again when they
    change. Without --account and --region it fits every account and region.

    Where CloudFormation works as a service role, --part starts is for whoever deploys, and --part works for that role.
    With --cloudformation, the second makes the role, too.

    It does not grant access to create or change the artefact bucket. Whoever runs `remit bootstrap` needs that: see
    --for bootstrap.

    \b
    Examples:
      remit policy deployer
      remit policy deployer --region eu-central-1 --account 111122223333
      remit policy deployer --explain
      remit policy deployer --for-types --split
      remit policy deployer --for bootstrap
      remit policy deployer --for revert-drift
      remit policy deployer --from deployed.json
      remit policy deployer --cloudformation > deployer.json
      remit policy deployer --part works --cloudformation > service-role.json
      remit policy deployer --part starts --service-role arn:aws:iam::111122223333:role/deploys
      remit policy deployer cdk.out/Shop.template.json --stack Shop
      remit policy deployer template.yaml --stack Shop
      remit policy deployer --also datadog:CreateMonitor
    """
    from remit.deploy.aws_calls import LIVE
    from remit.deployer.deployer_policy import bound, deployer
    from remit.report.deployer import remarks

    if sum((cloudformation, parted, explain)) > 1:
        raise RemitError("--cloudformation, --split and --explain are three ways to print it: choose one")
    place = arn_place(partition, region, account)
    if not templates and (stack or parameters):
        raise RemitError("--stack and --parameter go with a TEMPLATE", hint="an app's stack is named by its stage")
    if templates and deployed:
        raise RemitError("--from is for an app", hint="give the deployed template before the new one")
    if purpose == "plan" and (templates or part):
        raise RemitError("--for plan is for an app, whose plan makes nothing: it goes with no TEMPLATE or --part")
    if purpose == "bootstrap" and (templates or deployed or part or artefact_bucket or boundary or live):
        with_none = "TEMPLATE, --from, --part, --artefact-bucket, --boundary or --live"
        raise RemitError(f"--for bootstrap is about no stack: it goes with no {with_none}")
    if templates:
        planned, calls = _of_templates(templates, stack, parameters, artefact_bucket)
    else:
        planned, calls = planned_calls(purpose, folder, stage, artefact_bucket, deployed)
    if live:
        calls = (*calls, *LIVE)
    calls = (*calls, *(_also(action) for action in also))
    role = started_role(part, service_role, folder, stage)
    calls = () if part == "works" else calls
    planned = replace(planned, by_types=for_types)
    needed_access = deployer(
        planned, calls, boundary, reverts=purpose == "revert-drift", of_app=not templates, service_role=role
    )
    if cloudformation:
        options.print_report(_template(needed_access, place, makes_role=part == "works"))
    else:
        needed_access = bound(needed_access, *place)
        _print_deployer(needed_access, parted=parted, explain=explain)
    for remark in () if explain else remarks(needed_access):
        options.note(remark)
    wide = [option for option, text in zip(("--region", "--account"), place[1:], strict=True) if text == "*"]
    if wide and not cloudformation:
        subject = "stack" if needed_access.stack else "bucket"
        options.note(f"it leaves open where the {subject} is, which {' and '.join(wide)} would say")


def started_role(part: str | None, service_role: str | None, folder: Path, stage: str | None) -> str | None:
    """The service role that a deploy is started with: the option's, else the configuration's. RemitError (2): neither.

    None unless `part` is `starts`.
    """
    if part != "starts":
        return None
    from remit.loading.load import configuration

    role: str | None = service_role or configuration(folder, stage).aws.service_role
    if role is None:
        hint = "--service-role ARN names it, or `config.aws.service_role`"
        raise RemitError("--part starts is about a service role, and there is none", hint=hint)
    return role


def _also(action: str) -> DeployCall:
    """A call that whoever asks says is made, by its action. RemitError: it cannot be one."""
    from remit.deployer.needed_actions import DeployCall

    if re.fullmatch(r"[a-z0-9-]+:[A-Za-z0-9]+", action) is None:
        raise RemitError(f"--also {action}: that is no action", hint="such as --also lambda:GetRuntime")
    return DeployCall(action, (action,), "*", "as --also says")


def _print_deployer(needed_access: Deployer, *, parted: bool, explain: bool) -> None:
    """Print the deployer's policy as one document, a list of parts, or with its reasons.

    A note says when one document is too long for a managed policy.
    """
    from remit.catalogue.quotas import quota
    from remit.iam.length import policy_length
    from remit.iam.policy import render
    from remit.report.deployer import deployer_document, deployer_text

    if explain and options.wants_json():
        options.print_report(deployer_document(needed_access))
    elif explain:
        click.echo(deployer_text(needed_access), nl=False)
    elif parted:
        options.print_json([render(policy) for policy in managed_policies(needed_access)])
    else:
        options.print_json(render(needed_access.policy))
        length, most = policy_length(needed_access.policy), quota("iam.managed").most
        if length > most:
            sizes = " and ".join(f"{policy_length(policy):,}" for policy in managed_policies(needed_access))
            options.note(f"{length:,} characters, and a managed policy holds {most:,}: `--split` parts it ({sizes})")


def managed_policies(needed_access: Deployer) -> tuple[Policy, ...]:
    """The policy as few managed policies that allow the same together; one where it fits.

    RemitError (2): one action on one resource is too long for a policy.
    """
    from remit.catalogue.quotas import quota
    from remit.iam.policy import Policy
    from remit.roles.document_split import fewest
    from remit.roles.policy_size import Sizes

    documents = fewest(needed_access.policy.statements, Sizes(needed_access.stack, {}), quota("iam.managed").most)
    if documents is None:
        raise RemitError("one action on one resource is longer than a policy may be", hint="shorten the longest name")
    return tuple(Policy(statements, needed_access.policy.version) for statements in documents)


def planned_calls(
    purpose: str, folder: Path, stage: str | None, bucket: str | None, deployed: Path | None
) -> tuple[PlannedStack, tuple[DeployCall, ...]]:
    """The app's stack as a build makes it, and as it is deployed; and the calls that remit makes for a purpose.

    The stack is empty for the bootstrap and for a plan, which make nothing of it. RemitError: the app cannot be loaded
    or built, or `deployed` is no template.
    """
    from remit.deploy.aws_calls import BOOTSTRAP, EMPTYING, REVERTING, deployer_calls, only_planning
    from remit.deployer.deployer_policy import on_resources
    from remit.deployer.planned_stack import stack_of
    from remit.loading.load import load
    from remit.package.layers import with_dependency_layers
    from remit.roles.assign import assign
    from remit.synthesis.synth import ARTEFACTS, document, synth

    if purpose == "bootstrap":  # what is made is made by calls alone
        return stack_of("", [{"Resources": {}}]), BOOTSTRAP
    app = with_dependency_layers(load(folder, stage), folder)
    name = bucket or ARTEFACTS
    keys = {function.name: f"{app.namespace}/{function.name}.zip" for function in app.functions}
    keys |= {layer.ref: f"{app.namespace}/{layer.logical_id}.zip" for layer in app.layers}
    template = synth(app, assign(app), keys, name)
    running = [] if deployed is None else [_plain(*options.content(deployed), {})]
    calls = deployer_calls(app, template.parameters, name)
    planned = stack_of(app.namespace, [*running, document(template)])
    if purpose == "plan":  # it makes nothing of the template, and looks at what runs
        return stack_of(app.namespace, [{"Resources": {}}]), tuple(only_planning(on_resources(planned, calls)))
    calls += {"revert-drift": REVERTING, "empty": EMPTYING}.get(purpose, ())
    return planned, calls


def _of_templates(
    paths: tuple[Path, ...], name: str | None, parameters: tuple[str, ...], bucket: str | None
) -> tuple[PlannedStack, tuple[DeployCall, ...]]:
    """The stack of templates, the deployed one first, and the calls that drive it.

    Calls on the artefact bucket are among them only if a file names that bucket. A name that is not given is that of
    the last file, or a placeholder, which a note says. RemitError (2): it is no stack's name, or a file is no template.
    """
    from remit.deploy.aws_calls import CALLS, in_bucket
    from remit.deployer.planned_stack import stack_of
    from remit.synthesis.synth import ARTEFACTS

    values = dict(options.parameter(text) for text in parameters)
    files = [options.content(path) for path in paths]
    documents = [_plain(text, file, values) for text, file in files]
    if name is not None and re.fullmatch(STACK_NAME, name) is None:
        raise RemitError(
            f"{name!r} is not a valid name for a stack", hint="letters, digits and hyphens, a letter first"
        )
    stem = paths[-1].name.split(".")[0]
    is_likely = re.fullmatch(STACK_NAME, stem) is not None and stem.lower() not in _ANY_TEMPLATE
    stack = name or (stem if is_likely else _PLACEHOLDER)
    declared = stack_of(stack, documents, values)
    if stack == _PLACEHOLDER:
        options.note(f"the file's name is none of a stack, so {stack} stands for it: `--stack NAME` gives it")
    elif name is None:
        options.note(f"the stack is taken to be `{stack}`, as the file is named: `--stack NAME` gives it")
    ours = any((bucket or "remit-artefacts-").encode() in text for text, _ in files)
    calls = tuple(call for call in CALLS if ours or call.operation.startswith("cloudformation."))
    return declared, in_bucket(calls, bucket or ARTEFACTS)


def _plain(text: bytes, file: str, parameters: Mapping[str, str]) -> Mapping[str, Any]:
    """A template whose loops and SAM's resources are expanded; what is left out is noted.

    RemitError (2): it is a plan of Terraform, or no template.
    """
    from remit.documents.read import read
    from remit.template.loops import unrolled
    from remit.template.parameters import defaults
    from remit.template.sam.expand import plain_template
    from remit.template.terraform.state import is_plan

    source = read(text, file)
    if is_plan(source.value):
        raise RemitError(f"{file} is a Terraform plan: a deployer's policy is made for CloudFormation templates only")
    if not isinstance(source.value, dict) or not isinstance(source.value.get("Resources"), dict):
        raise RemitError(f"{file} is not a CloudFormation template: it has no Resources", origin=source.locate(()))
    values = {**defaults(source.value), **parameters}
    template, notes = plain_template(unrolled(source.value, values).template, source.locate, values)
    for note in (*source.warnings, *notes):
        options.note(note)
    return template


def arn_place(partition: str | None, region: str | None, account: str | None) -> tuple[str, str, str]:
    """Partition, region and account as ARNs hold them: `*` for what is not told, and aws.

    RemitError (2): one of them cannot be, or they contradict each other. A region that only its name tells is noted.
    """
    from remit.catalogue import partitions

    if account is not None and re.fullmatch(r"[0-9]{12}", account) is None:
        raise RemitError(f"--account {account!r} is not an account: it has 12 digits")
    partition_names = [known_partition.name for known_partition in partitions.partitions()]
    if partition is not None and partition not in partition_names:
        raise RemitError(f"there is no partition {partition!r}", hint=did_you_mean(partition, partition_names))
    if region is None:
        return partition or "aws", "*", account or "*"
    of_region = partitions.partition_of(region)
    if of_region is None:
        raise RemitError(f"there is no region {region!r}", hint=did_you_mean(region, partitions.regions()))
    if not partitions.is_region(region):
        options.note(f"remit does not know a region {region}, which its name puts in {of_region.name}")
    if partition is not None and of_region.name != partition:
        raise RemitError(f"region {region} is in partition {of_region.name}, not in {partition}")
    return of_region.name, region, account or "*"


def _template(deployer: Deployer, place: tuple[str, str, str], *, makes_role: bool) -> dict[str, Any]:
    """A template of managed policies; what of the place is not told stays CloudFormation's to fill in.

    With `makes_role`, a service role of CloudFormation's has them.
    """
    from remit.deployer.deployer_policy import bound
    from remit.iam.policy import render
    from remit.iam.tokens import PLACE
    from remit.synthesis.synth import intrinsics

    components = []
    for text, late_bound in zip(place, PLACE.values(), strict=True):
        components.append(late_bound if text in ("*", "aws") else text)
    policies = managed_policies(bound(deployer, *components))
    description = f"What whoever {deployer.doing} needs"
    resources = {}
    for number, policy in enumerate(policies, 1):
        logical_id = "Deployer" if len(policies) == 1 else f"Deployer{number}"
        properties = {"Description": description, "PolicyDocument": intrinsics(render(policy))}
        resources[logical_id] = {"Type": "AWS::IAM::ManagedPolicy", "Properties": properties}
    outputs: dict[str, Any] = {name: {"Value": {"Ref": name}} for name in resources}
    if makes_role:
        trust = {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": "cloudformation.amazonaws.com"},
        }
        # Other accounts cannot have CloudFormation work as it ("Cross-service confused deputy prevention").
        trust["Condition"] = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
        properties = {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": trust},
            "ManagedPolicyArns": [{"Ref": name} for name in resources],
        }
        resources["ServiceRole"] = {"Type": "AWS::IAM::Role", "Properties": properties}
        outputs["ServiceRole"] = {"Value": {"Fn::GetAtt": ["ServiceRole", "Arn"]}}
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": description,
        "Resources": resources,
        "Outputs": outputs,
    }


def role_of(app: App, roles: tuple[Holder, ...], name: str) -> Holder:
    """The role of a function, of a workflow, or the one of that name.

    RemitError (2), with a did-you-mean: there is none, or the function brings its own.
    """
    workflow_roles = [workflow.role_id for workflow in app.workflows if workflow.name == name]
    for role in roles:
        if name in (*role.functions, role.logical_id) or role.logical_id in workflow_roles:
            return role
    for function in app.functions:
        if function.name == name:
            from remit.roles.defaults import needed_actions

            raise RemitError(
                f"function `{name}` brings a role of its own (`Role` in its properties)",
                hint=f"that role must allow {', '.join(needed_actions(app, function))}",
                origin=function.written.get("Role"),
            )
    raise options.no_function(app, name)
