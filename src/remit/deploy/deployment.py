"""The result of a deploy, or of one that nobody agreed to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from remit.errors import RemitError

if TYPE_CHECKING:
    from remit.deploy.deployed_code import OtherCode
    from remit.deploy.execute import Outcome
    from remit.deploy.manual_changes import ManualChanges
    from remit.deploy.operators import StoppingQuestion
    from remit.deploy.plan import StackPlan
    from remit.deploy.planned_access import PlannedAccess
    from remit.deploy.stack import StackOutput


@dataclass(frozen=True, slots=True)
class Deployment:
    """A deploy, as far as it came: each part is None, or empty, where it did not come to that."""

    namespace: str
    manual_changes: ManualChanges | None = None
    """What had been changed by hand on the stack's roles."""
    plan: StackPlan | None = None
    access: PlannedAccess | None = None
    """What the plan does to access."""
    outcome: Outcome | None = None
    """How CloudFormation ended it; None when nothing had to change."""
    outputs: tuple[StackOutput, ...] = ()
    other_code: tuple[OtherCode, ...] = ()
    """The functions that do not run the code that was built for them."""
    unanswered: tuple[StoppingQuestion, ...] = ()
    """The questions that stop it, since nobody answers; of a deploy that is only planned, all of them."""

    @property
    def succeeded(self) -> bool:
        """True if the stack is as the template says: it was changed without a failure, or had no need to be."""
        return self.outcome is None or self.outcome.ok

    @property
    def ok(self) -> bool:
        """True if it succeeded, and every function runs what was built."""
        return self.succeeded and not self.other_code


class NotApproved(RemitError):  # noqa: N818 - a decision, not a fault
    """A deploy that stopped before it changed the stack, since nobody agreed to what it showed (`deployment`)."""

    def __init__(self, reason: RemitError, deployment: Deployment) -> None:
        super().__init__(reason.message, hint=reason.hint, exit_code=reason.exit_code)
        self.deployment = deployment
