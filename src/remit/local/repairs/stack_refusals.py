"""Refusals of CloudFormation that the emulator lacks: of templates, of busy stacks, and of what a stack policy forbids.

Sources: "CreateStack" (CloudFormation API Reference), "Troubleshooting CloudFormation", "Stack status codes", "Prevent
updates to stack resources" (CloudFormation User Guide).
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.types import resource_type
from remit.errors import RemitError
from remit.iam.decide.evaluate import Request, evaluate
from remit.iam.policy import Policy, parse
from remit.local.emulator import emulated, instead_of, place_of_request
from remit.local.stack_operations import StackRequestError, around, before_each, stored_change_set, stored_stack
from remit.template.branches import values_at

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from remit.local.stack_operations import Answer, ResourceOperation

_REVIEWED: Final = "REVIEW_IN_PROGRESS"
_DELETABLE: Final = frozenset({"CREATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", _REVIEWED})
"""The states of a running operation that a delete takes over."""
_NEVER_UPDATED: Final = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED", "UPDATE_ROLLBACK_FAILED"})


def refuse_stacks() -> None:
    """Make every refusal of stacks, once, in the process that serves."""
    _refuse_lacking_capabilities()
    _refuse_busy_stacks()
    _refuse_protected_updates()


def _refuse_lacking_capabilities() -> None:
    """A template that makes IAM resources, or uses a transform, needs the capability; the emulator asks with its AUTH.

    Emulator: services/cloudformation/handlers.py.
    Test: test_refusals.py::test_a_template_with_roles_needs_the_capability.
    """
    instead_of(emulated("services.cloudformation.handlers"), "_capabilities_enforced")(lambda _is_enforced: True)


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


def _refuse_protected_updates() -> None:
    """An update does with each resource what the stack policy allows; the emulator stores it without a look at it.

    Emulator: services/cloudformation/stacks.py, services/cloudformation/provisioners.py.
    Test: test_refusals.py::test_a_stack_policy_protects_what_it_does_not_allow_to_be_updated,
    test_refusals.py::test_a_stack_policy_protects_what_it_does_not_allow_to_be_replaced,
    test_refusals.py::test_a_stack_policy_protects_what_it_does_not_allow_to_be_removed.
    """
    stacks = emulated("services.cloudformation.stacks")

    def check_update(operation: ResourceOperation) -> None:
        if operation.verb == "update":
            action = "Update:Replace" if _is_replaced(operation) else "Update:Modify"
            denial = _denial(stored_stack(operation.stack) or {}, action, operation.logical_id, operation.type)
            if denial is not None:
                raise ValueError(denial)

    before_each(check_update)

    # The emulator removes resources after all other changes: too late to refuse the update as a whole.
    @instead_of(stacks, "_validation_errors")
    def errors_with_removals(
        errors_of: Any, resources: Mapping[str, Any], ordered: Sequence[str], *rest: Any, **options: Any
    ) -> list[tuple[str, ...]]:
        stack_name, stack_id = rest[3], rest[4]
        errors: list[tuple[str, ...]] = list(errors_of(resources, ordered, *rest, **options))
        stack = stored_stack(stack_name) or {}
        for logical_id, resource in dict(stack.get("_resources", {})).items():
            kind, physical_id = resource.get("ResourceType", ""), resource.get("PhysicalResourceId", "")
            denial = None if logical_id in ordered else _denial(stack, "Update:Delete", logical_id, kind)
            if denial is not None:
                stacks._add_event(stack_id, stack_name, logical_id, kind, "UPDATE_FAILED", denial, physical_id)
                errors.append((logical_id, kind, "STACK_POLICY", f"/Resources/{logical_id}", denial))
        return errors


def _is_replaced(operation: ResourceOperation) -> bool:
    """Return whether an update changes a property that only the creation of its resource can set."""
    kind = resource_type(operation.type)
    paths = () if kind is None else kind.create_only
    old, new = operation.previous, operation.properties
    return any(list(values_at(old, path)) != list(values_at(new, path)) for path in paths)


def _denial(stack: Mapping[str, Any], action: str, logical_id: str, type_name: str) -> str | None:
    """Why a stack's policy does not let an update do something with a resource; None where it does."""
    policy = _policy(stack.get("_stack_policy") or "")
    if policy is None or "ROLLBACK" in stack["StackStatus"]:  # a rollback is not asked
        return None
    name = f"LogicalResourceId/{logical_id}"
    anybody = f"arn:aws:iam::{place_of_request()['Account']}:user/anybody"
    decision = evaluate(Request(action, name, anybody, {"ResourceType": type_name}, wildcard_only=False), policy)
    if decision.verdict == "Allowed":
        return None
    how = "Deny" if decision.verdict == "ExplicitlyDenied" else "Implicit deny"
    return f"Action denied by stack policy: {how} of [{action}] for resource [{name}]"


def _policy(text: str) -> Policy | None:
    """A stack policy as one of an identity's: its Principal is always everybody. None where there is none."""
    try:
        policy = parse(json.loads(text))
    except (ValueError, RemitError):
        return None
    return replace(policy, statements=tuple(replace(statement, principals=None) for statement in policy.statements))
