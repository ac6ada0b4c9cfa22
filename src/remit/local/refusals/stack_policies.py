"""A stack policy protects resources from updates; the emulator stores it, and updates and removes them all the same.

Source: "Prevent updates to stack resources" (CloudFormation User Guide). An update replaces a resource where it
changes a property that only its creation can set, and modifies it otherwise.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.types import resource_type
from remit.errors import RemitError
from remit.iam.decide.evaluate import Request, evaluate
from remit.iam.policy import Policy, parse
from remit.local.emulator_place import place_of_request
from remit.local.refusals.refusal import Refusal
from remit.local.stack_operations import before_each
from remit.local.stack_requests import stored_stack

if TYPE_CHECKING:
    from collections.abc import MutableMapping, Sequence

    from remit.local.stack_operations import ResourceOperation

_ROLLING_BACK: Final = "ROLLBACK"


def _install() -> None:
    before_each(_refuse_update)
    stacks: Any = importlib.import_module("ministack.services.cloudformation.stacks")
    errors_of = stacks._validation_errors  # noqa: SLF001 - the emulator removes resources after all other changes

    def errors_with_removals(
        resources: Mapping[str, Any], ordered: Sequence[str], *rest: Any, **options: Any
    ) -> list[tuple[str, ...]]:
        """List the errors of an update before it begins, the removal of protected resources among them."""
        stack_name, stack_id = rest[3], rest[4]
        errors: list[tuple[str, ...]] = list(errors_of(resources, ordered, *rest, **options))
        stack = stored_stack(stack_name) or {}
        for logical_id, resource in dict(stack.get("_resources", {})).items():
            denial = None if logical_id in ordered else _denial(stack, "Update:Delete", logical_id, resource)
            if denial is not None:
                kind, physical_id = resource.get("ResourceType", ""), resource.get("PhysicalResourceId", "")
                stacks._add_event(stack_id, stack_name, logical_id, kind, "UPDATE_FAILED", denial, physical_id)  # noqa: SLF001 - as above
                errors.append((logical_id, kind, "STACK_POLICY", f"/Resources/{logical_id}", denial))
        return errors

    stacks._validation_errors = errors_with_removals  # noqa: SLF001 - as above


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


REFUSAL: Final = Refusal(
    what="A stack updates or removes a resource that its stack policy protects.",
    source="`Action denied by stack policy`, Prevent updates to stack resources (CloudFormation User Guide)",
    install=_install,
)
