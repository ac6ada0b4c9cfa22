"""What a deploy does about roles that were changed by hand: it shows them, and goes on only if somebody says how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import click

from remit.cli import watch
from remit.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.build import Built
    from remit.deploy.manual_changes import ByHand
    from remit.deploy.role_repairs import Repair
    from remit.deploy.session import Account

Way: TypeAlias = Literal["ask", "accept", "revert"]
"""What to do about them: ask a person, leave them, or undo them."""
_QUESTION: Final = (
    "CloudFormation keeps what was added by hand. It restores what was edited or deleted only where this deploy "
    "changes the same policy. `--revert-drift` undoes all of it. Deploy anyway?"
)


def way(*, accept: bool, revert: bool) -> Way:
    """What the options say. UsageError: both are given."""
    if accept and revert:
        raise click.UsageError("choose one of --accept-drift and --revert-drift")
    return "accept" if accept else "revert" if revert else "ask"


def settle(
    account: Account, built: Built, how: Way, *, yes: bool, wait: bool, on_refusal: Callable[[ByHand], None]
) -> ByHand:
    """Show what was changed by hand on the roles of an app's stack; what it was, once nothing stands against a deploy.

    RemitError (1): nobody agreed to go on, which `on_refusal` is told before; (75): somebody else deploys. Abort: a
    person says no.
    """
    from remit.deploy.deployment_record import last
    from remit.deploy.manual_changes import ByHand, changes_of
    from remit.deploy.stack import settled
    from remit.deploy.status import status_of
    from remit.report.manual_changes import by_hand_lines

    name = built.namespace
    stack = settled(account, name, wait=wait, on_wait=watch.say_waiting)
    if stack is None or stack.new:
        return ByHand()
    changes = changes_of(account, status_of(account, stack), last(account, built.folder, name))
    if not changes.found:
        return changes
    watch.say_changes(by_hand_lines(changes))
    try:
        _decide(account, name, changes, how, yes=yes)
    except RemitError:
        on_refusal(changes)
        raise
    return changes


def _decide(account: Account, name: str, changes: ByHand, how: Way, *, yes: bool) -> None:
    if how == "revert":
        _revert(account, name, changes)
    elif how == "ask" and (yes or not watch.terminal()):
        raise _refused(changes)
    elif how == "ask":
        watch.ask(_QUESTION, yes=False)


def _revert(account: Account, name: str, changes: ByHand) -> None:
    from remit.deploy.manual_changes import revert

    if changes.unread is not None:
        raise _refused(changes)

    def show(repair: Repair) -> None:
        watch.say(f"  {repair.command}")

    watch.say("undoing what was changed by hand")
    revert(account, changes, name, show)
    watch.say("the roles are as the template has them")


def _refused(changes: ByHand) -> RemitError:
    leaves = "`--accept-drift` deploys and keeps these changes"
    if changes.unread is not None:
        hint = "; ".join(filter(None, (changes.unread.hint, leaves)))
        return RemitError(
            "nothing was deployed: whether roles were changed by hand is not known", hint=hint, exit_code=1
        )
    return RemitError(
        "nothing was deployed: roles were changed by hand",
        hint=f"{leaves}; `--revert-drift` undoes them first (`--yes` does neither)",
        exit_code=1,
    )
