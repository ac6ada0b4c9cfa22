"""Say what a planned deploy does to access: the roles of the template that runs against those of the change set."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from remit.deploy.expected_roles import explained, version
from remit.errors import RemitError
from remit.review.accepted import accept
from remit.review.access_change import Review, Version, nothing
from remit.review.changes import review

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from remit.deploy.plan import StackPlan
    from remit.deploy.session import Account
    from remit.holders import Holder
    from remit.review.accepted_file import AcceptedGain

THIS: Final = "this deploy"
Approval: TypeAlias = Literal["broadening", "any", "never"]
"""Which changes of access a person must agree to: those that add any, all, none."""


@dataclass(frozen=True, slots=True)
class PlannedAccess:
    """The changes of access, or the reason why the roles of a template cannot be read."""

    review: Review
    unread: str = ""

    @property
    def broadens(self) -> bool:
        """True if something is gained that nobody accepted, or it is not proven that nothing is."""
        return bool(self.unread) or self.review.broadens

    @property
    def differs(self) -> bool:
        """True if something is gained that nobody accepted, or lost, or it is not proven that nothing is."""
        return bool(self.unread) or any(
            not (change.access.same and change.trust.same) or change.unread for change in self.review.changes
        )

    def wants(self, level: Approval) -> bool:
        """Return whether a person must agree to it at this level of caution."""
        return {"broadening": self.broadens, "any": self.differs, "never": False}[level]


def access_of(
    account: Account,
    planned: StackPlan,
    roles: Iterable[Holder],
    last: Version | None = None,
    accepted: Sequence[AcceptedGain] = (),
) -> PlannedAccess:
    """Compare the access of a plan with the deployed one, the old side; the gains in `accepted` are set aside.

    Both sides are read from the templates: what CloudFormation runs, and what it would. Reasons and lines come from the
    project's `roles` and from `last`, the record of the last deploy, where their statements are the same. Templates
    whose roles cannot be read are no error: the result says why it is empty.
    """
    try:
        new = version(planned.template, account, planned.namespace, planned.parameters)
        old = nothing()
        if planned.running:
            old = version(planned.running, account, planned.namespace, planned.running_parameters)
    except RemitError as error:
        return PlannedAccess(
            Review(planned.namespace, THIS, ()), f"the roles of a template cannot be read: {error.message}"
        )
    in_template = Version(THIS, tuple(roles), names=account.pseudo_parameters(planned.namespace))
    old = explained(old, in_template)
    if last is not None:
        old = explained(old, last)
    reviewed, _ = accept(review(old, replace(explained(new, in_template), where=THIS)), accepted)
    return PlannedAccess(reviewed)
