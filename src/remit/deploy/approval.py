"""Decide whether a deploy may go on: an option says so, a person does, or there is nothing that needs approval."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from remit.deploy.deployment import Deployment, NotApproved
from remit.deploy.deployment_record import last
from remit.deploy.manual_changes import ManualChanges, changes_of, revert
from remit.deploy.stack import settled
from remit.deploy.status import status_of
from remit.errors import RemitError
from remit.report.manual_changes import by_hand_lines
from remit.report.plan import gained_words, loss_words, refusal
from remit.report.stacks import place

if TYPE_CHECKING:
    from remit.build import Built
    from remit.deploy.operators import DeployOperator
    from remit.deploy.plan import StackPlan
    from remit.deploy.planned_access import Approval, PlannedAccess
    from remit.deploy.session import Account

DriftChoice: TypeAlias = Literal["ask", "accept", "revert"]
"""What to do about roles that were changed by hand: ask a person, leave them, or undo the changes."""
_DRIFT_QUESTION: Final = (
    "CloudFormation keeps what was added by hand. It restores what was edited or deleted only where this deploy "
    "changes the same policy. `--revert-drift` undoes all of it. Deploy anyway?"
)


def settle_manual_changes(
    built: Built, account: Account, operator: DeployOperator, drift: DriftChoice, *, yes: bool, wait: bool
) -> ManualChanges:
    """Show what was changed by hand on the roles of the stack, and do with it what `drift` says; what it was.

    `yes` does not answer this. NotApproved (1): nobody agreed to go on. RemitError (75): somebody else deploys.
    """
    name = built.namespace
    stack = settled(account, name, wait=wait, on_wait=operator.waiting)
    if stack is None or stack.new:
        return ManualChanges()
    changes = changes_of(account, status_of(account, stack), last(account, built.folder, name))
    if not changes.found:
        return changes
    operator.show(by_hand_lines(changes))
    if drift == "revert":
        _revert(account, changes, name, operator)
    elif drift == "ask":
        answer = None if yes else operator.ask(_DRIFT_QUESTION)
        if answer is None:
            raise NotApproved(_why_not_over(changes), Deployment(name, changes))
        require(answer)
    return changes


def _revert(account: Account, changes: ManualChanges, namespace: str, operator: DeployOperator) -> None:
    """Put the roles back, and show each call. NotApproved: that cannot be done, or not all of it."""
    try:
        if changes.unread is not None:
            raise _why_not_over(changes)
        operator.note("undoing what was changed by hand")
        revert(account, changes, namespace, lambda repair: operator.note(f"  {repair.command}"))
        operator.note("the roles are as the template has them")
    except RemitError as error:
        raise NotApproved(error, Deployment(namespace, changes)) from error


def _why_not_over(changes: ManualChanges) -> RemitError:
    """Why a deploy does not go ahead over changes that were made by hand, and how it can."""
    keeps = "`--accept-drift` deploys and keeps these changes"
    if changes.unread is None:
        message = "roles were changed by hand"
        hint = f"{keeps}; `--revert-drift` undoes them first (`--yes` does neither)"
    else:
        message = "whether roles were changed by hand is not known"
        hint = "; ".join(filter(None, (changes.unread.hint, keeps)))
    return RemitError(f"nothing was deployed: {message}", hint=hint, exit_code=1)


def agree_to_plan(
    account: Account,
    changes: ManualChanges,
    plan: StackPlan,
    access: PlannedAccess,
    operator: DeployOperator,
    approval: Approval | None,
    *,
    yes: bool,
) -> None:
    """Return if somebody or something agrees to a plan and what it does to access.

    Without `approval`, access that is gained needs approval, and `yes` gives that, too; with it, `yes` agrees to all
    but the changes of access that need approval. NotApproved (1): nobody agrees. RemitError (1): a person says no.
    """
    needs_approval = access.wants(approval or "broadening")
    if yes:
        refused = needs_approval and approval is not None
    else:
        question = (loss_words(plan), gained_words(access), f"Deploy to {place(account)}?")
        answer = operator.ask(" ".join(filter(None, question)))
        refused = answer is None and (needs_approval or bool(plan.destroyed))
        require(answer is not False)
    if refused:
        reason, hint = refusal(plan, access, agreed_but_for_access=yes, place=operator.command_options)
        raise NotApproved(
            RemitError(f"nothing was deployed: {reason}", hint=hint, exit_code=1),
            Deployment(plan.namespace, changes, plan, access),
        )


def require(answer: bool) -> None:  # noqa: FBT001 - the answer itself
    """Go on after a yes. RemitError (1): the answer is no."""
    if not answer:
        raise RemitError("nothing was deployed", exit_code=1)
