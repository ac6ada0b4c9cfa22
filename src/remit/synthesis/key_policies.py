"""What the app's own KMS keys say of the services that send to its queues: SNS and EventBridge encrypt what they send.

They send as themselves, so that no role can let them: the key's policy must.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from remit.errors import RemitError
from remit.iam import tokens
from remit.roles.encryption_keys import is_encrypted_by_aws, own_key
from remit.triggers.source import own_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from remit.app import App, Resource

_QUEUE_POLICY: Final = "AWS::SQS::QueuePolicy"
_OWNER: Final = {
    "Effect": "Allow",
    "Principal": {"AWS": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"},
    "Action": "kms:*",
    "Resource": "*",
}
"""The policy of a key that is made without one ("Default key policy", AWS KMS Developer Guide)."""
_CONDITIONS: Final[Mapping[str, Mapping[str, Any]]] = {
    "sns.amazonaws.com": {"Condition": {"StringEquals": {"aws:SourceAccount": "${AWS::AccountId}"}}},
    "events.amazonaws.com": {},
}
"""By service, what its use of a key is limited to. Source: "Amazon SQS key management" (Amazon SQS Developer Guide),
"Key management" (Amazon SNS Developer Guide), where it stands that EventBridge does not say on whose behalf it asks."""


def with_key_policies(app: App, resources: Sequence[Resource], made: Iterable[Resource]) -> list[Resource]:
    """All resources, where keys let the services use them that `made`, the triggers' policies of queues, let send.

    RemitError: a queue is encrypted by a key of AWS's own, whose policy nobody can change.
    """
    statements: dict[str, list[dict[str, Any]]] = {}
    for policy in made:
        if policy.type == _QUEUE_POLICY:
            for key, statement in _needed(app, policy):
                statements.setdefault(key.logical_id, []).append(statement)
    return [
        _with_statements(resource, statements[resource.logical_id]) if resource.logical_id in statements else resource
        for resource in resources
    ]


def _needed(app: App, policy: Resource) -> Iterator[tuple[Resource, dict[str, Any]]]:
    """The keys of the queues that a policy is about, each with what it must allow."""
    for sending in policy.properties["PolicyDocument"]["Statement"]:
        service, queue = sending["Principal"].get("Service"), sending["Resource"]
        if service not in _CONDITIONS:  # a trigger that somebody wrote for an app
            continue
        if is_encrypted_by_aws(app, queue):
            raise RemitError(
                f"{service} cannot send to queue {own_id(queue)}, which a key of AWS's own encrypts",
                hint="encrypt it with `sqs_managed_sse_enabled=True`, or with a key of the app",
                origin=policy.origin,
            )
        key = own_key(app, queue)
        if key is not None:
            yield key, _statement(service)


def _statement(service: str) -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": ["kms:GenerateDataKey", "kms:Decrypt"],
        "Resource": "*",
        **_CONDITIONS[service],
    }


def _with_statements(key: Resource, additions: Iterable[dict[str, Any]]) -> Resource:
    document = key.properties.get("KeyPolicy") or {"Version": "2012-10-17", "Statement": [_OWNER]}
    if not isinstance(document, dict) or tokens.is_intrinsic(document):
        raise RemitError(
            f"`{key.logical_id}` encrypts a queue that a service sends to, and no statement can be added to its policy",
            hint="write its `key_policy` as a plain document",
            origin=key.origin,
        )
    written = document.get("Statement", [])
    statements = list(written) if isinstance(written, list) else [written]
    for addition in additions:
        if addition not in statements:
            statements.append(addition)
    return replace(key, properties={**key.properties, "KeyPolicy": {**document, "Statement": statements}})
