"""The operator of a deploy: a person or a program that is shown its progress, and asked for decisions.

What is shown and asked are values; `remit.report.operators` has the words for them.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from remit.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from remit.app import ExistingValue, StoredValue
    from remit.deploy.events import StackEvent
    from remit.deploy.manual_changes import ManualChanges
    from remit.deploy.plan import StackPlan
    from remit.deploy.planned_access import PlannedAccess
    from remit.deploy.session import Account
    from remit.deploy.stack import DeployedStack
    from remit.deploy.status import DeployedResource


@dataclass(frozen=True, slots=True)
class PlannedDeploy:
    """A plan, what it does to access, and what it takes of the account."""

    plan: StackPlan
    access: PlannedAccess
    stored_values: tuple[StoredValue, ...]
    """The secrets and parameters that must exist."""
    existing_values: Sequence[ExistingValue]
    """What was looked up for `plan.parameters`."""


@dataclass(frozen=True, slots=True)
class PlanQuestion:
    """The question whether to carry a plan out, with what the options answer already."""

    account: Account
    plan: StackPlan
    access: PlannedAccess
    yes: bool
    yes_delete: Collection[str]
    lacks_access: bool
    """Whether no option agrees to its changes of access."""


@dataclass(frozen=True, slots=True)
class ManualChangesQuestion:
    """The question whether to deploy over what was changed by hand."""

    changes: ManualChanges


@dataclass(frozen=True, slots=True)
class RollbackQuestion:
    """The question whether to continue a rollback that failed, without the resources of some logical ids."""

    skip: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DeletionQuestion:
    """The question whether to delete a stack, or what is left of one whose first deploy failed."""

    account: Account
    namespace: str
    is_remnant: bool
    data: tuple[DeployedResource, ...]
    unnamed_data: tuple[DeployedResource, ...]
    """The data that keeps `--yes` from being the answer; empty where that was not given."""


StoppingQuestion: TypeAlias = PlanQuestion | ManualChangesQuestion
"""One that a deploy stops at where nobody answers, as in CI."""
DeployQuestion: TypeAlias = StoppingQuestion | RollbackQuestion | DeletionQuestion


class DeployOperator:
    """Nobody, as in a program: told nothing, and there to answer nothing.

    `cli.stack_commands.Terminal` is a person.
    """

    def note(self, text: str) -> None:
        """Hear of one thing that happened."""

    def see(self, subject: PlannedDeploy | ManualChanges) -> None:
        """See what a deploy would change, or what was changed by hand."""

    def reply(self, question: DeployQuestion) -> bool | None:  # noqa: ARG002 - whoever is there reads it
        """Answer yes or no; None when nobody is there."""
        return None

    def unanswered(self, question: DeployQuestion) -> RemitError:  # noqa: ARG002 - as in `reply`
        """Say why nothing happens without an answer."""
        return RemitError(
            "nothing was changed: this needs an answer, and nobody is there to give it",
            hint="pass an operator that answers (`remit.report.operators`), or `yes=True`",
            exit_code=1,
        )

    def decide(self, question: DeployQuestion) -> bool:
        """Return the answer. RemitError: nobody is there to give it."""
        answer = self.reply(question)
        if answer is None:
            raise self.unanswered(question)
        return answer

    @contextlib.contextmanager
    def events(self, stack: str) -> Iterator[Callable[[StackEvent], None]]:  # noqa: ARG002 - as in `reply`
        """Watch the events of a stack: each is passed to what this yields."""
        yield lambda _event: None

    @contextlib.contextmanager
    def progress(self, size: int) -> Iterator[Callable[[int], None] | None]:  # noqa: ARG002 - as in `reply`
        """Watch an upload of `size` bytes: each number of bytes that went up is passed to what this yields."""
        yield None

    def waiting(self, stack: DeployedStack) -> None:
        """Hear that somebody else's operation on the stack is waited for."""
        self.note(f"waiting: {stack.name} is in {stack.status} ...")
