"""Deploy a build to AWS, from the first look at its stack to the record of what is deployed.

1. Settle what people changed by hand on the stack's roles.
2. Plan: ask CloudFormation what would change. A stack that is stuck is cleared first, if somebody agrees.
3. Show what changes, for resources and for access, and go on only if somebody agrees, or nothing needs approval.
4. Upload the zips.
5. Execute the plan, and follow its events. If somebody else changed the stack meanwhile, begin again, once.
6. Protect the stack of a production stage; record what is deployed, keep it as a release, and remove old ones; compare
   the code of functions with the build.

A `DeployOperator` is told and asked: a person at a terminal, or nobody, as in CI and from Python.
With `only_plans` it goes as far as 3 without asking anybody, and leaves nothing behind.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from remit.deploy import execute
from remit.deploy.api_logs import require_log_role
from remit.deploy.approval import agree_to_delete, agree_to_plan, check_names, require, settle_manual_changes
from remit.deploy.artefacts import buckets_of, prune_artefacts, upload
from remit.deploy.aws_errors import BUSY, remit_errors
from remit.deploy.bucket import artefact_bucket
from remit.deploy.changeset import Stuck, discard, leaving_nothing, plan
from remit.deploy.delete import delete
from remit.deploy.deployed_code import other_code, other_code_running
from remit.deploy.deployer_check import require_deployer
from remit.deploy.deployment import Deployment, NotApproved
from remit.deploy.deployment_record import last, remember, remember_running
from remit.deploy.existing_values import look_up_existing
from remit.deploy.held_data import held_data
from remit.deploy.local_accounts import make_local_accounts
from remit.deploy.local_policies import make_policies
from remit.deploy.operators import DeployOperator, PlannedDeploy, RollbackQuestion
from remit.deploy.planned_access import access_of
from remit.deploy.protection import protect
from remit.deploy.refusals import at_lines
from remit.deploy.releases import keep, kept_keys, next_number, release_of
from remit.deploy.stack import deployed_template, deployer, describe
from remit.deploy.stored_values import look_up, must_exist
from remit.errors import Mistakes, RemitError, stop_code
from remit.project.stack_name import checked_stage
from remit.review.accepted import read_accepted
from remit.review.working_tree import version_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from remit.app import App
    from remit.build import Built
    from remit.deploy.approval import DriftChoice
    from remit.deploy.bucket import Bucket
    from remit.deploy.plan import StackPlan
    from remit.deploy.planned_access import Approval, PlannedAccess
    from remit.deploy.releases import Release
    from remit.deploy.session import Account
    from remit.review.accepted_file import AcceptedGain

_NOBODY: Final = DeployOperator()
_NO_RELEASE: Final = "`remit rollback` cannot go back to this deploy"
_NOT_RECORDED: Final = "what was deployed is not recorded for `remit diff`"


def deploy(
    built: Built,
    account: Account,
    operator: DeployOperator = _NOBODY,
    *,
    yes: bool = False,
    yes_delete: Collection[str] = (),
    first: bool = False,
    take_over: bool = False,
    adopt: bool = False,
    approval: Approval | None = None,
    drift: DriftChoice = "ask",
    wait: bool = False,
    force: bool = False,
    skip: Sequence[str] = (),
    bucket: str | None = None,
    service_role: str | None = None,
    only_plans: bool = False,
    release: Release | None = None,
) -> Deployment:
    """Deploy a build to an account, and follow CloudFormation to the end.

    - `yes` answers yes to the questions whether to deploy, and whether to clear a stack that is stuck.
    - `yes_delete` has the logical ids of what holds data and may be removed or replaced; `yes` does not agree to that.
    - `first` agrees to all access of a stage that is deployed for the first time.
    - `take_over` deploys over a stack that another tool made, which is the project's from then on.
    - `adopt` imports what exists already under a name that the app gives, instead of failing over it.
    - `approval` says which changes of access need approval even then: broadening, any or never.
    - `drift` says what to do about roles that were changed by hand: ask, accept or revert.
    - `wait` waits while somebody else deploys; `force` deploys over a stack of a newer remit, and where the caller's
      policies seem to lack something.
    - `skip` lists logical ids of resources that a failed rollback leaves as they are.
    - `bucket` names a bucket of your own for the zips, the one that the build names.
    - `service_role` is the ARN of the role with which CloudFormation makes the changes, these and all later ones
      ("CloudFormation service role"), the one that the app's settings name unless it is given. The caller needs
      iam:PassRole for it.
    - `only_plans` plans and stops: `unanswered` of the Deployment is what would stop it if nobody answers. Nothing is
      left behind, after a signal or a failure neither: no change set, no empty stack of a new stage, no upload, secret,
      parameter or record, and nothing that was changed by hand is undone. No `plan` means no changes. The operator
      must answer None; `report.operators.reasons` words what it was asked.
    - `release` is the one that the stack goes back to, whose `built_again` the build is: with the values that it keeps,
      and never where data would go.

    A deploy that fails in CloudFormation returns a Deployment with the cause. NotApproved (exit code 1): it needs an
    approval that nobody gave. RemitError: somebody else deploys (75), or AWS refuses a call.
    """
    job = _Job(
        built=built,
        account=account,
        operator=operator,
        bucket=artefact_bucket(account, bucket),
        accepted=read_accepted(built.folder),
        yes=yes,
        yes_delete=frozenset(yes_delete),
        first=first,
        take_over=take_over,
        adopt=adopt,
        approval=approval,
        drift=drift,
        wait=wait,
        force=force,
        skip=tuple(skip),
        service_role=None if only_plans else service_role or built.app.service_role,
        only_looks=only_plans,
        release=release,
    )
    if only_plans:
        with _before_deploying(account), leaving_nothing(account, built.namespace, job.bucket):
            return _change_stack(_looked_up(job))
    with _before_deploying(account):
        job = _looked_up(job)
        for text in () if force or job.service_role else require_deployer(built, account, job.parameters):
            operator.note(f"note: whether the caller may deploy this is not certain: {text}")
    deployment = _change_stack_again(job)
    if job.protects:
        with _noted(operator, "the stack is not protected"):
            protect(account, built.namespace, operator.note)
    if deployment.succeeded:
        with _noted(operator, _NOT_RECORDED):
            if release is None:
                remember(account, built.folder, built)
            else:
                remember_running(account, built.folder, built.namespace, built.app.stage)
        with _noted(operator, _NO_RELEASE):
            _keep_release(job)
        _prune(job, deployment)
        accepted = () if deployment.manual_changes is None else deployment.manual_changes.functions_of_other_code
        running = other_code(account, built.namespace, json.loads(built.body))
        functions = tuple(code for code in running if code.function not in accepted)
        deployment = replace(deployment, other_code=functions)
    return deployment


def lacking(app: App, folder: Path, connect: Callable[[], Account]) -> tuple[RemitError, ...]:
    """The secrets, parameters and VPCs that do not exist, each at the line that names it; nothing is made or changed.

    It is for the report of a build that is refused anyway. The account is asked for only if there is something to look
    up. Where it does not answer, or the caller may not look, nothing is said: the next deploy says it.
    """
    if not must_exist(app) and not app.existing:
        return ()
    missing = Mistakes()
    with missing.noted():
        account = connect()
        with missing.noted():
            look_up(app, account, folder, _NOBODY.note, only_looks=True)
        with missing.noted():
            look_up_existing(app.existing, account, folder, _NOBODY.note)
    return tuple(error for error in missing.errors if error.origin is not None)


def resume(account: Account, folder: Path, namespace: str, stage: str | None, operator: DeployOperator) -> Deployment:
    """Follow the deploy that is running, or show how the last one ended."""
    with operator.events(namespace) as on_event:
        outcome = execute.resume(account, namespace, on_event)
    deployment = Deployment(namespace, outcome=outcome, outputs=outcome.outputs)
    if outcome.ok:
        with _noted(operator, _NOT_RECORDED):
            remember_running(account, folder, namespace, checked_stage(stage))
        if outcome.kind != "DELETE":
            deployment = replace(deployment, other_code=other_code_running(account, namespace))
    return deployment


@dataclass(frozen=True, slots=True)
class _Job:
    """The arguments of `deploy`, and the settings of its project."""

    built: Built
    account: Account
    operator: DeployOperator
    bucket: Bucket
    accepted: Sequence[AcceptedGain]
    yes: bool
    yes_delete: frozenset[str]
    first: bool
    take_over: bool
    adopt: bool
    approval: Approval | None
    drift: DriftChoice
    wait: bool
    force: bool
    skip: tuple[str, ...]
    service_role: str | None
    only_looks: bool = False
    """Whether nothing is to be changed, in the account or on this machine."""
    release: Release | None = None
    """The one to go back to."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """The values of the template's parameters, as they were looked up for this deploy."""

    @property
    def protects(self) -> bool:
        """True if its stack is a production stage's, and not on this machine."""
        return self.built.app.retains_data and not self.account.local


def _looked_up(job: _Job) -> _Job:
    """The job with the values of the template's parameters. RemitError has all that must exist and does not."""
    built, account, note = job.built, job.account, job.operator.note
    missing = Mistakes()
    parameters: dict[str, str] = {} if job.release is None else dict(job.release.parameters)
    values = [value for value in built.template.parameters if value.parameter not in parameters]
    with missing.noted():
        look_up(built.app, account, built.folder, note, only_looks=job.only_looks)
    with missing.noted():
        require_log_role(built.app, account, note)
    with missing.noted():
        parameters |= look_up_existing(values, account, built.folder, note)
    with missing.noted():
        make_policies(built, account, note, only_looks=job.only_looks)
    if not job.only_looks:
        with missing.noted():
            make_local_accounts(built.folder, account)
    missing.refuse()
    return replace(job, parameters=parameters)


def _change_stack_again(job: _Job) -> Deployment:
    """As `_change_stack`: once more if somebody else changed the stack meanwhile, and until it is free with `wait`."""
    was_superseded = False
    while True:
        try:
            return _change_stack(job)
        except RemitError as error:
            superseded = isinstance(error, execute.Superseded) and not was_superseded
            if not (superseded or (job.wait and error.exit_code == BUSY)):
                raise
            was_superseded = was_superseded or superseded
        job.operator.note(f"{job.built.namespace} was changed by somebody else meanwhile; planning again")


def _change_stack(job: _Job) -> Deployment:
    """From the look at the stack to the end of its change, or its plan alone; no plan when nothing has to change."""
    deployment = _settled_and_planned(job)
    planned = deployment.plan
    if planned is None:
        _require_first(job, is_first=False)
        check_names(job.yes_delete, ())
        with remit_errors():
            stack = describe(job.account, job.built.namespace)
        return replace(deployment, outputs=() if stack is None else stack.outputs)
    with _before_deploying(job.account, planned):
        deployment = _agreed(job, deployment, planned)
        if job.only_looks:
            return deployment
        _upload(job)
        if job.protects and planned.data_to_name:
            going = {change.logical_id for change in planned.data_to_name}
            protect(job.account, planned.namespace, job.operator.note, going=going)
        if planned.running:
            with _noted(job.operator, "`remit rollback` cannot go back to what runs now"):
                _keep_release(job, by_this_deploy=False)
    with job.operator.events(planned.namespace) as on_event:
        outcome = execute.execute(job.account, planned, on_event)
    return replace(deployment, outcome=outcome, outputs=outcome.outputs)


def _agreed(job: _Job, deployment: Deployment, planned: StackPlan) -> Deployment:
    """The deploy with its changes of access, shown and agreed to; of a plan alone, with what nobody agrees to."""
    _require_first(job, is_first=planned.kind == "CREATE")
    access = _show(job, planned)
    if job.release is not None and planned.data_to_name:
        data = ", ".join(f"{change.logical_id} ({change.type})" for change in planned.data_to_name)
        refusal = RemitError(
            f"nothing was deployed: release {job.release.number} has no place for data that is there now: {data}",
            hint="bring back the code that you want and keep these resources in the project, then `remit deploy`",
            exit_code=1,
        )
        raise NotApproved(refusal, replace(deployment, access=access))
    try:
        agree_to_plan(
            job.account,
            deployment.manual_changes,
            planned,
            access,
            job.operator,
            job.approval,
            yes=job.yes,
            yes_delete=job.yes_delete,
            first=job.first,
        )
    except NotApproved as stop:
        if not job.only_looks:
            raise
        return replace(stop.deployment, unanswered=(*deployment.unanswered, *stop.deployment.unanswered))
    return replace(deployment, access=access)


def _require_first(job: _Job, *, is_first: bool) -> None:
    """Refuse `--first` where the stack exists. RemitError (2)."""
    if job.first and not is_first:
        raise RemitError(
            f"`--first`: {job.built.namespace} is deployed already",
            hint="leave `--first` out: a later deploy stops where access is gained",
        )


def _settled_and_planned(job: _Job, *, clears: bool = True) -> Deployment:
    """Find changes by hand and plan. A stack that is stuck is cleared first, if somebody agrees."""
    account, operator, built = job.account, job.operator, job.built
    with _before_deploying(account):
        try:
            changes = settle_manual_changes(built, account, operator, job.drift, yes=job.yes, wait=job.wait)
            deployment = Deployment(built.namespace, changes)
        except NotApproved as stop:
            if not job.only_looks:
                raise
            deployment = stop.deployment
    try:
        planned = plan(
            account,
            built.namespace,
            built.body,
            owner=built.app.owner,
            take_over=job.take_over,
            adopt=job.adopt,
            bucket=job.bucket,
            parameters=job.parameters,
            force=job.force,
            wait=job.wait,
            on_wait=operator.waiting,
            service_role=job.service_role,
            only_looks=job.only_looks,
        )
    except Stuck as stuck:
        if not clears or job.only_looks:
            raise
        operator.note(stuck.message)
        _clear(job, stuck)
        return _settled_and_planned(job, clears=False)
    except RemitError as refusal:
        raise at_lines(refusal, built) from None
    if planned is None:
        return deployment
    origins = {resource.logical_id: resource.origin for resource in built.template.resources if resource.origin}
    held = held_data(account, planned.data_to_name)
    planned = replace(planned, must_exist=built.must_exist, origins=origins, held=held, goes_back=bool(job.release))
    return replace(deployment, plan=planned)


def _clear(job: _Job, stuck: Stuck) -> None:
    """Go on with a rollback that failed, or delete what a first deploy left."""
    stack, operator = stuck.stack, job.operator
    rolling_back = stack.status == "UPDATE_ROLLBACK_FAILED"
    if rolling_back:
        require(job.yes or operator.decide(RollbackQuestion(job.skip)))
    else:
        require(agree_to_delete(job.account, stack.name, operator, yes=job.yes, is_remnant=True))
    with operator.events(stack.name) as on_event:
        if rolling_back:
            outcome: execute.Outcome | None = execute.continue_rollback(job.account, stack, on_event, job.skip)
        else:
            outcome = delete(job.account, stack.name, on_event, owner=job.built.app.owner, bucket=job.bucket)
    if outcome is not None and not outcome.ok:
        hint = "repair it and deploy again; `--skip ID` leaves that resource as it is" if rolling_back else None
        raise execute.failure(outcome, hint)


def _show(job: _Job, planned: StackPlan) -> PlannedAccess:
    """Show the plan, and return its changes of access."""
    built = job.built
    before = last(job.account, built.folder, built.namespace)
    access = access_of(job.account, planned, version_of(built.app).roles, before, job.accepted)
    job.operator.see(PlannedDeploy(planned, access, must_exist(built.app), built.template.parameters))
    return access


def _upload(job: _Job) -> None:
    bucket = job.bucket.name
    for key, path in job.built.artefacts.items():
        with job.operator.progress(path.stat().st_size) as on_bytes:
            result = upload(job.account, bucket, path, key, on_bytes)
        if result == "replaced":
            job.operator.note(
                f"note: {key} in bucket {bucket} was not the zip of this name, or S3 could not say: it is now"
            )


def _keep_release(job: _Job, *, by_this_deploy: bool = True) -> None:
    """Keep what runs as a release, unless the newest one is just that.

    It is not `by_this_deploy` if an earlier one was killed before it did so.
    """
    account, bucket, built = job.account, job.bucket, job.built
    with remit_errors():
        stack = describe(account, built.namespace)
        if stack is None or stack.namespace is None:  # another tool's, which is to be taken over
            return
        template = deployed_template(account, stack)
    if buckets_of(account, template) - {bucket.name}:
        return
    release = release_of(stack, template, built.template.parameters)
    number = next_number(account, bucket, release)
    if number is None:
        return
    release = replace(release, number=number, by=account.caller if by_this_deploy else deployer(account, stack))
    if by_this_deploy and job.release is not None:
        back = job.release
        release = replace(release, commit=back.commit, is_clean=back.is_clean, went_back_to=back.number)
    elif by_this_deploy:
        from remit.review.base_commit import head_of  # noqa: PLC0415 - most deploys change nothing

        commit, is_clean = head_of(built.folder)
        release = replace(release, commit=commit, is_clean=is_clean)
    keep(account, bucket, release)


def _prune(job: _Job, deployment: Deployment) -> None:
    """Remove old releases, and zips that neither a release nor what runs needs; those in another bucket are named."""
    done, bucket = deployment.plan, job.bucket.name
    if done is None or job.release is not None:  # how many releases to keep, only the project says
        return
    with _noted(job.operator, "old uploads are not removed"):
        kept = kept_keys(job.account, job.bucket, done.namespace, job.built.app.releases)
        prune_artefacts(job.account, done.namespace, bucket, done.running, done.template, kept)
    for earlier in sorted(buckets_of(job.account, done.running) - {bucket}):
        job.operator.note(f"note: the zips of earlier deploys stay in bucket {earlier}, under {done.namespace}/")


@contextlib.contextmanager
def _noted(operator: DeployOperator, failure_in_words: str) -> Iterator[None]:
    """Note that something failed after the deploy succeeded, which does not fail the deploy."""
    try:
        yield
    except RemitError as error:
        operator.note(f"note: {failure_in_words}: {error.message}")


@contextlib.contextmanager
def _before_deploying(account: Account, planned: StackPlan | None = None) -> Iterator[None]:
    """Throw the plan away if anything stops the deploy here; of a signal, say that nothing was deployed."""
    try:
        yield
    except BaseException as stop:
        if planned is not None:
            discard(account, planned)
        if isinstance(stop, KeyboardInterrupt):
            raise RemitError("stopped: nothing was deployed", exit_code=stop_code(stop)) from stop
        raise
