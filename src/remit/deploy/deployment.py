"""What is to be deployed, and the result of that, or of a deploy that nobody agreed to."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from remit.deploy.bucket import Bucket, artefact_bucket
from remit.deploy.operators import DeployOperator, StoppingQuestion
from remit.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from remit.build import Built
    from remit.deploy.deployed_code import OtherCode
    from remit.deploy.execute import Outcome
    from remit.deploy.manual_changes import ManualChanges
    from remit.deploy.plan import StackPlan
    from remit.deploy.planned_access import Approval, PlannedAccess
    from remit.deploy.releases import Release
    from remit.deploy.session import Account
    from remit.deploy.stack import StackOutput


DriftChoice: TypeAlias = Literal["ask", "accept", "revert"]
"""What to do about changes by hand: ask a person, leave them, or undo them."""


@dataclass(frozen=True, slots=True)
class DeployJob:
    """A build that is to be deployed to an account, with the answers to what the deploy would ask."""

    built: Built
    account: Account
    operator: DeployOperator = field(default_factory=DeployOperator)
    _: KW_ONLY
    yes: bool = False
    """Yes to the questions whether to deploy, and whether to clear a stack that is stuck."""
    yes_delete: Collection[str] = ()
    """The logical ids of what holds data and may be removed or replaced; `yes` does not agree to that."""
    first: bool = False
    """Yes to all access of a stage that is deployed for the first time."""
    take_over: bool = False
    """Whether to deploy over a stack that another tool made, which is the project's from then on."""
    adopt: bool = False
    """Whether to import what exists already under a name that the app gives, instead of failing over it."""
    approval: Approval | None = None
    """Which changes of access need approval even then: broadening, any or never."""
    drift: DriftChoice = "ask"
    """What to do about what was changed by hand: ask, accept or revert."""
    wait: bool = False
    """Whether to wait while somebody else deploys."""
    force: bool = False
    """Whether to deploy over a stack of a newer remit, and where the caller's policies seem to lack something."""
    skip: Sequence[str] = ()
    """The logical ids of resources that a failed rollback leaves as they are."""
    bucket: str | None = None
    """A bucket of one's own for the zips, the one that the build names."""
    service_role: str | None = None
    """The ARN of the role with which CloudFormation makes the changes, these and all later ones ("CloudFormation
    service role"), instead of the one that the app's settings name. The caller needs iam:PassRole for it."""
    only_plans: bool = False
    """Whether to plan and stop: `unanswered` of the Deployment is what would stop it if nobody answers. Nothing is left
    behind, after a signal or a failure neither: no change set, no empty stack of a new stage, no upload, secret,
    parameter or record, and nothing that was changed by hand is undone. No `plan` means no changes. The operator must
    answer None; `report.operators.reasons` words what it was asked."""
    release: Release | None = None
    """The one that the stack goes back to, whose `built_again` the build is: with the values that it keeps, and never
    where data would go."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """The values of the template's parameters, as the deploy looks them up."""

    @property
    def zips(self) -> Bucket:
        """The bucket of the zips."""
        return artefact_bucket(self.account, self.bucket)

    @property
    def role(self) -> str | None:
        """The ARN of the role that CloudFormation is to work as; None: as before. A plan alone never names one."""
        return None if self.only_plans else self.service_role or self.built.app.service_role

    @property
    def protects(self) -> bool:
        """True if its stack is a production stage's, and not on this machine."""
        return self.built.app.retains_data and not self.account.local


@dataclass(frozen=True, slots=True)
class Deployment:
    """A deploy, as far as it came: each part is None, or empty, where it did not come to that."""

    namespace: str
    manual_changes: ManualChanges | None = None
    """What had been changed by hand on the stack."""
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


class NotApproved(RemitError):
    """A deploy that stopped before it changed the stack, since nobody agreed to what it showed (`deployment`).

    It has the message, hint and exit code of the reason.
    """

    def __init__(self, reason: RemitError, deployment: Deployment) -> None:
        super().__init__(reason.message, hint=reason.hint, exit_code=reason.exit_code)
        self.deployment = deployment
