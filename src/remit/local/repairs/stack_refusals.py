"""Refusals of CloudFormation that the emulator lacks: of templates, and of operations on a stack that is busy.

Sources: "CreateStack" (CloudFormation API Reference), "Troubleshooting CloudFormation", "Stack status codes"
(CloudFormation User Guide).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from remit.local.emulator import emulated, instead_of
from remit.local.stack_operations import StackRequestError, around, stored_change_set, stored_stack

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from remit.local.stack_operations import Answer

_REVIEWED: Final = "REVIEW_IN_PROGRESS"
_DELETABLE: Final = frozenset({"CREATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", _REVIEWED})
"""The states of a running operation that a delete takes over."""
_NEVER_UPDATED: Final = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED", "UPDATE_ROLLBACK_FAILED"})


def refuse_stacks() -> None:
    """Make every refusal of stacks, once, in the process that serves."""
    _refuse_lacking_capabilities()
    _refuse_dangling_references()
    _refuse_busy_stacks()


def _refuse_lacking_capabilities() -> None:
    """A template that makes IAM resources, or uses a transform, needs the capability; the emulator asks with its AUTH.

    Emulator: services/cloudformation/handlers.py.
    Test: test_refusals.py::test_a_template_with_roles_needs_the_capability.
    """
    instead_of(emulated("services.cloudformation.handlers"), "_capabilities_enforced")(lambda _is_enforced: True)


def _refuse_dangling_references() -> None:
    """A template refers to what it has; the emulator takes an unknown name itself for the value.

    Emulator: services/cloudformation/handlers.py, services/cloudformation/changesets.py.
    Test: test_refusals.py::test_a_template_refers_to_what_it_has.
    """

    def validated(validate: Any, template: Mapping[str, Any], *arguments: Any, **options: Any) -> Any:
        result = validate(template, *arguments, **options)
        if not template.get("Transform"):  # a macro may add what is missing
            _check_references(template)
        return result

    # Both have imported it under a name of their own: CreateStack is in the one, CreateChangeSet in the other.
    for name in ("handlers", "changesets"):
        instead_of(emulated(f"services.cloudformation.{name}"), "validate_template_support")(validated)


def _check_references(template: Mapping[str, Any]) -> None:
    """ValueError, as the emulator raises for a template that it refuses."""
    resources = template.get("Resources") or {}
    known = {*resources, *(template.get("Parameters") or {})}
    missing = _unresolved(resources, known)
    for resource in resources.values():
        depends_on = resource.get("DependsOn", ()) if isinstance(resource, dict) else ()
        names = [depends_on] if isinstance(depends_on, str) else depends_on
        missing.update(name for name in names if name not in resources)
    for block, names in (("Resources", missing), ("Outputs", _unresolved(template.get("Outputs") or {}, known))):
        if names:
            listed = ", ".join(sorted(names))
            message = f"Unresolved resource dependencies [{listed}] in the {block} block of the template"
            raise ValueError(f"Template format error: {message}")


def _unresolved(section: Any, known: set[str]) -> set[str]:
    """The names in a section of a template that are no resource, no parameter and no pseudo parameter."""
    engine = emulated("services.cloudformation.engine")
    names = {name for name, _ in engine._intrinsic_references(section)}  # it finds what it will resolve
    return {name for name in names if name not in known and not name.startswith("AWS::")}


def _refuse_busy_stacks() -> None:
    """A stack takes one operation at a time, and no second creation after a rollback; the emulator lets two work.

    Emulator: services/cloudformation/handlers.py.
    Test: test_refusals.py::test_a_stack_is_neither_deleted_nor_planned_while_it_is_updated,
    test_refusals.py::test_a_stack_whose_creation_was_rolled_back_is_not_created_again.
    """
    for operation in ("CreateStack", "DeleteStack", "CreateChangeSet", "ExecuteChangeSet"):
        around(operation, _answer_by_state)


def _answer_by_state(parameters: Mapping[str, str], answer: Callable[[], Answer]) -> Answer:
    operation, name = parameters["Action"], parameters.get("StackName", "")
    if operation == "ExecuteChangeSet":  # which may name its change set alone
        change_set = stored_change_set(parameters)
        name = "" if change_set is None else change_set["StackId"]
    stack = stored_stack(name)
    if stack is None:
        return answer()
    status = stack["StackStatus"]
    is_running = status.endswith("_IN_PROGRESS")
    if operation == "CreateStack" or (operation, parameters.get("ChangeSetType")) == ("CreateChangeSet", "CREATE"):
        if status == "ROLLBACK_COMPLETE":
            raise StackRequestError("AlreadyExistsException", f"Stack [{stack['StackName']}] already exists")
    elif operation == "DeleteStack":
        if is_running and status not in _DELETABLE:
            message = f"Stack [{stack['StackId']}] cannot be deleted while in status {status}"
            raise StackRequestError("ValidationError", message)
    # REVIEW_IN_PROGRESS is no operation: the stack waits for its first change set.
    elif (is_running and status != _REVIEWED) or status in _NEVER_UPDATED:
        message = f"Stack:{stack['StackId']} is in {status} state and can not be updated."
        raise StackRequestError("ValidationError", message)
    return answer()
