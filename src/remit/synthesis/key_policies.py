"""What the app's own KMS keys say of SNS, EventBridge and CloudWatch, which send to what these keys encrypt.

These send as themselves, so that no role can let them: the key's policy must.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from remit.errors import Mistakes, RemitError
from remit.iam import tokens
from remit.roles.encryption_keys import is_encrypted_by_aws, own_key
from remit.triggers.source import own_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from remit.app import App, Resource

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
    "cloudwatch.amazonaws.com": {},
}
"""By service, what its use of a key is limited to. EventBridge does not say for whom it asks, and of alarms nobody
documents that they do. Source: "Amazon SQS key management" (Amazon SQS Developer Guide), "Key management" (Amazon SNS
Developer Guide)."""


def with_key_policies(app: App, resources: Sequence[Resource], made: Iterable[Resource]) -> list[Resource]:
    """All resources, where keys let the services use them that send to what the keys encrypt.

    `made` is what remit makes: the policies of queues, and alarms. RemitError: a key of AWS's own, whose policy nobody
    can change, encrypts a queue or a topic.
    """
    statements: dict[str, list[dict[str, Any]]] = {}
    mistakes = Mistakes()
    for resource in made:
        for service, target in _sendings(resource):
            if is_encrypted_by_aws(app, target):
                mistakes.errors.append(
                    RemitError(
                        f"{service} cannot send to {own_id(target)}, which a key of AWS's own encrypts",
                        hint="encrypt it with a key of the app, or a queue with `sqs_managed_sse_enabled=True`",
                        origin=resource.origin or app.queues_origin,
                    )
                )
            key = own_key(app, target)
            if key is not None:
                statements.setdefault(key.logical_id, []).append(_statement(service))
    mistakes.refuse()
    return [
        _with_statements(resource, statements[resource.logical_id]) if resource.logical_id in statements else resource
        for resource in resources
    ]


def _sendings(resource: Resource) -> Iterator[tuple[str, str]]:
    """Which services send to what for a resource: by its statements those of a queue's policy, and an alarm."""
    if resource.type == "AWS::SQS::QueuePolicy":
        for statement in resource.properties["PolicyDocument"]["Statement"]:
            service = statement["Principal"].get("Service")
            if service in _CONDITIONS:  # else a trigger that somebody wrote for an app
                yield service, statement["Resource"]
    elif resource.type == "AWS::CloudWatch::Alarm":
        yield from (("cloudwatch.amazonaws.com", topic) for topic in resource.properties["AlarmActions"])


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
