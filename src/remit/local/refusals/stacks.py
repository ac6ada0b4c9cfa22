"""Refuse what a stack does not take: a second operation, a second creation, and updates that its policy forbids.

The emulator lets two operations work on the same resources, and stores a stack policy without a look at it. An update
replaces a resource where it changes a property that only its creation can set, and modifies it otherwise. Source:
"Prevent updates to stack resources" (CloudFormation User Guide).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.types import resource_type
from remit.errors import RemitError
from remit.iam.decide.evaluate import Request, evaluate
from remit.iam.policy import Policy, parse
from remit.local.emulator import emulated, instead_of, place_of_request
from remit.local.refusals.refusal import Refusal
from remit.local.stack_operations import before_each
from remit.local.stack_requests import StackRequestError, around, stored_change_set, stored_stack

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping, Sequence

    from remit.local.stack_operations import ResourceOperation
    from remit.local.stack_requests import Answer

_RUNNING: Final = "_IN_PROGRESS"
_REVIEWED: Final = "REVIEW_IN_PROGRESS"
_DELETABLE: Final = frozenset({"CREATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", _REVIEWED})
"""The states of a running operation that a delete takes over."""
_NEVER_UPDATED: Final = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED", "UPDATE_ROLLBACK_FAILED"})


def _refuse_by_state(parameters: Mapping[str, str], answer: Callable[[], Answer]) -> Answer:
    operation, name = parameters["Action"], parameters.get("StackName", "")
    if operation == "ExecuteChangeSet":  # which may name its change set alone
        change_set = stored_change_set(parameters)
        name = "" if change_set is None else change_set["StackId"]
    stack = stored_stack(name)
    if stack is None:
        return answer()
    status = stack["StackStatus"]
    is_running = status.endswith(_RUNNING)
    if operation == "CreateStack" or (operation, parameters.get("ChangeSetType")) == ("CreateChangeSet", "CREATE"):
        if status == "ROLLBACK_COMPLETE":
            raise StackRequestError("AlreadyExistsException", f"Stack [{stack['StackName']}] already exists")
    elif operation == "DeleteStack":
        if is_running and status not in _DELETABLE:
            message = f"Stack [{stack['StackId']}] cannot be deleted while in status {status}"
            raise StackRequestError("ValidationError", message)
    elif (is_running and status != _REVIEWED) or status in _NEVER_UPDATED:
        message = f"Stack:{stack['StackId']} is in {status} state and can not be updated."
        raise StackRequestError("ValidationError", message)
    return answer()


def _install_for_requests() -> None:
    for operation in ("CreateStack", "DeleteStack", "CreateChangeSet", "ExecuteChangeSet"):
        around(operation, _refuse_by_state)


BUSY_STACKS: Final = Refusal(
    what="A stack is changed while another operation on it runs, or created again after a rollback.",
    source="ValidationError: `Stack … is in UPDATE_IN_PROGRESS state and can not be updated`; Stack status codes "
    "(CloudFormation User Guide)",
    install=_install_for_requests,
)


_ROLLING_BACK: Final = "ROLLBACK"


def _install_for_resources() -> None:
    before_each(_refuse_update)
    stacks = emulated("services.cloudformation.stacks")

    # The emulator removes resources after all other changes: too late to refuse the update as a whole.
    @instead_of(stacks, "_validation_errors")
    def errors_with_removals(
        errors_of: Any, resources: Mapping[str, Any], ordered: Sequence[str], *rest: Any, **options: Any
    ) -> list[tuple[str, ...]]:
        """List the errors of an update before it begins, the removal of protected resources among them."""
        stack_name, stack_id = rest[3], rest[4]
        errors: list[tuple[str, ...]] = list(errors_of(resources, ordered, *rest, **options))
        stack = stored_stack(stack_name) or {}
        for logical_id, resource in dict(stack.get("_resources", {})).items():
            denial = None if logical_id in ordered else _denial(stack, "Update:Delete", logical_id, resource)
            if denial is not None:
                kind, physical_id = resource.get("ResourceType", ""), resource.get("PhysicalResourceId", "")
                stacks._add_event(stack_id, stack_name, logical_id, kind, "UPDATE_FAILED", denial, physical_id)
                errors.append((logical_id, kind, "STACK_POLICY", f"/Resources/{logical_id}", denial))
        return errors


def _refuse_update(operation: ResourceOperation) -> None:
    if operation.verb != "update":
        return
    stack = stored_stack(operation.stack) or {}
    action = "Update:Replace" if _is_replaced(operation) else "Update:Modify"
    denial = _denial(stack, action, operation.logical_id, {"ResourceType": operation.type})
    if denial is not None:
        raise ValueError(denial)


def _is_replaced(operation: ResourceOperation) -> bool:
    kind = resource_type(operation.type)
    paths = () if kind is None else kind.create_only
    return any(_at(operation.properties, path) != _at(operation.previous, path) for path in paths)


def _at(properties: Any, path: str) -> Any:
    """Return the value at a path (`VpcConfig.SubnetIds`). A list on the way is taken whole."""
    value = properties
    for step in path.split("."):
        value = value.get(step.removesuffix("[]")) if isinstance(value, Mapping) else None
        if step.endswith("[]"):
            break
    return value


def _denial(stack: MutableMapping[str, Any], action: str, logical_id: str, resource: Mapping[str, Any]) -> str | None:
    """Why a stack's policy does not let an update do something with a resource; None where it does."""
    text = stack.get("_stack_policy") or ""
    policy = _policy(text) if text else None
    if policy is None or _ROLLING_BACK in stack["StackStatus"]:
        return None
    name = f"LogicalResourceId/{logical_id}"
    root = f"arn:aws:iam::{place_of_request()['Account']}:user/anybody"
    context = {"ResourceType": resource.get("ResourceType", "")}
    decision = evaluate(Request(action, name, root, context, wildcard_only=False), policy)
    if decision.verdict == "Allowed":
        return None
    how = "Deny" if decision.verdict == "ExplicitlyDenied" else "Implicit deny"
    return f"Action denied by stack policy: {how} of [{action}] for resource [{name}]"


@lru_cache(maxsize=64)
def _policy(text: str) -> Policy | None:
    """A stack policy as one of an identity's: its Principal is always everybody."""
    try:
        policy = parse(json.loads(text))
    except (ValueError, RemitError):
        return None
    return replace(policy, statements=tuple(replace(statement, principals=None) for statement in policy.statements))


STACK_POLICIES: Final = Refusal(
    what="A stack updates or removes a resource that its stack policy protects.",
    source="`Action denied by stack policy`, Prevent updates to stack resources (CloudFormation User Guide)",
    install=_install_for_resources,
)
