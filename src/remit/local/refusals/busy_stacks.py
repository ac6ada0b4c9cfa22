"""A stack that is being changed takes no other operation, and one whose creation failed cannot be created again.

The emulator lets a second operation work on the same resources.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remit.local.refusals.refusal import Refusal
from remit.local.stack_requests import StackRequestError, around, stored_change_set, stored_stack

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from remit.local.stack_requests import Answer

_RUNNING: Final = "_IN_PROGRESS"
_REVIEWED: Final = "REVIEW_IN_PROGRESS"
_DELETABLE: Final = frozenset({"CREATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", _REVIEWED})
"""The states of a running operation that a delete takes over."""
_NEVER_UPDATED: Final = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED", "UPDATE_ROLLBACK_FAILED"})


def _refuse_delete(parameters: Mapping[str, str], answer: Callable[[], Answer]) -> Answer:
    stack = stored_stack(parameters.get("StackName", ""))
    status = "" if stack is None else stack["StackStatus"]
    if stack is not None and status.endswith(_RUNNING) and status not in _DELETABLE:
        message = f"Stack [{stack['StackId']}] cannot be deleted while in status {status}"
        raise StackRequestError("ValidationError", message)
    return answer()


def _refuse_create(parameters: Mapping[str, str], answer: Callable[[], Answer]) -> Answer:
    stack = stored_stack(parameters.get("StackName", ""))
    if stack is not None and stack["StackStatus"] == "ROLLBACK_COMPLETE":
        raise StackRequestError("AlreadyExistsException", f"Stack [{stack['StackName']}] already exists")
    return answer()


def _refuse_change_set(parameters: Mapping[str, str], answer: Callable[[], Answer]) -> Answer:
    if parameters.get("ChangeSetType") == "CREATE":
        return _refuse_create(parameters, answer)
    _require_at_rest(parameters.get("StackName", ""))
    return answer()


def _refuse_execution(parameters: Mapping[str, str], answer: Callable[[], Answer]) -> Answer:
    change_set = stored_change_set(parameters)
    if change_set is not None:
        _require_at_rest(change_set["StackId"])
    return answer()


def _require_at_rest(stack_name: str) -> None:
    stack = stored_stack(stack_name)
    status = "" if stack is None else stack["StackStatus"]
    runs = status.endswith(_RUNNING) and status != _REVIEWED
    if stack is not None and (runs or status in _NEVER_UPDATED):
        message = f"Stack:{stack['StackId']} is in {status} state and can not be updated."
        raise StackRequestError("ValidationError", message)


def _install() -> None:
    around("CreateStack", _refuse_create)
    around("DeleteStack", _refuse_delete)
    around("CreateChangeSet", _refuse_change_set)
    around("ExecuteChangeSet", _refuse_execution)


REFUSAL: Final = Refusal(
    what="A stack is changed while another operation on it runs, or created again after a rollback.",
    source="ValidationError: `Stack … is in UPDATE_IN_PROGRESS state and can not be updated`; Stack status codes "
    "(CloudFormation User Guide)",
    install=_install,
)
