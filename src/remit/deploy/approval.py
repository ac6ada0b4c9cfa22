"""Decide whether a deploy may go on: an option says so, a person does, or there is nothing that needs approval."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.deploy.delete import data_at_risk
from remit.deploy.deployment import DeployJob, Deployment, NotApproved
from remit.deploy.deployment_record import last_record
from remit.deploy.manual_changes import ManualChanges, changes_of, revert
from remit.deploy.operators import DeletionQuestion, DeployOperator, ManualChangesQuestion, PlanQuestion
from remit.deploy.stack import settled
from remit.deploy.status import status_of
from remit.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from remit.deploy.plan import StackPlan
    from remit.deploy.planned_access import PlannedAccess
    from remit.deploy.session import Account


def settle_manual_changes(job: DeployJob) -> ManualChanges:
    """Show what was changed by hand on the stack, do with it what the job's `drift` says, and return it.

    Nothing is looked for on a stack that is new, missing or another project's. The operator sees what was found.

    `yes` is no answer to this: with it nobody is asked. NotApproved: nobody answers (1), or not all could be undone.
    RemitError: a person says no (1), somebody else deploys (75), AWS refuses.
    """
    built, account, operator, name = job.built, job.account, job.operator, job.built.namespace
    stack = settled(account, name, wait=job.wait, on_wait=operator.waiting)
    if stack is None or stack.new or stack.namespace != built.app.owner:  # then the plan says what is to be done
        return ManualChanges()
    changes = changes_of(account, status_of(account, stack), last_record(account, built.folder, name), operator.note)
    if not changes.found:
        for text in changes.not_compared:
            operator.note(f"note: {text}")
        return changes
    operator.see(changes)
    if job.drift == "revert":
        try:
            if changes.unread is not None:
                raise operator.unanswered(ManualChangesQuestion(changes))
            operator.note("undoing what was changed by hand")
            revert(account, changes, name, lambda repair: operator.note(f"  {repair.command}"))
            operator.note("all is as the template has it")
        except RemitError as error:  # it cannot be done, or not all of it
            raise NotApproved(error, Deployment(name, changes)) from error
    elif job.drift == "ask":
        question = ManualChangesQuestion(changes)
        answer = None if job.yes else operator.reply(question)
        if answer is None:
            raise NotApproved(operator.unanswered(question), Deployment(name, changes, unanswered=(question,)))
        require_yes(answer)
    return changes


def agree_to_plan(job: DeployJob, changes: ManualChanges | None, plan: StackPlan, access: PlannedAccess) -> None:
    """Return if somebody or something agrees to a plan and what it does to access.

    Without `approval`, access that is gained needs approval, and `yes` gives that, too; with it, `yes` agrees to all
    but the changes of access that need approval. `first` agrees to the access of a first deploy. Data goes only by a
    person's answer, or where `yes_delete` names it.

    NotApproved (1): nobody agrees. RemitError (1): a person says no; (2): `yes_delete` names what does not go.
    """
    yes, yes_delete, approval = job.yes, job.yes_delete, job.approval
    require_named_data(yes_delete, [change.logical_id for change in plan.data_at_risk])
    unnamed = any(change.logical_id not in yes_delete for change in plan.data_to_name)
    lacks_access = access.wants(approval or "broadening") and not job.first and not (yes and approval is None)
    question = PlanQuestion(job.account, plan, access, yes, yes_delete, lacks_access)
    answer = None
    if unnamed or not yes:
        answer = job.operator.reply(question)
        require_yes(answer is not False)
    destroyed = [change for change in plan.destroyed if change.logical_id not in yes_delete]
    if answer is None and (lacks_access or unnamed or (destroyed and not yes)):
        deployment = Deployment(plan.namespace, changes, plan, access, unanswered=(question,))
        raise NotApproved(job.operator.unanswered(question), deployment)


def require_named_data(yes_delete: Collection[str], data_ids: Sequence[str]) -> None:
    """Refuse a `--yes-delete` of what would not go. RemitError (2) names what would."""
    names = sorted(name for name in yes_delete if name not in data_ids)
    if names:
        raise RemitError(
            f"`--yes-delete {' '.join(names)}`: no data of this name would go",
            hint=f"what would go: {', '.join(sorted(data_ids)) or 'nothing that holds data'}",
        )


def agree_to_delete(
    account: Account,
    namespace: str,
    operator: DeployOperator,
    *,
    yes: bool,
    is_remnant: bool = False,
    with_data: bool = False,
) -> bool:
    """Return whether to delete a stack: `with_data` says so always, `yes` where no data goes but logs; else a person.

    RemitError: nobody is there to ask, or AWS refuses.
    """
    data, logs = data_at_risk(account, namespace)
    unnamed = tuple(resource for resource in data if yes and resource.logical_id not in logs)
    if with_data or (yes and not unnamed):
        return True
    return operator.decide(DeletionQuestion(account, namespace, is_remnant, data, unnamed))


def require_yes(answer: bool) -> None:  # noqa: FBT001 - the answer itself
    """Go on after a yes. RemitError (1): the answer is no."""
    if not answer:
        raise RemitError("nothing was deployed", exit_code=1)
