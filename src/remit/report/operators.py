"""Say in words what a deploy shows to its operator and asks, and why it stops when nobody answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remit.deploy.operators import (
    DeletionQuestion,
    DeployOperator,
    DeployQuestion,
    ManualChangesQuestion,
    PlannedDeploy,
    PlanQuestion,
    RollbackQuestion,
    StoppingQuestion,
)
from remit.errors import RemitError
from remit.report.stacks import place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from remit.deploy.manual_changes import ManualChanges

_OVER_MANUAL_CHANGES: Final = (
    "CloudFormation keeps what was added by hand. It restores what was edited or deleted only where this deploy "
    "changes the same policy. `--revert-drift` undoes all of it. Deploy anyway?"
)


class WordedOperator(DeployOperator):
    """Nobody, in words: a subclass prints what `show` is given, and answers what `ask` asks."""

    command_options = ""
    """The options that a command needs to be about the same app and account, as in ` --stage prod`."""

    def show(self, lines: Iterable[str]) -> None:
        """See what changes, in lines that begin with +, -, ~ or ?."""

    def ask(self, text: str) -> bool | None:  # noqa: ARG002 - whoever is there reads it
        """Answer yes or no; None when nobody is there."""
        return None

    def agrees(self, text: str, *, yes: bool) -> bool:
        """Return whether to go on: `yes` says so already, or a person does. RemitError (2): nobody is there to ask."""
        answer = True if yes else self.ask(text)
        if answer is None:
            raise _needs_answer(text)
        return answer

    def see(self, subject: PlannedDeploy | ManualChanges) -> None:
        """Show it line by line."""
        if not isinstance(subject, PlannedDeploy):
            from remit.report.manual_changes import by_hand_lines  # noqa: PLC0415 - most deploys have no need of it

            self.show(by_hand_lines(subject))
            return
        from remit.report.plan import plan_lines  # noqa: PLC0415 - most deploys have no need of it

        stored = [value.called for value in subject.stored_values]
        existing = [f"{value.called}: {subject.plan.parameters[value.parameter]}" for value in subject.existing_values]
        self.show(plan_lines(subject.plan, subject.access, stored, existing))

    def reply(self, question: DeployQuestion) -> bool | None:
        """The answer to a question, which is asked in words; None when nobody is there."""
        return self.ask(_words(question))

    def unanswered(self, question: DeployQuestion) -> RemitError:
        """Return the error that tells what needs the answer, and which options give it.

        It has exit code 1; 2 for a plain yes or no.
        """
        from remit.report.plan import data_words, refusal  # noqa: PLC0415 - most deploys have no need of it

        match question:
            case PlanQuestion():
                texts, hint = refusal(question, self.command_options)
                return RemitError(f"nothing was deployed: {' and '.join(texts)}", hint=hint, exit_code=1)
            case ManualChangesQuestion(changes):
                keeps = "`--accept-drift` deploys and keeps these changes"
                if changes.unread is None:
                    hint = f"{keeps}; `--revert-drift` undoes them first (`--yes` does neither)"
                else:
                    hint = "; ".join(filter(None, (changes.unread.hint, keeps)))
                return RemitError(f"nothing was deployed: {' and '.join(reasons(question))}", hint=hint, exit_code=1)
            case DeletionQuestion(unnamed_data=data) if data:
                return RemitError(
                    f"nothing was deleted: data goes ({data_words(data)})",
                    hint=f"`remit delete{self.command_options} --yes-delete all` agrees to that",
                    exit_code=1,
                )
            case _:
                return _needs_answer(_words(question))


def reasons(question: StoppingQuestion) -> list[str]:
    """Why a deploy stops where nobody answers this question, each reason in a clause."""
    from remit.report.plan import refusal  # noqa: PLC0415 - most deploys have no need of it

    if isinstance(question, PlanQuestion):
        return refusal(question)[0]
    is_known = question.changes.unread is None
    return ["the stack was changed by hand" if is_known else "whether something was changed by hand is not known"]


def stop_lines(operator: DeployOperator, unanswered: Sequence[StoppingQuestion]) -> Iterator[str]:
    """Yield whether a deploy goes ahead by itself, and else each reason why not, and what to do about it."""
    yield "a deploy stops here unless somebody agrees" if unanswered else "a deploy goes ahead by itself"
    for question in unanswered:
        yield from (f"  ! {text}" for text in reasons(question))
        yield f"    {operator.unanswered(question).hint}"


def _words(question: DeployQuestion) -> str:
    """The question as a person is asked it, with what it costs before it."""
    from remit.report.plan import deletion_words, gained_words, loss_words  # noqa: PLC0415 - most deploys have no need of it

    match question:
        case PlanQuestion(account, plan, access):
            parts = (loss_words(plan), gained_words(access), f"Deploy to {place(account)}?")
            return " ".join(filter(None, parts))
        case ManualChangesQuestion():
            return _OVER_MANUAL_CHANGES
        case RollbackQuestion(skip):
            skipped = f", leaving {', '.join(skip)} as it is" if skip else ""
            return f"Go on going back{skipped}?"
        case DeletionQuestion(account, namespace, is_remnant, data):
            whole = f"Delete {namespace} and everything in it from {place(account)}?"
            return " ".join(filter(None, (deletion_words(data), "Delete what is left of it?" if is_remnant else whole)))


def _needs_answer(text: str) -> RemitError:
    return RemitError(f"`{text}` needs an answer, and there is no terminal to ask at", hint="`--yes` answers it")
