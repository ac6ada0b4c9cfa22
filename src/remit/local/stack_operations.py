"""CloudFormation's operations on one resource of a stack, and requests to it, looked at before they are done.

The emulator makes, changes and deletes every resource through four functions, those of nested stacks and of rollbacks
too. `before_each` lets a check see each of them first; what the check raises becomes the resource's failure event, as
if its resource handler had failed. `around` puts a function around an operation of the API, which may refuse
(`StackRequestError`), or look at what the emulator answered.
"""

from __future__ import annotations

import inspect
import json
import uuid
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from remit.local.emulator import during, emulated, instead_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, MutableMapping

    Answer: TypeAlias = tuple[int, Mapping[str, str], bytes]
    Handler: TypeAlias = dict[str, Callable[..., Any]]
    Around: TypeAlias = Callable[[Mapping[str, str], Callable[[], Answer]], Answer]

Verb: TypeAlias = Literal["create", "update", "delete", "import"]


@dataclass(frozen=True, slots=True)
class ResourceOperation:
    """One operation on a resource: its properties as they will be, references resolved; of a delete, as they are."""

    verb: Verb
    type: str
    stack: str
    """The stack's name; "" where the emulator does not say it."""
    logical_id: str
    physical_id: str
    """What Ref gives, or "" before the resource exists."""
    properties: Mapping[str, Any]
    previous: Mapping[str, Any] = field(default_factory=dict)
    """The properties before an update."""


class HandlerError(ValueError):
    """A resource handler's failure, in CloudFormation's words.

    Source: "Troubleshooting CloudFormation" and "Handler error codes" (CloudFormation CLI User Guide).
    """

    def __init__(self, message: str, code: str) -> None:
        super().__init__(
            f'Resource handler returned message: "{message}" (RequestToken: {uuid.uuid4()}, HandlerErrorCode: {code})'
        )


_WORK: Final[Mapping[str, Verb]] = {
    "_provision_resource": "create",
    "_update_resource": "update",
    "_delete_resource": "delete",
    "_import_resource": "import",
}
"""The emulator's functions that work on resources."""
_CHECKS: Final[list[Callable[[ResourceOperation], None]]] = []
_RUNNING: Final[ContextVar[tuple[str, str]]] = ContextVar("running", default=("", ""))
"""The stack and logical id of the resource that is worked on: the emulator updates some types by creating them."""


def before_each(check: Callable[[ResourceOperation], None]) -> None:
    """Call `check` before each operation on a resource of a stack, after earlier checks; what it raises fails it.

    It is not called for an update that changes nothing, nor for a part of another operation on the same resource.
    """
    _CHECKS.append(check)
    if len(_CHECKS) > 1:
        return
    for user in ("provisioners", "stacks", "changesets"):  # the latter two have some of them by a name of their own
        module = emulated(f"services.cloudformation.{user}")
        for name, verb in _WORK.items():
            if hasattr(module, name):
                instead_of(module, name)(partial(_work, verb))


def _work(verb: Verb, work: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """Do an operation of the emulator's on a resource, once all checks have passed (see `before_each`)."""
    call = inspect.signature(work).bind(*arguments, **options).arguments
    identifier = call.get("identifier", {})
    physical_id = call.get("physical_id") or next(iter(identifier.values()), "")
    operation = ResourceOperation(
        verb,
        call["resource_type"],
        call.get("stack_name") or "",
        call.get("logical_id") or (physical_id if verb == "update" else ""),
        physical_id,
        call.get("new_props", call.get("props", identifier)),
        call.get("old_props", {}),
    )
    if verb == "update" and operation.previous == operation.properties:  # CloudFormation does not touch it
        return work(*arguments, **options)
    place = (operation.stack, operation.logical_id)
    if operation.logical_id and _RUNNING.get() == place:  # it is a part of another on the same resource
        return work(*arguments, **options)
    for check in _CHECKS:
        check(operation)
    with during(_RUNNING, place):
        return work(*arguments, **options)


def content_of(answer: tuple[int, Any, bytes]) -> dict[str, Any]:
    """The content of an answer of the emulator's, in JSON. ValueError, which fails the resource: it was an error."""
    status, _, body = answer
    content: dict[str, Any] = json.loads(body)
    if status >= HTTPStatus.BAD_REQUEST:
        raise ValueError(content.get("message", body))
    return content


def resource_handlers() -> dict[str, Handler]:
    """The emulator's handlers of resource types: it reads this very dict."""
    handlers: dict[str, Handler] = emulated("services.cloudformation.provisioners")._RESOURCE_HANDLERS
    return handlers


def completed_by(type_name: str, complete: Callable[[str, Mapping[str, Any], Mapping[str, Any]], None]) -> None:
    """Call `complete` with the physical id of each resource that was made or changed, its properties and its old ones.

    The old ones are empty for a resource that is new, or replaced by the change. KeyError: the emulator does not know
    the type, or has no create or update for it.
    """
    handler = resource_handlers()[type_name]

    @instead_of(handler, "create")
    def create(make: Any, logical_id: str, properties: Mapping[str, Any], stack: str) -> Any:
        made = make(logical_id, properties, stack)
        complete(made[0], properties, {})
        return made

    @instead_of(handler, "update")
    def update(change: Any, physical_id: str, old: Mapping[str, Any], new: Mapping[str, Any], *place: Any) -> Any:
        made = change(physical_id, old, new, *place)
        complete(made[0], new, old if made[0] == physical_id else {})
        return made


OK: Final = 200


class StackRequestError(Exception):
    """A refused request: CloudFormation's error code and its message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def around(operation: str, function: Around) -> None:
    """Put a function around an operation (`CreateStack`): it returns the answer, and its StackRequestError becomes one.

    It gets the parameters by name, and a function without arguments that makes the emulator answer.
    """
    handlers = emulated("services.cloudformation.handlers")
    helpers = emulated("services.cloudformation.helpers")

    @instead_of(handlers._ACTION_HANDLERS, operation)
    def answer(handle: Any, raw: Mapping[str, Any]) -> Answer:
        """Answer by the function around the operation, or with the error for its StackRequestError."""
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
    """The emulator's record of a stack, by its name or id; None: there is none."""
    handlers = emulated("services.cloudformation.handlers")
    stack: MutableMapping[str, Any] | None = handlers._resolve_stack(name)
    return stack


def stored_change_set(parameters: Mapping[str, str]) -> MutableMapping[str, Any] | None:
    """The emulator's record of the change set that a request is about; None: there is none."""
    changesets = emulated("services.cloudformation.changesets")
    name, stack = parameters.get("ChangeSetName", ""), parameters.get("StackName", "")
    change_set: MutableMapping[str, Any] | None = changesets._find_change_set(name, stack)[1]
    return change_set
