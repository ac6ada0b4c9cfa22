"""Find what people changed by hand on a deployed stack, what access that adds to roles or removes, and undo it.

A deploy asks this before it plans: CloudFormation itself neither sees a policy that was attached by hand nor takes it
away, so that a deploy would succeed, and say nothing of it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from remit.deploy.account_roles import Unreadable
from remit.deploy.aws_errors import Denied, code, if_there, not_found, remit_errors
from remit.deploy.expected_roles import explained, version
from remit.deploy.live_roles import Reading, live_of, read_stack, silent
from remit.deploy.stack import DEAD, pauses
from remit.deploy.status import StackStatus, status
from remit.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.deploy.drift import Drift
    from remit.deploy.role_repairs import Repair
    from remit.deploy.session import Account
    from remit.review.access_change import Review, Version

_DEPLOYED: Final = "what was deployed"
_UNSETTLED: Final = DEAD | {"UPDATE_ROLLBACK_FAILED", "DELETE_FAILED"}
"""States in which roles are not as any template says, and that something else must be done about first."""
_LOOKS: Final = 5  # after a repair; IAM may show what was until a moment later
_DONE: Final = ("EntityAlreadyExists", "ResourceConflictException")
"""What AWS answers to a repair that was made before, by a request whose answer was lost or by somebody else."""


@dataclass(frozen=True, slots=True)
class ManualChanges:
    """Changes by hand, and their effect on access; or the reason why they could not be compared (`unread`)."""

    drift: tuple[Drift, ...] = ()
    access: Review | None = None
    unread: RemitError | None = None
    not_compared: tuple[str, ...] = ()
    """In words: what of the resources beside roles the caller may not read."""

    @property
    def functions_of_other_code(self) -> frozenset[str]:
        """The functions whose code, packaged by remit, was changed by hand, by their names in the account."""
        repairs = [repair for change in self.drift for repair in change.repairs]
        return frozenset(
            str(dict(repair.parameters)["FunctionName"])
            for repair in repairs
            if repair.operation == "lambda.UpdateFunctionCode"
        )

    @property
    def found(self) -> bool:
        """True if something was changed, or may have been."""
        return bool(self.drift) or self.unread is not None


def changed_by_hand(account: Account, namespace: str) -> ManualChanges:
    """Compare the stack's roles and other resources in the account with its template.

    Nothing is found where no stack is, nor while an operation runs on it or it is stuck. RemitError: AWS does not
    answer. A call that is denied and a policy that remit cannot read come back as `unread`.
    """
    deployed = status(account, namespace)
    return ManualChanges() if deployed is None else changes_of(account, deployed)


def changes_of(
    account: Account, deployed: StackStatus, last: Version | None = None, note: Callable[[str], None] = silent
) -> ManualChanges:
    """Find the changes of a stack whose status is known; `last` is the record of the last deploy.

    `note` hears of it where that takes long. Of a stack that is new, being changed, stuck or not remit's, none are
    looked for. Where AWS denies the reading, or a policy cannot be read, the result's `unread` says so. Access is
    compared only where a role was changed. RemitError: AWS does not answer.
    """
    stack = deployed.stack
    if stack.new or stack.busy or stack.status in _UNSETTLED or stack.namespace is None:
        return ManualChanges()
    try:
        reading = read_stack(account, deployed, note)
        has_role_changes = any(change.kind == "role" for change in reading.drift)
        access = _access_changes(account, reading, last) if has_role_changes else None
        return ManualChanges(reading.drift, access, not_compared=reading.not_compared)
    except (Denied, Unreadable) as error:
        return ManualChanges(unread=error)


def _access_changes(account: Account, reading: Reading, last: Version | None) -> Review | None:
    """Compare the access of roles as they are with what was deployed, the old side; None where the caller may not read.

    Reasons and lines come from the record `last`, where its statements are the same.
    """
    try:
        now = live_of(account, reading, lenient=True).version
    except Denied:
        return None
    from remit.review.changes import review  # noqa: PLC0415 - few roles are changed

    before = version(reading.template, account, reading.deployed.stack.name)
    if last is not None:
        before = explained(before, last)
    return review(replace(before, where=_DEPLOYED, names=now.names), now)


def revert(account: Account, changes: ManualChanges, namespace: str, on_repair: Callable[[Repair], None]) -> None:
    """Put all that was changed back as the template has it, call by call, and look again.

    `on_repair` is called before each call. A call whose resource is gone, or which was made before, counts as done.

    It can be stopped and begun again at any point. RemitError: a change cannot be undone (1; nothing is written then),
    a call is denied, or something differs still (1).
    """
    lasting = [change.what for change in changes.drift if not change.repairs]
    if lasting:
        raise RemitError(
            f"remit cannot undo this: {'; '.join(lasting)}",
            hint="undo it by hand, or `--accept-drift` leaves it as it is",
            exit_code=1,
        )
    for repair in (repair for change in changes.drift for repair in change.repairs):
        on_repair(repair)
        with remit_errors():
            client = account.client(repair.service)
            make = partial(getattr(client, repair.method), **dict(repair.parameters))
            if_there(make, lambda error: not_found(error) or code(error) in _DONE)
            if repair.until:
                # A role that was made a moment ago is not seen everywhere yet, nor a function free for the next change.
                client.get_waiter(repair.until).wait(**dict(repair.parameters[:1]))
    _require_reverted(account, namespace)


def _require_reverted(account: Account, namespace: str) -> None:
    """Look until nothing differs any more, five times at most. RemitError (1): something does still, or is unread."""
    for pause, _ in zip(pauses(account), range(_LOOKS), strict=False):
        changes = changed_by_hand(account, namespace)
        if not changes.found:
            return
        time.sleep(pause)
    if changes.unread is not None:
        raise changes.unread
    raise RemitError(
        f"not all is as the template has it yet: {'; '.join(change.what for change in changes.drift)}",
        hint="somebody changes it at the same time, or AWS is slow to show it: run the same command again",
        exit_code=1,
    )
