"""Protect the stack of a production stage: nobody deletes it, or what holds data in it, without a word of their own.

Source: "Protect CloudFormation stacks from being deleted", "Prevent updates to stack resources" (AWS CloudFormation
User Guide).
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from remit.build import text
from remit.catalogue.types import holds_data
from remit.deploy.aws_errors import remit_errors
from remit.deploy.plan import function_log_groups
from remit.deploy.stack import DEAD, deployed_template, describe

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from remit.deploy.session import Account


def protect(account: Account, namespace: str, note: Callable[[str], None], *, going: Collection[str] = ()) -> None:
    """Turn termination protection on, and have the stack policy keep all that holds data but what is `going`.

    What is so already is not written. A policy of somebody else's stays, and is noted. Logs of functions are not kept.
    Nothing happens without a stack, or to one of which nothing was made yet. RemitError: AWS refuses.
    """
    with remit_errors():
        stack = describe(account, namespace)
        if stack is None or stack.new or stack.status in DEAD:
            return
        client = account.client("cloudformation")
        if not stack.protected:
            client.update_termination_protection(StackName=stack.id, EnableTerminationProtection=True)
        template = deployed_template(account, stack)
        logs = function_log_groups(template)
        kept = _stack_policy(
            logical_id
            for logical_id, resource in template.get("Resources", {}).items()
            if holds_data(resource["Type"]) and logical_id not in logs and logical_id not in going
        )
        body = client.get_stack_policy(StackName=stack.id).get("StackPolicyBody", "")
        current = json.loads(body) if body else _stack_policy(())
        if current != _stack_policy(re.findall(r"LogicalResourceId/(\w+)", body)):
            note(f"note: {namespace} has a stack policy that remit did not write: it stays as it is")
        elif current != kept:
            client.set_stack_policy(StackName=stack.id, StackPolicyBody=text(kept))


def _stack_policy(logical_ids: Iterable[str]) -> dict[str, Any]:
    """The stack policy by which no update replaces or deletes these resources; without any, it allows everything."""
    resources = [f"LogicalResourceId/{logical_id}" for logical_id in logical_ids]
    everything = {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}
    kept = {"Effect": "Deny", "Action": ["Update:Replace", "Update:Delete"], "Principal": "*", "Resource": resources}
    return {"Statement": [everything, kept] if resources else [everything]}
