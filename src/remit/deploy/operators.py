"""The operator of a deploy: a person or a program that is shown its progress, and asked for decisions."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from remit.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from remit.deploy.events import StackEvent
    from remit.deploy.stack import DeployedStack


class DeployOperator:
    """Nobody, as in CI or a program: told nothing, and there to answer nothing.

    `cli.stack_commands.Terminal` is a person.
    """

    command_options = ""
    """The options that a command needs to be about the same app and account, as in ` --stage prod`."""

    def note(self, text: str) -> None:
        """Hear of one thing that happened."""

    def show(self, lines: Iterable[str]) -> None:
        """See what changes, in lines that begin with +, -, ~ or ?."""

    def ask(self, question: str) -> bool | None:  # noqa: ARG002 - whoever is there reads it
        """Answer yes or no; None when nobody is there."""
        return None

    @contextlib.contextmanager
    def events(self, stack: str) -> Iterator[Callable[[StackEvent], None]]:  # noqa: ARG002 - as in `ask`
        """Watch the events of a stack: each is passed to what this yields."""
        yield lambda _event: None

    @contextlib.contextmanager
    def progress(self, size: int) -> Iterator[Callable[[int], None] | None]:  # noqa: ARG002 - as in `ask`
        """Watch an upload of `size` bytes: each number of bytes that went up is passed to what this yields."""
        yield None

    def waiting(self, stack: DeployedStack) -> None:
        """Hear that somebody else's operation on the stack is waited for."""
        self.note(f"waiting: {stack.name} is in {stack.status} ...")

    def agrees(self, question: str, *, yes: bool) -> bool:
        """Return whether to go on: `yes` says so already, or a person does. RemitError: nobody is there to ask."""
        answer = True if yes else self.ask(question)
        if answer is None:
            raise RemitError(
                f"`{question}` needs an answer, and there is no terminal to ask at", hint="`--yes` answers it"
            )
        return answer
