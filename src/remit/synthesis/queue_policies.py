"""One policy per queue: what several triggers and the app itself say about who may send to a dead-letter queue."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from remit.errors import RemitError
from remit.iam import tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.app import Resource

_TYPE: Final = "AWS::SQS::QueuePolicy"


def merged_queue_policies(shared: Sequence[Resource], made: Sequence[Resource]) -> list[Resource]:
    """All resources, where the policies that triggers make are merged into the first of the same queue.

    A queue has one policy: of two AWS::SQS::QueuePolicy, CloudFormation keeps whichever it puts last.
    """
    resources = [*shared]
    policy_at = {queue: index for index, resource in enumerate(resources) for queue in _queues(resource)}
    for resource in made:
        queues = _queues(resource)
        index = next((policy_at[queue] for queue in queues if queue in policy_at), None)
        if index is None:
            policy_at |= dict.fromkeys(queues, len(resources))
            resources.append(resource)
            continue
        policy = resources[index]
        document = policy.properties.get("PolicyDocument")
        if not isinstance(document, dict) or tokens.is_intrinsic(document) or len(_queues(policy)) != 1:
            raise RemitError(
                f"a trigger's dead-letter queue has the policy `{policy.logical_id}`, "
                "to which no statement can be added",
                hint="give the dead-letter queue a policy of its own, as a plain document",
                origin=policy.origin,
            )
        written = document.get("Statement", [])
        statements = list(written) if isinstance(written, list) else [written]
        statements += [item for item in resource.properties["PolicyDocument"]["Statement"] if item not in statements]
        properties = {**policy.properties, "PolicyDocument": {**document, "Statement": statements}}
        resources[index] = replace(policy, properties=properties)
    return resources


def _queues(resource: Resource) -> list[Any]:
    queues = resource.properties.get("Queues", ()) if resource.type == _TYPE else ()
    return [tokens.textual(queue) for queue in queues] if isinstance(queues, list) else []
