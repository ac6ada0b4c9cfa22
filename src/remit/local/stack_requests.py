"""Requests to CloudFormation in the AWS on this machine, looked at before the emulator answers.

`around` puts a function around an operation of its API, which may refuse (`StackRequestError`), or look at what the
emulator answered.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, MutableMapping

    Answer: TypeAlias = tuple[int, Mapping[str, str], bytes]
    Around: TypeAlias = Callable[[Mapping[str, str], Callable[[], Answer]], Answer]

_CLOUDFORMATION: Final = "ministack.services.cloudformation"
OK: Final = 200


class StackRequestError(Exception):
    """A refused request: CloudFormation's error code and its message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def around(operation: str, function: Around) -> None:
    """Put a function around an operation: it gets the parameters by name, and what makes the emulator answer."""
    handlers: Any = importlib.import_module(f"{_CLOUDFORMATION}.handlers")
    helpers: Any = importlib.import_module(f"{_CLOUDFORMATION}.helpers")
    handle = handlers._ACTION_HANDLERS[operation]  # noqa: SLF001 - the emulator has no other place to take hold of

    def answer(raw: Mapping[str, Any]) -> Answer:
        parameters = {
            name: str(value[0] if isinstance(value, list) and value else value) for name, value in raw.items()
        }
        try:
            return function(parameters, lambda: handle(raw))
        except StackRequestError as error:
            refusal: Answer = helpers._error(error.code, error.message)  # noqa: SLF001 - as above
            return refusal

    handlers._ACTION_HANDLERS[operation] = answer  # noqa: SLF001 - as above


def stored_stack(name: str) -> MutableMapping[str, Any] | None:
    """The emulator's record of a stack, by its name or id."""
    handlers: Any = importlib.import_module(f"{_CLOUDFORMATION}.handlers")
    stack: MutableMapping[str, Any] | None = handlers._resolve_stack(name)  # noqa: SLF001 - as above
    return stack


def stored_change_set(parameters: Mapping[str, str]) -> MutableMapping[str, Any] | None:
    """The emulator's record of the change set that a request is about."""
    changesets: Any = importlib.import_module(f"{_CLOUDFORMATION}.changesets")
    name, stack = parameters.get("ChangeSetName", ""), parameters.get("StackName", "")
    change_set: MutableMapping[str, Any] | None = changesets._find_change_set(name, stack)[1]  # noqa: SLF001 - as above
    return change_set
