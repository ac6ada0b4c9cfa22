"""Deploy a build to AWS, from the first look at its stack to the record of what is deployed.

1. Settle what people changed by hand on the stack.
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
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from remit.deploy import execute
from remit.deploy.api_logs import require_log_role
from remit.deploy.approval import agree_to_delete, agree_to_plan, require_named_data, require_yes, settle_manual_changes
from remit.deploy.artefacts import buckets_of, prune_artefacts, upload
from remit.deploy.aws_errors import BUSY, remit_errors
from remit.deploy.changeset import PlanRequest, Stuck, discard, leaving_nothing, plan
from remit.deploy.delete import delete
from remit.deploy.deployed_code import other_code, other_code_running
from remit.deploy.deployer_check import require_deployer
from remit.deploy.deployment import DeployJob, Deployment, NotApproved
from remit.deploy.deployment_record import last_record, remember, remember_running
from remit.deploy.existing_values import look_up_existing
from remit.deploy.held_data import held_data
from remit.deploy.local_preparation import make_local_accounts, make_policies
from remit.deploy.operators import DeployOperator, PlannedDeploy, RollbackQuestion
from remit.deploy.planned_access import access_of
from remit.deploy.protection import protect
from remit.deploy.refusals import at_lines
from remit.deploy.releases import keep, kept_keys, next_number, release_of
from remit.deploy.stack import deployed_template, describe, last_deployer
from remit.deploy.stored_values import look_up_stored, required_values
from remit.errors import Mistakes, RemitError, stop_code
from remit.project.stack_name import checked_stage
from remit.review.accepted import read_accepted
from remit.review.working_tree import version_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from remit.app import App
    from remit.deploy.plan import StackPlan
    from remit.deploy.session import Account

_NOBODY: Final = DeployOperator()
_NO_RELEASE: Final = "`remit rollback` cannot go back to this deploy"
_NOT_RECORDED: Final = "what was deployed is not recorded for `remit diff`"


def deploy(job: DeployJob) -> Deployment:
    """Deploy a build to an account, and follow CloudFormation to the end.

    The job's operator is asked what needs an approval. A production stack is protected, after a failure, too. A deploy
    that succeeds is recorded in the project's folder and kept as a release in the bucket, of which old ones are
    removed; where any of that fails, the operator hears of it. `other_code` leaves out functions whose code was changed
    by hand before. With `only_plans` it plans alone, and leaves nothing behind.

    A deploy that fails in CloudFormation returns a Deployment with the cause. NotApproved: it needs an approval that
    nobody gave. RemitError: a person says no (1), somebody else deploys (75), something does not exist that the app
    needs, the caller may not deploy it, or AWS refuses a call.
    """
    built, account, operator = job.built, job.account, job.operator
    read_accepted(built.folder)  # a mistake in it is told before anything is done
    if job.only_plans:
        with _before_deploying(account), leaving_nothing(account, built.namespace, job.zips):
            return _change_stack(_looked_up(job))
    with _before_deploying(account):
        job = _looked_up(job)
        for text in () if job.force or job.role else require_deployer(built, account, job.parameters):
            operator.note(f"note: whether the caller may deploy this is not certain: {text}")
    deployment = _change_stack_again(job)
    if job.protects:
        with _noted(operator, "the stack is not protected"):
            protect(account, built.namespace, operator.note)
    if deployment.succeeded:
        with _noted(operator, _NOT_RECORDED):
            if job.release is None:
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

    It is for the report of a build that is refused anyway. `connect` is called only if there is something to look up.
    Errors without a line are dropped, as when AWS does not answer: the next deploy says it. So are notes.
    """
    if not required_values(app) and not app.existing:
        return ()
    missing = Mistakes()
    with missing.noted():
        account = connect()
        with missing.noted():
            look_up_stored(app, account, folder, _NOBODY.note, only_looks=True)
        with missing.noted():
            look_up_existing(app.existing, account, folder, _NOBODY.note)
    return tuple(error for error in missing.errors if error.origin is not None)


def resume(account: Account, folder: Path, namespace: str, stage: str | None, operator: DeployOperator) -> Deployment:
    """Follow the deploy that is running, or show how the last one ended.

    One that ends well is recorded in the project's folder; where that fails, the operator hears of it. `other_code` has
    the functions that do not run the zips of its template, none after a delete. A deploy that failed is in the outcome.
    RemitError: there is nothing to follow, or AWS refuses a call.
    """
    with operator.events(namespace) as on_event:
        outcome = execute.resume(account, namespace, on_event)
    deployment = Deployment(namespace, outcome=outcome, outputs=outcome.outputs)
    if outcome.ok:
        with _noted(operator, _NOT_RECORDED):
            remember_running(account, folder, namespace, checked_stage(stage))
        deployment = replace(deployment, other_code=other_code_running(account, namespace))
    return deployment


def _looked_up(job: DeployJob) -> DeployJob:
    """The job with the values of the template's parameters. RemitError has all that must exist and does not.

    A rollback has the values that its release kept, and looks only the others up. On the AWS of this machine, what the
    project has for them is made (values, policies, other accounts), unless the job only plans.
    """
    built, account, note = job.built, job.account, job.operator.note
    missing = Mistakes()
    parameters: dict[str, str] = {} if job.release is None else dict(job.release.parameters)
    values = [value for value in built.template.parameters if value.parameter not in parameters]
    with missing.noted():
        look_up_stored(built.app, account, built.folder, note, only_looks=job.only_plans)
    with missing.noted():
        require_log_role(built.app, account, note)
    with missing.noted():
        parameters |= look_up_existing(values, account, built.folder, note)
    with missing.noted():
        make_policies(built, account, note, only_looks=job.only_plans)
    if not job.only_plans:
        with missing.noted():
            make_local_accounts(built.folder, account)
    missing.refuse()
    return replace(job, parameters=parameters)


def _change_stack_again(job: DeployJob) -> Deployment:
    """`_change_stack`, once more if somebody changed the stack meanwhile; with `wait`, until nobody else deploys.

    The operator hears of each further try. RemitError: as `_change_stack`; (75) somebody else still deploys.
    """
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


def _change_stack(job: DeployJob) -> Deployment:
    """Look at the stack, plan, ask and change it, or only plan. Its `plan` is None when nothing has to change.

    Zips are uploaded after the agreement, and the release that runs is kept before it is replaced. A stop before the
    change throws the plan away; a change that failed is in `outcome`, not raised. Without changes, `outputs` are those
    of the stack that runs. RemitError (2): `--first`, and the stack exists; `--yes-delete` of what does not go.
    """
    deployment = _settled_and_planned(job)
    planned = deployment.plan
    if planned is None:
        _require_first(job, is_first=False)
        require_named_data(job.yes_delete, ())
        with remit_errors():
            stack = describe(job.account, job.built.namespace)
        return replace(deployment, outputs=() if stack is None else stack.outputs)
    with _before_deploying(job.account, planned):
        deployment = _agreed(job, deployment, planned)
        if job.only_plans:
            return deployment
        for key, path in job.built.artefacts.items():
            with job.operator.progress(path.stat().st_size) as on_bytes:
                result = upload(job.account, job.zips.name, path, key, on_bytes)
            if result == "replaced":
                what = f"{key} in bucket {job.zips.name} was not the zip of this name, or S3 could not say"
                job.operator.note(f"note: {what}: it is now")
        if job.protects and planned.data_to_name:
            going = {change.logical_id for change in planned.data_to_name}
            protect(job.account, planned.namespace, job.operator.note, going=going)
        if planned.running:
            with _noted(job.operator, "`remit rollback` cannot go back to what runs now"):
                _keep_release(job, by_this_deploy=False)
    with job.operator.events(planned.namespace) as on_event:
        outcome = execute.execute(job.account, planned, on_event)
    return replace(deployment, outcome=outcome, outputs=outcome.outputs)


def _agreed(job: DeployJob, deployment: Deployment, planned: StackPlan) -> Deployment:
    """Show the plan and its changes of access, and return the deploy with these, once they are agreed to.

    NotApproved (with the deployment): nobody agrees, or going back would lose data. With `only_plans`, what nobody
    agrees to comes back in `unanswered` instead. RemitError: a person says no (1); `--first`, and the stack exists,
    or `--yes-delete` of what does not go (2).
    """
    _require_first(job, is_first=planned.kind == "CREATE")
    built = job.built
    before = last_record(job.account, built.folder, built.namespace)
    access = access_of(job.account, planned, version_of(built.app).roles, before, read_accepted(built.folder))
    job.operator.see(PlannedDeploy(planned, access, required_values(built.app), built.template.parameters))
    if job.release is not None and planned.data_to_name:
        data = ", ".join(f"{change.logical_id} ({change.type})" for change in planned.data_to_name)
        refusal = RemitError(
            f"nothing was deployed: release {job.release.number} has no place for data that is there now: {data}",
            hint="bring back the code that you want and keep these resources in the project, then `remit deploy`",
            exit_code=1,
        )
        raise NotApproved(refusal, replace(deployment, access=access))
    try:
        agree_to_plan(job, deployment.manual_changes, planned, access)
    except NotApproved as stop:
        if not job.only_plans:
            raise
        return replace(stop.deployment, unanswered=(*deployment.unanswered, *stop.deployment.unanswered))
    return replace(deployment, access=access)


def _require_first(job: DeployJob, *, is_first: bool) -> None:
    """Refuse `--first` where the stack exists. RemitError (2)."""
    if job.first and not is_first:
        raise RemitError(
            f"`--first`: {job.built.namespace} is deployed already",
            hint="leave `--first` out: a later deploy stops where access is gained",
        )


def _settled_and_planned(job: DeployJob, *, clears: bool = True) -> Deployment:
    """Find changes by hand, undo them if the job says so, and plan; `plan` is None where nothing has to change.

    A stack that is stuck is cleared first, if somebody agrees, and planned once more; Stuck: it is so again, or the job
    only plans. NotApproved: changes by hand are not agreed to; of a plan alone they come back in `unanswered`.
    RemitError: CloudFormation refuses, at the lines that wrote what it refuses.
    """
    account, operator, built = job.account, job.operator, job.built
    with _before_deploying(account):
        try:
            changes = settle_manual_changes(job)
            deployment = Deployment(built.namespace, changes)
        except NotApproved as stop:
            if not job.only_plans:
                raise
            deployment = stop.deployment
    try:
        request = PlanRequest(
            built.namespace,
            built.body,
            owner=built.app.owner,
            take_over=job.take_over,
            adopt=job.adopt,
            bucket=job.zips,
            parameters=job.parameters,
            force=job.force,
            wait=job.wait,
            on_wait=operator.waiting,
            service_role=job.role,
            only_looks=job.only_plans,
        )
        with _before_deploying(account):
            planned = plan(account, request)
    except Stuck as stuck:
        if not clears or job.only_plans:
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


def _clear(job: DeployJob, stuck: Stuck) -> None:
    """Go on with a rollback that failed, or delete what a first deploy left, and wait for the end.

    `yes` agrees to it, or the operator is asked. RemitError: it failed, or nobody agreed (1).
    """
    stack, operator = stuck.stack, job.operator
    rolling_back = stack.status == "UPDATE_ROLLBACK_FAILED"
    if rolling_back:
        require_yes(job.yes or operator.decide(RollbackQuestion(tuple(job.skip))))
    else:
        require_yes(agree_to_delete(job.account, stack.name, operator, yes=job.yes, is_remnant=True))
    with operator.events(stack.name) as on_event:
        if rolling_back:
            outcome: execute.Outcome | None = execute.continue_rollback(job.account, stack, on_event, job.skip)
        else:
            outcome = delete(job.account, stack.name, on_event, owner=job.built.app.owner, bucket=job.zips)
    if outcome is not None and not outcome.ok:
        hint = "repair it and deploy again; `--skip ID` leaves that resource as it is" if rolling_back else None
        raise execute.failure(outcome, hint)


def _keep_release(job: DeployJob, *, by_this_deploy: bool = True) -> None:
    """Keep what runs as a release, unless the newest one is just that.

    It is not `by_this_deploy` if an earlier one was killed before it did so: then nobody knows its commit. A release of
    a rollback has the commit of the one that it goes back to. Nothing is kept of another tool's stack, or of one whose
    zips are in another bucket. RemitError: AWS refuses.
    """
    account, bucket, built = job.account, job.zips, job.built
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
    release = replace(release, number=number, by=account.caller if by_this_deploy else last_deployer(account, stack))
    if by_this_deploy and job.release is not None:
        back = job.release
        release = replace(release, commit=back.commit, is_clean=back.is_clean, went_back_to=back.number)
    elif by_this_deploy:
        from remit.review.base_commit import head_of  # noqa: PLC0415 - most deploys change nothing

        commit, is_clean = head_of(built.folder)
        release = replace(release, commit=commit, is_clean=is_clean)
    keep(account, bucket, release)


def _prune(job: DeployJob, deployment: Deployment) -> None:
    """Remove old releases, and zips that neither a release nor what runs needs; those in another bucket are named.

    Nothing happens after a rollback, or where nothing was changed. The operator hears of a failure.
    """
    done, bucket = deployment.plan, job.zips.name
    if done is None or job.release is not None:  # how many releases to keep, only the project says
        return
    with _noted(job.operator, "old uploads are not removed"):
        kept = kept_keys(job.account, job.zips, done.namespace, job.built.app.releases)
        prune_artefacts(job.account, done.namespace, bucket, done.running, done.template, kept)
    for earlier in sorted(buckets_of(job.account, done.running) - {bucket}):
        job.operator.note(f"note: the zips of earlier deploys stay in bucket {earlier}, under {done.namespace}/")


@contextlib.contextmanager
def _noted(operator: DeployOperator, failure_in_words: str) -> Iterator[None]:
    """Note a RemitError instead of raising it: what failed goes with a deploy, and does not fail the deploy."""
    try:
        yield
    except RemitError as error:
        operator.note(f"note: {failure_in_words}: {error.message}")


@contextlib.contextmanager
def _before_deploying(account: Account, planned: StackPlan | None = None) -> Iterator[None]:
    """Throw the plan, if there is one, away if anything stops the deploy here, and pass the stop on.

    Ctrl-C and its like become a RemitError with their exit code, which says that nothing was deployed. Where AWS
    refuses to throw the plan away, that RemitError is raised instead.
    """
    try:
        yield
    except BaseException as stop:
        if planned is not None:
            discard(account, planned)
        if isinstance(stop, KeyboardInterrupt):
            raise RemitError("stopped: nothing was deployed", exit_code=stop_code(stop)) from stop
        raise
