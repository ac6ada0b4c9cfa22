"""Requests to CloudFormation in the AWS on this machine, looked at before the emulator answers.

`around` puts a function around an operation of its API, which may refuse (`StackRequestError`), or look at what the
emulator answered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from remit.local.emulator import emulated, instead_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, MutableMapping

    Answer: TypeAlias = tuple[int, Mapping[str, str], bytes]
    Around: TypeAlias = Callable[[Mapping[str, str], Callable[[], Answer]], Answer]

OK: Final = 200


class StackRequestError(Exception):
    """A refused request: CloudFormation's error code and its message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def around(operation: str, function: Around) -> None:
    """Put a function around an operation: it gets the parameters by name, and what makes the emulator answer."""
    handlers = emulated("services.cloudformation.handlers")
    helpers = emulated("services.cloudformation.helpers")

    @instead_of(handlers._ACTION_HANDLERS, operation)
    def answer(handle: Any, raw: Mapping[str, Any]) -> Answer:
        # The emulator has parsed a form, of which each value is a list of one.
        parameters = {
            name: str(value[0] if isinstance(value, list) and value else value) for name, value in raw.items()
        }
        try:
            return function(parameters, lambda: handle(raw))
        except StackRequestError as error:
            refusal: Answer = helpers._error(error.code, error.message)
            return refusal


def stored_stack(name: str) -> MutableMapping[str, Any] | None:
    """The emulator's record of a stack, by its name or id."""
    handlers = emulated("services.cloudformation.handlers")
    stack: MutableMapping[str, Any] | None = handlers._resolve_stack(name)
    return stack


def stored_change_set(parameters: Mapping[str, str]) -> MutableMapping[str, Any] | None:
    """The emulator's record of the change set that a request is about."""
    changesets = emulated("services.cloudformation.changesets")
    name, stack = parameters.get("ChangeSetName", ""), parameters.get("StackName", "")
    change_set: MutableMapping[str, Any] | None = changesets._find_change_set(name, stack)[1]
    return change_set
