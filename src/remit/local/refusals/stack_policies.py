"""A stack policy protects resources from updates; the emulator stores it, and updates them all the same.

Source: "Prevent updates to stack resources" (CloudFormation User Guide). A resource that an update removes from the
template is deleted here in spite of the policy.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from remit.errors import RemitError
from remit.iam.decide.evaluate import Request, evaluate
from remit.iam.policy import Policy, parse
from remit.local.emulator_place import place_of_request
from remit.local.refusals.refusal import Refusal
from remit.local.stack_operations import before_each
from remit.local.stack_requests import stored_stack

if TYPE_CHECKING:
    from remit.local.stack_operations import ResourceOperation

_ROLLING_BACK: Final = "ROLLBACK"


def _refuse_update(operation: ResourceOperation) -> None:
    if operation.verb != "update":
        return
    stack = stored_stack(operation.stack)
    text = "" if stack is None else stack.get("_stack_policy") or ""
    policy = _policy(text) if text else None
    if stack is None or policy is None or _ROLLING_BACK in stack["StackStatus"]:
        return
    resource = f"LogicalResourceId/{operation.logical_id}"
    root = f"arn:aws:iam::{place_of_request()['Account']}:user/anybody"
    request = Request("Update:Modify", resource, root, {"ResourceType": operation.type}, wildcard_only=False)
    decision = evaluate(request, policy)
    if decision.verdict == "Allowed":
        return
    how = "Deny" if decision.verdict == "ExplicitlyDenied" else "Implicit deny"
    raise ValueError(f"Action denied by stack policy: {how} of [Update:Modify] for resource [{resource}]")


@lru_cache(maxsize=64)
def _policy(text: str) -> Policy | None:
    """A stack policy as one of an identity's: its Principal is always everybody."""
    try:
        policy = parse(json.loads(text))
    except (ValueError, RemitError):
        return None
    return replace(policy, statements=tuple(replace(statement, principals=None) for statement in policy.statements))


REFUSAL: Final = Refusal(
    what="A stack updates a resource that its stack policy protects.",
    source="`Action denied by stack policy`, Prevent updates to stack resources (CloudFormation User Guide)",
    install=lambda: before_each(_refuse_update),
)
