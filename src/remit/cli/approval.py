"""What a deploy shows before it is carried out, and who must agree to it: a person, a rule, or nobody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from remit.cli import options, watch
from remit.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.build import Built
    from remit.deploy.access import Access, Approval
    from remit.deploy.plan import Plan
    from remit.deploy.session import Account
    from remit.review.accepted_file import Entry


@dataclass(frozen=True, slots=True)
class Shown:
    """A plan, and what it does to access: what is agreed to, and nothing else is carried out."""

    plan: Plan
    access: Access


def show(account: Account, built: Built, planned: Plan, accepted: Sequence[Entry]) -> Shown:
    """Say what the change set would do, to resources and to access."""
    from remit.deploy.access import access
    from remit.deploy.deployment_record import last
    from remit.report.plan import plan_lines
    from remit.review.working_tree import version_of

    before = last(account, built.folder, built.namespace)
    shown = Shown(planned, access(account, planned, version_of(built.app).roles, before, accepted))
    watch.say_changes(plan_lines(shown.plan, shown.access))
    return shown


def agree(account: Account, shown: Shown, level: Approval | None, *, yes: bool) -> None:
    """Go on, if somebody or something agrees to what was shown.

    `level` is None when it was not given: then it is broadening, and `yes` agrees to that as well. RemitError (1):
    nobody agrees. Abort: a person says no.
    """
    from remit.report.plan import gained_words, loss_words
    from remit.report.stacks import place

    wanted = shown.access.wants(level or "broadening")
    if yes:
        if wanted and level is not None:
            raise _refused(shown, yes=True)
    elif watch.terminal():
        question = f"Deploy to {place(account)}?"
        watch.ask(
            " ".join(filter(None, (loss_words(shown.plan), gained_words(shown.access), question))),
            yes=False,
        )
    elif wanted or shown.plan.destroyed:
        raise _refused(shown)


def _refused(shown: Shown, *, yes: bool = False) -> RemitError:
    from remit.report.plan import refusal

    what, hint = refusal(shown.plan, shown.access, yes=yes, place=options.same_place())
    return RemitError(f"nothing was deployed: {what}", hint=hint, exit_code=1)
